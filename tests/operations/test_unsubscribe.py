"""Stop, and start again."""

from __future__ import annotations

import pytest

from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import LinkExpired, Rejected
from campaigns.operations.unsubscribe import resume, stop
from campaigns.store.consents import permissions_of, suppress
from campaigns.store.engine import transaction
from tests.factories import DAY, HORIZON, HOUR, LESSONS, MINUTE, NOON, NUMBER, OFFERS, SERVICE_TEXTS, World, hours


def test_stopping_lessons_leaves_the_reminders(world: World) -> None:
    mine = world.registration(world.session(2 * DAY), LESSONS, OFFERS)
    world.work()
    _stop(world, mine, *LESSONS)
    world.live(NOON + 32 * DAY, step=6 * HOUR)
    states = dict(world.ledger(mine))
    assert states["B2"] == "sent"
    assert not set(states) & {"D1", "E1", "E2"}
    assert states["E3"] == "sent"  # an offer is another matter


def test_stopping_everything_by_email_stops_the_service_too(world: World) -> None:
    mine = world.registration(world.session(2 * DAY), LESSONS, OFFERS)
    world.work()
    _stop(world, mine, Channel.EMAIL, None)
    world.live(NOON + 2 * DAY, step=20 * MINUTE)
    assert {state for _, state in world.ledger(mine)[1:]} == {"skipped: suppressed"}
    assert {key for key, _ in world.ledger(mine)} == {"C0", "B2", "B4", "B6"}
    with transaction(world.engine) as db:
        assert set(permissions_of(db, world.place(mine).registrant_id).values()) == {False}


def test_stopping_twice_writes_no_second_line(world: World) -> None:
    mine = world.registration(world.session(), LESSONS)
    for _ in range(2):
        _stop(world, mine, *LESSONS)
    assert world.one("SELECT count(*) FROM consent") == 2
    assert world.one("SELECT count(*) FROM suppression") == 1


def test_stopping_texts_without_a_number_changes_nothing(world: World) -> None:
    mine = world.registration(world.session())
    _stop(world, mine, Channel.SMS, None)
    assert world.one("SELECT count(*) FROM suppression") == 0


def test_starting_again_lifts_the_stop_and_keeps_the_evidence(world: World) -> None:
    mine = world.registration(world.session(), LESSONS)
    _stop(world, mine, *LESSONS)
    _resume(world, mine, *LESSONS, wording_id=world.wordings[LESSONS], evidence={"ip": "192.0.2.1"})
    rows = world.sql("SELECT granted, means, evidence FROM consent ORDER BY id")
    assert [tuple(row) for row in rows] == [
        (True, "form", {"box": "unticked by default"}), (False, "link", {}), (True, "link", {"ip": "192.0.2.1"}),
    ]  # fmt: skip
    world.live(NOON + DAY, step=HOUR)
    assert dict(world.ledger(mine))["D1"] == "sent"


def test_starting_service_emails_again_needs_no_consent(world: World) -> None:
    mine = world.registration(world.session())
    _stop(world, mine, Channel.EMAIL, None)
    _resume(world, mine, Channel.EMAIL, Purpose.SERVICE)
    world.work()
    assert world.ledger(mine) == [("C0", "sent")]
    assert world.one("SELECT count(*) FROM consent") == 0


def test_starting_one_kind_after_stopping_all_starts_that_kind_alone(world: World) -> None:
    mine = world.registration(world.session(), LESSONS, OFFERS)
    _stop(world, mine, Channel.EMAIL, None)
    _resume(world, mine, *LESSONS)
    with transaction(world.engine) as db:
        assert permissions_of(db, world.place(mine).registrant_id) == {LESSONS: True, OFFERS: False}


def test_what_was_due_while_it_was_stopped_stays_unsent(world: World) -> None:
    mine = world.registration(world.session(10 * DAY), LESSONS)
    _stop(world, mine, *LESSONS)
    world.live(NOON + 30 * HOUR, step=HOUR)
    _resume(world, mine, *LESSONS)
    world.live(NOON + 36 * HOUR, step=HOUR)
    assert "D1" not in dict(world.ledger(mine))


def test_what_falls_due_soon_after_starting_again_is_planned(world: World) -> None:
    mine = world.registration(world.session(10 * DAY), LESSONS)
    _stop(world, mine, *LESSONS)
    world.live(NOON + 20 * HOUR, step=HOUR)
    _resume(world, mine, *LESSONS)
    assert dict(world.ledger(mine))["D1"] == "planned"


def test_an_address_that_bounced_stays_suppressed(world: World) -> None:
    mine = world.registration(world.session(), email="sam@example.com")
    with transaction(world.engine) as db:
        suppress(db, Channel.EMAIL, "sam@example.com", None, reason="bounced", source="receipt", now=NOON)
    _resume(world, mine, Channel.EMAIL, Purpose.SERVICE)
    world.work()
    assert world.ledger(mine) == [("C0", "skipped: suppressed")]


def test_texts_cannot_be_started_without_a_number(world: World) -> None:
    mine = world.registration(world.session())
    with pytest.raises(Rejected) as refused:
        _resume(world, mine, *SERVICE_TEXTS)
    assert refused.value.field == "phone"


def test_texts_can_be_stopped_and_started(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    _stop(world, mine, Channel.SMS, None)
    assert world.place(mine).texts is False
    _resume(world, mine, *SERVICE_TEXTS)
    assert world.place(mine).texts is True
    assert world.one("SELECT DISTINCT address FROM consent") == NUMBER


def test_a_registration_that_is_not_there_has_no_link(world: World) -> None:
    for act in (_stop, _resume):
        with pytest.raises(LinkExpired):
            act(world, 999, *LESSONS)


def _stop(world: World, registration_id: int, channel: Channel, purpose: Purpose | None) -> None:
    with transaction(world.engine) as db:
        stop(db, registration_id, channel, purpose, hours(), world.clock(), horizon=HORIZON, means="link")


def _resume(world: World, registration_id: int, channel: Channel, purpose: Purpose, **more) -> None:
    with transaction(world.engine) as db:
        resume(db, registration_id, channel, purpose, hours(), world.clock(), horizon=HORIZON, means="link", **more)


@pytest.fixture
def world(engine) -> World:
    return World(engine)
