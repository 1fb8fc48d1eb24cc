"""A yes to texts may wait for a code from the number, and each later yes is confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ANCHORS = "'registered', 'starts', 'ends', 'moved', 'cancelled', 'answered', 'offered'"
_AUDIENCES = "'everyone', 'attended', 'came', 'missed', 'without_texts', 'withdrawn', 'waiting', 'readdressed'"
_OLD_COMMENT = "of the session; 0 if the date does not matter"
_NEW_COMMENT = "of the session; 0 if the date does not matter, below it the round of texts"


def upgrade() -> None:
    """Apply; the receipt for text reminders follows every yes to them from now on."""
    op.add_column(
        "registration",
        sa.Column(
            "texts_asked",
            postgresql.JSONB(),
            nullable=True,
            comment="a yes to texts that waits for a code: phone, wording, at, tries, ip; empty: none",
        ),
    )
    op.add_column("registration", sa.Column("texts_agreed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "registration",
        sa.Column(
            "texts_round",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how many later times texts were asked for or agreed to",
        ),
    )
    op.create_index(
        "ix__registration__asked_from",
        "registration",
        [sa.text("(texts_asked ->> 'ip')")],
        postgresql_where=sa.text("texts_asked IS NOT NULL"),
    )
    _revision_means(_NEW_COMMENT, _OLD_COMMENT)
    _allow(f"{_ANCHORS}, 'asked', 'agreed'", f"{_AUDIENCES}, 'unproven'")
    op.execute(
        """
        UPDATE step SET anchor = 'agreed', expires_anchor = 'agreed'
        WHERE anchor = 'registered' AND expires_anchor = 'registered' AND template = 'confirmation-sms'
          AND audience = 'everyone'
        """
    )


def downgrade() -> None:
    """Take it back; steps that ask for a code are paused, and yeses that wait are forgotten."""
    op.execute("UPDATE step SET paused = true, audience = 'everyone' WHERE audience = 'unproven'")
    op.execute("UPDATE step SET anchor = 'registered' WHERE anchor IN ('asked', 'agreed')")
    op.execute("UPDATE step SET expires_anchor = 'registered' WHERE expires_anchor IN ('asked', 'agreed')")
    _allow(_ANCHORS, _AUDIENCES)
    _revision_means(_OLD_COMMENT, _NEW_COMMENT)
    op.drop_index("ix__registration__asked_from", "registration")
    for column in ("texts_round", "texts_agreed_at", "texts_asked"):
        op.drop_column("registration", column)


def _revision_means(words: str, before: str) -> None:
    op.alter_column(
        "delivery",
        "revision",
        existing_type=sa.Integer(),
        existing_nullable=False,
        comment=words,
        existing_comment=before,
    )


def _allow(anchors: str, audiences: str) -> None:
    for column, words in (("anchor", anchors), ("expires_anchor", anchors), ("audience", audiences)):
        op.execute(f"ALTER TABLE step DROP CONSTRAINT ck__step__{column}_known")
        op.execute(f"ALTER TABLE step ADD CONSTRAINT ck__step__{column}_known CHECK ({column} IN ({words}))")
