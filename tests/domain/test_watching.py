"""What a beat may claim, and what the minutes seen come to."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.steps import Attendance
from campaigns.domain.watching import SLACK, Finding, Shares, believable, find, read_spans
from campaigns.errors import Rejected

NOW = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
TALK = timedelta(seconds=580)


def test_spans_are_read_in_tenths_of_a_second():
    assert read_spans(["0", "12.5"], ["10.0", "13"]) == ((0, 100), (125, 130))


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ([], []),
        (["1"], []),
        (["1", "2"], ["2"]),
        (["1"], ["1"]),
        (["2"], ["1"]),
        (["-1"], ["1"]),
        (["1e3"], ["2e3"]),
        (["0.12"], ["1"]),
        (["nan"], ["inf"]),
        (["٣"], ["٤"]),
        (["0"], ["100000"]),
        (["0"], ["1\n"]),
        ([""], ["1"]),
        (["0"] * 61, ["1"] * 61),
    ],
)
def test_anything_else_is_declined_with_its_field(begins, ends):
    with pytest.raises(Rejected) as declined:
        read_spans(begins, ends)
    assert declined.value.field in ("from", "to")


def test_a_beat_claims_at_most_two_and_a_half_times_what_has_passed_and_some_slack():
    issued = NOW - timedelta(seconds=100)
    most = int(2.5 * (100 + SLACK.total_seconds()) * 10)
    assert believable([(0, most)], issued, NOW)
    assert not believable([(0, most + 1)], issued, NOW)


def test_what_is_claimed_twice_counts_once():
    half = int(2.5 * SLACK.total_seconds() * 10)
    assert believable([(0, half), (0, half), (100, half)], NOW, NOW)
    assert not believable([(0, half), (half, half + 1)], NOW, NOW)


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 300)).map(lambda pair: (pair[0], pair[0] + pair[1]))))
def test_spans_cover_what_their_tenths_cover_one_by_one(spans):
    covered = len({tenth for begin, end in spans for tenth in range(begin, end)})
    exactly = timedelta(milliseconds=100) * covered / 2.5
    assert believable(spans, NOW - exactly + SLACK, NOW)
    if covered:
        assert not believable(spans, NOW - exactly + SLACK + timedelta(milliseconds=20), NOW)


@pytest.mark.parametrize(
    ("seconds", "finding"),
    [
        (0, Finding(Attendance.UNKNOWN, 0, completed=False)),
        (1, Finding(Attendance.LEFT_EARLY, 1, completed=False)),
        (347, Finding(Attendance.LEFT_EARLY, 347, completed=False)),
        (348, Finding(Attendance.ATTENDED, 348, completed=False)),
        (550, Finding(Attendance.ATTENDED, 550, completed=False)),
        (551, Finding(Attendance.ATTENDED, 551, completed=True)),
    ],
)
def test_seconds_are_judged_by_their_share_of_the_talk(seconds, finding):
    assert find(seconds, TALK, Shares()) == finding


def test_the_shares_are_the_settings():
    assert find(58, TALK, Shares(attended=0.1, completed=0.1)) == Finding(Attendance.ATTENDED, 58, completed=True)
