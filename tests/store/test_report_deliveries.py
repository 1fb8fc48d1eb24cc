"""The ledger in lists, and one delivery."""

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel
from campaigns.store import report_deliveries as report
from campaigns.store.engine import transaction
from campaigns.store.report_deliveries import PAGE, Filter
from tests.factories import DAY, SERVICE_TEXTS
from tests.fakes import DEFER, REFUSE
from tests.offices import furnished, furnished_world

__all__ = ["furnished"]


@pytest.fixture
def world(furnished):
    """The starter campaign."""
    with furnished_world(furnished) as found:
        yield found


def test_filters_narrow_the_list_and_its_counts_leave_the_state_open(world):
    one, other = world.session(9 * DAY), world.session(10 * DAY)
    world.email.will(REFUSE)
    world.registration(one, SERVICE_TEXTS)
    world.work()
    world.registration(other)
    step = world.steps()["C0"].id
    with transaction(world.engine) as db:
        seen = {
            wanted: [(row.session_id, row.channel.value, row.status) for row in report.deliveries(db, wanted)]
            for wanted in (
                Filter(),
                Filter(session_id=one),
                Filter(step_id=step),
                Filter(channel="sms"),
                Filter(statuses=(Status.FAILED, Status.PLANNED)),
            )
        }
        counts = report.count_by_status(db, Filter(session_id=one, statuses=(Status.FAILED,)))
        assert report.step_name(db, step) == "Confirmation"
        assert report.step_name(db, 999) == ""
    text = (one, "sms", Status.SENT)
    failed, planned = (one, "email", Status.FAILED), (other, "email", Status.PLANNED)
    assert [sorted(rows) for rows in seen.values()] == [
        sorted([text, failed, planned]),
        sorted([text, failed]),
        sorted([failed, planned]),
        [text],
        sorted([failed, planned]),
    ]
    assert counts == {Status.FAILED: 1, Status.SENT: 1}


def test_pages_go_on_where_the_last_one_ended(world):
    session = world.session()
    for _ in range(PAGE + 3):
        world.registration(session)
    with transaction(world.engine) as db:
        first = report.deliveries(db, Filter())
        second = report.deliveries(db, Filter(), before=first[PAGE - 1].id)
    assert len(first) == PAGE + 1
    assert [row.id for row in first] == sorted((row.id for row in first), reverse=True)
    assert len(second) == 3 and second[0] == first[PAGE]


def test_everything_known_of_a_delivery_comes_in_one_row(world):
    session = world.session()
    registration = world.registration(session, SERVICE_TEXTS, zone="America/Chicago", first_name="Ada")
    world.work()
    with transaction(world.engine) as db:
        facts = report.delivery_facts(db, world.delivery(registration, "C1").id)
        assert report.delivery_facts(db, 999) is None
    assert (facts.row.channel, facts.row.address, facts.row.first_name) == (Channel.SMS, "+12075550123", "Ada")
    assert (facts.batch_size, facts.claimed_at, facts.person_zone) == (1, world.clock(), "America/Chicago")
    assert (facts.revision, facts.current_revision, facts.attempt, facts.provider_id) == (0, 1, 1, "provider-1")
    assert facts.template == "confirmation-sms" and facts.template_written_at == world.clock()


def test_attempts_and_neighbours_come_in_the_order_of_their_time(world):
    session = world.session(3 * DAY)
    registration = world.registration(session, SERVICE_TEXTS)
    world.email.will(DEFER, REFUSE)
    world.work()
    world.clock.forward(hours=1)
    world.work()
    with transaction(world.engine) as db:
        facts = report.delivery_facts(db, world.delivery(registration, "C0").id)
        tried = report.attempts_of(db, facts.row.id)
        near = report.near_it(db, facts.row)
    assert [(one.number, one.outcome, one.detail) for one in tried] == [
        (1, "deferred", "451 later"),
        (2, "refused", "550 no such mailbox"),
    ]
    assert [one.step_name for one in near] == ["Text reminders confirmed"]
