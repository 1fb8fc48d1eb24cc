"""People may erase themselves; the proof of what they agreed to stays, without their address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_STRICT = "append-only: a trigger refuses update and delete"
_BLINDED = "append-only: a trigger refuses update and delete; of erased people it lets addresses become keyed hashes"


def upgrade() -> None:
    """Apply."""
    op.add_column("registrant", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "erased_address",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False, comment="keyed hash of an email or number"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck__erased_address__channel_known")),
        sa.CheckConstraint("hash ~ '^[0-9a-f]{64}$'", name=op.f("ck__erased_address__hash_is_a_hash")),
        sa.PrimaryKeyConstraint("channel", "hash", name=op.f("pk__erased_address")),
        comment="who asked to be erased: no list brings these addresses back",
    )
    _blinding()
    op.create_table_comment("consent", _BLINDED, existing_comment=_STRICT)


def downgrade() -> None:
    """Take it back; whoever was erased stays so."""
    op.create_table_comment("consent", _STRICT, existing_comment=_BLINDED)
    op.execute("DROP TRIGGER consent_may_be_blinded ON consent")
    op.execute("DROP FUNCTION consent_may_be_blinded()")
    op.execute("DROP TRIGGER consent_is_append_only ON consent")
    op.execute(
        """
        CREATE TRIGGER consent_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consent
        FOR EACH STATEMENT EXECUTE FUNCTION consent_is_append_only()
        """
    )
    op.drop_table("erased_address")
    op.drop_column("registrant", "erased_at")


def _blinding() -> None:
    """Refuse every delete as before, and every update but one: the address of an erased person becomes a hash, once.

    Of the evidence only a part of what was there may stay, none of it but five known facts, and a hash
    of the whole. Every other column, also one that is added later, stays as it is.
    """
    op.execute("DROP TRIGGER consent_is_append_only ON consent")
    op.execute(
        """
        CREATE TRIGGER consent_is_append_only BEFORE DELETE OR TRUNCATE ON consent
        FOR EACH STATEMENT EXECUTE FUNCTION consent_is_append_only()
        """
    )
    op.execute(
        """
        CREATE FUNCTION consent_may_be_blinded() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.address !~ '^erased:' AND NEW.address ~ '^erased:[0-9a-f]{64}$'
                AND coalesce(NEW.evidence ->> 'hash', '') ~ '^[0-9a-f]{64}$'
                AND NEW.evidence - ARRAY['hash', 'page', 'box', 'wording', 'means', 'scope'] = '{}'
                AND OLD.evidence @> (NEW.evidence - 'hash')
                AND to_jsonb(NEW) - ARRAY['address', 'evidence'] = to_jsonb(OLD) - ARRAY['address', 'evidence']
                AND EXISTS (SELECT FROM registrant n WHERE n.id = OLD.registrant_id AND n.erased_at IS NOT NULL)
            THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'consent is append-only: add a row that supersedes the old one';
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER consent_may_be_blinded BEFORE UPDATE ON consent
        FOR EACH ROW EXECUTE FUNCTION consent_may_be_blinded()
        """
    )
