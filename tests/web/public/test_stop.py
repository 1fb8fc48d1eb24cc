"""`/o/{token}`: stop, by one click of a mail program or on a page."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from campaigns.domain.steps import Channel, Purpose
from campaigns.store.consents import permissions_of, stopped
from campaigns.store.engine import transaction
from campaigns.store.people import place

MAIL = (Channel.EMAIL, Purpose.SERVICE)
TEXTS = (Channel.SMS, Purpose.SERVICE)
READS = (Channel.EMAIL, Purpose.EDUCATION)
NEWS = (Channel.EMAIL, Purpose.MARKETING)


@pytest.mark.parametrize(
    "request_facts",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
        {"content": b"\xff\xfe", "headers": {"content-type": "application/octet-stream"}},
        {
            "data": {"List-Unsubscribe": "One-Click"},
            "headers": {"origin": "https://mail.example", "sec-fetch-site": "cross-site"},
        },
    ],
)
def test_one_click_stops_that_kind_at_once_whatever_the_body(house, request_facts):
    registration = agreed(house)
    answer = house.client.post(stop(house, registration, READS), **request_facts)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert flows(house, registration) == {MAIL, TEXTS, NEWS}


def test_one_click_twice_is_one_click(house):
    path = stop(house, agreed(house), READS)
    assert house.client.post(path).text == house.client.post(path).text
    with transaction(house.runtime.engine) as db:
        count = text("SELECT count(*) FROM suppression WHERE address = :email")
        assert db.execute(count, {"email": house.email}).scalar_one() == 1


def test_one_click_is_kept_as_proof(house):
    house.client.post(stop(house, agreed(house), READS))
    with transaction(house.runtime.engine) as db:
        row = db.execute(
            text(
                "SELECT granted, means FROM consent JOIN registrant r ON r.id = registrant_id"
                " WHERE r.email = :email AND purpose = 'education' ORDER BY consent.id DESC LIMIT 1"
            ),
            {"email": house.email},
        ).one()
    assert tuple(row) == (False, "one_click")


@pytest.mark.parametrize("token", ["x", "%00", "A" * 50])
def test_one_click_on_a_link_that_is_not_ours_is_not_found(house, token):
    assert house.client.post(f"/o/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 404


def test_link_to_a_kind_that_is_never_sent_is_not_valid(house):
    registration = house.place()
    assert house.client.get(stop(house, registration, (Channel.SMS, Purpose.MARKETING))).status_code == 404


@pytest.mark.parametrize(
    ("kind", "heading", "choices"),
    [
        (MAIL, "Stop the emails about your class?", 2),
        (TEXTS, "Stop the text reminders?", 2),
        (READS, "Stop the short reads?", 3),
        (NEWS, "Stop news and offers?", 3),
    ],
)
def test_page_asks_with_the_narrowest_choice_chosen(house, kind, heading, choices):
    page = house.client.get(stop(house, agreed(house), kind)).text
    assert heading in page and "Nothing has changed yet." in page
    assert page.count('type="radio"') == choices
    assert page.index("checked") < page.index('value="everything"')


def test_after_the_class_the_page_speaks_of_no_reminders(house):
    mine = house.place(phone=house.phone)
    for kind in ((Channel.EMAIL, Purpose.SERVICE), (Channel.SMS, Purpose.SERVICE), (Channel.EMAIL, Purpose.EDUCATION)):
        path = house.path(house.runtime.links.stop(mine, *kind))
        house.clock.now = house.starts_at - timedelta(hours=1)
        assert "remind" in house.client.get(path).text.partition("<fieldset")[2]
        house.clock.now = house.starts_at + timedelta(hours=1)
        after = house.client.get(path).text.partition("<fieldset")[2]
        assert "recording" in after and "remind" not in after.replace("The text reminders", "")


def test_page_shows_only_a_masked_address(house):
    registration = agreed(house)
    assert house.email not in house.client.get(stop(house, registration, READS)).text
    assert f"+1…{house.phone[-4:]}" in house.client.get(stop(house, registration, TEXTS)).text


@pytest.mark.parametrize(
    ("kind", "scope", "left"),
    [
        (READS, "kind", {MAIL, TEXTS, NEWS}),
        (NEWS, "kind", {MAIL, TEXTS, READS}),
        (NEWS, "extras", {MAIL, TEXTS}),
        (TEXTS, "kind", {MAIL, READS, NEWS}),
        (MAIL, "kind", {TEXTS, READS, NEWS}),
        (MAIL, "everything", set()),
    ],
)
def test_page_stops_what_was_chosen_says_so_and_can_undo_it(house, kind, scope, left):
    registration = agreed(house)
    path = stop(house, registration, kind)
    answer = house.client.post(f"{path}/choose", data={"scope": scope})
    assert answer.status_code == 303
    assert flows(house, registration) == left
    page = house.client.get(answer.headers["location"]).text
    assert "Stopped." in page and ("You still get" in page) == bool(left)
    kinds = [part.split('"')[0] for part in page.split('name="kind" value="')[1:]]
    again = house.client.post(f"{path}/undo", data={"kind": kinds})
    assert flows(house, registration) == {MAIL, TEXTS, READS, NEWS}
    assert "They are on again." in house.client.get(again.headers["location"]).text


def test_undo_never_brings_what_was_not_asked_for(house):
    registration = house.place()
    path = stop(house, registration, MAIL)
    house.client.post(f"{path}/choose", data={"scope": "everything"})
    every = ["email-service", "sms-service", "email-education", "email-marketing"]
    assert house.client.post(f"{path}/undo", data={"kind": every}).status_code == 303
    assert flows(house, registration) == {MAIL}
    with transaction(house.runtime.engine) as db:
        assert permissions_of(db, place(db, registration).registrant_id) == {}


def test_stopping_what_is_stopped_says_the_same(house):
    path = stop(house, agreed(house), READS)
    first = house.client.post(f"{path}/choose", data={"scope": "kind"})
    second = house.client.post(f"{path}/choose", data={"scope": "kind"})
    assert first.headers["location"] == second.headers["location"]


@pytest.mark.parametrize("scope", ["", "all", "extras"])
def test_choice_that_is_not_on_the_page_changes_nothing(house, scope):
    registration = agreed(house)
    answer = house.client.post(f"{stop(house, registration, MAIL)}/choose", data={"scope": scope})
    assert answer.status_code == 422
    assert "Nothing was changed." in answer.text
    assert flows(house, registration) == {MAIL, TEXTS, READS, NEWS}


def test_undo_of_nothing_leads_back_to_the_question(house):
    path = stop(house, agreed(house), READS)
    answer = house.client.post(f"{path}/undo", data={"kind": "nonsense"})
    assert answer.headers["location"] == path


def test_page_of_another_site_cannot_press_the_buttons(house):
    path = stop(house, agreed(house), READS)
    for button in ("choose", "undo"):
        answer = house.client.post(f"{path}/{button}", data={"scope": "kind"}, headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403


def agreed(house) -> int:
    """Somebody who gets everything."""
    return house.place(
        phone=house.phone,
        consents={
            TEXTS: house.boxes["sms-service"],
            READS: house.boxes["email-education"],
            NEWS: house.boxes["email-marketing"],
        },
    )


def stop(house, registration, kind) -> str:
    return house.path(house.runtime.links.stop(registration, *kind))


def flows(house, registration) -> set:
    with transaction(house.runtime.engine) as db:
        person = place(db, registration)
        granted = permissions_of(db, person.registrant_id)
        found = {
            kind for kind in (READS, NEWS) if granted.get(kind) and not stopped(db, kind[0], person.email, kind[1])
        }
        found |= {MAIL} if not stopped(db, Channel.EMAIL, person.email, Purpose.SERVICE) else set()
        return found | ({TEXTS} if person.texts else set())
