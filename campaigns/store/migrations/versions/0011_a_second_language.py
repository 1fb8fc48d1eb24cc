"""Webinars and the words beside a consent box come in more than one language."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "webinar",
        sa.Column("language", sa.Text(), server_default="en", nullable=False, comment="in which the talk is given"),
    )
    op.add_column(
        "webinar",
        sa.Column(
            "translations",
            postgresql.JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="titles and page texts in other languages, by code and name of the column",
        ),
    )
    op.add_column("consent_wording", sa.Column("language", sa.Text(), server_default="en", nullable=False))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("consent_wording", "language")
    op.drop_column("webinar", "translations")
    op.drop_column("webinar", "language")
