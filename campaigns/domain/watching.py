"""Watching a talk on our own page: when it counts, what a beat may claim, what the minutes come to.

A *viewing* is somebody's watching of one session's talk in one mode. A *beat* says which
spans of the talk have just been played; spans are counted in tenths of a second. Whatever
is said twice, late or on two devices counts once, because spans are united.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from campaigns.domain.attendance import ATTENDED_FROM, judge
from campaigns.domain.steps import Attendance
from campaigns.errors import Rejected

DOORS: Final = timedelta(minutes=15)
"""How long before the start people may come in."""
LAST_ENTRY: Final = timedelta(minutes=15)
"""How long after the planned end the door stays open: classes run over."""
COMPLETED_FROM: Final = 0.95
"""Share of the talk from which on somebody has seen all of it; nobody counts the last seconds."""

FASTEST: Final = 2.5
"""Seconds of the talk that one second of our clock may bring: players go up to twice the speed."""
SLACK: Final = timedelta(seconds=20)
"""What a beat may run ahead of that: answers get lost, and two devices play at once."""
TENTH: Final = timedelta(milliseconds=100)
TICKET_LASTS: Final = timedelta(hours=12)
"""How long a page that is left open may send beats."""

_MOST_SPANS: Final = 60
_SECONDS: Final = re.compile(r"[0-9]{1,5}(\.[0-9])?")

Span = tuple[int, int]
"""From and up to, in tenths of a second of the talk; the second is greater."""


class Mode(StrEnum):
    """Whether somebody watches with the class or after it; our clock decides, never theirs."""

    LIVE = "live"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Shares:
    """From which share of the talk on somebody attended, and from which they have seen all of it."""

    attended: float = ATTENDED_FROM
    completed: float = COMPLETED_FROM


@dataclass(frozen=True, slots=True)
class Finding:
    """What somebody's watching comes to."""

    attendance: Attendance
    """Unknown where nothing has been seen: a page that was opened is no presence."""
    seconds: int
    completed: bool


def read_spans(begins: Sequence[str], ends: Sequence[str]) -> tuple[Span, ...]:
    """Read the spans of a beat from seconds with at most one decimal; raises `Rejected` for anything else."""
    if not 1 <= len(begins) == len(ends) <= _MOST_SPANS:
        raise Rejected(f"A beat names from one to {_MOST_SPANS} spans, each with `from` and `to`.", field="from")
    if not all(_SECONDS.fullmatch(value) for value in (*begins, *ends)):
        raise Rejected("Write `from` and `to` in seconds of the talk, with at most one decimal.", field="from")
    spans = tuple((_tenths(begin), _tenths(end)) for begin, end in zip(begins, ends, strict=True))
    if any(begin >= end for begin, end in spans):
        raise Rejected("A span ends after it begins. Write `to` greater than `from`.", field="to")
    return spans


def believable(spans: Iterable[Span], issued_at: datetime, now: datetime) -> bool:
    """Say whether a page opened at `issued_at` can have played all of this by now."""
    return _covered(spans) * TENTH <= FASTEST * (now - issued_at + SLACK)


def find(seconds: int, talk: timedelta, shares: Shares) -> Finding:
    """Say what so many seconds of a talk of this length come to."""
    if seconds <= 0:
        return Finding(Attendance.UNKNOWN, 0, completed=False)
    completed = seconds >= talk.total_seconds() * shares.completed
    return Finding(judge(seconds, talk, shares.attended), seconds, completed)


def _tenths(value: str) -> int:
    whole, _, tenth = value.partition(".")
    return 10 * int(whole) + int(tenth or 0)


def _covered(spans: Iterable[Span]) -> int:
    total = reached = 0
    for begin, end in sorted(spans):
        total += max(0, end - max(begin, reached))
        reached = max(reached, end)
    return total
