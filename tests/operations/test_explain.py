"""What someone will get and has got, and why not."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from campaigns.domain.audience import Facts
from campaigns.domain.steps import Channel
from campaigns.operations.explain import Milestone, forecast, timeline
from campaigns.operations.unsubscribe import stop
from campaigns.operations.withdraw import withdraw
from campaigns.store.engine import transaction
from campaigns.store.webinars import move_session
from tests.factories import DAY, HORIZON, HOUR, LESSONS, MINUTE, NOON, SERVICE_TEXTS, World, hours


def test_a_timeline_tells_what_went_what_comes_and_why_the_rest_does_not(world: World) -> None:
    mine = world.registration(world.session(2 * DAY), LESSONS)
    world.work()
    told = _by_key(world, mine)
    assert (told["C0"].coming, told["C0"].at, told["C0"].reason) == (False, NOON, None)
    assert (told["B4"].coming, told["B4"].at) == (True, NOON + 2 * DAY - HOUR)
    assert told["C1"].reason == told["B5"].reason == "no_number"
    assert told["E3"].reason == "no_consent"
    assert told["B1"].reason == "registered_late"
    assert (told["A1"].at, told["A1"].coming, told["A1"].reason) == (None, False, None)


def test_the_timeline_and_the_ledger_agree_on_what_comes(world: World) -> None:
    mine = world.registration(world.session(3 * DAY), LESSONS, SERVICE_TEXTS)
    with transaction(world.engine) as db:
        coming = {one.step.key for one in timeline(db, world.place(mine), hours(), NOON) if one.coming}
    world.live(NOON + 4 * DAY, step=20 * MINUTE)
    world.live(NOON + 30 * DAY, step=6 * HOUR)
    assert {key for key, state in world.ledger(mine) if state == "sent"} == coming


def test_what_was_planned_for_an_old_date_is_not_told_as_coming(world: World) -> None:
    session = world.session(3 * HOUR)
    mine = world.registration(session)
    world.work()
    with transaction(world.engine) as db:
        move_session(db, session, NOON + 2 * DAY, NOON + 2 * DAY + HOUR, NOON + MINUTE)
    found = [one for one in _timeline(world, mine) if one.step.key == "B4"]
    assert [(one.coming, one.at) for one in found] == [(True, NOON + 47 * HOUR)]


def test_what_went_out_for_an_old_date_is_told_beside_the_new(world: World) -> None:
    session = world.session(70 * MINUTE)
    mine = world.import_quietly(session, registered_at=NOON - DAY, confirm=False)
    world.live(NOON + 20 * MINUTE)
    with transaction(world.engine) as db:
        move_session(db, session, NOON + 2 * DAY, NOON + 2 * DAY + HOUR, world.clock())
    found = [one.coming for one in _timeline(world, mine) if one.step.key == "B4"]
    assert found == [False, True]


def test_a_lesson_that_the_old_date_left_no_room_for_is_not_told_as_coming(world: World) -> None:
    session = world.session(2 * DAY)
    mine = world.registration(session, LESSONS)
    world.live(NOON + 30 * HOUR, step=6 * HOUR)
    with transaction(world.engine) as db:
        move_session(db, session, NOON + 20 * DAY, NOON + 20 * DAY + HOUR, world.clock())
    world.live(NOON + 40 * HOUR, step=2 * HOUR)
    told = _by_key(world, mine)
    assert (told["D1"].recorded, told["D1"].coming, told["D1"].reason) == (None, False, "moved_late")
    assert told["D2"].coming


def test_what_is_planned_for_somebody_who_left_is_not_told_as_coming(world: World) -> None:
    mine = world.registration(world.session(3 * HOUR))
    world.work()
    with transaction(world.engine) as db:
        withdraw(db, mine, hours(), NOON, horizon=HORIZON)
    told = _by_key(world, mine)
    assert (told["B4"].coming, told["B4"].reason) == (False, "withdrawn")
    assert told["X3"].coming


def test_what_is_planned_for_a_stopped_address_is_not_told_as_coming(world: World) -> None:
    mine = world.registration(world.session(3 * HOUR))
    with transaction(world.engine) as db:
        stop(db, mine, Channel.EMAIL, None, hours(), NOON, horizon=HORIZON, means="link")
    told = _by_key(world, mine)
    assert (told["B4"].coming, told["B4"].reason) == (False, "suppressed")


def test_what_never_got_a_row_in_time_is_told_as_expired(world: World) -> None:
    session = world.session(3 * HOUR)
    mine = world.import_quietly(session, registered_at=NOON - DAY, confirm=False)
    world.clock.forward(hours=4)  # and no planner ran
    told = _by_key(world, mine)
    assert (told["B4"].coming, told["B4"].reason) == (False, "expired")


def test_what_is_under_way_is_coming_and_what_was_skipped_says_why(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.sql("UPDATE delivery SET status = 2, batch_id = 1 WHERE channel = 'email'")
    world.sql("UPDATE delivery SET status = 5, reason = 'quiet_hours' WHERE channel = 'sms'")
    told = _by_key(world, mine)
    assert told["C0"].coming
    assert (told["C1"].coming, told["C1"].reason) == (False, "quiet_hours")


def test_a_forecast_says_what_these_boxes_would_bring(world: World) -> None:
    session = world.place(world.registration(world.session(9 * DAY))).session
    facts = Facts(session=session.facts, zone=ZoneInfo("America/Phoenix"), registered_at=NOON, texts=True)
    steps = tuple(world.steps().values())
    ahead = forecast(steps, facts, hours(), {SERVICE_TEXTS: True}, number=True)
    assert [one.step.key for one in ahead if one.coming] == ["C0", "C1", "B2", "B4", "B5"]
    assert [one.at for one in ahead if one.coming] == sorted(one.at for one in ahead if one.coming)
    without = forecast(steps, facts, hours(), {SERVICE_TEXTS: True}, number=False)
    assert {one.reason for one in without if one.step.channel is Channel.SMS} == {"no_number"}


def test_asking_changes_nothing(world: World) -> None:
    mine = world.registration(world.session())
    before = world.sql("SELECT xmin::text FROM delivery")
    _timeline(world, mine)
    assert world.sql("SELECT xmin::text FROM delivery") == before


def _timeline(world: World, registration_id: int) -> list[Milestone]:
    with transaction(world.engine) as db:
        return timeline(db, world.place(registration_id), hours(), world.clock())


def _by_key(world: World, registration_id: int) -> dict[str, Milestone]:
    return {one.step.key: one for one in _timeline(world, registration_id)}


@pytest.fixture
def world(engine) -> World:
    return World(engine)
