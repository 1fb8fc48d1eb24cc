"""Claims have a standing of their own, approvals say more, versions cannot change, and staff write drafts."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
_SEEN_AT_LOADING = "as listed by a version from before there was a register here; renewed when the starter is loaded"


def upgrade() -> None:
    """Apply; what stored versions claim is read from their own front matter."""
    op.add_column(
        "template_version",
        sa.Column(
            "written_by",
            sa.BigInteger(),
            sa.ForeignKey("staff.id", name="fk__template_version__written_by"),
            comment="empty: it came with the program",
        ),
    )
    _content_comment("the sources; a trigger refuses every change", "the sources; never changed once written")
    _approvals_say_more()
    _add_tables()
    _list_what_is_claimed(op.get_bind())
    op.execute(
        """
        CREATE FUNCTION words_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'a template version never changes; write another one'; END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER template_version_never_changes BEFORE UPDATE OR DELETE ON template_version
        FOR EACH ROW EXECUTE FUNCTION words_never_change()
        """
    )


def downgrade() -> None:
    """Take it back; drafts and the standing of claims are forgotten."""
    op.execute("DROP TRIGGER template_version_never_changes ON template_version")
    op.execute("DROP FUNCTION words_never_change()")
    op.drop_table("message_draft")
    op.execute("DROP SEQUENCE message_draft_round")
    op.drop_table("version_claim")
    op.drop_table("claim")
    for column in ("withdrawn_why", "withdrawn_by", "evidence", "interests", "staff_id"):
        op.drop_column("approval", column)
    _content_comment("the sources; never changed once written", "the sources; a trigger refuses every change")
    op.drop_column("template_version", "written_by")


def _content_comment(words: str, before: str) -> None:
    op.alter_column(
        "template_version",
        "content",
        existing_type=postgresql.JSONB(),
        existing_nullable=False,
        comment=words,
        existing_comment=before,
    )


def _approvals_say_more() -> None:
    words: tuple[tuple[str, str | None], ...] = (
        ("interests", "what the clinician gains from it"),
        ("evidence", "references that were looked up"),
        ("withdrawn_why", None),
    )
    for name, comment in words:
        op.add_column("approval", sa.Column(name, sa.Text(), server_default=_EMPTY, nullable=False, comment=comment))
    for name, comment in (("staff_id", "empty: given on the command line"), ("withdrawn_by", None)):
        key = sa.ForeignKey("staff.id", name=f"fk__approval__{name}")
        op.add_column("approval", sa.Column(name, sa.BigInteger(), key, nullable=True, comment=comment))


def _add_tables() -> None:
    op.create_table(
        "claim",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="key of its source; empty: none"),
        sa.Column("citation", sa.Text(), nullable=False, comment="how messages name the source"),
        sa.Column("note", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "reviewer", sa.Text(), server_default=_EMPTY, nullable=False, comment="the clinician who ruled on it"
        ),
        sa.Column("ruled_at", sa.DateTime(timezone=True)),
        sa.Column("ruled_by", sa.BigInteger(), sa.ForeignKey("staff.id", name="fk__claim__ruled_by")),
        sa.Column("why", sa.Text(), server_default=_EMPTY, nullable=False, comment="of the last ruling"),
        sa.CheckConstraint("status IN ('sourced', 'reviewed', 'unapproved', 'withdrawn')", name="status_known"),
        sa.PrimaryKeyConstraint("id", name="pk__claim"),
        comment="every medical statement that a message may make",
    )
    op.create_table(
        "version_claim",
        sa.Column("template_version_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_version_id"], ["template_version.id"], "fk__version_claim__template_version_id"
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], "fk__version_claim__claim_id"),
        sa.PrimaryKeyConstraint("template_version_id", "claim_id", name="pk__version_claim"),
        comment="which claims a version makes",
    )
    op.create_index("ix__version_claim__claim_id", "version_claim", ["claim_id"])
    op.execute("CREATE SEQUENCE message_draft_round")
    op.create_table(
        "message_draft",
        sa.Column("name", sa.Text(), nullable=False, comment="of the template"),
        sa.Column("files", postgresql.JSONB(), nullable=False, comment="its own files by name, without the frame's"),
        sa.Column("round", sa.BigInteger(), nullable=False, comment="another one at each save of any draft"),
        sa.Column("version_id", sa.BigInteger(), nullable=False, comment="which words it changes"),
        sa.Column("saved_by", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["saved_by"], ["staff.id"], "fk__message_draft__saved_by"),
        sa.ForeignKeyConstraint(["version_id"], ["template_version.id"], "fk__message_draft__version_id"),
        sa.PrimaryKeyConstraint("name", name="pk__message_draft"),
    )


def _list_what_is_claimed(db: sa.Connection) -> None:
    for version_id, content in db.execute(sa.text("SELECT id, content FROM template_version")).all():
        for claim_id in _claims(content):
            values = {"claim": claim_id, "version": version_id, "words": _SEEN_AT_LOADING}
            db.execute(
                sa.text(
                    "INSERT INTO claim (id, statement, source, citation, note, status) "
                    "VALUES (:claim, :claim, '', '', :words, 'unapproved') ON CONFLICT DO NOTHING"
                ),
                values,
            )
            db.execute(sa.text("INSERT INTO version_claim VALUES (:version, :claim) ON CONFLICT DO NOTHING"), values)


def _claims(content: Any) -> list[str]:
    """Read the ids from a stored message's front matter; nothing from what is no message."""
    stored = json.loads(content) if isinstance(content, str) else content
    files = stored.get("files", {}) if isinstance(stored, dict) else {}
    try:
        listed = tomllib.loads(files.get("message.toml", "")).get("claims", [])
    except tomllib.TOMLDecodeError:
        return []
    return [one for one in listed if isinstance(one, str)]
