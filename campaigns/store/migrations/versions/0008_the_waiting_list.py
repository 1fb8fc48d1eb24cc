"""A registration may wait for a place, be offered one, and take it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ANCHORS = "'registered', 'starts', 'ends', 'moved', 'cancelled', 'answered'"
_AUDIENCES = "'everyone', 'attended', 'came', 'missed', 'without_texts', 'withdrawn'"


def upgrade() -> None:
    """Apply."""
    op.add_column("registration", sa.Column("standing", sa.Text(), server_default="held", nullable=False))
    for name in ("waiting_since", "offered_at", "offer_ends_at"):
        op.add_column("registration", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "registration",
        sa.Column(
            "form_shown",
            sa.BigInteger(),
            nullable=True,
            comment="when the form was shown that asked for it: milliseconds since 1970",
        ),
    )
    for name, words in (
        ("standing_known", "standing IN ('held', 'waiting', 'offered')"),
        ("waits_since", "standing = 'held' OR waiting_since IS NOT NULL"),
        ("offer_is_whole", "(offered_at IS NULL) = (offer_ends_at IS NULL) AND offer_ends_at > offered_at"),
        ("offered_is_offered", "standing <> 'offered' OR offered_at IS NOT NULL"),
    ):
        op.create_check_constraint(op.f(f"ck__registration__{name}"), "registration", words)
    op.create_index(
        "ix__registration__waiting",
        "registration",
        ["session_id", "waiting_since"],
        postgresql_where=sa.text("standing <> 'held' AND withdrawn_at IS NULL"),
    )
    _words(_ANCHORS + ", 'offered'", _AUDIENCES + ", 'waiting'")


def downgrade() -> None:
    """Take it back; whoever still waits is not registered any more, and what they were sent stays in the ledger."""
    op.execute(
        "UPDATE step SET paused = true, audience = 'withdrawn', anchor = 'cancelled', expires_anchor = 'cancelled'"
        " WHERE audience = 'waiting' OR anchor = 'offered' OR expires_anchor = 'offered'"
    )
    op.execute("UPDATE registration SET withdrawn_at = now() WHERE standing <> 'held' AND withdrawn_at IS NULL")
    _words(_ANCHORS, _AUDIENCES)
    op.drop_index("ix__registration__waiting", "registration")
    for name in ("standing", "waiting_since", "offered_at", "offer_ends_at", "form_shown"):
        op.drop_column("registration", name)


def _words(anchors: str, audiences: str) -> None:
    for column, words in (("anchor", anchors), ("expires_anchor", anchors), ("audience", audiences)):
        op.drop_constraint(op.f(f"ck__step__{column}_known"), "step", type_="check")
        op.create_check_constraint(op.f(f"ck__step__{column}_known"), "step", f"{column} IN ({words})")
