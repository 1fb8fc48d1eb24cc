"""Sending hours, and which way to move out of quiet ones.

Hours are data (`campaigns/rules/sending_hours.toml`), read by the settings floor and
handed in. Windows are wall-clock times in the registrant's own zone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.domain.local import instant_of
from campaigns.domain.steps import Channel, Purpose

MARGIN: Final = timedelta(minutes=30)
"""Who has to go earlier leaves this long before the window closes, so that a backlog still fits."""

_REACH: Final = 8
"""Days to look for an open window; a week and a day covers every weekly pattern."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When one kind of message may leave: for each weekday (Monday is 0) an opening and a closing."""

    days: dict[int, tuple[time, time]]
    """A missing weekday is quiet all day. The opening is inside, the closing outside."""
    closed_dates: frozenset[date] = field(default_factory=frozenset)
    """Holidays: quiet all day."""

    def window(self, day: date) -> tuple[time, time] | None:
        """Give the opening and closing of a local date, or None when all of it is quiet."""
        return None if day in self.closed_dates else self.days.get(day.weekday())

    def open_at(self, at: datetime, zone: ZoneInfo) -> bool:
        """Say whether a message may leave at this instant for someone in `zone`."""
        local = at.astimezone(zone)
        window = self.window(local.date())
        return window is not None and window[0] <= local.time() < window[1]


@dataclass(frozen=True, slots=True)
class SendingHours:
    """The hours of every (channel, purpose) that has any, and what counts as waking."""

    by_kind: dict[tuple[Channel, Purpose], Hours]
    waking: tuple[time, time] = (time(8), time(21))
    """A session that starts within these local times (both ends included) is in waking hours."""

    def of(self, channel: Channel, purpose: Purpose) -> Hours | None:
        """Give the hours of a kind of message; None means that it may leave at any time."""
        return self.by_kind.get((channel, purpose))

    def awake(self, at: datetime, zone: ZoneInfo) -> bool:
        """Say whether `at` lies in waking hours in `zone`."""
        return self.waking[0] <= at.astimezone(zone).time() <= self.waking[1]


def next_opening(hours: Hours, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Give the first instant from `at` on that is not quiet (`at` itself if it is not); None if there is none."""
    if hours.open_at(at, zone):
        return at
    day = at.astimezone(zone).date()
    for ahead in range(_REACH):
        window = hours.window(day + timedelta(days=ahead))
        if window is not None:
            opening = instant_of(day + timedelta(days=ahead), window[0], zone)
            if opening >= at:
                return opening
    return None


def last_moment(hours: Hours, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Give the last good instant up to `at`: itself, or `MARGIN` before the latest closing; None if there is none."""
    if hours.open_at(at, zone):
        return at
    day = at.astimezone(zone).date()
    for back in range(_REACH):
        window = hours.window(day - timedelta(days=back))
        if window is not None:
            closing = instant_of(day - timedelta(days=back), window[1], zone)
            if closing <= at:
                return closing - MARGIN
    return None
