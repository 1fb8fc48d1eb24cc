"""One lane: each delivery is opened, handed off, and settled with what the provider answered."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Accepted, Deferred
from campaigns.domain.steps import Channel
from campaigns.operations.recover import recover
from campaigns.operations.send import send_batch
from campaigns.providers.base import name_of
from campaigns.store.consents import suppress
from campaigns.store.engine import connection_words, transaction
from campaigns.store.ledger_line import LedgerLine, Opening, Settlement, Way
from campaigns.store.streams import read_streams
from tests.factories import GRACE, HOUR, MINUTE, NOON, SERVICE_TEXTS, World
from tests.fakes import ACCEPT, DEFER, DOUBT, REFUSE


def test_a_provider_that_gives_no_name_leaves_none(world: World) -> None:
    mine = world.registration(world.session())
    world.email.will(Accepted(""))
    world.work()
    assert (world.ledger(mine), world.delivery(mine, "C0").provider_id) == ([("C0", "sent")], None)


def test_a_deferred_message_is_planned_for_later_and_remembers_the_attempt(world: World) -> None:
    mine = world.registration(world.session())
    world.email.will(DEFER)
    world.work()
    row = world.delivery(mine, "C0")
    assert (row.status, row.attempt, row.reason, row.batch_id) == (Status.PLANNED, 1, "451 later", None)
    assert NOON + timedelta(seconds=24) <= row.due_at <= NOON + timedelta(seconds=36)
    assert world.attempts(mine) == [("C0", 1, "deferred")]
    world.clock.forward(minutes=1)
    world.work()
    row = world.delivery(mine, "C0")
    assert (row.status, row.attempt, row.reason) == (Status.SENT, 2, None)


def test_a_deferred_message_is_given_up_when_it_would_come_too_late(world: World) -> None:
    mine = world.registration(world.session(20 * MINUTE))  # the confirmation is of use for forty minutes
    world.email.will(*[DEFER] * 20)
    world.live(NOON + HOUR, step=MINUTE)
    row = world.delivery(mine, "C0")
    assert row.status == Status.FAILED
    assert row.reason == "given up before it became useless: 451 later"
    assert {outcome for _, _, outcome in world.attempts(mine)} == {"deferred"}
    assert len(world.attempts(mine)) == row.attempt == len(world.email.seen)


def test_the_provider_may_ask_for_a_longer_wait(world: World) -> None:
    mine = world.registration(world.session())
    world.email.will(Deferred("451 greylisted", after=timedelta(minutes=17)))
    world.work()
    assert world.delivery(mine, "C0").due_at == NOON + 17 * MINUTE


def test_a_refused_message_has_failed_for_good(world: World) -> None:
    mine = world.registration(world.session())
    world.email.will(REFUSE)
    world.live(NOON + HOUR)
    assert (world.ledger(mine), world.delivery(mine, "C0").reason) == ([("C0", "failed")], "550 no such mailbox")
    assert world.attempts(mine) == [("C0", 1, "refused")]


def test_an_email_in_doubt_goes_once_more_with_the_same_message_id(world: World) -> None:
    mine = world.registration(world.session())
    world.email.will(DOUBT)
    world.work()
    assert world.ledger(mine) == [("C0", "unknown")]
    assert world.delivery(mine, "C0").doubts == 1
    assert world.attempts(mine) == [("C0", 1, "unknown")]
    world.clock.forward(minutes=1)
    assert recover(world.engine, world.clock(), grace=GRACE) == 1
    world.work()
    assert (world.ledger(mine), world.delivery(mine, "C0").attempt) == ([("C0", "sent")], 2)
    first, second = world.email.message_ids
    assert first == second


def test_an_email_in_doubt_twice_stays_in_doubt(world: World) -> None:
    mine = world.registration(world.session())
    world.email.will(DOUBT, DOUBT)
    world.live(NOON + HOUR, step=MINUTE)
    assert (world.ledger(mine), world.delivery(mine, "C0").doubts) == ([("C0", "unknown")], 2)
    assert world.attempts(mine) == [("C0", 1, "unknown"), ("C0", 2, "unknown")]
    assert len(world.email.seen) == 2


def test_an_answer_that_is_written_twice_counts_once(world: World) -> None:
    """The connection may be lost after the database did what it was asked: then the lane writes it again."""
    mine = world.registration(world.session())
    world.dispatch()
    ((_, batch),) = world.bells
    ((email,),) = world.sql("SELECT email FROM registrant")
    with transaction(world.engine) as db:
        stream = read_streams(db, [name_of(world.email)], NOON)[Channel.EMAIL]
    way, delivery = Way(batch, stream.id, captured=True), world.delivery(mine, "C0").id
    with closing(LedgerLine(connection_words(world.engine))) as line:
        assert line.turn(way, [], [Opening(delivery, email, None)], NOON) == {delivery: 1}
        doubt = Settlement(delivery, 1, Status.UNKNOWN, NOON, "lost", outcome="unknown")
        for _ in range(3):
            line.turn(way, [doubt], [], NOON)
        assert world.attempts(mine) == [("C0", 1, "unknown")]
        assert world.delivery(mine, "C0").doubts == 1
        line.turn(way, [Settlement(delivery, 1, Status.SENT, NOON, provider_id="x")], [], NOON)  # it knows better
    assert world.ledger(mine) == [("C0", "sent")]


def test_a_message_rendered_for_an_address_that_was_left_meanwhile_stays(world: World) -> None:
    """Who takes it over may say STOP there, which the person's own new address would not show."""
    mine = world.registration(world.session())
    world.dispatch()
    ((_, batch),) = world.bells
    ((before,),) = world.sql("SELECT email FROM registrant")
    world.sql("UPDATE registrant SET email = 'new@example.com'")
    with transaction(world.engine) as db:
        stream = read_streams(db, [name_of(world.email)], NOON)[Channel.EMAIL]
    way, delivery = Way(batch, stream.id, captured=True), world.delivery(mine, "C0").id
    with closing(LedgerLine(connection_words(world.engine))) as line:
        assert line.turn(way, [], [Opening(delivery, before, None)], NOON) == {}
        assert world.ledger(mine) == [("C0", "queued")]
        assert line.turn(way, [], [Opening(delivery, "new@example.com", None)], NOON) == {delivery: 1}


def test_a_text_in_doubt_stays_in_doubt(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.sms.will(DOUBT)
    world.live(NOON + 2 * MINUTE, step=MINUTE)
    assert dict(world.ledger(mine))["C1"] == "unknown"
    assert len(world.sms.seen) == 1


def test_an_email_in_doubt_that_would_come_too_late_stays_in_doubt(world: World) -> None:
    mine = world.registration(world.session(20 * MINUTE))
    world.email.will(DOUBT)
    world.work()
    world.clock.forward(hours=1)
    assert recover(world.engine, world.clock(), grace=GRACE) == 0
    assert world.ledger(mine)[0] == ("C0", "unknown")


def test_a_template_at_fault_fails_its_own_deliveries_alone(world: World) -> None:
    session = world.session()
    mine = world.registration(session)
    world.sql("UPDATE step SET template = 'gone' WHERE key = 'C1'")
    texted = world.registration(session, SERVICE_TEXTS)
    world.work()
    assert world.ledger(mine) == [("C0", "sent")]
    assert world.ledger(texted) == [("C0", "sent"), ("C1", "failed")]
    assert world.delivery(texted, "C1").reason == "render: TemplateInvalid"


def test_one_message_that_cannot_be_rendered_fails_alone(world: World) -> None:
    good, bad = world.session(), world.session()
    world.sql("UPDATE webinar_session SET replay_url = 'not an address' WHERE id = :id", id=bad)
    people = [world.registration(session) for session in (good, bad, good)]
    world.work()
    assert [world.ledger(one) for one in people] == [[("C0", "sent")], [("C0", "failed")], [("C0", "sent")]]
    assert world.delivery(people[1], "C0").reason == "render: ValueError"


def test_a_provider_that_breaks_leaves_that_message_in_doubt_and_the_lane_goes_on(world: World) -> None:
    session = world.session()
    people = [world.registration(session) for _ in range(3)]
    world.email.will(ACCEPT, RuntimeError("a fault of ours"))
    assert world.work() == 3
    assert [world.ledger(one) for one in people] == [[("C0", "sent")], [("C0", "unknown")], [("C0", "sent")]]
    assert world.delivery(people[1], "C0").reason == "fault: RuntimeError in the middle of the hand-off"


def test_a_lane_whose_database_goes_away_for_a_moment_still_writes_what_it_knows(world: World) -> None:
    session = world.session()
    people = [world.registration(session) for _ in range(3)]

    def die(message):
        with world.engine.connect() as killer:
            killer.execute(text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database() AND query LIKE '%jsonb_to_recordset%'"
            ))  # fmt: skip
        return ACCEPT

    world.email.will(ACCEPT, die)
    world.dispatch()
    desk = world.desk()
    send_all(world, desk)
    assert [world.ledger(one) for one in people] == [[("C0", "sent")], [("C0", "sent")], [("C0", "planned")]]
    world.clock.forward(seconds=6)
    assert recover(world.engine, world.clock(), grace=GRACE) == 0
    world.dispatch()
    send_all(world, desk)
    desk.close()
    assert [world.ledger(one) for one in people] == [[("C0", "sent")]] * 3
    assert len(world.email.seen) == 3


@pytest.mark.parametrize("change", ["moved", "cancelled", "withdrawn", "suppressed", "expired"])
def test_what_changes_within_a_batch_is_seen_when_the_delivery_is_opened(world: World, change: str) -> None:
    """The second message is loaded with the first, and must not leave after what happens while the first is under way."""
    session = world.session(2 * HOUR)
    people = [world.import_quietly(session, registered_at=NOON - HOUR * 50, confirm=False) for _ in range(2)]
    world.clock.forward(hours=1)
    world.plan()

    def meanwhile(message):
        with transaction(world.engine) as db:
            email = db.execute(
                text("SELECT email FROM registrant n JOIN registration r ON n.id = registrant_id WHERE r.id = :id"),
                {"id": people[1]},
            ).scalar_one()
            if change == "moved":
                db.execute(text("UPDATE webinar_session SET revision = revision + 1"))
            elif change == "cancelled":
                db.execute(
                    text("UPDATE webinar_session SET revision = revision + 1, cancelled_at = :now"),
                    {"now": world.clock()},
                )
            elif change == "withdrawn":
                db.execute(
                    text("UPDATE registration SET withdrawn_at = :now WHERE id = :id"),
                    {"now": world.clock(), "id": people[1]},
                )
            elif change == "suppressed":
                suppress(db, Channel.EMAIL, email, None, reason="staff", source="test", now=world.clock())
            else:
                world.clock.forward(minutes=45)
        return ACCEPT

    world.email.will(meanwhile)
    assert world.work() == 1
    if change != "expired":  # the clock is read for each
        assert world.ledger(people[1])[0] == ("B4", "planned")
    world.work()
    reason = {"moved": "superseded", "cancelled": "superseded"}.get(change, change)
    assert world.ledger(people[1])[0] == ("B4", f"skipped: {reason}")
    assert len(world.email.seen) == 1 + (change == "expired")  # B6 to both is due by then


def test_a_new_version_of_a_template_is_used_from_the_next_batch_on(world: World) -> None:
    session = world.session()
    first = world.registration(session)
    world.work()
    newer = world.reworded("confirmation")
    second = world.registration(session)
    world.work()
    assert world.ledger(second) == [("C0", "sent")]
    versions = [world.delivery(one, "C0").template_version_id for one in (first, second)]
    assert versions[0] < versions[1] == newer


def send_all(world: World, desk) -> None:
    for _, batch in world.bells:
        send_batch(desk, batch)
    world.bells.clear()


@pytest.fixture
def world(engine) -> World:
    return World(engine)
