"""Depths, signs of life and watermarks."""

from datetime import timedelta

import pytest

from campaigns.domain.steps import Channel, Priority
from campaigns.store import report_health
from campaigns.store.engine import transaction
from tests.factories import DAY, HOUR, NOON, SERVICE_TEXTS
from tests.offices import furnished, furnished_world

__all__ = ["furnished"]


@pytest.fixture
def world(furnished):
    """The starter campaign."""
    with furnished_world(furnished) as found:
        yield found


def test_queues_are_measured_one_by_one(world):
    session = world.session(4 * HOUR)
    world.registration(session, SERVICE_TEXTS)
    world.dispatch()
    world.sql("UPDATE delivery SET status = 2 WHERE channel = 'sms' AND status = 1")
    world.registration(session)
    now = world.clock.forward(minutes=1)
    with transaction(world.engine) as db:
        found = {(one.channel, one.priority): one for one in report_health.depths(db, now)}
        assert report_health.last_claimed_at(db) == NOON
    assert found.keys() == {(channel, priority) for channel in Channel for priority in Priority}
    email, sms = found[Channel.EMAIL, Priority.URGENT], found[Channel.SMS, Priority.URGENT]
    assert (email.due, email.oldest_due_at, email.queued, email.sending) == (1, NOON, 1, 0)
    assert (sms.due, sms.oldest_due_at, sms.queued, sms.sending) == (0, None, 0, 1)
    assert found[Channel.EMAIL, Priority.BULK].due == 0


def test_the_latest_sign_of_each_rhythm_comes_first(world):
    for name, scheduler, ago in (("plan", "a", 9), ("plan", "b", 2), ("dispatch", "a", 1)):
        at = NOON - timedelta(seconds=ago)
        world.sql("INSERT INTO rhythm VALUES (:n, :s, :at, 5, 7)", n=name, s=scheduler, at=at)
    with transaction(world.engine) as db:
        found = [(one.name, one.scheduler, one.took_ms, one.acted) for one in report_health.signs_of_life(db)]
        assert report_health.last_claimed_at(db) is None
    assert found == [("dispatch", "a", 5, 7), ("plan", "b", 5, 7), ("plan", "a", 5, 7)]


def test_watermarks_leave_out_what_is_over(world):
    world.session(-DAY)
    session = world.session(DAY)
    with transaction(world.engine) as db:
        (mark,) = report_health.watermarks(db, NOON)
    assert (mark.session_id, mark.slug, mark.planned_until) == (session, "si-joint-runners", None)
