"""Staff, their logins, and what they did."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from campaigns.store.tables.base import identity, instant, metadata, one_of

staff = Table(
    "staff",
    metadata,
    identity(),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    instant("created_at", nullable=False),
    instant("disabled_at"),
    one_of("role", ("marketing", "operations", "clinician", "admin")),
    CheckConstraint("email = lower(email)", name="email_normal"),
)

login = Table(
    "login",
    metadata,
    Column("token_hash", Text, primary_key=True, comment="SHA-256 of the cookie"),
    Column("staff_id", BigInteger, ForeignKey("staff.id"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    instant("created_at", nullable=False),
    instant("expires_at", nullable=False),
)

login_failure = Table(
    "login_failure",
    metadata,
    identity(),
    Column("key", Text, nullable=False, comment="keyed hash of the account or the IP"),
    instant("at", nullable=False),
    Index("ix__login_failure__key_at", "key", "at"),
)

audit = Table(
    "audit",
    metadata,
    identity(),
    Column("staff_id", BigInteger, ForeignKey("staff.id")),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="kind and id, such as session:12"),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    instant("at", nullable=False),
)
