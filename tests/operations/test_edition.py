"""Which words of a message a preview shows."""

from __future__ import annotations

import pytest

from campaigns.domain.steps import Channel
from campaigns.errors import NotFound, TemplateInvalid
from campaigns.operations.compose import open_writing, save, words_in
from campaigns.operations.edition import Edition, edition_to_preview
from campaigns.store.engine import transaction
from campaigns.store.versions import current_versions, publish_template
from tests.factories import DAY, NOON, TEMPLATES, World

NAME = "survey"


def edition(world: World, wanted: str = "", *, name: str = NAME, captures=tuple(Channel)) -> Edition:
    with transaction(world.engine) as db:
        return edition_to_preview(db, name, wanted, TEMPLATES / "messages", captures)


def stands(world: World, one: Edition, at=NOON) -> tuple[bool, bool]:
    """Whether it may leave, and whether with the mark of a demonstration."""
    with transaction(world.engine) as db:
        return one.may_leave(db, at), one.marked(db, at)


def html(one: Edition) -> str:
    return one.source.files["body.html"]


def test_without_a_wish_it_is_what_goes_out_and_not_what_waits_for_a_clinician(world: World) -> None:
    newer = world.reworded(NAME, "questions", "riddles", doctor=False)
    found = edition(world)
    assert found.goes_out and "riddles" not in html(found) and found.version.number == 1
    asked = edition(world, str(newer))
    assert not asked.goes_out and "riddles" in html(asked) and asked.going == found.version
    assert (stands(world, found), stands(world, asked)) == ((True, True), (False, False))


def test_words_that_a_clinician_approved_leave_without_a_mark_until_the_approval_ends(world: World) -> None:
    world.reworded(NAME, "questions", "riddles")
    found = edition(world)
    assert found.goes_out and "riddles" in html(found)
    assert stands(world, found) == (True, False)
    assert stands(world, found, NOON + 301 * DAY) == (False, False)


def test_where_messages_are_really_sent_a_demonstrations_approval_counts_for_nothing(world: World) -> None:
    assert stands(world, edition(world, captures=())) == (False, False)
    assert stands(world, edition(world, captures=(Channel.SMS,))) == (False, False)


def test_a_draft_is_put_into_the_frame_and_leaves_nowhere(world: World) -> None:
    with pytest.raises(NotFound, match="no draft"):
        edition(world, "draft")
    writer = world.member("marketing", "Jenna Whitfield")
    with transaction(world.engine) as db:
        said = words_in(open_writing(db, NAME).files)
        parts = {**said.parts, "body.en": said.parts["body.en"].replace("questions", "riddles")}
        save(
            db,
            NAME,
            type(said)(parts, said.claims, said.allowed),
            version_id=current_versions(db)[NAME],
            seen=0,
            staff_id=writer.id,
            now=NOON,
        )
    found = edition(world, "draft")
    assert "riddles" in html(found) and "frame.html" in found.source.files
    assert (found.version, found.goes_out, stands(world, found)) == (None, False, (False, False))


@pytest.mark.parametrize("wanted", ["0", "x", "999999", "1.0", "-1"])
def test_a_version_that_is_not_there_is_not_found(world: World, wanted) -> None:
    with pytest.raises(NotFound, match="no such version"):
        edition(world, wanted)


def test_a_version_of_another_message_is_not_found(world: World) -> None:
    other = edition(world, name="confirmation").version.id
    with pytest.raises(NotFound, match="no such version"):
        edition(world, str(other))


def test_a_message_nobody_wrote_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="no message of this name"):
        edition(world, name="nothing")


@pytest.mark.parametrize("altered", [True, False])
def test_what_is_not_as_it_was_stored_is_not_shown(world: World, altered) -> None:
    content = edition(world).source.to_json() if altered else {"not": "a source"}
    with transaction(world.engine) as db:
        version = publish_template(db, NAME, "a hash", content, NOON)
    with pytest.raises(TemplateInvalid, match="stored"):
        edition(world, str(version))


@pytest.fixture
def world(engine) -> World:
    return World(engine)
