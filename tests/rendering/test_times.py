"""Dates, hours and distances are said as people say them, and truly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.rendering import times

START = datetime(2026, 12, 3, 18, 15, tzinfo=UTC)
END = START + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("zone", "word"),
    [
        ("America/New_York", "Eastern"),
        ("America/Indiana/Tell_City", "Central"),
        ("America/Boise", "Mountain"),
        ("America/Phoenix", "Phoenix"),
        ("America/Los_Angeles", "Pacific"),
        ("America/Juneau", "Alaska"),
        ("Pacific/Honolulu", "Hawaii"),
        ("Europe/London", "London"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires"),
        ("UTC", "UTC"),
    ],
)
def test_a_zone_is_called_what_people_call_it(zone, word):
    assert times.zone_words(zone) == word


def test_a_moment_is_written_in_three_lengths():
    moment = times.local(START, "America/Chicago")
    assert times.long_date(moment) == "Thursday, December 3"
    assert times.short_date(moment) == "December 3"
    assert times.terse_date(moment) == "Thu Dec 3"


@pytest.mark.parametrize(
    ("clock", "words"), [((0, 0), "12:00 AM"), ((9, 5), "9:05 AM"), ((12, 0), "12:00 PM"), ((23, 59), "11:59 PM")]
)
def test_hours_are_counted_to_twelve(clock, words):
    assert times.hour(datetime(2026, 1, 1, *clock, tzinfo=UTC)) == words


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=1), "starts in 1 minute"),
        (timedelta(minutes=15), "starts in 15 minutes"),
        (timedelta(minutes=38, seconds=10), "starts in 39 minutes"),
        (timedelta(hours=1), "starts in 1 hour"),
        (timedelta(hours=2, minutes=1), "starts in 2 hours and 1 minute"),
        (timedelta(hours=5, minutes=59), "starts in 5 hours and 59 minutes"),
        (timedelta(hours=6), "is today"),
        (timedelta(hours=24), "is tomorrow"),
        (timedelta(hours=48), "is in 2 days"),
        (timedelta(days=11), "is in 11 days"),
        (timedelta(0), "has started"),
        (timedelta(minutes=-29), "has started"),
        (timedelta(minutes=-30), "is over"),
    ],
)
def test_the_state_is_measured_from_now(before, words):
    assert times.state(START - before, START, END, "America/Chicago") == words


def test_today_and_tomorrow_are_those_of_the_reader():
    late = datetime(2026, 12, 3, 6, 30, tzinfo=UTC)  # still Wednesday evening in Honolulu, Thursday in New York
    assert times.state(late, START, END, "America/New_York") == "is today"
    assert times.state(late, START, END, "Pacific/Honolulu") == "is tomorrow"


def test_tomorrow_stays_tomorrow_when_the_clocks_change_in_between():
    start = datetime(2026, 11, 1, 18, 0, tzinfo=UTC)  # the night before has 25 hours in New York
    assert (
        times.state(start - timedelta(hours=24), start, start + timedelta(hours=1), "America/New_York") == "is tomorrow"
    )


@given(st.integers(min_value=-60, max_value=60 * 24 * 400), st.sampled_from(["America/Chicago", "Pacific/Honolulu"]))
def test_a_state_always_completes_the_sentence(minutes, zone):
    words = times.state(START - timedelta(minutes=minutes), START, END, zone)
    assert words.split()[0] in {"is", "has", "starts"}
    assert " 0 " not in words and "-" not in words


@given(st.integers(min_value=-(10**6), max_value=10**6))
def test_minutes_are_rounded_up(seconds):
    minutes = times.minutes_between(START - timedelta(seconds=seconds), START)
    assert (minutes - 1) * 60 < seconds <= minutes * 60
