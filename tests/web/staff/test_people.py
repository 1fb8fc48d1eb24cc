"""One registrant: ahead, now, behind; and every step that never went, with its reason."""

import pytest
from sqlalchemy import text

from campaigns.domain.codes import Asking
from campaigns.domain.steps import Channel
from campaigns.domain.watching import Shares
from campaigns.operations.erase import erase
from campaigns.operations.revoke import Revocation, revoke
from campaigns.operations.watch import keep_beat
from campaigns.store import asked, consents, talks
from campaigns.store.consents import Answer
from campaigns.store.engine import transaction
from campaigns.store.talks import Talk
from campaigns.store.viewings import Beat
from tests.factories import DAY, HOUR, LESSONS, MINUTE, NUMBER, SERVICE_TEXTS
from tests.web.staff import letterbox


def test_everything_stands_in_one_list_around_now(office):
    session = office.world.session(10 * DAY)
    registration = office.world.registration(session, SERVICE_TEXTS, first_name="Ada", last_name="Byron")
    office.world.work()
    office.clock.forward(minutes=1)
    said = office.page(f"/staff/people/{registration}")
    assert "Ada Byron coming Thu 11 Mar 12:00 EST registered today 12:00 on the registration page" in said
    order = [
        "Ahead, if nothing changes",
        "The day before",
        "Now: Monday 1 March, 12:01 here",
        "Confirmation Sent 12:00:00",
        "Registered For Thu 11 Mar 12:00",
    ]
    assert [said.index(word) for word in order] == sorted(said.index(word) for word in order)
    assert "Email: Is it your SI joint? Will not go: no consent. Preview will skip" in said
    assert "not known yet Email: Missed it: the recording Waits for attendance. Preview waits" in said
    assert "The date has moved" not in said
    assert "Email: A week before Not sent: registered too late for it. Preview skipped" in said
    assert "Email: Doors open Not sent: not for this person. Preview skipped Details" in said


def test_somebody_who_erased_themselves_is_shown_as_that(office):
    registration = office.world.registration(office.world.session(10 * DAY), LESSONS, first_name="Ada")
    email = office.world.place(registration).email
    office.world.dispatch()
    office.clock.forward(minutes=1)
    with transaction(office.runtime.engine) as db:
        assert erase(db, registration, office.runtime.guard, office.clock())
    said = office.page(f"/staff/people/{registration}")
    assert "Erased gave the place back" in said and "erased their data today 12:01" in said
    assert "Email erased Phone erased" in said
    assert "Ada" not in said and email not in said and "Note a stop" not in said
    assert "Confirmation Not sent: erased their data." in said
    delivery = office.delivery_id(registration, "C0")
    assert office.get(f"/staff/deliveries/{delivery}").status_code == 200


def test_what_somebody_watched_is_shown_beside_their_attendance(office):
    session = office.world.session(HOUR)
    registration = office.world.registration(session)
    assert "Watched" not in office.page(f"/staff/people/{registration}")
    with transaction(office.runtime.engine) as db:
        talks.set_talk(db, session, Talk("/media/talk.mp4", talk_seconds=600))
    for minutes, tenths in ((65, 5800), (60, 610)):
        office.clock.forward(minutes=minutes)
        with transaction(office.runtime.engine) as db:
            said = Beat(registration, session, office.clock() - HOUR, ((0, tenths),))
            keep_beat(db, said, Shares(), office.clock())
    said = office.page(f"/staff/people/{registration}")
    assert "Attendance attended" in said
    assert "Watched 1:01 of 10:00 of the recording; last today 14:05" in said
    assert "Watched 9:40 of 10:00 with the class, all of it; last today 13:05" in said


def test_what_came_too_late_says_so(office):
    session = office.world.session(5 * HOUR)
    registration = office.world.registration(session)
    said = office.page(f"/staff/people/{registration}")
    assert "Email: The day before Not sent: registered too late for it. Preview skipped" in said


def test_the_other_clock_is_shown_where_it_differs(office):
    session = office.world.session(10 * DAY)
    registration = office.world.registration(session, zone="America/Los_Angeles")
    said = office.page(f"/staff/people/{registration}")
    assert "coming Thu 11 Mar 12:00 EST (09:00 theirs)" in said
    assert "12:00 here, 09:00 theirs" in said
    assert "09:00 their time. No use after" in said


def test_consents_name_the_wording_and_how_they_were_given(office):
    session = office.world.session()
    registration = office.world.registration(session, SERVICE_TEXTS, LESSONS)
    person = office.world.place(registration)
    with transaction(office.runtime.engine) as db:
        no = Answer(channel=Channel.EMAIL, purpose=LESSONS[1], granted=False, address=person.email, means="one_click")
        consents.record(db, person.registrant_id, no, office.clock())
        consents.suppress(
            db, Channel.EMAIL, person.email, LESSONS[1], reason="unsubscribed", source="t", now=office.clock()
        )
        consents.suppress(db, Channel.SMS, person.phone, None, reason="invalid", source="t", now=office.clock())
    said = office.page(f"/staff/people/{registration}")
    assert f"Texts today 12:00, wording {office.world.wordings[SERVICE_TEXTS]}, box ticked Words shown" in said
    assert "Education today 12:00, stopped by one click in the mail program" in said
    assert "Marketing not given" in said
    assert "Emails (education) are stopped said stop, today 12:00" in said
    assert "Texts are stopped cannot be reached, today 12:00" in said


def test_a_yes_that_waits_for_a_code_is_shown_until_it_counts(office):
    registration = office.world.registration(office.world.session(), phone=NUMBER)
    assert "Texts wait for a code" not in office.page(f"/staff/people/{registration}")
    with transaction(office.runtime.engine) as db:
        asked.ask_for_texts(db, registration, Asking(NUMBER, None, office.clock()), first=False)
        asked.note_wrong_code(db, registration)
    assert "Texts wait for a code asked today 12:00, 1 wrong code " in office.page(f"/staff/people/{registration}")
    office.clock.forward(minutes=30)
    said = office.page(f"/staff/people/{registration}")
    assert "Texts wait for a code asked today 12:00, 1 wrong code, ended" in said


def test_a_box_of_another_kind_is_named_by_what_it_is(office):
    registration = office.world.registration(office.world.session())
    person = office.world.place(registration)
    with transaction(office.runtime.engine) as db:
        odd = Answer(channel=Channel.SMS, purpose=LESSONS[1], granted=True, address="+12075550123", means="staff")
        consents.record(db, person.registrant_id, odd, office.clock())
    said = office.page(f"/staff/people/{registration}")
    assert "sms education today 12:00, told staff" in said
    assert "Not suppressed on any channel." in said


def test_operations_see_addresses_masked_and_marketing_in_full(office):
    registration = office.world.registration(office.world.session(), SERVICE_TEXTS)
    assert "sam1@example.com Phone +12075550123" in office.page(f"/staff/people/{registration}")
    office.sign_in("operations")
    said = office.page(f"/staff/people/{registration}")
    assert "Email s…@e….com Phone +1…0123" in said and "sam1@" not in said


def test_someone_without_a_number_is_shown_without_one(office):
    registration = office.world.registration(office.world.session())
    assert "Phone not given" in office.page(f"/staff/people/{registration}")


def test_other_sessions_of_the_same_person_are_linked(office):
    first, second = office.world.session(DAY), office.world.session(9 * DAY)
    one = office.world.registration(first, email="ada@example.com")
    two = office.world.registration(second, email="ada@example.com")
    office.world.sql("UPDATE registration SET withdrawn_at = registered_at WHERE id = :id", id=two)
    said = office.page(f"/staff/people/{one}")
    assert "Also theirs Runners' class, Wed 10 Mar 12:00 gave the place back" in said.replace("’", "'")
    assert "not known yet" in office.page(f"/staff/people/{two}").partition("Also theirs")[2]


def test_who_gave_the_place_back_is_shown_as_such(office):
    registration = office.world.registration(office.world.session(10 * DAY))
    office.clock.forward(minutes=1)
    office.world.sql("UPDATE registration SET withdrawn_at = :now", now=office.clock())
    office.world.sql("UPDATE delivery SET status = 5, reason = 'withdrawn' WHERE status = 0")
    said = office.page(f"/staff/people/{registration}")
    assert "gave the place back, today 12:01 registered" in said
    assert "Gave the place back" in said
    assert "Not sent: gave their place back." in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "UPDATE webinar_session SET cancelled_at = now(), revision = 2",
            "was to come Thu 11 Mar 12:00 EST: cancelled",
        ),
        (
            "UPDATE webinar_session SET starts_at = starts_at - interval '40 days', ends_at = ends_at - interval '40 days'",
            "had a place",
        ),
        ("UPDATE registration SET confirm = false, source = 'import'", "Confirmation switched off by the import"),
        ("UPDATE registration SET attendance = 'left_early'", "Attendance left early"),
    ],
)
def test_what_is_special_about_a_place_is_said(office, change, said):
    registration = office.world.registration(office.world.session(10 * DAY))
    with transaction(office.runtime.engine) as db:
        db.execute(text(change))
    assert said in office.page(f"/staff/people/{registration}")


def test_when_all_is_over_nothing_more_is_to_come(office):
    session = office.world.session(HOUR)
    registration = office.world.registration(session)
    office.world.work()
    office.world.sql("UPDATE webinar_session SET attendance_final_at = now()")
    office.world.sql("UPDATE registration SET attendance = 'missed'")
    office.world.sql("UPDATE delivery SET status = 5, reason = 'expired' WHERE status = 0")
    office.clock.forward(days=60)
    said = office.page(f"/staff/people/{registration}")
    assert "Nothing more is to come" in said
    assert "Email: Missed it: the recording Not sent: useless by then. Preview skipped" in said


def test_what_failed_says_how(office):
    session = office.world.session()
    registration = office.world.registration(session)
    office.world.sql("UPDATE delivery SET status = 6, reason = '550 no such mailbox'")
    office.clock.forward(minutes=2)
    assert "Email: Confirmation Failed: 550 no such mailbox." in office.page(f"/staff/people/{registration}")


def test_a_planned_row_that_would_fall_says_so_beforehand(office):
    session = office.world.session(4 * HOUR)
    registration = office.world.registration(session, SERVICE_TEXTS)
    office.world.plan()
    person = office.world.place(registration)
    with transaction(office.runtime.engine) as db:
        consents.suppress(db, Channel.SMS, person.phone, None, reason="staff", source="t", now=office.clock())
    said = office.page(f"/staff/people/{registration}")
    assert "Text: Starts in 15 minutes Will not go: the address is suppressed. Preview will skip" in said


def test_what_is_with_a_lane_counts_as_ahead(office):
    session = office.world.session()
    registration = office.world.registration(session)
    office.world.dispatch()
    office.clock.now += 5 * MINUTE
    said = office.page(f"/staff/people/{registration}")
    assert said.index("Email: Confirmation") < said.index("Now: Monday")


def test_whatever_stops_an_address_or_makes_it_wait_is_said_with_its_reason(office):
    registration = office.world.registration(office.world.session(), SERVICE_TEXTS, email="ada@example.com")
    with transaction(office.runtime.engine) as db:
        for address, reason in (("ada@example.com", "complained"), (NUMBER, "bounced")):
            channel = Channel.EMAIL if "@" in address else Channel.SMS
            consents.suppress(db, channel, address, None, reason=reason, source="t", now=office.clock())
    reply = letterbox.text(office, "Maybe stop the long ones")
    said = office.page(f"/staff/people/{registration}")
    assert "Emails are stopped called a message spam, today 12:00" in said
    assert "Texts are stopped messages came back, today 12:00" in said
    assert "Texts wait what they wrote waits to be read, since today 12:00 · Read it" in said
    assert f'href="/staff/replies/{reply}"' in office.get(f"/staff/people/{registration}").text


def test_a_complaint_shows_as_what_it_was(office):
    registration = office.world.registration(office.world.session(), LESSONS, email="ada@example.com")
    with transaction(office.runtime.engine) as db:
        said = Revocation(Channel.EMAIL, "ada@example.com", None, means="complaint", words="", now=office.clock())
        revoke(db, said)
    assert "Education today 12:00, stopped at the provider, or called spam" in office.page(
        f"/staff/people/{registration}"
    )


def test_a_row_that_waits_for_a_person_is_ahead_and_says_why(office):
    registration = office.world.registration(office.world.session())
    office.world.sql("UPDATE delivery SET reason = 'unapproved'")
    office.clock.forward(minutes=10)
    said = office.page(f"/staff/people/{registration}")
    assert "Email: Confirmation Waits: no approval of these words is in force." in said
    assert said.index("Email: Confirmation") < said.index("Now: Monday")


@pytest.mark.parametrize("number", ["999", "9" * 25])
def test_a_registration_that_is_not_there_is_not_found(office, number):
    assert office.get(f"/staff/people/{number}").status_code == 404


def test_a_code_that_is_waited_for_is_told_and_only_where_one_was_asked_for(office):
    session = office.world.session(10 * DAY)
    plain = office.world.registration(session, SERVICE_TEXTS)
    asked = office.world.registration(session, SERVICE_TEXTS, prove_texts=True, first_name="Ada")
    office.world.work()
    office.clock.forward(minutes=1)
    said = office.page(f"/staff/people/{asked}")
    assert "Text: A code shows whose the number is Sent 12:00:00" in said
    assert "Text: Text reminders confirmed Not sent: no consent. Preview skipped" in said
    assert "A code shows" not in office.page(f"/staff/people/{plain}")
