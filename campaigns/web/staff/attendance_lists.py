"""A list of who came: its form, its check, and applying it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any, BinaryIO, Final

from campaigns.domain.steps import Attendance
from campaigns.errors import Rejected
from campaigns.operations.attend import Terms, apply_attendance, check_attendance
from campaigns.store.engine import Connection
from campaigns.web.staff.desk import Act, Visit
from campaigns.web.staff.lists import Choice, Kind, problem_facts, session_of

_LONGEST_TALK: Final = 600
"""Minutes."""


def _choice(act: Act) -> Choice:
    return {
        "session": session_of(act),
        "final": act.text("final") == "yes",
        "replace": act.text("replace") == "yes",
        "talk": _talk(act.text("talk")),
    }


def _talk(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:4]) <= _LONGEST_TALK):
        raise Rejected("Write the length of the talk in whole minutes, or leave it empty.", field="talk")
    return int(value)


def _look(visit: Visit, db: Connection, file: BinaryIO, choice: Choice) -> dict[str, Any]:
    roll = check_attendance(db, file, _terms(visit, choice), visit.now)
    return {
        "fingerprint": roll.fingerprint,
        "refusal": roll.refusal,
        "after": {finding.value: roll.after.get(finding, 0) for finding in Attendance},
        "rows": roll.rows,
        "people": roll.people,
        "turned": roll.turned,
        "ignored": list(roll.ignored),
        "problems": problem_facts(roll.problems),
        "strangers": roll.strangers,
        "stranger_rows": [asdict(row) for row in roll.stranger_rows],
    }


def _apply(visit: Visit, db: Connection, file: BinaryIO, choice: Choice, fingerprint: str) -> None:
    member = visit.login.member.id
    apply_attendance(db, file, _terms(visit, choice), fingerprint=fingerprint, staff_id=member, now=visit.now)


def _terms(visit: Visit, choice: Choice) -> Terms:
    talk = timedelta(minutes=choice["talk"]) if choice["talk"] else None
    return Terms(
        choice["session"],
        final=choice["final"],
        replace=choice["replace"],
        talk=talk,
        attended_from=visit.runtime.settings.attended_share,
    )


ATTENDANCE = Kind("attendance", "imports-attendance.html", _choice, _look, _apply)
