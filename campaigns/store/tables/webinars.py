"""Webinars and their sessions."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from campaigns.store.tables.base import identity, instant, metadata

webinar = Table(
    "webinar",
    metadata,
    identity(),
    Column("slug", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False, comment="official title; may name the condition"),
    Column("class_title", Text, nullable=False, comment="discreet title for subjects, texts and calendars"),
    Column("promise", Text, nullable=False, comment="headline of the page"),
    Column("summary", Text, nullable=False),
    Column("points", JSONB, nullable=False, comment="what you will hear: list of [title, sentence]"),
    Column("host_name", Text, nullable=False),
    Column("host_role", Text, nullable=False),
    Column("host_disclosure", Text, nullable=False, server_default=""),
    Column("zone", Text, nullable=False, comment="IANA zone of the clinic"),
    instant("created_at", nullable=False),
    Column("language", Text, nullable=False, server_default="en", comment="in which the talk is given"),
    Column(
        "translations",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="titles and page texts in other languages, by code and name of the column",
    ),
    Column(
        "sections",
        JSONB,
        nullable=False,
        server_default=text("'[]'"),
        comment="what the page teaches: list of key, heading and paragraphs of words, claims and cited",
    ),
    CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="slug_is_plain"),
)

webinar_session = Table(
    "webinar_session",
    metadata,
    identity(),
    Column("webinar_id", BigInteger, ForeignKey("webinar.id"), nullable=False, index=True),
    instant("starts_at", nullable=False),
    instant("ends_at", nullable=False),
    Column("capacity", Integer, comment="places; empty means no limit"),
    Column("room_url", Text, nullable=False, server_default="", comment="where a join link leads"),
    Column("replay_url", Text, nullable=False, server_default=""),
    Column("revision", Integer, nullable=False, server_default=text("1"), comment="raised by a move and by cancelling"),
    instant("planned_until"),
    instant("moved_at"),
    instant("moved_from"),
    instant("cancelled_at"),
    Column("cancelled_reason", Text, nullable=False, server_default=""),
    instant("attendance_final_at"),
    instant("created_at", nullable=False),
    Column("media_url", Text, nullable=False, server_default="", comment="the talk for our watch page; empty: none"),
    Column("captions_url", Text, nullable=False, server_default="", comment="WebVTT"),
    Column("transcript", Text, nullable=False, server_default="", comment="plain paragraphs, a blank line between"),
    Column("talk_seconds", Integer, comment="length of the talk; empty: the whole session"),
    CheckConstraint("talk_seconds IS NULL OR talk_seconds > 0", name="talk_positive"),
    CheckConstraint("ends_at > starts_at", name="ends_after_start"),
    CheckConstraint("revision >= 1", name="revision_positive"),
    CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity_positive"),
    CheckConstraint("(moved_at IS NULL) = (moved_from IS NULL)", name="move_is_whole"),
    CheckConstraint("cancelled_at IS NULL OR revision > 1", name="cancelling_raises_revision"),
    Index("ix__webinar_session__planning", "planned_until", postgresql_where=text("attendance_final_at IS NULL")),
)
