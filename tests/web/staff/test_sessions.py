"""Moving and cancelling: a preview that counts, a tick, one press, and nothing on a preview that is no longer true."""

import re

import pytest

from campaigns.errors import Rejected
from campaigns.web.staff.sessions import Wish
from tests.factories import DAY, HOUR, MINUTE, SERVICE_TEXTS

NY = "America/New_York"
LATER = {"day": "2027-03-18", "start": "18:00", "zone": NY}


@pytest.fixture
def session(office):
    """A session on Thursday, March 11, at noon, with two people in two zones."""
    found = office.world.session(10 * DAY)
    office.world.registration(found, SERVICE_TEXTS)
    office.world.registration(found, zone="America/Los_Angeles")
    return found


def test_the_form_starts_from_the_date_it_has(office, session):
    html = office.get(move(office, session)).text
    assert 'value="2027-03-11"' in html and 'value="12:00"' in html
    said = office.page(move(office, session))
    assert "Thursday 11 March 2027, 12:00–12:30 EST" in said
    assert "2 people coming" in said
    assert "Move and tell" not in said


def test_the_preview_counts_who_is_told_and_says_the_new_time_on_three_clocks(office, session):
    said = office.page(move(office, session, **LATER))
    assert "2 emails at once" in said
    assert "No texts : neither date is near enough" in said
    assert "2 places are kept" in said
    assert "0 messages planned for the old date fall away" in said
    assert "The new time is right: Thursday 18 March 2027, 18:00 in New York (15:00 Los Angeles)." in said
    assert "Move and tell 2 people" in said and "Keep the old time" in said
    assert "A week before Thu 4 Mar, 10:00 theirs" in said


def test_looking_changes_nothing(office, session):
    office.page(move(office, session, **LATER))
    assert office.world.one("SELECT revision FROM webinar_session WHERE id = :id", id=session) == 1


def test_one_press_moves_it_and_puts_that_on_record(office, session):
    answer = office.post(move(office, session), **LATER, fingerprint=seen(office, session), confirm="yes")
    assert (answer.status_code, answer.headers["location"]) == (303, office.webinar(f"?session={session}&done=moved"))
    found = office.world.sql(
        "SELECT revision, starts_at, ends_at - starts_at FROM webinar_session WHERE id = :id", id=session
    )
    assert [found[0][0], found[0][1].isoformat(), found[0][2]] == [2, "2027-03-18T22:00:00+00:00", 30 * MINUTE]
    assert office.record()[-1] == ("session moved", f"session:{session}")
    assert "in 17 days, moved" in office.page(answer.headers["location"])


def test_without_the_tick_nothing_moves(office, session):
    answer = office.post(move(office, session), **LATER, fingerprint=seen(office, session))
    assert answer.status_code == 422
    assert "Tick the sentence first" in answer.text and 'aria-invalid="true"' in answer.text
    assert office.world.one("SELECT revision FROM webinar_session WHERE id = :id", id=session) == 1


def test_numbers_that_changed_meanwhile_bring_the_preview_back(office, session):
    fingerprint = seen(office, session)
    office.world.registration(session)
    answer = office.post(move(office, session), **LATER, fingerprint=fingerprint, confirm="yes")
    assert answer.status_code == 409
    assert "Nothing was moved." in answer.text and "Move and tell 3 people" in answer.text
    assert office.world.one("SELECT revision FROM webinar_session WHERE id = :id", id=session) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"day": "2027-02-01"}, "The new start lies in the past"),
        ({"day": "soon"}, "Write the day as year-month-day"),
        ({"start": "six"}, "Write the hour on a 24-hour clock"),
        ({"zone": "Mars/Base"}, "Choose a zone from the list"),
        ({"day": "2027-03-14", "start": "02:30"}, "This hour is skipped on that day"),
        ({"day": "2027-03-11", "start": "12:00"}, "This is the date it has already"),
    ],
)
def test_a_date_that_cannot_be_is_refused_at_its_field(office, session, changed, said):
    wish = {**LATER, **changed}
    shown = office.client.get(move(office, session), params=wish)
    pressed = office.post(move(office, session), **wish, fingerprint="x", confirm="yes")
    for answer in (shown, pressed):
        assert answer.status_code == 422
        assert said in answer.text and 'aria-invalid="true"' in answer.text
        assert "Move and tell" not in answer.text


def test_a_session_that_is_cancelled_or_over_cannot_be_moved(office, session):
    office.clock.forward(days=30)
    answer = office.client.get(move(office, session), params={**LATER, "day": "2027-06-01"})
    assert answer.status_code == 422
    assert "This session cannot be moved." in answer.text


def test_what_is_planned_for_the_old_date_falls_away(office):
    session = office.world.session(3 * HOUR)
    office.world.registration(session, SERVICE_TEXTS)
    said = office.page(move(office, session, **LATER))
    assert "2 messages planned for the old date fall away" in said


def test_a_near_move_texts_those_who_agreed_and_says_what_comes_too_late(office):
    session = office.world.session(30 * HOUR)
    office.world.registration(session, SERVICE_TEXTS)
    said = office.page(move(office, session, day="2027-03-02", start="13:00", zone=NY))
    assert "1 text at once , because the old or the new start is near" in said
    assert "Too late for the new date, so skipped:" in said


def test_people_who_would_be_asleep_are_counted(office, session):
    said = office.page(move(office, session, day="2027-03-18", start="08:00", zone=NY))
    assert "1 person lives where it is then 05:00 , in the zone of Los Angeles" in said


def test_another_day_elsewhere_is_named(office):
    session = office.world.session(10 * DAY)
    office.world.registration(session, zone="Asia/Tokyo")
    said = office.page(move(office, session, **LATER))
    assert "18:00 in New York (Friday 07:00 Tokyo, 15:00 Los Angeles)" in said


def test_what_went_out_goes_again(office, session):
    office.world.work()
    office.world.live(office.clock() + 9.5 * DAY, 6 * HOUR)
    said = office.page(move(office, session, **LATER))
    assert "goes again Wed 17 Mar 18:00" in said
    assert "The day before sent to 2 stays sent, not repeated" in office.page(cancel(office, session))


def test_cancelling_counts_and_asks_for_a_tick(office, session):
    said = office.page(cancel(office, session))
    assert "2 emails at once : an apology" in said
    assert "0 planned messages fall away" in said
    assert "The day before Wed 10 Mar 12:00 falls away –" in said
    assert "It is right to cancel Thursday 11 March 2027, 12:00–12:30 EST and to tell 2 people." in said
    answer = office.post(cancel(office, session), fingerprint=fingerprint_in(office.get(cancel(office, session)).text))
    assert answer.status_code == 422 and "Tick the sentence first." in answer.text


def test_one_press_cancels_it_with_its_reason(office, session):
    fingerprint = fingerprint_in(office.get(cancel(office, session)).text)
    answer = office.post(
        cancel(office, session), fingerprint=fingerprint, confirm="yes", reason="  The doctor \n is ill. "
    )
    assert answer.headers["location"] == office.webinar(f"?session={session}&done=cancelled")
    assert office.world.sql("SELECT revision, cancelled_reason FROM webinar_session WHERE id = :id", id=session) == [
        (2, "The doctor is ill.")
    ]
    assert office.record()[-1] == ("session cancelled", f"session:{session}")


def test_cancelling_on_an_old_preview_brings_the_new_one(office, session):
    fingerprint = fingerprint_in(office.get(cancel(office, session)).text)
    office.world.registration(session)
    answer = office.post(cancel(office, session), fingerprint=fingerprint, confirm="yes")
    assert answer.status_code == 409
    assert "Nothing was cancelled." in answer.text and "Cancel and tell 3 people" in answer.text


def test_a_cancelled_session_is_not_cancelled_twice(office, session):
    fingerprint = fingerprint_in(office.get(cancel(office, session)).text)
    office.post(cancel(office, session), fingerprint=fingerprint, confirm="yes")
    assert office.get(cancel(office, session)).status_code == 422


@pytest.mark.parametrize("reason", ["x" * 301, "<b>ill</b>", "{{ clinic }}", "a\x07bell", "from\u202eright"])
def test_a_reason_that_could_not_stand_in_an_email_is_refused(office, session, reason):
    fingerprint = fingerprint_in(office.get(cancel(office, session)).text)
    answer = office.post(cancel(office, session), fingerprint=fingerprint, confirm="yes", reason=reason)
    assert answer.status_code == 422
    assert "email" in answer.text
    assert office.world.one("SELECT revision FROM webinar_session WHERE id = :id", id=session) == 1


@pytest.mark.parametrize("act", ["move", "cancel"])
def test_others_than_marketing_and_admin_may_neither_look_nor_press(office, session, act):
    path = office.webinar(f"/sessions/{session}/{act}")
    office.sign_in("operations")
    assert office.get(path).status_code == 403
    assert office.post(path, **LATER, confirm="yes", fingerprint="x").status_code == 403
    office.sign_in("admin")
    assert office.get(path).status_code == 200


@pytest.mark.parametrize("act", ["move", "cancel"])
def test_a_session_that_is_not_there_is_not_found(office, session, act):
    for path in (office.webinar(f"/sessions/999/{act}"), f"/staff/webinars/none/sessions/{session}/{act}"):
        assert office.client.get(path, params=LATER).status_code == 404
        assert office.post(path, **LATER, confirm="yes").status_code == 404


def test_seconds_in_an_hour_are_dropped():
    assert Wish("2027-03-18", "18:00:59", NY).starts_at().isoformat() == "2027-03-18T22:00:00+00:00"
    with pytest.raises(Rejected) as error:
        Wish("2027-03-18", "", NY).starts_at()
    assert error.value.field == "start"


def move(office, session, **wish) -> str:
    query = "&".join(f"{key}={value}" for key, value in wish.items())
    return office.webinar(f"/sessions/{session}/move{'?' + query if query else ''}")


def cancel(office, session) -> str:
    return office.webinar(f"/sessions/{session}/cancel")


def seen(office, session) -> str:
    return fingerprint_in(office.get(move(office, session, **LATER)).text)


def fingerprint_in(html: str) -> str:
    return re.search(r'name="fingerprint" value="([0-9a-f]+)"', html)[1]
