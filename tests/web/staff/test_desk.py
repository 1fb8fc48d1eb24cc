"""What every staff page stands on."""

import pytest

from campaigns.store import alerts
from campaigns.store.engine import transaction
from campaigns.web.staff.desk import onward
from tests.web.staff import letterbox


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/staff/deliveries?state=unknown&step=3", "/staff/deliveries?state=unknown&step=3"),
        ("/outbox", "/outbox"),
        ("/staffing", "/staff"),
        ("https://evil.example/staff", "/staff"),
        ("/\\evil.example", "/staff"),
        ("//staff", "/staff"),
        ("", "/staff"),
    ],
)
def test_after_signing_in_only_our_own_pages_follow(asked, target):
    assert onward(asked) == target


@pytest.mark.parametrize(
    "path",
    ["/staff", "/staff/deliveries", "/staff/deliveries/1", "/staff/people/1", "/staff/health", "/staff/replies/1"],
)
def test_no_page_opens_without_signing_in(office, path):
    office.client.cookies.clear()
    assert office.get(path).headers["location"].startswith("/staff/sign-in")
    office.client.cookies.set("login", "made up")
    assert office.get(path).status_code == 303


def test_the_frame_names_who_is_signed_in_and_the_clinics_clock(office):
    said = office.page("/staff")
    assert "Jenna Whitfield Marketing · Sign out" in said
    assert "12:00 EST, Mon 1 Mar" in said


def test_the_menu_counts_what_waits_for_somebody(office):
    office.in_doubt(office.world.session())
    letterbox.text(office, "Where do I park?", "+12075559999")
    with transaction(office.runtime.engine) as db:
        alerts.raise_alert(db, "review", "complaints", "a few", office.clock())
    said = office.page("/staff")
    assert "Replies 1 to be read Questions Deliveries 1 waiting for a decision Imports" in said
    assert "Health 1 to be seen to" in said and "urgent" not in said


def test_no_page_is_kept_or_framed_or_may_run_scripts_of_others(office):
    headers = office.get("/staff").headers
    assert headers["cache-control"] == "no-store"
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"


def test_the_outbox_stands_in_the_menu_only_where_something_is_captured(office):
    assert 'href="/outbox"' in office.get("/staff").text
    object.__setattr__(office.runtime.settings, "email_provider", "smtp")
    assert 'href="/outbox"' in office.get("/staff").text
    object.__setattr__(office.runtime.settings, "sms_provider", "twilio")
    assert 'href="/outbox"' not in office.get("/staff").text


def test_a_form_from_another_site_is_refused_whatever_it_carries(office):
    answer = office.client.post(
        "/staff/sign-out", data={"csrf": office.token}, headers={"origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert office.get("/staff").status_code == 200


def test_names_are_escaped(office):
    session = office.world.session()
    office.world.registration(session, first_name="<script>alert(1)</script>")
    html = office.get("/staff/deliveries").text
    assert "<script>alert" not in html and "&lt;script&gt;" in html


def test_what_does_not_work_says_so_in_the_staffs_own_look(office):
    answer = office.get("/staff/people/999")
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text and "newest email" not in answer.text
    assert "staff.css" in answer.text and "Number to quote" in answer.text


def test_after_signing_in_the_whole_address_is_opened(office):
    office.client.cookies.clear()
    location = office.get("/staff/deliveries?state=unknown&step=3").headers["location"]
    assert location == "/staff/sign-in?next=/staff/deliveries%3Fstate%3Dunknown%26step%3D3"
    assert 'value="/staff/deliveries?state=unknown&amp;step=3"' in office.get(location).text


def test_a_login_that_ran_out_asks_again(office):
    office.clock.forward(days=401)
    assert office.get("/staff").status_code == 303
