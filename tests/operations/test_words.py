"""The words of a delivery."""

from __future__ import annotations

import shutil
from email import message_from_bytes

import pytest

from campaigns.domain.messages import Email, Text
from campaigns.errors import TemplateInvalid
from campaigns.operations.publish import publish_sources
from campaigns.operations.withdraw import withdraw
from campaigns.store.approvals import Approval, approve
from campaigns.store.engine import transaction
from campaigns.store.versions import current_versions, publish_template
from campaigns.store.webinars import cancel_session, move_session
from tests.factories import DAY, HORIZON, HOUR, LESSONS, NOON, NUMBER, SERVICE_TEXTS, TEMPLATES, World, hours


def test_publishing_the_same_words_again_writes_no_new_version(world: World) -> None:
    with transaction(world.engine) as db:
        before = current_versions(db)
        assert publish_sources(db, TEMPLATES / "messages", NOON) == len(before)
        assert current_versions(db) == before


def test_a_folder_with_one_bad_template_publishes_none(world: World, tmp_path) -> None:
    shutil.copytree(TEMPLATES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "messages" / "confirmation" / "body.txt").write_text("Hello {{ nobody_knows_this }}", encoding="utf-8")
    with transaction(world.engine) as db:
        before = current_versions(db)
        with pytest.raises(TemplateInvalid):
            publish_sources(db, tmp_path / "messages", NOON)
        assert current_versions(db) == before


def test_a_stored_version_that_does_not_compile_fails_its_own_deliveries_alone(world: World) -> None:
    with transaction(world.engine) as db:
        version = publish_template(db, "confirmation-sms", "a hash", {"not": "a source"}, NOON)
        approve(db, version, Approval("Dr. Test", "ME 1", NOON + 300 * DAY), NOON)
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.work()
    assert world.ledger(mine) == [("C0", "sent"), ("C1", "failed")]


def test_a_version_is_compiled_once(world: World) -> None:
    session, desk = world.session(), world.desk()
    for _ in range(2):
        world.registration(session)
        with transaction(world.engine) as db:
            desk.words.prepare(db, {"confirmation"}, captured=True)
    assert len(desk.words._compiled) == 1


def test_a_registrant_reads_service_messages_in_their_own_language_and_lessons_in_english(world: World) -> None:
    session = world.session()
    world.registration(session, SERVICE_TEXTS, LESSONS, language="es")
    world.registration(session)
    world.work()
    assert world.subjects() == [
        "Ya tiene un lugar en su clase para corredores",
        "You have a place in the runners' class",
    ]
    (text,) = world.sms.seen
    assert isinstance(text, Text) and "avisos del" in text.body and "Responda HELP para ayuda" in text.body
    world.live(NOON + 26 * HOUR, step=HOUR)
    assert world.subjects()[2] == "Your runners' class: a two-minute read"


def test_a_class_without_a_name_in_the_language_is_just_a_class(world: World) -> None:
    world.sql("UPDATE webinar SET translations = '{}'")
    world.registration(world.session(), language="es")
    world.work()
    assert world.subjects() == ["Ya tiene un lugar en su clase"]


def test_a_language_that_we_have_no_words_in_is_english(world: World) -> None:
    world.registration(world.session(), language="fr")
    world.work()
    assert world.subjects() == ["You have a place in the runners' class"]


def test_every_step_of_the_starter_can_be_rendered_and_goes_to_the_right_address(world: World) -> None:
    """All the way through the ledger, so that no template of the campaign is at fault for a real person."""
    came, missed = world.session(11 * DAY), world.session(11 * DAY, replay_url="https://media.example.org/1")
    moved, cancelled, withdrawn = world.session(2 * DAY), world.session(20 * HOUR), world.session(9 * DAY)
    everything = list(world.wordings)
    numbers = [world.registration(one, *everything) for one in (came, missed, moved, cancelled, withdrawn)]
    plain = world.registration(came)
    world.work()
    world.clock.forward(minutes=1)
    with transaction(world.engine) as db:
        move_session(db, moved, NOON + 3 * DAY, NOON + 3 * DAY + HOUR, world.clock())
        cancel_session(db, cancelled, "The doctor is ill.", world.clock())
        withdraw(db, numbers[4], hours(), world.clock(), horizon=HORIZON)
    world.live(NOON + 11 * DAY + 5 * HOUR, step=3 * HOUR)
    world.sql(
        "UPDATE registration SET attendance = CASE WHEN id IN (:a, :b) THEN 'attended' ELSE 'missed' END",
        a=numbers[0],
        b=plain,
    )
    world.sql("UPDATE webinar_session SET attendance_final_at = :now, planned_until = NULL", now=world.clock())
    world.live(NOON + 38 * DAY, step=6 * HOUR)
    assert world.sql("SELECT DISTINCT reason FROM delivery WHERE status NOT IN (3, 5)") == []
    sent = {
        row.key
        for row in world.sql("SELECT DISTINCT key FROM delivery d JOIN step t ON t.id = step_id WHERE status = 3")
    }
    # Within the three hours that this clock strides over; nobody asked the doctor (test_answer), waited (test_offer),
    # changed their address (test_correct) or had to prove a number (test_prove).
    assert set(world.steps()) - sent <= {"B5", "B6", "B4", "Q1", "W0", "W1", "W1-sms", "W2", "W3", "X4", "C1-code"}
    assert {one.recipient for one in world.sms.seen} == {NUMBER, *(f"+1207556{n:04}" for n in range(1, 5))}
    assert all(isinstance(one, Text) for one in world.sms.seen) and all(
        isinstance(one, Email) for one in world.email.seen
    )


def test_the_calendar_entry_grows_by_one_with_each_change(world: World) -> None:
    session = world.session(9 * DAY)
    mine = world.registration(session)
    world.work()
    for days in (10, 11):
        world.clock.forward(minutes=1)
        with transaction(world.engine) as db:
            move_session(db, session, NOON + days * DAY, NOON + days * DAY + HOUR, world.clock())
        world.tick()
    world.clock.forward(minutes=1)
    with transaction(world.engine) as db:
        withdraw(db, mine, hours(), world.clock(), horizon=HORIZON)
    world.tick()
    found = [_calendar(one.raw) for one in world.email.seen]
    assert [line["SEQUENCE"] for line in found] == ["0", "1", "2", "3"]
    assert [line["METHOD"] for line in found] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert len({line["UID"] for line in found}) == 1


def _calendar(raw: bytes) -> dict[str, str]:
    part = next(part for part in message_from_bytes(raw).walk() if part.get_content_type() == "text/calendar")
    text = part.get_payload(decode=True).decode()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


@pytest.fixture
def world(engine) -> World:
    return World(engine)
