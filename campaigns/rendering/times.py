"""Dates, hours and distances in words, as a registrant reads them.

American forms: "Thursday, December 3", "12:15 PM Central"; in another language as the catalogue
and CLDR have it. Not by `strftime`, which would follow the locale of the machine.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, get_timezone_location

from campaigns.errors import mark
from campaigns.language import gettext, locale, ngettext, pgettext

_MINUTE: Final = timedelta(minutes=1)
_HOUR_MINUTES: Final = 60
_SPELL_OUT_MINUTES: Final = 6 * _HOUR_MINUTES
"""Nearer than this the hours and minutes are said; farther away "today" or "tomorrow" says enough."""

_WORDS: Final = {
    mark("Eastern"): (
        "America/New_York America/Detroit America/Toronto America/Indiana/Indianapolis America/Indiana/Marengo "
        "America/Indiana/Petersburg America/Indiana/Vevay America/Indiana/Vincennes America/Indiana/Winamac "
        "America/Kentucky/Louisville America/Kentucky/Monticello US/Eastern EST5EDT"
    ),
    mark("Central"): (
        "America/Chicago America/Winnipeg America/Menominee America/Indiana/Knox America/Indiana/Tell_City "
        "America/North_Dakota/Beulah America/North_Dakota/Center America/North_Dakota/New_Salem US/Central CST6CDT"
    ),
    mark("Mountain"): "America/Denver America/Boise America/Edmonton US/Mountain MST7MDT",
    mark("Pacific"): "America/Los_Angeles America/Vancouver US/Pacific PST8PDT",
    mark("Alaska"): (
        "America/Anchorage America/Juneau America/Sitka America/Nome America/Yakutat America/Metlakatla US/Alaska"
    ),
    mark("Hawaii"): "Pacific/Honolulu US/Hawaii HST",
}
_ZONES: Final = {zone: word for word, zones in _WORDS.items() for zone in zones.split()}


def zone_words(zone: str) -> str:
    """Name an IANA zone as people say it after an hour: `Central`, or the city where America has no such word."""
    word = _ZONES.get(zone)
    if word:
        return gettext(word)
    return pgettext("zone", "%(city)s", city=city_of(zone))


def has_word(zone: str) -> bool:
    """Say whether people call this zone by a word of its own, and not by its city."""
    return zone in _ZONES


def city_of(zone: str) -> str:
    """Name the city of an IANA zone (CLDR)."""
    return get_timezone_location(zone, locale=locale(), return_city=True)


def local(moment: datetime, zone: str) -> datetime:
    """Give the wall clock of an IANA zone at an aware moment."""
    return moment.astimezone(ZoneInfo(zone))


def long_date(moment: datetime) -> str:
    """Write `Thursday, December 3`; the year is never in doubt for a session."""
    return _written(moment, pgettext("pattern", "EEEE, MMMM d"))


def short_date(moment: datetime) -> str:
    """Write `December 3`."""
    return _written(moment, pgettext("pattern", "MMMM d"))


def terse_date(moment: datetime) -> str:
    """Write `Thu Dec 3`, for a text message."""
    return _written(moment, pgettext("pattern", "EEE MMM d"))


def brief_date(moment: datetime) -> str:
    """Write `Thu, Dec 3`, where space is short."""
    return _written(moment, pgettext("pattern", "EEE, MMM d"))


def weekday(moment: datetime) -> str:
    """Write `Thursday`."""
    return _written(moment, pgettext("pattern", "EEEE"))


def hour(moment: datetime) -> str:
    """Write `12:15 PM`."""
    return _written(moment, pgettext("pattern", "h:mm a"))


def _written(moment: datetime, pattern: str) -> str:
    # As a naive one, because it has been brought to the zone in which it is to be read.
    return format_datetime(moment.replace(tzinfo=None), pattern, locale=locale())


def minutes_between(now: datetime, then: datetime) -> int:
    """Count the minutes from now until then, rounded up; zero or less once it has come."""
    return -((now - then) // _MINUTE)


def state(now: datetime, starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Say where the session stands, as the end of a sentence: `starts in 40 minutes`, `is tomorrow`, `has started`.

    The words come from the real distance at `now`, never from a step's offset, so a message
    that was held up still tells the truth. Today and tomorrow are those of `zone`.
    """
    if now >= ends_at:
        return pgettext("class", "is over")
    if now >= starts_at:
        return pgettext("class", "has started")
    minutes = minutes_between(now, starts_at)
    if minutes < _SPELL_OUT_MINUTES:
        return pgettext("class", "starts in %(span)s", span=_span(minutes))
    days = (local(starts_at, zone).date() - local(now, zone).date()).days
    if days <= 1:
        return pgettext("class", "is tomorrow") if days else pgettext("class", "is today")
    return ngettext("is in %(num)d day", "is in %(num)d days", days)


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, _HOUR_MINUTES)
    in_hours = ngettext("%(num)d hour", "%(num)d hours", hours)
    in_minutes = ngettext("%(num)d minute", "%(num)d minutes", rest)
    if hours and rest:
        return gettext("%(first)s and %(second)s", first=in_hours, second=in_minutes)
    return in_hours if hours else in_minutes
