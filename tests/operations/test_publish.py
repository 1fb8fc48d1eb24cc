"""From files and drafts to versions that never change."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from campaigns.domain.steps import Channel
from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.operations.claims import register_of, withdraw_claim
from campaigns.operations.compose import open_writing, save, words_in
from campaigns.operations.publish import lint_files, publish_draft, publish_sources
from campaigns.store.approvals import approved_versions
from campaigns.store.drafts import read_draft
from campaigns.store.engine import transaction
from campaigns.store.staff import Member
from campaigns.store.versions import current_versions, going_versions, staff_written, template_content, versions_of
from tests.factories import NOON, TEMPLATES, World

MESSAGES = TEMPLATES / "messages"
READ = "is-it-your-si-joint"


def test_a_draft_becomes_a_version_that_nobody_has_approved(world: World, writer: Member) -> None:
    with transaction(world.engine) as db:
        before = current_versions(db)["survey"]
        seen = written(db, writer, "survey", "Two questions", "Two short questions")
        version = publish_draft(db, "survey", MESSAGES, seen=seen, member=writer, now=NOON)
        assert version > before and current_versions(db)["survey"] == version
        assert "Two short questions" in template_content(db, version)["files"]["body.html"]
        assert going_versions(db, captured=True)["survey"] == before
        assert version not in approved_versions(db, NOON, captured=True)
        assert read_draft(db, "survey") is None
        assert (versions_of(db, "survey")[0].author, versions_of(db, "survey")[0].number) == (writer.name, 2)
    assert world.sql("SELECT act, subject FROM audit")[-1] == ("message published", "message:survey")


def test_what_the_check_finds_keeps_a_draft_from_being_published_and_keeps_the_draft(
    world: World, writer: Member
) -> None:
    with transaction(world.engine) as db:
        seen = written(db, writer, "survey", "Two questions", "A breakthrough")
    with transaction(world.engine) as db, pytest.raises(Rejected, match=r"body\.md:\d+: claim-breakthrough.*Remedy"):
        publish_draft(db, "survey", MESSAGES, seen=seen, member=writer, now=NOON)
    with transaction(world.engine) as db:
        assert read_draft(db, "survey").round == seen


def test_a_claim_that_may_not_be_made_keeps_words_from_being_published(world: World, writer: Member) -> None:
    with transaction(world.engine) as db:
        seen = written(db, writer, READ, "two of these joints", "just two of these joints")
        withdraw_claim(db, "two-joints", "a newer study", member=writer, now=NOON, captures=Channel)
    with transaction(world.engine) as db, pytest.raises(Rejected, match="two-joints is withdrawn"):
        publish_draft(db, READ, MESSAGES, seen=seen, member=writer, now=NOON)


def test_the_same_words_are_no_news_and_older_words_can_come_back(world: World, writer: Member) -> None:
    with transaction(world.engine) as db:
        first = current_versions(db)["survey"]
        seen = save(db, "survey", words_of(db, "survey"), version_id=first, seen=0, staff_id=writer.id, now=NOON)
    with transaction(world.engine) as db, pytest.raises(Rejected, match="Nothing is new"):
        publish_draft(db, "survey", MESSAGES, seen=seen, member=writer, now=NOON)
    with transaction(world.engine) as db:
        seen = written(db, writer, "survey", "Two questions", "Two short questions")
        publish_draft(db, "survey", MESSAGES, seen=seen, member=writer, now=NOON)
        seen = written(db, writer, "survey", "Two short questions", "Two questions")
        again = publish_draft(db, "survey", MESSAGES, seen=seen, member=writer, now=NOON)
        assert current_versions(db)["survey"] == again
        old, new = template_content(db, first)["files"], template_content(db, again)["files"]
        assert {file for file in new if old[file] != new[file]} == {"message.toml"}


def test_somebody_elses_save_comes_first(world: World, writer: Member) -> None:
    with transaction(world.engine) as db:
        seen = written(db, writer, "survey", "Two questions", "Two short questions")
        written(db, writer, "survey", "Two short questions", "Two quick questions")
    with transaction(world.engine) as db, pytest.raises(Conflict):
        publish_draft(db, "survey", MESSAGES, seen=seen, member=writer, now=NOON)
    with transaction(world.engine) as db, pytest.raises(NotFound):
        publish_draft(db, "withdrawn", MESSAGES, seen=1, member=writer, now=NOON)


@pytest.mark.parametrize("statement", ["UPDATE template_version SET content = '{}'", "DELETE FROM template_version"])
def test_a_version_cannot_be_changed_even_by_hand(world: World, statement: str) -> None:
    with pytest.raises(DBAPIError, match="never changes"):
        world.sql(statement)


def test_words_that_are_not_those_of_their_hash_do_not_leave(world: World) -> None:
    mine = world.registration(world.session())
    world.sql("ALTER TABLE template_version DISABLE TRIGGER USER")
    try:
        world.sql(
            "UPDATE template_version SET content = replace(content::text, 'You have a place', 'You have lost a place')"
            "::jsonb WHERE name = 'confirmation'"
        )
        world.work()
        assert world.ledger(mine) == [("C0", "failed")]
        assert world.email.seen == []
    finally:
        world.sql(
            "UPDATE template_version SET content = replace(content::text, 'You have lost a place', 'You have a place')"
            "::jsonb WHERE name = 'confirmation'"
        )
        world.sql("ALTER TABLE template_version ENABLE TRIGGER USER")


def test_a_newer_program_leaves_what_staff_have_written(world: World, writer: Member, tmp_path) -> None:
    shutil.copytree(TEMPLATES, tmp_path, dirs_exist_ok=True)
    for name in ("survey", "answer"):
        file = tmp_path / "messages" / name / "body.md"
        file.write_text(file.read_text("utf-8") + "\nOne more line.\n", encoding="utf-8")
    with transaction(world.engine) as db:
        seen = written(db, writer, "survey", "Two questions", "Two short questions")
        mine = publish_draft(db, "survey", MESSAGES, seen=seen, member=writer, now=NOON)
        assert staff_written(db) == {"survey"}
        before = current_versions(db)
        publish_sources(db, tmp_path / "messages", NOON)
        now = current_versions(db)
        assert now["survey"] == mine
        assert {name for name in now if now[name] != before[name]} == {"answer"}
        db.rollback()


def test_the_check_of_a_draft_goes_by_the_register_as_it_stands(world: World, writer: Member) -> None:
    with transaction(world.engine) as db:
        files = open_writing(db, READ).files
        assert [
            one.kind for one in lint_files(register_of(db), READ, files, MESSAGES)[0] if one.severity == "error"
        ] == []
        withdraw_claim(db, "two-joints", "a newer study", member=writer, now=NOON, captures=Channel)
        found = {one.kind for one in lint_files(register_of(db), READ, files, MESSAGES)[0] if one.severity == "error"}
        assert "unapproved-claim" in found


def words_of(db, name):
    return words_in(open_writing(db, name).files)


def written(db, writer: Member, name: str, old: str, new: str) -> int:
    """Save a draft with `new` in place of `old` in its English body."""
    writing = open_writing(db, name)
    words = words_in(writing.files)
    assert old in words.parts["body.en"]
    parts = {**words.parts, "body.en": words.parts["body.en"].replace(old, new)}
    opened = {"version_id": writing.version_id, "seen": writing.seen}
    return save(db, name, replace(words, parts=parts), **opened, staff_id=writer.id, now=NOON)


@pytest.fixture
def world(engine) -> World:
    return World(engine)


@pytest.fixture
def writer(world: World) -> Member:
    return world.member("marketing", "Max Writer")
