"""What people write: stop is stop, doubt holds, danger wakes somebody, and one layer answers once."""

from __future__ import annotations

import pytest

from campaigns.domain.receipts import InboundMail
from campaigns.domain.steps import Channel
from campaigns.store import inbound
from campaigns.store.alerts import raised
from campaigns.store.engine import transaction
from tests.factories import HOUR, LESSONS, MINUTE, NUMBER, SERVICE_TEXTS, World, ears

OTHER = "+12075550999"


def mail(text: str, *, sender: str = "sam1@example.com", event: str = "M1", **facts) -> InboundMail:
    return InboundMail(
        event_id=event,
        sender=sender,
        recipient="class@clinic.example",
        subject=facts.pop("subject", "Re: class"),
        text=text,
        **facts,
    )


def write(world: World, one: InboundMail) -> None:
    world.hear(mails=[one])
    world.apply()


def newest(world: World):
    return world.sql("SELECT * FROM inbound ORDER BY id DESC LIMIT 1")[0]


def test_stop_ends_every_text_to_the_number_whoever_is_registered_with_it(world: World) -> None:
    session = world.session()
    first = world.registration(session, SERVICE_TEXTS)
    second = world.registration(world.session(), SERVICE_TEXTS, phone=NUMBER)
    world.text("Stop please")
    assert world.suppressions() == {("sms", NUMBER, None, "unsubscribed")}
    assert world.work() == 2  # the two emails
    assert world.sms.seen == []
    for mine in (first, second):
        assert dict(world.ledger(mine))["C1"] == "skipped: no_consent"
    evidence = world.sql("SELECT means, evidence FROM consent WHERE NOT granted")
    assert [(row.means, row.evidence["words"], row.evidence["scope"]) for row in evidence] == [
        ("reply", "Stop please", "all"),
        ("reply", "Stop please", "all"),
    ]


@pytest.mark.parametrize(
    ("body", "facts", "answer"),
    [
        ("STOP", {"opt_out": "STOP"}, ""),
        ("STOP", {}, ""),
        ("STOP", {"twilio_answers": False}, "stop_confirmation"),
        ("please stop texting me", {}, "stop_confirmation"),
        ("HELP", {}, ""),
        ("HELP", {"twilio_answers": False}, "help"),
        ("Does it help to run less?", {}, ""),
        ("my groin is numb and I cannot hold my urine", {}, "safety"),
    ],
)
def test_one_layer_answers(world: World, body: str, facts: dict, answer: str) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    assert world.text(body, **facts).answer == answer


def test_a_stop_said_twice_is_confirmed_once(world: World) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    assert [world.text("please stop texting me").answer for _ in range(3)] == ["stop_confirmation", "", ""]
    assert world.one("SELECT count(*) FROM consent WHERE NOT granted") == 1


def test_start_from_the_handset_lets_texts_flow_again(world: World) -> None:
    mine = world.registration(world.session(2 * HOUR), SERVICE_TEXTS)
    world.text("STOP")
    world.text("START")
    assert world.suppressions() == set()
    world.clock.forward(minutes=1)
    world.live(world.clock() + 2 * HOUR, step=5 * MINUTE)
    assert ("B5", "sent") in world.ledger(mine)


def test_start_does_not_bring_back_what_the_person_never_wanted_nor_a_dead_number(world: World) -> None:
    world.registration(world.session())
    world.sql("UPDATE registrant SET phone = :n", n=NUMBER)
    world.sql(
        "INSERT INTO suppression (channel, address, reason, source, at) VALUES ('sms', :n, 'bounced', 't', now())",
        n=NUMBER,
    )
    world.text("START")
    assert world.suppressions() == {("sms", NUMBER, None, "bounced")}
    assert world.one("SELECT count(*) FROM permission WHERE channel = 'sms' AND granted") == 0


def test_what_is_unclear_holds_everything_to_the_number_until_somebody_has_read_it(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.text("STOPPING by?")
    assert newest(world).meaning == "hold"
    world.work()
    row = world.delivery(mine, "C1")
    assert (world.ledger(mine)[1], row.reason) == (("C1", "planned"), "on_hold")
    assert world.sms.seen == []
    with transaction(world.engine) as db:
        assert [one.kind for one in raised(db)] == ["review"]
        inbound.lift_hold(db, Channel.SMS, NUMBER, _staff(world), world.clock())
    world.clock.now = row.due_at
    world.work()
    assert dict(world.ledger(mine))["C1"] == "sent"


def test_other_words_wait_for_somebody_and_hold_nothing(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.text("Tell me which shoes to wear on hills")
    row = newest(world)
    assert (row.meaning, row.urgent, row.closed_at, row.registration_id) == ("question", False, None, mine)
    world.work()
    assert dict(world.ledger(mine))["C1"] == "sent"
    assert b"shoes" not in bytes(row.body)
    assert ears().seal.open(row.body) == b"Tell me which shoes to wear on hills"


def test_a_sign_of_danger_wakes_somebody_whatever_else_it_says(world: World) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    world.text("STOP. I cannot feel my saddle area and cannot hold my urine")
    row = newest(world)
    assert row.urgent and row.closed_at is None
    with transaction(world.engine) as db:
        assert [(one.kind, one.subject) for one in raised(db)] == [("person", f"inbound:{row.id}")]


@pytest.mark.parametrize("text", ["stop texting me", "Please no more text messages to my phone."])
def test_a_stop_to_texts_said_by_email_ends_texts(world: World, text: str) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    write(world, mail(text))
    assert ("sms", NUMBER, None, "unsubscribed") in world.suppressions()
    assert world.one("SELECT evidence ->> 'words' FROM consent WHERE NOT granted AND channel = 'sms'").endswith(text)


def test_a_stop_said_by_email_ends_emails(world: World) -> None:
    world.registration(world.session(), LESSONS)
    write(world, mail("Unsubscribe me from all of this, thank you."))
    assert ("email", "sam1@example.com", None, "unsubscribed") in world.suppressions()


def test_a_subject_of_ones_own_that_says_stop_counts(world: World) -> None:
    world.registration(world.session())
    write(world, mail("Kind regards, Sam", subject="unsubscribe"))
    assert ("email", "sam1@example.com", None, "unsubscribed") in world.suppressions()


def test_a_machine_is_kept_and_never_listened_to(world: World) -> None:
    world.registration(world.session())
    write(world, mail("unsubscribe", automatic=True))
    row = newest(world)
    assert (row.meaning, row.effect, row.closed_at is not None) == ("automatic", "a machine wrote it", True)
    assert world.suppressions() == set()
    assert world.email.seen == [] and world.sms.seen == []


def test_an_email_cannot_start_texts(world: World) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    world.text("STOP")
    write(world, mail("START"))
    assert ("sms", NUMBER, None, "unsubscribed") in world.suppressions()


def test_a_stranger_is_kept_and_their_number_suppressed(world: World) -> None:
    world.text("stop", sender=OTHER)
    assert world.suppressions() == {("sms", OTHER, None, "unsubscribed")}
    assert newest(world).registration_id is None


def test_the_same_text_told_twice_is_one(world: World) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    world.text("a question about hills?")
    before = world.one("SELECT count(*) FROM inbound")
    world._events = iter(["1"])  # the number of the first
    world.text("a question about hills?")
    assert world.one("SELECT count(*) FROM inbound") == before


def test_who_stops_texts_gets_by_email_what_people_without_texts_get(world: World) -> None:
    mine = world.registration(world.session(2 * HOUR), SERVICE_TEXTS)
    world.tick()
    assert "B6" not in dict(world.ledger(mine))
    world.text("STOP")
    world.live(world.clock() + 2 * HOUR, step=5 * MINUTE)
    assert ("B6", "sent") in world.ledger(mine)


def _staff(world: World) -> int:
    return world.one(
        "INSERT INTO staff (email, name, role, password_hash, created_at)"
        " VALUES ('d@clinic.example', 'D', 'admin', '-', now()) RETURNING id"
    )


@pytest.fixture
def world(engine) -> World:
    return World(engine)
