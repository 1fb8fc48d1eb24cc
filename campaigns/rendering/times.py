"""Dates, hours and distances in words, as a registrant reads them.

American forms: "Thursday, December 3", "12:15 PM Central". Names of days and months are
written out here because `strftime` would follow the locale of the machine.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_NOON: Final = 12
_MINUTE: Final = timedelta(minutes=1)
_HOUR_MINUTES: Final = 60
_SPELL_OUT_MINUTES: Final = 6 * _HOUR_MINUTES
"""Nearer than this the hours and minutes are said; farther away "today" or "tomorrow" says enough."""

_WORDS: Final = {
    "Eastern": (
        "America/New_York America/Detroit America/Toronto America/Indiana/Indianapolis America/Indiana/Marengo "
        "America/Indiana/Petersburg America/Indiana/Vevay America/Indiana/Vincennes America/Indiana/Winamac "
        "America/Kentucky/Louisville America/Kentucky/Monticello US/Eastern EST5EDT"
    ),
    "Central": (
        "America/Chicago America/Winnipeg America/Menominee America/Indiana/Knox America/Indiana/Tell_City "
        "America/North_Dakota/Beulah America/North_Dakota/Center America/North_Dakota/New_Salem US/Central CST6CDT"
    ),
    "Mountain": "America/Denver America/Boise America/Edmonton US/Mountain MST7MDT",
    "Pacific": "America/Los_Angeles America/Vancouver US/Pacific PST8PDT",
    "Alaska": (
        "America/Anchorage America/Juneau America/Sitka America/Nome America/Yakutat America/Metlakatla US/Alaska"
    ),
    "Hawaii": "Pacific/Honolulu US/Hawaii HST",
}
_ZONES: Final = {zone: word for word, zones in _WORDS.items() for zone in zones.split()}


def zone_words(zone: str) -> str:
    """Name an IANA zone as people say it: `Central`, or the city where America has no such word."""
    return _ZONES.get(zone) or zone.rsplit("/", 1)[-1].replace("_", " ")


def local(moment: datetime, zone: str) -> datetime:
    """Give the wall clock of an IANA zone at an aware moment."""
    return moment.astimezone(ZoneInfo(zone))


def long_date(moment: datetime) -> str:
    """Write `Thursday, December 3`; the year is never in doubt for a session."""
    return f"{DAYS[moment.weekday()]}, {short_date(moment)}"


def short_date(moment: datetime) -> str:
    """Write `December 3`."""
    return f"{MONTHS[moment.month - 1]} {moment.day}"


def terse_date(moment: datetime) -> str:
    """Write `Thu Dec 3`, for a text message."""
    return f"{DAYS[moment.weekday()][:3]} {MONTHS[moment.month - 1][:3]} {moment.day}"


def hour(moment: datetime) -> str:
    """Write `12:15 PM`."""
    half = "PM" if moment.hour >= _NOON else "AM"
    return f"{moment.hour % _NOON or _NOON}:{moment.minute:02d} {half}"


def minutes_between(now: datetime, then: datetime) -> int:
    """Count the minutes from now until then, rounded up; zero or less once it has come."""
    return -((now - then) // _MINUTE)


def state(now: datetime, starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Say where the session stands, as the end of a sentence: `starts in 40 minutes`, `is tomorrow`, `has started`.

    The words come from the real distance at `now`, never from a step's offset, so a message
    that was held up still tells the truth. Today and tomorrow are those of `zone`.
    """
    if now >= ends_at:
        return "is over"
    if now >= starts_at:
        return "has started"
    minutes = minutes_between(now, starts_at)
    if minutes < _SPELL_OUT_MINUTES:
        return f"starts in {_span(minutes)}"
    days = (local(starts_at, zone).date() - local(now, zone).date()).days
    return ("is today", "is tomorrow")[days] if days <= 1 else f"is in {days} days"


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, _HOUR_MINUTES)
    parts = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in ((hours, "hour"), (rest, "minute"))]
    return " and ".join(part for part, number in zip(parts, (hours, rest), strict=True) if number)
