"""Questions to the doctor, on the staff's side."""

import pytest

from campaigns.operations.ask import Ear, ask
from campaigns.store.engine import transaction


@pytest.fixture
def asked(office):
    """Three questions of three people, the last of them urgent."""
    session = office.world.session()
    said = ["Can I run hills?", "Are hills <i>bad</i>?", "I cannot hold my urine. Is that normal?"]
    ear = Ear(office.runtime.seal, office.runtime.inbound_words)
    made = []
    for words in said:
        place = office.world.place(office.world.registration(session))
        with transaction(office.runtime.engine) as db:
            made.append(ask(db, ear, place, words, "page", office.clock()).question_id)
    return made


def test_nobody_waits_says_so(office):
    assert "Nobody waits for an answer" in office.page("/staff/questions")


def test_urgent_ones_come_first_and_words_are_plain_text(office, asked):
    html = office.get("/staff/questions").text
    assert html.index("hold my urine") < html.index("run hills")
    assert "Are hills &lt;i&gt;bad&lt;/i&gt;?" in html
    assert "Questions 3 to be answered, one of them urgent" in office.page("/staff/questions")


def test_looking_changes_nothing(office, asked):
    before = office.record()
    for path in ("/staff/questions", f"/staff/answers/new?question={asked[0]}"):
        office.page(path)
    assert office.record() == before


def test_from_questions_to_a_published_answer(office, asked):
    form = office.page(f"/staff/answers/new?question={asked[0]}&question={asked[1]}")
    assert "for 2 questions" in form and "Can I run hills?" in form
    made = office.post(
        "/staff/answers", question=[str(asked[0]), str(asked[1])], title="Hills", body="Slowly.\n\nThen more."
    )
    assert made.status_code == 303
    path = made.headers["location"].partition("?")[0]
    page = office.page(path)
    assert "waits for review" in page and "A clinician, or an administrator who did not write it" in page
    assert office.post(f"{path}/publish").status_code == 403
    office.sign_in("clinician", "Dr. Robin Hale")
    assert "Publish" in office.page(path)
    assert office.post(f"{path}/publish").status_code == 303
    assert "reviewed by Dr. Robin Hale" in office.page(path)
    assert office.world.one("SELECT count(*) FROM delivery WHERE answer_id IS NOT NULL") == 2
    assert [act for act, _ in office.record()][-2:] == ["answer written", "answer published"]


def test_a_faulty_answer_keeps_what_was_typed(office, asked):
    answer = office.post("/staff/answers", question=str(asked[0]), title="", body="Kept body")
    assert answer.status_code == 422
    assert "Say in one line what was asked" in answer.text and "Kept body" in answer.text


def test_a_draft_is_changed_and_taken_back(office, asked):
    path = office.post("/staff/answers", question=str(asked[0]), title="Hills", body="One").headers["location"]
    path = path.partition("?")[0]
    assert 'value="Hills"' in office.get(f"{path}/change").text
    assert office.post(path, title="Hills again", body="Two", public="yes").status_code == 303
    assert "Hills again" in office.page(path) and "also on the webinar’s page" in office.page(path)
    assert office.post(f"{path}/take-back").status_code == 303
    assert "3 waiting" in office.page("/staff/questions")


def test_a_question_is_closed_with_a_reason(office, asked):
    assert office.post(f"/staff/questions/{asked[0]}/close", reason="").status_code == 422
    assert office.post(f"/staff/questions/{asked[0]}/close", reason="called back").status_code == 303
    assert "2 waiting" in office.page("/staff/questions")


def test_operations_read_and_do_not_answer(office, asked):
    office.sign_in("operations", "Ops")
    assert "Answer those that are ticked" not in office.page("/staff/questions")
    assert office.get(f"/staff/answers/new?question={asked[0]}").status_code == 403
    assert office.post("/staff/answers", question=str(asked[0]), title="x", body="y").status_code == 403
    assert office.post(f"/staff/questions/{asked[0]}/close", reason="x").status_code == 403


@pytest.mark.parametrize("query", ["", "?question=x", "?question=999999999", "?question=-1", f"?question={'9' * 30}"])
def test_an_answer_to_nothing_is_refused_with_the_remedy(office, query):
    answer = office.get(f"/staff/answers/new{query}")
    assert answer.status_code == 422 and "Tick at least one question" in answer.text


@pytest.mark.parametrize("path", ["/staff/answers/999999", "/staff/answers/0", "/staff/answers/x"])
def test_an_answer_that_is_not_there(office, path):
    assert office.get(path).status_code == 404
