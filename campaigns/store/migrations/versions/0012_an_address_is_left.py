"""A step may speak to the address that a place has gone from."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BEFORE = "'everyone', 'attended', 'came', 'missed', 'without_texts', 'withdrawn', 'waiting'"


def upgrade() -> None:
    """Apply."""
    _audiences(f"{_BEFORE}, 'readdressed'")


def downgrade() -> None:
    """Take it back; such a step is paused."""
    op.execute("UPDATE step SET paused = true, audience = 'withdrawn' WHERE audience = 'readdressed'")
    _audiences(_BEFORE)


def _audiences(words: str) -> None:
    op.execute("ALTER TABLE step DROP CONSTRAINT ck__step__audience_known")
    op.execute(f"ALTER TABLE step ADD CONSTRAINT ck__step__audience_known CHECK (audience IN ({words}))")
