"""Writing a message on a page."""

import html
import re

EDIT = "/staff/messages/survey/edit"
TEXT = "/staff/messages/starts-soon-sms/edit"


def test_the_form_holds_every_part_in_every_language_and_the_check_beside_it(office):
    page = office.get(EDIT).text
    for part in ("subject.en", "preheader.en", "body.en", "subject.es", "preheader.es", "body.es"):
        assert f'name="{part}"' in page
    assert "nothing to mend" in page and "as in the newest version" in page
    assert 'name="text.en"' in office.get(TEXT).text and 'name="claims"' not in office.get(TEXT).text


def test_a_draft_is_saved_sound_or_not_and_what_is_wrong_is_said_with_its_line(office):
    answer = office.post(EDIT, **fields(office, EDIT, {"body.en": "# Hello\n\nA {{ nobody }} breakthrough\n"}))
    assert answer.status_code == 303
    said = office.page(answer.headers["location"])
    assert "The draft is saved." in said and "draft of Jenna Whitfield" in said
    assert "body, line 3" in said and "nobody is not a name that templates know" in said
    assert "to mend" in said
    assert re.search(r"<button[^>]*disabled[^>]*>Publish the draft", office.get(EDIT).text)


def test_what_is_let_pass_with_a_reason_stops_nobody(office):
    office.post(
        EDIT,
        **fields(
            office, EDIT, {"body.en": "# A breakthrough\n\nTwo questions, then we stop.\n\n[Answer](manage_url)\n"}
        ),
    )
    assert 'name="allow.claim-breakthrough"' in office.get(EDIT).text
    why = "The doctor's own word for the new bench in the room."
    office.post(EDIT, **fields(office, EDIT, {"allow.claim-breakthrough": why}))
    page = office.page(EDIT)
    assert "allowed: The doctor's own word" in page


def test_what_no_reason_lets_pass_offers_none(office):
    office.post(EDIT, **fields(office, EDIT, {"body.en": "# Hello\n\n{{ nobody }}\n"}))
    assert 'name="allow.unknown-name"' not in office.get(EDIT).text


def test_two_who_write_at_once_lose_nothing(office):
    first = fields(office, EDIT, {"preheader.en": "Two questions from us."})
    assert office.post(EDIT, **first).status_code == 303
    second = {**first, "preheader.en": "Mine, which took me an hour."}
    answer = office.post(EDIT, **second)
    assert answer.status_code == 422
    assert "Someone else has saved this draft" in answer.text and "Mine, which took me an hour." in answer.text
    assert (
        'name="seen" value="0"' in answer.text and "Publish the draft" not in answer.text
    )  # not over what was not seen
    assert office.post(EDIT, **second).status_code == 422
    assert "Two questions from us." in office.get(EDIT).text


def test_a_draft_that_began_before_the_newest_version_says_so(office):
    """Such as when an update of the program brought other words meanwhile: publishing would take them back."""
    office.post(EDIT, **fields(office, EDIT, {"preheader.en": "Two questions from us."}))
    assert "A newer version was published" not in office.page(EDIT)
    office.world.reworded("survey")
    assert "A newer version was published after this draft was begun." in office.page(EDIT)


def test_what_cannot_be_kept_is_said_at_its_field(office):
    answer = office.post(EDIT, **fields(office, EDIT, {"preheader.en": "x" * 20_001}))
    assert answer.status_code == 422 and 'id="preheader-en-wrong"' in answer.text


def test_a_part_that_the_message_does_not_have_is_refused(office):
    answer = office.post(TEXT, **fields(office, TEXT, {"body.en": "# Hello"}))
    assert answer.status_code == 422 and "This message has no such part." in answer.text


def test_an_unknown_message_cannot_be_written(office):
    assert office.get("/staff/messages/no-such/edit").status_code == 404
    assert office.post("/staff/messages/no-such/edit", seen="0").status_code == 404


def test_hostile_words_are_shown_as_words(office):
    office.post(EDIT, **fields(office, EDIT, {"body.en": "</textarea><script>alert(1)</script>{{ 'a'*10**10 }}"}))
    page = office.get(EDIT).text
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page
    assert "to mend" in page


def fields(office, path, changed):
    """What a browser would send: everything in the form, with some of it changed."""
    page = office.get(path).text
    found = re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    sent = {name: html.unescape(text) for name, text in found}
    sent |= {"version_id": re.search(r'name="version_id" value="(\d+)"', page)[1]}
    sent |= {"seen": re.search(r'name="seen" value="(\d+)"', page)[1]}
    sent["claims"] = re.findall(r'name="claims" value="([^"]+)" checked', page)
    return {**sent, **changed}
