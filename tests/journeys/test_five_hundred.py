"""Five hundred people, two sessions, one of them moved and one cancelled: who got what, as the outside saw it."""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg
import pytest
from icalendar import Calendar

from campaigns.store.engine import make_engine, transaction
from campaigns.store.webinars import add_session
from tests.journeys import received
from tests.journeys.browser import Browser, Page
from tests.journeys.drive import Drive
from tests.journeys.people import FIRST_DAY, Person, again, cast
from tests.journeys.received import SUBJECTS, Arrived
from tests.journeys.rules import DAY, HOUR, Expected, Session, expected
from tests.journeys.service import Service, running

pytestmark = pytest.mark.journey

WEBINAR = "si-joint-runners"
SENT = 3
"""The ledger's number for a message that the provider took."""
FAILED = 6
SKIPPED = 5


class Story:
    """Everything that happens, told to the service through its pages only, and what we know of it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.sessions = {"A": self._first_session(), "B": self._second_session()}
        a, b = self.sessions["A"].starts, self.sessions["B"].starts
        self.moves_at, self.new_a, self.cancels_at = a - 21.5 * HOUR, a + 3 * DAY, b - 20 * HOUR
        self.people = cast(a, b, self.moves_at, self.new_a)
        self.drive = Drive(service, self.dues)

    def dues(self) -> Iterable[datetime]:
        return [one.due for person in self.people if person.registered for one in self.outside(person)]

    def outside(self, person: Person) -> list[Expected]:
        """What should arrive: all that is expected, but for emails that the server turns away."""
        all_of_it = expected(person, self.sessions[person.session])
        return [one for one in all_of_it if not (person.refused and one.channel == "email")]

    def unfold(self) -> None:
        """Play it all, from the first registration until the last message has expired."""
        acts = sorted(
            [
                *((moment, self.sign_up) for moment in {one.signs_up for one in self.people}),
                *((moment, self.give_up) for moment in {one.gives_up for one in self.people if one.gives_up}),
                *((moment, self.stop_reads) for moment in {one.stops_reads for one in self.people if one.stops_reads}),
                (self.moves_at, self.move),
                (self.cancels_at, self.cancel),
                (self.cancels_at + 5 * HOUR, self.take_the_other),
                (self.new_a + 2 * HOUR, self.hand_in_the_list),
            ],
            key=lambda act: act[0],
        )
        for moment, act in acts:
            self.drive.to(moment)
            self.service.pace(10)
            act(moment)
        self.drive.to(self.sessions["A"].ends + 24 * DAY)

    def sign_up(self, moment: datetime) -> None:
        group = [one for one in self.people if one.signs_up == moment]
        with ThreadPoolExecutor(4) as browsers:
            list(browsers.map(self._register, group))

    def _register(self, person: Person) -> None:
        browser = Browser(self.service.url, address=f"198.51.{person.number // 250}.{person.number % 250}")
        landing = browser.get(f"/w/{WEBINAR}")
        boxes = _boxes(landing)
        ticked = [boxes[name] for name in ("texts", "reads", "news") if getattr(person, name)]
        before = self.service.now
        for _ in range(2 if person.twice else 1):
            thanks = browser.submit(
                landing,
                f"/w/{WEBINAR}",
                session=str(self.sessions[person.session].id),
                zone=person.zone,
                first_name=person.name,
                email=person.email,
                phone=person.phone,
                consent=ticked,
            )
            assert urlsplit(thanks.url).path == f"/w/{WEBINAR}/thanks", thanks.text
        person.registered = person.registered or (before, self.service.now)
        browser.close()

    def give_up(self, moment: datetime) -> None:
        for person in (one for one in self.people if one.gives_up == moment):
            confirmation = next(one for one in self._mails_to(person) if one.step == "C0")
            manage = next(link for link in confirmation.links if urlsplit(link).path.startswith("/r/"))
            browser = Browser(self.service.url)
            before = self.service.now
            page = browser.submit(browser.get(f"{manage.split('?')[0]}/cancel"), "/cancel")
            assert page.status == 200, page.text
            person.gave_up = (before, self.service.now)
            browser.close()

    def stop_reads(self, moment: datetime) -> None:
        for person in (one for one in self.people if one.stops_reads == moment):
            lesson = next((one for one in self._mails_to(person) if one.step in ("D1", "D2")), None)
            if lesson is None:
                continue  # registered too late for a lesson, so there was no link to press
            browser = Browser(self.service.url)
            before = self.service.now
            page = browser.post(lesson.stop_url, [("List-Unsubscribe", "One-Click")])
            assert page.status == 200, page.text
            person.stopped_reads = (before, self.service.now)
            browser.close()

    def move(self, _moment: datetime) -> None:
        session = self.sessions["A"]
        browser = self._signed_in()
        local = self.new_a.astimezone(ZoneInfo("America/New_York"))
        wish = f"day={local:%Y-%m-%d}&start={local:%H:%M}&zone=America/New_York"
        preview = browser.get(f"/staff/webinars/{WEBINAR}/sessions/{session.id}/move?{wish}")
        before = self.service.now
        page = browser.submit(preview, "/move", confirm="yes")
        assert "done=moved" in page.url, page.text
        session.moved_at, session.old_starts, session.starts = before, session.starts, self.new_a
        browser.close()

    def cancel(self, _moment: datetime) -> None:
        session = self.sessions["B"]
        browser = self._signed_in()
        preview = browser.get(f"/staff/webinars/{WEBINAR}/sessions/{session.id}/cancel")
        before = self.service.now
        page = browser.submit(preview, "/cancel", confirm="yes", reason="The doctor has been called away.")
        assert "done=cancelled" in page.url, page.text
        session.cancelled_at = before
        browser.close()

    def take_the_other(self, moment: datetime) -> None:
        free = [
            one
            for one in self.people
            if one.session == "B" and not (one.gave_up or one.reads or one.news or one.refused)
        ]
        self.people += [again(one, 600 + number, moment) for number, one in enumerate(free[:6])]
        self.sign_up(moment)

    def hand_in_the_list(self, _moment: datetime) -> None:
        here = [one for one in self.people if one.session == "A" and not one.gave_up and one.came != "missed"]
        rows = [f"{one.email},{one.came.replace('_', ' ')}" for one in here]
        file = "\r\n".join(["Email,Status", *rows, "stranger@elsewhere.example,attended"]).encode("utf-8-sig")
        browser = self._signed_in()
        form = browser.get(f"/staff/imports?session={self.sessions['A'].id}")
        check = browser.upload(
            form,
            "/staff/imports/attendance",
            "file",
            ("who-came.csv", file),
            session=str(self.sessions["A"].id),
            final="yes",
        )
        assert check.status == 200, check.text
        before = self.service.now
        page = browser.submit(check, "/apply")
        assert "done=attendance" in page.url, page.text
        self.sessions["A"].list_is_final_at = before
        browser.close()

    def _mails_to(self, person: Person) -> list[Arrived]:
        return received.emails(one for one in self.service.emails() if one.recipient == person.email)

    def _signed_in(self) -> Browser:
        browser = Browser(self.service.url)
        page = browser.submit(
            browser.get("/staff/sign-in"), "/staff/sign-in", email=self.service.staff, password=self.service.password
        )
        assert urlsplit(page.url).path == "/staff", page.text
        return browser

    def _first_session(self) -> Session:
        browser = Browser(self.service.url)
        (number,) = browser.get(f"/w/{WEBINAR}").form(f"/w/{WEBINAR}").choices["session"]
        entry = Calendar.from_ical(browser.get(f"/calendar/{number}.ics").text).walk("VEVENT")[0]
        browser.close()
        return Session(id=int(number), starts=entry.start, length=entry.end - entry.start)

    def _second_session(self) -> Session:
        """Staff have no page to add a date yet, so this one act goes past the pages."""
        starts = (FIRST_DAY + 19 * DAY).replace(hour=15, minute=0)
        engine = make_engine(self.service.database_url)
        with transaction(engine) as db:
            number = add_session(db, 1, starts, starts + timedelta(minutes=30), self.service.now)
        engine.dispose()
        return Session(id=number, starts=starts, length=timedelta(minutes=30))


def _boxes(landing: Page) -> dict[str, str]:
    """Find the three consent boxes by the words that stand beside them."""
    found = {}
    for value, words in re.findall(
        r'name="consent" value="(\d+)".*?<label[^>]*>(.*?)</label>', landing.text, re.DOTALL
    ):
        kind = "texts" if "STOP" in words else "news" if "marketing" in words else "reads"
        found[kind] = value
    assert len(found) == 3, found
    return found


@pytest.fixture(scope="module")
def story():
    smtp = [
        {"at": "rcpt", "match": "@greylist.example.org", "reply": "451 4.7.1 come back later", "times": 8},
        {"at": "rcpt", "match": "@nobody.example.org", "reply": "550 5.1.1 no such mailbox"},
    ]
    twilio = [{"status": 429, "code": 20429, "retry_after": "3", "times": 4}]
    with running(FIRST_DAY, smtp_rules=smtp, twilio_rules=twilio) as service:
        told = Story(service)
        told.unfold()
        yield told


@pytest.fixture(scope="module")
def mails(story):
    return received.emails(story.service.emails())


@pytest.fixture(scope="module")
def texts(story):
    return received.texts(story.service.texts())


def test_everybody_got_exactly_what_the_rules_say_each_once(story, mails, texts):
    got = _by_person([*mails, *texts])
    wrong = {}
    for address, wanted in _wanted(story).items():
        have, want = Counter(one.step for one in got.pop(address, [])), Counter(one.step for one in wanted)
        if have != want:
            wrong[address] = {"missing": want - have, "too much": have - want}
    assert wrong == {}
    assert got == {}, "messages to people nobody knows"


def test_nothing_arrived_before_it_was_due_or_after_it_was_useless(story, mails, texts):
    outside = []
    for address, wanted in _wanted(story).items():
        arrived = sorted((one for one in [*mails, *texts] if one.to == address), key=lambda one: one.at)
        for step in {one.step for one in wanted}:
            # Whether any is missing is the question of the test before.
            pairs = zip(
                [one for one in arrived if one.step == step], [one for one in wanted if one.step == step], strict=False
            )
            outside += [(address, have, want) for have, want in pairs if not want.due <= have.at < want.expires]
    assert outside == []


def test_every_mail_is_what_its_subject_says_and_no_two_share_an_id(mails, texts):
    assert [one for one in mails if not re.search(SUBJECTS[one.step], one.subject)] == []
    assert len({one.message_id for one in mails}) == len(mails)
    assert [one for one in texts if one.step == "?"] == []


def test_the_ledger_agrees_message_by_message(story, mails, texts):
    with psycopg.connect(_plain(story.service.database_url)) as db:
        rows = db.execute(
            "SELECT d.provider_id, CASE d.channel WHEN 'email' THEN n.email ELSE n.phone END, s.key, d.status, d.sent_at"
            " FROM delivery d JOIN registration r ON r.id = d.registration_id JOIN registrant n ON n.id = r.registrant_id"
            " JOIN step s ON s.id = d.step_id"
        ).fetchall()
    sent = sorted((name, to, step) for name, to, step, status, _ in rows if status == SENT)
    assert sent == sorted((one.name, one.to, one.step) for one in [*mails, *texts])
    arrived = {(one.name, one.to): one.at for one in [*mails, *texts]}
    # The clock is set by hand now and then, so two processes that read it may differ by a breath.
    too_early = [row for row in rows if row[3] == SENT and row[4] < arrived[row[0], row[1]] - timedelta(minutes=1)]
    assert too_early == [], "the ledger may not say sent before it was"
    refused = {one.email for one in story.people if one.refused}
    assert {to for _, to, _, status, _ in rows if status == FAILED} == refused
    assert {status for _, _, _, status, _ in rows} <= {SENT, FAILED, SKIPPED}, "nothing is left in the air"


def test_the_calendar_entry_moved_with_the_session_and_left_with_it(story, mails):
    entries = defaultdict(list)
    for mail in sorted(mails, key=lambda one: one.at):
        if mail.calendar:
            calendar = Calendar.from_ical(mail.calendar)
            event = calendar.walk("VEVENT")[0]
            entries[mail.to, str(event["UID"])].append(
                (str(calendar["METHOD"]), int(event["SEQUENCE"]), event.start, mail.step)
            )
    assert entries
    for (address, _), told in entries.items():
        numbers = [number for _, number, _, _ in told]
        assert numbers == sorted(numbers), (address, told)
        cancels = [method == "CANCEL" for method, _, _, _ in told]
        assert not any(cancels[:-1]), (address, told)
    moved = [told for told in entries.values() if any(step == "X1" for *_, step in told)]
    assert moved and all([start for _, _, start, step in told if step == "X1"] == [story.new_a] for told in moved)


def test_the_run_is_told_in_numbers(story, mails, texts):
    late = defaultdict(list)
    for address, wanted in _wanted(story).items():
        arrived = sorted((one for one in [*mails, *texts] if one.to == address), key=lambda one: one.at)
        for want in wanted:
            have = next((one for one in arrived if one.step == want.step and one.at >= want.due), None)
            if have:
                late[want.step].append((have.at - want.due).total_seconds())
    lines = [
        f"{step:7} {len(late[step]):4} messages, after due: median {statistics.median(late[step]):6.0f} s, longest {max(late[step]):6.0f} s"
        for step in sorted(late)
    ]
    print("\n" + "\n".join(lines))  # noqa: T201
    print(f"waited in vain: {story.drive.in_vain}")  # noqa: T201
    print(f"{len(mails)} emails, {len(texts)} texts, {len(story.people)} registrations")  # noqa: T201
    assert {one.step for one in mails} == set(SUBJECTS)


def _wanted(story: Story) -> dict[str, list[Expected]]:
    """Give what should arrive at each address and number, in the order of due times."""
    wanted: dict[str, list[Expected]] = defaultdict(list)
    for person in story.people:
        for one in story.outside(person):
            wanted[person.email if one.channel == "email" else person.number_to].append(one)
    return {address: sorted(messages) for address, messages in wanted.items()}


def _by_person(arrived: Iterable[Arrived]) -> dict[str, list[Arrived]]:
    found = defaultdict(list)
    for one in arrived:
        found[one.to].append(one)
    return found


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")
