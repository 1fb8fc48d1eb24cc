"""Who had a hand in the words is known, not only who published them: none of them approves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_NOBODY = sa.text("'{}'")


def upgrade() -> None:
    """Apply; of a draft its last hand is known, of a version who published it."""
    for table, comment in (
        ("template_version", "staff with words in it that nobody had approved, beside who published it"),
        ("message_draft", "staff who have saved it, the last one last"),
    ):
        words: sa.Column[list[int]] = sa.Column(
            "writers", postgresql.ARRAY(sa.BigInteger()), server_default=_NOBODY, nullable=False, comment=comment
        )
        op.add_column(table, words)
    op.execute("UPDATE message_draft SET writers = ARRAY[saved_by]")


def downgrade() -> None:
    """Take it back; who helped to write is forgotten."""
    op.drop_column("message_draft", "writers")
    op.drop_column("template_version", "writers")
