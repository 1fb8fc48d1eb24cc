"""Settle what dead workers left, and give back what nobody came for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from campaigns.operations.recover import recover
from campaigns.store.engine import hold, let_go
from tests.factories import DAY, GRACE, NOON, SERVICE_TEXTS, World

SECOND = timedelta(seconds=1)


def test_a_batch_nobody_came_for_goes_back_after_the_grace(world: World) -> None:
    mine = world.registration(world.session())
    world.dispatch()
    assert recover(world.engine, NOON + GRACE - SECOND, grace=GRACE) == 0
    assert world.ledger(mine) == [("C0", "queued")]
    assert recover(world.engine, NOON + GRACE, grace=GRACE) == 1
    assert world.ledger(mine) == [("C0", "planned")]
    assert world.one("SELECT done_at FROM batch") == NOON + GRACE


def test_a_doorbell_for_a_batch_that_was_given_back_does_nothing(world: World) -> None:
    mine = world.registration(world.session())
    world.dispatch()
    recover(world.engine, NOON + GRACE, grace=GRACE)
    assert world.answer_bells() == 0
    assert world.ledger(mine) == [("C0", "planned")]


def test_what_a_dead_worker_was_handing_off_is_in_doubt_and_the_rest_goes_back(world: World) -> None:
    session = world.session()
    dying, waiting = world.registration(session, SERVICE_TEXTS), world.registration(session, SERVICE_TEXTS)
    world.dispatch()
    _open(world, dying, "C1")
    assert recover(world.engine, NOON + 5 * SECOND, grace=GRACE) == 2
    assert world.ledger(dying) == [("C0", "queued"), ("C1", "unknown")]  # the email's batch is another one, and young
    assert world.ledger(waiting) == [("C0", "queued"), ("C1", "planned")]
    assert world.attempts(dying) == [("C1", 1, "unknown")]
    assert world.delivery(dying, "C1").reason.startswith("worker_died: ")


def test_recovering_twice_changes_nothing_more(world: World) -> None:
    dying = world.registration(world.session(), SERVICE_TEXTS)
    world.dispatch()
    _open(world, dying, "C1")
    recover(world.engine, NOON + GRACE, grace=GRACE)
    assert recover(world.engine, NOON + GRACE, grace=GRACE) == 0
    assert len(world.attempts(dying)) == 1


def test_an_email_that_a_dead_worker_had_in_hand_goes_once_more(world: World) -> None:
    dying = world.registration(world.session())
    world.dispatch()
    _open(world, dying, "C0")
    assert recover(world.engine, NOON + 5 * SECOND, grace=GRACE) == 2  # in doubt, and planned again
    world.clock.forward(seconds=6)
    world.work()
    assert world.ledger(dying) == [("C0", "sent")]


def test_a_batch_that_is_held_is_left_alone_however_old(world: World) -> None:
    mine = world.registration(world.session())
    world.dispatch()
    _open(world, mine, "C0")
    with world.engine.connect() as worker:
        assert hold(worker, world.bells[0][1])
        worker.commit()
        assert recover(world.engine, NOON + DAY, grace=GRACE) == 0
        let_go(worker, world.bells[0][1])
        worker.commit()
    assert world.ledger(mine) == [("C0", "sending")]


def test_a_young_batch_is_not_even_touched(world: World) -> None:
    mine = world.registration(world.session())
    world.dispatch()
    _open(world, mine, "C0")
    assert recover(world.engine, NOON + 4 * SECOND, grace=GRACE) == 0
    assert world.ledger(mine) == [("C0", "sending")]


def test_recovering_leaves_no_lock_behind(world: World) -> None:
    world.registration(world.session())
    world.dispatch()
    recover(world.engine, NOON + 10 * SECOND, grace=GRACE)
    assert world.answer_bells() == 1


def test_recovering_that_fails_leaves_no_lock_behind(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.dispatch()
    _open(world, mine, "C1")
    batch = next(batch for queue, batch in world.bells if queue.startswith("sms"))
    world.sql("ALTER TABLE attempt ADD CONSTRAINT broken CHECK (false)")
    try:
        with pytest.raises(DBAPIError):
            recover(world.engine, NOON + GRACE, grace=GRACE)
    finally:
        world.sql("ALTER TABLE attempt DROP CONSTRAINT broken")
    with world.engine.connect() as worker:
        assert hold(worker, batch)
        let_go(worker, batch)


def test_a_batch_whose_worker_finished_between_settling_and_closing_is_closed(world: World) -> None:
    world.registration(world.session())
    world.dispatch()
    world.answer_bells()
    world.sql("UPDATE batch SET done_at = NULL")
    assert recover(world.engine, NOON + GRACE, grace=GRACE) == 0
    assert world.one("SELECT done_at FROM batch") == NOON + GRACE


def test_a_killed_connection_frees_the_batch(world: World) -> None:
    """What a killed worker leaves behind is what its database session held: nothing."""
    mine = world.registration(world.session())
    world.dispatch()
    (_, batch) = world.bells[0]
    with world.engine.connect() as worker:
        pid = worker.execute(text("SELECT pg_backend_pid()")).scalar_one()
        assert hold(worker, batch)
        worker.commit()
        world.sql("SELECT pg_terminate_backend(:pid, 10000)", pid=pid)
        worker.invalidate()
    assert world.answer_bells() == 1
    assert world.ledger(mine) == [("C0", "sent")]


def _open(world: World, registration_id: int, key: str) -> None:
    """Leave a delivery as a worker leaves it that dies in the middle of the hand-off."""
    assert world.sql(
        "UPDATE delivery SET status = 2, attempt = attempt + 1, opened_at = :now WHERE id = :id AND status = 1",
        now=NOON, id=world.delivery(registration_id, key).id,
    ) == 1  # fmt: skip


@pytest.fixture
def world(engine) -> World:
    return World(engine)
