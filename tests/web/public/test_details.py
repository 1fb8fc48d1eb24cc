"""A registrant's own details, changed on a page of their own."""

import pytest
from sqlalchemy import text

from campaigns.domain.steps import Channel, Purpose
from campaigns.store.engine import transaction

TEXTS = (Channel.SMS, Purpose.SERVICE)


def test_details_are_shown_and_saved(house):
    path = personal(house, phone=house.phone)
    page = house.client.get(f"{path}/details").text
    assert house.email in page and f"(207) 555-{house.webinar_id:04}" in page
    answer = send(house, path, first_name="Samira", zone="America/Denver")
    assert answer.headers["location"] == f"{path}?saved=details"
    page = house.client.get(answer.headers["location"]).text
    assert "Your details are saved." in page and "Hello Samira." in page
    assert "Your time (Mountain)." in page


def test_opening_the_page_changes_nothing(house):
    path = personal(house)
    before = facts(house)
    house.client.get(f"{path}/details")
    assert facts(house) == before


def test_every_fault_is_named_and_everything_typed_is_kept(house):
    path = personal(house)
    answer = send(house, path, first_name="", email="sam@", phone="12", zone="Mars/Olympus", texts="999999")
    assert answer.status_code == 422
    assert "5 things to fix" in answer.text
    for field in ("first_name", "email", "phone", "zone", "texts"):
        assert f'href="#{field}"' in answer.text
    assert 'value="sam@"' in answer.text and 'value="12"' in answer.text
    assert facts(house)["first_name"] == "Sam"


def test_texts_need_a_number(house):
    path = personal(house)
    answer = send(house, path, phone="", texts=str(house.boxes["sms-service"]))
    assert "You asked for text reminders, so we need a number." in answer.text


def test_a_new_number_gets_texts_only_with_a_new_yes(house):
    path = personal(house, phone=house.phone, consents={TEXTS: house.boxes["sms-service"]})
    send(house, path, phone="(207) 444-0199")
    assert facts(house)["phone"] == "+12074440199"
    assert not gets_texts(house)
    send(house, path, phone="(207) 444-0199", texts=str(house.boxes["sms-service"]))
    assert gets_texts(house)


def test_an_emptied_number_is_forgotten(house):
    path = personal(house, phone=house.phone, consents={TEXTS: house.boxes["sms-service"]})
    send(house, path, phone="")
    assert facts(house)["phone"] is None


def test_another_address_takes_the_place_over_and_the_old_link_ends(house):
    path = personal(house)
    other = f"right-{house.email}"
    answer = send(house, path, email=other)
    new = answer.headers["location"]
    assert answer.status_code == 303 and new.endswith("?saved=email") and not new.startswith(path)
    page = house.client.get(new).text
    assert "on its way to the new address" in page and other in page
    old = house.client.get(path)
    assert old.status_code == 404
    assert "This place went over to another email address." in old.text
    assert other not in old.text


def test_forged_and_truncated_links_open_nothing(house):
    path = personal(house)
    for wrong in (path[:-1], path[:-1] + ("A" if path[-1] != "A" else "B"), "/r/x"):
        assert house.client.get(f"{wrong}/details").status_code == 404
        assert send(house, wrong).status_code == 404


def test_form_of_another_site_is_refused(house):
    path = personal(house)
    answer = house.client.post(f"{path}/details", data={}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("body", [b"", b"first_name=%00&email=%ff&zone=%f0%9f%92%a9", b"zone=" + b"x" * 5000])
def test_nonsense_is_answered_with_the_form(house, body):
    path = personal(house)
    answer = house.client.post(
        f"{path}/details", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 422


def send(house, path, **changed):
    known = facts(house)
    form = {
        "first_name": known["first_name"], "email": known["email"], "phone": known["phone"] or "",
        "zone": "America/Chicago", "texts": "", **changed,
    }  # fmt: skip
    return house.client.post(f"{path}/details", data=form)


def facts(house) -> dict:
    with transaction(house.runtime.engine) as db:
        rows = db.execute(text("SELECT * FROM registrant WHERE email = :email"), {"email": house.email})
        return dict(rows.mappings().one())


def gets_texts(house) -> bool:
    statement = text("SELECT granted FROM permission WHERE registrant_id = :id AND channel = 'sms'")
    with transaction(house.runtime.engine) as db:
        return db.execute(statement, {"id": facts(house)["id"]}).scalar_one()


def personal(house, **facts) -> str:
    return house.path(house.runtime.links.manage(house.place(**facts)))
