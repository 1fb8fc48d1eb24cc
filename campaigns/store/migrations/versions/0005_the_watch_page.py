"""the watch page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "webinar_session",
        sa.Column(
            "media_url",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="the talk for our watch page; empty: none",
        ),
    )
    op.add_column(
        "webinar_session", sa.Column("captions_url", sa.Text(), server_default="", nullable=False, comment="WebVTT")
    )
    op.add_column(
        "webinar_session",
        sa.Column(
            "transcript",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="plain paragraphs, a blank line between",
        ),
    )
    op.add_column(
        "webinar_session",
        sa.Column("talk_seconds", sa.Integer(), nullable=True, comment="length of the talk; empty: the whole session"),
    )
    op.create_check_constraint(
        op.f("ck__webinar_session__talk_positive"), "webinar_session", "talk_seconds IS NULL OR talk_seconds > 0"
    )
    op.create_table(
        "viewing",
        sa.Column("registration_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("seen", postgresql.INT4MULTIRANGE(), nullable=False, comment="tenths of a second of the talk"),
        sa.Column("seen_tenths", sa.Integer(), nullable=False, comment="how many of them: the length of `seen`"),
        sa.Column("position", sa.Integer(), nullable=False, comment="where playing stood last, in tenths of a second"),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False, comment="how many were taken"),
        sa.Column("paid_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mode IN ('live', 'replay')", name=op.f("ck__viewing__mode_known")),
        sa.CheckConstraint(
            "seen_tenths >= 0 AND position >= 0 AND beats > 0", name=op.f("ck__viewing__counts_are_counts")
        ),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk__viewing__registration_id")),
        sa.PrimaryKeyConstraint("registration_id", "mode", name=op.f("pk__viewing")),
        comment="one row for each registration and mode, whatever the number of devices",
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("viewing")
    op.drop_constraint(op.f("ck__webinar_session__talk_positive"), "webinar_session", type_="check")
    for name in ("talk_seconds", "transcript", "captions_url", "media_url"):
        op.drop_column("webinar_session", name)
