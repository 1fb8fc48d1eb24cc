"""Everything captured is readable here, by those who may, and can do no harm."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from campaigns.domain.messages import Email, Text
from campaigns.domain.steps import Channel
from campaigns.operations import sign_in
from campaigns.providers.folder import Folder
from campaigns.store.engine import transaction
from campaigns.web.app import create_app

PASSWORD = "correct-horse-battery"

RAW = (
    b"From: Clinic <class@clinic.example>\r\nTo: sam@example.com\r\nSubject: You have a place\r\n"
    b"Date: Mon, 01 Mar 2027 12:00:00 -0500\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPlain words\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><head></head><body><a href='/j/x'>Join</a></body></html>\r\n"
    b"--b\r\nContent-Type: text/calendar; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n--b--\r\n"
)


@pytest.fixture
def outbox(tmp_path):
    """An outbox of its own."""
    return tmp_path / "outbox"


@pytest.fixture
def app(house, tmp_path):
    """The application over that outbox, with other settings where a test wants them."""

    def made(**settings):
        changed = house.runtime.settings.model_copy(update={"data_dir": tmp_path, **settings})
        return create_app(replace(house.runtime, settings=changed))

    return made


@pytest.fixture
def mail(outbox):
    """One email in the outbox; gives its name."""
    return capture(outbox, raw=RAW)


@pytest.fixture
def here(app):
    """A browser on this machine, not signed in."""
    return browser(app())


def test_at_this_machine_it_needs_no_signing_in(here, mail):
    page = here.get("/outbox")
    assert page.status_code == 200
    assert "You have a place" in page.text and f'href="/outbox/{mail}"' in page.text
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "10.0.0.1"},
        {"forwarded": "for=10.0.0.1"},
        {"host": "rebound.example"},
        {"x-real-ip": "1.1.1.1"},
    ],
)
def test_through_a_proxy_or_under_another_name_it_does(here, mail, headers):
    for path in ("/outbox", f"/outbox/{mail}", f"/outbox/{mail}/html", f"/outbox/{mail}/message.eml"):
        answer = here.get(path, headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/staff/sign-in?next={path}")


@pytest.mark.parametrize("address", [("10.1.2.3", 4000), ("testclient", 50000), None])
def test_from_another_machine_it_does(app, mail, address):
    assert browser(app(), address).get(f"/outbox/{mail}").status_code == 303


def test_where_everything_is_really_sent_there_is_no_outbox(app, mail):
    assert browser(app(email_provider="smtp", sms_provider="twilio")).get(f"/outbox/{mail}").status_code == 404


def test_who_is_signed_in_reads_it_from_anywhere_inside_the_staffs_frame(house, app, mail):
    with transaction(house.runtime.engine) as db:
        sign_in.enrol(db, email="jo@clinic.example", name="Jo", role="clinician", password=PASSWORD, now=house.clock())
    far = browser(app(), ("10.1.2.3", 4000))
    far.post("/staff/sign-in", data={"email": "jo@clinic.example", "password": PASSWORD})
    for path in ("/outbox", f"/outbox/{mail}"):
        page = far.get(path)
        assert page.status_code == 200
        assert "Sign out" in page.text and "You have a place" in page.text


def test_an_empty_outbox_says_how_to_fill_it(here):
    assert "Nothing yet" in here.get("/outbox").text


def test_every_part_of_an_email_can_be_read(here, mail):
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in here.get(f"/outbox/{mail}").text
    assert "Plain words" in here.get(f"/outbox/{mail}?part=text").text
    assert "BEGIN:VCALENDAR" in here.get(f"/outbox/{mail}?part=calendar").text
    heads = here.get(f"/outbox/{mail}?part=headers").text
    assert "<dt>Subject</dt>" in heads and "class@clinic.example" in heads
    assert "<iframe" in here.get(f"/outbox/{mail}?part=nonsense").text


def test_the_html_is_shut_in_a_sandbox_and_its_links_open_beside_it(here, mail):
    answer = here.get(f"/outbox/{mail}/html")
    assert '<head><base target="_blank"></head>' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "sandbox allow-popups" in policy and "allow-scripts" not in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_html_without_a_head_is_served_as_well(outbox, here):
    bare = capture(outbox, raw=b"To: a@example.com\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n")
    assert here.get(f"/outbox/{bare}/html").text.startswith('<base target="_blank"><p>Hello')


def test_an_email_comes_down_byte_by_byte(here, mail):
    answer = here.get(f"/outbox/{mail}/message.eml")
    assert answer.content == RAW
    assert answer.headers["content-disposition"] == f'attachment; filename="{mail}.eml"'


def test_a_text_is_a_bubble_with_its_parts(outbox, here):
    name = capture(outbox, body="Your class is on <Thu>. https://c.example/j/x")
    page = here.get(f"/outbox/{name}").text
    assert "1 part, 45 GSM-7 units" in page
    assert "&lt;Thu&gt;" in page and '<a href="https://c.example/j/x"' in page
    assert here.get(f"/outbox/{name}/html").status_code == 404
    assert here.get(f"/outbox/{name}/message.eml").status_code == 404
    assert "1 part" in here.get("/outbox?channel=sms").text


def test_an_email_without_any_part_shows_its_headers(outbox, here):
    name = capture(outbox, raw=b"Subject: empty\r\n\r\n")
    assert here.get(f"/outbox/{name}").status_code == 200


def test_one_channel_alone_and_fifty_a_page(outbox, here):
    names = [capture(outbox, raw=RAW) for _ in range(51)]
    capture(outbox, body="a text")
    first = here.get("/outbox?channel=email").text
    assert first.count("with a calendar entry") == 50 and "a text" not in first
    second = here.get(f"/outbox?channel=email&before={names[1]}").text
    assert second.count("with a calendar entry") == 1 and ">Newest</a>" in second
    assert f'href="/outbox/{names[0]}">Older</a>' in here.get(f"/outbox/{names[1]}").text


@pytest.mark.parametrize("name", ["none", "..%2f..%2fsecret", "00000000000000000001-1-abcdef"])
def test_a_name_that_is_not_there_is_not_found(here, name):
    for rest in ("", "/html", "/message.eml"):
        assert here.get(f"/outbox/{name}{rest}").status_code == 404


def capture(outbox, *, raw: bytes = b"", body: str = "") -> str:
    channel = Channel.EMAIL if raw else Channel.SMS
    message = (
        Email(7, "sam@example.com", "b@clinic.example", "<1@x>", raw) if raw else Text(7, "+12075550123", body, 1, "t")
    )
    return Folder(outbox, channel).connect().hand_off(message).provider_id


def browser(app, address=("127.0.0.1", 4000)):
    """A browser that asks the application from this address."""
    return TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False, client=address)
