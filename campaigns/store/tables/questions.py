"""What registrants ask the doctor, and the answers that were written and reviewed."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)

from campaigns.store.tables.base import identity, instant, metadata, one_of

doctor_answer = Table(
    "doctor_answer",
    metadata,
    identity(),
    Column("webinar_id", BigInteger, ForeignKey("webinar.id"), nullable=False, index=True),
    Column("title", Text, nullable=False, comment="the question in general words, nobody's own"),
    Column("body", Text, nullable=False, comment="paragraphs between empty lines"),
    Column("is_public", Boolean, nullable=False, server_default=text("false"), comment="on the webinar's page too"),
    Column("written_by", BigInteger, ForeignKey("staff.id"), nullable=False),
    instant("written_at", nullable=False),
    Column("reviewed_by", BigInteger, ForeignKey("staff.id")),
    instant("published_at"),
    instant("withdrawn_at"),
    CheckConstraint("(reviewed_by IS NULL) = (published_at IS NULL)", name="published_by_somebody"),
    CheckConstraint("length(title) BETWEEN 1 AND 200 AND length(body) BETWEEN 1 AND 6000", name="of_a_length"),
)

question = Table(
    "question",
    metadata,
    identity(),
    Column("registration_id", BigInteger, ForeignKey("registration.id"), nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("inbound_id", BigInteger, ForeignKey("inbound.id"), unique=True, comment="the reply it came as"),
    Column("body", LargeBinary, nullable=False, comment="sealed"),
    Column("urgent", Boolean, nullable=False, comment="has an urgent sign in it"),
    Column("answer_id", BigInteger, ForeignKey("doctor_answer.id"), index=True),
    instant("asked_at", nullable=False),
    instant("closed_at"),
    Column("closed_by", BigInteger, ForeignKey("staff.id")),
    Column("closed_reason", Text, nullable=False, server_default="", comment="why it gets no answer in writing"),
    one_of("source", ("form", "page", "watch", "reply")),
    CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed_by_somebody"),
    Index("ix__question__open", "id", postgresql_where=text("answer_id IS NULL AND closed_at IS NULL")),
)
