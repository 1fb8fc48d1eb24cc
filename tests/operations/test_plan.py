"""Fill the ledger: the class plan is the single plan, planning twice is planning once, and nobody falls through the seam."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from campaigns.domain.steps import Channel
from campaigns.domain.timing import Due
from campaigns.operations import links
from campaigns.operations import register as registering
from campaigns.operations.explain import answers_for
from campaigns.operations.plan import SEAM, _one_day_one_answer, plan_session, plan_sessions
from campaigns.operations.register import record_consents
from campaigns.operations.reschedule import move, preview_move
from campaigns.operations.starter import read_step
from campaigns.operations.unsubscribe import stop
from campaigns.operations.withdraw import withdraw
from campaigns.store import webinars
from campaigns.store.campaigns import add_step, campaign_of, pause_step, steps_of
from campaigns.store.consents import permissions_of
from campaigns.store.engine import transaction
from campaigns.store.people import place, save_registrant, save_registration, zones_in
from campaigns.store.watermarks import planned, session_to_plan
from campaigns.store.webinars import finish_attendance, read_session, set_links
from tests.factories import DAY, HORIZON, HOUR, LESSONS, MINUTE, NOON, OFFERS, SERVICE_TEXTS, World, hours

ZONES = ["America/New_York", "America/Phoenix", "Australia/Lord_Howe", "Pacific/Honolulu", "Asia/Kathmandu"]
minutes = st.integers(-12 * 1440, 12 * 1440).map(lambda number: timedelta(minutes=number))
spans = st.sampled_from(["0 min", "10 min", "90 min", "7 h", "2 d"])
relative = st.builds(
    lambda sign, number, unit: f"{sign} {number} {unit}",
    st.sampled_from("+-"),
    st.integers(0, 90),
    st.sampled_from(["min", "h", "d"]),
)
at_ten = st.builds(
    lambda sign, days, hour, minute: f"{sign} {days} d at {hour:02}:{minute:02}",
    st.sampled_from("+-"), st.integers(0, 9), st.integers(0, 23), st.sampled_from([0, 30, 59]),
)  # fmt: skip
people = st.lists(
    st.tuples(
        st.sampled_from(ZONES),
        st.integers(0, 14 * 1440),  # registered this many minutes ago
        st.sets(st.sampled_from([SERVICE_TEXTS, LESSONS, OFFERS])),
        st.sampled_from(["unknown", "attended", "left_early", "missed"]),
    ),
    min_size=1,
    max_size=5,
)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, object]:
    """A step as staff might write it."""
    anchor = draw(st.sampled_from(["registered", "starts", "ends", "moved"]))
    channel = draw(st.sampled_from(["email", "sms"]))
    return {
        "at": f"{anchor} {draw(relative | at_ten)}",
        "channel": channel,
        "purpose": draw(st.sampled_from(["service", "education", "marketing"] if channel == "email" else ["service"])),
        "audience": draw(st.sampled_from(["everyone", "attended", "came", "missed", "without_texts"])),
        "expires": draw(
            st.sampled_from(["starts + 3 h", "ends + 10 d", "starts - 26 h", "registered + 3 d", "ends + 30 d"])
        ),
        "late": draw(st.sampled_from(["skip", "send_now"])),
        "quiet": draw(st.sampled_from(["ignore", "shift", "session_awake"])),
        "quiet_grace": draw(spans),
        "lead": draw(spans),
        "runway": draw(spans),
        "needs_attendance": draw(st.booleans()),
        **draw(st.sampled_from([{}, {"near": "3 d"}])),
        **draw(st.sampled_from([{}, {"replay_grace": "24 h"}])),
    }


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(
    rules=st.lists(rules(), max_size=4),
    starts=minutes,
    crowd=people,
    final=st.booleans(),
    replay=st.booleans(),
    moved=st.none() | st.tuples(minutes, st.integers(0, 3000)),
)
def test_planning_by_class_is_planning_for_each(world: World, rules, starts, crowd, final, replay, moved) -> None:
    """The planner's rows are what timing answers for each registration alone, within its reach."""
    with world.engine.connect() as db:
        attempt = db.begin()
        try:
            _check_planner(world, db, rules, starts, crowd, final=final, replay=replay, moved=moved)
        finally:
            attempt.rollback()


def _overtaken(step, answer, session) -> bool:
    """A lesson that the old date left no room for is not sent late for the new one."""
    by_day = step.anchor.value == "registered" and _one_day_one_answer(step)
    return by_day and session.moved_at is not None and answer.at <= session.moved_at


def _check_planner(world, db, rules, starts, crowd, *, final, replay, moved) -> None:
    quiet = _Quietly(world, db)
    for number, rule in enumerate(rules):
        quiet.step(f"R{number}", rule)
    session_id = quiet.session(starts, replay=replay)
    numbers = [quiet.person(session_id, *one) for one in crowd]
    if final:
        finish_attendance(db, session_id, NOON)
    if moved:
        quiet.moved(session_id, moved[0], timedelta(minutes=moved[1]))
    session = read_session(db, session_id)
    plan_session(db, session, hours(), NOON, horizon=HORIZON)

    steps = steps_of(db, world.webinar_id)
    rows = {(row.registration_id, row.step_id): row for row in quiet.rows()}
    for number in numbers:
        one = place(db, number)
        granted = permissions_of(db, one.registrant_id)
        answers = answers_for(steps, one.facts, hours())
        for step in steps:
            answer = answers[step.id]
            row = rows.pop((number, step.id), None)
            may = (step.channel.value == "email" and step.purpose.value == "service") or granted.get(
                (step.channel, step.purpose), False
            )
            wanted = may and isinstance(answer, Due) and answer.at <= NOON + HORIZON and answer.expires > NOON
            # An old own anchor is intake's and earlier sweeps' business; the sweep looks back a horizon for it.
            told = wanted and (step.anchor.value != "registered" or answer.at > NOON - HORIZON)
            if told and not _overtaken(step, answer, session):
                assert row is not None, (step, one.facts)
            if row is not None:
                assert wanted, (step, one.facts, answer)
                assert (row.due_at, row.expires_at) == (answer.at, answer.expires), (step, one.facts)
                assert row.revision == (session.revision if step.dated else 0)
    assert not rows
    before = quiet.rows()
    plan_session(db, session, hours(), NOON, horizon=HORIZON)
    assert quiet.rows() == before


def test_planning_twice_adds_nothing(world: World) -> None:
    session = world.session(5 * HOUR)
    for _ in range(3):
        world.import_quietly(session, registered_at=NOON - 2 * DAY)
    assert world.plan() == 3 * 2  # B4 and B6
    assert world.plan() == 0
    world.sql("UPDATE webinar_session SET planned_until = NULL")
    assert world.plan() == 0


def test_two_planners_at_once_plan_once(world: World) -> None:
    for _ in range(4):
        session = world.session(5 * HOUR)
        for _ in range(20):
            world.import_quietly(session, registered_at=NOON - 2 * DAY)
    start = Barrier(3)

    def go(_: int) -> int:
        start.wait()
        return plan_sessions(world.engine, hours(), NOON, horizon=HORIZON)

    with ThreadPoolExecutor(3) as threads:
        added = sum(threads.map(go, range(3)))
    assert added == world.one("SELECT count(*) FROM delivery") == 4 * 20 * 2


def test_a_planner_passes_over_a_session_that_another_one_plans(world: World) -> None:
    first, second = world.session(5 * HOUR), world.session(6 * HOUR)
    with transaction(world.engine) as one, transaction(world.engine) as other:
        assert session_to_plan(one, NOON + HORIZON, NOON, 0).session.id == first
        assert session_to_plan(other, NOON + HORIZON, NOON, 0).session.id == second
        assert session_to_plan(other, NOON + HORIZON, NOON, second) is None


def test_who_registers_while_the_planner_runs_is_not_lost(world: World) -> None:
    """The registration reads the clock before the sweep, and commits only after it; its reminder lies beyond both."""
    session = world.session(HORIZON + 65 * MINUTE)  # B4 is due in six hours and five minutes
    with transaction(world.engine) as db:
        asked = world.request(session)
        mine = registering.register(db, asked, hours(), NOON, horizon=HORIZON).registration_id
        world.plan(NOON + MINUTE)
    assert ("B4", "planned") in world.ledger(mine)
    later = World.registration(world, session)
    world.plan(NOON + SEAM + 2 * MINUTE)
    assert ("B4", "planned") in world.ledger(later)


def test_every_moment_of_registering_around_a_sweep_is_covered(world: World) -> None:
    session = world.session(HORIZON + 75 * MINUTE)  # B4: horizon + 15 minutes
    late = []
    for minute in range(30):
        world.clock.now = NOON + minute * MINUTE
        with transaction(world.engine) as db:
            asked = world.request(session)
            late.append(registering.register(db, asked, hours(), world.clock(), horizon=HORIZON).registration_id)
            world.plan()  # sees everybody but this one
    world.clock.now = NOON + 60 * MINUTE
    world.plan()
    assert {("B4", "planned") in world.ledger(one) for one in late} == {True}


def test_the_watermark_moves_with_the_planner_and_saves_it_work(world: World) -> None:
    session = world.session()
    world.plan()
    assert world.one("SELECT planned_until FROM webinar_session") == NOON + HORIZON
    world.plan(NOON + SEAM - MINUTE)
    assert world.one("SELECT planned_until FROM webinar_session") == NOON + HORIZON  # near enough
    world.plan(NOON + SEAM + MINUTE)
    assert world.one("SELECT planned_until FROM webinar_session") == NOON + HORIZON + SEAM + MINUTE
    assert session


def test_what_arrives_while_a_moved_session_is_planned_is_planned_the_next_time(world: World) -> None:
    """Both the move and the list leave the watermark empty, so emptiness cannot tell them apart."""
    session = world.session(-2 * HOUR)
    mine = world.import_quietly(session, registered_at=NOON - 3 * DAY)
    with transaction(world.engine) as planner:
        taken = session_to_plan(planner, NOON + HORIZON, NOON, 0)
        plan_session(planner, taken.session, hours(), NOON, horizon=HORIZON)
        with transaction(world.engine) as staff:
            finish_attendance(staff, session, NOON)
        assert planned(planner, session, NOON + HORIZON, taken.version) is False
    world.sql("UPDATE registration SET attendance = 'missed'")
    world.plan(NOON + MINUTE)
    assert ("N1", "planned") in world.ledger(mine)


def test_a_registration_in_flight_does_not_spoil_the_watermark(world: World) -> None:
    session = world.session()
    with transaction(world.engine) as db:
        taken = session_to_plan(db, NOON + HORIZON, NOON, 0)
        world.registration(session)
        assert planned(db, session, NOON + HORIZON, taken.version) is True


def test_a_moved_session_is_planned_anew_and_the_old_rows_die_when_claimed(world: World) -> None:
    session = world.session(3 * HOUR)
    mine = world.registration(session)
    world.work()
    world.clock.forward(minutes=1)
    _move(world, session, 4 * HOUR)
    world.plan()
    assert [(row.revision, row.status) for row in _rows(world, mine, "B4")] == [(1, 0), (2, 0)]
    world.live(NOON + 7 * HOUR)
    assert [(row.revision, row.reason) for row in _rows(world, mine, "B4")] == [(1, "superseded"), (2, None)]
    assert ("X1", "sent") in world.ledger(mine)


def test_a_lesson_that_the_old_date_left_no_room_for_is_not_sent_late_after_a_move(world: World) -> None:
    session = world.session(84 * HOUR)
    mine = world.registration(session, LESSONS)
    world.live(NOON + 25 * HOUR, step=HOUR)
    _move(world, session, 20 * DAY)
    world.live(NOON + 30 * HOUR, step=HOUR)
    assert _rows(world, mine, "D1") == []


def test_the_follow_ups_wait_for_the_attendance_list(world: World) -> None:
    session = world.session(HOUR)
    came, left, missed = (world.import_quietly(session, registered_at=NOON - 3 * DAY) for _ in range(3))
    world.clock.forward(hours=8)
    world.plan()
    after = {"A1", "N1", "A3"}
    assert not {key for one in (came, left, missed) for key, _ in world.ledger(one)} & after
    for number, word in ((came, "attended"), (left, "left_early"), (missed, "missed")):
        world.sql("UPDATE registration SET attendance = :word WHERE id = :id", word=word, id=number)
    with transaction(world.engine) as db:
        finish_attendance(db, session, world.clock())
        set_links(db, session, room_url="", replay_url="https://media.example.org/1")
    world.clock.forward(hours=40)
    world.plan()
    after = [{key for key, _ in world.ledger(one)} & after for one in (came, left, missed)]
    assert after == [{"A1", "A3"}, {"A1", "A3"}, {"N1"}]


def test_the_thanks_wait_a_day_for_the_recording_and_then_go_without(world: World) -> None:
    session = world.session(HOUR)
    came = world.import_quietly(session, registered_at=NOON - 3 * DAY)
    world.clock.forward(hours=2)
    world.sql("UPDATE registration SET attendance = 'attended'")
    with transaction(world.engine) as db:
        finish_attendance(db, session, world.clock())
    world.plan()
    assert ("A1", "planned") not in world.ledger(came)
    world.live(NOON + 26 * HOUR, step=HOUR)
    assert ("A1", "sent") in world.ledger(came)
    assert world.delivery(came, "A1").sent_at == NOON + 26 * HOUR  # a day after the end at 1:30 PM, on the next hour


def test_the_thanks_go_at_once_when_the_recording_comes(world: World) -> None:
    session = world.session(HOUR)
    came = world.import_quietly(session, registered_at=NOON - 3 * DAY)
    world.clock.forward(hours=20)
    world.sql("UPDATE registration SET attendance = 'attended'")
    with transaction(world.engine) as db:
        finish_attendance(db, session, world.clock())
    world.plan()
    assert ("A1", "planned") in world.ledger(came)
    with transaction(world.engine) as db:
        links.set_links(
            db, session, room_url="", replay_url="https://media.example.org/1", staff_id=None, now=world.clock()
        )
    world.tick()
    assert ("A1", "sent") in world.ledger(came)


def test_only_who_agreed_gets_lessons_offers_and_texts(world: World) -> None:
    session = world.session(40 * MINUTE)
    every, none = world.registration(session, SERVICE_TEXTS, LESSONS, OFFERS), world.registration(session)
    world.live(NOON + 28 * DAY, step=6 * HOUR)
    assert [key for key, _ in world.ledger(none)] == ["C0"]
    lessons = ["E1", "E2", "E4", "E5", "E6", "E7"]
    assert [key for key, _ in world.ledger(every)] == ["C0", "C1", "B5", *lessons, "E3"]


def test_who_withdrew_is_planned_nothing_but_the_receipt(world: World) -> None:
    session = world.session(8 * HOUR)
    mine = world.registration(session)
    with transaction(world.engine) as db:
        withdraw(db, mine, hours(), NOON, horizon=HORIZON)
    world.live(NOON + 9 * HOUR)
    assert world.ledger(mine) == [("C0", "skipped: withdrawn"), ("X3", "sent")]


def test_a_new_step_writes_to_nobody_who_is_past_it(world: World) -> None:
    session = world.session(HOUR)
    mine = world.registration(session)
    world.clock.forward(minutes=40)
    added = world.step("B9", at="starts - 50 min", expires="starts")
    world.sql("UPDATE step SET active_from = :now WHERE id = :id", now=world.clock(), id=added.id)
    world.sql("UPDATE webinar_session SET planned_until = NULL")
    world.plan()
    assert "B9" not in dict(world.ledger(mine))


def test_a_paused_step_is_not_planned(world: World) -> None:
    session = world.session(3 * HOUR)
    mine = world.import_quietly(session, registered_at=NOON - 3 * DAY)
    with transaction(world.engine) as db:
        pause_step(db, world.steps()["B4"].id, paused=True)
    world.plan()
    assert "B4" not in dict(world.ledger(mine))


def test_an_import_without_confirmations_gets_the_reminders_alone(world: World) -> None:
    session = world.session(3 * HOUR)
    quiet = world.import_quietly(session, confirm=False)
    told = world.import_quietly(session, confirm=True)
    world.plan()
    assert world.ledger(quiet) == [("B4", "planned"), ("B6", "planned")]
    assert world.ledger(told) == [("C0", "planned"), ("B4", "planned"), ("B6", "planned")]


def test_zones_with_one_answer_share_it_and_others_have_their_own(world: World) -> None:
    session = world.session(8 * DAY)
    here, there = (
        world.import_quietly(session, zone=zone, registered_at=NOON - 4 * DAY)
        for zone in ("America/New_York", "America/Phoenix")
    )
    world.live(NOON + DAY + 2 * HOUR, step=HOUR)
    due = [
        world.delivery(one, "B1").due_at.astimezone(ZoneInfo(zone)).hour
        for one, zone in ((here, "America/New_York"), (there, "America/Phoenix"))
    ]
    assert due == [10, 10]
    assert world.delivery(here, "B1").due_at != world.delivery(there, "B1").due_at
    with transaction(world.engine) as db:
        assert sorted(zones_in(db, session)) == ["America/New_York", "America/Phoenix"]


def test_who_stops_texts_on_the_day_gets_the_email_in_their_place(world: World) -> None:
    session = world.session(3 * HOUR)
    mine = world.registration(session, SERVICE_TEXTS)
    world.plan()
    with transaction(world.engine) as db:
        stop(db, mine, Channel.SMS, None, hours(), NOON, horizon=HORIZON, means="link")
    assert ("B6", "planned") in world.ledger(mine)


class _Quietly:
    """Writes a world within one transaction that is rolled back."""

    def __init__(self, world: World, db) -> None:
        self.world, self.db, self.number = world, db, 0

    def step(self, key: str, rule: dict[str, object]) -> None:
        words = {"name": key, "template": "hour-before", **rule}
        add_step(self.db, campaign_of(self.db, self.world.webinar_id), read_step(key, words))

    def session(self, ahead: timedelta, *, replay: bool) -> int:
        starts_at = NOON + ahead
        return webinars.add_session(
            self.db, self.world.webinar_id, starts_at, starts_at + 30 * MINUTE, NOON,
            replay_url="https://media.example.org/1" if replay else "",
        )  # fmt: skip

    def moved(self, session_id: int, by: timedelta, ago: timedelta) -> None:
        found = read_session(self.db, session_id)
        webinars.move_session(self.db, session_id, found.starts_at + by, found.ends_at + by, NOON - ago)

    def person(self, session_id: int, zone: str, ago: int, kinds, attendance: str) -> int:
        self.number += 1
        asked = self.world.request(
            session_id, *kinds, zone=zone, phone="+12075550123", email=f"p{self.number}@example.com"
        )
        at = NOON - timedelta(minutes=ago)
        person = save_registrant(
            self.db,
            email=asked.email,
            first_name="Ada",
            last_name="",
            phone=asked.phone,
            zone=zone,
            language="en",
            now=at,
        )
        number, _ = save_registration(
            self.db, session_id=session_id, registrant_id=person, zone=zone, source="web", confirm=True, now=at
        )
        record_consents(self.db, person, asked, at)
        self.db.execute(text("UPDATE registration SET attendance = :a WHERE id = :id"), {"a": attendance, "id": number})
        return number

    def rows(self) -> list:
        return self.db.execute(text("SELECT * FROM delivery ORDER BY id")).all()


def _move(world: World, session_id: int, by: timedelta) -> None:
    with transaction(world.engine) as db:
        found = read_session(db, session_id)
        asked = (session_id, found.starts_at + by, found.ends_at + by, hours(), world.clock())
        move(db, *asked[:3], asked[-1], fingerprint=preview_move(db, *asked).fingerprint, staff_id=None)


def _rows(world: World, registration_id: int, key: str) -> list:
    return world.sql(
        "SELECT d.* FROM delivery d JOIN step t ON t.id = d.step_id WHERE registration_id = :r AND key = :key ORDER BY revision",
        r=registration_id, key=key,
    )  # fmt: skip


@pytest.fixture
def world(engine) -> World:
    return World(engine)
