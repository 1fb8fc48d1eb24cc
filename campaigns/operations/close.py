"""Close the sessions that took place on our own watch page: whoever was not seen there missed them.

Who enters: the scheduler. Lists are for classes held elsewhere; here our own ledger of viewings
is the list, and it is whole as soon as the doors are shut. Twice changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.steps import Attendance
from campaigns.domain.watching import LAST_ENTRY, Shares
from campaigns.operations.watch import judge_again
from campaigns.store import attendance, staff, talks, webinars
from campaigns.store.engine import Connection, Engine, transaction

_OF_USE: Final = timedelta(days=2)
"""A session that ended longer ago stays open: its follow-ups have expired, and a talk added later proves nothing."""


def close_sessions(engine: Engine, shares: Shares, now: datetime) -> int:
    """Make the attendance of every session final whose doors have shut; give their number.

    Each in a transaction of its own. Follow-ups that waited for it are planned from then on.
    """
    with transaction(engine) as db:
        waiting = talks.to_close(db, ended_after=now - _OF_USE, ended_before=now - LAST_ENTRY)
    closed = 0
    for session_id in waiting:
        with transaction(engine) as db:
            closed += _close(db, session_id, shares, now)
    return closed


def _close(db: Connection, session_id: int, shares: Shares, now: datetime) -> bool:
    session = webinars.session_for_change(db, session_id)
    if (
        session is None
        or not session.watched_here
        or session.cancelled_at is not None
        or session.attendance_final_at is not None
        or session.ends_at + LAST_ENTRY > now
    ):
        return False  # it was changed after we had listed it
    judge_again(db, session, shares, now)
    attendance.miss_the_rest(db, session.id, {"by": "watch", "at": now.isoformat()})
    webinars.finish_attendance(db, session.id, now)
    known = attendance.known(db, session.id)
    detail = {finding.value: known.get(finding, 0) for finding in Attendance}
    staff.record(db, staff_id=None, act="attendance", subject=f"session:{session.id}", detail=detail, now=now)
    return True
