"""Time in the room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.attendance import Stay, below, best, judge, seconds_present
from campaigns.domain.steps import Attendance

START = datetime(2026, 3, 25, 22, 0, tzinfo=UTC)
END = START + timedelta(minutes=10)
TALK = timedelta(minutes=10)


def test_stays_are_joined_and_clipped_to_the_session() -> None:
    # Early until minute 2, again from 1 to 4 on a second device, and from 8 on beyond the end.
    assert seconds_present([stay(-5, 2), stay(1, 4), stay(8, 30)], START, END) == (4 + 2) * 60


def test_a_stay_outside_the_session_counts_nothing() -> None:
    assert seconds_present([stay(-9, -1), stay(11, 12)], START, END) == 0


@given(st.lists(st.tuples(st.integers(-30, 30), st.integers(1, 30)), max_size=6))
def test_the_union_agrees_with_counting_minute_by_minute(spans: list[tuple[int, int]]) -> None:
    inside = {minute for begin, length in spans for minute in range(begin, begin + length) if 0 <= minute < 10}
    assert seconds_present([stay(begin, begin + length) for begin, length in spans], START, END) == len(inside) * 60


@pytest.mark.parametrize(
    ("seconds", "finding"),
    [
        (0, Attendance.MISSED),
        (1, Attendance.LEFT_EARLY),
        (359, Attendance.LEFT_EARLY),
        (360, Attendance.ATTENDED),
        (600, Attendance.ATTENDED),
    ],
)
def test_six_tenths_of_the_talk_are_attendance(seconds: int, finding: Attendance) -> None:
    assert judge(seconds, TALK) is finding


def test_the_share_may_be_another_one() -> None:
    assert judge(60, TALK, 0.1) is Attendance.ATTENDED
    assert judge(59, TALK, 0.1) is Attendance.LEFT_EARLY


def test_below_a_finding_is_whatever_says_less_presence() -> None:
    for first in Attendance:
        assert set(below(first)) == {one for one in Attendance if one is not first and best(first, one) is first}


def test_of_two_findings_the_one_with_more_presence_counts() -> None:
    assert best(Attendance.MISSED, Attendance.LEFT_EARLY) is Attendance.LEFT_EARLY
    assert best(Attendance.ATTENDED, Attendance.LEFT_EARLY) is Attendance.ATTENDED
    assert best(Attendance.UNKNOWN, Attendance.MISSED) is Attendance.MISSED


def stay(joined: int, left: int) -> Stay:
    return Stay(START + timedelta(minutes=joined), START + timedelta(minutes=left))
