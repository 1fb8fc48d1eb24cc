"""`/r/{token}`: a person's own page."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from campaigns.domain.steps import Channel, Purpose
from campaigns.store import webinars
from campaigns.store.consents import suppress
from campaigns.store.engine import transaction

TEXTS = (Channel.SMS, Purpose.SERVICE)
READS = (Channel.EMAIL, Purpose.EDUCATION)


def test_page_shows_the_place_with_both_times_and_what_will_come(house):
    page = house.client.get(personal(house))
    assert page.status_code == 200
    assert "Hello Sam. You are registered." in page.text
    assert "Your time (Central)." in page.text and "6:00\u00a0PM Eastern at the clinic" in page.text
    assert "A reminder for tomorrow, by email" in page.text
    assert "10 days" in page.text


def test_page_is_kept_from_indexes_caches_and_referrers(house):
    headers = house.client.get(personal(house)).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/r/x", "/r/AAAAAAAAAAAAAAAAAAAAAAA", "/r/%00", "/j/x", "/o/x", "/r/x/cancel"])
def test_link_that_we_did_not_write_is_not_found(house, path):
    page = house.client.get(path)
    assert page.status_code == 404
    assert "This link is not valid" in page.text


def test_link_to_a_registration_that_is_gone_is_not_found(house):
    links = house.runtime.links
    for link in (links.manage(999_999), links.join(999_999), links.stop(999_999, *READS)):
        assert house.client.get(house.path(link)).status_code == 404


def test_link_of_one_kind_does_not_open_another_page(house):
    token = personal(house).rpartition("/")[2]
    assert house.client.get(f"/j/{token}").status_code == 404


def test_opening_the_page_and_its_questions_changes_nothing(house):
    registration = house.place(consents={READS: house.boxes["email-education"]})
    links = house.runtime.links
    before = everything(house)
    for link in (links.manage(registration), links.join(registration), links.stop(registration, *READS)):
        for _ in range(2):
            assert house.client.get(house.path(link)).status_code == 200
    assert house.client.get(house.path(links.manage(registration)) + "/cancel").status_code == 200
    assert everything(house) == before


def test_cancelling_asks_first_and_gives_up_the_place_on_the_button(house):
    path = personal(house)
    assert "Nothing has changed yet." in house.client.get(f"{path}/cancel").text
    answer = house.client.post(f"{path}/cancel")
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    page = house.client.get(path).text
    assert "You gave up your place." in page
    assert "Your receipt for cancelling, by email" in page
    assert "A reminder for tomorrow" not in page
    assert f'name="session" value="{house.session_id}"' in page


def test_cancelling_twice_is_cancelling_once(house):
    path = personal(house)
    house.client.post(f"{path}/cancel")
    before = everything(house)
    assert house.client.post(f"{path}/cancel").status_code == 303
    assert house.client.get(f"{path}/cancel").status_code == 303
    assert everything(house) == before


def test_cancelling_after_the_class_is_declined_in_words(house):
    path = personal(house)
    house.clock.now = house.starts_at + timedelta(hours=1)
    assert "Cancel my place" not in house.client.get(path).text
    answer = house.client.post(f"{path}/cancel")
    assert answer.status_code == 422
    assert "This class is over" in answer.text


def test_cancelling_from_another_site_is_refused(house):
    path = personal(house)
    headers = {"sec-fetch-site": "cross-site"}
    assert house.client.post(f"{path}/cancel", headers=headers).status_code == 403
    assert house.client.post(f"{path}/choices", data={}, headers=headers).status_code == 403
    assert "You are registered." in house.client.get(path).text


def test_choices_show_what_goes_out_now(house):
    page = house.client.get(personal(house)).text
    assert ticked(page) == {"email-service", "sms-service"}
    assert page.count("not sent") == 2


def test_texts_cannot_be_chosen_without_a_number(house):
    registration = house.place()
    page = house.client.get(house.path(house.runtime.links.manage(registration))).text
    assert "no number" in page and 'value="sms-service"' not in page


def test_choices_are_written_and_shown(house):
    path = personal(house)
    answer = choose(house, path, "email-service", "email-education")
    assert answer.headers["location"] == f"{path}?saved=choices"
    page = house.client.get(answer.headers["location"]).text
    assert "Saved." in page
    assert ticked(page) == {"email-service", "email-education"}


def test_yes_on_the_page_is_stored_with_the_words_that_stood_there(house):
    path = personal(house)
    choose(house, path, "email-service", "sms-service", "email-marketing")
    with transaction(house.runtime.engine) as db:
        row = db.execute(
            text(
                "SELECT granted, wording_id, means FROM consent JOIN registrant r ON r.id = registrant_id"
                " WHERE r.email = :email AND purpose = 'marketing'"
            ),
            {"email": house.email},
        ).one()
    assert tuple(row) == (True, house.boxes["email-marketing"], "link")


def test_yes_to_words_that_have_changed_is_not_taken(house):
    path = personal(house)
    before = everything(house)
    wanted = {"send": ["email-service", "sms-service", "email-education"], "wording": ["0"]}
    answer = house.client.post(f"{path}/choices", data=wanted)
    assert answer.status_code == 409
    assert "have changed" in answer.text
    assert everything(house) == before


def test_saving_the_same_choices_writes_nothing(house):
    path = personal(house)
    before = everything(house)
    choose(house, path, "email-service", "sms-service", "nonsense")
    assert everything(house) == before


def test_class_emails_can_be_stopped_and_started(house):
    path = personal(house)
    choose(house, path, "sms-service")
    assert ticked(house.client.get(path).text) == {"sms-service"}
    choose(house, path, "sms-service", "email-service")
    assert ticked(house.client.get(path).text) == {"sms-service", "email-service"}


def test_address_that_bounced_stays_stopped_whatever_is_chosen(house):
    path = personal(house)
    with transaction(house.runtime.engine) as db:
        suppress(db, Channel.EMAIL, house.email, None, reason="bounced", source="test", now=house.clock.now)
    choose(house, path, "email-service", "sms-service")
    assert ticked(house.client.get(path).text) == {"sms-service"}


def test_moved_class_shows_the_old_time_struck_through(house):
    path = personal(house)
    later = house.starts_at + timedelta(days=3)
    with transaction(house.runtime.engine) as db:
        webinars.move_session(db, house.session_id, later, later + timedelta(minutes=30), house.clock.now)
    page = house.client.get(path).text
    assert "<del>Thursday, March\u00a011 at 5:00\u00a0PM</del>" in page
    assert "Sunday, March\u00a014" in page


def test_cancelled_class_says_why_and_offers_another_date(house):
    path = personal(house)
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "The doctor is ill.", house.clock.now)
    page = house.client.get(path).text
    assert "We had to cancel this class." in page and "The doctor is ill." in page
    assert "Pick another date" in page and "Cancel my place" not in page


def test_page_follows_the_class_until_the_recording(house):
    path = personal(house)
    for at, words in (
        (house.starts_at - timedelta(minutes=10), "The doors are open."),
        (house.starts_at + timedelta(minutes=5), "The class is on."),
        (house.starts_at + timedelta(days=1), "The recording is not ready yet."),
    ):
        house.clock.now = at
        assert words in house.client.get(path).text
    with transaction(house.runtime.engine) as db:
        webinars.set_links(db, house.session_id, room_url="", replay_url="https://video.example/1")
    assert 'href="https://video.example/1"' in house.client.get(path).text


def test_page_shows_this_persons_data_and_escapes_it(house):
    registration = house.place(first_name="Sam & Co", phone="+12075550142")
    page = house.client.get(house.path(house.runtime.links.manage(registration))).text
    assert "Sam &amp; Co" in page and house.email in page and "(207) 555-0142" in page


def personal(house) -> str:
    registration = house.place(phone="+12075550142", consents={TEXTS: house.boxes["sms-service"]})
    return house.path(house.runtime.links.manage(registration))


def choose(house, path, *kinds):
    wordings = [str(number) for number in house.boxes.values()]
    answer = house.client.post(f"{path}/choices", data={"send": list(kinds), "wording": wordings})
    assert answer.status_code == 303
    return answer


def ticked(page) -> set[str]:
    return {
        part.split('"')[0] for part in page.split('name="send" value="')[1:] if " checked>" in part.split("</label>")[0]
    }


def everything(house) -> list:
    """All rows that a visit could touch."""
    tables = ("registrant", "registration", "consent", "permission", "suppression", "delivery")
    with transaction(house.runtime.engine) as db:
        return [db.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2, 3")).all() for table in tables]
