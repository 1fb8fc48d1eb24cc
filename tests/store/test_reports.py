"""Counts of the staff pages, against worlds small enough to count by hand."""

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Audience, Channel, Purpose
from campaigns.store import reports
from campaigns.store.engine import transaction
from tests.factories import DAY, HOUR, LESSONS, OFFERS, SERVICE_TEXTS, changed
from tests.offices import furnished, furnished_world

__all__ = ["furnished"]


@pytest.fixture
def world(furnished):
    """The starter campaign."""
    with furnished_world(furnished) as found:
        yield found


def test_sessions_come_in_order_with_their_places_and_who_came(world):
    later, sooner = world.session(9 * DAY), world.session(DAY)
    for attendance in ("attended", "left_early", "missed", "unknown"):
        registration = world.registration(sooner)
        world.sql("UPDATE registration SET attendance = :seen WHERE id = :id", seen=attendance, id=registration)
    gone = world.registration(sooner)
    world.sql("UPDATE registration SET withdrawn_at = registered_at WHERE id = :id", id=gone)
    with transaction(world.engine) as db:
        found = reports.sessions(db, [world.webinar_id])
        assert [one.id for one in reports.webinars(db)] == [world.webinar_id]
        assert reports.sessions(db, []) == []
    assert [(one.session.id, one.registered, one.came) for one in found] == [(sooner, 4, 2), (later, 0, 0)]


def test_the_next_out_is_the_earliest_planned_and_of_those_the_most(world):
    one, other = world.session(9 * DAY), world.session(10 * DAY)
    for kinds in ((SERVICE_TEXTS,), (), ()):
        world.registration(one, *kinds)
    world.clock.forward(minutes=5)
    world.registration(one)
    with transaction(world.engine) as db:
        found = reports.next_out(db, [one, other])
    assert found.keys() == {one}
    first = found[one]
    assert (first.step_name, first.channel, first.count) == ("Confirmation", "email", 3)
    assert first.due_at == world.clock() - HOUR / 12


def test_a_state_is_counted_from_its_index(world):
    session = world.session()
    for _ in range(3):
        world.registration(session)
    with transaction(world.engine) as db:
        assert [reports.count_in(db, status) for status in (Status.PLANNED, Status.UNKNOWN)] == [3, 0]


def test_audiences_count_yes_and_presence_of_those_who_hold_a_place(world):
    session = world.session()
    world.registration(session, SERVICE_TEXTS, LESSONS, OFFERS)
    world.registration(session, LESSONS)
    no_number = world.registration(session, SERVICE_TEXTS)
    world.sql(
        "UPDATE registrant SET phone = NULL WHERE id = (SELECT registrant_id FROM registration WHERE id = :r)",
        r=no_number,
    )
    gone = world.registration(session, SERVICE_TEXTS, LESSONS)
    world.sql("UPDATE registration SET withdrawn_at = registered_at WHERE id = :id", id=gone)
    world.sql("UPDATE permission SET granted = false WHERE purpose = 'marketing'")
    world.sql("UPDATE registration SET attendance = 'missed' WHERE id = :id", id=no_number)
    with transaction(world.engine) as db:
        found = reports.audiences(db, session)
    assert found == reports.Audiences(3, 1, 2, 0, 0, 0, 1)


def test_where_two_conditions_meet_a_share_is_reckoned(world):
    step = world.steps()["B4"]
    people = reports.Audiences(everyone=200, texts=100, education=50, marketing=0, attended=40, left_early=0, missed=0)
    assert people.of(changed(step, audience=Audience.CAME, channel=Channel.SMS)) == 20
    assert people.of(changed(step, audience=Audience.CAME, purpose=Purpose.EDUCATION)) == 10
    assert reports.Audiences(0, 0, 0, 0, 0, 0, 0).of(changed(step, channel=Channel.SMS)) == 0
