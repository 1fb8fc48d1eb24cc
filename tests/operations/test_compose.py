"""A message between its files and the fields of a form."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.operations.compose import LONGEST, files_with, open_writing, own_files, save, words_in
from campaigns.rendering.environment import load_sources
from campaigns.rendering.files import with_bodies
from campaigns.store.drafts import drop_draft
from campaigns.store.engine import transaction
from campaigns.store.staff import Member
from tests.factories import NOON, TEMPLATES, World

MESSAGES = TEMPLATES / "messages"
SOURCES = load_sources(MESSAGES)


def test_a_form_that_changes_nothing_changes_no_word(world: World) -> None:
    for name, source in SOURCES.items():
        own = own_files(source)
        assert {file: (MESSAGES / name / file).read_text("utf-8") for file in own} == own
        with transaction(world.engine) as db:
            again = files_with(db, own, words_in(own))
        assert {file: text.strip() for file, text in again.items()} == {
            file: text.strip() for file, text in own.items()
        }
        assert with_bodies(name, again) | {"message.toml": ""} == with_bodies(name, own) | {"message.toml": ""}


def test_what_a_form_says_stands_in_the_files(world: World) -> None:
    own = own_files(SOURCES["confirmation"])
    words = words_in(own)
    parts = {**words.parts, "subject.es": "Otro “asunto”\\", "body.en": "# Hello\r\n\r\nThere.".replace("\r\n", "\n")}
    said = replace(
        words, parts=parts, claims=("who", "cost"), allowed={"shouting": "The name is written so, in capitals."}
    )
    with transaction(world.engine) as db:
        made = files_with(db, own, said)
    toml = tomllib.loads(made["message.toml"])
    assert toml["es"]["subject"] == "Otro “asunto”\\"
    assert toml["claims"] == ["who", "cost"]
    assert toml["allow"] == [{"kind": "shouting", "why": "The name is written so, in capitals."}]
    assert made["body.md"] == "# Hello\n\nThere.\n"
    assert words_in(made).allowed == said.allowed
    with transaction(world.engine) as db:
        assert "allow" not in tomllib.loads(files_with(db, made, replace(said, allowed={}))["message.toml"])


@pytest.mark.parametrize(
    ("part", "text", "says"),
    [
        ("subject.en", "x" * (LONGEST + 1), "longer than"),
        ("body.en", "a\x00b", "could not read"),
        ("body.en", "a\ufffdb", "could not read"),
        ("body.fr", "Bonjour", "no such part"),
        ("claims.en", "x", "no such part"),
        ("plain.en", "by hand", "no such part"),
        ("text.es", "Hola", "no such part"),
    ],
)
def test_what_cannot_be_kept_is_named_by_its_field(world: World, part: str, text: str, says: str) -> None:
    own = own_files(SOURCES["survey"])
    words = words_in(own)
    with transaction(world.engine) as db, pytest.raises(Rejected, match=says) as refused:
        files_with(db, own, replace(words, parts={**words.parts, part: text}))
    assert refused.value.field == part


def test_a_claim_that_is_in_no_register_is_refused(world: World) -> None:
    own = own_files(SOURCES["survey"])
    with transaction(world.engine) as db, pytest.raises(Rejected, match="no claim no-such"):
        files_with(db, own, replace(words_in(own), claims=("no-such",)))


def test_two_who_write_at_once_do_not_overwrite_each_other(world: World) -> None:
    writer: Member = world.member("marketing", "Max Writer")
    with transaction(world.engine) as db:
        opened = open_writing(db, "survey")
        words = words_in(opened.files)
        more = {"version_id": opened.version_id, "staff_id": writer.id, "now": NOON}
        first = save(db, "survey", words, seen=0, **more)
        with pytest.raises(Conflict):
            save(db, "survey", words, seen=0, **more)
        second = save(db, "survey", words, seen=first, **more)
        with pytest.raises(Conflict):
            save(db, "survey", words, seen=first, **more)
        writing = open_writing(db, "survey")
        assert (writing.seen, writing.author, writing.saved_at) == (second, "Max Writer", NOON)


def test_a_draft_that_was_begun_anew_is_another_one(world: World) -> None:
    writer: Member = world.member("marketing", "Max Writer")
    with transaction(world.engine) as db:
        opened = open_writing(db, "survey")
        more = {"version_id": opened.version_id, "staff_id": writer.id, "now": NOON}
        words = words_in(opened.files)
        first = save(db, "survey", words, seen=0, **more)
        drop_draft(db, "survey", seen=first)
        again = save(db, "survey", words, seen=0, **more)
        for stale in (first, 0):
            with pytest.raises(Conflict):
                save(db, "survey", words, seen=stale, **more)
        with pytest.raises(Conflict):
            drop_draft(db, "survey", seen=first)
        assert open_writing(db, "survey").seen == again


def test_words_that_were_opened_before_a_newer_version_was_published_do_not_undo_it(world: World) -> None:
    writer: Member = world.member("marketing", "Max Writer")
    with transaction(world.engine) as db:
        opened = open_writing(db, "survey")
    world.reworded("survey")
    more = {"version_id": opened.version_id, "staff_id": writer.id, "now": NOON}
    with transaction(world.engine) as db, pytest.raises(Conflict, match="newer version"):
        save(db, "survey", words_in(opened.files), seen=0, **more)


def test_a_message_that_is_not_there_cannot_be_opened(world: World) -> None:
    with transaction(world.engine) as db, pytest.raises(NotFound):
        open_writing(db, "no-such")


@pytest.fixture
def world(engine) -> World:
    return World(engine)
