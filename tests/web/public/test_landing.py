"""What the registration page reads, and who speaks."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from campaigns.errors import NotFound
from campaigns.store import webinars
from campaigns.store.engine import transaction
from campaigns.store.sections import sections_of
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


def test_page_teaches_section_by_section_and_each_paragraph_names_its_claims(house):
    page = house.client.get(f"/w/{house.slug}").text
    with transaction(house.runtime.engine) as db:
        sections = sections_of(db, house.webinar_id)
    assert re.findall(r'<li><a href="#read-([\w-]+)">', page) == [*(one.key for one in sections), "sources"]
    assert re.findall(r'<h3 id="read-([\w-]+)">', page) == [*(one.key for one in sections), "sources"]
    told = [" ".join(part.claims) for one in sections for part in one.paragraphs]
    assert re.findall(r'<p data-claims="([^"]+)">', page) == told
    assert page.count('class="cite" href="#source-1"') == len(sections)
    assert page.count('<li id="source-') == 1 and "Kraus E., Athletebiz, 2018" in page
    assert 'lang="en"' not in page.partition("<body>")[2]


def test_page_in_another_language_says_that_this_part_is_not(house):
    page = house.client.get(f"/w/{house.slug}?lang=es").text
    assert "Esta parte está en inglés." in page
    assert page.count('<h3 id="read-what-it-is" lang="en">What the SI joint is</h3>') == 1
    told = page.partition('id="read"')[2]
    assert told.count("data-claims=") == len(re.findall(r'data-claims="[^"]+"><span lang="en">', told)) > 9


def test_form_alone_teaches_nothing(house):
    page = house.client.post(f"/w/{house.slug}", data={"email": "sam"})
    assert page.status_code == 422
    assert "data-claims" not in page.text and 'href="#read"' not in page.text


def test_page_without_anything_to_read_has_no_place_for_it(house):
    with transaction(house.runtime.engine) as db:
        db.execute(text("UPDATE webinar SET sections = '[]' WHERE id = :id"), {"id": house.webinar_id})
    page = house.client.get(f"/w/{house.slug}").text
    assert 'id="read"' not in page and 'href="#read"' not in page
