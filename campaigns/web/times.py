"""Instants as a page shows them: the reader's own time first, the clinic's beside it.

The words themselves come from `rendering/times.py`, as in every message; here they get
no-break spaces between month and day, hour and AM/PM, and a list of zones to choose
from. Every function takes an aware instant and a zone that `known_zone` accepts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaigns.language import gettext, ngettext, pgettext
from campaigns.rendering import times

_NBSP: Final = "\u00a0"

OFFERED: Final = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
    "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico", "America/Halifax", "America/St_Johns",
    "America/Mexico_City", "America/Bogota", "America/Sao_Paulo", "Europe/London", "Europe/Dublin", "Europe/Lisbon",
    "Europe/Paris", "Europe/Berlin", "Europe/Madrid", "Europe/Athens", "Africa/Lagos", "Africa/Johannesburg",
    "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Singapore", "Asia/Manila", "Asia/Tokyo", "Australia/Perth",
    "Australia/Sydney", "Pacific/Auckland", "UTC",
)  # fmt: skip
"""Zones in the list of the page; any other IANA name is accepted as well."""

_LONGEST_NAME: Final = 64


def known_zone(name: str) -> bool:
    """Say whether this is an IANA zone that we can show times in."""
    if not name or len(name) > _LONGEST_NAME or not name.isascii() or not name[0].isalpha():
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def zone_title(zone: str) -> str:
    """Give the full name of a zone: `Central Time (Chicago)`, `London time`."""
    if zone == "UTC":
        return zone
    word, city = times.zone_words(zone), times.city_of(zone)
    if times.has_word(zone):
        return gettext("%(zone)s Time (%(city)s)", zone=word, city=city)
    return gettext("%(city)s time", city=city)


def day(at: datetime, zone: str) -> str:
    """Give the day in full: `Thursday, December 3`."""
    return _hold(times.long_date(times.local(at, zone)))


def short_day(at: datetime, zone: str) -> str:
    """Give the day where space is short: `Thu, Dec 3`."""
    return _hold(times.brief_date(times.local(at, zone)))


def hour(at: datetime, zone: str) -> str:
    """Give the hour: `12:15 PM`."""
    return times.hour(times.local(at, zone)).replace(" ", _NBSP)


def own_time(at: datetime, zone: str) -> str:
    """Give the hour with its zone: `12:15 PM Central`."""
    return pgettext("time", "%(hour)s %(zone)s", hour=hour(at, zone), zone=times.zone_words(zone))


def clinic_time(at: datetime, zone: str, clinic: str) -> str:
    """Give the same instant at the clinic; with the weekday there where it is another day than the reader's."""
    here, there = times.local(at, zone), times.local(at, clinic)
    if here.date() == there.date():
        return own_time(at, clinic)
    return pgettext("time", "%(weekday)s %(time)s", weekday=times.weekday(there), time=own_time(at, clinic))


def same_clock(at: datetime, zone: str, other: str) -> bool:
    """Say whether clocks in both zones show the same at that instant."""
    return times.local(at, zone).utcoffset() == times.local(at, other).utcoffset()


def time_left(until: timedelta) -> tuple[str, str]:
    """Give a distance as its biggest unit and the rest: `("3 days", "and 2 hours")`.

    Whole minutes, rounded down; a distance of nothing or less is `("0 minutes", "")`.
    """
    minutes = max(0, int(until.total_seconds()) // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    in_hours = ngettext("%(num)d hour", "%(num)d hours", hours)
    in_minutes = ngettext("%(num)d minute", "%(num)d minutes", left)
    if days:
        in_days = ngettext("%(num)d day", "%(num)d days", days)
        return in_days, gettext("and %(rest)s", rest=in_hours) if hours else ""
    if hours:
        return in_hours, gettext("and %(rest)s", rest=in_minutes) if left else ""
    return in_minutes, ""


def _hold(date: str) -> str:
    weekday, _, rest = date.partition(" ")
    return f"{weekday} {rest.replace(' ', _NBSP)}"
