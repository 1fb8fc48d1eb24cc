"""Wall-clock times turned into instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Give the UTC instant of a wall-clock time in `zone`.

    A time that daylight saving skips resolves forward by the length of the gap; one that
    occurs twice means the first (PEP 495, fold 0).
    """
    return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def zone_of(name: str, otherwise: str = "UTC") -> ZoneInfo:
    """Give the zone of this name, or `otherwise` if the time zone data no longer know it.

    Intake refuses unknown names; a name that was dropped since must not keep a whole batch from leaving.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(otherwise)
