"""Ways out of quiet hours, against walking minute by minute until the window is open."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.domain.quiet import MARGIN, Hours, SendingHours, last_moment, next_opening
from campaigns.domain.steps import Channel, Purpose
from tests.domain.oracle import is_open, leaving_by_walking, opening_by_walking
from tests.domain.worlds import EIGHT_TO_EIGHT, HOURS, TRADE, US_ZONES, bounded, instants, sending_hours, zones

EASTERN = ZoneInfo("America/New_York")
NEVER_OPEN = Hours({})


def eastern(day: int, hour: int, minute: int = 0) -> datetime:
    """A local time in November 2026; the 22nd is a Sunday, the 26th Thanksgiving."""
    return datetime(2026, 11, day, hour, minute, tzinfo=EASTERN).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        (eastern(23, 7, 59), eastern(23, 8)),
        (eastern(23, 8), eastern(23, 8)),
        (eastern(23, 19, 59), eastern(23, 19, 59)),
        (eastern(23, 20), eastern(24, 8)),
        (eastern(23, 23), eastern(24, 8)),
    ],
)
def test_going_later_ends_at_the_next_opening(at: datetime, opening: datetime) -> None:
    assert next_opening(EIGHT_TO_EIGHT, at, EASTERN) == opening


@pytest.mark.parametrize(
    ("at", "leaving"),
    [
        (eastern(23, 7, 59), eastern(22, 19, 30)),
        (eastern(23, 8), eastern(23, 8)),
        (eastern(23, 19, 59), eastern(23, 19, 59)),
        (eastern(23, 20), eastern(23, 19, 30)),
        (eastern(23, 23), eastern(23, 19, 30)),
    ],
)
def test_going_earlier_ends_half_an_hour_before_the_window_closed(at: datetime, leaving: datetime) -> None:
    assert last_moment(EIGHT_TO_EIGHT, at, EASTERN) == leaving


def test_sunday_is_passed_over_in_both_directions() -> None:
    assert next_opening(TRADE, eastern(21, 17), EASTERN) == eastern(23, 10)
    assert last_moment(TRADE, eastern(23, 9), EASTERN) == eastern(21, 16, 30)


def test_a_holiday_is_passed_over_in_both_directions() -> None:
    hours = Hours(TRADE.days, frozenset({date(2026, 11, 26)}))
    assert next_opening(hours, eastern(26, 12), EASTERN) == eastern(27, 10)
    assert last_moment(hours, eastern(26, 12), EASTERN) == eastern(25, 17, 30)


def test_a_window_on_one_weekday_is_found_a_week_away() -> None:
    mondays = Hours({0: (time(8), time(20))})
    assert next_opening(mondays, eastern(16, 20), EASTERN) == eastern(23, 8)
    assert last_moment(mondays, eastern(23, 7, 59), EASTERN) == eastern(16, 19, 30)


def test_without_any_window_there_is_no_way_out() -> None:
    assert next_opening(NEVER_OPEN, eastern(23, 12), EASTERN) is None
    assert last_moment(NEVER_OPEN, eastern(23, 12), EASTERN) is None


@bounded
@example(EIGHT_TO_EIGHT, datetime(2027, 3, 14, 7, tzinfo=UTC), EASTERN)
@example(EIGHT_TO_EIGHT, datetime(2026, 11, 1, 5, 30, tzinfo=UTC), EASTERN)
@given(sending_hours(), instants(), zones)
def test_going_later_agrees_with_waiting_at_the_clock(hours: Hours, at: datetime, zone: ZoneInfo) -> None:
    assert next_opening(hours, at, zone) == opening_by_walking(hours, at, zone)


@bounded
@example(EIGHT_TO_EIGHT, datetime(2027, 3, 14, 11, tzinfo=UTC), EASTERN)
@given(sending_hours(), instants(), zones)
def test_going_earlier_agrees_with_walking_back_at_the_clock(hours: Hours, at: datetime, zone: ZoneInfo) -> None:
    assert last_moment(hours, at, zone) == leaving_by_walking(hours, at, zone)


@bounded
@given(sending_hours(), instants(), zones)
def test_a_moment_is_quiet_exactly_when_the_clock_on_the_wall_says_so(
    hours: Hours, at: datetime, zone: ZoneInfo
) -> None:
    assert hours.open_at(at, zone) == is_open(hours, at, zone)


@bounded
@given(sending_hours(), instants(), zones)
def test_both_ways_out_end_in_the_open_and_on_their_own_side(hours: Hours, at: datetime, zone: ZoneInfo) -> None:
    later, earlier = next_opening(hours, at, zone), last_moment(hours, at, zone)
    assert later is None or (hours.open_at(later, zone) and later >= at)
    assert earlier is None or (hours.open_at(earlier, zone) and earlier <= at)


@pytest.mark.parametrize("name", US_ZONES)
@pytest.mark.parametrize("day", [date(2027, 3, 14), date(2027, 11, 7)])
def test_on_the_days_the_clocks_change_no_american_gets_a_text_outside_eight_to_eight(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    midnight = datetime.combine(day, time(0), zone).astimezone(UTC)
    for quarter in range(-8, 27 * 4):
        at = midnight + quarter * timedelta(minutes=15)
        for way_out in (next_opening(EIGHT_TO_EIGHT, at, zone), last_moment(EIGHT_TO_EIGHT, at, zone)):
            assert way_out is not None
            assert time(8) <= way_out.astimezone(zone).time() < time(20)


def test_kinds_without_hours_may_leave_at_any_time() -> None:
    assert HOURS.of(Channel.EMAIL, Purpose.SERVICE) is None
    assert HOURS.of(Channel.SMS, Purpose.SERVICE) is EIGHT_TO_EIGHT


@given(st.integers(0, 1439))
def test_waking_hours_include_both_their_ends(minute: int) -> None:
    at = datetime(2026, 11, 23, minute // 60, minute % 60, tzinfo=EASTERN).astimezone(UTC)
    assert SendingHours({}).awake(at, EASTERN) == (8 * 60 <= minute <= 21 * 60)


def test_the_margin_leaves_room_for_a_backlog_in_every_window_we_use() -> None:
    shortest = min(
        datetime.combine(date.min, closing) - datetime.combine(date.min, opening)
        for hours in (EIGHT_TO_EIGHT, TRADE)
        for opening, closing in hours.days.values()
    )
    assert timedelta(0) < MARGIN < shortest
