"""A registrant gives up their place."""

from __future__ import annotations

import pytest

from campaigns.errors import LinkExpired, Rejected
from campaigns.operations.withdraw import withdraw
from campaigns.store.engine import transaction
from campaigns.store.webinars import cancel_session
from tests.factories import DAY, HORIZON, NOON, World, hours


def test_giving_up_a_place_sends_the_receipt_and_nothing_else(world: World) -> None:
    mine = world.registration(world.session())
    world.work()
    assert _withdraw(world, mine) is True
    world.live(NOON + 11 * DAY, step=DAY / 2)
    assert world.ledger(mine) == [("C0", "sent"), ("X3", "sent")]
    assert world.delivery(mine, "X3").revision == 0


def test_giving_it_up_twice_changes_nothing(world: World) -> None:
    mine = world.registration(world.session())
    _withdraw(world, mine)
    world.clock.forward(minutes=5)
    assert _withdraw(world, mine) is False
    assert world.place(mine).withdrawn_at == NOON
    assert world.one("SELECT count(*) FROM delivery") == 2


def test_a_place_in_a_cancelled_session_is_given_up_without_a_word(world: World) -> None:
    session = world.session()
    mine = world.registration(session)
    with transaction(world.engine) as db:
        cancel_session(db, session, "", NOON)
    assert _withdraw(world, mine) is True
    assert "X3" not in dict(world.ledger(mine))


def test_there_is_no_place_to_give_up_once_the_class_is_over(world: World) -> None:
    mine = world.registration(world.session())
    world.clock.forward(days=11)
    with pytest.raises(Rejected):
        _withdraw(world, mine)
    assert world.place(mine).withdrawn_at is None


def test_a_place_that_is_not_there_has_no_link(world: World) -> None:
    with pytest.raises(LinkExpired):
        _withdraw(world, 999)


def _withdraw(world: World, registration_id: int) -> bool:
    with transaction(world.engine) as db:
        return withdraw(db, registration_id, hours(), world.clock(), horizon=HORIZON)


@pytest.fixture
def world(engine) -> World:
    return World(engine)
