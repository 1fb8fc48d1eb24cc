"""Drafts of messages: what staff are writing, one per template, until it is published or thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from campaigns.errors import Conflict
from campaigns.store.engine import Connection
from campaigns.store.tables import message_draft, rounds, staff

OVERTAKEN: Final = "Someone else has saved this draft in the meantime. Open the message afresh to see it."


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft as it was last saved."""

    name: str
    files: Mapping[str, str]
    """The message's own files by name."""
    round: int
    """Another number at each save."""
    saved_by: int
    author: str
    saved_at: datetime
    version_id: int
    """The version whose words it changes."""
    writers: tuple[int, ...]
    """Members of staff who have saved it."""


def read_draft(db: Connection, name: str, *, to_publish: bool = False) -> StoredDraft | None:
    """Find the draft of a template; `to_publish` keeps others from saving it until the commit."""
    query = (
        select(
            message_draft.c.name,
            message_draft.c.files,
            message_draft.c.round,
            message_draft.c.saved_by,
            staff.c.name.label("author"),
            message_draft.c.saved_at,
            message_draft.c.version_id,
            message_draft.c.writers,
        )
        .join(staff, staff.c.id == message_draft.c.saved_by)
        .where(message_draft.c.name == name)
    )
    row = db.execute(query.with_for_update(of=message_draft) if to_publish else query).first()
    return StoredDraft(*row[:-1], tuple(row.writers)) if row else None


def drafts(db: Connection) -> dict[str, datetime]:
    """Give for each template that has a draft when it was saved."""
    return dict(db.execute(select(message_draft.c.name, message_draft.c.saved_at)).all())


def write_draft(  # a row has these columns
    db: Connection,
    name: str,
    files: Mapping[str, str],
    *,
    version_id: int,
    seen: int,
    staff_id: int,
    now: datetime,
) -> int:
    """Save a draft over the round that its author has `seen`, 0 for none; give the new round, which no save had before.

    Raises `Conflict` when somebody else has saved it since; then nothing is changed.
    """
    values = {"files": dict(files), "saved_by": staff_id, "saved_at": now, "version_id": version_id}
    row = {"name": name, "round": rounds.next_value(), "writers": [staff_id], **values}
    if seen == 0:
        made = db.execute(upsert(message_draft).values(row).on_conflict_do_nothing().returning(message_draft.c.round))
    else:
        same = (message_draft.c.name == name) & (message_draft.c.round == seen)
        row["writers"] = func.array_append(func.array_remove(message_draft.c.writers, staff_id), staff_id)
        made = db.execute(update(message_draft).where(same).values(row).returning(message_draft.c.round))
    saved = made.scalar()
    if saved is None:
        raise Conflict(OVERTAKEN)
    return int(saved)


def drop_draft(db: Connection, name: str, *, seen: int) -> None:
    """Throw away the draft of this round; raises `Conflict` when it is another one by now, or gone."""
    same = (message_draft.c.name == name) & (message_draft.c.round == seen)
    if db.execute(delete(message_draft).where(same).returning(message_draft.c.name)).first() is None:
        raise Conflict(OVERTAKEN)
