"""Wall-clock times as instants, against reading the clock at every minute of the day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from campaigns.domain.local import instant_of, zone_of
from tests.domain.oracle import clock_shows, instant_by_walking
from tests.domain.worlds import bounded, days, times, zones


@bounded
@given(days, times, zones)
def test_a_wall_clock_time_is_the_first_instant_at_which_the_clock_shows_it(
    day: date, at: time, zone: ZoneInfo
) -> None:
    assert instant_of(day, at, zone) == instant_by_walking(day, at, zone)


@pytest.mark.parametrize(
    ("zone", "day", "at", "shown"),
    [
        ("America/New_York", date(2027, 3, 14), time(2, 30), datetime(2027, 3, 14, 3, 30)),  # noqa: DTZ001 what the clock shows
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), datetime(2026, 10, 4, 2, 45)),  # noqa: DTZ001
        ("Pacific/Apia", date(2011, 12, 30), time(10), datetime(2011, 12, 31, 10)),  # noqa: DTZ001
        ("Asia/Kathmandu", date(2027, 3, 14), time(2, 30), datetime(2027, 3, 14, 2, 30)),  # noqa: DTZ001
    ],
)
def test_a_time_the_clock_skips_is_taken_forward_by_the_gap(zone: str, day: date, at: time, shown: datetime) -> None:
    assert clock_shows(instant_of(day, at, ZoneInfo(zone)), ZoneInfo(zone)) == shown


def test_of_a_time_that_occurs_twice_the_first_counts() -> None:
    new_york = ZoneInfo("America/New_York")
    assert instant_of(date(2026, 11, 1), time(1, 30), new_york) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert instant_of(date(2026, 11, 1), time(1, 30, fold=1), new_york) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_the_ramadan_change_of_morocco_is_followed() -> None:
    casablanca = ZoneInfo("Africa/Casablanca")
    before, during = (
        instant_of(date(2027, 2, 6), time(10), casablanca),
        instant_of(date(2027, 2, 8), time(10), casablanca),
    )
    assert (before.hour, during.hour) == (9, 10)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd"])
def test_a_zone_that_is_no_longer_known_gives_way_to_another(name: str) -> None:
    assert zone_of(name, "America/Denver").key == "America/Denver"
    assert zone_of("America/Phoenix").key == "America/Phoenix"
