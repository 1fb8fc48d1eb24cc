"""Every public page in every state, in Chromium: no barrier that axe knows, nothing sticks out, usable without script."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from campaigns.domain.codes import Asking
from campaigns.domain.form_fields import FieldKind, FormField
from campaigns.domain.steps import Channel, Purpose
from campaigns.operations.plan import plan_registration
from campaigns.store import people, webinars
from campaigns.store.asked import ask_for_texts
from campaigns.store.engine import transaction
from campaigns.store.form_fields import add_field

pytestmark = pytest.mark.browser


def test_landing(house, reader, check):
    more_sessions(house)
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    check(page)


def test_landing_with_the_zones_opened(house, reader, check):
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    page.get_by_text("Change", exact=True).click()
    check(page)


def test_landing_when_every_class_is_full(house, reader, check):
    fill(house)
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    check(page)


def test_form_with_errors(house, reader, check):
    more_sessions(house)
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    page.get_by_label("First name").fill("Sam")
    page.get_by_label("Email", exact=True).fill("sam.rivera@")
    page.get_by_label("Text me reminders").check()
    page.get_by_role("button", name="Save my place").click()
    assert page.title().startswith("3 things to fix")
    assert page.evaluate("document.activeElement.id") == "summary"
    assert page.get_by_label("First name").input_value() == "Sam"
    check(page)


def test_class_that_has_filled_up_meanwhile(house, reader, check):
    more_sessions(house)
    last = house.add_session(13, capacity=1)
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    page.locator(f"#session-{last}").check()
    page.get_by_label("First name").fill("Sam")
    page.get_by_label("Email", exact=True).fill("sam@example.com")
    house.place(session_id=last, email="first@example.com")
    page.get_by_role("button", name="Save my place").click()
    assert "This class is full." in page.locator("h1").inner_text()
    check(page)
    page.get_by_role("button", name="Take this place").click()
    assert "You’re in." in page.locator("h1").inner_text()


def test_thanks(house, reader, check):
    page = reader.page(zone="America/Los_Angeles")
    page.goto(f"/w/{house.slug}")
    page.get_by_role("radio").first.check()
    page.get_by_label("First name").fill("Sam")
    page.get_by_label("Email", exact=True).fill("sam@example.com")
    page.get_by_role("textbox", name="Mobile number").fill("(207) 555-0142")
    page.get_by_label("Text me reminders").check()
    page.get_by_label("Email me the short reads").check()
    page.get_by_role("button", name="Save my place").click()
    assert "zone=America/Los_Angeles" in page.url
    check(page)


def test_thanks_shortly_before_the_class(house, reader, check):
    house.clock.now = house.starts_at - timedelta(minutes=40)
    page = reader.page(script=True)
    page.goto(f"/w/{house.slug}/thanks?session={house.session_id}&zone=America/Chicago")
    check(page)


def test_personal_page(house, reader, check):
    token = personal(house)
    page = reader.page()
    page.goto(token)
    check(page)


def test_personal_page_after_the_class_moved(house, reader, check):
    token = personal(house)
    starts_at = house.starts_at + timedelta(days=3)
    with transaction(house.runtime.engine) as db:
        webinars.move_session(db, house.session_id, starts_at, starts_at + timedelta(minutes=30), house.clock.now)
    page = reader.page()
    page.goto(token)
    assert "We moved it." in page.content()
    check(page)


def test_changing_the_plan_by_keyboard(house, reader, check):
    more_sessions(house)
    page = reader.page()
    page.goto(personal(house))
    page.locator("input[name=session]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your new time is saved.")
    check(page)


def test_details_with_faults(house, reader, check):
    page = reader.page()
    page.goto(personal(house))
    page.get_by_role("link", name="Change my details").click()
    check(page, "form")
    page.get_by_label("Email", exact=True).fill("sam@")
    page.get_by_role("button", name="Save my details").click()
    assert page.title().startswith("1 thing to fix")
    check(page, "faults")


def test_asking_the_doctor_without_script(house, reader, check):
    page = reader.page(script=False)
    page.goto(personal(house))
    page.get_by_label("Your question").fill("Can I run hills?")
    page.get_by_role("button", name="Send my question").click()
    expect(page.get_by_text("With the doctor", exact=True)).to_be_visible()


def test_asking_in_words_that_may_mean_an_emergency(house, reader, check):
    page = reader.page()
    page.goto(personal(house))
    page.get_by_label("Your question").fill("I cannot hold my urine. Is that normal?")
    page.get_by_role("button", name="Send my question").click()
    expect(page.get_by_role("heading", name="call 911 now")).to_be_visible()
    check(page)


def test_cancelling_a_place(house, reader, check):
    page = reader.page()
    page.goto(personal(house))
    page.get_by_role("link", name="Cancel my place").click()
    check(page, "asks")
    page.get_by_role("button", name="Cancel my place").click()
    assert "You gave up your place." in page.content()
    check(page, "done")


def test_choices_are_kept(house, reader, check):
    page = reader.page()
    page.goto(personal(house))
    page.get_by_label("Short reads, by email").check()
    page.get_by_role("button", name="Save my choices").click()
    assert page.get_by_label("Short reads, by email").is_checked()
    check(page)


def test_join_in_every_state(house, reader, check):
    path = house.path(house.runtime.links.join(house.place()))
    starts_at = house.starts_at
    page = reader.page()
    for name, at in (
        ("days-ahead", starts_at - timedelta(days=3)),
        ("soon", starts_at - timedelta(minutes=42)),
        ("doors", starts_at - timedelta(minutes=8, seconds=20)),
        ("running", starts_at + timedelta(minutes=3)),
        ("over", starts_at + timedelta(days=1)),
    ):
        house.clock.now = at
        page.goto(path)
        check(page, name)


def test_join_of_a_cancelled_class(house, reader, check):
    path = house.path(house.runtime.links.join(house.place()))
    house.add_session(20)
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "The doctor is ill.", house.clock.now)
    page = reader.page()
    page.goto(path)
    check(page)


def test_personal_page_of_a_cancelled_class(house, reader, check):
    path = personal(house)
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "", house.clock.now)
    page = reader.page()
    page.goto(path)
    check(page)


def test_stopping_on_the_page(house, reader, check):
    registration = house.place(consents={(Channel.EMAIL, Purpose.EDUCATION): house.boxes["email-education"]})
    page = reader.page()
    page.goto(house.path(house.runtime.links.stop(registration, Channel.EMAIL, Purpose.EDUCATION)))
    check(page, "asks")
    page.get_by_role("button", name="Stop these messages").click()
    check(page, "done")
    page.get_by_role("button", name="Undo").click()
    assert "You get the short reads again." in page.content()
    check(page, "undone")


@pytest.mark.parametrize("name", ["privacy", "text-terms", "accessibility", "find"])
def test_words(reader, check, name):
    page = reader.page()
    page.goto(f"/{name}")
    check(page)


def test_page_that_is_not_there(reader, check):
    page = reader.page()
    page.goto("/w/nothing")
    check(page)


def more_sessions(house) -> None:
    house.add_session(15.25)
    house.place(session_id=house.add_session(19.25, capacity=1), email="first@example.com")


def fill(house) -> None:
    with transaction(house.runtime.engine) as db:
        webinars.cancel_session(db, house.session_id, "", house.clock.now)
    house.place(session_id=house.add_session(19.25, capacity=1), email="first@example.com")


def personal(house) -> str:
    registration = house.place(
        phone="+12075550142",
        consents={(Channel.SMS, Purpose.SERVICE): house.boxes["sms-service"]},
    )
    return house.path(house.runtime.links.manage(registration))


def test_everything_works_without_script(house, reader):
    page = reader.page(script=False)
    page.goto(f"/w/{house.slug}")
    assert "Eastern Time (New York), as at the clinic" in page.locator(".zone summary").inner_text()
    page.get_by_text("Change", exact=True).click()
    page.get_by_label("Time zone").select_option("America/Los_Angeles")
    page.get_by_label("First name").fill("Sam")
    page.get_by_role("button", name="Show these times").click()
    assert "3:00\u00a0PM Pacific" in page.locator(".choice").inner_text()
    assert page.get_by_label("First name").input_value() == "Sam"
    page.get_by_label("Email", exact=True).fill(house.email)
    page.get_by_role("radio").check()
    page.get_by_role("button", name="Save my place").click()
    assert "You’re in." in page.locator("h1").inner_text()
    assert "zone=America/Los_Angeles" in page.url


def test_everything_works_by_keyboard(house, reader):
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    press_to(page, "input[name=session]")
    page.keyboard.press("Space")
    press_to(page, "#first_name")
    page.keyboard.type("Sam")
    press_to(page, "#email")
    page.keyboard.type(house.email)
    press_to(page, "input[name=consent]")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "You’re in." in page.locator("h1").inner_text()


def test_enter_in_a_field_sends_the_form(house, reader):
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    page.get_by_label("Email", exact=True).fill("sam@")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.title().startswith("2 things to fix")


def test_field_that_people_do_not_see_is_not_reached_by_keyboard(house, reader):
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") != "leave_empty"


def test_times_follow_the_zone_of_the_device(house, reader):
    page = reader.page(zone="America/Los_Angeles")
    page.goto(f"/w/{house.slug}")
    assert "3:00\u00a0PM your time (Pacific)" in page.locator(".next").inner_text()
    assert "6:00\u00a0PM Eastern at the clinic" in page.locator(".choice").inner_text()
    assert "Times are in Pacific Time (Los Angeles)." in page.locator(".zone summary").inner_text()


def test_times_on_another_day_at_the_clinic_say_so(house, reader):
    page = reader.page(zone="Asia/Tokyo")
    page.goto(f"/w/{house.slug}")
    assert "Friday, March\u00a012" in page.locator(".choice").inner_text()
    assert "Thursday 6:00\u00a0PM Eastern at the clinic" in page.locator(".choice").inner_text()


def test_script_and_server_say_times_in_the_same_words(house, reader):
    for zone in ("America/Chicago", "America/New_York", "Europe/London", "Asia/Tokyo", "America/Denver"):
        by_script = reader.page(zone=zone)
        by_script.goto(f"/w/{house.slug}")
        by_server = reader.page(script=False)
        by_server.goto(f"/w/{house.slug}?zone={zone}")
        for part in (".next", ".choice", ".zone summary"):
            assert by_script.locator(part).first.inner_text() == by_server.locator(part).first.inner_text()


def test_second_press_sends_nothing(house, reader):
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    page.get_by_role("radio").check()
    page.get_by_label("First name").fill("Sam")
    page.get_by_label("Email", exact=True).fill(house.email)
    sent = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    page.evaluate("const b = document.querySelector('.after .button'); b.click(); b.click(); b.click();")
    page.wait_for_url("**/thanks?**")
    assert sent == ["POST"]


def test_countdown_ticks(house, reader):
    path = house.path(house.runtime.links.join(house.place()))
    house.clock.now = house.starts_at - timedelta(minutes=9)
    page = reader.page()
    page.goto(path)
    expect(page.locator("[data-seconds]")).to_have_text(re.compile("8:5."))


def test_form_with_questions_of_its_own_and_their_errors(house, reader, check):
    ask(house)
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    check(page)
    page.get_by_role("radio").first.check()
    page.get_by_label("First name").fill("Sam")
    page.get_by_label("Email", exact=True).fill(house.email)
    page.get_by_label("Fri").check()
    page.get_by_role("button", name="Save my place").click()
    assert page.title().startswith("3 things to fix")
    check(page, "errors")
    page.get_by_role("link", name="Choose one.").click()
    assert page.evaluate("document.activeElement.id || location.hash") in ("field-where-1", "#field-where-1")
    assert page.get_by_label("Fri").is_checked()
    page.get_by_label("Miles a week").fill("20")
    page.get_by_label("Trail").check()
    page.get_by_label("I am over 18").check()
    page.get_by_role("button", name="Save my place").click()
    assert "You’re in." in page.locator("h1").inner_text()


def test_form_that_came_too_late_is_shown_once_more(house, reader, check):
    page = reader.page(script=False)
    page.goto(f"/w/{house.slug}")
    page.get_by_role("radio").check()
    page.get_by_label("First name").fill("Sam")
    page.get_by_label("Email", exact=True).fill(house.email)
    house.clock.now += timedelta(hours=25)
    page.get_by_role("button", name="Save my place").click()
    assert "This page was open for long" in page.locator(".nudge").inner_text()
    page.get_by_role("button", name="Save my place").click()
    assert "You’re in." in page.locator("h1").inner_text()


def test_once_more_looks_right(house, reader, check):
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    page.get_by_role("radio").check()
    page.get_by_label("First name").fill("Sam")
    page.get_by_label("Email", exact=True).fill(house.email)
    house.clock.now += timedelta(hours=25)
    page.get_by_role("button", name="Save my place").click()
    assert page.evaluate("document.activeElement.id") == "summary"
    check(page)


def test_no_class_but_a_recording(house, reader, check):
    with transaction(house.runtime.engine) as db:
        webinars.set_links(db, house.session_id, room_url="", replay_url="https://video.example/one")
    house.clock.now = house.starts_at + timedelta(hours=1)
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    assert "Its recording is ready for you." in page.locator(".nudge").inner_text()
    check(page)


def test_form_in_the_frame_of_a_named_site_leads_to_thanks_inside_it(house, reader, check, elsewhere):
    page = reader.page()
    page.goto(f"/w/{house.slug}/embed")
    check(page)
    around = f"{elsewhere}/?{reader.base}/w/{house.slug}/embed"
    page.goto(around)
    inside = page.frame_locator("iframe")
    inside.get_by_role("radio").check()
    inside.get_by_label("First name").fill("Sam")
    inside.get_by_label("Email", exact=True).fill("sam@")
    inside.get_by_role("button", name="Save my place").click()
    expect(inside.locator("#summary")).to_contain_text("One thing to fix")
    inside.get_by_label("Email", exact=True).fill(house.email)
    inside.get_by_role("button", name="Save my place").click()
    expect(inside.locator("h1")).to_contain_text("You’re in.")
    assert page.url == around


def ask(house) -> None:
    """Put a field of each kind on the form."""
    where = ("Road", "Trail, or a path in a park that has a rather long name for so narrow a screen")
    fields = (
        FormField(
            key="miles", label="Miles a week", hint="A rough number will do.", kind=FieldKind.TEXT, required=True
        ),
        FormField(key="where", label="Where do you run?", kind=FieldKind.SINGLE, options=where, required=True),
        FormField(key="days", label="On which days?", hint="Any.", kind=FieldKind.MULTI, options=("Mon", "Fri")),
        FormField(key="adult", label="I am over 18", kind=FieldKind.CHECKBOX, required=True),
    )
    with transaction(house.runtime.engine) as db:
        for field in fields:
            add_field(db, house.webinar_id, field, house.clock.now)


def press_to(page, selector: str) -> None:
    """Press Tab until the control has the focus."""
    for _ in range(40):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(selector)


def test_entering_the_code_from_a_text(house, reader, check):
    mine = house.place(phone=house.phone)
    asking = Asking(house.phone, house.boxes["sms-service"], house.clock.now)
    with transaction(house.runtime.engine) as db:
        ask_for_texts(db, mine, asking, first=True)
        place = people.place(db, mine)
        plan_registration(db, place, {}, house.runtime.hours, house.clock.now, horizon=timedelta(hours=6))
        left = "UPDATE delivery SET status = 3, attempt = 1, phone = :phone, sent_at = :now WHERE registration_id = :id"
        db.execute(text(left), {"phone": house.phone, "now": house.clock.now, "id": mine})
    page = reader.page()
    page.goto(house.path(house.runtime.links.manage(mine)))
    check(page, "asked")
    page.get_by_role("link", name="Enter the code").click()
    page.get_by_label("Enter the code we texted to").fill("12 34 5")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Enter the code we texted to")).to_have_attribute("aria-invalid", "true")
    check(page, "wrong")
    page.get_by_label("Enter the code we texted to").fill(house.runtime.links.code(mine, house.phone, 0))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The number is yours")
    check(page, "proven")
