"""Requirements 34, 36, 42 and 43 where people meet the service: pages of the real application, texts over real HTTP."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from campaigns.domain.receipts import InboundMail
from campaigns.domain.steps import Channel, Purpose
from campaigns.operations.revoke import Revocation, revoke
from campaigns.store.engine import transaction
from campaigns.web.stamps import stamp
from tests.compliance.wire import Fake, approve, twilio
from tests.factories import DAY, HOUR, MINUTE, NUMBER, SERVICE_TEXTS
from tests.offices import furnished, office

__all__ = ["furnished", "office"]

OTHER = "+12075560777"


@pytest.fixture
def fake(office):
    """The stand-in for Twilio, which the office's texts go to from now on."""
    with Fake(office.clock) as fake:
        office.world.sms = twilio(fake)
        approve(office.world)
        yield fake


@pytest.fixture
def ada(office, fake):
    """Somebody who gets texts, and whose class begins in two hours; gives the registration."""
    return office.world.registration(office.world.session(2 * HOUR), SERVICE_TEXTS)


# 36: stop by other ways than a text


def by_email(office, _registration: int) -> str:
    one = InboundMail(
        event_id="M1",
        sender="sam1@example.com",
        recipient="class@clinic.example",
        subject="Re: your class",
        text="Please stop texting me.",
    )
    office.world.hear(mails=[one])
    office.world.apply()
    return "reply"


def by_page(office, registration: int) -> str:
    path = stop_path(office, registration)
    answer = office.client.post(f"{path}/choose", data={"scope": "kind"})
    assert answer.status_code == 303
    return "link"


def by_one_press(office, registration: int) -> str:
    assert office.client.post(stop_path(office, registration)).status_code == 200
    return "one_click"


def by_a_note_of_staff(office, registration: int) -> str:
    office.post(f"/staff/people/{registration}/stop", what="texts", words="She said on the telephone: no more texts")
    return "staff"


def by_staff_who_revoke(office, _registration: int) -> str:
    with transaction(office.runtime.engine) as db:
        said = Revocation(Channel.SMS, NUMBER, None, means="staff", words="No more texts", now=office.clock())
        assert revoke(db, said)
    return "staff"


@pytest.mark.parametrize("say", [by_email, by_page, by_one_press, by_a_note_of_staff, by_staff_who_revoke])
def test_s36_every_way_of_saying_stop_suppresses_texts_and_is_on_record(office, fake, ada, say) -> None:
    means = say(office, ada)
    world = office.world
    assert [(channel, address) for channel, address, _, _ in world.suppressions()] == [("sms", NUMBER)]
    (no,) = world.sql("SELECT channel, purpose, address, means, at FROM consent WHERE NOT granted")
    assert tuple(no) == ("sms", "service", NUMBER, means, office.clock())
    assert world.one("SELECT granted FROM permission WHERE channel = 'sms'") is False
    world.live(office.clock() + 3 * HOUR)
    assert fake.requests == 0
    assert ("C0", "sent") in world.ledger(ada)  # emails go on


def test_s36_what_was_written_is_kept_word_for_word_as_the_evidence(office, fake, ada) -> None:
    by_email(office, ada)
    evidence = office.world.one("SELECT evidence FROM consent WHERE NOT granted")
    assert (evidence["means"], "Please stop texting me." in evidence["words"]) == ("email", True)


# 34: a new yes on the web


def test_s34_the_persons_own_page_undoes_a_stop_and_nobody_elses_does(office, fake, ada) -> None:
    path = stop_path(office, ada)
    office.client.post(f"{path}/choose", data={"scope": "kind"})
    other = office.world.registration(office.world.session(2 * HOUR), SERVICE_TEXTS, phone=OTHER)
    office.client.post(f"{stop_path(office, other)}/undo", data={"kind": ["sms-service"]})
    assert [address for _, address, _, _ in office.world.suppressions()] == [NUMBER]
    assert office.client.get(path).status_code == 200  # looking at the page is no yes
    assert [address for _, address, _, _ in office.world.suppressions()] == [NUMBER]
    office.client.post(f"{path}/undo", data={"kind": ["sms-service"]})
    assert office.world.suppressions() == set()
    office.world.live(office.clock() + 2 * HOUR)
    assert NUMBER in [sms.to for sms in fake.messages]


def test_s34_staff_have_no_button_that_starts_texts(office, fake, ada) -> None:
    """Whatever a member of staff can press on a person's page leaves the stop as it is."""
    by_one_press(office, ada)
    office.sign_in("admin")
    for act in ("stop", "start", "resume", "undo", "texts", "consent", "edit", "unsuppress", "go-on"):
        office.post(f"/staff/people/{ada}/{act}", what="texts", words="Asked for texts again", kind="sms-service")
    assert {(channel, address) for channel, address, _, _ in office.world.suppressions()} == {("sms", NUMBER)}
    assert office.world.one("SELECT granted FROM permission WHERE channel = 'sms'") is False
    posts = {path for path in office.client.app.openapi()["paths"] if path.startswith("/staff")}
    assert not [path for path in posts if "start" in path or "resume" in path or "unsuppress" in path]


# 42: the answer says nothing about the number


def test_s42_the_answer_is_the_same_whether_or_not_the_number_is_known(office, fake, ada) -> None:
    session = office.world.session()
    office.world.text("STOP", sender=OTHER)
    answers = [sign_up(office, session, number) for number in (NUMBER, OTHER, "+12075560888")]
    assert len({(one.status_code, one.headers["location"], one.content) for one in answers}) == 1
    pages = {office.client.get(one.headers["location"]).content for one in answers}
    assert len(pages) == 1


def test_s42_a_known_number_costs_no_more_and_no_fewer_questions_to_the_database(office, fake, ada) -> None:
    """What takes the same steps takes a like time; nothing is sent while the visitor waits."""
    session = office.world.session()
    sign_up(office, session, "+12075560999")  # so that whatever is done once is done
    asked = []
    for number in (NUMBER, "+12075560888"):
        with counted(office.runtime.engine) as statements:
            sign_up(office, session, number)
        asked.append(statements)
    assert asked[0] == asked[1]
    assert fake.requests == 0


@pytest.mark.parametrize(
    "number",
    ["+1 876 555 0123", "+1 809 555 0123", "900-555-0123", "800-555-0123", "+44 7400 123456", "555-0123", "911"],
)
def test_s42_the_form_takes_no_number_that_must_not_be_texted(office, fake, number: str) -> None:
    session = office.world.session()
    assert sign_up(office, session, number).status_code == 422
    office.world.work()
    assert fake.requests == 0
    assert office.world.one("SELECT count(*) FROM registrant") == 0


# 43: robots


def test_s43_the_sixth_number_from_one_network_within_the_hour_gets_no_text(office, fake) -> None:
    session = office.world.session()
    for place in range(6):
        assert sign_up(office, session, f"+1207556{place:04}").status_code == 303
        office.world.work()
        office.clock.forward(minutes=5)
    assert [one.to for one in fake.posts] == [f"+1207556{place:04}" for place in range(5)]
    assert reasons(office) == ["pumped"]
    office.clock.forward(minutes=40)
    sign_up(office, session, "+12075561111")
    office.world.work()
    assert fake.posts[-1].to == "+12075561111"


def test_s43_the_second_confirmation_for_one_number_within_a_day_makes_no_call(office, fake) -> None:
    for ahead in (10 * DAY, 11 * DAY):
        sign_up(office, office.world.session(ahead), NUMBER)
        office.world.work()
        office.clock.forward(hours=20)
    assert len(fake.posts) == 1
    assert reasons(office) == ["pumped"]
    office.clock.forward(hours=5)
    sign_up(office, office.world.session(12 * DAY), NUMBER)
    office.world.work()
    assert len(fake.posts) == 2


def test_s43_one_address_with_six_numbers_for_six_sessions_gets_no_further(office, fake) -> None:
    """The robot gives one email and every time another number."""
    for place in range(6):
        session = office.world.session(10 * DAY + place * HOUR)
        sign_up(office, session, f"+1207556{place:04}", email="robot@example.com")
        office.world.work()
        office.clock.forward(minutes=1)
    assert 1 <= len(fake.posts) <= 5


def test_s43_a_number_keeps_its_history_when_whoever_gave_it_gives_another(office, fake) -> None:
    """Two emails and a second number must not make a second confirmation for the first."""
    for ahead, number, email in (
        (10 * DAY, NUMBER, "one@example.com"),
        (11 * DAY, OTHER, "one@example.com"),
        (12 * DAY, NUMBER, "two@example.com"),
    ):
        sign_up(office, office.world.session(ahead), number, email=email)
        office.world.work()
        office.clock.forward(minutes=10)
    assert [one.to for one in fake.posts].count(NUMBER) == 1


def sign_up(office, session: int, number: str, *, email: str = ""):
    """Send the form of the landing page, with the box for texts ticked."""
    box = office.world.wordings[SERVICE_TEXTS]
    email = email or f"person{next(office.world._numbers)}@example.com"
    filled = {"session": session, "first_name": "Sam", "email": email, "phone": number, "zone": "America/New_York",
              "consent": [str(box)], "leave_empty": "", "shown": shown(office)}  # fmt: skip
    return office.client.post("/w/si-joint-runners", data=filled)


def shown(office) -> str:
    """What the form says of when it was shown: a minute ago."""
    return stamp(office.runtime.signer, office.world.webinar_id, office.clock() - MINUTE)


def stop_path(office, registration: int) -> str:
    link = office.runtime.links.stop(registration, Channel.SMS, Purpose.SERVICE)
    return link.removeprefix(office.runtime.settings.public_url)


def reasons(office) -> list[str]:
    rows = office.world.sql("SELECT reason FROM delivery WHERE channel = 'sms' AND status = 5 ORDER BY id")
    return [row.reason for row in rows]


@contextmanager
def counted(engine):
    """The statements that the engine runs in this block, without their values."""
    ran = []

    def note(_connection, _cursor, statement, *_rest):
        ran.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield ran
    event.remove(engine, "before_cursor_execute", note)
