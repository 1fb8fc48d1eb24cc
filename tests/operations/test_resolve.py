"""A person decides about a delivery whose fate nobody knows."""

from __future__ import annotations

import pytest

from campaigns.errors import Conflict
from campaigns.operations.resolve import leave, send_once_more
from campaigns.store.engine import transaction
from tests.factories import HOUR, NOON, SERVICE_TEXTS, World
from tests.fakes import DOUBT

STAFF = 7


def test_sending_once_more_plans_it_again_and_is_written_down(world: World) -> None:
    mine, delivery = _in_doubt(world)
    with transaction(world.engine) as db:
        send_once_more(db, delivery, STAFF, NOON)
    assert dict(world.ledger(mine))["C1"] == "planned"
    world.work()
    assert dict(world.ledger(mine))["C1"] == "sent"
    assert world.attempts(mine) == [("C1", 1, "unknown"), ("C1", 1, "resolved")]
    assert world.sql("SELECT detail FROM attempt ORDER BY id DESC")[0].detail == "send once more, by staff 7"


def test_leaving_it_closes_it_as_failed(world: World) -> None:
    mine, delivery = _in_doubt(world)
    with transaction(world.engine) as db:
        leave(db, delivery, STAFF, NOON)
    assert dict(world.ledger(mine))["C1"] == "failed"
    assert world.attempts(mine)[-1] == ("C1", 1, "resolved")


def test_deciding_twice_is_a_conflict(world: World) -> None:
    mine, delivery = _in_doubt(world)
    with transaction(world.engine) as db:
        leave(db, delivery, STAFF, NOON)
        for decide in (leave, send_once_more):
            with pytest.raises(Conflict):
                decide(db, delivery, STAFF, NOON)
    assert len(world.attempts(mine)) == 2


def test_what_would_come_too_late_is_not_sent_once_more(world: World) -> None:
    mine, delivery = _in_doubt(world)
    with transaction(world.engine) as db, pytest.raises(Conflict):
        send_once_more(db, delivery, STAFF, NOON + HOUR)
    assert dict(world.ledger(mine))["C1"] == "unknown"


def _in_doubt(world: World) -> tuple[int, int]:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.sms.will(DOUBT)
    world.work()
    return mine, world.delivery(mine, "C1").id


@pytest.fixture
def world(engine) -> World:
    return World(engine)
