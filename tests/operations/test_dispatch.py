"""Take what is due, within capacity, and ring for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.domain.steps import Channel, Priority
from campaigns.operations import dispatch as dispatching
from campaigns.operations.dispatch import Pace, queue_name
from campaigns.providers.base import name_of
from campaigns.store.engine import transaction
from campaigns.store.webinars import cancel_session
from tests.factories import DAY, HOUR, MINUTE, NOON, SERVICE_TEXTS, World


def test_four_queues_have_four_names() -> None:
    names = [queue_name(channel, priority) for channel in Channel for priority in Priority]
    assert names == ["email.urgent", "email.bulk", "sms.urgent", "sms.bulk"]


def test_what_is_due_is_claimed_and_rung_for(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    assert world.dispatch() == 2
    assert world.ledger(mine) == [("C0", "queued"), ("C1", "queued")]
    assert [queue for queue, _ in world.bells] == ["email.urgent", "sms.urgent"]


def test_nothing_is_claimed_before_its_time(world: World) -> None:
    mine = world.registration(world.session(5 * HOUR))
    world.work()
    world.clock.now = NOON + 4 * HOUR - timedelta(seconds=1)
    world.work()
    assert world.ledger(mine) == [("C0", "sent"), ("B4", "planned"), ("B6", "planned")]
    world.clock.forward(seconds=1)
    world.work()
    assert world.ledger(mine)[1] == ("B4", "sent")


def test_a_second_dispatcher_finds_nothing_left(world: World) -> None:
    world.registration(world.session())
    assert world.dispatch() == 1
    assert world.dispatch() == 0


def test_urgent_is_rung_before_bulk(world: World) -> None:
    session = world.session(25 * HOUR)
    world.import_quietly(session, registered_at=NOON - 3 * DAY)
    world.clock.forward(hours=1)
    world.plan()
    world.registration(session)
    world.dispatch()
    assert [queue for queue, _ in world.bells] == ["email.urgent", "email.bulk"]


def test_batches_are_no_larger_than_asked_and_no_more_than_the_workers_can_drink(world: World) -> None:
    session = world.session()
    for _ in range(7):
        world.registration(session)
    assert world.dispatch(size=2, limit=5) == 5
    assert [row.size for row in world.sql("SELECT size FROM batch ORDER BY id")] == [2, 2, 1]
    assert world.dispatch(size=2, limit=5) == 0
    world.answer_bells()
    assert world.dispatch(size=2, limit=5) == 2


def test_what_fell_does_not_use_up_the_room(world: World) -> None:
    session = world.session()
    for _ in range(3):
        world.registration(session)
    world.sql(
        "UPDATE delivery SET due_at = due_at - interval '1 min', expires_at = :now WHERE id IN (SELECT id FROM delivery ORDER BY id LIMIT 2)",
        now=NOON + MINUTE,
    )
    world.clock.forward(minutes=2)
    assert world.dispatch(size=1, limit=1) == 3
    assert len(world.bells) == 1


def test_a_broker_that_fails_gives_the_batch_back_at_once(world: World) -> None:
    mine = world.registration(world.session())

    def broken(queue: str, batch: int) -> None:
        raise ConnectionError("no broker")

    with pytest.raises(ConnectionError):
        dispatching.dispatch(
            world.engine, broken, world.clock(), Pace(100, 600), [name_of(world.email), name_of(world.sms)]
        )
    assert world.ledger(mine) == [("C0", "planned")]
    assert world.one("SELECT done_at FROM batch") == NOON
    world.work()
    assert world.ledger(mine) == [("C0", "sent")]


def test_a_doorbell_that_arrived_although_its_ringing_failed_does_nothing(world: World) -> None:
    mine = world.registration(world.session())
    rung = []

    def doubtful(queue: str, batch: int) -> None:
        rung.append(batch)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        dispatching.dispatch(
            world.engine, doubtful, world.clock(), Pace(100, 600), [name_of(world.email), name_of(world.sms)]
        )
    world.bells.append(("email.urgent", rung[0]))
    assert world.answer_bells() == 0
    assert world.ledger(mine) == [("C0", "planned")]


def test_redis_down_does_not_stop_registrations(world: World) -> None:
    mine = world.registration(world.session())
    assert world.ledger(mine) == [("C0", "planned")]


def test_rows_of_a_cancelled_date_fall_at_the_claim(world: World) -> None:
    session = world.session(3 * HOUR)
    mine = world.registration(session)
    world.work()
    with transaction(world.engine) as db:
        cancel_session(db, session, "", NOON)
    world.clock.forward(hours=2, minutes=45)
    assert world.dispatch() == 2
    assert world.ledger(mine) == [("C0", "sent"), ("B4", "skipped: superseded"), ("B6", "skipped: superseded")]


@pytest.fixture
def world(engine) -> World:
    return World(engine)
