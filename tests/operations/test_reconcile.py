"""Texts in doubt are looked for at the provider before anybody sends one again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Found, fingerprint
from campaigns.operations.reconcile import reconcile
from campaigns.operations.recover import recover
from campaigns.operations.settlements import LOOKS
from campaigns.store.alerts import raised
from campaigns.store.engine import transaction
from tests.factories import GRACE, MINUTE, NUMBER, SERVICE_TEXTS, World
from tests.fakes import DOUBT

NOWHERE = Found(())


def in_doubt(world: World, key: str = "C1") -> int:
    """Somebody whose confirmation by text ended in doubt."""
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.sms.will(DOUBT)
    world.work()
    assert dict(world.ledger(mine))[key] == "unknown"
    return mine


def look(world: World, after: timedelta, *said: Found | None) -> int:
    world.clock.now += after
    world.sms.known.extend(said)
    return reconcile(world.engine, world.sms, world.clock())


def test_a_text_that_the_provider_has_is_sent_under_the_providers_name(world: World) -> None:
    mine = in_doubt(world)
    assert look(world, LOOKS[0], Found(("SM1",))) == 1
    row = world.delivery(mine, "C1")
    assert (row.status, row.provider_id, row.reason, row.look_at) == (Status.SENT, "SM1", None, None)
    assert world.attempts(mine) == [("C1", 1, "unknown"), ("C1", 1, "resolved")]
    asked = world.sms.asked[0]
    assert (asked.recipient, asked.fingerprint) == (NUMBER, fingerprint(world.sms.seen[0].body))
    assert len(world.sms.seen) == 1


def test_it_is_not_looked_for_before_it_could_show_up_by_itself(world: World) -> None:
    in_doubt(world)
    assert look(world, LOOKS[0] - timedelta(seconds=1)) == 0
    assert world.sms.asked == []


def test_a_text_about_the_session_that_is_nowhere_after_every_look_goes_once_more(world: World) -> None:
    mine = in_doubt(world)
    assert [look(world, after, NOWHERE) for after in LOOKS] == [0, 0, 1]
    assert world.delivery(mine, "C1").status == Status.PLANNED
    world.work()
    row = world.delivery(mine, "C1")
    assert (row.status, row.attempt, row.doubts) == (Status.SENT, 2, 1)
    assert [outcome for _, _, outcome in world.attempts(mine)] == ["unknown", "resolved"]
    assert len(world.sms.seen) == 2


def test_a_second_doubt_is_looked_for_and_then_let_go(world: World) -> None:
    mine = in_doubt(world)
    world.sms.will(DOUBT)
    for after in LOOKS:
        look(world, after, NOWHERE)
    world.work()
    assert [look(world, after, NOWHERE) for after in LOOKS] == [0, 0, 1]
    row = world.delivery(mine, "C1")
    assert (row.status, row.attempt) == (Status.FAILED, 2)
    assert "the provider does not have it" in row.reason
    assert len(world.sms.seen) == 2


@pytest.mark.parametrize("purpose", ["education", "marketing"])
def test_other_texts_are_let_go(world: World, purpose: str) -> None:
    mine = in_doubt(world)
    world.sql("UPDATE step SET purpose = :purpose WHERE key = 'C1'", purpose=purpose)
    for after in LOOKS:
        look(world, after, NOWHERE)
    assert world.delivery(mine, "C1").status == Status.FAILED


def test_what_would_come_too_late_does_not_go_once_more(world: World) -> None:
    mine = in_doubt(world)
    world.sql("UPDATE delivery SET expires_at = :at", at=world.clock() + 10 * MINUTE)
    for after in LOOKS:
        look(world, after, NOWHERE)
    assert world.delivery(mine, "C1").status == Status.FAILED


def test_a_provider_that_cannot_be_asked_is_asked_again_and_its_silence_counts_for_nothing(world: World) -> None:
    mine = in_doubt(world)
    for _ in range(20):
        look(world, LOOKS[-1], None)
    row = world.delivery(mine, "C1")
    assert (row.status, row.looks) == (Status.UNKNOWN, 0)
    assert look(world, LOOKS[-1], Found(("SM1",))) == 1


def test_one_that_was_sent_twice_is_told(world: World) -> None:
    mine = in_doubt(world)
    look(world, LOOKS[0], Found(("SM1", "SM2")))
    assert world.delivery(mine, "C1").provider_id == "SM1"
    with transaction(world.engine) as db:
        assert [(one.kind, one.times) for one in raised(db)] == [("bug", 1)]


def test_what_a_dead_worker_had_in_hand_is_looked_for_too(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.dispatch()
    world.sql(
        "UPDATE delivery SET status = 2, attempt = 1, opened_at = :now, fingerprint = 'f' WHERE channel = 'sms'",
        now=world.clock(),
    )
    world.clock.forward(seconds=10)
    recover(world.engine, world.clock(), grace=GRACE)
    assert world.delivery(mine, "C1").status == Status.UNKNOWN
    assert look(world, LOOKS[0], Found(("SM1",))) == 1


def test_two_who_look_at_once_ask_once(world: World) -> None:
    in_doubt(world)
    world.clock.now += LOOKS[0]
    world.sms.known.append(NOWHERE)
    reconcile(world.engine, world.sms, world.clock())
    reconcile(world.engine, world.sms, world.clock())
    assert len(world.sms.asked) == 1


def test_emails_are_not_looked_for(world: World) -> None:
    world.registration(world.session())
    world.email.will(DOUBT)
    world.work()
    assert look(world, LOOKS[-1]) == 0
    assert world.sms.asked == []


@pytest.fixture
def world(engine) -> World:
    return World(engine)
