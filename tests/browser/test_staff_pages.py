"""Every staff page in Chromium: no barrier that axe knows, nothing sticks out, usable without script."""

import re
from dataclasses import dataclass

import pytest

from campaigns.domain.messages import Unknown
from campaigns.domain.steps import Channel
from campaigns.operations import sign_in
from campaigns.providers.folder import Folder
from campaigns.store.engine import transaction
from tests import offices
from tests.factories import DAY, LESSONS, SERVICE_TEXTS
from tests.fakes import REFUSE, ScriptedProvider

furnished = offices.furnished

pytestmark = pytest.mark.browser
PASSWORD = "correct-horse-battery"
BASE = "/staff/webinars/si-joint-runners"


@pytest.fixture(scope="module")
def office(furnished, tmp_path_factory):
    """One office for this file: what changes something stands last."""
    with offices.opened(furnished, tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture(scope="module")
def client(office):
    """What the live server of this folder serves."""
    return office.client


@dataclass
class Campaign:
    """A campaign in full swing."""

    session: int
    registration: int
    unknown: int


@pytest.fixture(scope="module")
def campaign(office):
    """People in three zones, one message in doubt, one refused, emails and texts captured."""
    world, outbox = office.world, office.runtime.settings.outbox
    for away in (-20 * DAY, 10 * DAY, 24 * DAY):
        world.session(away, capacity=500)
    session = world.one("SELECT id FROM webinar_session ORDER BY starts_at OFFSET 1 LIMIT 1")
    registration = world.registration(session, SERVICE_TEXTS, LESSONS, first_name="Maya", last_name="Rodriguez")
    world.email, world.sms = Folder(outbox, Channel.EMAIL), Folder(outbox, Channel.SMS)
    world.work()
    world.email = ScriptedProvider(Channel.EMAIL)
    world.email.will(REFUSE, Unknown("the answer to the final dot was lost"))
    for zone in ("America/Chicago", "America/Los_Angeles"):
        world.registration(session, first_name="Daniel", last_name="Kim", zone=zone)
        world.work()
    with transaction(office.runtime.engine) as db:
        sign_in.enrol(
            db, email="jo@clinic.example", name="Jo Reyes", role="admin", password=PASSWORD, now=office.clock()
        )
    return Campaign(session, registration, world.one("SELECT id FROM delivery WHERE status = 8"))


@dataclass
class Day:
    """The campaign and a browser that is signed in."""

    office: object
    page: object
    campaign: Campaign

    def open(self, path: str):
        answer = self.page.goto(path.format(**vars(self.campaign)))
        assert (answer.status, "sign-in" in answer.url) == (200, False), path
        return self.page


@pytest.fixture
def day(office, campaign, reader):
    """A day at the desk."""
    page = reader.page()
    sign_in_with(page)
    return Day(office, page, campaign)


def sign_in_with(page, password=PASSWORD):
    page.goto("/staff/sign-in")
    page.get_by_label("Work email").fill("jo@clinic.example")
    page.get_by_label("Password").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


def test_sign_in(campaign, reader, check):
    page = reader.page()
    page.goto("/staff")
    check(page)
    sign_in_with(page, "wrong")
    assert "Email and password do not match." in page.get_by_role("alert").inner_text()
    check(page, "declined")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("webinars", "/staff"),
        ("webinar", BASE),
        ("deliveries", "/staff/deliveries"),
        ("problems", "/staff/deliveries?state=problems"),
        ("health", "/staff/health"),
        ("outbox", "/outbox"),
        ("move", BASE + "/sessions/{session}/move"),
        ("preview", BASE + "/sessions/{session}/move?day=2027-03-18&start=07:30&zone=America/New_York"),
        ("cancel", BASE + "/sessions/{session}/cancel"),
        ("session-new", BASE + "/sessions/new"),
        ("session-links", BASE + "/sessions/{session}/links"),
        ("session-deliveries", BASE + "/sessions/{session}/deliveries?state=left"),
        ("person", "/staff/people/{registration}"),
        ("delivery-in-doubt", "/staff/deliveries/{unknown}"),
    ],
)
def test_page(day, check, name, path):
    check(day.open(path), name)


def test_pages_with_errors(day, check):
    move = f"{BASE}/sessions/{day.campaign.session}/move?day=2027-02-01&start=18:00&zone=America/New_York"
    assert day.page.goto(move).status == 422
    check(day.page, "past")
    assert day.page.goto("/staff/people/999").status == 404
    check(day.page, "missing")


def test_an_email_and_a_text_of_the_outbox(day, check):
    day.open("/outbox?channel=email").locator("ol.mails a").first.click()
    frame = day.page.frame_locator("iframe")
    assert "You have a place, Maya." in frame.locator("h1").inner_text()
    day.page.get_by_role("link", name="Headers").click()
    check(day.page, "headers")
    day.page.get_by_role("link", name="Calendar").click()
    assert "BEGIN:VCALENDAR" in day.page.locator("pre").inner_text()
    check(day.page, "calendar")
    day.open("/outbox?channel=sms").locator("ol.mails a").first.click()
    check(day.page, "text")


def test_nobody_signed_in_reads_the_outbox_at_this_machine(day, reader, check):
    page = reader.page()
    page.goto("/outbox")
    check(page, "bare")


def test_the_menu_of_a_phone_opens_by_keyboard_and_without_script(day, reader):
    page = reader.page(size={"width": 390, "height": 844}, script=False)
    sign_in_with(page)
    assert not page.get_by_role("link", name="Health").is_visible()
    page.get_by_label("Show the menu").press("Space")
    page.get_by_role("link", name="Health").click()
    assert page.url.endswith("/staff/health")


def test_every_page_has_one_heading_and_a_way_past_the_menu(day):
    for path in ("/staff", BASE, "/staff/deliveries", "/staff/health", f"/staff/people/{day.campaign.registration}"):
        page = day.open(path)
        assert page.locator("h1").count() == 1
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the page"


def test_a_decision_takes_one_press(day):
    page = day.open(f"/staff/deliveries/{day.campaign.unknown}")
    page.get_by_role("button", name="Send once more").click()
    assert "It is planned once more." in page.get_by_role("status").inner_text()


def test_moving_a_session_without_script_from_the_list_to_the_notice(day, reader):
    page = reader.page(script=False)
    sign_in_with(page)
    page.get_by_role("link", name=re.compile("Thu 11 Mar")).click()
    page.get_by_role("link", name="Move session…").click()
    page.get_by_label("New day").fill("2027-03-18")
    page.get_by_role("button", name="See what that does").click()
    page.get_by_role("button", name="Move and tell 3 people").click()
    assert "/move" in page.url, "the browser itself asks for the tick"
    page.get_by_label("The new time is right").check()
    page.get_by_role("button", name="Move and tell 3 people").click()
    assert "The session is moved." in page.get_by_role("status").inner_text()
    assert day.office.world.one("SELECT revision FROM webinar_session WHERE id = :id", id=day.campaign.session) == 2
