"""Does this step speak to this registration? Yes, no, or not known yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.domain.steps import Attendance, Audience, Standing


class Awaited(StrEnum):
    """What has still to happen before a step can be judged."""

    ATTENDANCE = "attendance"
    MOVE = "move"
    CANCELLATION = "cancellation"
    WITHDRAWAL = "withdrawal"
    ANSWER = "answer"
    PLACE = "place"
    """They are on the waiting list."""
    OFFER = "offer"
    ASKING = "asking"
    """They have not been asked for a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What timing needs to know of a session; the same for everybody in it."""

    starts_at: datetime
    ends_at: datetime
    moved_at: datetime | None = None
    """When staff last moved it."""
    moved_from: datetime | None = None
    """Its start before the last move."""
    cancelled_at: datetime | None = None
    attendance_final: bool = False
    has_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is true about one registration."""

    session: SessionFacts
    zone: ZoneInfo
    registered_at: datetime
    withdrawn_at: datetime | None = None
    readdressed: bool = False
    """The place was not given up: it went over to another email address."""
    answered_at: datetime | None = None
    """When the answer that a delivery carries was published."""
    standing: Standing = Standing.HELD
    offered_at: datetime | None = None
    """When a place was offered to somebody on the waiting list."""
    asked_at: datetime | None = None
    """When a code was asked for last that shows whose the number is."""
    agreed_at: datetime | None = None
    """When they agreed to texts after registering."""
    attendance: Attendance = Attendance.UNKNOWN
    texts: bool = False
    """Gets text reminders: consent, a number, and no suppression."""
    unproven: bool = False
    """Ticked texts, and a code that went to the number is waited for."""
    confirm: bool = True
    """False for someone imported without confirmations."""


_PRESENT: Final = {
    Audience.ATTENDED: frozenset({Attendance.ATTENDED}),
    Audience.CAME: frozenset({Attendance.ATTENDED, Attendance.LEFT_EARLY}),
    Audience.MISSED: frozenset({Attendance.MISSED}),
}


def speaks(audience: Audience, facts: Facts) -> bool | Awaited:
    """Say whether a step for `audience` speaks to the person, or what must be known first.

    Once the attendance list is final, someone it does not name belongs to none of its audiences.
    """
    waits = facts.standing is not Standing.HELD
    if audience in (Audience.WAITING, Audience.UNPROVEN):
        return waits if audience is Audience.WAITING else facts.unproven
    if waits:  # who leaves the waiting list had no place to give up, and gets no receipt for one
        return Awaited.PLACE if facts.withdrawn_at is None else False
    if audience is Audience.EVERYONE:
        return True
    if audience is Audience.WITHOUT_TEXTS:
        return not facts.texts
    if audience is Audience.WITHDRAWN:
        return not facts.readdressed if facts.withdrawn_at is not None else Awaited.WITHDRAWAL
    if audience is Audience.READDRESSED:
        return facts.readdressed if facts.withdrawn_at is not None else Awaited.WITHDRAWAL
    if facts.attendance is Attendance.UNKNOWN and not facts.session.attendance_final:
        return Awaited.ATTENDANCE
    return facts.attendance in _PRESENT[audience]
