"""How long a place is kept for somebody on the waiting list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.waiting import LAST, LEAST, offer_ends, takes_more

EASTERN = ZoneInfo("America/New_York")
NEXT_MONTH = datetime(2027, 4, 20, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("made", "ends"),
    [
        ("2027-03-16 09:00", "2027-03-16 13:00"),
        ("2027-03-16 08:00", "2027-03-16 12:00"),
        ("2027-03-16 17:00", "2027-03-16 21:00"),
        # Nobody loses a place while asleep: what is left of the four hours is had in the morning.
        ("2027-03-16 20:00", "2027-03-17 11:00"),
        ("2027-03-16 21:00", "2027-03-17 12:00"),
        ("2027-03-16 23:59", "2027-03-17 12:00"),
        ("2027-03-16 03:00", "2027-03-16 12:00"),
        # The night in which clocks go forward is an hour shorter; the morning is as long as ever.
        ("2027-03-13 20:00", "2027-03-14 11:00"),
    ],
)
def test_four_waking_hours_of_their_own_clock(made: str, ends: str) -> None:
    assert offer_ends(local(made), NEXT_MONTH, EASTERN) == local(ends)


def test_the_same_instant_is_night_for_one_and_day_for_another() -> None:
    now = local("2027-03-16 22:00")
    assert offer_ends(now, NEXT_MONTH, EASTERN) == now + timedelta(hours=10 + 4)
    assert offer_ends(now, NEXT_MONTH, ZoneInfo("Pacific/Honolulu")) == now + timedelta(hours=4)


def test_never_later_than_a_quarter_of_an_hour_before_the_start_and_never_shorter_than_it_is_worth() -> None:
    now = local("2027-03-16 17:00")
    assert offer_ends(now, now + timedelta(hours=1), EASTERN) == now + timedelta(minutes=45)
    assert offer_ends(now, now + timedelta(minutes=35), EASTERN) == now + timedelta(minutes=20)
    assert offer_ends(now, now + timedelta(minutes=34, seconds=59), EASTERN) is None
    assert offer_ends(now, now - timedelta(hours=1), EASTERN) is None


@given(
    st.datetimes(datetime(2027, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # `timezones` adds it
    st.integers(-600, 20_000),
    st.sampled_from(["America/New_York", "Pacific/Honolulu", "Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_an_offer_ends_in_waking_hours_or_shortly_before_the_start(now: datetime, ahead: int, zone: str) -> None:
    starts_at = now + timedelta(minutes=ahead)
    end = offer_ends(now, starts_at, ZoneInfo(zone))
    assert (end is not None) == takes_more(now, starts_at)
    if end is not None:
        assert now + LEAST <= end <= starts_at - LAST
        shown = end.astimezone(ZoneInfo(zone))
        assert end == starts_at - LAST or 8 <= shown.hour + shown.minute / 60 <= 21


def local(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=EASTERN).astimezone(UTC)
