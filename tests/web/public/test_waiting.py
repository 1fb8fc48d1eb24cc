"""The waiting list as a registrant meets it: from the full class to the offer and the place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.operations.offer import offer_places
from campaigns.operations.withdraw import withdraw
from campaigns.store import people, switches
from campaigns.store.engine import transaction

HORIZON = timedelta(hours=6)


def test_a_full_class_can_be_chosen_and_leads_to_the_list_and_the_next_date(house):
    full = house.add_session(12, capacity=1)
    house.place(session_id=full, email=f"first-{house.email}")
    landing = house.client.get(f"/w/{house.slug}").text
    assert f'value="{full}"' in landing and "Full, waiting list" in landing
    page = house.send(session=str(full))
    assert page.status_code == 409
    assert "Take this place" in page.text and "Put me on the waiting list" in page.text


def test_where_every_class_is_full_the_form_is_there_for_the_list(house):
    fill(house)
    landing = house.client.get(f"/w/{house.slug}").text
    assert "Every class is full: wait for a place" in landing and 'name="email"' in landing
    page = house.send()
    assert page.status_code == 409
    assert "Join the waiting list" in page.text and "There is room" not in page.text


def test_joining_says_so_and_what_will_come(house):
    fill(house)
    answer = house.send(wait="yes")
    assert answer.status_code == 303
    page = house.client.get(answer.headers["location"]).text
    assert "You are on the waiting list." in page
    assert "You are on the waiting list, by email" in page and "If a place comes free" in page
    assert "You’re in." not in page and "The class, " not in page


def test_thanks_for_a_place_name_the_class_and_the_recording_and_no_offer(house):
    page = house.client.get(house.send().headers["location"]).text
    assert "The class<" in page and "The recording, by email" in page
    assert "If a place comes free" not in page


def test_the_answer_does_not_tell_whether_an_address_has_a_place(house):
    house.clock.now += timedelta(hours=2)
    fill(house, email=house.email)
    known, unknown = house.send(), house.send(email=f"other-{house.email}")
    assert known.status_code == unknown.status_code == 409
    waits = [house.send(wait="yes"), house.send(wait="yes", email=f"another-{house.email}")]
    assert [answer.headers["location"] for answer in waits] == [waits[0].headers["location"]] * 2


def test_a_form_that_is_sent_twice_for_the_last_place_is_thanked_twice(house):
    fill(house, capacity=2)
    form = house.form()
    first, second = (house.client.post(f"/w/{house.slug}", data=form) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert house.send(shown=house.stamp(minutes=2)).status_code == 409


def test_the_personal_page_shows_the_place_in_line(house):
    fill(house)
    join(house, email=f"before-{house.email}")
    house.clock.now += timedelta(minutes=1)
    path = join(house)
    page = house.client.get(path).text
    assert "You are on the waiting list." in page and "person is before you" in page
    assert "Leave the waiting list" in page and "Cancel my place" not in page
    assert "Yes, I take it" not in page
    assert page.index("You are here") < page.index("If a place comes free")


@pytest.mark.parametrize("link", ["join", "watch"])
def test_the_way_in_leads_to_the_personal_page_while_somebody_waits(house, link):
    fill(house)
    path = join(house)
    found = house.client.get(house.path(getattr(house.runtime.links, link)(registration_of(house))))
    assert (found.status_code, found.headers["location"]) == (303, path)


def test_an_offer_is_taken_with_one_press(house):
    holder = fill(house)
    path = join(house)
    free(house, holder)
    page = house.client.get(path).text
    assert "A place is free for you." in page and "We keep it for you until" in page
    assert house.client.get(f"{path}/accept").status_code == 405
    for _ in range(2):
        answer = house.client.post(f"{path}/accept")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?saved=accepted")
    page = house.client.get(answer.headers["location"]).text
    assert "The place is yours." in page and "You are registered." in page


def test_an_offer_that_ended_is_refused_with_a_remedy(house):
    holder = fill(house)
    house.add_session(20)
    path = join(house)
    free(house, holder)
    house.clock.now += timedelta(hours=5)
    page = house.client.get(path).text
    assert "Your offer has ended." in page and "You are on the waiting list." not in page
    answer = house.client.post(f"{path}/accept")
    assert answer.status_code == 409
    assert "The offer has ended, and the place went to the next in line." in answer.text
    offer_places(house.runtime.engine, house.clock())
    page = house.client.get(path).text
    assert "The offer of a place has ended." in page and "Take this date" in page


def test_leaving_the_list_takes_a_press_of_its_own(house):
    fill(house)
    path = join(house)
    page = house.client.get(f"{path}/cancel").text
    assert "Leave the waiting list?" in page and "receipt" not in page
    house.client.post(f"{path}/cancel")
    assert "You are not on the waiting list any more." in house.client.get(path).text


def test_an_offer_that_is_let_go_has_not_ended_by_itself(house):
    holder = fill(house)
    path = join(house)
    free(house, holder)
    assert "Let the place go?" in house.client.get(f"{path}/cancel").text
    house.client.post(f"{path}/cancel")
    page = house.client.get(path).text
    assert "You are not on the waiting list any more." in page and "has ended" not in page


def test_shortly_before_the_start_the_list_is_closed(house):
    fill(house)
    path = join(house)
    house.clock.now = house.starts_at - timedelta(minutes=30)
    assert house.send(wait="yes").status_code == 422
    page = house.client.get(path).text
    assert "No place came free in time." in page and "If a place comes free" not in page


def fill(house, *, capacity=1, **facts) -> int:
    """Let the class have so many places, of which one is taken by somebody else."""
    with transaction(house.runtime.engine) as db:
        db.exec_driver_sql(f"UPDATE webinar_session SET capacity = {capacity} WHERE id = {house.session_id}")
    return house.place(**{"email": f"first-{house.email}", **facts})


def join(house, **facts) -> str:
    """Join the list through the form; gives the path of the personal page."""
    assert house.send(wait="yes", **facts).status_code == 303
    return house.path(house.runtime.links.manage(registration_of(house)))


def registration_of(house) -> int:
    """The registration that was made last."""
    with transaction(house.runtime.engine) as db:
        return db.exec_driver_sql("SELECT max(id) FROM registration").scalar_one()


def free(house, holder: int) -> None:
    """Let somebody give up their place, and the scheduler offer it."""
    with transaction(house.runtime.engine) as db:
        assert withdraw(db, holder, house.runtime.hours, house.clock(), horizon=HORIZON)
        assert people.place(db, holder).withdrawn_at and switches.newest(db, holder) == holder
    assert offer_places(house.runtime.engine, house.clock()) == 1
