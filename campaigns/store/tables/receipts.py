"""What comes back: receipts, what people write to us, and what both say about addresses."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from campaigns.domain.receipts import Kind
from campaigns.domain.steps import Channel
from campaigns.store.tables.base import identity, instant, metadata, one_of

arrival = Table(
    "arrival",
    metadata,
    identity(),
    Column("provider", Text, nullable=False),
    Column("content", LargeBinary, nullable=False, comment="the call or mail as it came, sealed"),
    instant("at", nullable=False),
    comment="raw; receipts and inbound messages point to it",
)

receipt = Table(
    "receipt",
    metadata,
    identity(),
    Column("arrival_id", BigInteger, ForeignKey("arrival.id"), nullable=False),
    Column("provider", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("delivery_id", BigInteger, ForeignKey("delivery.id"), comment="empty: it found none"),
    Column("attempt", SmallInteger, comment="of the delivery, where the receipt says"),
    Column("provider_id", Text, nullable=False, server_default=""),
    Column("code", Text, nullable=False, server_default=""),
    Column("smtp_code", SmallInteger),
    Column("detail", Text, nullable=False, server_default=""),
    Column("facts", JSONB, nullable=False, server_default=text("'{}'")),
    instant("occurred_at"),
    instant("received_at", nullable=False),
    instant("applied_at"),
    Column("effect", Text, nullable=False, server_default="", comment="what applying it did, in words"),
    UniqueConstraint("provider", "event_id"),
    one_of("kind", Kind),
    one_of("channel", Channel),
    Index("ix__receipt__delivery", "delivery_id"),
    Index("ix__receipt__waiting", "id", postgresql_where=text("applied_at IS NULL")),
)

inbound = Table(
    "inbound",
    metadata,
    identity(),
    Column("arrival_id", BigInteger, ForeignKey("arrival.id"), nullable=False),
    Column("provider", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("sender", Text, nullable=False, comment="email in lower case, or E.164"),
    Column("body", LargeBinary, nullable=False, comment="sealed: it may speak of health"),
    Column("meaning", Text, nullable=False),
    Column("matched", Text, nullable=False, server_default="", comment="the rule's phrase, never the person's"),
    Column("urgent", Boolean, nullable=False, server_default=text("false")),
    Column("registration_id", BigInteger, ForeignKey("registration.id"), comment="empty: nobody we know"),
    instant("received_at", nullable=False),
    instant("applied_at"),
    instant("closed_at"),
    Column("closed_by", BigInteger, ForeignKey("staff.id")),
    Column("effect", Text, nullable=False, server_default="", comment="what applying it did, in words"),
    UniqueConstraint("provider", "event_id"),
    one_of("channel", Channel),
    one_of("meaning", ("stop", "start", "help", "hold", "question", "automatic")),
    Index("ix__inbound__sender", "channel", "sender"),
    Index("ix__inbound__waiting", "id", postgresql_where=text("applied_at IS NULL")),
    Index("ix__inbound__open", "id", postgresql_where=text("closed_at IS NULL")),
)

address_hold = Table(
    "address_hold",
    metadata,
    identity(),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("inbound_id", BigInteger, ForeignKey("inbound.id")),
    instant("at", nullable=False),
    instant("lifted_at"),
    Column("lifted_by", BigInteger, ForeignKey("staff.id")),
    one_of("channel", Channel),
    Index("uq__address_hold__live", "channel", "address", unique=True, postgresql_where=text("lifted_at IS NULL")),
    comment="sends to this address wait until somebody has looked",
)

strike = Table(
    "strike",
    metadata,
    identity(),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("delivery_id", BigInteger, ForeignKey("delivery.id"), nullable=False),
    instant("at", nullable=False),
    one_of("channel", Channel),
    one_of("kind", ("soft", "second")),
    UniqueConstraint("delivery_id", "kind"),
    Index("ix__strike__address", "channel", "address", "at"),
    comment="soft failures that suppress an address once there are too many",
)
