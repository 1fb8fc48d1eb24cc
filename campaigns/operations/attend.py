"""Who came: keep what a list says about a session, and let the follow-ups go.

Who enters: the staff pages. A check changes nothing; applying takes its fingerprint.
Evidence only ever adds presence, unless the list is to replace what was known. Rows
that match nobody are counted and shown, and nobody is ever written to because of them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from campaigns.domain.attendance import ATTENDED_FROM, Stay, best, judge, seconds_present
from campaigns.domain.steps import Attendance
from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.operations.attend_rows import COLUMNS, AttendanceReader
from campaigns.operations.sheets import Problems, Sheet
from campaigns.operations.uploads import digest_of
from campaigns.store import attendance, staff, webinars
from campaigns.store.engine import Connection

_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """How a list is to be read."""

    session_id: int
    final: bool
    """Nobody else came: everyone of whom nothing is known is written down as missed."""
    replace: bool
    """Forget what was known before; without, this list only adds presence."""
    talk: timedelta | None = None
    """Length of the talk that the share is taken of; None means as long as the session says."""
    attended_from: float = ATTENDED_FROM
    """Share of the talk from which on somebody attended."""


@dataclass(frozen=True, slots=True)
class Roll:
    """What a list says."""

    rows: int
    people: int
    """Who hold a place and stand in the list."""
    after: dict[Attendance, int]
    """Everybody who holds a place, by what is known of them once this list is applied."""
    turned: int
    """People written down as missed before who turn out to have come."""
    strangers: int
    """Rows that match nobody."""
    stranger_rows: list[attendance.Stranger]
    problems: Problems
    ignored: tuple[str, ...]
    refusal: str
    """Why it cannot be applied; empty if it can."""
    fingerprint: str


def check_attendance(db: Connection, file: BinaryIO, terms: Terms, now: datetime) -> Roll:
    """Read the whole list and say what it would change; changes nothing.

    Raises `Rejected` if the file cannot be read, `NotFound` if there is no such session.
    """
    session = webinars.read_session(db, terms.session_id)
    if session is None:
        raise NotFound("There is no such session. Choose another one.", field="session")
    return _read(db, file, terms, session, now)[0]


def apply_attendance(
    db: Connection, file: BinaryIO, terms: Terms, *, fingerprint: str, staff_id: int | None, now: datetime
) -> Roll:
    """Keep what a check with this fingerprint found, and have the follow-ups planned.

    Raises `Conflict` if anything has changed since that check, `Rejected` if the session
    has not begun or is cancelled; nothing is written then.
    """
    session = webinars.session_for_change(db, terms.session_id)
    if session is None:
        raise NotFound("There is no such session. Choose another one.", field="session")
    roll, findings = _read(db, file, terms, session, now)
    if roll.fingerprint != fingerprint:
        raise Conflict("The list or the session has changed since it was checked. Look at the new numbers first.")
    if roll.refusal:
        raise Rejected(roll.refusal, field="session")
    evidence = {"by": "list", "staff": staff_id, "at": now.isoformat(), "list": fingerprint}
    if terms.replace:
        attendance.forget(db, session.id)
    attendance.keep(db, findings, evidence)
    if terms.final or session.attendance_final_at:
        attendance.miss_the_rest(db, session.id, evidence)
        webinars.finish_attendance(db, session.id, now)
    else:
        webinars.plan_again(db, session.id)
    detail = {
        "people": roll.people, "strangers": roll.strangers, "final": terms.final, "replace": terms.replace,
        **{finding.value: number for finding, number in roll.after.items()},
    }  # fmt: skip
    staff.record(db, staff_id=staff_id, act="attendance", subject=f"session:{session.id}", detail=detail, now=now)
    return roll


def _read(
    db: Connection, file: BinaryIO, terms: Terms, session: webinars.SessionRow, now: datetime
) -> tuple[Roll, list[attendance.Finding]]:
    digest = digest_of(file)
    reader = AttendanceReader(ZoneInfo(webinars.webinar_by_id(db, session.webinar_id).zone))
    sheet = Sheet(file, COLUMNS, reader.problems)
    attendance.stage(db, session.id, reader.read(sheet))
    talk = terms.talk or session.talk
    after, findings, people, turned = _tally(db, terms, session, talk)
    strangers, shown = attendance.strangers(db, _SHOWN)
    facts = (digest, terms, session.id, session.starts_at, session.attendance_final_at, sorted(after.items()))
    roll = Roll(
        rows=sheet.rows,
        people=people,
        after=dict(after),
        turned=turned,
        strangers=strangers,
        stranger_rows=shown,
        problems=reader.problems,
        ignored=sheet.ignored,
        refusal=_refusal(session, terms, now),
        fingerprint=hashlib.sha256(repr(facts).encode()).hexdigest(),
    )
    return roll, findings


def _tally(
    db: Connection, terms: Terms, session: webinars.SessionRow, talk: timedelta
) -> tuple[Counter[Attendance], list[attendance.Finding], int, int]:
    """Give what is known afterwards, the findings to write, the people named, and how many turn out to have come."""
    after = Counter(attendance.known(db, session.id))
    if terms.replace:
        after = Counter({Attendance.UNKNOWN: after.total()})
    findings: list[attendance.Finding] = []
    people = turned = 0
    for before, finding in _findings(attendance.matches(db), session, talk, terms.attended_from):
        people += 1
        known = Attendance.UNKNOWN if terms.replace else before
        if known is not finding.attendance and best(known, finding.attendance) is finding.attendance:
            findings.append(finding)
            after[known] -= 1
            after[finding.attendance] += 1
            turned += before is Attendance.MISSED
    if terms.final or session.attendance_final_at:
        after[Attendance.MISSED] += after.pop(Attendance.UNKNOWN, 0)
    return +after, findings, people, turned


def _findings(
    matches: Iterable[attendance.Match], session: webinars.SessionRow, talk: timedelta, attended_from: float
) -> Iterator[tuple[Attendance, attendance.Finding]]:
    """Judge everybody in the list. Where times are given they decide, and a status only without them."""
    for registration_id, mine in groupby(matches, key=lambda match: match.registration_id):
        rows = list(mine)
        timed = [row for row in rows if row.joined or row.seconds is not None]
        if timed:
            stays = [Stay(row.joined, row.departed) for row in timed if row.joined and row.departed]
            length = int((session.ends_at - session.starts_at).total_seconds())
            told = sum(row.seconds or 0 for row in timed)
            seconds = min(max(seconds_present(stays, session.starts_at, session.ends_at), told), length)
            finding = attendance.Finding(registration_id, judge(seconds, talk, attended_from), seconds)
        else:
            stated = Attendance.UNKNOWN
            for row in rows:
                stated = best(stated, row.finding or Attendance.UNKNOWN)
            finding = attendance.Finding(registration_id, stated, None)
        yield rows[0].before, finding


def _refusal(session: webinars.SessionRow, terms: Terms, now: datetime) -> str:
    if session.cancelled_at is not None:
        return "This session is cancelled: nobody can have attended it. Choose another one."
    if now < session.starts_at:
        return "This session has not begun. Upload the list once it is over."
    if terms.final and now < session.ends_at:
        return "This session is still running. Upload the list without calling it final, or wait for the end."
    return ""
