"""Staff say where a session takes place and where its recording is."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from campaigns.errors import NotFound, Rejected
from campaigns.store import webinars
from campaigns.store.campaigns import steps_of
from campaigns.store.engine import Connection
from campaigns.store.ledger_plan import forget_planned
from campaigns.store.staff import record
from campaigns.store.webinars import SessionRow

_BITE: Final = 5000
_LONGEST: Final = 2000


def set_links(db: Connection, session_id: int, *, room_url: str, replay_url: str, staff_id: int, now: datetime) -> None:
    """Set the room's and the recording's address of a session; either may be empty.

    Messages that wait for the recording and have not left are planned anew, so that they go
    as soon as it is there. Raises `NotFound`, or `Rejected` naming the field at fault.
    """
    room, replay = _address(room_url, "room_url"), _address(replay_url, "replay_url")
    session = webinars.session_for_change(db, session_id)
    if session is None:
        raise NotFound("This session does not exist.")
    webinars.set_links(db, session_id, room_url=room, replay_url=replay)
    plan_recording_anew(db, session)
    detail = {"room": bool(room), "replay": bool(replay)}
    record(db, staff_id=staff_id, act="session links set", subject=f"session:{session_id}", detail=detail, now=now)


def plan_recording_anew(db: Connection, before: SessionRow) -> None:
    """Plan what waits for the recording anew, if there is one now and was none `before`, or the other way round."""
    after = webinars.read_session(db, before.id)
    if after is None or after.facts.has_replay == before.facts.has_replay:
        return
    for step in steps_of(db, before.webinar_id):
        while step.replay_grace is not None and forget_planned(db, before.id, step.id, _BITE) == _BITE:
            pass
    webinars.plan_again(db, before.id)


def _address(given: str, field: str) -> str:
    value = given.strip()
    if not value:
        return ""
    parts = urlsplit(value)
    whole = parts.scheme in ("http", "https") and parts.netloc and not any(c.isspace() for c in value)
    if not whole or len(value) > _LONGEST:
        raise Rejected("This is not a full web address. It begins with https:// and has no spaces.", field=field)
    return value
