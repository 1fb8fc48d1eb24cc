"""How messages leave: the streams with their pace and breaker, kill switches, and alerts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from campaigns.domain.steps import Channel, Purpose
from campaigns.store.tables.base import identity, instant, metadata, one_of

stream = Table(
    "stream",
    metadata,
    identity(),
    Column("channel", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("sender", Text, nullable=False, comment="our domain, number or messaging service"),
    Column("rate", Float, comment="emails or segments per second; empty means no limit"),
    instant("next_slot_at"),
    Column("failures", Integer, nullable=False, server_default=text("0"), comment="in a row: the provider's door"),
    instant("open_until"),
    instant("paused_at"),
    Column("paused_reason", Text, nullable=False, server_default=""),
    instant("created_at", nullable=False),
    UniqueConstraint("channel", "provider", "sender"),
    one_of("channel", Channel),
    CheckConstraint("rate IS NULL OR rate > 0", name="rate_positive"),
    comment="one way out: a sender at a provider",
)

domain_pause = Table(
    "domain_pause",
    metadata,
    identity(),
    Column("stream_id", BigInteger, ForeignKey("stream.id"), nullable=False),
    Column("domain", Text, nullable=False, comment="of the recipients"),
    Column("reason", Text, nullable=False),
    instant("paused_at", nullable=False),
    instant("until", nullable=False),
    instant("lifted_at"),
    Index("ix__domain_pause__live", "stream_id", "domain", postgresql_where=text("lifted_at IS NULL")),
)

kill_switch = Table(
    "kill_switch",
    metadata,
    identity(),
    Column("session_id", BigInteger, ForeignKey("webinar_session.id"), comment="empty: every session"),
    Column("purpose", Text, comment="empty: every purpose"),
    Column("reason", Text, nullable=False),
    Column("staff_id", BigInteger, ForeignKey("staff.id"), comment="empty: the service itself"),
    instant("at", nullable=False),
    instant("lifted_at"),
    Column("lifted_by", BigInteger, ForeignKey("staff.id")),
    CheckConstraint(
        "purpose IS NULL OR purpose IN (" + ", ".join(f"'{one.value}'" for one in Purpose) + ")",
        name="purpose_known",
    ),
    Index(
        "uq__kill_switch__live",
        text("coalesce(session_id, 0)"),
        text("coalesce(purpose, '')"),
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
)

alert = Table(
    "alert",
    metadata,
    identity(),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="what it is about, such as stream:1 or inbound:7"),
    Column("words", Text, nullable=False, comment="one sentence; never an address"),
    instant("first_at", nullable=False),
    instant("last_at", nullable=False),
    Column("times", Integer, nullable=False, server_default=text("1")),
    instant("cleared_at"),
    Column("cleared_by", BigInteger, ForeignKey("staff.id")),
    one_of("kind", ("bug", "template", "config", "page", "review", "person")),
    Index("uq__alert__live", "kind", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")),
)
