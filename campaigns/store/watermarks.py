"""How far each session is planned: which one a planner takes next, and where it leaves its mark.

Who enters: `operations/plan.py`. Nothing here waits for a lock: what somebody else is
planning or changing is left to the next tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Text, literal_column, select, text, update

from campaigns.store.engine import Connection
from campaigns.store.tables import registration, webinar_session
from campaigns.store.webinars import SESSION, SessionRow, session_row

AFTERLIFE: Final = timedelta(days=45)
"""A session is planned until this long after its end; every shipped step has expired by then."""

_row_version: Final = literal_column("webinar_session.xmin::text", Text)
"""PostgreSQL's own mark of who last wrote the row; a lock leaves it as it is."""


@dataclass(frozen=True, slots=True)
class ToPlan:
    """A session that a planner has taken, and the version of its row that the plan is made from."""

    session: SessionRow
    version: str


def session_to_plan(db: Connection, until: datetime, now: datetime, after_id: int) -> ToPlan | None:
    """Take the next session whose plan does not reach `until`, and lock it against other planners.

    The lock is a share-compatible advisory one: registrations and moves go on meanwhile.
    """
    query = (
        select(*SESSION)
        .where(
            webinar_session.c.id > after_id,
            webinar_session.c.ends_at > now - AFTERLIFE,
            (webinar_session.c.planned_until.is_(None)) | (webinar_session.c.planned_until < until),
        )
        .order_by(webinar_session.c.id)
    )
    for row in db.execute(query):
        lock = text("SELECT pg_try_advisory_xact_lock(7004, :id)")
        if db.execute(lock, {"id": row.id & 0x7FFFFFFF}).scalar_one():
            return _as_it_stands(db, row.id)
    return None


def _as_it_stands(db: Connection, session_id: int) -> ToPlan:
    query = select(*SESSION, _row_version).where(webinar_session.c.id == session_id)
    row = db.execute(query).one()
    return ToPlan(session_row(row), row[-1])


def plan_anew(db: Connection, registrant_id: int, now: datetime) -> None:
    """Let the sessions that a person has a place in be planned again: what they may get has changed."""
    theirs = select(registration.c.session_id).where(registration.c.registrant_id == registrant_id)
    change = update(webinar_session).where(
        webinar_session.c.id.in_(theirs), webinar_session.c.ends_at > now - AFTERLIFE
    )
    db.execute(change.values(planned_until=None))


def planned(db: Connection, session_id: int, until: datetime, version: str) -> bool:
    """Write how far a session is planned; False if its row was written meanwhile, so that it is planned again.

    Dates and revision would not do: an attendance list that arrives while a moved session
    is being planned leaves both as they are. Somebody who is writing now is not waited for.
    """
    same = select(webinar_session.c.id).where(webinar_session.c.id == session_id, _row_version == version)
    change = update(webinar_session).where(webinar_session.c.id.in_(same.with_for_update(skip_locked=True)))
    return db.execute(change.values(planned_until=until)).rowcount == 1
