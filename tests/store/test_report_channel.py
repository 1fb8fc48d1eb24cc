"""What the staff pages read about what comes back and what is held."""

from datetime import timedelta

import pytest

from campaigns.domain.steps import Channel
from campaigns.store import alerts, inbound, report_channel, staff
from campaigns.store.engine import transaction
from campaigns.store.receipts import store_arrival
from tests.factories import NOON, NUMBER, SERVICE_TEXTS
from tests.offices import furnished, furnished_world

__all__ = ["furnished"]


@pytest.fixture
def world(furnished):
    """The starter campaign."""
    with furnished_world(furnished) as found:
        yield found


def test_a_text_has_segments_and_looks_and_an_email_none(world):
    registration = world.registration(world.session(), SERVICE_TEXTS)
    text, email = world.delivery(registration, "C1").id, world.delivery(registration, "C0").id
    world.sql("UPDATE delivery SET segments = 2, looks = 1, look_at = :at", at=NOON + timedelta(minutes=3))
    with transaction(world.engine) as db:
        assert report_channel.text_facts(db, text) == report_channel.TextFacts(2, 1, NOON + timedelta(minutes=3))
        assert report_channel.text_facts(db, email) == report_channel.TextFacts(None, 0, None)
        assert report_channel.text_facts(db, 999) == report_channel.TextFacts(None, 0, None)


def test_names_stand_beside_ids(world):
    session = world.session()
    one = world.registration(session, first_name="Ada", last_name="Byron")
    two = world.registration(session, first_name="Sam", last_name="")
    member = employ(world, "Jo Reyes")
    with transaction(world.engine) as db:
        assert report_channel.names_of(db, [one, two, 999]) == {one: "Ada Byron", two: "Sam"}
        assert report_channel.names_of(db, []) == {}
        assert report_channel.staff_names(db)[member] == "Jo Reyes"
        titles = report_channel.session_titles(db, [session, 999])
    assert titles[session].starts_at == NOON + timedelta(days=10) and list(titles) == [session]


def test_what_is_closed_is_not_counted(world):
    write(world, urgent=True)
    write(world, urgent=False)
    closed = write(world, urgent=True)
    member = employ(world, "Jo Reyes")
    with transaction(world.engine) as db:
        assert report_channel.count_replies(db) == (3, 2)
        inbound.close(db, closed, member, NOON)
        assert report_channel.count_replies(db) == (2, 1)
        assert report_channel.closers(db, [closed, closed - 1]) == {closed: "Jo Reyes"}


def test_an_address_waits_until_its_hold_is_lifted(world):
    member = employ(world, "Jo Reyes")
    reply = write(world, urgent=False)
    here, there = (Channel.SMS, NUMBER), (Channel.EMAIL, "ada@example.com")
    with transaction(world.engine) as db:
        inbound.hold(db, *here, reply, NOON)
        inbound.hold(db, *there, reply, NOON)
        assert report_channel.held_among(db, [here, (Channel.EMAIL, NUMBER)]) == {here}
        assert report_channel.held_among(db, []) == set()
        both = report_channel.holds_of(db, "ada@example.com", NUMBER)
        inbound.lift_hold(db, *there, member, NOON)
        one = report_channel.holds_of(db, "ada@example.com", NUMBER)
        none = report_channel.holds_of(db, "ada@example.com", None)
    assert [(row.channel, row.at, row.inbound_id) for row in both] == [
        (Channel.SMS, NOON, reply),
        (Channel.EMAIL, NOON, reply),
    ]
    assert [row.channel for row in one] == [Channel.SMS] and none == []


def test_alerts_about_one_thing_are_those_not_cleared(world):
    member = employ(world, "Jo Reyes")
    with transaction(world.engine) as db:
        for kind, subject in (("person", "inbound:7"), ("review", "inbound:7"), ("review", "inbound:70")):
            alerts.raise_alert(db, kind, subject, "words", NOON)
        first, second = report_channel.alerts_about(db, "inbound:7")
        alerts.clear(db, first, member, NOON)
        assert report_channel.alerts_about(db, "inbound:7") == [second]


def write(world, *, urgent: bool) -> int:
    with transaction(world.engine) as db:
        arrival = store_arrival(db, "twilio", b"sealed", NOON)
        new = inbound.NewInbound(
            arrival_id=arrival,
            provider="twilio",
            event_id=f"SM{arrival}",
            channel=Channel.SMS,
            sender=NUMBER,
            body=b"sealed",
            meaning="question",
            matched="",
            urgent=urgent,
            registration_id=None,
            closed=False,
        )
        assert inbound.store(db, new, NOON)
    return world.one("SELECT max(id) FROM inbound")


def employ(world, name: str) -> int:
    with transaction(world.engine) as db:
        staff.add_member(db, email="jo@clinic.example", name=name, role="admin", password_hash="none", now=NOON)
        return staff.find_account(db, "jo@clinic.example").member.id
