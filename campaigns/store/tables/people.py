"""Registrants, their registrations, what they agreed to, and whom we must not write to."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from campaigns.domain.steps import Attendance, Channel, Purpose, Standing
from campaigns.store.tables.base import identity, instant, metadata, one_of

registrant = Table(
    "registrant",
    metadata,
    identity(),
    Column("email", Text, nullable=False, unique=True),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False, server_default=""),
    Column("phone", Text, comment="E.164"),
    Column("zone", Text, nullable=False, comment="IANA zone"),
    Column("language", Text, nullable=False, server_default="en"),
    Column(
        "first_touch",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="what first brought them: utm words, host of the referrer, landing path; never changed again",
    ),
    instant("created_at", nullable=False),
    instant("erased_at"),
    CheckConstraint("email = lower(email) AND position('@' in email) > 1", name="email_normal"),
    CheckConstraint(r"phone IS NULL OR phone ~ '^\+[1-9][0-9]{6,14}$'", name="phone_is_e164"),
    Index("ix__registrant__phone", "phone", postgresql_where=text("phone IS NOT NULL")),
)

registration = Table(
    "registration",
    metadata,
    identity(),
    Column("session_id", BigInteger, ForeignKey("webinar_session.id"), nullable=False),
    Column("registrant_id", BigInteger, ForeignKey("registrant.id"), nullable=False, index=True),
    Column("zone", Text, nullable=False, comment="the registrant's zone: the planner's class"),
    Column("source", Text, nullable=False),
    Column("confirm", Boolean, nullable=False, server_default=text("true"), comment="false: no confirmations"),
    Column(
        "held_back",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="channels without a confirmation: a limit of the form was reached",
    ),
    Column("touch", JSONB, nullable=False, server_default=text("'{}'"), comment="what brought them this time"),
    Column(
        "asked",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="email purposes ticked and not confirmed yet, each with the wording that was shown",
    ),
    Column(
        "texts_asked",
        JSONB(none_as_null=True),
        comment="a yes to texts that waits for a code: phone, wording, at, tries, ip; empty: none",
    ),
    instant("texts_agreed_at"),
    Column(
        "texts_round",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="how many later times texts were asked for or agreed to",
    ),
    instant("registered_at", nullable=False),
    instant("withdrawn_at"),
    Column("standing", Text, nullable=False, server_default="held"),
    instant("waiting_since"),
    instant("offered_at"),
    instant("offer_ends_at"),
    Column("form_shown", BigInteger, comment="when the form was shown that asked for it: milliseconds since 1970"),
    Column("attendance", Text, nullable=False, server_default="unknown"),
    Column("attended_seconds", Integer),
    Column("attendance_evidence", JSONB, nullable=False, server_default=text("'{}'")),
    Column("switched_to", BigInteger, ForeignKey("registration.id"), comment="the place that took over"),
    Column(
        "calendar_id", BigInteger, comment="the registration that the calendar entry is named after; empty: this one"
    ),
    Column(
        "calendar_base",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="sequence numbers of that entry that earlier places have used up",
    ),
    one_of("source", ("web", "import", "staff", "rehearsal")),
    one_of("attendance", Attendance),
    one_of("standing", Standing),
    CheckConstraint("standing = 'held' OR waiting_since IS NOT NULL", name="waits_since"),
    CheckConstraint(
        "(offered_at IS NULL) = (offer_ends_at IS NULL) AND offer_ends_at > offered_at", name="offer_is_whole"
    ),
    CheckConstraint("standing <> 'offered' OR offered_at IS NOT NULL", name="offered_is_offered"),
    CheckConstraint("held_back <@ ARRAY['email', 'sms']", name="held_back_known"),
    CheckConstraint("withdrawn_at IS NULL OR withdrawn_at >= registered_at", name="withdrawn_after_registered"),
    Index(
        "uq__registration__place",
        "session_id",
        "registrant_id",
        unique=True,
        postgresql_where=text("withdrawn_at IS NULL"),
    ),
    Index("ix__registration__class", "session_id", "zone", "registered_at"),
    Index(
        "ix__registration__waiting",
        "session_id",
        "waiting_since",
        postgresql_where=text("standing <> 'held' AND withdrawn_at IS NULL"),
    ),
    Index(
        "ix__registration__asked_from",
        text("(texts_asked ->> 'ip')"),
        postgresql_where=text("texts_asked IS NOT NULL"),
    ),
    Index("ix__registration__switched_to", "switched_to", postgresql_where=text("switched_to IS NOT NULL")),
)

consent_wording = Table(
    "consent_wording",
    metadata,
    identity(),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("title", Text, nullable=False, comment="first, bold line of the box"),
    Column("text", Text, nullable=False, comment="the full wording as shown"),
    Column("content_hash", Text, nullable=False, unique=True),
    instant("created_at", nullable=False),
    Column("language", Text, nullable=False, server_default="en"),
    one_of("channel", Channel),
    one_of("purpose", Purpose),
)

consent = Table(
    "consent",
    metadata,
    identity(),
    Column("registrant_id", BigInteger, ForeignKey("registrant.id"), nullable=False, index=True),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("wording_id", BigInteger, ForeignKey("consent_wording.id"), comment="the words that were shown"),
    Column("address", Text, nullable=False, comment="the email or number it was given for"),
    Column("means", Text, nullable=False, comment="form, link, one_click, staff, import, reply, provider"),
    Column(
        "evidence",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="IP, user agent, page, import columns",
    ),
    instant("at", nullable=False),
    one_of("channel", Channel),
    one_of("purpose", Purpose),
    one_of("means", ("form", "link", "one_click", "staff", "import", "reply", "provider")),
    Index(
        "ix__consent__place", text("(evidence ->> 'ip')"), "at", postgresql_where=text("channel = 'sms' AND granted")
    ),
    comment="append-only: a trigger refuses update and delete; of erased people it lets addresses become keyed hashes",
)

permission = Table(
    "permission",
    metadata,
    Column("registrant_id", BigInteger, ForeignKey("registrant.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("granted", Boolean, nullable=False),
    Column("consent_id", BigInteger, ForeignKey("consent.id"), nullable=False),
    comment="the current answer per person, channel and purpose",
)

suppression = Table(
    "suppression",
    metadata,
    identity(),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False, comment="email in lower case, or E.164"),
    Column("purpose", Text, comment="empty: every purpose"),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    instant("at", nullable=False),
    instant("lifted_at"),
    one_of("channel", Channel),
    one_of("reason", ("unsubscribed", "bounced", "complained", "invalid", "staff")),
    Index(
        "uq__suppression__live",
        "channel",
        "address",
        text("coalesce(purpose, '')"),
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
)

erased_address = Table(
    "erased_address",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("hash", Text, primary_key=True, comment="keyed hash of an email or number"),
    instant("at", nullable=False),
    one_of("channel", Channel),
    CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name="hash_is_a_hash"),
    comment="who asked to be erased: no list brings these addresses back",
)

registrant_import = Table(
    "registrant_import",
    metadata,
    identity(),
    Column("session_id", BigInteger, ForeignKey("webinar_session.id"), nullable=False),
    Column("staff_id", BigInteger, ForeignKey("staff.id")),
    Column("fingerprint", Text, nullable=False),
    Column("options", JSONB, nullable=False),
    Column("counts", JSONB, nullable=False),
    instant("created_at", nullable=False),
    instant("applied_at"),
)
