"""Staff add a date to a webinar."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from campaigns.errors import Rejected
from campaigns.store.engine import Connection
from campaigns.store.staff import record
from campaigns.store.webinars import add_session, sessions_of

SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(hours=8)
MOST_PLACES: Final = 1_000_000


def add(
    db: Connection,
    webinar_id: int,
    starts_at: datetime,
    length: timedelta,
    capacity: int | None,
    *,
    staff_id: int,
    now: datetime,
) -> int:
    """Add a session and give its id; registration for it is open at once.

    `capacity` None means no limit. Raises `Rejected` naming the field at fault.
    """
    if starts_at <= now:
        raise Rejected("This start lies in the past. Choose a later day or hour.", field="start")
    if not SHORTEST <= length <= LONGEST:
        raise Rejected("A session lasts from 5 minutes to 8 hours. Write its length in minutes.", field="minutes")
    if capacity is not None and not 1 <= capacity <= MOST_PLACES:
        raise Rejected("Write how many places there are, or leave it empty for no limit.", field="capacity")
    if any(known.session.starts_at == starts_at for known in sessions_of(db, webinar_id)):
        raise Rejected("There is a session at this very time already. Choose another.", field="start")
    session_id = add_session(db, webinar_id, starts_at, starts_at + length, now, capacity=capacity)
    detail = {"starts_at": starts_at.isoformat(), "capacity": capacity}
    record(db, staff_id=staff_id, act="session added", subject=f"session:{session_id}", detail=detail, now=now)
    return session_id
