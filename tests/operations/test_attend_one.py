"""Staff set one person's attendance."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.domain.steps import Attendance
from campaigns.domain.watching import Shares
from campaigns.errors import NotFound, Rejected
from campaigns.operations.attend_one import attend_one
from campaigns.operations.set_talk import set_talk
from campaigns.operations.watch import keep_beat
from campaigns.operations.withdraw import withdraw
from campaigns.store import webinars
from campaigns.store.engine import Engine, transaction
from campaigns.store.talks import Talk
from campaigns.store.viewings import Beat
from tests.factories import HORIZON, HOUR, World, hours

STAFF = (
    "INSERT INTO staff (email, name, role, password_hash, created_at) VALUES ('a@b.example', 'A', 'admin', '-', now())"
)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def staff_id(world: World) -> int:
    world.sql(STAFF)
    return world.one("SELECT id FROM staff")


def test_somebody_called_missed_who_came_gets_the_thanks_and_not_the_other(world: World, staff_id: int) -> None:
    session = world.session(HOUR)
    mine = world.registration(session)
    world.live(world.clock() + 2 * HOUR)
    world.sql("UPDATE registration SET attendance = 'missed'")
    with transaction(world.engine) as db:
        webinars.finish_attendance(db, session, world.clock())
    world.plan()
    assert ("N1", "planned") in world.ledger(mine)
    _set(world, staff_id, mine, Attendance.ATTENDED)
    world.live(world.clock() + 30 * HOUR, step=2 * HOUR)
    ledger = dict(world.ledger(mine))
    assert ledger["A1"] == "sent" and ledger["N1"] == "skipped: other_audience"


def test_what_was_known_before_is_kept_and_the_act_is_on_record(world: World, staff_id: int) -> None:
    mine = _came(world)
    world.sql("UPDATE registration SET attendance = 'left_early', attendance_evidence = '{\"by\": \"list\"}'")
    _set(world, staff_id, mine, Attendance.MISSED)
    evidence = world.one("SELECT attendance_evidence FROM registration")
    assert evidence["before"] == {"by": "list", "attendance": "left_early"}
    assert (evidence["by"], evidence["staff"], evidence["why"]) == ("staff", staff_id, "They told me.")
    assert world.one("SELECT detail FROM audit WHERE act = 'attendance set'") == {
        "before": "left_early",
        "after": "missed",
    }


def test_watching_does_not_overrule_it(world: World, staff_id: int) -> None:
    session = world.session(HOUR)
    with transaction(world.engine) as db:
        set_talk(db, session, Talk("/a.mp4", talk_seconds=600), Shares(), staff_id=staff_id, now=world.clock())
    mine = world.registration(session)
    world.clock.forward(hours=1, minutes=10)
    _set(world, staff_id, mine, Attendance.MISSED)
    beat = Beat(mine, session, world.clock() - timedelta(minutes=9), ((0, 5000),))
    with transaction(world.engine) as db:
        keep_beat(db, beat, Shares(), world.clock())
    assert world.place(mine).attendance is Attendance.MISSED


@pytest.mark.parametrize(
    ("finding", "why", "field"),
    [
        (Attendance.ATTENDED, " ", "why"),
        (Attendance.ATTENDED, "x" * 301, "why"),
        (Attendance.UNKNOWN, "So.", "finding"),
    ],
)
def test_without_a_reason_or_a_choice_nothing_is_written(
    world: World, staff_id: int, finding: Attendance, why: str, field: str
) -> None:
    mine = _came(world)
    with pytest.raises(Rejected) as wrong, transaction(world.engine) as db:
        attend_one(db, mine, finding, why, staff_id=staff_id, now=world.clock())
    assert wrong.value.field == field
    assert world.place(mine).attendance is Attendance.UNKNOWN


def test_nobody_came_to_a_class_that_has_not_begun_or_to_which_they_had_no_place(world: World, staff_id: int) -> None:
    early = world.registration(world.session(HOUR))
    gone = world.registration(world.session(HOUR))
    with transaction(world.engine) as db:
        withdraw(db, gone, hours(), world.clock(), horizon=HORIZON)
    with pytest.raises(Rejected, match="has not begun"):
        _set(world, staff_id, early, Attendance.ATTENDED)
    world.clock.forward(hours=2)
    with pytest.raises(Rejected, match="no place"):
        _set(world, staff_id, gone, Attendance.ATTENDED)
    with pytest.raises(NotFound):
        _set(world, staff_id, 10**9, Attendance.ATTENDED)


def _came(world: World) -> int:
    mine = world.registration(world.session(HOUR))
    world.clock.forward(hours=2)
    return mine


def _set(world: World, staff_id: int, registration: int, finding: Attendance) -> None:
    with transaction(world.engine) as db:
        attend_one(db, registration, finding, " They told me. ", staff_id=staff_id, now=world.clock())
