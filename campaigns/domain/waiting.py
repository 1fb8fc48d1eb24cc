"""How long a place is kept for somebody on the waiting list."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.domain.local import instant_of

HOLD: Final = timedelta(hours=4)
"""How long an offer lasts by day."""
LAST: Final = timedelta(minutes=15)
"""So long before the start every offer is over."""
LEAST: Final = timedelta(minutes=20)
"""A shorter offer helps nobody, and is not made."""
_MORNING: Final = time(8)
_NIGHT: Final = time(21)


def offer_ends(now: datetime, starts_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Give the end of an offer made now to somebody in `zone`; None if it is too late for one.

    Four hours, and never later than a quarter of an hour before the start. Hours between
    nine in the evening and eight in the morning of their own clock do not count: nobody should
    lose a place while asleep.
    """
    local = now.astimezone(zone)
    counted_from = now
    if local.time() >= _NIGHT:
        counted_from = instant_of(local.date() + timedelta(days=1), _MORNING, zone)
    elif local.time() < _MORNING:
        counted_from = instant_of(local.date(), _MORNING, zone)
    end = counted_from + HOLD
    evening = instant_of(counted_from.astimezone(zone).date(), _NIGHT, zone)
    if end > evening:  # what is left of the four hours is had in the morning
        morning = instant_of(evening.astimezone(zone).date() + timedelta(days=1), _MORNING, zone)
        end = morning + (end - evening)
    end = min(end, starts_at - LAST)
    return end if end - now >= LEAST else None


def takes_more(now: datetime, starts_at: datetime) -> bool:
    """Say whether joining the waiting list can still lead to an offer."""
    return now <= starts_at - LAST - LEAST
