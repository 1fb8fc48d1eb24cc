"""`/w/{slug}` beyond name and address: own questions, first touch, haste, limits, frames, and what is closed."""

from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from campaigns.domain.form_fields import FieldKind, FormField
from campaigns.operations.sign_up import open_answer
from campaigns.store import webinars
from campaigns.store.engine import transaction
from campaigns.store.form_fields import add_field
from campaigns.web.app import create_app
from tests.web.conftest import NOON, House, opened

SITE = "https://www.clinic.example"


def test_own_questions_stand_on_the_form_with_hints_and_nothing_chosen(house):
    ask(house)
    answer = house.client.get(f"/w/{house.slug}")
    assert answer.status_code == 200
    page = answer.text
    assert "A few questions" in page
    assert '<legend class="label">Where you run' in page
    assert 'aria-describedby="field-miles-hint"' in page and "A rough number" in page
    assert 'value="Trail" checked' not in page and 'Days <span class="optional">optional</span>' in page


def test_form_without_own_questions_does_not_speak_of_any(house):
    assert "question</h3>" not in house.client.get(f"/w/{house.slug}").text


def test_answers_are_kept_as_typed_when_something_is_wrong(house):
    ask(house)
    page = send(house, miles="", where="Trail", days=["Fri"], email="sam@")
    assert page.status_code == 422
    assert "<title>2 things to fix" in page.text
    assert '<a href="#field-miles">“Miles a week” is empty. Write an answer' in page.text
    assert 'value="Trail" checked' in page.text and 'value="Fri" checked' in page.text
    assert 'value="Mon" checked' not in page.text


def test_fault_of_a_choice_leads_to_its_first_option(house):
    ask(house)
    page = send(house, miles="20", where="Moon").text
    assert '<a href="#field-where-1">' in page and 'id="field-where-1"' in page
    assert 'aria-describedby="field-where-wrong"' in page


def test_answers_are_written_and_a_repeat_brings_them_up_to_date(house):
    ask(house)
    assert send(house, miles="20", where="Road").status_code == 303
    assert send(house, miles="25", where="Road", days=["Mon", "Fri"]).status_code == 303
    assert answers(house) == {"miles": ("25",), "where": ("Road",), "days": ("Mon", "Fri")}


def test_answers_travel_through_the_page_of_a_full_class(house):
    ask(house)
    full = house.add_session(12, capacity=1)
    house.place(session_id=full, email="first@example.com")
    page = send(house, miles='2 "0"', where="Road", days=["Mon", "Fri"], session=str(full), utm_source="flyer")
    assert page.status_code == 409
    fields = dict.fromkeys(hidden(page.text))
    assert {("field-miles", '2 "0"'), ("field-where", "Road"), ("field-days", "Mon"), ("field-days", "Fri")} <= set(
        fields
    )
    assert ("utm_source", "flyer") in fields and ("shown", house.stamp()) in fields


def test_what_brought_a_visitor_travels_in_the_form_and_is_kept(house):
    page = house.client.get(
        f"/w/{house.slug}?utm_source=flyer&utm_campaign=spring&email=sam",
        headers={"referer": "https://news.example/private?q=1"},
    )
    carried = dict(hidden(page.text))
    assert carried["utm_source"] == "flyer" and carried["referrer"] == "news.example"
    house.send(**{name: carried[name] for name in ("utm_source", "utm_campaign", "referrer", "landed")})
    assert one(house, "SELECT touch FROM registration WHERE session_id = :session") == {
        "utm_source": "flyer",
        "utm_campaign": "spring",
        "referrer": "news.example",
        "landed": f"/w/{house.slug}",
    }


def test_first_address_passes_on_what_brought_the_visitor(house):
    location = house.client.get("/?utm_source=fly+er&other=x").headers["location"]
    assert parse_qs(urlsplit(location).query) == {"utm_source": ["fly er"]}


def test_what_brought_a_visitor_is_in_no_address_afterwards(house):
    assert "flyer" not in house.send(utm_source="flyer").headers["location"]


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"seconds": 1}, "That was quick"),
        ({"hours": 25}, "open for long"),
    ],
)
def test_form_sent_in_haste_or_after_a_day_is_shown_once_more_and_loses_nothing(house, before, words):
    box = str(house.boxes["email-education"])
    page = house.send(shown=house.stamp(**before), consent=[box])
    assert page.status_code == 422
    assert words in page.text and "to fix" not in page.text
    assert f'value="{house.email}"' in page.text and f'value="{box}" checked' in page.text
    assert people(house) == 0
    house.clock.now += timedelta(seconds=3)
    assert house.send(shown=dict(hidden(page.text))["shown"], consent=[box]).status_code == 303


@pytest.mark.parametrize("shown", [None, "", "forged", "A" * 2000])
def test_form_without_a_stamp_of_ours_is_shown_once_more_with_one(house, shown):
    page = house.send(shown=shown)
    assert page.status_code == 422
    assert "Nothing is saved yet." in page.text
    assert dict(hidden(page.text))["shown"] == house.stamp(seconds=0)
    assert people(house) == 0


def test_correcting_a_fault_does_not_begin_the_time_anew(house):
    page = house.send(email="sam@")
    assert dict(hidden(page.text))["shown"] == house.stamp()


def test_answer_is_the_same_when_a_limit_is_reached(house):
    session_ids = [house.add_session(11 + number) for number in range(5)]
    answers = [house.send(session=str(session_id)) for session_id in session_ids]
    assert {answer.status_code for answer in answers} == {303}
    pages = [house.client.get(answer.headers["location"]) for answer in answers]
    assert all("You’re in." in page.text and "It is on its way now." in page.text for page in pages)
    held = "SELECT array_agg(held_back::text ORDER BY id) FROM registration WHERE session_id = ANY(:ids)"
    assert one(house, held, ids=session_ids) == ["{}", "{}", "{}", "{email}", "{email}"]


def test_recording_is_spoken_of_when_there_is_no_class_to_come_and_its_address_is_not(house):
    with transaction(house.runtime.engine) as db:
        webinars.set_links(db, house.session_id, room_url="", replay_url="https://video.example/secret")
    assert "earlier class" not in house.client.get(f"/w/{house.slug}").text
    house.clock.now = house.starts_at + timedelta(minutes=31)
    page = house.client.get(f"/w/{house.slug}").text
    assert "There is no class to join just now" in page
    assert "Its recording is ready for you." in page and 'href="/find"' in page
    assert "video.example" not in page
    assert "Its recording is ready for you." in house.send().text


def test_no_recording_is_spoken_of_where_there_is_none(house):
    house.clock.now = house.starts_at + timedelta(minutes=31)
    assert "earlier class" not in house.client.get(f"/w/{house.slug}").text


def test_there_is_no_page_for_frames_unless_a_site_is_named(house):
    assert house.client.get(f"/w/{house.slug}/embed").status_code == 404
    page = house.client.get(f"/w/{house.slug}/thanks?session={house.session_id}&embedded=yes")
    assert page.headers["x-frame-options"] == "DENY" and "<footer" in page.text


def test_form_in_a_frame_is_the_form_alone_for_the_named_sites_only(framed):
    page = framed.client.get(f"/w/{framed.slug}/embed?utm_source=home", headers={"referer": f"{SITE}/classes"})
    assert page.status_code == 200
    assert f"frame-ancestors {SITE};" in page.headers["content-security-policy"]
    assert "x-frame-options" not in page.headers
    assert "<header" not in page.text and "<footer" not in page.text and "Save your place" in page.text
    carried = dict(hidden(page.text))
    assert carried["embedded"] == "yes" and carried["landed"] == f"/w/{framed.slug}/embed"
    assert (carried["utm_source"], carried["referrer"]) == ("home", "www.clinic.example")
    assert 'href="/privacy" target="_blank" rel="noopener"' in page.text
    assert framed.client.get("/w/none/embed").status_code == 404


def test_whole_landing_page_stays_out_of_frames_all_the_same(framed):
    page = framed.client.get(f"/w/{framed.slug}")
    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_every_answer_to_a_form_in_a_frame_can_be_shown_there(framed):
    full = framed.add_session(12, capacity=1)
    framed.place(session_id=full, email="first@example.com")
    sent = framed.send(embedded="yes")
    pages = [
        framed.send(embedded="yes", email=""),
        framed.send(embedded="yes", session=str(full)),
        framed.send(embedded="yes", shown=""),
        framed.client.get(sent.headers["location"]),
    ]
    assert [page.status_code for page in pages] == [422, 409, 422, 200]
    for page in pages:
        assert f"frame-ancestors {SITE};" in page.headers["content-security-policy"]
        assert "x-frame-options" not in page.headers
        assert "<footer" not in page.text


def test_form_of_a_named_site_is_taken_to_ours_with_everything_typed(framed):
    named = {"origin": SITE, "sec-fetch-site": "cross-site"}
    page = framed.client.post(f"/w/{framed.slug}", data=framed.form(shown=None), headers=named)
    assert page.status_code == 422
    assert f'value="{framed.email}"' in page.text and "Nothing is saved yet." in page.text
    again = framed.form(shown=dict(hidden(page.text))["shown"])
    framed.clock.now += timedelta(seconds=3)
    assert framed.client.post(f"/w/{framed.slug}", data=again).status_code == 303
    other = {**named, "origin": "https://elsewhere.example"}
    assert framed.client.post(f"/w/{framed.slug}", data=framed.form(), headers=other).status_code == 403


def ask(house):
    """Put three questions on the form."""
    fields = (
        FormField(key="miles", label="Miles a week", hint="A rough number", kind=FieldKind.TEXT, required=True),
        FormField(key="where", label="Where you run", kind=FieldKind.SINGLE, options=("Road", "Trail"), required=True),
        FormField(key="days", label="Days", kind=FieldKind.MULTI, options=("Mon", "Fri"), sensitive=True),
    )
    with transaction(house.runtime.engine) as db:
        for position, field in enumerate(fields):
            add_field(db, house.webinar_id, replace(field, position=position), NOON)


def send(house, *, miles, where, days=(), **changed):
    return house.send(**{"field-miles": miles, "field-where": where, "field-days": list(days)}, **changed)


def answers(house) -> dict[str, tuple[str, ...]]:
    query = (
        "SELECT f.key, a.answer FROM form_answer a JOIN form_field f ON f.id = a.field_id"
        " JOIN registration r ON r.id = a.registration_id WHERE r.session_id = :session"
    )
    with transaction(house.runtime.engine) as db:
        rows = db.execute(text(query), {"session": house.session_id}).all()
    return {row.key: open_answer(house.runtime.seal, row.answer) for row in rows}


def one(house, statement, **values):
    with transaction(house.runtime.engine) as db:
        return db.execute(text(statement), {"session": house.session_id, **values}).scalar_one()


def people(house) -> int:
    return one(house, "SELECT count(*) FROM registration WHERE session_id = :session")


def hidden(page: str) -> list[tuple[str, str]]:
    """The hidden inputs of a page, by name and value."""
    pieces = page.split('<input type="hidden" name="')[1:]
    return [
        (name, unescape(value.split('"')[0])) for name, _, value in (piece.partition('" value="') for piece in pieces)
    ]


@pytest.fixture
def framed(house, database_url):
    """The same house for a service whose form may stand in another site's pages."""
    with opened(database_url, embed_origins=SITE) as runtime:
        runtime.clock.now = NOON
        with TestClient(create_app(runtime), base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
            yield House(runtime, client, house.webinar_id, house.session_id, house.slug, house.email, house.boxes)
