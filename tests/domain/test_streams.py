"""How much may be under way on a stream, and how long its breaker rests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.domain.steps import Channel
from campaigns.domain.streams import FAULTS, RESERVE, Stream, StreamName, rest

NOW = datetime(2027, 3, 1, 17, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def stream(**facts) -> Stream:
    usual = {"rate": None, "failures": 0, "open_until": None, "paused_at": None, "paused_reason": ""}
    return Stream(id=1, name=StreamName(Channel.SMS, "twilio", "MG1"), **{**usual, **facts})


@pytest.mark.parametrize(
    ("facts", "room"),
    [
        ({}, 600),
        ({"paused_at": NOW - SECOND}, 0),
        ({"open_until": NOW + SECOND}, 0),
        ({"open_until": NOW - SECOND, "failures": FAULTS - 1}, 600),
        ({"open_until": NOW - SECOND, "failures": FAULTS}, 1),
        ({"rate": 3.0}, 6),
        ({"rate": 0.2}, 1),
        ({"rate": 5000.0}, 600),
        ({"rate": 3.0, "paused_at": NOW}, 0),
    ],
)
def test_what_may_be_under_way(facts, room):
    assert stream(**facts).room(NOW, 600) == room


def test_bulk_gets_what_urgent_leaves_of_the_pace():
    limited = stream(rate=1.0)
    assert limited.room_for_bulk(10, 0) == 10
    assert limited.room_for_bulk(10, int(RESERVE.total_seconds() / 2)) == 4
    assert limited.room_for_bulk(10, int(RESERVE.total_seconds())) == 0
    assert stream().room_for_bulk(10, 10**6) == 10


def test_queues_share_what_may_be_under_way_only_where_it_is_little():
    assert [one.shared for one in (stream(), stream(rate=2.0), stream(failures=FAULTS))] == [False, True, True]


def test_the_breaker_rests_longer_each_time_and_never_for_long():
    rests = [rest(number) for number in range(FAULTS + 30)]
    assert rests[:FAULTS] == [None] * FAULTS
    opened = [one for one in rests if one is not None]
    assert opened == sorted(opened)
    assert opened[0] == 15 * SECOND and opened[1] == 30 * SECOND and opened[-1] == 300 * SECOND


def test_a_message_takes_its_share_of_a_second():
    assert stream(rate=3.0).seconds_for(2) == pytest.approx(2 / 3 / 0.95)
    assert stream().seconds_for(2) == 0
