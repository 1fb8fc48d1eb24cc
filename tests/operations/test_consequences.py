"""What follows from an answer beyond its own delivery: breaker, pauses, suppression, alerts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Deferred, Refused, Unknown
from campaigns.domain.rulings import judge_reply
from campaigns.domain.steps import Channel, Purpose
from campaigns.domain.streams import FAULTS
from campaigns.operations.consequences import of_stream
from campaigns.providers.base import name_of
from campaigns.rules import read_smtp_replies
from campaigns.store import kill_switches, streams
from campaigns.store.alerts import clear, raised
from campaigns.store.engine import transaction
from campaigns.store.streams import read_streams
from tests.factories import NOON, World
from tests.fakes import ACCEPT, DOUBT

TABLE = read_smtp_replies()
DOOR = Deferred("connection: the server did not answer in time", door=True)


def said(code: int, enhanced: str, words: str = "") -> Deferred | Refused:
    ruling = judge_reply(TABLE, code, enhanced, words)
    kind = Refused if ruling.act == "refuse" else Deferred
    return kind(f"{code} {enhanced} {words}".strip(), ruling=ruling)


def stream(world: World):
    with transaction(world.engine) as db:
        return read_streams(db, [name_of(world.email)], world.clock())[Channel.EMAIL]


def test_a_door_that_stays_shut_is_left_alone_and_tried_by_one_message(world: World) -> None:
    session = world.session()
    people = [world.registration(session) for _ in range(30)]
    world.email.will(*[DOOR] * 100)
    for _ in range(2 * FAULTS):
        world.work()
    tried = len(world.email.seen)
    assert tried == FAULTS == stream(world).failures
    assert world.work() == 0
    world.clock.now = stream(world).open_until + timedelta(seconds=1)
    world.work()
    assert len(world.email.seen) == tried + 1  # the probe found it shut again
    world.email.script.clear()
    world.clock.now = stream(world).open_until + timedelta(seconds=1)
    assert world.work() == 1  # the probe got in
    assert stream(world).failures == 0
    world.clock.forward(minutes=10)
    world.work()
    assert {state for one in people for _, state in world.ledger(one)} == {"sent"}
    with transaction(world.engine) as db:
        assert [(one.kind, one.times) for one in raised(db)] == [("page", 1)]


def test_one_shut_door_gives_the_rest_of_the_batch_back_unharmed(world: World) -> None:
    session = world.session()
    people = [world.registration(session) for _ in range(5)]
    world.email.will(DOOR)
    world.work()
    assert [world.delivery(one, "C0").attempt for one in people].count(0) == 4


def test_what_was_under_way_when_the_breaker_opened_does_not_open_it_for_longer(world: World) -> None:
    session = world.session()
    for _ in range(20):
        world.registration(session)
    world.email.will(*[DOUBT] * 20)
    world.work(lanes=20)
    assert len(world.email.seen) == 20
    assert stream(world).failures == FAULTS
    assert stream(world).open_until == NOON + timedelta(seconds=15)


def test_only_failures_in_a_row_count(world: World) -> None:
    session = world.session()
    for _ in range(10):
        world.registration(session)
    world.email.will(*[DOUBT, ACCEPT] * 5)
    world.work()
    assert stream(world).failures == 0
    assert stream(world).open_until is None


def test_what_follows_from_an_answer_is_written_before_the_answer(world: World) -> None:
    """A process that is killed in between leaves a doubt, and forgets nothing that it learned about an address."""
    mine = world.registration(world.session(), email="gone@example.org")
    world.sql(
        "CREATE FUNCTION first_things_first() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN ASSERT EXISTS (SELECT FROM suppression), 'the answer came first'; RETURN NEW; END $$"
    )
    world.sql(
        "CREATE TRIGGER ordered BEFORE UPDATE ON delivery FOR EACH ROW WHEN (NEW.status = 7)"
        " EXECUTE FUNCTION first_things_first()"
    )
    try:
        world.email.will(said(550, "5.1.1"))
        world.work()
    finally:
        world.sql("DROP FUNCTION first_things_first CASCADE")
    assert world.delivery(mine, "C0").status == Status.FAILED
    assert ("email", "gone@example.org", None, "bounced") in world.suppressions()


def test_doubts_count_for_the_breaker_too(world: World) -> None:
    session = world.session()
    for _ in range(10):
        world.registration(session)
    world.email.will(*[Unknown("500")] * 10)
    world.work()
    assert stream(world).failures >= FAULTS


def test_a_login_that_is_refused_stops_the_stream_until_a_person_lifts_it(world: World) -> None:
    mine = world.registration(world.session())
    world.email.will(said(535, "5.7.8"))
    world.work()
    assert stream(world).paused_at == NOON
    world.clock.forward(minutes=10)
    assert world.dispatch() == 0
    with transaction(world.engine) as db:
        streams.lift_pause(db, stream(world).id)
    world.work()
    assert world.ledger(mine) == [("C0", "sent")]
    assert world.suppressions() == set()


def test_a_mail_domain_that_throttles_us_is_left_alone_and_no_other(world: World) -> None:
    session = world.session()
    theirs = [world.registration(session, email=f"p{n}@slow.example") for n in range(3)]
    ours = world.registration(session, email="p@fast.example")
    world.email.will(said(451, "4.7.28"))
    world.work()
    assert world.ledger(ours) == [("C0", "sent")]
    states = [world.delivery(one, "C0") for one in theirs]
    assert {row.status for row in states} <= {0, 3}
    later = world.registration(session, email="p9@slow.example")
    world.clock.forward(minutes=1)
    world.work()
    row = world.delivery(later, "C0")
    assert (row.status, row.reason) == (0, "domain_paused")
    world.clock.now = row.due_at
    world.work()
    assert world.ledger(later) == [("C0", "sent")]


def test_an_alert_is_raised_once_however_often_and_again_after_somebody_has_looked(world: World) -> None:
    ruling = judge_reply(TABLE, 550, "5.7.26", "")
    with transaction(world.engine) as db:
        of = read_streams(db, [name_of(world.email)], NOON)[Channel.EMAIL].id
        for _ in range(3):
            of_stream(db, of, "example.org", ruling, NOON)
        (one,) = raised(db)
        assert one.times == 3
        staff = world_staff(world, db)
        assert clear(db, one.id, staff, NOON)
        assert not clear(db, one.id, staff, NOON)
        of_stream(db, of, "example.org", ruling, NOON)
        assert [again.times for again in raised(db)] == [1]


@pytest.mark.parametrize("scope", ["everything", "session", "purpose"])
def test_a_kill_switch_holds_what_is_due_and_what_is_queued(world: World, scope: str) -> None:
    session = world.session()
    mine = world.registration(session)
    world.dispatch()  # queued already
    switch = {
        "session_id": session if scope == "session" else None,
        "purpose": Purpose.SERVICE if scope == "purpose" else None,
    }
    with transaction(world.engine) as db:
        staff = world_staff(world, db)
        assert kill_switches.throw(db, **switch, reason="wrong room", staff_id=staff, now=NOON)
        assert not kill_switches.throw(db, **switch, reason="again", staff_id=staff, now=NOON)
    assert world.answer_bells() == 0
    assert world.work() == 0
    assert world.ledger(mine) == [("C0", "planned")]
    with transaction(world.engine) as db:
        (one,) = kill_switches.thrown(db)
        assert kill_switches.lift(db, one.id, staff, NOON)
    world.work()
    assert world.ledger(mine) == [("C0", "sent")]


def test_what_became_useless_behind_a_kill_switch_is_skipped(world: World) -> None:
    mine = world.registration(world.session())
    with transaction(world.engine) as db:
        staff = world_staff(world, db)
        kill_switches.throw(db, session_id=None, purpose=None, reason="x", staff_id=staff, now=NOON)
    world.clock.forward(days=30)
    world.work()
    assert world.ledger(mine) == [("C0", "planned")]
    with transaction(world.engine) as db:
        kill_switches.lift(db, kill_switches.thrown(db)[0].id, staff, world.clock())
    world.work()
    assert world.ledger(mine)[0] == ("C0", "skipped: expired")


def test_a_switch_for_another_session_or_purpose_holds_nothing(world: World) -> None:
    mine, other = world.registration(world.session()), world.session()
    with transaction(world.engine) as db:
        staff = world_staff(world, db)
        kill_switches.throw(db, session_id=other, purpose=None, reason="x", staff_id=staff, now=NOON)
        kill_switches.throw(db, session_id=None, purpose=Purpose.MARKETING, reason="x", staff_id=staff, now=NOON)
    world.work()
    assert world.ledger(mine) == [("C0", "sent")]


def world_staff(world: World, db) -> int:
    return db.exec_driver_sql(
        "INSERT INTO staff (email, name, role, password_hash, created_at)"
        " VALUES ('d@clinic.example', 'D', 'admin', '-', now()) RETURNING id"
    ).scalar_one()


@pytest.fixture
def world(engine) -> World:
    return World(engine)
