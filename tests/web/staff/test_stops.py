"""Somebody said stop to a person at the desk."""

import pytest

from campaigns.domain.steps import Channel, Purpose
from campaigns.store import consents
from campaigns.store.engine import transaction
from tests.factories import NUMBER, SERVICE_TEXTS

WORDS = "Take me off the list, please.\r\nAll of it."


@pytest.fixture
def ada(office):
    """Somebody with a number and an email; gives the registration."""
    return office.world.registration(office.world.session(), SERVICE_TEXTS, first_name="Ada", last_name="Byron")


def stopped(office) -> set[Channel]:
    known = {Channel.EMAIL: "sam1@example.com", Channel.SMS: NUMBER}
    with transaction(office.runtime.engine) as db:
        return {one for one, address in known.items() if consents.stopped(db, one, address, Purpose.SERVICE)}


@pytest.mark.parametrize(
    ("what", "channels"),
    [("texts", {Channel.SMS}), ("emails", {Channel.EMAIL}), ("both", {Channel.EMAIL, Channel.SMS})],
)
def test_what_they_said_stops_and_is_kept_word_for_word(office, ada, what, channels):
    answer = office.post(f"/staff/people/{ada}/stop", what=what, words=WORDS)
    assert answer.headers["location"] == f"/staff/people/{ada}?done=stopped"
    assert "The stop is noted." in office.page(answer.headers["location"])
    assert stopped(office) == channels
    if Channel.SMS in channels:
        (evidence,) = [row[0] for row in office.world.sql("SELECT evidence FROM consent WHERE NOT granted")]
        assert evidence == {"means": "staff", "scope": "all", "words": WORDS, "staff": office.me}
    assert office.record() == [("stop noted", f"registration:{ada}")]
    assert "list" not in str(office.world.one("SELECT detail FROM audit"))


def test_nothing_goes_out_from_then_on(office, ada):
    office.post(f"/staff/people/{ada}/stop", what="both", words=WORDS)
    assert office.world.work() == 0
    said = office.page(f"/staff/people/{ada}")
    assert "Emails are stopped said stop, today 12:00" in said and "Texts are stopped said stop, today 12:00" in said
    assert "Texts today 12:00, said stop to staff" in said


def test_noting_it_twice_changes_nothing(office, ada):
    for _ in range(2):
        assert office.post(f"/staff/people/{ada}/stop", what="texts", words=WORDS).status_code == 303
    assert office.world.one("SELECT count(*) FROM suppression") == 1
    assert office.world.one("SELECT count(*) FROM consent WHERE NOT granted") == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"what": "both"}, "words"),
        ({"what": "both", "words": "  "}, "words"),
        ({"what": "both", "words": "x" * 1001}, "words"),
        ({"what": "both", "words": "no\x00more"}, "words"),
        ({"words": WORDS}, "what"),
        ({"what": "letters", "words": WORDS}, "what"),
    ],
)
def test_a_form_that_is_not_whole_stops_nothing_and_keeps_what_was_typed(office, ada, fields, field):
    answer = office.post(f"/staff/people/{ada}/stop", **fields)
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text and "Nothing was stopped." in answer.text
    assert stopped(office) == set() and office.record() == []
    if field == "what":
        assert "All of it.</textarea>" in answer.text
    else:
        assert 'value="both" required checked' in answer.text


@pytest.mark.parametrize("raw", ["%ED%A0%80", "%FF%FE", "a%00b"])
def test_bytes_that_are_no_text_are_asked_for_again(office, ada, raw):
    body = f"csrf={office.token}&what=both&words={raw}"
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = office.client.post(f"/staff/people/{ada}/stop", content=body, headers=kind)
    assert answer.status_code == 422 and "characters that we could not read" in answer.text
    assert stopped(office) == set()


def test_a_file_in_the_place_of_words_stops_nothing(office, ada):
    files = {"words": ("words.txt", b"stop it", "text/plain")}
    data = {"csrf": office.token, "what": "both"}
    assert office.client.post(f"/staff/people/{ada}/stop", data=data, files=files).status_code == 422
    assert stopped(office) == set()


def test_a_thousand_characters_are_not_too_many(office, ada):
    assert office.post(f"/staff/people/{ada}/stop", what="texts", words="x" * 1000).status_code == 303


def test_of_somebody_without_a_number_only_emails_can_be_stopped(office):
    registration = office.world.registration(office.world.session())
    html = office.get(f"/staff/people/{registration}").text
    assert 'value="emails"' in html and 'value="texts"' not in html
    answer = office.post(f"/staff/people/{registration}/stop", what="texts", words=WORDS)
    assert answer.status_code == 422 and "No mobile number is known" in answer.text
    assert office.post(f"/staff/people/{registration}/stop", what="both", words=WORDS).status_code == 303
    assert stopped(office) == {Channel.EMAIL}


@pytest.mark.parametrize("number", ["999", "9" * 25])
def test_nobody_there_is_not_found(office, number):
    assert office.post(f"/staff/people/{number}/stop", what="both", words=WORDS).status_code == 404


def test_a_form_without_the_token_stops_nothing(office, ada):
    assert office.post(f"/staff/people/{ada}/stop", what="both", words=WORDS, csrf="stolen").status_code == 403
    assert office.get(f"/staff/people/{ada}/stop").status_code == 405
    assert stopped(office) == set()


def test_the_attendance_of_one_person_is_set_with_a_reason(office, ada):
    assert "Set the attendance" not in office.page(f"/staff/people/{ada}")
    office.world.clock.forward(days=11)
    assert "Set the attendance" in office.page(f"/staff/people/{ada}")
    answer = office.post(f"/staff/people/{ada}/attendance", finding="attended", why="She asked the first question.")
    assert answer.headers["location"] == f"/staff/people/{ada}?done=attendance"
    page = office.page(answer.headers["location"])
    assert "The attendance is set." in page and "Set before: “She asked the first question.”" in page
    assert office.record()[-1] == ("attendance set", f"registration:{ada}")


@pytest.mark.parametrize(
    ("fields", "field"), [({}, "why"), ({"why": "So."}, "finding"), ({"finding": "x", "why": "y"}, "finding")]
)
def test_an_attendance_that_is_not_whole_is_shown_again(office, ada, fields, field):
    office.world.clock.forward(days=11)
    answer = office.post(f"/staff/people/{ada}/attendance", **fields)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_operations_may_not_set_an_attendance(office, ada):
    office.world.clock.forward(days=11)
    office.sign_in("operations")
    assert "Set the attendance" not in office.page(f"/staff/people/{ada}")
    assert office.post(f"/staff/people/{ada}/attendance", finding="attended", why="So.").status_code == 403
