"""Someone registers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import NotFound, RegistrationClosed, SessionFull
from campaigns.operations.register import register, takes_registrations
from campaigns.operations.withdraw import withdraw
from campaigns.store.engine import transaction
from tests.factories import DAY, HORIZON, HOUR, LESSONS, MINUTE, NOON, NUMBER, OFFERS, SERVICE_TEXTS, World, hours


def test_a_registration_plans_its_confirmation_and_nothing_beyond_the_horizon(world: World) -> None:
    mine = world.registration(world.session())
    assert world.ledger(mine) == [("C0", "planned")]
    assert (world.delivery(mine, "C0").due_at, world.delivery(mine, "C0").revision) == (NOON, 0)


def test_who_asks_for_texts_gets_that_confirmed_by_text(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS, LESSONS)
    assert world.ledger(mine) == [("C0", "planned"), ("C1", "planned")]


def test_the_first_lesson_is_planned_by_the_planner_when_its_time_comes_near(world: World) -> None:
    mine = world.registration(world.session(), LESSONS)
    world.plan()
    assert world.ledger(mine) == [("C0", "planned")]
    world.clock.forward(hours=17)
    world.plan()
    assert world.ledger(mine) == [("C0", "planned"), ("D1", "planned")]
    assert world.delivery(mine, "D1").due_at == NOON + timedelta(hours=22)  # the next day at ten


def test_a_step_within_the_horizon_is_planned_at_once(world: World) -> None:
    mine = world.registration(world.session(4 * HOUR), SERVICE_TEXTS)
    assert world.ledger(mine) == [("C0", "planned"), ("C1", "planned"), ("B4", "planned"), ("B5", "planned")]


def test_half_an_hour_before_the_start_there_is_no_backlog(world: World) -> None:
    mine = world.registration(world.session(30 * MINUTE), SERVICE_TEXTS, LESSONS)
    world.plan()
    assert world.ledger(mine) == [("C0", "planned"), ("C1", "planned"), ("B5", "planned")]


def test_half_an_hour_before_the_start_without_texts_there_is_the_confirmation_alone(world: World) -> None:
    mine = world.registration(world.session(30 * MINUTE))
    world.plan()
    assert world.ledger(mine) == [("C0", "planned")]


def test_a_minute_before_a_reminder_the_confirmation_stands_for_it(world: World) -> None:
    mine = world.registration(world.session(61 * MINUTE))
    world.live(NOON + 30 * MINUTE)
    assert world.ledger(mine) == [("C0", "sent"), ("B6", "planned")]  # and no B4


def test_registering_again_is_the_same_place_and_sends_no_second_confirmation(world: World) -> None:
    session = world.session()
    first = world.registration(session, email="sam@example.com")
    world.work()
    world.clock.forward(minutes=5)
    with transaction(world.engine) as db:
        again = register(db, world.request(session, email="sam@example.com"), hours(), world.clock(), horizon=HORIZON)
    world.tick()
    assert (again.registration_id, again.created) == (first, False)
    assert world.ledger(first) == [("C0", "sent")]


def test_registering_again_brings_name_and_number_up_to_date(world: World) -> None:
    session = world.session()
    mine = world.registration(session, email="sam@example.com", last_name="Old", phone="+12075550100")
    world.registration(session, email="sam@example.com", first_name="Samira", last_name="New", phone=None)
    found = world.place(mine)
    assert (found.first_name, found.last_name, found.phone) == ("Samira", "New", "+12075550100")
    world.registration(session, email="sam@example.com", phone="+12075550199")
    assert world.place(mine).phone == "+12075550199"


def test_registering_again_adds_consents_and_takes_none_back(world: World) -> None:
    session = world.session()
    world.registration(session, LESSONS, email="sam@example.com")
    world.registration(session, OFFERS, email="sam@example.com")
    world.registration(session, LESSONS, OFFERS, email="sam@example.com")
    rows = world.sql("SELECT purpose, granted, means FROM consent ORDER BY id")
    assert [tuple(row) for row in rows] == [("education", True, "form"), ("marketing", True, "form")]
    assert world.one("SELECT count(*) FROM permission WHERE granted") == 2


def test_a_consent_keeps_the_words_the_address_and_the_evidence(world: World) -> None:
    world.registration(world.session(), SERVICE_TEXTS, evidence={"ip": "192.0.2.1"})
    row = world.sql("SELECT * FROM consent")[0]
    assert (row.address, row.wording_id, row.at) == (NUMBER, world.wordings[SERVICE_TEXTS], NOON)
    assert row.evidence == {"ip": "192.0.2.1", "box": "unticked by default"}


def test_texts_agreed_to_later_name_the_number_that_was_given_before(world: World) -> None:
    session = world.session()
    world.registration(session, email="sam@example.com", phone=NUMBER)
    world.registration(session, SERVICE_TEXTS, email="sam@example.com", phone=None)
    assert world.one("SELECT address FROM consent") == NUMBER


def test_a_new_number_needs_a_yes_of_its_own(world: World) -> None:
    session = world.session()
    mine = world.registration(session, SERVICE_TEXTS, email="sam@example.com")
    world.registration(session, email="sam@example.com", phone="+12075550199")
    assert world.place(mine).texts is False
    world.registration(session, SERVICE_TEXTS, email="sam@example.com", phone="+12075550199")
    assert world.place(mine).texts is True
    rows = world.sql("SELECT granted, address FROM consent ORDER BY id")
    assert [tuple(row) for row in rows] == [(True, NUMBER), (False, NUMBER), (True, "+12075550199")]


def test_who_agrees_to_texts_later_is_not_sent_what_was_due_before(world: World) -> None:
    session = world.session(20 * MINUTE)
    mine = world.registration(session, email="sam@example.com")
    world.clock.forward(minutes=10)
    world.registration(session, SERVICE_TEXTS, email="sam@example.com")
    assert world.ledger(mine) == [("C0", "planned"), ("C1", "planned")]  # the receipt for the yes, and no reminder


@pytest.mark.parametrize("state", ["over", "cancelled", "unknown", "full"])
def test_a_session_that_takes_nobody_writes_nothing(world: World, state: str) -> None:
    session = world.session(capacity=1)
    world.registration(session, email="first@example.com")
    world.sql("DELETE FROM delivery")
    before = _counts(world)
    now, error = NOON, SessionFull
    if state == "over":
        now, error = NOON + 10 * DAY + 30 * MINUTE, RegistrationClosed
    elif state == "cancelled":
        world.sql("UPDATE webinar_session SET cancelled_at = now(), revision = 2")
        error = RegistrationClosed
    elif state == "unknown":
        session, error = session + 1, NotFound
    with transaction(world.engine) as db, pytest.raises(error) as refused:
        register(db, world.request(session, LESSONS), hours(), now, horizon=HORIZON)
    assert refused.value.field == "session"
    assert _counts(world) == before


def test_a_session_takes_registrations_until_it_ends(world: World) -> None:
    session = world.session()
    mine = world.registration(session)
    found = world.place(mine).session
    assert takes_registrations(found, found.ends_at - timedelta(microseconds=1))
    assert not takes_registrations(found, found.ends_at)


def test_the_form_that_got_the_last_place_may_come_again_and_another_may_not(world: World) -> None:
    session = world.session(capacity=1)
    mine = world.registration(session, email="sam@example.com", form_shown=1)
    assert world.registration(session, email="sam@example.com", first_name="Samira", form_shown=1) == mine
    for shown in (2, None):
        with pytest.raises(SessionFull):
            world.registration(session, email="sam@example.com", form_shown=shown)


def test_a_list_may_name_somebody_who_has_a_place_in_a_full_session(world: World) -> None:
    session = world.session(capacity=1)
    mine = world.registration(session, email="sam@example.com")
    assert world.registration(session, email="sam@example.com", source="import") == mine


def test_a_place_that_was_given_up_can_be_taken(world: World) -> None:
    session = world.session(capacity=1)
    first = world.registration(session, email="sam@example.com")
    with transaction(world.engine) as db:
        withdraw(db, first, hours(), NOON, horizon=HORIZON)
    second = world.registration(session, email="sam@example.com")
    assert second != first
    assert ("C0", "planned") in world.ledger(second)


def test_the_last_place_is_given_once(world: World) -> None:
    session = world.session(capacity=3)
    start = Barrier(8)

    def ask(number: int) -> bool:
        asked = world.request(session, email=f"racer{number}@example.com")
        start.wait()
        try:
            with transaction(world.engine) as db:
                return register(db, asked, hours(), NOON, horizon=HORIZON).created
        except SessionFull:
            return False

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(8))) == 3
    assert world.one("SELECT count(*) FROM registration") == 3


def test_one_person_pressing_twice_at_once_gets_one_place(world: World) -> None:
    session = world.session()
    start = Barrier(6)

    def ask(_: int) -> int:
        asked = world.request(session, LESSONS, email="sam@example.com")
        start.wait()
        with transaction(world.engine) as db:
            return register(db, asked, hours(), NOON, horizon=HORIZON).registration_id

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(ask, range(6)))) == 1
    assert world.one("SELECT count(*) FROM delivery") == 1


def test_an_import_is_named_as_the_means_of_its_consents(world: World) -> None:
    mine = world.registration(world.session(), LESSONS, source="import", confirm=False)
    assert world.one("SELECT means FROM consent") == "import"
    assert world.ledger(mine) == []
    assert (Channel.EMAIL, Purpose.EDUCATION) == LESSONS


def _counts(world: World) -> list[int]:
    tables = ("registrant", "registration", "consent", "permission", "delivery")
    return [world.one(f"SELECT count(*) FROM {table}") for table in tables]


@pytest.fixture
def world(engine) -> World:
    return World(engine)
