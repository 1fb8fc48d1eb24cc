"""What the registration page reads, and who speaks."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from campaigns.errors import NotFound
from campaigns.store import webinars
from campaigns.store.engine import transaction
from campaigns.web.public.landing import _initials, read_landing


def test_sessions_are_open_full_cancelled_or_closed(house):
    full = house.add_session(12, capacity=1)
    house.place(session_id=full)
    gone = house.add_session(13)
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, gone, "", house.clock.now)
        found = read_landing(db, house.slug, house.clock.now)
    assert [found.shut(one) for one in found.listed] == ["", "Full", "Cancelled"]
    assert [one.id for one in found.open] == [house.session_id]
    assert found.lists(gone) and not found.lists(gone + 1)


def test_front_door_leads_to_the_newest_webinar(house):
    answer = house.client.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/w/{house.slug}")


def test_front_door_of_an_empty_house_leads_nowhere(house):
    with transaction(house.runtime.engine) as db:
        db.execute(text("ALTER TABLE webinar RENAME TO others"))
        db.execute(text("CREATE TABLE webinar (LIKE others)"))
        assert webinars.newest_slug(db) is None
        db.rollback()


def test_session_that_ends_while_the_page_is_read_is_closed(house):
    with transaction(house.runtime.engine) as db:
        found = read_landing(db, house.slug, house.clock.now)
        later = replace(found, now=house.starts_at + timedelta(hours=1))
    assert later.shut(later.listed[0]) == "Closed"


def test_only_class_to_choose_is_chosen_and_of_several_none_is(house):
    assert house.client.get(f"/w/{house.slug}").text.count("required checked") == 1
    house.add_session(12)
    assert house.client.get(f"/w/{house.slug}").text.count("required checked") == 0


def test_zone_outside_the_list_is_added_to_it(house):
    page = house.client.get(f"/w/{house.slug}?zone=Asia/Kathmandu").text
    assert '<option value="Asia/Kathmandu" data-city="Kathmandu" selected>Kathmandu time</option>' in page


def test_slug_with_a_nul_is_not_found_without_asking_the_database(db):
    with pytest.raises(NotFound):
        read_landing(db, "a\0b", None)


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Dr. Maya Ellison", "ME"), ("Ana María de la Cruz", "AC"), ("The clinic's doctor", ""), ("Cher", ""), ("", "")],
)
def test_initials_leave_titles_out_and_are_of_names_only(name, letters):
    assert _initials(name) == letters
