"""Campaigns and their steps."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    Interval,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    text,
)

from campaigns.domain.steps import Anchor, Audience, Channel, Late, Purpose, Quiet
from campaigns.store.tables.base import identity, instant, metadata, one_of

_NONE = text("'0'::interval")

campaign = Table(
    "campaign",
    metadata,
    identity(),
    Column("webinar_id", BigInteger, ForeignKey("webinar.id"), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    instant("created_at", nullable=False),
)

step = Table(
    "step",
    metadata,
    identity(),
    Column("campaign_id", BigInteger, ForeignKey("campaign.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("anchor", Text, nullable=False),
    Column("offset_delta", Interval, comment="a relative offset"),
    Column("offset_days", Integer, comment="a wall-clock offset, together with offset_time"),
    Column("offset_time", Time),
    Column("channel", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("template", Text, nullable=False),
    Column("expires_anchor", Text, nullable=False),
    Column("expires_delta", Interval, nullable=False),
    Column("late", Text, nullable=False),
    Column("quiet", Text, nullable=False),
    Column("quiet_grace", Interval, nullable=False, server_default=_NONE),
    Column("quiet_exempt_before_start", Interval, nullable=False, server_default=_NONE),
    Column("lead", Interval, nullable=False, server_default=_NONE),
    Column("runway", Interval, nullable=False, server_default=_NONE),
    Column("near", Interval),
    Column("min_gap", Interval, nullable=False, server_default=_NONE),
    Column("needs_attendance", Boolean, nullable=False, server_default=text("false")),
    Column("replay_grace", Interval),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    instant("active_from", nullable=False),
    UniqueConstraint("campaign_id", "key"),
    one_of("anchor", Anchor),
    one_of("channel", Channel),
    one_of("audience", Audience),
    one_of("purpose", Purpose),
    one_of("expires_anchor", Anchor),
    one_of("late", Late),
    one_of("quiet", Quiet),
    CheckConstraint("priority IN (0, 1)", name="priority_known"),
    CheckConstraint(
        "(offset_delta IS NOT NULL AND offset_days IS NULL AND offset_time IS NULL)"
        " OR (offset_delta IS NULL AND offset_days IS NOT NULL AND offset_time IS NOT NULL)",
        name="one_kind_of_offset",
    ),
)
