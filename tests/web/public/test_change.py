"""A change of plan on the personal page."""

import pytest
from sqlalchemy import text

from campaigns.store import webinars
from campaigns.store.engine import transaction


def test_other_dates_are_offered_and_taken_with_one_press(house):
    other = house.add_session(17)
    path = personal(house)
    page = house.client.get(path).text
    assert f'value="{other}" required checked' in page
    answer = house.client.post(f"{path}/switch", data={"session": str(other)})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?saved=switched")
    page = house.client.get(answer.headers["location"]).text
    assert "Your new time is saved." in page
    assert "Thursday, March\u00a018" in page
    assert f'value="{house.session_id}"' in page  # and back again


def test_join_link_of_the_old_place_opens_the_new_one(house):
    other = house.add_session(17)
    registration = house.place()
    links = house.runtime.links
    house.client.post(f"{house.path(links.manage(registration))}/switch", data={"session": str(other)})
    assert "Thursday, March\u00a018" in house.client.get(house.path(links.join(registration))).text


def test_pressing_twice_is_one_switch(house):
    other = house.add_session(17)
    path = personal(house)
    for _ in range(2):
        assert house.client.post(f"{path}/switch", data={"session": str(other)}).status_code == 303
    assert live_places(house) == [other]


@pytest.mark.parametrize("chosen", ["", "x", "-1", "1e3", "\u0663", "9" * 40])
def test_what_is_no_date_is_refused_with_a_remedy(house, chosen):
    house.add_session(17)
    path = personal(house)
    answer = house.client.post(f"{path}/switch", data={"session": chosen} if chosen else {"x": "y"})
    assert answer.status_code == 422
    assert "Choose one of the dates, then press the button. Nothing was changed." in answer.text
    assert live_places(house) == [house.session_id]


def test_a_date_that_filled_up_meanwhile_is_refused_and_the_place_kept(house):
    other = house.add_session(17, capacity=1)
    path = personal(house)
    house.place(session_id=other, email=f"first-{house.email}")
    answer = house.client.post(f"{path}/switch", data={"session": str(other)})
    assert answer.status_code == 422
    assert "This session is full." in answer.text
    assert live_places(house) == [house.session_id]


def test_full_closed_and_cancelled_dates_are_not_offered(house):
    full, gone, over = house.add_session(17, capacity=1), house.add_session(18), house.add_session(-1)
    house.place(session_id=full, email=f"first-{house.email}")
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, gone, "", house.clock())
    page = house.client.get(personal(house)).text
    assert not [one for one in (full, gone, over) if f'value="{one}"' in page]


def test_form_of_another_site_is_refused(house):
    other = house.add_session(17)
    path = personal(house)
    answer = house.client.post(
        f"{path}/switch", data={"session": str(other)}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert live_places(house) == [house.session_id]


def test_after_a_cancelled_class_another_date_is_one_press_away(house):
    other = house.add_session(17)
    path = personal(house)
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "The doctor is ill.", house.clock())
    assert "Pick another date" in house.client.get(path).text
    assert house.client.post(f"{path}/switch", data={"session": str(other)}).status_code == 303
    assert "You are registered." in house.client.get(path).text


def live_places(house) -> list[int]:
    statement = text(
        "SELECT r.session_id FROM registration r JOIN registrant n ON n.id = r.registrant_id"
        " WHERE n.email = :email AND r.withdrawn_at IS NULL"
    )
    with transaction(house.runtime.engine) as db:
        return list(db.execute(statement, {"email": house.email}).scalars())


def personal(house, **facts) -> str:
    return house.path(house.runtime.links.manage(house.place(**facts)))
