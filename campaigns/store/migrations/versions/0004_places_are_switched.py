"""A place may lead on to another one: who switches keeps the link, and the entry in the calendar."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "registration",
        sa.Column(
            "switched_to",
            sa.BigInteger(),
            sa.ForeignKey("registration.id", name=op.f("fk__registration__switched_to")),
            nullable=True,
            comment="the place that took over",
        ),
    )
    op.add_column(
        "registration",
        sa.Column(
            "calendar_id",
            sa.BigInteger(),
            nullable=True,
            comment="the registration that the calendar entry is named after; empty: this one",
        ),
    )
    op.add_column(
        "registration",
        sa.Column(
            "calendar_base",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="sequence numbers of that entry that earlier places have used up",
        ),
    )
    op.create_index(
        "ix__registration__switched_to",
        "registration",
        ["switched_to"],
        postgresql_where=sa.text("switched_to IS NOT NULL"),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix__registration__switched_to", "registration")
    op.drop_column("registration", "calendar_base")
    op.drop_column("registration", "calendar_id")
    op.drop_column("registration", "switched_to")
