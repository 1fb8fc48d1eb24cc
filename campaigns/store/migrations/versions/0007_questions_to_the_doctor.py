"""Registrants ask the doctor; an answer is a delivery of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ONCE = "uq__delivery__registration_id_step_id_revision"
_ANCHORS = "'registered', 'starts', 'ends', 'moved', 'cancelled'"


def upgrade() -> None:
    """Apply."""
    _tables()
    op.add_column(
        "delivery",
        sa.Column("answer_id", sa.BigInteger(), nullable=True, comment="the doctor's answer that it carries"),
    )
    op.drop_constraint(op.f(_ONCE), "delivery", type_="unique")
    op.create_unique_constraint(
        op.f(f"{_ONCE}_answer_id"),
        "delivery",
        ["registration_id", "step_id", "revision", "answer_id"],
        postgresql_nulls_not_distinct=True,
    )
    _anchors(_ANCHORS + ", 'answered'")


def downgrade() -> None:
    """Take it back."""
    _anchors(_ANCHORS)
    op.drop_constraint(op.f(f"{_ONCE}_answer_id"), "delivery", type_="unique")
    op.create_unique_constraint(op.f(_ONCE), "delivery", ["registration_id", "step_id", "revision"])
    op.drop_column("delivery", "answer_id")
    op.drop_table("question")
    op.drop_table("doctor_answer")


def _anchors(words: str) -> None:
    for column in ("anchor", "expires_anchor"):
        op.drop_constraint(op.f(f"ck__step__{column}_known"), "step", type_="check")
        op.create_check_constraint(op.f(f"ck__step__{column}_known"), "step", f"{column} IN ({words})")


def _tables() -> None:
    op.create_table(
        "doctor_answer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("webinar_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, comment="the question in general words, nobody's own"),
        sa.Column("body", sa.Text(), nullable=False, comment="paragraphs between empty lines"),
        sa.Column(
            "is_public",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="on the webinar's page too",
        ),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(reviewed_by IS NULL) = (published_at IS NULL)", name=op.f("ck__doctor_answer__published_by_somebody")
        ),
        sa.CheckConstraint(
            "length(title) BETWEEN 1 AND 200 AND length(body) BETWEEN 1 AND 6000",
            name=op.f("ck__doctor_answer__of_a_length"),
        ),
        sa.ForeignKeyConstraint(["webinar_id"], ["webinar.id"], name=op.f("fk__doctor_answer__webinar_id")),
        sa.ForeignKeyConstraint(["written_by"], ["staff.id"], name=op.f("fk__doctor_answer__written_by")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["staff.id"], name=op.f("fk__doctor_answer__reviewed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__doctor_answer")),
    )
    op.create_index(op.f("ix__doctor_answer__webinar_id"), "doctor_answer", ["webinar_id"])
    op.create_table(
        "question",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("registration_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("inbound_id", sa.BigInteger(), nullable=True, comment="the reply it came as"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="sealed"),
        sa.Column("urgent", sa.Boolean(), nullable=False, comment="has an urgent sign in it"),
        sa.Column("answer_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.Column(
            "closed_reason", sa.Text(), server_default="", nullable=False, comment="why it gets no answer in writing"
        ),
        sa.CheckConstraint("source IN ('form', 'page', 'watch', 'reply')", name=op.f("ck__question__source_known")),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name=op.f("ck__question__closed_by_somebody")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk__question__registration_id")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name=op.f("fk__question__inbound_id")),
        sa.ForeignKeyConstraint(["answer_id"], ["doctor_answer.id"], name=op.f("fk__question__answer_id")),
        sa.ForeignKeyConstraint(["closed_by"], ["staff.id"], name=op.f("fk__question__closed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__question")),
        sa.UniqueConstraint("inbound_id", name=op.f("uq__question__inbound_id")),
    )
    op.create_index(op.f("ix__question__registration_id"), "question", ["registration_id"])
    op.create_index(op.f("ix__question__answer_id"), "question", ["answer_id"])
    op.create_index(
        "ix__question__open",
        "question",
        ["id"],
        postgresql_where=sa.text("answer_id IS NULL AND closed_at IS NULL"),
    )
