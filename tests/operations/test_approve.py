"""A clinician's yes, and what takes it back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.errors import Conflict, NotAllowed, NotFound, Rejected
from campaigns.operations.approve import Yes, approve_for_demonstration, approve_version, withdraw_approval
from campaigns.operations.claims import withdraw_claim
from campaigns.operations.compose import open_writing, save, words_in
from campaigns.operations.publish import publish_draft
from campaigns.store.approvals import approvals_of, approved_versions, demonstrations
from campaigns.store.engine import transaction
from campaigns.store.staff import Member
from campaigns.store.versions import versions_of
from tests.factories import DAY, LESSONS, NOON, TEMPLATES, World

READ = "is-it-your-si-joint"


def test_a_clinicians_yes_lets_exactly_this_version_leave(world: World, doctor: Member) -> None:
    version = world.reworded(READ, doctor=False)
    assert not_approved(world, version)
    with transaction(world.engine) as db:
        approve_version(db, READ, version, yes_to(db, version), member=doctor, now=NOON)
        assert version in approved_versions(db, NOON, captured=False)
        [given] = approvals_of(db, [version])
        said = given.approval
        assert (said.name, said.licence, said.interests, said.evidence) == (
            doctor.name,
            "MD, Maine 1",
            "none",
            "PMID 1",
        )
        assert (said.staff_id, said.expires_at, said.demo) == (doctor.id, NOON + 90 * DAY, False)
        assert version not in approved_versions(db, NOON + 90 * DAY, captured=False)
    assert world.sql("SELECT act, subject FROM audit")[-1] == ("message approved", f"message:{READ}")


@pytest.mark.parametrize("role", ["marketing", "operations", "admin"])
def test_nobody_else_says_yes(world: World, doctor: Member, role: str) -> None:
    version = world.reworded(READ, doctor=False)
    with transaction(world.engine) as db, pytest.raises(NotAllowed, match="Only a clinician"):
        approve_version(db, READ, version, yes_to(db, version), member=replace(doctor, role=role), now=NOON)
    assert not_approved(world, version)


@pytest.mark.parametrize("part", ["publishes", "saves", "saved before"])
def test_whoever_had_a_hand_in_the_words_does_not_approve_them(world: World, doctor: Member, part: str) -> None:
    """Neither by publishing, nor with a draft that a colleague publishes, nor with words a colleague builds on."""
    colleague = world.member("marketing", "Max Writer")
    other = replace(world.member("operations", "Dr. Cy Reed"), role="clinician")
    with transaction(world.engine) as db:
        if part == "saved before":
            rewritten(db, [doctor, colleague], "Many runners know it", "Runners know it")
            version = rewritten(db, [colleague, colleague], "Runners know it", "Many a runner knows it")
        else:
            hands = [colleague, doctor] if part == "publishes" else [doctor, colleague]
            version = rewritten(db, hands, "Many runners know it", "Runners know it")
    with transaction(world.engine) as db, pytest.raises(NotAllowed, match="You had a hand in these words"):
        approve_version(db, READ, version, yes_to(db, version), member=doctor, now=NOON)
    with transaction(world.engine) as db:
        approve_version(db, READ, version, yes_to(db, version), member=other, now=NOON)
        if part == "saves":  # from here on they are the other doctor's too
            later = rewritten(db, [colleague, colleague], "Runners know it", "Many a runner knows it")
            approve_version(db, READ, later, yes_to(db, later), member=doctor, now=NOON)


def test_a_yes_to_other_words_than_these_counts_for_nothing(world: World, doctor: Member) -> None:
    first = world.reworded(READ, doctor=False)
    second = world.reworded(READ, "joint", "hinge", doctor=False)
    with transaction(world.engine) as db, pytest.raises(Conflict, match="other words"):
        approve_version(db, READ, second, yes_to(db, first), member=doctor, now=NOON)
    assert not_approved(world, second)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"licence": " "}, "licence"),
        ({"interests": ""}, "interests"),
        ({"evidence": ""}, "evidence"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
    ],
)
def test_what_is_not_filled_in_is_named(world: World, doctor: Member, wrong: dict, field: str) -> None:
    version = world.reworded(READ, doctor=False)
    with transaction(world.engine) as db, pytest.raises(Rejected) as refused:
        approve_version(db, READ, version, replace(yes_to(db, version), **wrong), member=doctor, now=NOON)
    assert refused.value.field == field
    assert not_approved(world, version)


def test_a_version_of_another_message_is_not_there(world: World, doctor: Member) -> None:
    version = world.reworded(READ, doctor=False)
    with transaction(world.engine) as db, pytest.raises(NotFound):
        approve_version(db, "survey", version, yes_to(db, version), member=doctor, now=NOON)


def test_words_that_make_a_withdrawn_claim_cannot_be_approved_again(world: World, doctor: Member) -> None:
    version = world.reworded(READ)
    with transaction(world.engine) as db:
        withdraw_claim(db, "two-joints", "a newer study", member=doctor, now=NOON, captures=())
    assert not_approved(world, version)
    with transaction(world.engine) as db:
        yes = yes_to(db, version)
        with pytest.raises(Rejected, match="two-joints is withdrawn"):
            approve_version(db, READ, version, yes, member=doctor, now=NOON)
        with pytest.raises(Rejected, match="two-joints is withdrawn"):
            approve_for_demonstration(db, READ, version, member=replace(doctor, role="admin"), now=NOON)


def test_a_demonstration_counts_where_messages_are_captured_and_nowhere_else(world: World, doctor: Member) -> None:
    version = world.reworded(READ, doctor=False)
    with transaction(world.engine) as db:
        approve_for_demonstration(db, READ, version, member=replace(doctor, role="admin"), now=NOON)
        assert version in approved_versions(db, NOON, captured=True)
        assert version in demonstrations(db, NOON)
        assert version not in approved_versions(db, NOON, captured=False)
        approve_version(db, READ, version, yes_to(db, version), member=doctor, now=NOON)
        assert version not in demonstrations(db, NOON)
    with transaction(world.engine) as db, pytest.raises(NotAllowed):
        approve_for_demonstration(db, READ, version, member=doctor, now=NOON)


def test_an_approval_that_is_taken_back_stops_what_is_planned_and_brings_back_no_older_words(
    world: World, doctor: Member
) -> None:
    older = world.reworded(READ)
    version = world.reworded(READ, "joint", "hinge")
    mine = world.registration(world.session(20 * DAY), LESSONS)
    with transaction(world.engine) as db:
        withdraw_approval(db, READ, version, "a typing error", member=doctor, now=NOON)
        assert older in approved_versions(db, NOON, captured=True)
    world.live(NOON + 3 * DAY)
    assert world.delivery(mine, "D1").reason == "unapproved"
    assert "D1" not in {row[0] for row in world.ledger(mine) if row[1] == "sent"}


def test_there_has_to_be_an_approval_to_take_back_and_somebody_who_may(world: World, doctor: Member) -> None:
    version = world.reworded(READ, doctor=False)
    with transaction(world.engine) as db, pytest.raises(Rejected, match="no approval"):
        withdraw_approval(db, READ, version, "why", member=doctor, now=NOON)
    with transaction(world.engine) as db, pytest.raises(NotAllowed):
        withdraw_approval(db, READ, version, "why", member=replace(doctor, role="operations"), now=NOON)


def test_newer_words_without_a_yes_leave_the_approved_ones_in_place(world: World) -> None:
    approved = world.reworded("confirmation")
    world.reworded("confirmation", "You have a place", "You have got a place", doctor=False)
    mine = world.registration(world.session())
    world.work()
    assert world.ledger(mine) == [("C0", "sent")]
    assert world.delivery(mine, "C0").template_version_id == approved


def not_approved(world: World, version: int) -> bool:
    with transaction(world.engine) as db:
        return version not in approved_versions(db, NOON, captured=False)


def yes_to(db, version: int) -> Yes:
    words = next(one for one in versions_of(db, READ) if one.id == version)
    return Yes(words.content_hash, "MD, Maine 1", "none", "PMID 1", 90)


def rewritten(db, hands: list[Member], old: str, new: str) -> int:
    """Let the first of `hands` save other words, and the second publish them."""
    first, second = hands
    writing = open_writing(db, READ)
    words = words_in(writing.files)
    assert old in words.parts["body.en"]
    parts = {**words.parts, "body.en": words.parts["body.en"].replace(old, new)}
    opened = {"version_id": writing.version_id, "seen": writing.seen}
    seen = save(db, READ, replace(words, parts=parts), **opened, staff_id=first.id, now=NOON)
    return publish_draft(db, READ, TEMPLATES / "messages", seen=seen, member=second, now=NOON)


@pytest.fixture
def world(engine) -> World:
    return World(engine)


@pytest.fixture
def doctor(world: World) -> Member:
    return world.member("clinician", "Dr. Ada Brook")
