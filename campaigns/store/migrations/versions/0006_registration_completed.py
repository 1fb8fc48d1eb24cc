"""registration, completed: fields of the form with their answers, first touch, sign-ups counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "form_field",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("webinar_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="its name in the form"),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "options",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="what can be chosen: list of words",
        ),
        sa.Column("required", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "sensitive",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="may speak of health: staff see the answers on a page of their own",
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('text', 'single', 'multi', 'checkbox')", name=op.f("ck__form_field__kind_known")),
        sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,39}$'", name=op.f("ck__form_field__key_is_plain")),
        sa.CheckConstraint(
            "(kind IN ('single', 'multi')) = (jsonb_array_length(options) > 0)",
            name=op.f("ck__form_field__options_fit_kind"),
        ),
        sa.ForeignKeyConstraint(["webinar_id"], ["webinar.id"], name=op.f("fk__form_field__webinar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__form_field")),
        sa.UniqueConstraint("webinar_id", "key", name=op.f("uq__form_field__webinar_id_key")),
    )
    op.create_table(
        "form_answer",
        sa.Column("registration_id", sa.BigInteger(), nullable=False),
        sa.Column("field_id", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False, comment="sealed: it may speak of health"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["field_id"], ["form_field.id"], name=op.f("fk__form_answer__field_id")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"], name=op.f("fk__form_answer__registration_id")
        ),
        sa.PrimaryKeyConstraint("registration_id", "field_id", name=op.f("pk__form_answer")),
    )
    op.create_table(
        "sign_up_count",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "key", sa.Text(), nullable=False, comment="keyed hash of an address, number, start of a number or IP"
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__sign_up_count")),
        comment="one row per sign-up and key, for a day; the limits of the form are counted from it",
    )
    op.create_index("ix__sign_up_count__key_at", "sign_up_count", ["key", "at"], unique=False)
    op.create_index("ix__sign_up_count__at", "sign_up_count", ["at"], unique=False)
    op.add_column(
        "registrant",
        sa.Column(
            "first_touch",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="what first brought them: utm words, host of the referrer, landing path; never changed again",
        ),
    )
    op.add_column(
        "registration",
        sa.Column(
            "held_back",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="channels without a confirmation: a limit of the form was reached",
        ),
    )
    op.add_column(
        "registration",
        sa.Column(
            "touch",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="what brought them this time",
        ),
    )
    op.create_check_constraint(
        op.f("ck__registration__held_back_known"), "registration", "held_back <@ ARRAY['email', 'sms']"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_constraint(op.f("ck__registration__held_back_known"), "registration", type_="check")
    op.drop_column("registration", "touch")
    op.drop_column("registration", "held_back")
    op.drop_column("registrant", "first_touch")
    op.drop_index("ix__sign_up_count__at", table_name="sign_up_count")
    op.drop_index("ix__sign_up_count__key_at", table_name="sign_up_count")
    op.drop_table("sign_up_count")
    op.drop_table("form_answer")
    op.drop_table("form_field")
