"""A registrant takes with them what we hold about them, and nothing of anybody else."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from campaigns.domain.form_fields import FieldKind, FormField
from campaigns.domain.receipts import InboundMail, Kind
from campaigns.domain.sign_ups import Limits
from campaigns.domain.steps import Channel
from campaigns.operations import answer
from campaigns.operations.answer import Written
from campaigns.operations.ask import Ear, ask
from campaigns.operations.own_data import own_data
from campaigns.operations.sign_up import Guard, Sent, sign_up
from campaigns.store import form_fields, staff
from campaigns.store.consents import suppress
from campaigns.store.engine import Engine, transaction
from campaigns.store.sealing import Seal
from tests.factories import DAY, HORIZON, LESSONS, NOON, NUMBER, SERVICE_TEXTS, World, ears, hours
from tests.fakes import DEFER

LIMITS = Limits(email_an_hour=99, email_a_day=99, number_a_day=99, prefix_a_day=99, ip_a_day=99)
GUARD = Guard(ears().seal, b"s" * 32, LIMITS, ears().words)
MINE, OTHER = "sam@example.com", "zoe@example.com"


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def test_the_document_holds_the_person_and_every_registration(world: World) -> None:
    mine = _sign_up(world, "Sam", MINE)
    world.registration(world.session(17 * DAY), email=MINE)
    found = _own(world, mine)
    assert list(found) == ["about", "person", "registrations", "consents", "permissions", "stops", "replies"]
    assert found["person"] == {
        "first_name": "Sam",
        "last_name": "",
        "email": MINE,
        "mobile_number": NUMBER,
        "time_zone": "America/New_York",
        "language": "en",
        "what_first_brought_you": {"utm_source": "flyer-of-Sam"},
        "known_since": "2027-03-01T17:00:00Z",
    }
    first, second = found["registrations"]
    assert (first["starts_at"], second["starts_at"]) == ("2027-03-11T17:00:00Z", "2027-03-18T17:00:00Z")
    assert (first["standing"], first["attendance"], first["withdrawn_at"]) == ("held", "unknown", None)
    assert first["answers_on_the_form"] == [
        {"question": "Your story", "answer": ["Story of Sam"], "answered_at": "2027-03-01T17:00:00Z"}
    ]
    assert [one["words"] for one in first["questions"]] == ["A question of Sam?"]


def test_messages_come_with_their_template_attempts_and_what_providers_reported(world: World) -> None:
    mine = world.registration(world.session())
    world.email.will(DEFER)
    world.work()
    world.clock.forward(minutes=10)
    world.work()
    world.hear(receipts=[world.report(mine, "C0", Kind.DELIVERED)])
    world.apply()
    (message,) = [one for one in _own(world, mine)["registrations"][0]["messages"] if one["step"] == _step(world, "C0")]
    assert (message["channel"], message["state"], message["template"]) == ("email", "delivered", "confirmation")
    assert message["due_at"].startswith("2027-03-01T17:0") and message["sent_at"] == "2027-03-01T17:10:00Z"
    assert [(one["number"], one["outcome"]) for one in message["attempts"]] == [(1, "deferred")]
    assert [one["says"] for one in message["reports"]] == ["delivered"]


def test_consents_come_with_the_words_that_were_shown_and_what_was_noted(world: World) -> None:
    evidence = {"ip": "203.0.113.9", "user_agent": "Firefox", "page": "/w"}
    mine = world.registration(world.session(), LESSONS, email=MINE, evidence=evidence)
    with transaction(world.engine) as db:
        suppress(db, Channel.EMAIL, MINE, LESSONS[1], reason="unsubscribed", source="link", now=NOON)
    found = _own(world, mine)
    (consent,) = found["consents"]
    assert (consent["channel"], consent["kind"], consent["granted"], consent["for_address"]) == (
        "email", "education", True, MINE,
    )  # fmt: skip
    assert consent["wording"] == world.one(
        "SELECT text FROM consent_wording WHERE id = :id", id=world.wordings[LESSONS]
    )
    assert consent["noted_beside_it"] == {**evidence, "box": "unticked by default"}
    assert found["permissions"] == [
        {"channel": "email", "kind": "education", "granted": True, "since": "2027-03-01T17:00:00Z"}
    ]
    assert [(one["address"], one["kind"], one["reason"]) for one in found["stops"]] == [
        (MINE, "education", "unsubscribed")
    ]


def test_an_answer_comes_once_it_is_published(world: World) -> None:
    mine = world.registration(world.session())
    with transaction(world.engine) as db:
        asked = ask(db, Ear(GUARD.seal, GUARD.words), world.place(mine), "May I run hills?", "page", NOON).question_id
        staff.add_member(db, email="d@clinic.example", name="D", role="clinician", password_hash="-", now=NOON)
        doctor = staff.find_account(db, "d@clinic.example").member
        draft = answer.write(db, world.webinar_id, Written("Hills", "It depends.", False, (asked,)), doctor, NOON)
    assert _own(world, mine)["registrations"][0]["questions"][0]["answer"] is None
    with transaction(world.engine) as db:
        answer.publish(db, draft, doctor, NOON)
    assert _own(world, mine)["registrations"][0]["questions"][0]["answer"] == {
        "title": "Hills", "words": "It depends.", "published_at": "2027-03-01T17:00:00Z",
    }  # fmt: skip


def test_attendance_and_what_was_watched_come_in_seconds(world: World) -> None:
    mine = world.registration(world.session())
    world.sql(
        "UPDATE registration SET attendance = 'attended', attended_seconds = 540,"
        """ attendance_evidence = '{"by": "list", "staff": 7, "list": "x"}'"""
    )
    world.sql(
        "INSERT INTO viewing (registration_id, mode, seen, seen_tenths, position, first_at, last_at, beats, paid_until)"
        " VALUES (:r, 'replay', '{[0,905)}', 905, 905, :now, :now, 3, :now)",
        r=mine,
        now=NOON,
    )
    (found,) = _own(world, mine)["registrations"]
    assert (found["attendance"], found["attended_seconds"], found["attendance_known_by"]) == (
        "attended", 540, {"by": "list"},
    )  # fmt: skip
    assert [(one["what"], one["seconds"]) for one in found["watched"]] == [("the recording", 90)]


def test_nothing_of_another_person_is_in_it(world: World) -> None:
    """Two lives in the same class, each with something in every table."""
    mine, other = _sign_up(world, "Sam", MINE), _sign_up(world, "Zoe", OTHER, phone="+12075557777")
    for name, phone, email in (("Sam", NUMBER, MINE), ("Zoe", "+12075557777", OTHER)):
        world.text(f"A text of {name}, is that bad?", sender=phone)
        mail = InboundMail(
            event_id=f"m-{name}", sender=email, recipient="class@clinic.example", subject="Hi", text=f"A mail of {name}"
        )
        world.hear(mails=[mail])
        world.text("STOP", sender=phone)
    world.apply()
    world.work()
    for whose, name, others in ((mine, "Sam", ("Zoe", OTHER, "5557777")), (other, "Zoe", ("Sam", MINE, NUMBER[2:]))):
        words = json.dumps(_own(world, whose))
        assert not [one for one in others if one in words]
        for held in ("A text of", "A mail of", "Story of", "A question of"):
            assert f"{held} {name}" in words
        assert f"flyer-of-{name}" in words and f"Firefox of {name}" in words and '"unsubscribed"' in words


def test_what_came_from_a_number_that_two_people_have_is_left_out(world: World) -> None:
    """Nobody can tell whose words they are."""
    session = world.session()
    mine = world.registration(session, SERVICE_TEXTS, email=MINE, phone=NUMBER)
    other = world.registration(session, SERVICE_TEXTS, email=OTHER, phone=NUMBER)
    world.text("My knee hurts at night, is that bad?", sender=NUMBER)
    world.text("stop, says Zoe", sender=NUMBER)
    world.text("STOP", sender=NUMBER)
    for one in (mine, other):
        found = _own(world, one)
        words = json.dumps(found)
        assert "My knee" not in words and "says Zoe" not in words and '"words": "STOP"' not in words
        assert found["replies"] == []
        assert len(found["about"]["left_out"]) == 1
        assert "unsubscribed" in [stop["reason"] for stop in found["stops"]]


def test_what_no_secret_opens_any_more_says_so(world: World) -> None:
    mine = _sign_up(world, "Sam", MINE)
    with transaction(world.engine) as db:
        found = own_data(db, world.place(mine).registrant_id, Seal((b"n" * 32,)), NOON)
    (registration,) = found["registrations"]
    assert registration["answers_on_the_form"][0]["answer"] == ["(not readable any more)"]
    assert registration["questions"][0]["words"] == "(not readable any more)"


def test_every_instant_is_written_in_utc(world: World) -> None:
    mine = _sign_up(world, "Sam", MINE)
    world.work()
    instants = [one for name, one in _leaves(_own(world, mine)) if name.endswith("_at") and one]
    assert len(instants) >= 10
    assert all(one.endswith("Z") and datetime.fromisoformat(one).utcoffset() is not None for one in instants)


def _leaves(found: object, name: str = "") -> list[tuple[str, str]]:
    if isinstance(found, dict):
        return [leaf for key, value in found.items() for leaf in _leaves(value, key)]
    if isinstance(found, list):
        return [leaf for value in found for leaf in _leaves(value, name)]
    return [(name, str(found) if found is not None else "")]


def _step(world: World, key: str) -> str:
    return world.steps()[key].name


def _own(world: World, registration: int) -> dict:
    with transaction(world.engine) as db:
        found = own_data(db, world.place(registration).registrant_id, GUARD.seal, world.clock())
    return json.loads(json.dumps(found))


def _sign_up(world: World, name: str, email: str, phone: str = NUMBER) -> int:
    with transaction(world.engine) as db:
        story = FormField(key="story", label="Your story", kind=FieldKind.TEXT)
        form_fields.add_field(db, world.webinar_id, story, NOON)
        (field,) = [one.id for one in form_fields.fields_of(db, world.webinar_id)]
    session = world.one("SELECT max(id) FROM webinar_session") or world.session()
    evidence = {"ip": "203.0.113.9", "user_agent": f"Firefox of {name}", "page": "/w"}
    asked = world.request(session, SERVICE_TEXTS, LESSONS, first_name=name, email=email, phone=phone, evidence=evidence)
    sent = Sent(
        request=asked,
        answers={field: (f"Story of {name}",)},
        touch={"utm_source": f"flyer-of-{name}"},
        question=f"A question of {name}?",
    )
    with transaction(world.engine) as db:
        return sign_up(db, sent, GUARD, hours(), world.clock(), horizon=HORIZON).registration_id
