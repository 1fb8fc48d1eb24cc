"""What people have seen of the talks on our own watch page."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, Table, Text
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE

from campaigns.domain.watching import Mode
from campaigns.store.tables.base import instant, metadata, one_of

viewing = Table(
    "viewing",
    metadata,
    Column("registration_id", BigInteger, ForeignKey("registration.id"), primary_key=True),
    Column("mode", Text, primary_key=True),
    Column("seen", INT4MULTIRANGE, nullable=False, comment="tenths of a second of the talk"),
    Column("seen_tenths", Integer, nullable=False, comment="how many of them: the length of `seen`"),
    Column("position", Integer, nullable=False, comment="where playing stood last, in tenths of a second"),
    instant("first_at", nullable=False),
    instant("last_at", nullable=False),
    Column("beats", Integer, nullable=False, comment="how many were taken"),
    instant("paid_until", nullable=False),
    one_of("mode", Mode),
    CheckConstraint("seen_tenths >= 0 AND position >= 0 AND beats > 0", name="counts_are_counts"),
    comment="one row for each registration and mode, whatever the number of devices",
)
