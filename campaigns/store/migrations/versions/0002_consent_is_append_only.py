"""Consent is append-only: evidence is added, never changed or taken away."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Refuse every update and delete of a consent row."""
    op.execute(
        """
        CREATE FUNCTION consent_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'consent is append-only: add a row that supersedes the old one';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER consent_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent
        FOR EACH STATEMENT EXECUTE FUNCTION consent_is_append_only()
        """
    )


def downgrade() -> None:
    """Allow changes again."""
    op.execute("DROP TRIGGER consent_is_append_only ON consent")
    op.execute("DROP FUNCTION consent_is_append_only()")
