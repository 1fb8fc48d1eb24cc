"""`/j/{token}`: the way into the class."""

from datetime import timedelta

import pytest

from campaigns.store import people, webinars
from campaigns.store.engine import transaction

ROOM = "https://room.example/abc"


def test_days_ahead_the_button_is_shut_and_says_when_it_opens(house):
    page = house.client.get(join(house)).text
    assert "The doors are closed" in page
    assert "disabled" in page and "Opens at 4:45\u00a0PM" in page
    assert ROOM not in page


def test_button_before_the_doors_open_leads_nowhere(house):
    answer = house.client.post(join(house))
    assert answer.status_code == 200
    assert "The doors are closed" in answer.text


@pytest.mark.parametrize("minutes", [-15, -1, 0, 29, 44])
def test_button_leads_to_the_room_while_the_doors_are_open(house, minutes):
    path = join(house)
    house.clock.now = house.starts_at + timedelta(minutes=minutes)
    answer = house.client.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, ROOM)
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("minutes", [-15.1, 45, 600])
def test_button_leads_nowhere_while_they_are_not(house, minutes):
    path = join(house)
    house.clock.now = house.starts_at + timedelta(minutes=minutes)
    assert house.client.post(path).status_code == 200


def test_room_does_not_stand_in_the_page_but_its_origin_may_be_posted_to(house):
    path = join(house)
    house.clock.now = house.starts_at
    page = house.client.get(path)
    assert ROOM not in page.text
    assert "form-action 'self' https://room.example" in page.headers["content-security-policy"]


def test_countdown_and_what_has_passed_are_written_by_the_server(house):
    path = join(house)
    house.clock.now = house.starts_at - timedelta(minutes=8, seconds=20)
    assert 'data-seconds="500">8<span>:</span>20' in house.client.get(path).text
    for minutes, words in ((0, "We started just now"), (1, "We started a minute ago"), (3, "We started 3 minutes ago")):
        house.clock.now = house.starts_at + timedelta(minutes=minutes)
        assert words in house.client.get(path).text


def test_page_offers_to_look_again_only_within_the_hour(house):
    path = join(house)
    assert "Look again" not in house.client.get(path).text
    house.clock.now = house.starts_at - timedelta(minutes=45)
    page = house.client.get(path).text
    assert "Look again" in page and 'data-reload="1801"' in page


@pytest.mark.parametrize("room", ["", "not an address", "javascript:alert(1)", "ftp://room.example/"])
def test_class_without_a_usable_room_says_so_and_leads_nowhere(house, room):
    path = join(house)
    house.clock.now = house.starts_at
    with transaction(house.runtime.engine) as db:
        webinars.set_links(db, house.session_id, room_url=room, replay_url="")
    assert "The room is being made ready." in house.client.get(path).text
    assert house.client.post(path).status_code == 200


def test_after_the_class_the_recording_or_the_next_dates(house):
    path = join(house)
    house.add_session(20)
    house.place(session_id=house.add_session(22, capacity=1), email="first@example.com")
    house.clock.now = house.starts_at + timedelta(days=1)
    page = house.client.get(path).text
    assert "This class is over" in page and "The recording is not ready yet." in page
    assert "Sunday, March\u00a021" in page and "March\u00a023" not in page
    with transaction(house.runtime.engine) as db:
        webinars.set_links(db, house.session_id, room_url=ROOM, replay_url="https://video.example/1")
    assert "Watch the recording" in house.client.get(path).text


def test_cancelled_class_says_so_and_leads_nowhere(house):
    path = join(house)
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "The doctor is ill.", house.clock.now)
    house.clock.now = house.starts_at
    page = house.client.get(path).text
    assert "This class is cancelled" in page and "The doctor is ill." in page
    assert house.client.post(path).status_code == 200


def test_place_that_was_given_up_says_so_and_leads_nowhere(house):
    registration = house.place()
    with transaction(house.runtime.engine) as db:
        people.withdraw(db, registration, house.clock.now)
    path = house.path(house.runtime.links.join(registration))
    house.clock.now = house.starts_at
    assert "You gave up your place" in house.client.get(path).text
    assert house.client.post(path).status_code == 200


def test_button_pressed_on_another_site_is_refused(house):
    path = join(house)
    house.clock.now = house.starts_at
    assert house.client.post(path, headers={"sec-fetch-site": "cross-site"}).status_code == 403


def join(house) -> str:
    return house.path(house.runtime.links.join(house.place()))
