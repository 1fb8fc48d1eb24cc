"""What somebody ticked waits until they have shown that the address is theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "registration",
        sa.Column(
            "asked",
            postgresql.JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="email purposes ticked and not confirmed yet, each with the wording that was shown",
        ),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("registration", "asked")
