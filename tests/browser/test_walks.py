"""Long walks through the whole service: pages in Chromium, mail from the captured folder, the clock moved by hand.

Links are followed out of the emails that were sent, and never computed.
"""

from datetime import timedelta

import pytest

from campaigns.operations import answer
from campaigns.operations.answer import Written
from campaigns.store import questions, staff, talks, webinars
from campaigns.store.engine import transaction
from campaigns.store.talks import Talk
from tests.browser.test_watch import now_at, serve_video, until
from tests.browser.walking import DESKTOP, NO_SCRIPT, PHONE, WAYS, Mail, Walker

pytestmark = pytest.mark.browser

TALK = Talk("/media/talk.mp4", "/media/talk.vtt", "There are two of them.\n\nThe joint hardly moves.", 60)
CAPTIONS = "WEBVTT\n\n00:00.000 --> 00:59.000\nThe joint hardly moves.\n"
_SOON_AFTER = timedelta(minutes=5)


@pytest.fixture
def mail(house):
    """The mail of the house."""
    return Mail(house.runtime)


@pytest.fixture
def walker(reader, faultless, request):
    """Lets somebody in: `walker(way)`."""

    def enter(way) -> Walker:
        facts = {"is_mobile": True, "has_touch": True} if way.touch else {}
        page = reader.page(size=way.size, dark=way.dark, script=way.script, **facts)
        page.route("**/media/talk.mp4", serve_video)
        page.route("**/media/talk.vtt", lambda route: route.fulfill(body=CAPTIONS, content_type="text/vtt"))
        glass = page if way.script else reader.chromium.new_page(viewport=way.size)
        return Walker(way, page, glass, faultless, request.node.originalname.removeprefix("test_").replace("_", "-"))

    return enter


@pytest.mark.parametrize("way", [DESKTOP, PHONE, NO_SCRIPT], ids=str)
def test_from_the_form_to_the_last_message(house, mail, walker, way):
    later = held_on_our_page(house)
    sam = walker(way)
    register(sam, house, house.session_id, house.email)
    sam.sees("The recording, by email")
    sam.stop("thanks")
    take_other_date(sam, house, mail, later)
    come_to_class(sam, house, mail, later)
    if way.script:
        watch_to_70_percent(sam, house)
    after_the_class(sam, house, mail, later)
    ask_and_be_answered(sam, house, mail)
    stop_and_hear_nothing_more(sam, house, mail)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_waiting_list_to_a_place(house, mail, walker, way):
    sam = walker(way)
    fill(house, mail)
    get_into_line(sam, house, mail, house.email)
    sam.sees("You are on the waiting list.", "in line: the next free place is offered to you")
    sam.stop("next-in-line")
    cancel(walker(way), house, mail, holder_of(house))
    sam.read(mail.newest(house.email, "A place is free for you"))
    sam.follow("Take the place")
    sam.sees("A place is free for you.", "We keep it for you until")
    sam.stop("offered")
    sam.press("Yes, I take it")
    sam.sees("The place is yours.", "You are registered.")
    sam.stop("taken")
    mail.work()
    sam.read(mail.newest(house.email, "You have a place"))
    sam.follow("Open my link to join")
    sam.sees("We start in")


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_offer_that_ends_goes_to_the_next_in_line(house, mail, walker, way):
    sam, ann = walker(way), walker(way)
    fill(house, mail)
    get_into_line(sam, house, mail, house.email, pictures=False)
    house.clock.now += _SOON_AFTER
    get_into_line(ann, house, mail, f"ann-{house.email}", pictures=False)
    ann.sees("person is before you")
    ann.stop("second-in-line")
    cancel(walker(way), house, mail, holder_of(house), pictures=False)
    sam.read(mail.newest(house.email, "A place is free for you"))
    house.clock.now += timedelta(hours=4, minutes=1)
    sam.follow("Take the place")
    sam.sees("Your offer has ended.")
    sam.stop("just-ended")
    mail.work()
    sam.go(sam.page.url)
    sam.sees("The offer of a place has ended.")
    sam.stop("ended")
    ann.read(mail.newest(f"ann-{house.email}", "A place is free for you"))
    ann.follow("Take the place")
    ann.sees("A place is free for you.")
    ann.follow("No, I cannot come")
    ann.sees("Let the place go?")
    ann.stop("asks-to-let-go")
    ann.press("Let it go")
    ann.sees("You are not on the waiting list any more.")
    ann.stop("left")


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_old_link_leads_to_the_place_taken_after_cancelling(house, mail, walker, way):
    sam = walker(way)
    register(sam, house, house.session_id, house.email)
    mail.work()
    first = mail.newest(house.email, "You have a place")
    cancel(sam, house, mail, house.email)
    mail.work()
    sam.read(mail.newest(house.email, "cancelled"))
    house.clock.now += _SOON_AFTER
    register(sam, house, house.session_id, house.email)
    mail.work()
    assert mail.newest(house.email, "You have a place").delivery_id != first.delivery_id
    sam.read(first)
    sam.follow("cancel or pick another date")
    sam.sees("You are registered.")
    sam.stop("old-link")
    sam.read(first)
    sam.follow("Open my link to join")
    sam.sees("We start in")
    sam.stop("old-way-in")


def held_on_our_page(house) -> int:
    """A second date, whose talk is watched on our own page."""
    later = house.add_session(13.25)
    with transaction(house.runtime.engine) as db:
        talks.set_talk(db, later, TALK)
    return later


def register(sam, house, session_id, email, then="You’re in.") -> None:
    """Fill the form in, send it, and see what comes then."""
    sam.go(f"/w/{house.slug}")
    sam.sees("Pick a time")
    sam.stop("landing")
    sam.choose(sam.page.locator(f"#session-{session_id}"))
    sam.write("First name", "Sam")
    sam.write("Email", email)
    sam.press("Save my place")
    sam.sees(then)


def take_other_date(sam, house, mail, later) -> None:
    mail.work()
    sam.read(mail.newest(house.email, "You have a place"))
    sam.follow("cancel or pick another date")
    sam.sees("You are registered.")
    sam.stop("place")
    sam.choose(sam.page.locator(f"#session-{later}"))
    sam.press("Take this date")
    sam.sees("Your new time is saved.")
    sam.stop("switched")
    mail.work()


def come_to_class(sam, house, mail, later) -> None:
    starts_at = start_of(house, later)
    sam.read(mail.newest(house.email, "You have a place"))
    house.clock.now = starts_at - timedelta(minutes=40)
    sam.follow("Open my link to join")
    sam.sees("The doors are closed", "We start in", "40")
    sam.stop("early")
    house.clock.now = starts_at - timedelta(minutes=8)
    sam.follow("Look again")
    sam.sees("The doors are open")
    sam.stop("doors")
    sam.press("Enter the class")
    sam.sees("Transcript", "We start at")
    sam.stop("watch")
    house.clock.now = starts_at


def watch_to_70_percent(sam, house) -> None:
    """At eight times the speed, so that it does not take a minute; the clock goes with it."""
    video = "document.querySelector('video')"
    sam.page.evaluate(f"{video}.muted = true, {video}.playbackRate = 8, void {video}.play()")
    until(sam.page, lambda: now_at(sam.page) > 42)
    house.clock.now += timedelta(minutes=1)
    sam.go("about:blank")
    until(sam.page, lambda: attendance_of(house)[1] >= 38)


def after_the_class(sam, house, mail, later) -> None:
    mail.live(start_of(house, later) + timedelta(hours=20))
    watched = sam.way.script
    assert attendance_of(house)[0] == ("attended" if watched else "missed")
    sam.read(mail.newest(house.email, "The recording of your"))
    sam.follow("Watch the recording")
    sam.sees("Recording")
    if watched:
        sam.sees("It begins where you left, at 0:4")
        until(sam.page, lambda: now_at(sam.page) > 38)
    sam.stop("replay")


def ask_and_be_answered(sam, house, mail) -> None:
    sam.write("Your question", "Can I run hills?")
    sam.press("Send my question")
    sam.sees("Your question is with the doctor.")
    sam.stop("asked")
    publish_answer(house)
    mail.work()
    found = mail.newest(house.email, "has an answer")
    assert "Begin on flat ground." in found.text and "Can I run hills?" not in found.text
    sam.read(found)
    sam.follow("Ask another question")
    sam.sees("Answered")
    sam.stop("answered")


def stop_and_hear_nothing_more(sam, house, mail) -> None:
    sam.read(mail.newest(house.email, "has an answer"))
    sam.follow("Stop emails about this class")
    sam.sees("Nothing has changed yet.")
    sam.stop("stop-asks")
    sam.press("Stop these messages")
    sam.sees("Stopped.", "You get no more of the emails about your class.")
    sam.stop("stopped")
    before = len(mail.got(house.email))
    mail.live(house.clock.now + timedelta(days=6), step=timedelta(hours=6))
    assert len(mail.got(house.email)) == before


def get_into_line(sam, house, mail, email, *, pictures=True) -> None:
    """From the full class to the personal page that shows the place in line."""
    register(sam, house, house.session_id, email, then="This class is full.")
    sam.sees("Wait for a place")
    if pictures:
        sam.stop("full")
    sam.press("Put me on the waiting list")
    sam.sees("What you will get from us", "You are on the waiting list.")
    if pictures:
        sam.stop("thanks")
    mail.work()
    sam.read(mail.newest(email, "You are on the waiting list"))
    sam.follow("See your place in line")


def cancel(sam, house, mail, email, *, pictures=True) -> None:
    """Give up a place from the link in the confirmation; the scheduler sees it."""
    sam.read(mail.newest(email, "You have a place"))
    sam.follow("cancel or pick another date")
    sam.follow("Cancel my place")
    sam.sees("Cancel your place?")
    if pictures:
        sam.stop("cancel-asks")
    sam.press("Cancel my place")
    sam.sees("You gave up your place.")
    if pictures:
        sam.stop("cancelled")
    mail.work()


def fill(house, mail) -> None:
    """One place, which somebody else has."""
    with transaction(house.runtime.engine) as db:
        db.exec_driver_sql(f"UPDATE webinar_session SET capacity = 1 WHERE id = {house.session_id}")
    house.place(email=holder_of(house))
    mail.work()


def holder_of(house) -> str:
    return f"first-{house.email}"


def start_of(house, session_id):
    with transaction(house.runtime.engine) as db:
        return webinars.read_session(db, session_id).starts_at


def attendance_of(house) -> tuple[str, int]:
    """Whether the person came, and the seconds that were watched with the class."""
    with transaction(house.runtime.engine) as db:
        return db.exec_driver_sql(
            "SELECT r.attendance, coalesce(max(v.seen_tenths), 0) / 10 FROM registration r"
            " JOIN registrant p ON p.id = r.registrant_id LEFT JOIN viewing v ON v.registration_id = r.id"
            f" WHERE p.email = '{house.email}' AND r.withdrawn_at IS NULL GROUP BY r.id"
        ).one()


def publish_answer(house) -> None:
    """Somebody of the staff writes it, and a clinician reviews and publishes it."""
    now = house.clock()
    with transaction(house.runtime.engine) as db:
        asked = [one.id for one in questions.open_ones(db)]
        written = Written("Are hills all right?", "It depends.\n\nBegin on flat ground.", False, tuple(asked))
        draft = answer.write(db, house.webinar_id, written, member(db, "marketing", now), now)
        answer.publish(db, draft, member(db, "clinician", now), now)


def member(db, role, now):
    email = f"{role}@clinic.example"
    staff.add_member(db, email=email, name=role.title(), role=role, password_hash="none", now=now)
    return staff.find_account(db, email).member
