"""A registrant asks the doctor."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from campaigns.domain.questions import MOST_OPEN
from campaigns.errors import Rejected
from campaigns.operations.ask import Asked, Ear, ask
from campaigns.store import questions
from campaigns.store.alerts import raised
from campaigns.store.engine import transaction
from tests.factories import SERVICE_TEXTS, World, ears

HILLS = "Can I run hills again?"


def test_a_question_is_kept_sealed(world: World) -> None:
    mine = world.registration(world.session())
    asked = _ask(world, mine, f"  {HILLS} ")
    assert asked.new and not asked.urgent
    row = world.sql("SELECT * FROM question")[0]
    assert (row.registration_id, row.source, row.urgent) == (mine, "page", False)
    assert b"hills" not in bytes(row.body)
    assert ears().seal.open(row.body).decode() == HILLS


def test_the_same_words_again_are_the_same_question(world: World) -> None:
    mine = world.registration(world.session())
    first = _ask(world, mine, HILLS)
    again = _ask(world, mine, HILLS)
    assert (again.question_id, again.new) == (first.question_id, False)


def test_two_presses_at_once_are_one_question(world: World) -> None:
    mine = world.registration(world.session())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _ask(world, mine, HILLS), range(4)))
    assert world.one("SELECT count(*) FROM question") == 1


def test_somebody_may_ask_so_much_at_once_and_no_more(world: World) -> None:
    mine = world.registration(world.session())
    for number in range(MOST_OPEN):
        _ask(world, mine, f"Question {number}?")
    with pytest.raises(Rejected, match="10 questions that wait") as refusal:
        _ask(world, mine, "One more?")
    assert refusal.value.field == "question"
    assert world.one("SELECT count(*) FROM question") == MOST_OPEN


def test_a_sign_of_danger_wakes_somebody(world: World) -> None:
    mine = world.registration(world.session())
    asked = _ask(world, mine, "I cannot feel my saddle area and cannot hold my urine. Is that normal?")
    assert asked.urgent
    with transaction(world.engine) as db:
        assert [(one.kind, one.subject) for one in raised(db)] == [("person", f"question:{asked.question_id}")]
        assert questions.count_open(db) == (1, True)


def test_a_question_by_text_from_somebody_we_know_goes_to_the_doctor(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.text("Which shoes should I wear on hills?\n\nI have two pairs.")
    row = world.sql("SELECT * FROM question")[0]
    assert (row.registration_id, row.source) == (mine, "reply")
    assert ears().seal.open(row.body).decode() == "Which shoes should I wear on hills?\n\nI have two pairs."
    reply = world.sql("SELECT * FROM inbound")[0]
    assert (reply.effect, reply.closed_by) == ("given to the doctor as a question", None)
    assert reply.closed_at is not None and row.inbound_id == reply.id


@pytest.mark.parametrize("said", ["Thanks, that was good", "?" * 1200, "I cannot hold my urine. Is that normal?"])
def test_what_is_no_plain_question_waits_for_a_person(world: World, said: str) -> None:
    world.registration(world.session(), SERVICE_TEXTS)
    world.text(said)
    assert world.one("SELECT count(*) FROM question") == 0
    assert world.sql("SELECT * FROM inbound")[0].closed_at is None


def test_a_stranger_asks_nobody_by_text(world: World) -> None:
    world.text("Which shoes should I wear on hills?", sender="+12075559876")
    assert world.one("SELECT count(*) FROM question") == 0
    assert world.sql("SELECT * FROM inbound")[0].closed_at is None


def _ask(world: World, registration_id: int, said: str) -> Asked:
    ear = Ear(ears().seal, ears().words)
    place = world.place(registration_id)
    with transaction(world.engine) as db:
        return ask(db, ear, place, said, "page", world.clock())


@pytest.fixture
def world(engine) -> World:
    return World(engine)
