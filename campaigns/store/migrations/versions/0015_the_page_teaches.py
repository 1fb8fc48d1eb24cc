"""A webinar's page has sections to read, each paragraph with the claims that it makes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; who left early gets the recording from now on, where the step is as it was shipped."""
    op.add_column(
        "webinar",
        sa.Column(
            "sections",
            postgresql.JSONB(),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="what the page teaches: list of key, heading and paragraphs of words, claims and cited",
        ),
    )
    op.execute(
        "UPDATE step SET audience = 'came' WHERE key = 'A1' AND template = 'thanks-replay' AND audience = 'attended'"
    )


def downgrade() -> None:
    """Take it back; the step for everybody who came stays as it is."""
    op.drop_column("webinar", "sections")
