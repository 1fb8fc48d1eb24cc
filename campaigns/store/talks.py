"""The talk of a session for our own watch page: where it is, its captions, its words, its length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from campaigns.store.engine import Connection
from campaigns.store.tables import webinar_session


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk as stored; the transcript is long, so only pages that show it read it."""

    media_url: str = ""
    """A path of our own or an https address; empty: there is no watch page."""
    captions_url: str = ""
    transcript: str = ""
    """Plain paragraphs with a blank line between them."""
    talk_seconds: int | None = None
    """None: the whole session."""


_COLUMNS = tuple(webinar_session.c[name] for name in Talk.__dataclass_fields__)


def talk_of(db: Connection, session_id: int) -> Talk:
    """Read the talk of a session that exists."""
    return Talk(*db.execute(select(*_COLUMNS).where(webinar_session.c.id == session_id)).one())


def set_talk(db: Connection, session_id: int, talk: Talk) -> None:
    """Write the talk of a session."""
    change = update(webinar_session).where(webinar_session.c.id == session_id)
    db.execute(change.values({column: getattr(talk, column.name) for column in _COLUMNS}))


def to_close(db: Connection, *, ended_after: datetime, ended_before: datetime) -> list[int]:
    """List the sessions on our watch page that ended between these instants and whose attendance is open."""
    query = select(webinar_session.c.id).where(
        webinar_session.c.ends_at > ended_after,
        webinar_session.c.ends_at <= ended_before,
        webinar_session.c.media_url != "",
        webinar_session.c.room_url == "",
        webinar_session.c.cancelled_at.is_(None),
        webinar_session.c.attendance_final_at.is_(None),
    )
    return list(db.execute(query.order_by(webinar_session.c.ends_at)).scalars())


def has_recording(db: Connection, webinar_id: int, now: datetime) -> bool:
    """Say whether a class of this webinar is over and its recording can be seen."""
    query = select(webinar_session.c.id).where(
        webinar_session.c.webinar_id == webinar_id,
        webinar_session.c.ends_at <= now,
        webinar_session.c.cancelled_at.is_(None),
        (webinar_session.c.replay_url != "") | (webinar_session.c.media_url != ""),
    )
    return db.execute(query.limit(1)).first() is not None
