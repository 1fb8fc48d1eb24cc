"""The ledger: deliveries, the batches that carry them, the attempts that did not simply succeed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel
from campaigns.store.tables.base import identity, instant, metadata, one_of

_TOLD = f"({int(Status.SKIPPED)}, {int(Status.FAILED)}, {int(Status.BOUNCED)}, {int(Status.UNKNOWN)})"
_HELD = f"({int(Status.QUEUED)}, {int(Status.SENDING)})"
_LEFT = f"({int(Status.SENT)}, {int(Status.DELIVERED)})"

delivery = Table(
    "delivery",
    metadata,
    identity(),
    Column("registration_id", BigInteger, ForeignKey("registration.id"), nullable=False),
    Column("session_id", BigInteger, ForeignKey("webinar_session.id"), nullable=False),
    Column("step_id", BigInteger, ForeignKey("step.id"), nullable=False),
    Column(
        "revision",
        Integer,
        nullable=False,
        comment="of the session; 0 if the date does not matter, below it the round of texts",
    ),
    Column("channel", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    instant("due_at", nullable=False),
    instant("expires_at", nullable=False),
    Column("status", SmallInteger, nullable=False, server_default=text("0")),
    Column("reason", Text, comment="why skipped, failed, bounced or unknown; never an address"),
    Column("batch_id", BigInteger),
    Column("attempt", SmallInteger, nullable=False, server_default=text("0")),
    Column("doubts", SmallInteger, nullable=False, server_default=text("0"), comment="attempts that ended unknown"),
    Column("provider_id", Text),
    Column("phone", Text, comment="of a text: the number it went to; the person may have another by now"),
    Column("segments", SmallInteger, comment="of a text, as it was handed over"),
    Column("fingerprint", Text, comment="of a text's words as handed over: what to look for at the provider"),
    Column("looks", SmallInteger, nullable=False, server_default=text("0"), comment="for it at the provider"),
    instant("look_at"),
    # No foreign key: its check would lock the version's one row for every message of every lane.
    Column("template_version_id", BigInteger, comment="the words it was rendered from; versions are never deleted"),
    instant("opened_at"),
    instant("sent_at"),
    Column("answer_id", BigInteger, comment="the doctor's answer that it carries"),
    UniqueConstraint("registration_id", "step_id", "revision", "answer_id", postgresql_nulls_not_distinct=True),
    one_of("channel", Channel),
    CheckConstraint("priority IN (0, 1)", name="priority_known"),
    CheckConstraint("status BETWEEN 0 AND 8", name="status_known"),
    CheckConstraint("expires_at > due_at", name="expires_after_due"),
    CheckConstraint(f"status NOT IN {_TOLD} OR reason IS NOT NULL", name="reason_given"),
    CheckConstraint(f"status NOT IN {_HELD} OR batch_id IS NOT NULL", name="held_by_a_batch"),
    CheckConstraint(f"status NOT IN {_LEFT} OR sent_at IS NOT NULL", name="sent_has_a_time"),
    Index(
        "ix__delivery__due",
        "channel",
        "priority",
        "due_at",
        postgresql_where=text(f"status = {int(Status.PLANNED)}"),
    ),
    Index("ix__delivery__held", "batch_id", postgresql_where=text(f"status IN {_HELD}")),
    Index("ix__delivery__unknown", "due_at", postgresql_where=text(f"status = {int(Status.UNKNOWN)}")),
    Index("ix__delivery__phone", "phone", postgresql_where=text("phone IS NOT NULL")),
    Index("ix__delivery__look", "look_at", postgresql_where=text("look_at IS NOT NULL")),
    Index(
        "ix__delivery__deadline",
        "channel",
        "priority",
        "expires_at",
        postgresql_where=text(f"status = {int(Status.PLANNED)} AND channel = 'sms'"),
    ),
    Index("ix__delivery__session", "session_id", "step_id", "status"),
    postgresql_with={
        "fillfactor": "80",
        "autovacuum_vacuum_scale_factor": "0.02",
        "autovacuum_analyze_scale_factor": "0.02",
    },
)

batch = Table(
    "batch",
    metadata,
    identity(),
    Column("channel", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("size", Integer, nullable=False),
    instant("claimed_at", nullable=False),
    instant("done_at"),
    one_of("channel", Channel),
    Index("ix__batch__open", "id", postgresql_where=text("done_at IS NULL")),
)

attempt = Table(
    "attempt",
    metadata,
    identity(),
    Column("delivery_id", BigInteger, ForeignKey("delivery.id"), nullable=False, index=True),
    Column("number", SmallInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("batch_id", BigInteger),
    instant("opened_at"),
    instant("at", nullable=False),
    one_of("outcome", ("unknown", "deferred", "refused", "resolved")),
    comment="hand-offs that did not end in a plain yes, and decisions about them; never rewritten",
)

rhythm = Table(
    "rhythm",
    metadata,
    Column("name", Text, primary_key=True),
    Column("scheduler", Text, primary_key=True, comment="host and process"),
    instant("last_at", nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("acted", BigInteger, nullable=False, comment="rows it changed the last time"),
    comment="signs of life of the schedulers",
)
