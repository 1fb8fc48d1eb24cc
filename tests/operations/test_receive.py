"""Receipts are stored once and applied in any order, any number of times, before our own word or after it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.receipts import Kind
from campaigns.operations.recover import recover
from campaigns.store.alerts import raised
from campaigns.store.engine import DatabaseLost, transaction
from campaigns.store.receipts import receipts_of
from campaigns.store.streams import all_streams
from tests.factories import DAY, GRACE, LESSONS, NUMBER, SERVICE_TEXTS, World
from tests.fakes import DOUBT

COURSE = (Kind.ACCEPTED, Kind.ACCEPTED, Kind.DELIVERED, Kind.DELIVERED)


def texted(world: World) -> int:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.work()
    return mine


@pytest.mark.parametrize("order", sorted(set(permutations(COURSE))))
def test_every_order_ends_delivered(world: World, order) -> None:
    mine = texted(world)
    for kind in order:
        world.hear(receipts=[world.status(mine, "C1", kind, provider_id="SM9")])
        world.apply()
    row = world.delivery(mine, "C1")
    assert (row.status, row.provider_id, row.reason) == (Status.DELIVERED, "SM9", None)


def test_the_same_event_told_again_is_kept_once(world: World) -> None:
    mine = texted(world)
    one = world.status(mine, "C1", Kind.DELIVERED)
    assert [world.hear(receipts=[one]).receipts for _ in range(3)] == [1, 0, 0]
    assert world.apply() == 1
    assert world.apply() == 0
    assert world.one("SELECT count(*) FROM receipt") == 1


def test_a_receipt_that_comes_before_our_own_word_counts(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)

    def told_at_once(_message):
        world.hear(receipts=[world.status(mine, "C1", Kind.DELIVERED, provider_id="SM1")])
        world.apply()
        return DOUBT

    world.sms.will(told_at_once)
    world.work()
    row = world.delivery(mine, "C1")
    assert (row.status, row.provider_id) == (Status.DELIVERED, "SM1")


def test_a_status_callback_ends_a_doubt_without_asking(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.sms.will(DOUBT)
    world.work()
    world.hear(receipts=[world.status(mine, "C1", Kind.ACCEPTED, provider_id="SM1")])
    world.apply()
    row = world.delivery(mine, "C1")
    assert (row.status, row.provider_id, row.look_at) == (Status.SENT, "SM1", None)
    assert len(world.sms.seen) == 1


def test_an_email_that_is_to_go_once_more_stays_when_the_first_turns_out_to_have_arrived(world: World) -> None:
    mine = world.registration(world.session())
    world.email.will(DOUBT)
    world.work()
    world.clock.forward(minutes=1)
    recover(world.engine, world.clock(), grace=GRACE)
    assert world.ledger(mine) == [("C0", "planned")]
    world.hear(receipts=[world.report(mine, "C0", Kind.DELIVERED)])
    world.apply()
    world.work()
    assert world.ledger(mine) == [("C0", "delivered")]
    assert len(world.email.seen) == 1


def test_a_dead_address_is_never_written_to_again(world: World) -> None:
    mine = world.registration(world.session())
    world.work()
    world.hear(receipts=[world.report(mine, "C0", Kind.BOUNCED, code="5.1.1", smtp_code=550)])
    world.apply()
    row = world.delivery(mine, "C0")
    assert row.status == Status.BOUNCED
    assert row.reason.startswith("5.1.1 ")
    assert world.suppressions() == {("email", "sam1@example.com", None, "bounced")}
    assert world.clock() and not world.work()


def test_a_bounce_for_our_reputation_suppresses_nobody_and_stops_the_stream(world: World) -> None:
    world.email.name, world.email.captures = "smtp", False
    world.sql("INSERT INTO approval (template_version_id, name, licence, approved_at, expires_at)"
              " SELECT id, 'Dr. Test', 'ME 1', :now, :later FROM template_version",
              now=world.clock(), later=world.clock() + 300 * DAY)  # fmt: skip
    session = world.session()
    people = [world.registration(session) for _ in range(50)]
    world.work()
    world.hear(receipts=[world.report(one, "C0", Kind.BOUNCED, code="5.7.26", smtp_code=550) for one in people])
    assert world.apply() == 50
    assert world.suppressions() == set()
    with transaction(world.engine) as db:
        (stream,) = [one for one in all_streams(db) if one.name.provider == "smtp"]
        alerts = raised(db)
    assert stream.paused_at is not None
    assert [(one.kind, one.times) for one in alerts] == [("page", 50)]
    world.registration(session)
    assert world.dispatch() == 0


def test_a_complaint_stops_every_email(world: World) -> None:
    mine = world.registration(world.session(), LESSONS)
    world.work()
    world.hear(receipts=[world.report(mine, "C0", Kind.COMPLAINED)])
    world.apply()
    assert ("email", "sam1@example.com", None, "complained") in world.suppressions()
    assert world.one("SELECT granted FROM permission WHERE channel = 'email'") is False
    assert world.delivery(mine, "C0").status == Status.SENT


def test_stopping_at_the_provider_stops_what_the_message_was_for(world: World) -> None:
    mine = world.registration(world.session(), LESSONS)
    world.sql("UPDATE step SET purpose = 'education' WHERE key = 'C0'")
    world.work()
    world.hear(receipts=[world.report(mine, "C0", Kind.UNSUBSCRIBED)])
    world.apply()
    assert world.suppressions() == {("email", "sam1@example.com", "education", "unsubscribed")}


def test_a_telephone_that_is_off_is_tried_once_more_an_hour_later(world: World) -> None:
    mine = texted(world)
    world.sql("UPDATE delivery SET expires_at = :at", at=world.clock() + DAY)
    world.hear(receipts=[world.status(mine, "C1", Kind.BOUNCED, code="30003")])
    world.apply()
    row = world.delivery(mine, "C1")
    assert row.status == Status.PLANNED
    assert row.due_at - world.clock() >= timedelta(minutes=48)
    assert world.suppressions() == set()
    assert world.attempts(mine) == [("C1", 1, "deferred")]
    world.sql("UPDATE delivery SET status = 3, attempt = 2 WHERE channel = 'sms'")
    world.hear(receipts=[world.status(mine, "C1", Kind.BOUNCED, attempt=2, code="30003")])
    world.apply()
    assert world.delivery(mine, "C1").status == Status.BOUNCED


def test_three_such_within_a_week_suppress_the_number(world: World) -> None:
    session = world.session(20 * DAY)
    mine = texted(world)
    for _ in range(3):
        other = world.registration(session, SERVICE_TEXTS, phone="+12075559999")
        world.sql(
            "UPDATE delivery SET status = 3, attempt = 1, sent_at = :now WHERE channel = 'sms'", now=world.clock()
        )
        world.hear(receipts=[world.status(other, "C1", Kind.BOUNCED, code="30008")])
        world.apply()
        world.clock.forward(days=1)
    assert world.suppressions() == {("sms", "+12075559999", None, "bounced")}
    assert mine


def test_a_receipt_about_an_earlier_attempt_does_not_undo_a_later_one(world: World) -> None:
    mine = texted(world)
    world.sql("UPDATE delivery SET attempt = 2 WHERE channel = 'sms'")
    world.hear(receipts=[world.status(mine, "C1", Kind.BOUNCED, attempt=1, code="30005")])
    world.apply()
    assert world.delivery(mine, "C1").status == Status.SENT
    assert world.suppressions() == set()


@pytest.mark.parametrize("token", ["", "00", "f" * 40, "not a token"])
def test_a_token_that_is_not_ours_is_kept_and_changes_nothing(world: World, token: str) -> None:
    mine = world.registration(world.session())
    world.work()
    forged = world.report(mine, "C0", Kind.BOUNCED, code="5.1.1")
    forged = type(forged)(**{**{f: getattr(forged, f) for f in forged.__dataclass_fields__}, "send_token": token})
    assert world.hear(receipts=[forged]).receipts == 1
    world.apply()
    assert world.delivery(mine, "C0").status == Status.SENT
    assert world.suppressions() == set()
    assert world.one("SELECT effect FROM receipt") == "no delivery of ours"


def test_what_receipts_did_can_be_read_in_order(world: World) -> None:
    mine = texted(world)
    for kind in (Kind.ACCEPTED, Kind.DELIVERED):
        world.hear(receipts=[world.status(mine, "C1", kind)])
        world.apply()
    with transaction(world.engine) as db:
        told = receipts_of(db, world.delivery(mine, "C1").id)
    assert [(one.kind, one.effect, one.attempt) for one in told] == [
        (Kind.ACCEPTED, "nothing new", 1),
        (Kind.DELIVERED, "delivered", 1),
    ]


def test_a_call_is_kept_as_it_came_and_sealed(world: World) -> None:
    mine = texted(world)
    world.hear(receipts=[world.status(mine, "C1", Kind.DELIVERED)], raw=b"To=%2B12075550123")
    assert NUMBER[1:].encode() not in bytes(world.one("SELECT content FROM arrival"))


def test_a_receipt_waits_while_the_database_is_away(world: World) -> None:
    broken = texted(world)
    world.hear(receipts=[world.status(broken, "C1", Kind.BOUNCED, code="30005")])
    world.sql(
        "CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$"
    )
    world.sql("CREATE TRIGGER away BEFORE INSERT ON suppression FOR EACH ROW EXECUTE FUNCTION go_away()")
    try:
        with pytest.raises(DatabaseLost):
            world.apply()
    finally:
        world.sql("DROP FUNCTION go_away CASCADE")
    assert world.apply() == 1
    assert world.delivery(broken, "C1").status == Status.BOUNCED


def test_one_receipt_at_fault_keeps_no_other_from_being_applied(world: World) -> None:
    session = world.session()
    broken, mine = (world.registration(session, SERVICE_TEXTS) for _ in range(2))
    world.work()
    world.hear(receipts=[world.status(broken, "C1", Kind.BOUNCED, code="30005")])
    world.hear(receipts=[world.status(mine, "C1", Kind.DELIVERED)])
    world.sql("ALTER TABLE suppression ADD CONSTRAINT no_texts CHECK (channel <> 'sms')")
    try:
        assert world.apply() == 2
    finally:
        world.sql("ALTER TABLE suppression DROP CONSTRAINT no_texts")
    assert world.delivery(mine, "C1").status == Status.DELIVERED
    assert world.delivery(broken, "C1").status == Status.SENT
    assert [row.effect for row in world.sql("SELECT effect FROM receipt ORDER BY id")] == [
        "fault: IntegrityError",
        "delivered",
    ]


@pytest.fixture
def world(engine) -> World:
    return World(engine)
