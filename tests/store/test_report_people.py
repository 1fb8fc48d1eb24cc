"""What is known about one person."""

import pytest

from campaigns.domain.steps import Attendance, Channel, Purpose
from campaigns.store import consents, report_people
from campaigns.store.consents import Answer
from campaigns.store.engine import transaction
from tests.factories import DAY, LESSONS, NOON, SERVICE_TEXTS
from tests.offices import furnished, furnished_world

__all__ = ["furnished"]


@pytest.fixture
def world(furnished):
    """The starter campaign."""
    with furnished_world(furnished) as found:
        yield found


def test_only_the_latest_answer_counts_with_the_words_it_was_given_to(world):
    registration = world.registration(world.session(), SERVICE_TEXTS, LESSONS)
    person = world.place(registration)
    with transaction(world.engine) as db:
        no = Answer(channel=Channel.EMAIL, purpose=Purpose.EDUCATION, granted=False, address=person.email, means="link")
        consents.record(db, person.registrant_id, no, NOON + DAY)
        texts, lessons = report_people.consents_of(db, person.registrant_id)
    assert (texts.channel, texts.purpose, texts.granted, texts.at, texts.means) == (*SERVICE_TEXTS, True, NOON, "form")
    assert texts.wording_id == world.wordings[SERVICE_TEXTS] and "text" in texts.wording_text.lower()
    assert (lessons.granted, lessons.at, lessons.means, lessons.wording_text) == (False, NOON + DAY, "link", "")


def test_what_stops_us_is_what_has_not_been_lifted(world):
    with transaction(world.engine) as db:
        for channel, address, purpose in (
            (Channel.EMAIL, "a@example.com", Purpose.MARKETING),
            (Channel.EMAIL, "b@example.com", None),
            (Channel.SMS, "+12075550123", None),
        ):
            consents.suppress(db, channel, address, purpose, reason="unsubscribed", source="t", now=NOON)
        both = report_people.suppressions_of(db, "a@example.com", "+12075550123")
        consents.lift(db, Channel.SMS, "+12075550123", None, NOON)
        one = report_people.suppressions_of(db, "a@example.com", None)
    assert sorted((row.channel, row.purpose) for row in both) == [("email", Purpose.MARKETING), ("sms", None)]
    assert [(row.channel, row.reason, row.at) for row in one] == [(Channel.EMAIL, "unsubscribed", NOON)]


def test_other_places_are_those_of_the_same_person_latest_first(world):
    sessions = [world.session(days * DAY) for days in (1, 9, 5)]
    places = [world.registration(session, email="ada@example.com") for session in sessions]
    world.registration(sessions[0])
    person = world.place(places[0])
    with transaction(world.engine) as db:
        found = report_people.other_places(db, person.registrant_id, places[0])
    assert [(one.registration_id, one.attendance, one.withdrawn_at) for one in found] == [
        (places[1], Attendance.UNKNOWN, None),
        (places[2], Attendance.UNKNOWN, None),
    ]
