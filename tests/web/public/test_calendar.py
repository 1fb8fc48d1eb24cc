"""`/calendar/{session}.ics`: the public entry."""

from urllib.parse import parse_qs, urlsplit

import icalendar
import pytest

from campaigns.store import webinars
from campaigns.store.engine import transaction
from campaigns.web.public.calendar import entry_title, google, outlook


def test_file_is_a_publication_with_a_discreet_title(house):
    answer = house.client.get(f"/calendar/{house.session_id}.ics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert 'filename="class.ics"' in answer.headers["content-disposition"]
    calendar = icalendar.Calendar.from_ical(answer.content)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "PUBLISH"
    assert event["DTSTART"].dt == house.starts_at
    assert "ATTENDEE" not in event
    assert "acroiliac" not in answer.text


def test_title_on_the_page_is_the_title_in_the_file(house):
    with transaction(house.runtime.engine) as db:
        webinar = webinars.webinar_by_slug(db, house.slug)
    calendar = icalendar.Calendar.from_ical(house.client.get(f"/calendar/{house.session_id}.ics").content)
    assert calendar.walk("VEVENT")[0]["SUMMARY"] == entry_title(house.runtime, webinar)


def test_file_of_a_cancelled_class_says_so(house):
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "", house.clock.now)
    calendar = icalendar.Calendar.from_ical(house.client.get(f"/calendar/{house.session_id}.ics").content)
    assert calendar.walk("VEVENT")[0]["STATUS"] == "CANCELLED"


@pytest.mark.parametrize("number", ["0", "-1", "x", "999999", "9" * 30, "%00"])
def test_session_that_does_not_exist_is_not_found(house, number):
    assert house.client.get(f"/calendar/{number}.ics").status_code == 404


def test_links_carry_the_time_and_the_discreet_title_only(house):
    with transaction(house.runtime.engine) as db:
        webinar, session = webinars.webinar_by_slug(db, house.slug), webinars.read_session(db, house.session_id)
    to_google = parse_qs(urlsplit(google(house.runtime, webinar, session)).query)
    to_outlook = parse_qs(urlsplit(outlook(house.runtime, webinar, session)).query)
    assert to_google["dates"] == ["20270311T230000Z/20270311T233000Z"]
    assert (to_outlook["startdt"], to_outlook["enddt"]) == (["2027-03-11T23:00:00Z"], ["2027-03-11T23:30:00Z"])
    assert to_google["text"] == to_outlook["subject"] == [entry_title(house.runtime, webinar)]
    assert house.slug not in str(to_google) + str(to_outlook)
