"""Adding a session, and saying where one takes place."""

import pytest

from tests.factories import DAY

NEW = {"day": "2027-04-01", "start": "18:00", "zone": "America/New_York", "minutes": "45", "capacity": "80"}


def test_a_new_session_stands_in_the_plan_and_on_the_record(office):
    answer = office.post(office.webinar("/sessions/new"), **NEW)
    assert answer.status_code == 303
    [row] = office.world.sql("SELECT starts_at, ends_at - starts_at, capacity FROM webinar_session")
    assert (row[0].isoformat(), row[1].total_seconds(), row[2]) == ("2027-04-01T22:00:00+00:00", 2700, 80)
    assert "The session is added." in office.page(answer.headers["location"])
    assert office.record()[-1][0] == "session added"


def test_the_form_asks_and_changes_nothing(office):
    assert "Places (empty: no limit)" in office.page(office.webinar("/sessions/new"))
    assert office.world.one("SELECT count(*) FROM webinar_session") == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"day": "2020-01-01"}, "This start lies in the past."),
        ({"day": "soon"}, "Write the day as year-month-day"),
        ({"minutes": "1"}, "from 5 minutes to 8 hours"),
        ({"minutes": ""}, "from 5 minutes to 8 hours"),
        ({"minutes": "half an hour"}, "Write a whole number in digits."),
        ({"capacity": "0"}, "how many places there are"),
    ],
)
def test_a_fault_is_named_at_its_field_and_nothing_typed_is_lost(office, fields, said):
    answer = office.post(office.webinar("/sessions/new"), **NEW | fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{(NEW | fields)["minutes"]}"' in answer.text
    assert office.world.one("SELECT count(*) FROM webinar_session") == 0


def test_two_sessions_never_start_at_the_same_time(office):
    office.post(office.webinar("/sessions/new"), **NEW)
    assert "at this very time already" in office.post(office.webinar("/sessions/new"), **NEW).text


def test_a_session_without_a_number_of_places_has_no_limit(office):
    office.post(office.webinar("/sessions/new"), **NEW | {"capacity": ""})
    assert office.world.one("SELECT capacity FROM webinar_session") is None


def test_the_room_and_the_recording_are_saved(office):
    session = office.world.session(10 * DAY)
    where = office.webinar(f"/sessions/{session}/links")
    answer = office.post(where, room_url="https://room.example/1", replay_url="")
    assert answer.status_code == 303
    assert 'value="https://room.example/1"' in office.get(where).text
    assert office.record()[-1] == ("session links set", f"session:{session}")


def test_an_address_that_is_none_is_named_at_its_field(office):
    session = office.world.session(10 * DAY)
    answer = office.post(office.webinar(f"/sessions/{session}/links"), room_url="room 5", replay_url="")
    assert answer.status_code == 422
    assert "not a full web address" in answer.text
    assert 'value="room 5"' in answer.text


TALK = {
    "media_url": "https://media.example/talk.mp4",
    "captions_url": "/media/talk.vtt",
    "talk": "9:40",
    "transcript": "One.\r\n\r\nTwo.",
}


def test_the_talk_is_saved_and_shown_again(office):
    session = office.world.session(10 * DAY)
    where = office.webinar(f"/sessions/{session}/links")
    assert office.post(where, **TALK).status_code == 303
    row = office.world.sql("SELECT media_url, captions_url, talk_seconds, transcript FROM webinar_session")[0]
    assert tuple(row) == ("https://media.example/talk.mp4", "/media/talk.vtt", 580, "One.\n\nTwo.")
    page = office.get(where).text
    assert (
        'value="9:40"' in page
        and 'value="https://media.example/talk.mp4"' in page
        and "One.\n\nTwo.</textarea>" in page
    )
    assert office.record() == [("session links set", f"session:{session}"), ("session talk set", f"session:{session}")]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"media_url": "http://media.example/talk.mp4"}, "begins with https://"),
        ({"captions_url": "/media/talk.txt"}, "must end in .vtt"),
        ({"talk": "nine minutes"}, "minutes and seconds, such as 9:40"),
        ({"talk": "9:75"}, "minutes and seconds, such as 9:40"),
        ({"talk": "0"}, "A talk lasts up to 8 hours"),
        ({"transcript": "bell \x07"}, "Paste it as plain text"),
    ],
)
def test_a_fault_of_the_talk_is_named_and_nothing_is_saved(office, fields, said):
    session = office.world.session(10 * DAY)
    answer = office.post(
        office.webinar(f"/sessions/{session}/links"), room_url="https://room.example/1", **TALK | fields
    )
    assert answer.status_code == 422
    assert said in answer.text and answer.text.count('aria-invalid="true"') == 1
    assert 'value="https://room.example/1"' in answer.text
    assert tuple(office.world.sql("SELECT room_url, media_url FROM webinar_session")[0]) == ("", "")


def test_operations_may_look_but_not_change(office):
    office.sign_in("operations")
    session = office.world.session(10 * DAY)
    for path in ("/sessions/new", f"/sessions/{session}/links"):
        assert office.get(office.webinar(path)).status_code == 403
        assert office.post(office.webinar(path)).status_code == 403


def test_an_unknown_webinar_or_session_is_not_found(office):
    assert office.post("/staff/webinars/none/sessions/new", **NEW).status_code == 404
    assert office.post(office.webinar("/sessions/99/links"), room_url="", replay_url="").status_code == 404
