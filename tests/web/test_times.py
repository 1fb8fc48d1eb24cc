"""Instants as a page shows them."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.web import times

NOON = datetime(2027, 3, 1, 17, 15, tzinfo=UTC)


@pytest.mark.parametrize("name", ["America/Chicago", "UTC", "Asia/Kathmandu", "US/Central", *times.OFFERED])
def test_zone_of_the_world_is_known(name):
    assert times.known_zone(name)


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../etc/passwd", "/etc/passwd", "a" * 300, "America/Chicago\0", "Ámérica", "America"]
)
def test_anything_else_is_not(name):
    assert not times.known_zone(name)


def test_day_and_hour_do_not_break_where_they_must_not():
    assert times.day(NOON, "America/New_York") == "Monday, March\u00a01"
    assert times.short_day(NOON, "America/New_York") == "Mon, Mar\u00a01"
    assert times.hour(NOON, "America/New_York") == "12:15\u00a0PM"
    assert times.own_time(NOON, "America/Chicago") == "11:15\u00a0AM Central"


def test_clinics_time_names_its_day_only_where_it_is_another():
    assert times.clinic_time(NOON, "America/Chicago", "America/New_York") == "12:15\u00a0PM Eastern"
    late = NOON.replace(hour=3)
    assert times.clinic_time(late, "America/Chicago", "America/New_York") == "10:15\u00a0PM Eastern"
    assert times.clinic_time(late, "Europe/London", "America/New_York") == "Sunday 10:15\u00a0PM Eastern"


def test_clocks_agree_by_what_they_show_not_by_name():
    assert times.same_clock(NOON, "America/Toronto", "America/New_York")
    assert not times.same_clock(NOON, "America/Chicago", "America/New_York")


@pytest.mark.parametrize(
    ("zone", "title"),
    [
        ("America/Chicago", "Central Time (Chicago)"),
        ("Europe/London", "London time"),
        ("UTC", "UTC"),
        ("America/Sao_Paulo", "São Paulo time"),
    ],
)
def test_zone_has_a_title(zone, title):
    assert times.zone_title(zone) == title


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=3, hours=2, minutes=5), ("3 days", "and 2 hours")),
        (timedelta(days=1), ("1 day", "")),
        (timedelta(hours=1, minutes=1), ("1 hour", "and 1 minute")),
        (timedelta(hours=2), ("2 hours", "")),
        (timedelta(minutes=42, seconds=59), ("42 minutes", "")),
        (timedelta(seconds=-5), ("0 minutes", "")),
    ],
)
def test_distance_is_said_in_its_biggest_unit_and_the_rest(left, words):
    assert times.time_left(left) == words
