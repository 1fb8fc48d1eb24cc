"""Hand one batch to its provider."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from campaigns.domain.steps import Channel
from campaigns.operations import send
from campaigns.store.consents import suppress
from campaigns.store.engine import hold, let_go, transaction
from tests.factories import HOUR, LESSONS, NOON, SERVICE_TEXTS, World
from tests.fakes import DOUBT, REFUSE


def test_a_whole_batch_is_accepted(world: World) -> None:
    session = world.session()
    people = [world.registration(session) for _ in range(25)]
    assert world.work(lanes=4) == 25
    assert [world.ledger(one) for one in people] == [[("C0", "sent")]] * 25
    assert len({one.delivery_id for one in world.email.seen}) == 25
    row = world.delivery(people[0], "C0")
    assert (row.sent_at, row.provider_id, row.attempt, row.doubts, row.reason) == (NOON, "provider-1", 1, 0, None)
    assert row.template_version_id is not None
    assert world.one("SELECT done_at FROM batch") == NOON


def test_texts_and_emails_take_their_own_ways(world: World) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    world.work()
    assert (len(world.email.seen), len(world.sms.seen)) == (1, 1)


def test_a_second_ring_finds_the_lock_held_and_goes_home(world: World, monkeypatch) -> None:
    monkeypatch.setattr(send, "_BETWEEN", 0.01)
    mine = world.registration(world.session())
    world.dispatch()
    (_, batch) = world.bells[0]
    with world.engine.connect() as other:
        assert hold(other, batch)
        other.commit()
        assert world.answer_bells() == 0
        assert world.ledger(mine) == [("C0", "queued")]
        let_go(other, batch)
        other.commit()
    world.bells.append(("email.urgent", batch))
    assert world.answer_bells() == 1


def test_a_second_ring_after_the_batch_is_carried_does_nothing(world: World) -> None:
    mine = world.registration(world.session())
    world.dispatch()
    bell = world.bells[0]
    world.answer_bells()
    world.bells.append(bell)
    assert world.answer_bells() == 0
    assert (len(world.email.seen), world.ledger(mine)) == (1, [("C0", "sent")])


def test_a_worker_that_is_told_to_stop_gives_the_rest_back(world: World) -> None:
    session = world.session()
    for _ in range(5):
        world.registration(session)
    assert world.work(stopping=lambda: len(world.email.seen) >= 2) == 2
    states = world.sql("SELECT status, batch_id IS NULL AS free FROM delivery ORDER BY id")
    assert [tuple(row) for row in states] == [(3, False)] * 2 + [(0, True)] * 3
    assert world.one("SELECT done_at FROM batch") == NOON
    assert world.work() == 3


def test_a_batch_that_cannot_be_loaded_goes_back_to_the_plan(world: World) -> None:
    mine = world.registration(world.session())
    world.dispatch()
    world.sql("ALTER TABLE webinar RENAME TO lost")
    try:
        with pytest.raises(DBAPIError):
            world.answer_bells()
    finally:
        world.sql("ALTER TABLE lost RENAME TO webinar")
    assert world.ledger(mine) == [("C0", "planned")]
    with world.engine.connect() as other:
        assert hold(other, 1)  # and the lock is free
        let_go(other, 1)


def test_a_person_in_a_zone_that_is_no_longer_known_keeps_nobody_waiting(world: World) -> None:
    session = world.session()
    people = [world.registration(session) for _ in range(2)]
    world.sql("UPDATE registration SET zone = 'Nowhere/Land' WHERE id = :id", id=people[0])
    assert world.work() == 2
    assert [world.ledger(one) for one in people] == [[("C0", "sent")]] * 2


def test_a_database_that_fails_at_the_end_does_not_keep_the_lock(world: World, monkeypatch) -> None:
    """The connection goes to the bin: from the pool it would hold the batch for ever."""
    world.registration(world.session())
    world.dispatch()
    (_, batch) = world.bells[0]
    world.sql("ALTER TABLE batch ADD CONSTRAINT broken CHECK (done_at IS NULL)")
    try:
        with pytest.raises(DBAPIError):
            world.answer_bells()
    finally:
        world.sql("ALTER TABLE batch DROP CONSTRAINT broken")
    with world.engine.connect() as other:
        assert hold(other, batch)
        let_go(other, batch)


def test_what_is_stopped_after_the_claim_is_skipped(world: World) -> None:
    mine = world.registration(world.session(), email="sam@example.com")
    world.dispatch()
    with transaction(world.engine) as db:
        suppress(db, Channel.EMAIL, "sam@example.com", None, reason="unsubscribed", source="link", now=NOON)
    assert world.answer_bells() == 0
    assert world.ledger(mine) == [("C0", "skipped: suppressed")]


def test_one_lesson_goes_to_a_person_with_two_places(world: World) -> None:
    """Both are due at the same instant, and are carried in the same batch by lanes that run at once."""
    for number in range(6):
        for session in (world.session(10 * 24 * HOUR), world.session(11 * 24 * HOUR)):
            world.registration(session, LESSONS, email=f"sam{number}@example.org")
    world.live(NOON + 30 * HOUR, step=HOUR)
    rows = world.sql("SELECT status, reason FROM delivery d JOIN step t ON t.id = d.step_id WHERE key = 'D1'")
    assert sorted(map(tuple, rows), key=str) == [(3, None)] * 6 + [(5, "had_before")] * 6


def test_a_lesson_goes_through_the_second_place_when_the_first_is_given_up(world: World) -> None:
    first, second = world.session(10 * 24 * HOUR), world.session(11 * 24 * HOUR)
    gone = world.registration(first, LESSONS, email="sam@example.org")
    kept = world.registration(second, LESSONS, email="sam@example.org")
    world.clock.forward(hours=22)
    world.plan()
    world.sql("UPDATE registration SET withdrawn_at = :now WHERE id = :id", now=world.clock(), id=gone)
    world.work(lanes=4)
    assert ("D1", "sent") in world.ledger(kept)
    assert ("D1", "skipped: withdrawn") in world.ledger(gone)


def test_refusals_and_doubts_do_not_stop_the_batch(world: World) -> None:
    session = world.session()
    people = [world.registration(session) for _ in range(4)]
    world.email.will(REFUSE, DOUBT)
    assert world.work() == 4
    assert [world.ledger(one) for one in people] == [
        [("C0", "failed")],
        [("C0", "unknown")],
        [("C0", "sent")],
        [("C0", "sent")],
    ]


def test_lanes_are_hung_up_with_the_desk(world: World) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    world.work(lanes=3)
    assert (world.email.closed, world.sms.closed) == (3, 3)


@pytest.fixture
def world(engine) -> World:
    return World(engine)
