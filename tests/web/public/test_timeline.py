"""The timeline in words, over what the plan and the ledger say."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel, Purpose
from campaigns.operations import explain
from campaigns.store import webinars
from campaigns.store.engine import transaction
from campaigns.store.people import place, withdraw
from campaigns.web.public.timeline import Entry, whole

READS = (Channel.EMAIL, Purpose.EDUCATION)


def test_new_registration_reads_from_now_to_the_questions_after(house):
    found = timeline(house, house.place())
    assert [(entry.look, entry.at, entry.what) for entry in found] == [
        ("skipped", "Left out", "Some days to go, by email"),
        ("coming", "On its way", "Your confirmation, by email"),
        ("now", "Now", "You are here"),
        ("coming", "Wed, Mar\u00a010, 5:00\u00a0PM", "A reminder for tomorrow, by email"),
        ("coming", "Thu, Mar\u00a011, 4:00\u00a0PM", "Your link again, by email"),
        ("coming", "Thu, Mar\u00a011, 4:40\u00a0PM", "The doors open, by email"),
        ("class", "Thu, Mar\u00a011, 5:00\u00a0PM", "The class"),
        ("coming", "After the class", "The recording, by email"),
        ("coming", "A few days later", "Two short questions, by email"),
    ]


def test_what_was_sent_says_when(house):
    registration = house.place()
    settle(house, registration, "C0", Status.SENT, sent_at=house.clock.now)
    assert timeline(house, registration)[1] == Entry(
        "sent", "Sent Mon, Mar\u00a01, 11:00\u00a0AM", "Your confirmation, by email"
    )


def test_what_came_back_says_so(house):
    registration = house.place()
    settle(house, registration, "C0", Status.BOUNCED, sent_at=house.clock.now, reason="550")
    assert timeline(house, registration)[1].why == "It came back: your mailbox did not take it."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("expired", "Not sent: it would have come too late to help."),
        ("suppressed", "Not sent: you stopped these messages."),
        ("nearer_message", "Not sent: another message said the same."),
    ],
)
def test_what_was_skipped_says_why(house, reason, words):
    registration = house.place()
    settle(house, registration, "C0", Status.SKIPPED, reason=reason)
    first = timeline(house, registration)[1]
    assert (first.look, first.why) == ("skipped", words)


def test_what_was_skipped_for_our_own_reasons_is_left_out(house):
    registration = house.place()
    settle(house, registration, "C0", Status.SKIPPED, reason="superseded")
    assert "Your confirmation, by email" not in [entry.what for entry in timeline(house, registration)]


def test_late_registration_is_told_which_reminders_it_missed(house):
    house.clock.now = house.starts_at - timedelta(hours=3)
    registration = house.place()
    missed = [entry.what for entry in timeline(house, registration) if entry.at == "Left out"]
    assert missed == ["Some days to go, by email", "A reminder for tomorrow, by email"]


def test_place_that_was_given_up_keeps_its_receipt_only(house):
    registration = house.place()
    with transaction(house.runtime.engine) as db:
        withdraw(db, registration, house.clock.now)
    assert [entry.what for entry in timeline(house, registration)] == ["Your receipt for cancelling, by email"]


def test_cancelled_class_is_announced_and_nothing_else_comes(house):
    registration = house.place()
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "", house.clock.now + timedelta(seconds=1))
    found = [entry.what for entry in timeline(house, registration)]
    assert found == ["The class is cancelled, by email"]


def test_moved_class_is_announced(house):
    registration = house.place()
    later = house.starts_at + timedelta(days=1)
    with transaction(house.runtime.engine) as db:
        moved = house.clock.now + timedelta(seconds=1)
        webinars.move_session(db, house.session_id, later, later + timedelta(minutes=30), moved)
    assert "The new time, by email" in [entry.what for entry in timeline(house, registration)]


def test_reads_and_news_come_only_to_those_who_asked(house):
    asked = house.place(consents={READS: house.boxes["email-education"]})
    news = house.place(
        email="news@example.com", consents={(Channel.EMAIL, Purpose.MARKETING): house.boxes["email-marketing"]}
    )
    assert [entry.what for entry in timeline(house, asked)].count("A short read, by email") == 8
    assert "News from the clinic, by email" in [entry.what for entry in timeline(house, news)]


def test_nobody_stands_on_a_line_that_lies_behind(house):
    registration = house.place()
    with transaction(house.runtime.engine) as db:
        webinars.finish_attendance(db, house.session_id, house.clock.now)
        db.execute(text("DELETE FROM delivery WHERE registration_id = :id"), {"id": registration})
    house.clock.now = datetime(2027, 6, 1, tzinfo=UTC)
    assert "now" not in [entry.look for entry in timeline(house, registration)]


def test_after_the_class_the_recording_and_the_questions_have_their_day(house):
    registration = house.place()
    with transaction(house.runtime.engine) as db:
        webinars.finish_attendance(db, house.session_id, house.starts_at + timedelta(hours=1))
        db.execute(text("UPDATE registration SET attendance = 'attended' WHERE id = :id"), {"id": registration})
    found = {entry.what: entry.at for entry in timeline(house, registration)}
    assert found["The recording, by email"] == "Fri, Mar\u00a012, 5:30\u00a0PM"
    assert found["Two short questions, by email"] == "Sat, Mar\u00a013, 10:00\u00a0AM"


def timeline(house, registration) -> list[Entry]:
    with transaction(house.runtime.engine) as db:
        found = place(db, registration)
        milestones = explain.timeline(db, found, house.runtime.hours, house.clock.now)
    return whole(milestones, found, house.clock.now)


def settle(house, registration, key, status, *, sent_at=None, reason=None) -> None:
    statement = text(
        "UPDATE delivery SET status = :status, sent_at = :sent_at, reason = :reason FROM step"
        " WHERE step.id = step_id AND step.key = :key AND registration_id = :id"
    )
    facts = {"status": int(status), "sent_at": sent_at, "reason": reason, "key": key, "id": registration}
    with transaction(house.runtime.engine) as db:
        assert db.execute(statement, facts).rowcount == 1
