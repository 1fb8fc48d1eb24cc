"""Signing in and out in the browser."""

import pytest

from campaigns.operations import sign_in
from campaigns.store.engine import transaction
from tests.factories import NOON

PASSWORD = "correct-horse-battery"


@pytest.fixture
def stranger(office):
    """A browser that is not signed in, and an account it may sign in with."""
    office.client.cookies.clear()
    with transaction(office.runtime.engine) as db:
        sign_in.enrol(db, email="jo@clinic.example", name="Jo", role="admin", password=PASSWORD, now=NOON)
    return office


def test_a_stranger_is_led_to_the_form_and_back(stranger):
    answer = stranger.get("/staff/health")
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in?next=/staff/health")
    answer = send(stranger, next="/staff/health")
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/health")
    assert "Health" in stranger.page("/staff/health")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger):
    cookie = send(stranger).headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "max-age=43200" in cookie
    assert "secure" not in cookie


def test_a_wrong_password_keeps_the_email_and_says_how_many_tries_are_left(stranger):
    answer = send(stranger, password="no")
    assert answer.status_code == 403
    assert "Email and password do not match. 4 tries are left" in answer.text
    assert 'value="jo@clinic.example"' in answer.text
    assert "set-cookie" not in answer.headers


def test_after_five_tries_only_waiting_helps(stranger):
    assert [send(stranger, password="no").status_code for _ in range(5)] == [403, 403, 403, 403, 429]


def test_a_form_from_another_site_signs_nobody_in(stranger):
    sent = {"email": "jo@clinic.example", "password": PASSWORD}
    answer = stranger.client.post("/staff/sign-in", data=sent, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/staff/../w", "/w/x", "", "/staff\r\nX: y"]
)
def test_signing_in_leads_nowhere_but_to_our_own_pages(stranger, target):
    assert send(stranger, next=target).headers["location"] in ("/staff", "/staff/../w")


def test_whoever_is_signed_in_goes_on(office):
    assert office.get("/staff/sign-in?next=/outbox").headers["location"] == "/outbox"
    assert office.get("/staff/login").headers["location"] == "/staff/sign-in"


def test_the_form_itself_is_kept_by_nobody(stranger):
    answer = stranger.get("/staff/sign-in")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def test_signing_out_needs_the_form_of_this_login(office):
    assert office.client.post("/staff/sign-out", data={"csrf": "another"}).status_code == 403
    assert office.get("/staff").status_code == 200
    assert office.post("/staff/sign-out").headers["location"] == "/staff/sign-in"
    office.client.cookies.set("login", "marketing")
    assert office.get("/staff").status_code == 303


def send(office, **changed):
    office.client.get("/staff/sign-in")
    fields = {"email": "jo@clinic.example", "password": PASSWORD, "next": "", **changed}
    return office.client.post("/staff/sign-in", data=fields, headers={"origin": "http://127.0.0.1:8000"})
