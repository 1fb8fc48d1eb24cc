"""How long somebody was in the room, and what that makes of them.

People leave and come back, and watch on two devices at once: what counts is the
union of their stays, and only while the session ran.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.steps import Attendance

ATTENDED_FROM: Final = 0.6
"""Share of the talk from which on somebody attended, unless a setting says otherwise; below it they left early."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One time in the room, aware instants; `left` is after `joined`."""

    joined: datetime
    left: datetime


def seconds_present(stays: Iterable[Stay], starts_at: datetime, ends_at: datetime) -> int:
    """Give the whole seconds covered by at least one stay between start and end of the session."""
    clipped = sorted((max(stay.joined, starts_at), min(stay.left, ends_at)) for stay in stays)
    total = timedelta(0)
    covered_until = starts_at
    for joined, left in clipped:
        begin = max(joined, covered_until)
        if left > begin:
            total += left - begin
            covered_until = left
    return int(total.total_seconds())


def judge(seconds: int, talk: timedelta, attended_from: float = ATTENDED_FROM) -> Attendance:
    """Say what `seconds` in the room mean for a talk of this length."""
    if seconds <= 0:
        return Attendance.MISSED
    return Attendance.ATTENDED if seconds >= talk.total_seconds() * attended_from else Attendance.LEFT_EARLY


def best(first: Attendance, second: Attendance) -> Attendance:
    """Give the one of two findings that says more presence."""
    return max(first, second, key=_RANK.index)


def below(finding: Attendance) -> tuple[Attendance, ...]:
    """Give the findings that say less presence than this one."""
    return _RANK[: _RANK.index(finding)]


_RANK: Final = (Attendance.UNKNOWN, Attendance.MISSED, Attendance.LEFT_EARLY, Attendance.ATTENDED)
