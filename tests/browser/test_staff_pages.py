"""Every staff page in Chromium: no barrier that axe knows, nothing sticks out, usable without script."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from campaigns.domain.form_fields import FieldKind, FormField
from campaigns.domain.messages import Unknown
from campaigns.domain.receipts import Kind, Receipt
from campaigns.domain.steps import Channel, Purpose
from campaigns.domain.streams import FAULTS
from campaigns.operations import sign_in
from campaigns.operations.sign_up import close_answer
from campaigns.providers.folder import Folder
from campaigns.store import alerts, kill_switches, receipts, streams
from campaigns.store.engine import transaction
from campaigns.store.form_fields import add_field, save_answers
from tests import offices
from tests.factories import DAY, LESSONS, SERVICE_TEXTS
from tests.fakes import DOUBT, REFUSE, ScriptedProvider
from tests.web.staff import letterbox

furnished = offices.furnished

pytestmark = pytest.mark.browser
PASSWORD = "correct-horse-battery"
BASE = "/staff/webinars/si-joint-runners"
MESSAGE = "/staff/messages/confirmation"


@pytest.fixture(scope="module")
def office(furnished, tmp_path_factory):
    """One office for this file: what changes something stands last."""
    with offices.opened(
        furnished, tmp_path_factory.mktemp("office"), embed_origins="https://www.clinic.example"
    ) as made:
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
    doubtful: int
    urgent: int
    unclear: int


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
    unknown = world.one("SELECT id FROM delivery WHERE status = 8")
    doubtful = text_in_doubt(office, session)
    urgent = letterbox.text(office, "I have felt numb between my legs since Monday", "+12075551111")
    unclear = letterbox.text(office, "Maybe stop the long ones, they are a bit much. " * 4)
    letterbox.mail(office, "Do I need running shoes for this?", "stranger@example.org")
    letterbox.text(office, "STOP", "+12075552222")
    trouble(office)
    ask_about_health(office, registration)
    return Campaign(session, registration, unknown, doubtful, urgent, unclear)


def ask_about_health(office, registration: int) -> None:
    """Fields on the form, one of them sensitive, and what this registrant answered."""
    fields = (
        FormField(key="where", label="Where do you run?", kind=FieldKind.SINGLE, options=("Road", "Trail")),
        FormField(key="hurts", label="What hurts?", hint="In a few words", kind=FieldKind.TEXT, sensitive=True),
    )
    with transaction(office.runtime.engine) as db:
        for field, answer in zip(fields, ("Trail", "My knee"), strict=True):
            number = add_field(db, office.world.webinar_id, field, office.clock())
            sealed = close_answer(office.runtime.seal, (answer,))
            save_answers(db, registration, {number: sealed}, office.clock())


def text_in_doubt(office, session) -> int:
    """A text that a provider was asked for in vain, and a receipt for an email."""
    world = office.world
    world.sms = ScriptedProvider(Channel.SMS)
    world.sms.will(DOUBT)
    registration = world.registration(session, SERVICE_TEXTS, first_name="Karl", last_name="Jensen")
    world.work()
    found = world.delivery(registration, "C1").id
    world.sql("UPDATE delivery SET looks = 2 WHERE id = :id", id=found)
    with transaction(office.runtime.engine) as db:
        arrival = receipts.store_arrival(db, "twilio", b"sealed", office.clock())
        one = Receipt(provider="twilio", event_id="e1", kind=Kind.ACCEPTED, channel=Channel.SMS, code="30003")
        receipts.store_receipt(db, arrival, one, found, 1, office.clock())
    return found


def trouble(office) -> None:
    """A door that is shut, a way out that is paused, a domain left alone, alerts, a kill switch, words not approved."""
    now = office.clock()
    letterbox.way_out(office, Channel.EMAIL, "folder", "outbox")
    shut, paused = letterbox.way_out(office), letterbox.way_out(office, Channel.SMS, "twilio", "MG0123456789abcdef")
    with transaction(office.runtime.engine) as db:
        for _ in range(FAULTS):
            streams.count_failure(db, shut, now)
        streams.set_rate(db, paused, 1.5)
        streams.pause(db, paused, "the number is not registered with the carriers", now)
        streams.pause_domain(db, shut, "example.com", "it takes fewer emails a minute", now, timedelta(minutes=30))
        words = "The provider cannot be reached, so nothing is handed over until it answers: 421 too busy"
        alerts.raise_alert(db, "page", f"stream:{shut}: door", words, now)
        alerts.raise_alert(db, "config", "stream:2: auth", "The relay does not know our password", now)
        reason = "too many recipients called our emails spam"
        kill_switches.throw(db, session_id=None, purpose=Purpose.MARKETING, reason=reason, staff_id=None, now=now)
    office.world.sql(
        "UPDATE approval SET withdrawn_at = now() WHERE template_version_id IN"
        " (SELECT id FROM template_version WHERE name IN ('next-step', 'survey'))"
    )


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
    office.world.sql("DELETE FROM login_failure")  # more sign-ins from one place than a quarter of an hour allows
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
        ("form-fields", BASE + "/form"),
        ("answers", "/staff/people/{registration}/answers"),
        ("session-deliveries", BASE + "/sessions/{session}/deliveries?state=left"),
        ("person", "/staff/people/{registration}"),
        ("delivery-in-doubt", "/staff/deliveries/{unknown}"),
        ("delivery-looked-for", "/staff/deliveries/{doubtful}"),
        ("replies", "/staff/replies"),
        ("reply-urgent", "/staff/replies/{urgent}"),
        ("reply-unclear", "/staff/replies/{unclear}"),
        ("messages", "/staff/messages"),
        ("message", "/staff/messages/is-it-your-si-joint"),
        ("message-edit", MESSAGE + "/edit"),
        ("message-edit-text", MESSAGE + "-sms/edit"),
        ("claims", "/staff/claims"),
        ("claim", "/staff/claims/two-joints"),
        ("message-preview", MESSAGE + "/preview?who={registration}"),
        ("message-invented", "/staff/messages/missed-replay/preview?who=attended&scheme=dark&phone=320"),
        ("message-headers", MESSAGE + "/preview?part=headers"),
        ("message-plain", MESSAGE + "/preview?part=text"),
        ("message-text", MESSAGE + "-sms/preview?who=longest"),
    ],
)
def test_page(day, check, name, path):
    check(day.open(path), name)


def test_a_message_is_written_checked_and_published(day, check):
    page = day.open("/staff/messages/survey/edit")
    body = page.get_by_label("Body", exact=True)
    words = body.input_value()
    body.fill(words.replace("# ", "# A breakthrough: ", 1))
    page.get_by_role("button", name="Save the draft and check it").click()
    assert "1 to mend" in page.get_by_role("region", name="What the check says").inner_text()
    assert page.get_by_role("button", name="Publish the draft").is_disabled()
    check(page, "faulty")
    page.get_by_label("Body", exact=True).fill(words.replace("# ", "# Hello: ", 1))
    page.get_by_role("button", name="Save the draft and check it").click()
    page.get_by_role("button", name="Publish the draft").click()
    assert "Published as a new version." in page.get_by_role("status").first.inner_text()
    assert (
        "Nothing of this message leaves. This one is newer" in page.locator("main").inner_text()
    )  # its elder was taken back
    check(page, "published")


def test_pages_with_errors(day, check):
    move = f"{BASE}/sessions/{day.campaign.session}/move?day=2027-02-01&start=18:00&zone=America/New_York"
    assert day.page.goto(move).status == 422
    check(day.page, "past")
    assert day.page.goto("/staff/people/999").status == 404
    check(day.page, "missing")


def test_what_was_typed_wrongly_stands_beside_its_field(day, check):
    page = day.open("/staff/health")
    page.get_by_label("Emails a second").first.fill("fast")
    page.get_by_role("button", name=re.compile("Change pace of Emails")).first.click()
    assert "Write the pace as a number" in page.locator(".way .wrong").inner_text()
    check(page, "pace")
    page = day.open("/staff/health")
    page.get_by_label("One kind of message").check()
    page.get_by_label("Why", exact=True).fill(" ")
    page.get_by_role("button", name="Hold it back").click()
    assert "Write why" in page.locator(".stop-why .wrong").inner_text()
    check(page, "switch")


def test_a_field_added_wrongly_stands_beside_its_part(day, check):
    page = day.open(BASE + "/form")
    page.get_by_label("Name in the form").fill("Miles a week")
    page.get_by_role("button", name="Add the field").click()
    assert page.get_by_label("Name in the form").get_attribute("aria-invalid") == "true"
    check(page)


def test_a_stop_noted_wrongly_stands_beside_its_field(day, check):
    page = day.open(f"/staff/people/{day.campaign.registration}")
    page.get_by_label("Texts and emails").check()
    page.get_by_label("What they said, in their own words").fill(" ")
    page.get_by_role("button", name="Stop and note it").click()
    assert page.get_by_label("Texts and emails").is_checked()
    check(page)


def test_everything_is_stopped_by_keyboard_and_without_script(day, reader):
    page = reader.page(script=False)
    sign_in_with(page)
    page.goto("/staff/health")
    page.get_by_label("Everything, confirmations too").press("Space")
    page.get_by_label("Why", exact=True).press_sequentially("a wrong link")
    page.get_by_label("Why", exact=True).press("Enter")
    expect(page.get_by_role("status").filter(has_text="It is held back.")).to_be_visible()
    assert "Everything held back since today 12:00: a wrong link" in page.get_by_label("What is stopped").inner_text()
    page.get_by_role("button", name=re.compile("Let it go on.*Everything")).press("Enter")
    expect(page.get_by_role("status").filter(has_text="It goes on.")).to_be_visible()


def test_a_reply_is_read_decided_and_closed_by_keyboard_and_without_script(day, reader):
    page = reader.page(script=False, size={"width": 390, "height": 844})
    sign_in_with(page)
    page.goto("/staff/replies")
    page.get_by_role("link", name=re.compile("Maybe stop")).press("Enter")
    page.get_by_role("button", name="Let messages go on").press("Enter")
    page.get_by_role("button", name="Close: seen to").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The reply is closed.")


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


def test_a_message_is_previewed_as_somebody_by_keyboard_and_without_script(day, reader, check):
    page = reader.page(script=False)
    sign_in_with(page)
    page.goto(f"{MESSAGE}/preview")
    desk, phone = page.frame_locator("iframe >> nth=0"), page.frame_locator("iframe >> nth=1")
    expect(desk.locator("h1")).to_have_text("You have a place, Jo.")
    page.get_by_label("Somebody who registered").fill("nobody@example.com")
    page.get_by_label("Somebody who registered").press("Enter")
    expect(page.locator(".wrong")).to_contain_text("Nobody has registered with this.")
    page.get_by_label("Somebody who registered").fill(day.office.world.place(day.campaign.registration).email)
    page.get_by_role("button", name="Preview as them").press("Enter")
    expect(phone.locator("h1")).to_have_text("You have a place, Maya.")
    assert "@" not in page.url and f"who={day.campaign.registration}" in page.url
    page.get_by_label("At which moment").select_option(label="A day after the class")
    page.get_by_role("button", name="Show", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=2, name="The email, Fri 12 Mar 12:30 EST")).to_be_visible()
    page.get_by_role("link", name="Dark").press("Enter")
    assert brightness(desk) < 100
    page.get_by_role("link", name="Light").press("Enter")
    assert brightness(desk) > 200
    page.get_by_role("link", name="Plain text").press("Enter")
    expect(page.locator("pre")).to_contain_text("This class is over, Maya.")
    page.get_by_role("link", name="Close").focus()


def brightness(frame) -> float:
    """Of the ground that an email's heading is seen on, from 0 to 255."""
    return frame.locator("h1").evaluate(
        "(one) => { let at = one; const none = 'rgba(0, 0, 0, 0)';"
        " while (at.parentElement && getComputedStyle(at).backgroundColor === none) at = at.parentElement;"
        " const [r, g, b] = getComputedStyle(at).backgroundColor.match(/[0-9.]+/g).map(Number); return (r + g + b) / 3; }"
    )


def test_a_preview_can_be_looked_at_without_pictures_and_as_narrow_as_a_phone(day, check):
    page = day.open(f"{MESSAGE}/preview?images=off&phone=320")
    (wide, narrow) = (page.locator("iframe").nth(n).evaluate("(one) => one.clientWidth") for n in (0, 1))
    assert narrow == 320 and wide > 600
    check(page)


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
    assert "It is planned once more." in page.get_by_role("status").first.inner_text()


def test_moving_a_session_without_script_from_the_list_to_the_notice(day, reader):
    page = reader.page(script=False)
    sign_in_with(page)
    page.get_by_role("link", name=re.compile("Thu 11 Mar")).click()
    page.get_by_role("link", name="Move session…").click()
    page.get_by_label("New day").fill("2027-03-18")
    page.get_by_role("button", name="See what that does").click()
    page.get_by_role("button", name="Move and tell 4 people").click()
    assert "/move" in page.url, "the browser itself asks for the tick"
    page.get_by_label("The new time is right").check()
    page.get_by_role("button", name="Move and tell 4 people").click()
    assert "The session is moved." in page.get_by_role("status").first.inner_text()
    assert day.office.world.one("SELECT revision FROM webinar_session WHERE id = :id", id=day.campaign.session) == 2
