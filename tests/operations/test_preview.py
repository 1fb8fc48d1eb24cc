"""See a message as one person would get it: the bytes that the worker hands over at that moment."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from campaigns.domain.messages import Email, Text
from campaigns.domain.personas import PERSONAS
from campaigns.domain.sign_ups import Limits
from campaigns.domain.steps import Channel
from campaigns.errors import NotFound, Rejected, TemplateInvalid
from campaigns.operations.edition import edition_to_preview
from campaigns.operations.erase import erase
from campaigns.operations.preview import Wanted, hand_over, see
from campaigns.operations.send import send_batch
from campaigns.operations.sign_up import Guard
from campaigns.operations.words import Words
from campaigns.rendering.dkim import DkimSigner
from campaigns.store.engine import transaction
from campaigns.store.versions import current_versions
from tests.factories import DAY, HOUR, LESSONS, MINUTE, NOON, OFFERS, SERVICE_TEXTS, TEMPLATES, World, ears, rules


def preview(world: World, name: str, words: Words | None = None, **wanted):
    """What a member of staff sees, and the message."""
    with transaction(world.engine) as db:
        edition = edition_to_preview(db, name, wanted.pop("version", ""), TEMPLATES / "messages", list(Channel))
        seen = see(db, Wanted(name=name, **wanted), edition.source, rules(), world.clock())
        marked = edition.marked(db, seen.occasion.at)
    return seen, hand_over(words or world.desk().words, edition.source, seen.occasion, demonstration=marked)


def test_every_planned_delivery_is_previewed_byte_for_byte_as_the_worker_hands_it_over(world: World) -> None:
    """A whole campaign: before each tick of the worker everything that is due is previewed, and compared after it."""
    sessions = (world.session(8 * DAY, replay_url="https://media.example.org/1"), world.session(2 * DAY))
    for session in sessions:
        world.registration(session, SERVICE_TEXTS, LESSONS, OFFERS, first_name="Zoë <b>", zone="America/Denver")
        world.registration(session, first_name="", language="es")
    compared = 0
    until = NOON + 12 * DAY
    while world.clock() < until:
        world.plan()
        rows = world.sql(
            "SELECT d.id, t.template, t.key, d.registration_id FROM delivery d JOIN step t ON t.id = d.step_id"
            " WHERE d.status = 0 AND d.due_at <= :now",
            now=world.clock(),
        )
        promised = {
            row.id: preview(world, row.template, who=str(row.registration_id), step=row.key, at="now") for row in rows
        }
        for seen, _ in promised.values():
            assert seen.occasion.item.delivery_id == seen.occasion.recorded.delivery_id
        before = len(world.email.seen), len(world.sms.seen)
        world.work()
        handed = {one.delivery_id: one for one in world.email.seen[before[0] :] + world.sms.seen[before[1] :]}
        assert {number for number, (seen, _) in promised.items() if seen.occasion.bar is None} == handed.keys()
        for number, message in handed.items():
            assert promised[number][1] == message
        compared += len(handed)
        world.clock.forward(hours=3)
    assert compared >= 16


def test_a_signed_email_is_previewed_with_the_signature_that_goes_out(world: World) -> None:
    key = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    desk = world.desk()
    desk = replace(desk, words=replace(desk.words, sign=DkimSigner("clinic.example", "s1", key).sign))
    mine = world.registration(world.session())
    _, promised = preview(world, "confirmation", desk.words, who=str(mine))
    world.dispatch()
    ((_, batch),) = world.bells
    assert send_batch(desk, batch) == 1
    desk.close()
    (handed,) = world.email.seen
    assert isinstance(promised, Email) and promised == handed and promised.raw.startswith(b"DKIM-Signature")


def test_what_is_due_later_is_previewed_at_the_moment_it_is_due(world: World) -> None:
    mine = world.registration(world.session(), LESSONS)
    seen, promised = preview(world, "is-it-your-si-joint", who=str(mine))
    assert seen.occasion.on_time and seen.occasion.recorded is None and seen.occasion.bar is None
    world.live(seen.occasion.at, step=HOUR)
    handed = world.email.seen[-1]
    # In no ledger yet: only what the number of the delivery stands in is another one, and its length counts nowhere.
    assert readable(promised) == readable(handed) and promised.raw != handed.raw


def test_a_text_is_previewed_as_it_goes(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS, first_name="Ana")
    _, promised = preview(world, "confirmation-sms", who=str(mine))
    world.work()
    assert isinstance(promised, Text) and world.sms.seen == [promised]


def test_what_went_out_is_shown_as_it_went(world: World) -> None:
    mine = world.registration(world.session())
    world.work()
    world.clock.forward(days=1)
    seen, message = preview(world, "confirmation", who=str(mine))
    assert (seen.occasion.at, seen.occasion.bar, seen.occasion.recorded.sent_at) == (NOON, None, NOON)
    assert message == world.email.seen[0]


def test_an_answer_of_the_doctor_is_shown_to_who_asked(world: World) -> None:
    mine = world.registration(world.session())
    seen, message = preview(world, "answer", who=str(mine))
    assert seen.occasion.bar.reason == "answer" and "Some people rest" not in body(message)
    seen, message = preview(world, "answer")
    assert seen.occasion.bar is None and "Some people rest" in body(message)


@pytest.mark.parametrize(
    ("name", "step", "kinds", "bar"),
    [
        ("is-it-your-si-joint", "D1", (), ("never", "no_consent")),
        ("confirmation-sms", "C1", (), ("never", "no_number")),
        ("missed-replay", "N1", (), ("not yet", "attendance")),
        ("moved", "X1", (), ("not yet", "move")),
        ("waiting", "W0", (), ("never", "other_audience")),
        ("confirmation", "C0", (), None),
    ],
)
def test_what_would_not_leave_says_why_and_is_shown_all_the_same(world: World, name, step, kinds, bar) -> None:
    mine = world.registration(world.session(), *kinds)
    assert step in world.steps()
    seen, message = preview(world, name, who=str(mine), step=step)
    found = seen.occasion.bar
    assert (found and (found.kind, found.reason)) == bar
    assert body(message)


def test_a_kill_switch_and_a_hold_are_told(world: World) -> None:
    mine = world.registration(world.session())
    world.sql("INSERT INTO kill_switch (reason, at, purpose) VALUES ('a wrong link', :now, 'service')", now=NOON)
    seen, _ = preview(world, "confirmation", who=str(mine))
    assert seen.occasion.bar.kind == "stopped"


def test_every_invented_person_can_be_shown_every_message(world: World) -> None:
    with transaction(world.engine) as db:
        names = sorted(current_versions(db))
    for name in names:
        for one in PERSONAS:
            seen, message = preview(world, name, who=one.key)
            assert body(message), (name, one.key)
            assert (seen.occasion.item.delivery_id, seen.occasion.item.registration_id) == (0, 0)
    assert world.sql("SELECT 1 FROM delivery") == []


@pytest.mark.parametrize("held", [False, True])
def test_each_message_of_the_starter_has_somebody_invented_who_would_get_it(world: World, held) -> None:
    """Also without a single session: the class is made up then."""
    steps = list(world.steps().values())
    if held:
        world.session(20 * DAY, replay_url="https://media.example.org/1")
        steps = steps[::3]
    for step in steps:
        seen, message = preview(world, step.template, step=step.key)
        assert (step.key, seen.occasion.bar, seen.occasion.on_time) == (step.key, None, True)
        assert body(message)


def test_personas_differ_in_what_they_are_for(world: World) -> None:
    world.session()
    longest, spanish = preview(world, "confirmation", who="longest"), preview(world, "confirmation", who="spanish")
    assert "Wolfeschlegelsteinhausenbergerdorffmaria" in body(longest[1])
    assert "Ya tiene un lugar" in message_from_bytes(spanish[1].raw, policy=policy.default)["Subject"]
    running, (session,) = preview(world, "confirmation", who="running")[0], world.sql("SELECT * FROM webinar_session")
    assert running.occasion.at == session.starts_at + 5 * MINUTE
    missed = preview(world, "thanks-replay", who="missed")[0]
    assert missed.occasion.bar.reason == "other_audience"


def test_the_language_can_be_another_than_the_persons(world: World) -> None:
    mine = world.registration(world.session())
    _, message = preview(world, "confirmation", who=str(mine), language="es")
    assert "Ya tiene un lugar" in message_from_bytes(message.raw, policy=policy.default)["Subject"]


@pytest.mark.parametrize("real", [True, False])
def test_what_the_calendar_holds_at_that_moment_is_told_not_what_it_holds_now(world: World, real) -> None:
    """The class that comes next when the email goes: the one right after theirs has begun by then."""
    mine = world.registration(world.session(10 * DAY))
    world.session(10 * DAY + HOUR)
    later = world.session(17 * DAY)
    (row,) = world.sql("SELECT starts_at FROM webinar_session WHERE id = :id", id=later)
    seen, _ = preview(world, "missed-replay", who=str(mine) if real else "missed")
    assert seen.occasion.item.about.next_session_starts_at == row.starts_at


def test_moments_before_in_and_after_the_class(world: World) -> None:
    session = world.session()
    mine = str(world.registration(session))
    (row,) = world.sql("SELECT starts_at, ends_at FROM webinar_session")
    for at, moment in (
        ("now", NOON),
        ("soon", row.starts_at - 40 * MINUTE),
        ("running", row.starts_at + 5 * MINUTE),
        ("over", row.ends_at + DAY),
    ):
        seen, _ = preview(world, "confirmation", who=mine, at=at)
        assert (seen.occasion.at, seen.occasion.on_time) == (moment, False)


def test_a_message_that_no_step_sends_is_shown_as_if_it_went_at_once(world: World) -> None:
    world.without_steps("C0")
    seen, message = preview(world, "confirmation")
    assert (seen.use.step.id, seen.occasion.bar) == (0, None) and body(message)
    with pytest.raises(Rejected, match="Choose somebody invented"):
        preview(world, "confirmation", who=str(world.registration(world.session())))


@pytest.mark.parametrize("wanted", [{"who": "999"}, {"who": "9" * 30}, {"who": "nobody"}, {"step": "B4"}])
def test_what_is_not_there_is_not_found(world: World, wanted) -> None:
    with pytest.raises(NotFound):
        preview(world, "confirmation", **wanted)


def test_an_erased_person_cannot_be_looked_at(world: World) -> None:
    mine = world.registration(world.session())
    world.clock.forward(minutes=1)
    with transaction(world.engine) as db:
        assert erase(db, mine, Guard(ears().seal, b"s" * 32, Limits(3, 10, 3, 20, 200), ears().words), world.clock())
    with pytest.raises(NotFound, match="erased their data"):
        preview(world, "confirmation", who=str(mine))


def test_words_that_do_not_compile_say_what_is_wrong(world: World) -> None:
    version = world.reworded("confirmation-sms", "Reply", "{{ nobody_knows_this }} Reply", doctor=False)
    with pytest.raises(TemplateInvalid, match="nobody_knows_this"):
        preview(world, "confirmation-sms", version=str(version))


def test_words_that_a_clinician_has_approved_bear_no_mark_and_others_do(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    assert "[Demo]" in body(preview(world, "confirmation-sms", who=str(mine))[1])
    world.reworded("confirmation-sms")
    _, promised = preview(world, "confirmation-sms", who=str(mine))
    assert "[Demo]" not in body(promised)
    world.work()
    assert world.sms.seen == [promised]


def test_looking_changes_nothing(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS, LESSONS)
    with transaction(world.engine) as db:
        db.exec_driver_sql("SET TRANSACTION READ ONLY")
        for name in ("confirmation", "confirmation-sms", "is-it-your-si-joint"):
            for who in (str(mine), "usual"):
                edition = edition_to_preview(db, name, "", TEMPLATES / "messages")
                assert see(db, Wanted(name=name, who=who), edition.source, rules(), NOON).use.step


def body(message) -> str:
    """All that is read of a message."""
    if isinstance(message, Text):
        return message.body
    found = message_from_bytes(message.raw, policy=policy.default)
    return "\n".join(found.get_body((kind,)).get_content() for kind in ("plain", "html"))


def readable(message: Email) -> tuple[str, str]:
    return message_from_bytes(message.raw, policy=policy.default)["Subject"], body(message)


@pytest.fixture
def world(engine) -> World:
    return World(engine)
