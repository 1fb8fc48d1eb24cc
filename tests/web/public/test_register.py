"""`/w/{slug}`: the registration page, from the first look to the thanks."""

from datetime import timedelta
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from sqlalchemy import text

from campaigns.domain.steps import Channel, Purpose
from campaigns.store import webinars
from campaigns.store.consents import suppress
from campaigns.store.engine import transaction


def test_page_says_what_it_is_who_speaks_and_when(house):
    page = house.client.get(f"/w/{house.slug}")
    assert page.status_code == 200
    assert "The aching lower back, explained for runners" in page.text
    assert "Who speaks" in page.text
    assert "Thursday, March\u00a011" in page.text


def test_page_shows_the_clinics_time_and_says_so_until_a_zone_is_known(house):
    page = house.client.get(f"/w/{house.slug}")
    assert "6:00\u00a0PM Eastern" in page.text
    assert "Eastern Time (New York), as at the clinic" in page.text


def test_page_shows_both_times_in_a_zone_from_the_address(house):
    page = house.client.get(f"/w/{house.slug}?zone=America/Los_Angeles")
    assert "3:00\u00a0PM Pacific" in page.text
    assert "6:00\u00a0PM Eastern at the clinic" in page.text


def test_page_takes_no_notice_of_a_zone_that_does_not_exist(house):
    page = house.client.get(f"/w/{house.slug}?zone=Mars/Olympus")
    assert page.status_code == 200
    assert "as at the clinic" in page.text


def test_no_box_is_ticked_by_us(house):
    page = house.client.get(f"/w/{house.slug}")
    assert page.text.count('type="checkbox"') == 3
    assert "checked" not in page.text.replace("checked>", "", page.text.count('type="radio"'))


def test_whole_wording_stands_beside_each_box(house):
    page = house.client.get(f"/w/{house.slug}")
    for words in ("Message and data rates may apply", "STOP", "HELP", "short lessons", "This is marketing"):
        assert words in page.text


def test_page_is_small(house):
    page = house.client.get(f"/w/{house.slug}")
    style = house.client.get("/static/public.css")
    script = house.client.get("/static/public.js")
    assert len(page.content) + len(style.content) + len(script.content) < 50_000


def test_unknown_webinar_is_not_found(house):
    for slug in ("nothing", "%00", "...", "a" * 500, "%ff%fe"):
        assert house.client.get(f"/w/{slug}").status_code == 404


def test_registration_is_written_and_leads_to_thanks(house):
    answer = house.send()
    assert answer.status_code == 303
    assert registrations(house) == [("Sam", "America/Chicago")]
    thanks = house.client.get(answer.headers["location"])
    assert thanks.status_code == 200
    assert "You’re in." in thanks.text


def test_nothing_personal_stands_in_the_address_of_the_thanks(house):
    location = house.send(phone="(207) 555-0142", consent=[str(house.boxes["sms-service"])]).headers["location"]
    assert set(parse_qs(urlsplit(location).query)) == {"session", "zone", "boxes"}
    assert "sam" not in location.lower() and "555" not in location


def test_confirmation_is_planned_in_the_same_transaction(house):
    house.send()
    with transaction(house.runtime.engine) as db:
        due = db.execute(
            text("SELECT count(*) FROM delivery WHERE session_id = :id"), {"id": house.session_id}
        ).scalar_one()
    assert due == 1


def test_ticked_boxes_are_stored_with_the_words_that_were_shown(house):
    house.send(phone="(207) 555-0142", consent=[str(number) for number in house.boxes.values()])
    with transaction(house.runtime.engine) as db:
        rows = db.execute(
            text(
                "SELECT channel || '-' || purpose, wording_id, granted, means, evidence->>'page'"
                " FROM consent JOIN registrant r ON r.id = registrant_id WHERE r.email = :email"
            ),
            {"email": house.email},
        ).all()
    page = f"/w/{house.slug}"
    assert sorted(map(tuple, rows)) == sorted((key, number, True, "form", page) for key, number in house.boxes.items())


def test_form_sent_twice_makes_one_registration_and_gives_the_same_answer(house):
    first, second = house.send(), house.send()
    assert (first.status_code, first.headers["location"]) == (second.status_code, second.headers["location"])
    assert len(registrations(house)) == 1


def test_answer_does_not_tell_whether_the_address_is_known(house):
    house.place()
    known, unknown = house.send(), house.send(email="somebody-else@example.com")
    assert known.headers["location"] == unknown.headers["location"]


def test_zone_chosen_from_the_list_wins_over_the_guess(house):
    house.send(zone="Europe/London")
    assert registrations(house) == [("Sam", "Europe/London")]


def test_guess_that_is_no_zone_gives_the_clinics_zone(house):
    for guess in ("", "Etc/Unknown", "../../etc/passwd", "/etc/passwd", "x" * 200):
        assert house.send(guess=guess).status_code == 303
    assert registrations(house) == [("Sam", "America/New_York")]


def test_showing_the_times_of_a_zone_keeps_what_was_typed_and_writes_nothing(house):
    page = house.send(show="times", zone="America/Denver", first_name="Ana", email="ana@")
    assert page.status_code == 200
    assert "4:00\u00a0PM Mountain" in page.text
    assert 'value="Ana"' in page.text and 'value="ana@"' in page.text
    assert registrations(house) == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("session", None, "Pick a time"),
        ("session", "", "Pick a time"),
        ("session", "x", "We do not know this class"),
        ("session", "-1", "We do not know this class"),
        ("session", "9" * 30, "We do not know this class"),
        ("session", "٣", "We do not know this class"),
        ("first_name", "", "first name is missing"),
        ("first_name", None, "first name is missing"),
        ("first_name", "Sam\r\nBcc: all@example.com", "line break"),
        ("first_name", "Sam\0", "cannot be seen"),
        ("first_name", "<b>Sam</b>", "cannot hold the signs"),
        ("first_name", "\u202emaS", "hidden mark"),
        ("first_name", "S" * 81, "longer than 80"),
        ("first_name", "S" * 60_000, "longer than 80"),
        ("first_name", b"S\xe4m", "could not read"),
        ("email", "", "email address is missing"),
        ("email", "sam", "no @"),
        ("email", "sam@", "after the @"),
        ("email", "sam@example.com\r\nBcc: all@example.com", "line break"),
        ("email", b"s\xff@example.com", "could not read"),
        ("phone", "12", "too short"),
        ("phone", "+1 800 555 0199", "toll-free"),
        ("phone", "+44 7700 900123", "United States only"),
        ("zone", "Mars/Olympus", "not a time zone"),
        ("zone", "America/Chicago\0", "not a time zone"),
        ("leave_empty", "http://example.com", "people do not see"),
    ],
)
def test_fault_names_the_field_and_the_remedy(house, field, value, words):
    page = post(house, {**house.form(), field: value})
    assert page.status_code == 422
    assert words in page.text
    assert 'role="alert"' in page.text
    assert registrations(house) == []


def test_all_faults_are_named_at_once_and_everything_typed_is_kept(house):
    box = str(house.boxes["sms-service"])
    page = house.send(session="", email="sam.rivera@", consent=[box])
    assert page.status_code == 422
    assert "<title>3 things to fix" in page.text
    assert "You asked for text reminders, so we need a number" in page.text
    assert 'value="Sam"' in page.text and 'value="sam.rivera@"' in page.text
    assert f'name="consent" value="{box}" checked' in page.text


def test_page_with_faults_is_kept_out_of_caches(house):
    assert house.send(email="").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("field", ["session", "first_name", "email", "phone", "zone"])
def test_field_sent_twice_is_refused(house, field):
    pairs = {**house.form(phone="(207) 555-0142", zone="America/Chicago")}
    pairs[field] = [pairs[field], pairs[field]]
    page = house.client.post(f"/w/{house.slug}", data=pairs)
    assert page.status_code == 422
    assert "was sent 2 times" in page.text


def test_field_sent_as_a_file_is_refused(house):
    form = house.form(first_name=None)
    page = house.client.post(f"/w/{house.slug}", data=form, files={"first_name": ("name.txt", b"Sam")})
    assert page.status_code == 422
    assert "was sent as a file" in page.text


def test_form_may_come_as_multipart(house):
    page = house.client.post(f"/w/{house.slug}", files=[(name, (None, value)) for name, value in house.form().items()])
    assert page.status_code == 303


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 415),
        ("text/plain", 415),
        ("", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=x", 422),
    ],
)
def test_odd_content_types_get_a_clear_answer(house, kind, status):
    page = house.client.post(f"/w/{house.slug}", content=b"{}", headers={"content-type": kind})
    assert page.status_code in (status, 400)
    assert "<h1>" in page.text


def test_box_that_is_not_on_the_page_is_refused(house):
    page = house.send(consent=["999999"])
    assert page.status_code == 422
    assert "have changed since you opened the page" in page.text


def test_unknown_session_keeps_everything_typed(house):
    page = house.send(session="999999")
    assert page.status_code == 422
    assert "does not exist" in page.text and f'value="{house.email}"' in page.text


def test_session_of_another_webinar_is_unknown_here(house, runtime):
    with transaction(runtime.engine) as db:
        other = webinars.webinar_by_slug(db, "si-joint-runners")
        starts_at = house.starts_at
        foreign = webinars.add_session(db, other.id, starts_at, starts_at + timedelta(minutes=30), house.clock.now)
    assert house.send(session=str(foreign)).status_code == 422
    assert registrations(house) == []


def test_session_that_has_filled_up_offers_the_closest_with_everything_typed(house):
    full = house.add_session(12, capacity=1)
    house.place(session_id=full, email="first@example.com")
    page = house.send(session=str(full))
    assert page.status_code == 409
    assert "This class is full." in page.text
    assert "There is room on Thursday, March\u00a011" in page.text
    assert f'name="email" value="{house.email}"' in page.text


def test_person_with_a_place_in_a_full_session_gets_the_answer_that_everybody_gets(house):
    full = house.add_session(12, capacity=1)
    house.place(session_id=full)
    assert house.send(session=str(full)).status_code == 409


def test_cancelled_session_is_refused_with_what_is_free(house):
    house.add_session(12)
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "", house.clock.now)
    page = house.send()
    assert page.status_code == 409
    assert "This class was cancelled." in page.text


def test_full_session_with_nothing_free_says_so_on_the_form(house):
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "", house.clock.now)
    page = house.send()
    assert page.status_code == 422
    assert "No class has room just now" in page.text


def test_session_that_is_over_is_no_longer_on_the_page(house):
    house.clock.now = house.starts_at + timedelta(minutes=31)
    assert "There is no class to join just now" in house.client.get(f"/w/{house.slug}").text
    assert house.send().status_code == 422


def test_class_that_is_on_still_takes_people(house):
    house.clock.now = house.starts_at + timedelta(minutes=3)
    answer = house.send()
    assert answer.status_code == 303
    assert "It has started." in house.client.get(answer.headers["location"]).text


def test_form_from_another_site_is_refused(house):
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://elsewhere.example"},
        {"sec-fetch-site": "same-site", "origin": "https://other.clinic.example"},
    ):
        page = house.client.post(f"/w/{house.slug}", data=house.form(), headers=headers)
        assert page.status_code == 403
        assert "came from another site" in page.text
    assert registrations(house) == []


def test_form_from_our_own_page_passes(house):
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": "http://127.0.0.1:8000"}, {"origin": "null"}):
        assert house.client.post(f"/w/{house.slug}", data=house.form(), headers=headers).status_code == 303


def test_thanks_lists_what_the_ticked_boxes_bring_and_nothing_else(house):
    boxes = [str(house.boxes["sms-service"]), str(house.boxes["email-education"])]
    with_boxes = house.client.get(house.send(phone="(207) 555-0142", consent=boxes).headers["location"]).text
    without = house.client.get(house.send(email="other@example.com").headers["location"]).text
    assert "You ticked the text reminders, and the short reads." in with_boxes
    assert with_boxes.count("A short read, by email") == 8
    assert "The doors open, by text" in with_boxes and "The doors open, by email" not in with_boxes
    assert "Text reminders:" in with_boxes
    assert with_boxes.count('class="now"') - with_boxes.count('<path class="now"') == 1
    assert "You ticked no box." in without
    assert "A short read" not in without and "by text" not in without
    assert "The doors open, by email" in without
    assert "News from the clinic" not in with_boxes


def test_thanks_offers_three_calendars_with_a_discreet_title(house):
    page = house.client.get(house.send().headers["location"]).text
    assert f'href="/calendar/{house.session_id}.ics"' in page
    assert "https://calendar.google.com/calendar/render?action=TEMPLATE" in page
    assert "https://outlook.live.com/calendar/" in page
    for condition in ("Sacroiliac", "sacroiliac", "pain"):
        assert condition not in page.split("Add it to your calendar")[1].split("What you will get")[0]


def test_thanks_shortly_before_the_start_sends_people_to_their_inbox(house):
    house.clock.now = house.starts_at - timedelta(minutes=40)
    page = house.client.get(house.send().headers["location"]).text
    assert "It starts in 40 minutes." in page
    assert "Add it to your calendar" not in page


@pytest.mark.parametrize("query", ["", "?session=x", "?session=0", "?session=99999999999999999999", "?session=999999"])
def test_thanks_for_a_session_that_does_not_exist_is_not_found(house, query):
    assert house.client.get(f"/w/{house.slug}/thanks{query}").status_code == 404


def test_thanks_takes_no_notice_of_odd_zones_and_boxes(house):
    page = house.client.get(f"/w/{house.slug}/thanks?session={house.session_id}&zone=%00&boxes=x.y.%3Cscript%3E")
    assert page.status_code == 200
    assert "<script>" not in page.text


def post(house, pairs):
    """Send a form byte by byte, with what a browser's encoder would not let through."""
    body = "&".join(f"{name}={quote_plus(value)}" for name, value in pairs.items() if value is not None)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return house.client.post(f"/w/{house.slug}", content=body, headers=headers)


def registrations(house):
    with transaction(house.runtime.engine) as db:
        rows = db.execute(
            text(
                "SELECT p.first_name, r.zone FROM registration r JOIN registrant p ON p.id = r.registrant_id"
                " JOIN webinar_session s ON s.id = r.session_id WHERE s.webinar_id = :id AND p.email LIKE 'sam%'"
            ),
            {"id": house.webinar_id},
        ).all()
    return [tuple(row) for row in rows]


def test_who_stopped_everything_and_registers_again_gets_what_they_ask_for_and_no_more(house):
    every = {("email", "education"): "email-education", ("email", "marketing"): "email-marketing"}
    registration = house.place(
        consents={(Channel(channel), Purpose(purpose)): house.boxes[key] for (channel, purpose), key in every.items()}
    )
    stop = house.path(house.runtime.links.stop(registration, Channel.EMAIL, Purpose.SERVICE))
    house.client.post(f"{stop}/choose", data={"scope": "everything"})
    house.add_session(12)
    assert house.send(consent=[str(house.boxes["email-education"])]).status_code == 303
    page = house.client.get(house.path(house.runtime.links.manage(registration))).text
    ticked = {kind for kind in ("service", "education", "marketing") if f'value="email-{kind}" checked' in page}
    assert ticked == {"service", "education"}


def test_import_does_not_end_what_somebody_stopped(house):
    stop = house.path(house.runtime.links.stop(house.place(), Channel.EMAIL, Purpose.SERVICE))
    house.client.post(stop)
    registration = house.place(session_id=house.add_session(12), source="import")
    page = house.client.get(house.path(house.runtime.links.manage(registration))).text
    assert 'value="email-service" checked' not in page


def test_address_that_bounced_is_not_let_flow_again_by_a_form(house):
    registration = house.place()
    with transaction(house.runtime.engine) as db:
        suppress(db, Channel.EMAIL, house.email, None, reason="bounced", source="test", now=house.clock.now)
    assert house.send().status_code == 303
    page = house.client.get(house.path(house.runtime.links.manage(registration))).text
    assert 'value="email-service" checked' not in page


def test_number_that_was_stopped_is_not_let_flow_again_by_a_form(house):
    registration = house.place()
    with transaction(house.runtime.engine) as db:
        suppress(db, Channel.SMS, "+12075550188", None, reason="unsubscribed", source="reply", now=house.clock.now)
    assert house.send(phone="(207) 555-0188", consent=[str(house.boxes["sms-service"])]).status_code == 303
    page = house.client.get(house.path(house.runtime.links.manage(registration))).text
    assert 'value="sms-service" checked' not in page
