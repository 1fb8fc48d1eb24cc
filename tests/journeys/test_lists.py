"""Lists from outside, through planner, ledger and lanes: who gets what because of them."""

from __future__ import annotations

import io

import pytest

from campaigns.operations.attend import Roll, Terms, apply_attendance, check_attendance
from campaigns.operations.import_registrants import Options, apply_registrants, check_registrants
from campaigns.store.engine import Engine, transaction
from tests.factories import DAY, HOUR, MINUTE, World

pytestmark = pytest.mark.journey
LIST = (
    "email,first_name,phone,texts,consent_at,consent_source,wording\n"
    "ana@example.org,Ana,(207) 555-0142,yes,2027-02-20,Paper sheet,I agree to text reminders.\n"
    "bo@example.org,Bo,,,,,\n"
)


def test_with_confirmations_everybody_is_confirmed_at_once(world: World) -> None:
    session = world.session()
    bring(world, session, confirm=True)
    world.tick()
    assert [world.ledger(number) for number in places(world)] == [
        [("C0", "sent"), ("C1", "sent")],
        [("C0", "sent")],
    ]


def test_without_confirmations_reminders_are_all_they_get(world: World) -> None:
    session = world.session(11 * DAY)
    bring(world, session, confirm=False)
    world.live(world.one("SELECT starts_at FROM webinar_session") - 70 * MINUTE, 2 * HOUR)
    world.live(world.one("SELECT starts_at FROM webinar_session"), 5 * MINUTE)
    first, second = (dict(world.ledger(number)) for number in places(world))
    assert {key for key, state in first.items() if state == "sent"} == {"B1", "B2", "B4", "B5"}
    assert "C0" not in first
    assert "C1" not in first
    assert {key for key, state in second.items() if state == "sent"} == {"B1", "B2", "B4", "B6"}


def test_a_list_brought_in_on_the_day_sends_no_backlog(world: World) -> None:
    session = world.session(2 * HOUR)
    bring(world, session, confirm=False)
    world.tick()
    assert [world.ledger(number) for number in places(world)] == [
        [("B4", "planned"), ("B5", "planned")],
        [("B4", "planned"), ("B6", "planned")],
    ]


def test_thanks_go_to_who_came_and_regrets_only_once_the_list_is_final(world: World) -> None:
    session = world.session(2 * HOUR, replay_url="https://replay.example/x")
    ana, bo = world.registration(session, email="ana@example.org"), world.registration(session, email="bo@example.org")
    world.clock.now = ends_at(world) + 40 * MINUTE
    take(world, session, "email,minutes\nana@example.org,30\nguest@example.org,30\n", final=False)
    world.tick()
    assert follow_ups(world, ana) == {"A1": "sent"}
    assert follow_ups(world, bo) == {}
    take(world, session, "email,minutes\nana@example.org,30\n", final=True)
    world.tick()
    assert follow_ups(world, ana) == {"A1": "sent"}
    assert follow_ups(world, bo) == {"N1": "planned"}
    assert world.one("SELECT count(*) FROM registrant") == 2


def test_late_evidence_keeps_back_the_follow_up_for_the_missed(world: World) -> None:
    session = world.session(2 * HOUR, replay_url="https://replay.example/x")
    bo = world.registration(session, email="bo@example.org")
    world.clock.now = ends_at(world) + 40 * MINUTE
    take(world, session, "email,minutes\n", final=True)
    world.tick()
    assert follow_ups(world, bo) == {"N1": "planned"}
    world.clock.now += 30 * MINUTE
    assert take(world, session, "email,minutes\nbo@example.org,30\n", final=False).turned == 1
    world.tick()
    world.clock.now = ends_at(world) + 3 * HOUR
    world.tick()
    assert follow_ups(world, bo) == {"A1": "sent", "N1": "skipped: other_audience"}


@pytest.fixture
def world(own_engine: Engine) -> World:
    return World(own_engine)


def bring(world: World, session: int, *, confirm: bool) -> None:
    options = Options(session, confirm, ("US",), (b"s" * 32,))
    with transaction(world.engine) as db:
        check = check_registrants(db, io.BytesIO(LIST.encode()), options, world.clock())
        apply_registrants(
            db, io.BytesIO(LIST.encode()), options, fingerprint=check.fingerprint, staff_id=None, now=world.clock()
        )


def take(world: World, session: int, listed: str, *, final: bool) -> Roll:
    terms = Terms(session, final=final, replace=False)
    with transaction(world.engine) as db:
        roll = check_attendance(db, io.BytesIO(listed.encode()), terms, world.clock())
        return apply_attendance(
            db, io.BytesIO(listed.encode()), terms, fingerprint=roll.fingerprint, staff_id=None, now=world.clock()
        )


def places(world: World) -> list[int]:
    return [row.id for row in world.sql("SELECT id FROM registration ORDER BY id")]


def ends_at(world: World):
    return world.one("SELECT ends_at FROM webinar_session")


def follow_ups(world: World, number: int) -> dict[str, str]:
    return {key: state for key, state in world.ledger(number) if key in ("A1", "N1")}
