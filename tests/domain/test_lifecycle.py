"""The states of a delivery: who may follow whom, and where the road ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.lifecycle import FOLLOWS, Status, after_receipts, may_follow
from campaigns.domain.receipts import Kind


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.data())
def test_any_sequence_of_allowed_moves_stays_in_the_table(data: st.DataObject) -> None:
    status = Status.PLANNED
    for _ in range(20):
        following = sorted(FOLLOWS[status])
        if not following:
            return
        after = data.draw(st.sampled_from(following))
        assert may_follow(status, after)
        assert after in FOLLOWS
        status = after


def reachable(start: Status) -> set[Status]:
    seen = {start}
    road = [start]
    while road:
        for after in FOLLOWS[road.pop()] - seen:
            seen.add(after)
            road.append(after)
    return seen


def test_every_state_can_be_reached_from_planned() -> None:
    assert reachable(Status.PLANNED) == set(Status)


def test_every_state_has_its_line_in_the_table() -> None:
    assert set(FOLLOWS) == set(Status)


def test_skipped_and_failed_are_the_end_of_the_road() -> None:
    assert [status for status in Status if not FOLLOWS[status]] == [Status.SKIPPED, Status.FAILED]


@pytest.mark.parametrize("status", Status)
def test_no_state_follows_itself(status: Status) -> None:
    assert not may_follow(status, status)


@pytest.mark.parametrize("taken", [Status.SENT, Status.DELIVERED, Status.BOUNCED])
def test_what_the_provider_took_is_never_sent_again(taken: Status) -> None:
    assert reachable(taken) <= {Status.SENT, Status.DELIVERED, Status.BOUNCED}


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PLANNED])
def test_nothing_but_the_dispatcher_puts_a_delivery_in_the_queue(status: Status) -> None:
    assert not may_follow(status, Status.QUEUED)


@pytest.mark.parametrize("status", [Status.PLANNED, Status.QUEUED])
def test_a_message_that_was_not_opened_cannot_have_left(status: Status) -> None:
    assert not FOLLOWS[status] & {Status.SENT, Status.DELIVERED, Status.BOUNCED, Status.UNKNOWN, Status.FAILED}


def test_every_unfinished_state_has_a_way_to_an_honest_end() -> None:
    ends = {Status.SKIPPED, Status.FAILED, Status.DELIVERED, Status.BOUNCED, Status.SENT}
    assert all(reachable(status) & ends for status in Status)


_AT = datetime(2027, 3, 1, 17, tzinfo=UTC)
_TOLD = [(Kind.ACCEPTED, None), (Kind.ACCEPTED, _AT), (Kind.DELIVERED, None), (Kind.DELIVERED, None)]


@pytest.mark.parametrize("told", list(permutations(_TOLD)))
@pytest.mark.parametrize("before", [Status.SENDING, Status.SENT, Status.UNKNOWN, Status.PLANNED, Status.QUEUED])
def test_receipts_in_any_order_end_delivered(before, told):
    state = before
    for count in range(1, len(told) + 1):
        state = after_receipts(state, 1, told[:count])
    assert state is Status.DELIVERED


@pytest.mark.parametrize(
    "told", [[(Kind.DELIVERED, None), (Kind.BOUNCED, None)], [(Kind.DELIVERED, _AT), (Kind.BOUNCED, None)]]
)
def test_a_bounce_that_is_not_dated_follows_what_was_called_delivered(told):
    for order in permutations(told):
        assert after_receipts(Status.SENT, 1, order) is Status.BOUNCED


def test_of_dated_receipts_the_later_counts():
    later = _AT + timedelta(minutes=1)
    for order in permutations([(Kind.DELIVERED, later), (Kind.BOUNCED, _AT)]):
        assert after_receipts(Status.SENT, 1, order) is Status.DELIVERED
    for order in permutations([(Kind.DELIVERED, _AT), (Kind.BOUNCED, later)]):
        assert after_receipts(Status.SENT, 1, order) is Status.BOUNCED


@pytest.mark.parametrize("kind", Kind)
def test_no_receipt_moves_what_was_never_handed_over(kind):
    assert after_receipts(Status.PLANNED, 0, [(kind, _AT)]) is Status.PLANNED


def test_being_taken_ends_a_doubt_and_leaves_a_living_lane_its_word():
    taken = [(Kind.ACCEPTED, _AT)]
    assert after_receipts(Status.UNKNOWN, 1, taken) is Status.SENT
    assert after_receipts(Status.PLANNED, 1, taken) is Status.SENT  # about to be sent once more
    assert after_receipts(Status.SENDING, 1, taken) is Status.SENDING
    assert after_receipts(Status.DELIVERED, 1, taken) is Status.DELIVERED


@pytest.mark.parametrize("kind", [Kind.COMPLAINED, Kind.UNSUBSCRIBED, Kind.IGNORED])
def test_what_people_think_of_it_does_not_move_it(kind):
    assert after_receipts(Status.SENT, 1, [(kind, _AT)]) is Status.SENT
