"""The words of the messages: versions that never change, who approved them, what they claim, and drafts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from campaigns.store.tables.base import identity, instant, metadata, one_of

_EMPTY = text("''")
_NOBODY = text("'{}'")

template_version = Table(
    "template_version",
    metadata,
    identity(),
    Column("name", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("content", JSONB, nullable=False, comment="the sources; a trigger refuses every change"),
    Column("written_by", BigInteger, ForeignKey("staff.id"), comment="empty: it came with the program"),
    Column(
        "writers",
        ARRAY(BigInteger),
        nullable=False,
        server_default=_NOBODY,
        comment="staff with words in it that nobody had approved, beside who published it",
    ),
    instant("created_at", nullable=False),
    UniqueConstraint("name", "content_hash"),
)

approval = Table(
    "approval",
    metadata,
    identity(),
    Column("template_version_id", BigInteger, ForeignKey("template_version.id"), nullable=False, index=True),
    Column("staff_id", BigInteger, ForeignKey("staff.id"), comment="empty: given on the command line"),
    Column("name", Text, nullable=False, comment="of the clinician"),
    Column("licence", Text, nullable=False),
    Column("interests", Text, nullable=False, server_default=_EMPTY, comment="what the clinician gains from it"),
    Column("evidence", Text, nullable=False, server_default=_EMPTY, comment="references that were looked up"),
    Column(
        "demo", Boolean, nullable=False, server_default=text("false"), comment="counts only where messages are captured"
    ),
    instant("approved_at", nullable=False),
    instant("expires_at", nullable=False),
    instant("withdrawn_at"),
    Column("withdrawn_by", BigInteger, ForeignKey("staff.id")),
    Column("withdrawn_why", Text, nullable=False, server_default=_EMPTY),
    CheckConstraint(
        "expires_at > approved_at AND expires_at <= approved_at + interval '366 days'", name="a_year_at_most"
    ),
    comment="a named clinician's yes to one version",
)

claim = Table(
    "claim",
    metadata,
    Column("id", Text, primary_key=True),
    Column("statement", Text, nullable=False),
    Column("source", Text, nullable=False, comment="key of its source; empty: none"),
    Column("citation", Text, nullable=False, comment="how messages name the source"),
    Column("note", Text, nullable=False, server_default=_EMPTY),
    Column("status", Text, nullable=False),
    Column("reviewer", Text, nullable=False, server_default=_EMPTY, comment="the clinician who ruled on it"),
    instant("ruled_at"),
    Column("ruled_by", BigInteger, ForeignKey("staff.id")),
    Column("why", Text, nullable=False, server_default=_EMPTY, comment="of the last ruling"),
    one_of("status", ("sourced", "reviewed", "unapproved", "withdrawn")),
    comment="every medical statement that a message may make",
)

version_claim = Table(
    "version_claim",
    metadata,
    Column("template_version_id", BigInteger, ForeignKey("template_version.id"), primary_key=True),
    Column("claim_id", Text, ForeignKey("claim.id"), primary_key=True, index=True),
    comment="which claims a version makes",
)

rounds = Sequence("message_draft_round", metadata=metadata)
"""Numbers the saves, so that nobody overwrites what somebody else has saved, be it in another draft of the name."""
message_draft = Table(
    "message_draft",
    metadata,
    Column("name", Text, primary_key=True, comment="of the template"),
    Column("files", JSONB, nullable=False, comment="its own files by name, without the frame's"),
    Column("round", BigInteger, nullable=False, comment="another one at each save of any draft"),
    Column(
        "version_id", BigInteger, ForeignKey("template_version.id"), nullable=False, comment="which words it changes"
    ),
    Column("saved_by", BigInteger, ForeignKey("staff.id"), nullable=False),
    Column(
        "writers",
        ARRAY(BigInteger),
        nullable=False,
        server_default=_NOBODY,
        comment="staff who have saved it, the last one last",
    ),
    instant("saved_at", nullable=False),
)
