"""Move or cancel a session: one row, and a preview of what that does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from campaigns.domain.reasons import Reason
from campaigns.domain.timing import Due, Never, Wait
from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.operations.register import register
from campaigns.operations.reschedule import Preview, _fingerprint, cancel, move, preview_cancel, preview_move
from campaigns.store.engine import transaction
from campaigns.store.webinars import read_session
from tests.factories import DAY, HORIZON, HOUR, LESSONS, MINUTE, NOON, SERVICE_TEXTS, World, hours


def test_a_preview_says_who_is_concerned_and_what_becomes_of_each_step(world: World) -> None:
    session = world.session(3 * HOUR)
    for zone in ("America/New_York", "America/Phoenix", "America/Phoenix"):
        world.registration(session, zone=zone)
    world.work()
    world.clock.forward(minutes=1)
    shown = _preview(world, session, 2 * DAY)
    assert (shown.people, shown.zones) == (3, {"America/New_York": 1, "America/Phoenix": 2})
    found = {one.step.key: one for one in shown.changes}
    assert "C0" not in found and "X3" not in found
    assert isinstance(found["X1"].before, Wait) and isinstance(found["X1"].after, Due)
    assert found["B4"].changed and found["B4"].after.at == NOON + 2 * DAY + 2 * HOUR
    assert (found["B4"].counts.waiting, found["B4"].counts.gone) == (3, 0)
    assert not found["X2"].changed
    assert world.one("SELECT revision FROM webinar_session") == 1


def test_a_preview_of_a_session_without_people_stands_in_utc(world: World) -> None:
    shown = _preview(world, world.session(), DAY)
    assert (shown.people, shown.zones) == (0, {})


def test_a_preview_counts_what_is_gone_already(world: World) -> None:
    session = world.session(26 * HOUR)
    world.import_quietly(session, registered_at=NOON - 3 * DAY, confirm=False)
    world.live(NOON + 3 * HOUR, step=HOUR)
    found = {one.step.key: one.counts for one in _preview(world, session, 7 * DAY).changes}
    assert (found["B2"].gone, found["B2"].waiting) == (1, 0)


def test_a_move_touches_one_row_and_no_delivery(world: World) -> None:
    session, other = world.session(3 * HOUR), world.session(3 * HOUR)
    for _ in range(5):
        world.registration(session, LESSONS)
        world.registration(other)
    before = world.sql("SELECT id, xmin::text, xmax::text FROM delivery ORDER BY id")
    people = world.sql("SELECT id, xmin::text FROM registration ORDER BY id")
    neighbour = world.sql("SELECT xmin::text FROM webinar_session WHERE id = :id", id=other)
    assert _move(world, session, DAY) == 2
    assert world.sql("SELECT id, xmin::text, xmax::text FROM delivery ORDER BY id") == before
    assert world.sql("SELECT id, xmin::text FROM registration ORDER BY id") == people
    assert world.sql("SELECT xmin::text FROM webinar_session WHERE id = :id", id=other) == neighbour
    row = world.sql("SELECT * FROM webinar_session WHERE id = :id", id=session)[0]
    assert (row.starts_at, row.moved_from, row.moved_at, row.revision) == (NOON + 27 * HOUR, NOON + 3 * HOUR, NOON, 2)
    assert row.planned_until is None


def test_a_move_is_told_to_everybody_and_by_text_only_when_a_date_is_near(world: World) -> None:
    near, far = world.session(40 * HOUR), world.session(9 * DAY)
    people = [world.registration(session, SERVICE_TEXTS) for session in (near, far)]
    plain = world.registration(near)
    world.work()
    world.clock.forward(minutes=10)
    for session in (near, far):
        _move(world, session, 5 * DAY)
    world.tick()
    assert ("X1", "sent") in world.ledger(people[0]) and ("X1-sms", "sent") in world.ledger(people[0])
    assert ("X1", "sent") in world.ledger(people[1]) and "X1-sms" not in dict(world.ledger(people[1]))
    assert world.ledger(plain) == [("C0", "sent"), ("X1", "sent")]
    assert world.delivery(plain, "X1").revision == 2


def test_who_registers_after_the_move_is_not_told_of_it(world: World) -> None:
    session = world.session(9 * DAY)
    _move(world, session, DAY)
    world.clock.forward(minutes=10)
    late = world.registration(session)
    world.live(NOON + HOUR)
    assert world.ledger(late) == [("C0", "sent")]


def test_moving_twice_tells_twice(world: World) -> None:
    session = world.session(9 * DAY)
    mine = world.registration(session)
    world.work()
    for _ in range(2):
        world.clock.forward(minutes=10)
        _move(world, session, DAY)
        world.tick()
    assert world.ledger(mine) == [("C0", "sent"), ("X1", "sent"), ("X1", "sent")]


def test_lessons_survive_a_move(world: World) -> None:
    session = world.session(9 * DAY)
    mine = world.registration(session, LESSONS)
    world.clock.forward(hours=18)
    world.tick()
    _move(world, session, DAY)
    world.live(NOON + DAY, step=HOUR)
    assert dict(world.ledger(mine))["D1"] == "sent"
    assert world.delivery(mine, "D1").revision == 0


def test_a_day_before_reminder_that_went_out_is_sent_anew_for_a_date_a_week_later(world: World) -> None:
    session = world.session(26 * HOUR)
    mine = world.import_quietly(session, registered_at=NOON - 3 * DAY, confirm=False)
    world.live(NOON + 3 * HOUR, step=HOUR)
    _move(world, session, 7 * DAY)
    world.live(NOON + 8 * DAY + 4 * HOUR, step=HOUR)
    sent = [
        row.revision
        for row in world.sql(
            "SELECT revision FROM delivery d JOIN step t ON t.id = step_id WHERE key = 'B2' AND status = 3 ORDER BY 1"
        )
    ]
    assert sent == [1, 2]
    assert mine


def test_cancelling_is_told_to_everybody_and_stops_everything_else(world: World) -> None:
    session = world.session(20 * HOUR)
    texted, plain = world.registration(session, SERVICE_TEXTS, LESSONS), world.registration(session)
    world.work()
    world.clock.forward(minutes=10)
    assert _cancel(world, session) == 2
    world.live(NOON + 25 * DAY, step=12 * HOUR)
    assert world.ledger(texted) == [("C0", "sent"), ("C1", "sent"), ("X2", "sent"), ("X2-sms", "sent")]
    assert world.ledger(plain) == [("C0", "sent"), ("X2", "sent")]


def test_cancelling_far_ahead_sends_no_text(world: World) -> None:
    session = world.session(9 * DAY)
    texted = world.registration(session, SERVICE_TEXTS)
    world.work()
    world.clock.forward(minutes=10)
    _cancel(world, session)
    world.tick()
    assert world.ledger(texted) == [("C0", "sent"), ("C1", "sent"), ("X2", "sent")]


def test_the_preview_of_cancelling_says_that_the_reminders_end(world: World) -> None:
    session = world.session()
    with transaction(world.engine) as db:
        shown = preview_cancel(db, session, hours(), NOON)
    found = {one.step.key: one.after for one in shown.changes}
    assert found["B4"] == Never(Reason.SESSION_CANCELLED)
    assert isinstance(found["X2"], Due)
    assert (shown.starts_at, shown.ends_at) == (None, None)


@pytest.mark.parametrize("kind", ["move", "cancel"])
def test_numbers_that_changed_since_the_preview_are_a_conflict(world: World, kind: str) -> None:
    session = world.session()
    with transaction(world.engine) as db:
        seen = preview_cancel(db, session, hours(), NOON).fingerprint if kind == "cancel" else ""
    shown = _preview(world, session, DAY)
    world.registration(session)
    with transaction(world.engine) as db:
        if kind == "cancel":
            with pytest.raises(Conflict):
                cancel(db, session, "", NOON, fingerprint=seen, staff_id=None)
        else:
            at = (shown.starts_at, shown.ends_at)
            with pytest.raises(Conflict):
                move(db, session, *at, NOON, fingerprint=shown.fingerprint, staff_id=None)
    assert world.one("SELECT revision FROM webinar_session") == 1


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [
        (-1 * HOUR, HOUR, "starts"),
        (timedelta(0), HOUR, "starts"),
        (DAY, DAY, "ends"),
        (10 * DAY, 10 * DAY + 30 * MINUTE, "starts"),
    ],
)
def test_a_date_that_makes_no_sense_is_refused(world: World, starts: timedelta, ends: timedelta, field: str) -> None:
    session = world.session(10 * DAY)
    with transaction(world.engine) as db, pytest.raises(Rejected) as refused:
        preview_move(db, session, NOON + starts, NOON + ends, hours(), NOON)
    assert refused.value.field == field


def test_what_is_over_or_cancelled_is_left_as_it_was(world: World) -> None:
    over, cancelled = world.session(-DAY), world.session()
    _cancel(world, cancelled)
    for session in (over, cancelled):
        with transaction(world.engine) as db:
            with pytest.raises(Rejected):
                preview_cancel(db, session, hours(), NOON)
            with pytest.raises(Rejected):
                move(db, session, NOON + DAY, NOON + 2 * DAY, NOON, fingerprint="", staff_id=None)
            with pytest.raises(Rejected):
                cancel(db, session, "", NOON, fingerprint="", staff_id=None)


def test_a_session_that_does_not_exist_is_not_found(world: World) -> None:
    with transaction(world.engine) as db:
        with pytest.raises(NotFound):
            preview_cancel(db, 999, hours(), NOON)
        with pytest.raises(NotFound):
            cancel(db, 999, "", NOON, fingerprint="", staff_id=None)


def test_what_staff_did_is_written_down(world: World) -> None:
    session = world.session()
    _move(world, session, DAY)
    _cancel(world, session)
    acts = world.sql("SELECT act, subject, detail FROM audit ORDER BY id")
    assert [(row.act, row.subject) for row in acts] == [
        ("session moved", f"session:{session}"),
        ("session cancelled", f"session:{session}"),
    ]
    assert acts[0].detail["revision"] == 2 and acts[1].detail["reason"] == "The doctor is ill."


def test_a_move_waits_for_a_registration_under_way_and_its_person_is_told(world: World) -> None:
    """Both happen at once: whoever commits first, nobody keeps the old date without being told."""
    session = world.session(9 * DAY)
    world.clock.forward(minutes=1)
    with ThreadPoolExecutor(1) as other:
        with transaction(world.engine) as db:
            mine = register(db, world.request(session), hours(), NOON, horizon=HORIZON).registration_id
            moving = other.submit(lambda: _move(world, session, DAY, people=1))
            with pytest.raises(TimeoutError):
                moving.result(0.3)
        assert moving.result(20) == 2
    world.tick()
    assert world.ledger(mine) == [("C0", "sent"), ("X1", "sent")]


def _preview(world: World, session_id: int, by: timedelta) -> Preview:
    with transaction(world.engine) as db:
        found = read_session(db, session_id)
        return preview_move(db, session_id, found.starts_at + by, found.ends_at + by, hours(), world.clock())


def _move(world: World, session_id: int, by: timedelta, people: int | None = None) -> int:
    with transaction(world.engine) as db:
        found = read_session(db, session_id)
        asked = (session_id, found.starts_at + by, found.ends_at + by, hours(), world.clock())
        seen = preview_move(db, *asked).fingerprint
        if people is not None:
            seen = _fingerprint(found, asked[1], asked[2], people)
        return move(db, *asked[:3], asked[-1], fingerprint=seen, staff_id=None)


def _cancel(world: World, session_id: int) -> int:
    with transaction(world.engine) as db:
        seen = preview_cancel(db, session_id, hours(), world.clock()).fingerprint
        return cancel(db, session_id, "The doctor is ill.", world.clock(), fingerprint=seen, staff_id=None)


@pytest.fixture
def world(engine) -> World:
    return World(engine)
