"""the first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck__batch__channel_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__batch")),
    )
    op.create_index("ix__batch__open", "batch", ["id"], unique=False, postgresql_where=sa.text("done_at IS NULL"))
    op.create_table(
        "consent_wording",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, comment="first, bold line of the box"),
        sa.Column("text", sa.Text(), nullable=False, comment="the full wording as shown"),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck__consent_wording__channel_known")),
        sa.CheckConstraint(
            "purpose IN ('service', 'education', 'marketing')", name=op.f("ck__consent_wording__purpose_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__consent_wording")),
        sa.UniqueConstraint("content_hash", name=op.f("uq__consent_wording__content_hash")),
    )
    op.create_table(
        "login_failure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="keyed hash of the account or the IP"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__login_failure")),
    )
    op.create_index("ix__login_failure__key_at", "login_failure", ["key", "at"], unique=False)
    op.create_table(
        "registrant",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), nullable=True, comment="E.164"),
        sa.Column("zone", sa.Text(), nullable=False, comment="IANA zone"),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "email = lower(email) AND position('@' in email) > 1", name=op.f("ck__registrant__email_normal")
        ),
        sa.CheckConstraint(
            "phone IS NULL OR phone ~ '^\\+[1-9][0-9]{6,14}$'", name=op.f("ck__registrant__phone_is_e164")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__registrant")),
        sa.UniqueConstraint("email", name=op.f("uq__registrant__email")),
    )
    op.create_index(
        "ix__registrant__phone", "registrant", ["phone"], unique=False, postgresql_where=sa.text("phone IS NOT NULL")
    )
    op.create_table(
        "rhythm",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scheduler", sa.Text(), nullable=False, comment="host and process"),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("acted", sa.BigInteger(), nullable=False, comment="rows it changed the last time"),
        sa.PrimaryKeyConstraint("name", "scheduler", name=op.f("pk__rhythm")),
        comment="signs of life of the schedulers",
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('marketing', 'operations', 'clinician', 'admin')", name=op.f("ck__staff__role_known")
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck__staff__email_normal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__staff")),
        sa.UniqueConstraint("email", name=op.f("uq__staff__email")),
    )
    op.create_table(
        "suppression",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, comment="email in lower case, or E.164"),
        sa.Column("purpose", sa.Text(), nullable=True, comment="empty: every purpose"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck__suppression__channel_known")),
        sa.CheckConstraint(
            "reason IN ('unsubscribed', 'bounced', 'complained', 'invalid', 'staff')",
            name=op.f("ck__suppression__reason_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__suppression")),
    )
    op.create_index(
        "uq__suppression__live",
        "suppression",
        ["channel", "address", sa.literal_column("coalesce(purpose, '')")],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "template_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column(
            "content",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the sources; never changed once written",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__template_version")),
        sa.UniqueConstraint("name", "content_hash", name=op.f("uq__template_version__name_content_hash")),
    )
    op.create_table(
        "webinar",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, comment="official title; may name the condition"),
        sa.Column("class_title", sa.Text(), nullable=False, comment="discreet title for subjects, texts and calendars"),
        sa.Column("promise", sa.Text(), nullable=False, comment="headline of the page"),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column(
            "points",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what you will hear: list of [title, sentence]",
        ),
        sa.Column("host_name", sa.Text(), nullable=False),
        sa.Column("host_role", sa.Text(), nullable=False),
        sa.Column("host_disclosure", sa.Text(), server_default="", nullable=False),
        sa.Column("zone", sa.Text(), nullable=False, comment="IANA zone of the clinic"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name=op.f("ck__webinar__slug_is_plain")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__webinar")),
        sa.UniqueConstraint("slug", name=op.f("uq__webinar__slug")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="kind and id, such as session:12"),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk__audit__staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__audit")),
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("webinar_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["webinar_id"], ["webinar.id"], name=op.f("fk__campaign__webinar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__campaign")),
        sa.UniqueConstraint("webinar_id", name=op.f("uq__campaign__webinar_id")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("registrant_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("wording_id", sa.BigInteger(), nullable=True, comment="the words that were shown"),
        sa.Column("address", sa.Text(), nullable=False, comment="the email or number it was given for"),
        sa.Column("means", sa.Text(), nullable=False, comment="form, link, one_click, staff, import, reply"),
        sa.Column(
            "evidence",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="IP, user agent, page, import columns",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck__consent__channel_known")),
        sa.CheckConstraint(
            "means IN ('form', 'link', 'one_click', 'staff', 'import', 'reply')", name=op.f("ck__consent__means_known")
        ),
        sa.CheckConstraint("purpose IN ('service', 'education', 'marketing')", name=op.f("ck__consent__purpose_known")),
        sa.ForeignKeyConstraint(["registrant_id"], ["registrant.id"], name=op.f("fk__consent__registrant_id")),
        sa.ForeignKeyConstraint(["wording_id"], ["consent_wording.id"], name=op.f("fk__consent__wording_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__consent")),
        comment="append-only: a trigger refuses update and delete",
    )
    op.create_index(op.f("ix__consent__registrant_id"), "consent", ["registrant_id"], unique=False)
    op.create_table(
        "login",
        sa.Column("token_hash", sa.Text(), nullable=False, comment="SHA-256 of the cookie"),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk__login__staff_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk__login")),
    )
    op.create_index(op.f("ix__login__staff_id"), "login", ["staff_id"], unique=False)
    op.create_table(
        "webinar_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("webinar_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True, comment="places; empty means no limit"),
        sa.Column("room_url", sa.Text(), server_default="", nullable=False, comment="where a join link leads"),
        sa.Column("replay_url", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "revision",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="raised by a move and by cancelling",
        ),
        sa.Column("planned_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attendance_final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(moved_at IS NULL) = (moved_from IS NULL)", name=op.f("ck__webinar_session__move_is_whole")
        ),
        sa.CheckConstraint(
            "cancelled_at IS NULL OR revision > 1", name=op.f("ck__webinar_session__cancelling_raises_revision")
        ),
        sa.CheckConstraint("capacity IS NULL OR capacity > 0", name=op.f("ck__webinar_session__capacity_positive")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck__webinar_session__ends_after_start")),
        sa.CheckConstraint("revision >= 1", name=op.f("ck__webinar_session__revision_positive")),
        sa.ForeignKeyConstraint(["webinar_id"], ["webinar.id"], name=op.f("fk__webinar_session__webinar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__webinar_session")),
    )
    op.create_index(
        "ix__webinar_session__planning",
        "webinar_session",
        ["planned_until"],
        unique=False,
        postgresql_where=sa.text("attendance_final_at IS NULL"),
    )
    op.create_index(op.f("ix__webinar_session__webinar_id"), "webinar_session", ["webinar_id"], unique=False)
    op.create_table(
        "permission",
        sa.Column("registrant_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("consent_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk__permission__consent_id")),
        sa.ForeignKeyConstraint(["registrant_id"], ["registrant.id"], name=op.f("fk__permission__registrant_id")),
        sa.PrimaryKeyConstraint("registrant_id", "channel", "purpose", name=op.f("pk__permission")),
        comment="the current answer per person, channel and purpose",
    )
    op.create_table(
        "registrant_import",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["webinar_session.id"], name=op.f("fk__registrant_import__session_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk__registrant_import__staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__registrant_import")),
    )
    op.create_table(
        "registration",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("registrant_id", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False, comment="the registrant's zone: the planner's class"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "confirm", sa.Boolean(), server_default=sa.text("true"), nullable=False, comment="false: no confirmations"
        ),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attendance", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("attended_seconds", sa.Integer(), nullable=True),
        sa.Column(
            "attendance_evidence",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "attendance IN ('unknown', 'attended', 'left_early', 'missed')",
            name=op.f("ck__registration__attendance_known"),
        ),
        sa.CheckConstraint(
            "source IN ('web', 'import', 'staff', 'rehearsal')", name=op.f("ck__registration__source_known")
        ),
        sa.CheckConstraint(
            "withdrawn_at IS NULL OR withdrawn_at >= registered_at",
            name=op.f("ck__registration__withdrawn_after_registered"),
        ),
        sa.ForeignKeyConstraint(["registrant_id"], ["registrant.id"], name=op.f("fk__registration__registrant_id")),
        sa.ForeignKeyConstraint(["session_id"], ["webinar_session.id"], name=op.f("fk__registration__session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__registration")),
    )
    op.create_index("ix__registration__class", "registration", ["session_id", "zone", "registered_at"], unique=False)
    op.create_index(op.f("ix__registration__registrant_id"), "registration", ["registrant_id"], unique=False)
    op.create_index(
        "uq__registration__place",
        "registration",
        ["session_id", "registrant_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("anchor", sa.Text(), nullable=False),
        sa.Column("offset_delta", sa.Interval(), nullable=True, comment="a relative offset"),
        sa.Column("offset_days", sa.Integer(), nullable=True, comment="a wall-clock offset, together with offset_time"),
        sa.Column("offset_time", sa.Time(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("expires_anchor", sa.Text(), nullable=False),
        sa.Column("expires_delta", sa.Interval(), nullable=False),
        sa.Column("late", sa.Text(), nullable=False),
        sa.Column("quiet", sa.Text(), nullable=False),
        sa.Column("quiet_grace", sa.Interval(), server_default=sa.text("'0'::interval"), nullable=False),
        sa.Column("quiet_exempt_before_start", sa.Interval(), server_default=sa.text("'0'::interval"), nullable=False),
        sa.Column("lead", sa.Interval(), server_default=sa.text("'0'::interval"), nullable=False),
        sa.Column("runway", sa.Interval(), server_default=sa.text("'0'::interval"), nullable=False),
        sa.Column("near", sa.Interval(), nullable=True),
        sa.Column("min_gap", sa.Interval(), server_default=sa.text("'0'::interval"), nullable=False),
        sa.Column("needs_attendance", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("replay_grace", sa.Interval(), nullable=True),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active_from", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "anchor IN ('registered', 'starts', 'ends', 'moved', 'cancelled')", name=op.f("ck__step__anchor_known")
        ),
        sa.CheckConstraint(
            "audience IN ('everyone', 'attended', 'came', 'missed', 'without_texts', 'withdrawn')",
            name=op.f("ck__step__audience_known"),
        ),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck__step__channel_known")),
        sa.CheckConstraint(
            "expires_anchor IN ('registered', 'starts', 'ends', 'moved', 'cancelled')",
            name=op.f("ck__step__expires_anchor_known"),
        ),
        sa.CheckConstraint("late IN ('skip', 'send_now')", name=op.f("ck__step__late_known")),
        sa.CheckConstraint("purpose IN ('service', 'education', 'marketing')", name=op.f("ck__step__purpose_known")),
        sa.CheckConstraint("quiet IN ('ignore', 'shift', 'session_awake')", name=op.f("ck__step__quiet_known")),
        sa.CheckConstraint(
            "(offset_delta IS NOT NULL AND offset_days IS NULL AND offset_time IS NULL) OR (offset_delta IS NULL AND offset_days IS NOT NULL AND offset_time IS NOT NULL)",
            name=op.f("ck__step__one_kind_of_offset"),
        ),
        sa.CheckConstraint("priority IN (0, 1)", name=op.f("ck__step__priority_known")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk__step__campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__step")),
        sa.UniqueConstraint("campaign_id", "key", name=op.f("uq__step__campaign_id_key")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("registration_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("step_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="of the session; 0 if the date does not matter"),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "reason", sa.Text(), nullable=True, comment="why skipped, failed, bounced or unknown; never an address"
        ),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "doubts",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="attempts that ended unknown",
        ),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("template_version_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck__delivery__channel_known")),
        sa.CheckConstraint("expires_at > due_at", name=op.f("ck__delivery__expires_after_due")),
        sa.CheckConstraint("priority IN (0, 1)", name=op.f("ck__delivery__priority_known")),
        sa.CheckConstraint("status BETWEEN 0 AND 8", name=op.f("ck__delivery__status_known")),
        sa.CheckConstraint("status NOT IN (1, 2) OR batch_id IS NOT NULL", name=op.f("ck__delivery__held_by_a_batch")),
        sa.CheckConstraint("status NOT IN (3, 4) OR sent_at IS NOT NULL", name=op.f("ck__delivery__sent_has_a_time")),
        sa.CheckConstraint("status NOT IN (5, 6, 7, 8) OR reason IS NOT NULL", name=op.f("ck__delivery__reason_given")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk__delivery__registration_id")),
        sa.ForeignKeyConstraint(["session_id"], ["webinar_session.id"], name=op.f("fk__delivery__session_id")),
        sa.ForeignKeyConstraint(["step_id"], ["step.id"], name=op.f("fk__delivery__step_id")),
        sa.ForeignKeyConstraint(
            ["template_version_id"], ["template_version.id"], name=op.f("fk__delivery__template_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__delivery")),
        sa.UniqueConstraint(
            "registration_id", "step_id", "revision", name=op.f("uq__delivery__registration_id_step_id_revision")
        ),
        postgresql_with={
            "fillfactor": "80",
            "autovacuum_vacuum_scale_factor": "0.02",
            "autovacuum_analyze_scale_factor": "0.02",
        },
    )
    op.create_index(
        "ix__delivery__due",
        "delivery",
        ["channel", "priority", "due_at"],
        unique=False,
        postgresql_where=sa.text("status = 0"),
    )
    op.create_index(
        "ix__delivery__held", "delivery", ["batch_id"], unique=False, postgresql_where=sa.text("status IN (1, 2)")
    )
    op.create_index("ix__delivery__session", "delivery", ["session_id", "step_id", "status"], unique=False)
    op.create_index(
        "ix__delivery__unknown", "delivery", ["due_at"], unique=False, postgresql_where=sa.text("status = 8")
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('unknown', 'deferred', 'refused', 'resolved')", name=op.f("ck__attempt__outcome_known")
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk__attempt__delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk__attempt")),
        comment="hand-offs that did not end in a plain yes, and decisions about them; never rewritten",
    )
    op.create_index(op.f("ix__attempt__delivery_id"), "attempt", ["delivery_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix__attempt__delivery_id"), table_name="attempt")
    op.drop_table("attempt")
    op.drop_index("ix__delivery__unknown", table_name="delivery", postgresql_where=sa.text("status = 8"))
    op.drop_index("ix__delivery__session", table_name="delivery")
    op.drop_index("ix__delivery__held", table_name="delivery", postgresql_where=sa.text("status IN (1, 2)"))
    op.drop_index("ix__delivery__due", table_name="delivery", postgresql_where=sa.text("status = 0"))
    op.drop_table("delivery")
    op.drop_table("step")
    op.drop_index(
        "uq__registration__place", table_name="registration", postgresql_where=sa.text("withdrawn_at IS NULL")
    )
    op.drop_index(op.f("ix__registration__registrant_id"), table_name="registration")
    op.drop_index("ix__registration__class", table_name="registration")
    op.drop_table("registration")
    op.drop_table("registrant_import")
    op.drop_table("permission")
    op.drop_index(op.f("ix__webinar_session__webinar_id"), table_name="webinar_session")
    op.drop_index(
        "ix__webinar_session__planning",
        table_name="webinar_session",
        postgresql_where=sa.text("attendance_final_at IS NULL"),
    )
    op.drop_table("webinar_session")
    op.drop_index(op.f("ix__login__staff_id"), table_name="login")
    op.drop_table("login")
    op.drop_index(op.f("ix__consent__registrant_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_table("campaign")
    op.drop_table("audit")
    op.drop_table("webinar")
    op.drop_table("template_version")
    op.drop_index("uq__suppression__live", table_name="suppression", postgresql_where=sa.text("lifted_at IS NULL"))
    op.drop_table("suppression")
    op.drop_table("staff")
    op.drop_table("rhythm")
    op.drop_index("ix__registrant__phone", table_name="registrant", postgresql_where=sa.text("phone IS NOT NULL"))
    op.drop_table("registrant")
    op.drop_index("ix__login_failure__key_at", table_name="login_failure")
    op.drop_table("login_failure")
    op.drop_table("consent_wording")
    op.drop_index("ix__batch__open", table_name="batch", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("batch")
