"""Double opt-in for texts on the pages: the code from our text is typed into the personal page."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from campaigns.domain.steps import Channel, Purpose
from campaigns.operations.send import send_batch
from campaigns.providers.folder import captured
from campaigns.runtime import open_desk
from campaigns.store.consents import suppress
from campaigns.store.engine import transaction
from campaigns.web.app import create_app
from campaigns.web.public.place import masked
from tests.web.conftest import NOON, opened
from workers.scheduler import rhythms

WRONG = "This is not the code. Look at our newest text and type its six digits."
OVER = "This code does not count any more. Send a new one."


@pytest.fixture
def careful(database_url, tmp_path):
    """The service with the setting, and a browser."""
    with opened(database_url, double_opt_in="sms", data_dir=tmp_path) as runtime:
        runtime.clock.now = NOON
        yield runtime, TestClient(create_app(runtime), base_url="http://127.0.0.1:8000", follow_redirects=False)


def test_the_code_is_asked_for_entered_and_then_texts_are_on(careful, house):
    runtime, client = careful
    answer = client.post(f"/w/{house.slug}", data=signed_up(house))
    thanks = client.get(answer.headers["location"]).text
    said = "Text reminders start once you enter the code we text you: the email has the link to your page."
    assert said in thanks and "The code for your text reminders, by text" in thanks
    assert "Your receipt, by text" not in thanks
    path = page_of(runtime, house)
    code = read_code(runtime)
    page = client.get(path).text
    last = house.phone[-4:]
    assert f'<label for="code">Enter the code we texted to (•••) •••-{last}</label>' in page
    assert re.search(
        r'<input id="code" name="code" type="text" value="" autocomplete="one-time-code" inputmode="n', page
    )
    assert 'aria-describedby="code-hint"' in page and 'value="sms-service" checked' not in page
    answer = client.post(f"{path}/code", data={"code": code})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?saved=code")
    page = client.get(answer.headers["location"]).text
    assert "Thank you. The number is yours, and text reminders are on." in page
    assert 'name="code"' not in page and 'value="sms-service" checked' in page
    evidence = evidence_of(house)
    assert (evidence["page"], evidence["ip"], evidence["user_agent"]) == ("/r", "testclient", "testclient")
    answer = client.post(f"{path}/code", data={"code": code})  # pressed again
    assert answer.status_code == 303


def test_a_wrong_code_leads_back_to_its_field_and_a_few_end_the_asking(careful, house):
    runtime, client = careful
    client.post(f"/w/{house.slug}", data=signed_up(house))
    path, code = page_of(runtime, house), read_code(runtime)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(4):
        answer = client.post(f"{path}/code", data={"code": wrong})
        assert answer.status_code == 422
        assert f'<p><a href="#code">{WRONG}</a></p>' in answer.text and 'role="alert"' in answer.text
        assert 'aria-invalid="true" aria-describedby="code-hint code-wrong"' in answer.text
        assert wrong not in answer.text and code not in answer.text
    for typed in (wrong, code):
        answer = client.post(f"{path}/code", data={"code": typed})
        assert answer.status_code == 422 and f'<a href="#texts">{OVER}</a>' in answer.text
        assert 'name="code"' not in answer.text and "Send a new code" in answer.text


def test_after_half_an_hour_a_new_code_can_be_sent_three_a_day(careful, house):
    runtime, client = careful
    client.post(f"/w/{house.slug}", data=signed_up(house))
    path, first = page_of(runtime, house), read_code(runtime)
    runtime.clock.now += timedelta(minutes=31)
    page = client.get(path).text
    assert "the last code does not count any more." in page and 'name="code"' not in page
    answer = client.post(f"{path}/code/again")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?saved=sent")
    page = client.get(answer.headers["location"]).text
    assert "A new code is on its way." in page and 'name="code"' in page
    assert client.post(f"{path}/code", data={"code": first}).status_code == 422
    assert client.post(f"{path}/code/again").status_code == 303
    answer = client.post(f"{path}/code/again")
    assert answer.status_code == 422 and "We have sent as many codes today as we may." in answer.text


def test_asking_for_the_addresses_changes_nothing_and_another_site_cannot_post(careful, house):
    runtime, client = careful
    client.post(f"/w/{house.slug}", data=signed_up(house))
    path, code = page_of(runtime, house), read_code(runtime)
    for address in (f"{path}/code", f"{path}/code/again"):
        assert client.get(address).status_code == 405
        assert client.post(address, data={"code": code}, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert kept(house) == (0, 0)
    for odd in ({"other": "1"}, {"code": ""}, {"code": "١٢٣٤٥٦"}, {"code": "\0"}, {"code": "9" * 5000}):
        assert client.post(f"{path}/code", data=odd).status_code == 422
    assert kept(house) == (0, 0)  # what has not six digits is no guess


def test_the_box_on_the_page_and_in_the_details_asks_for_a_code_too(careful, house):
    runtime, client = careful
    client.post(f"/w/{house.slug}", data=house.form(phone=house.phone))
    path, box = page_of(runtime, house), str(house.boxes["sms-service"])
    assert 'name="code"' not in client.get(path).text
    client.post(f"{path}/choices", data={"send": ["email-service", "sms-service"], "wording": box})
    assert 'name="code"' in client.get(path).text and read_code(runtime)
    details = {"first_name": "Sam", "email": house.email, "phone": "(207) 555-9876", "zone": "America/Chicago"}
    client.post(f"{path}/details", data={**details, "texts": box})
    page = client.get(path).text
    assert "Enter the code we texted to (•••) •••-9876" in page
    assert client.post(f"{path}/code", data={"code": read_code(runtime)}).status_code == 303
    client.post(f"{path}/cancel")
    assert 'name="code"' not in client.get(path).text


def test_a_stop_holds_although_a_code_is_refused_in_the_same_form(careful, house):
    runtime, client = careful
    boxes = [str(house.boxes[one]) for one in ("sms-service", "email-education")]
    client.post(f"/w/{house.slug}", data=house.form(phone=house.phone, consent=boxes[1:]))
    path = page_of(runtime, house)
    assert 'value="email-education" checked' in client.get(path).text
    with transaction(runtime.engine) as db:
        suppress(db, Channel.SMS, house.phone, None, reason="unsubscribed", source="reply", now=runtime.clock())
    answer = client.post(f"{path}/choices", data={"send": ["email-service", "sms-service"], "wording": boxes[0]})
    assert answer.status_code == 422 and '<a href="#send">Texts to this number were stopped. Text START' in answer.text
    page = client.get(path).text
    assert 'value="email-education" checked' not in page and 'value="email-service" checked' in page


def test_what_was_stopped_at_an_address_that_the_place_has_left_flows_again_there(careful, house):
    runtime, client = careful
    client.post(f"/w/{house.slug}", data=house.form(consent=[str(house.boxes["email-education"])]))
    path, old = page_of(runtime, house), newest(runtime)
    token = house.path(runtime.links.stop(old, Channel.EMAIL, Purpose.EDUCATION))
    details = {"first_name": "Sam", "email": f"new-{house.email}", "phone": "", "zone": "America/Chicago"}
    assert client.post(f"{path}/details", data=details).status_code == 303
    client.post(token)
    answer = client.post(f"{token}/undo", data={"kind": ["email-education", "sms-service"]})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{token}?undone=email-education")


def test_without_the_setting_a_tick_counts_at_once_and_no_code_is_asked_for(house):
    house.send(phone=house.phone, consent=[str(house.boxes["sms-service"])])
    page = house.client.get(page_of(house.runtime, house)).text
    assert 'name="code"' not in page and 'value="sms-service" checked' in page


def test_thanks_does_not_promise_a_code_that_no_step_sends(careful, house):
    runtime, client = careful
    with transaction(runtime.engine) as db:
        db.execute(text("UPDATE step SET paused = true WHERE anchor = 'asked'"))
    answer = client.post(f"/w/{house.slug}", data=signed_up(house))
    assert "enter the code" not in client.get(answer.headers["location"]).text
    assert 'name="code"' not in client.get(page_of(runtime, house)).text
    with transaction(runtime.engine) as db:
        db.execute(text("UPDATE step SET paused = false WHERE anchor = 'asked'"))


def test_a_number_is_masked_but_for_its_end():
    assert masked("+12075550142") == "(•••) •••-0142"
    assert masked("+447700900123") == "+••••••••0123"
    assert masked("") == ""


def signed_up(house) -> dict:
    return house.form(phone=house.phone, consent=[str(house.boxes["sms-service"])])


def page_of(runtime, house) -> str:
    return house.path(runtime.links.manage(newest(runtime)))


def newest(runtime) -> int:
    with transaction(runtime.engine) as db:
        return db.exec_driver_sql("SELECT max(id) FROM registration").scalar_one()


def read_code(runtime) -> str:
    """Let what is due leave, and read the newest text in the outbox."""
    bells = []
    with open_desk(runtime, lambda: False) as desk:
        for rhythm in rhythms(runtime, lambda _queue, batch: bells.append(batch)):
            rhythm.act()
        for batch in bells:
            send_batch(desk, batch)
    texts = [one for one in captured(runtime.settings.outbox) if one.channel == "sms"]
    return re.search(r"\b\d{6}\b", max(texts, key=lambda one: one.delivery_id).text)[0]


def evidence_of(house) -> dict:
    with transaction(house.runtime.engine) as db:
        return db.execute(text("SELECT evidence FROM consent ORDER BY id DESC LIMIT 1")).scalar_one()


def kept(house) -> tuple[int, int]:
    query = """
        SELECT count(c.id), coalesce(max((r.texts_asked ->> 'tries')::int), 0)
        FROM registration r LEFT JOIN consent c ON c.registrant_id = r.registrant_id
        WHERE r.id = (SELECT max(id) FROM registration)"""
    with transaction(house.runtime.engine) as db:
        return tuple(db.exec_driver_sql(query).one())
