"""What a registration form asks beyond name and address, what was answered, and how often it was sent."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from campaigns.domain.form_fields import FieldKind
from campaigns.store.tables.base import identity, instant, metadata, one_of

form_field = Table(
    "form_field",
    metadata,
    identity(),
    Column("webinar_id", BigInteger, ForeignKey("webinar.id"), nullable=False),
    Column("key", Text, nullable=False, comment="its name in the form"),
    Column("label", Text, nullable=False),
    Column("hint", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False),
    Column("options", JSONB, nullable=False, server_default=text("'[]'"), comment="what can be chosen: list of words"),
    Column("required", Boolean, nullable=False, server_default=text("false")),
    Column(
        "sensitive",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="may speak of health: staff see the answers on a page of their own",
    ),
    Column("position", Integer, nullable=False),
    instant("created_at", nullable=False),
    instant("retired_at"),
    UniqueConstraint("webinar_id", "key"),
    one_of("kind", FieldKind),
    CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,39}$'", name="key_is_plain"),
    CheckConstraint("(kind IN ('single', 'multi')) = (jsonb_array_length(options) > 0)", name="options_fit_kind"),
)

form_answer = Table(
    "form_answer",
    metadata,
    Column("registration_id", BigInteger, ForeignKey("registration.id"), primary_key=True),
    Column("field_id", BigInteger, ForeignKey("form_field.id"), primary_key=True),
    Column("answer", LargeBinary, nullable=False, comment="sealed: it may speak of health"),
    instant("at", nullable=False),
)

sign_up_count = Table(
    "sign_up_count",
    metadata,
    identity(),
    Column("key", Text, nullable=False, comment="keyed hash of an address, number, start of a number or IP"),
    instant("at", nullable=False),
    Index("ix__sign_up_count__key_at", "key", "at"),
    Index("ix__sign_up_count__at", "at"),
    comment="one row per sign-up and key, for a day; the limits of the form are counted from it",
)
