"""Somebody watches the talk on our page: keep what a beat says, and who came because of it.

Who enters: the watch page, some two hundred times a second. A beat is one statement, and
a second one only when it makes what is known of the person better: at most three times for
each. Only watching with the class counts as presence; what is seen of the recording is kept
beside it. What a page says is a claim and is held against our own clock; evidence only ever
adds presence.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.domain.attendance import best
from campaigns.domain.steps import Attendance
from campaigns.domain.watching import Finding, Mode, Shares, believable, find
from campaigns.errors import Rejected
from campaigns.store import viewings, webinars
from campaigns.store.engine import Connection
from campaigns.store.viewings import Beat, Told
from campaigns.store.webinars import SessionRow

_TOO_MUCH = "This is more than can have been played since the page was opened. Reload the page and go on from there."


def keep_beat(db: Connection, beat: Beat, shares: Shares, now: datetime) -> None:
    """Unite what a beat says with what was seen before; once more changes nothing.

    Raises `Rejected`, with nothing written, if it claims more than can have been played by our
    clock, or if this talk cannot be watched now: the place was given up, the class is cancelled,
    the doors are shut, or it takes place elsewhere.
    """
    if not believable(beat.spans, beat.issued_at, now):
        raise Rejected(_TOO_MUCH)
    told = viewings.take(db, beat, now)
    if told is None:
        raise Rejected("This class cannot be watched here now. Reload the page: it says why.")
    if not told.taken:
        raise Rejected(_TOO_MUCH)
    finding = find(told.seconds, timedelta(seconds=told.talk_seconds), shares)
    if told.mode is Mode.LIVE and _says_more(finding, told):
        # From here on a closing waits, so that it either sees this person or is seen by the planner's second look.
        webinars.hold_still(db, beat.session_id)
        if viewings.improve(db, beat.registration_id, finding, _evidence(finding, now)):
            webinars.plan_final_again(db, beat.session_id)


def judge_again(db: Connection, session: SessionRow, shares: Shares, now: datetime) -> int:
    """Judge everybody who watched a session with the class by its talk as it is now; give how many gained by it.

    The caller has locked the session and has it planned again.
    """
    gained = 0
    for registration_id, seconds in viewings.live(db, session.id):
        finding = find(seconds, session.talk, shares)
        gained += viewings.improve(db, registration_id, finding, _evidence(finding, now))
    viewings.count_seconds(db, session.id)
    return gained


def _says_more(finding: Finding, told: Told) -> bool:
    if finding.attendance is Attendance.UNKNOWN:
        return False
    better = finding.attendance is not told.known and best(told.known, finding.attendance) is finding.attendance
    return better or (finding.completed and not told.completed)


def _evidence(finding: Finding, now: datetime) -> dict[str, object]:
    return {"by": "watch", "at": now.isoformat(), "seconds": finding.seconds, "completed": finding.completed}
