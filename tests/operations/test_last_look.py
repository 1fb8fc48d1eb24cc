"""The last look before a hand-off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import Channel, Priority
from campaigns.domain.timing import Hold
from campaigns.operations.last_look import GO, Skip, look
from campaigns.operations.reschedule import move, preview_move
from campaigns.operations.unsubscribe import stop
from campaigns.operations.withdraw import withdraw
from campaigns.store.engine import transaction
from campaigns.store.ledger_claim import claim_due
from campaigns.store.letters import load_batch
from campaigns.store.webinars import read_session
from tests.factories import DAY, HORIZON, HOUR, LESSONS, MINUTE, NOON, SERVICE_TEXTS, World, hours, rules

NIGHT = datetime(2027, 3, 2, 2, 30, tzinfo=UTC)
"""Half past nine in the evening in New York."""


def test_what_is_still_true_may_go(world: World) -> None:
    world.registration(world.session())
    assert _looks(world) == [("C0", GO)]


def test_a_text_in_the_night_waits_for_the_morning(world: World) -> None:
    """It was due in the evening; by now it is night."""
    step = world.step(
        "T1", at="starts - 20 h", channel="sms", template="starts-soon-sms", expires="starts", quiet="shift"
    )
    session = world.session(NIGHT - NOON + 15 * HOUR)
    world.import_quietly(session)
    world.registration(session, SERVICE_TEXTS)
    world.clock.now = NIGHT
    world.sql("DELETE FROM delivery")
    world.plan()
    assert step.quiet
    morning = datetime(2027, 3, 2, 13, 0, tzinfo=UTC)
    assert [verdict for key, verdict in _looks(world, Channel.SMS) if key == "T1"] == [Hold(morning)]


def test_a_text_that_was_held_for_the_night_leaves_in_the_morning(world: World) -> None:
    world.step("T1", at="starts - 20 h", channel="sms", template="starts-soon-sms", expires="starts", quiet="shift")
    mine = world.registration(world.session(NIGHT - NOON + 15 * HOUR), SERVICE_TEXTS)
    world.plan()
    world.clock.now = NIGHT
    world.tick()
    row = world.delivery(mine, "T1")
    assert (row.status, row.due_at) == (Status.PLANNED, datetime(2027, 3, 2, 13, 0, tzinfo=UTC))
    world.live(row.due_at, step=HOUR)
    assert world.delivery(mine, "T1").status == Status.SENT


def test_a_text_that_the_night_would_make_useless_is_skipped(world: World) -> None:
    world.step(
        "T1", at="starts - 20 h", channel="sms", template="starts-soon-sms", expires="starts - 10 h", quiet="shift"
    )
    mine = world.registration(world.session(NIGHT - NOON + 15 * HOUR), SERVICE_TEXTS)
    world.plan()
    world.clock.now = NIGHT
    world.tick()
    assert dict(world.ledger(mine))["T1"] == "skipped: quiet_hours"


def test_the_receipt_of_agreeing_to_texts_leaves_even_at_night(world: World) -> None:
    world.clock.now = NIGHT
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.clock.forward(minutes=9)
    world.work()
    assert dict(world.ledger(mine))["C1"] == "sent"


def test_the_receipt_of_agreeing_to_texts_is_not_sent_late_at_night(world: World) -> None:
    world.clock.now = NIGHT
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.clock.forward(minutes=11)
    world.work()
    assert dict(world.ledger(mine))["C1"] == "skipped: quiet_hours"


def test_two_messages_within_the_gap_are_one(world: World) -> None:
    session = world.session(4 * HOUR)
    mine = world.registration(session)
    world.clock.forward(hours=2, minutes=50)
    world.work()  # the confirmation goes ten minutes before the reminder
    world.live(NOON + 4 * HOUR)
    assert world.ledger(mine) == [("C0", "sent"), ("B4", "skipped: too_soon"), ("B6", "sent")]


def test_of_two_reminders_within_the_gap_the_one_nearer_the_start_goes(world: World) -> None:
    world.step("B9", at="starts - 45 min", expires="starts", min_gap="30 min", priority="urgent")
    mine = world.registration(world.session(4 * HOUR))
    world.live(NOON + 4 * HOUR)
    assert world.ledger(mine) == [
        ("C0", "sent"),
        ("B4", "skipped: nearer_message"),
        ("B9", "skipped: nearer_message"),
        ("B6", "sent"),
    ]


def test_of_two_reminders_due_at_one_instant_one_goes(world: World) -> None:
    world.without_steps("B6")
    world.step("B9", at="starts - 60 min", expires="starts", min_gap="30 min", priority="urgent")
    mine = world.registration(world.session(4 * HOUR))
    world.live(NOON + 4 * HOUR)
    states = dict(world.ledger(mine))
    assert sorted((states["B4"], states["B9"])) == ["sent", "skipped: nearer_message"]


def test_a_reminder_is_not_told_again_within_six_hours_of_the_old_one(world: World) -> None:
    session = world.session(HOUR + 30 * MINUTE)
    mine = world.import_quietly(session, registered_at=NOON - DAY, confirm=False)
    world.live(NOON + 35 * MINUTE, step=5 * MINUTE)
    assert dict(world.ledger(mine))["B4"] == "sent"
    _move(world, session, HOUR)
    world.live(NOON + 3 * HOUR, step=5 * MINUTE)
    assert world.ledger(mine) == [
        ("B4", "sent"), ("X1", "sent"), ("B6", "skipped: superseded"),
        ("B4", "skipped: told_already"), ("B6", "sent"),
    ]  # fmt: skip


def test_a_reminder_is_told_again_when_the_new_date_is_far_from_the_old(world: World) -> None:
    session = world.session(26 * HOUR)
    mine = world.import_quietly(session, registered_at=NOON - 3 * DAY, confirm=False)
    world.live(NOON + 3 * HOUR, step=HOUR)
    assert dict(world.ledger(mine))["B2"] == "sent"
    _move(world, session, 7 * DAY)
    world.live(NOON + 9 * DAY, step=2 * HOUR)
    rows = world.sql(
        "SELECT d.revision, d.status FROM delivery d JOIN step t ON t.id = step_id WHERE key = 'B2' ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [(1, Status.SENT), (2, Status.SENT)]


def test_a_lesson_had_through_another_place_is_not_sent_again(world: World) -> None:
    first = world.registration(world.session(10 * DAY), LESSONS, email="sam@example.com")
    world.live(NOON + 23 * HOUR, step=HOUR)
    assert dict(world.ledger(first))["D1"] == "sent"
    second = world.registration(world.session(12 * DAY), LESSONS, email="sam@example.com")
    world.live(NOON + 48 * HOUR, step=HOUR)
    assert dict(world.ledger(second))["D1"] == "skipped: had_before"


def test_who_gives_up_the_place_between_plan_and_hand_off_is_left_in_peace(world: World) -> None:
    mine = world.registration(world.session())
    world.dispatch()
    with transaction(world.engine) as db:
        withdraw(db, mine, hours(), NOON, horizon=HORIZON)
    world.answer_bells()
    assert dict(world.ledger(mine))["C0"] == "skipped: withdrawn"


def test_texts_need_a_number_and_a_yes_at_the_last_look_too(world: World) -> None:
    session = world.session()
    no_number, no_consent = (world.registration(session, SERVICE_TEXTS) for _ in range(2))
    world.sql(
        "UPDATE registrant SET phone = NULL WHERE id = (SELECT registrant_id FROM registration WHERE id = :r)",
        r=no_number,
    )
    world.sql(
        "UPDATE permission SET granted = false WHERE registrant_id = (SELECT registrant_id FROM registration WHERE id = :r)",
        r=no_consent,
    )
    world.work()
    assert dict(world.ledger(no_number))["C1"] == "skipped: no_number"
    assert dict(world.ledger(no_consent))["C1"] == "skipped: no_consent"


def test_stopping_texts_stops_texts_alone(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    with transaction(world.engine) as db:
        stop(db, mine, Channel.SMS, None, hours(), NOON, horizon=HORIZON, means="link")
    world.work()
    assert world.ledger(mine) == [("C0", "sent"), ("C1", "skipped: no_consent")]


def test_an_attendance_that_was_taken_back_stops_what_was_planned_for_it(world: World) -> None:
    session = world.session(-3 * HOUR, replay_url="https://media.example.org/1")
    mine = world.import_quietly(session, registered_at=NOON - 3 * DAY, confirm=False)
    world.sql("UPDATE registration SET attendance = 'attended'")
    world.plan()
    assert world.ledger(mine) == [("A1", "planned")]
    world.sql("UPDATE registration SET attendance = 'unknown'")
    world.work()
    assert world.ledger(mine) == [("A1", "skipped: other_audience")]


def test_a_row_of_an_old_date_is_superseded_and_one_past_its_time_expired(world: World) -> None:
    session = world.session(3 * HOUR)
    world.registration(session)
    world.clock.forward(hours=2)
    item, step = next((item, step) for item, step in _items(world, Channel.EMAIL) if step.key == "B4")
    assert look(item, step, rules(), item.expires_at) == Skip(Reason.EXPIRED)
    assert look(replace(item, about=replace(item.about, current_revision=2)), step, rules(), world.clock()) == Skip(
        Reason.SUPERSEDED
    )


def _items(world: World, channel: Channel) -> list:
    with transaction(world.engine) as db:
        found = []
        steps = {one.id: one for one in world.steps().values()}
        for priority in Priority:
            claim = claim_due(db, channel, priority, 100, world.clock())
            if claim.batch_id is not None:
                found += load_batch(db, claim.batch_id, world.clock())
        return [(item, steps[item.step_id]) for item in found]


def _looks(world: World, channel: Channel = Channel.EMAIL) -> list:
    return [(step.key, look(item, step, rules(), world.clock())) for item, step in _items(world, channel)]


def _move(world: World, session_id: int, by: timedelta) -> None:
    with transaction(world.engine) as db:
        found = read_session(db, session_id)
        asked = (session_id, found.starts_at + by, found.ends_at + by, hours(), world.clock())
        move(db, *asked[:3], asked[-1], fingerprint=preview_move(db, *asked).fingerprint, staff_id=None)


@pytest.fixture
def world(engine) -> World:
    return World(engine)
