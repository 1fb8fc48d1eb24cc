"""A question to the doctor, from the personal page."""

import pytest
from sqlalchemy import text

from campaigns.operations import answer as answering
from campaigns.operations.answer import Written
from campaigns.store import staff
from campaigns.store.engine import transaction
from campaigns.store.staff import Member


def test_a_question_is_taken_and_shown_as_with_the_doctor(house):
    path = personal(house)
    answer = house.client.post(f"{path}/ask", data={"question": "Can I run <b>hills</b>?"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?saved=asked")
    page = house.client.get(answer.headers["location"]).text
    assert "Your question is with the doctor." in page
    assert "Can I run &lt;b&gt;hills&lt;/b&gt;?" in page and "With the doctor" in page


def test_what_is_too_long_comes_back_whole_with_the_remedy(house):
    path = personal(house)
    answer = house.client.post(f"{path}/ask", data={"question": "x" * 1100})
    assert answer.status_code == 422
    assert "Cut it to 1,000" in answer.text and "x" * 1100 in answer.text


@pytest.mark.parametrize("body", [{}, {"question": " "}, {"other": "x"}])
def test_an_empty_question_is_refused(house, body):
    answer = house.client.post(f"{personal(house)}/ask", data=body or {"x": "y"})
    assert answer.status_code == 422 and "Write your question first" in answer.text


def test_an_urgent_question_is_answered_with_the_safety_text_only(house):
    path = personal(house)
    answer = house.client.post(f"{path}/ask", data={"question": "I cannot hold my urine, is that normal?"})
    assert answer.status_code == 200
    assert "call 911 now" in answer.text
    with transaction(house.runtime.engine) as db:
        assert db.execute(text("SELECT count(*) FROM alert WHERE subject LIKE 'question:%'")).scalar_one() >= 1


def test_the_answer_stands_on_the_page_once_it_is_published(house):
    path = personal(house)
    house.client.post(f"{path}/ask", data={"question": "Can I run hills?"})
    with transaction(house.runtime.engine) as db:
        email = "doctor@clinic.example"
        staff.add_member(db, email=email, name="Dr", role="clinician", password_hash="x", now=house.clock())
        number = db.execute(text("SELECT id FROM staff WHERE email = :email"), {"email": email}).scalar_one()
        asked = db.execute(text("SELECT max(id) FROM question")).scalar_one()
        doctor = Member(number, email, "Dr", "clinician")
        words = Written("Hills after a break", "First.\n\nSecond.", is_public=False, question_ids=(asked,))
        made = answering.write(db, house.webinar_id, words, doctor, house.clock())
    assert "Hills after a break" not in house.client.get(path).text
    with transaction(house.runtime.engine) as db:
        answering.publish(db, made, doctor, house.clock())
    page = house.client.get(path).text
    assert "Hills after a break" in page and "<p>Second.</p>" in page and "Answered" in page


def test_a_question_at_sign_up_goes_to_the_doctor(house):
    answer = house.send(question="Can I run hills?")
    assert answer.status_code == 303 and "hills" not in answer.headers["location"]
    assert asked(house) == [("form", False)]


def test_an_urgent_question_at_sign_up_saves_the_place_and_shows_the_safety_text(house):
    answer = house.send(question="I cannot hold my urine, is that normal?")
    assert answer.status_code == 200 and "call 911 now" in answer.text
    assert f"/w/{house.slug}/thanks?" in answer.text
    assert asked(house) == [("form", True)]


def test_a_question_at_sign_up_that_is_too_long_comes_back_whole_and_nothing_is_written(house):
    answer = house.send(question="x" * 1100)
    assert answer.status_code == 422
    assert "Cut it to 1,000" in answer.text and "x" * 1100 in answer.text
    assert asked(house) == []


def test_published_answers_for_everybody_stand_on_the_page_of_the_webinar(house):
    house.send(question="Can I run hills?")
    with transaction(house.runtime.engine) as db:
        email = "public@clinic.example"
        staff.add_member(db, email=email, name="Dr", role="clinician", password_hash="x", now=house.clock())
        number = db.execute(text("SELECT id FROM staff WHERE email = :email"), {"email": email}).scalar_one()
        newest = db.execute(text("SELECT max(id) FROM question")).scalar_one()
        doctor = Member(number, email, "Dr", "clinician")
        words = Written("Hills <b>again</b>", "Slowly.", is_public=True, question_ids=(newest,))
        made = answering.write(db, house.webinar_id, words, doctor, house.clock())
    assert "Hills" not in house.client.get(f"/w/{house.slug}").text
    with transaction(house.runtime.engine) as db:
        answering.publish(db, made, doctor, house.clock())
    page = house.client.get(f"/w/{house.slug}").text
    assert "Hills &lt;b&gt;again&lt;/b&gt;" in page and "Slowly." in page and "Can I run hills?" not in page
    with transaction(house.runtime.engine) as db:
        answering.take_back(db, made, doctor, house.clock())
    assert "Slowly." not in house.client.get(f"/w/{house.slug}").text


def test_nobody_sees_the_question_of_somebody_else(house):
    house.client.post(f"{personal(house)}/ask", data={"question": "Mine alone?"})
    other = house.path(house.runtime.links.manage(house.place(email=f"other-{house.email}")))
    assert "Mine alone?" not in house.client.get(other).text


def test_form_of_another_site_is_refused(house):
    answer = house.client.post(
        f"{personal(house)}/ask", data={"question": "Hills?"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


def asked(house) -> list[tuple[str, bool]]:
    statement = text(
        "SELECT q.source, q.urgent FROM question q JOIN registration r ON r.id = q.registration_id"
        " JOIN webinar_session s ON s.id = r.session_id WHERE s.webinar_id = :id"
    )
    with transaction(house.runtime.engine) as db:
        return [tuple(row) for row in db.execute(statement, {"id": house.webinar_id})]


def personal(house, **facts) -> str:
    return house.path(house.runtime.links.manage(house.place(**facts)))
