"""Rulings on claims, and what they touch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.domain.steps import Channel
from campaigns.errors import NotAllowed, NotFound, Rejected
from campaigns.operations.claims import load_register, reach_of, register_of, sign_claim, withdraw_claim
from campaigns.operations.publish import publish_sources
from campaigns.store.approvals import approved_versions
from campaigns.store.claims import find_claim, touched_deliveries
from campaigns.store.engine import transaction
from campaigns.store.staff import Member
from campaigns.store.versions import current_versions, going_versions
from tests.factories import DAY, HOUR, LESSONS, NOON, TEMPLATES, World

READ = "is-it-your-si-joint"


def test_the_register_of_the_files_is_that_of_the_database(world: World) -> None:
    with transaction(world.engine) as db:
        register = register_of(db)
    assert register.claims["two-joints"].usable
    assert not register.claims["red-flags"].usable
    assert register.cite(("two-joints",), message="any").startswith("the webinar")


def test_withdrawing_a_claim_takes_every_message_that_makes_it_and_says_which(world: World, doctor: Member) -> None:
    session = world.session(9 * DAY)
    people = [world.registration(session, LESSONS) for _ in range(3)]
    world.registration(session)
    world.live(NOON + 20 * HOUR)
    with transaction(world.engine) as db:
        before = reach_of(db, "two-joints", Channel)
        assert before.going == (READ,) and before.count == 3
        [line] = before.deliveries
        assert (line.step_name, line.session_id, line.count) == ("Is it your SI joint?", session, 3)
        listed = touched_deliveries(db, before.going, limit=2)
        assert [one.registration_id for one in listed] == people[:2]
        more = touched_deliveries(db, before.going, limit=2, after=listed[-1].id)
        assert [one.registration_id for one in more] == people[2:]
        assert withdraw_claim(db, "two-joints", "a newer study", member=doctor, now=NOON, captures=Channel) == before
        assert find_claim(db, "two-joints").status == "withdrawn"
    world.live(NOON + 4 * DAY)
    for one in people:
        assert world.delivery(one, "D1").reason == "unapproved"
    assert world.sql("SELECT act, subject, detail ->> 'deliveries' FROM audit")[-1] == (
        "claim withdrawn", "claim:two-joints", "3",
    )  # fmt: skip


def test_messages_that_do_not_make_it_go_on(world: World, doctor: Member) -> None:
    with transaction(world.engine) as db:
        withdraw_claim(db, "two-joints", "a newer study", member=doctor, now=NOON, captures=Channel)
        going = going_versions(db, captured=True)
        allowed = approved_versions(db, NOON, captured=True)
        assert [name for name, version in going.items() if version not in allowed] == [READ]


def test_a_program_that_starts_again_gives_a_withdrawn_claim_no_new_life(world: World, doctor: Member) -> None:
    with transaction(world.engine) as db:
        withdraw_claim(db, "two-joints", "a newer study", member=doctor, now=NOON, captures=Channel)
        publish_sources(db, TEMPLATES / "messages", NOON)
        assert find_claim(db, "two-joints").status == "withdrawn"
        assert current_versions(db)[READ] not in approved_versions(db, NOON, captured=True)


def test_a_signed_claim_may_be_made_again_but_approvals_do_not_come_back(world: World, doctor: Member) -> None:
    with transaction(world.engine) as db:
        withdraw_claim(db, "two-joints", "a newer study", member=doctor, now=NOON, captures=Channel)
        sign_claim(db, "two-joints", "read again", citation="a newer study", member=doctor, now=NOON)
        claim = find_claim(db, "two-joints")
        assert (claim.status, claim.reviewer, claim.citation) == ("reviewed", doctor.name, "a newer study")
        assert "a newer study" in register_of(db).cite(("two-joints", "load-path"), message="any")
        assert current_versions(db)[READ] not in approved_versions(db, NOON, captured=True)
        load_register(db, TEMPLATES / "claims.toml", NOON)
        assert find_claim(db, "two-joints") == claim


def test_a_claim_that_the_program_takes_back_stops_what_makes_it(world: World, tmp_path) -> None:
    register = tmp_path / "claims.toml"
    words = (TEMPLATES / "claims.toml").read_text("utf-8")
    before, mark, after = words.partition("[claims.two-joints]")
    register.write_text(before + mark + after.replace('status = "sourced"', 'status = "withdrawn"', 1), "utf-8")
    with transaction(world.engine) as db:
        going = going_versions(db, captured=True)
        load_register(db, register, NOON)
        allowed = approved_versions(db, NOON, captured=True)
        assert [name for name, version in going.items() if version not in allowed] == [READ]
        db.rollback()


def test_a_claim_that_had_no_source_needs_one_to_be_signed(world: World, doctor: Member) -> None:
    with transaction(world.engine) as db, pytest.raises(Rejected) as refused:
        sign_claim(db, "red-flags", "general safety", citation=" ", member=doctor, now=NOON)
    assert refused.value.field == "citation"
    with transaction(world.engine) as db:
        sign_claim(db, "red-flags", "general safety", citation="a guideline", member=doctor, now=NOON)
        assert register_of(db).claims["red-flags"].usable


def test_what_is_done_already_and_who_may_not(world: World, doctor: Member) -> None:
    with transaction(world.engine) as db:
        withdraw_claim(db, "who", "no study", member=doctor, now=NOON, captures=Channel)
    more = {"member": doctor, "now": NOON}
    with transaction(world.engine) as db:
        with pytest.raises(Rejected, match="withdrawn already"):
            withdraw_claim(db, "who", "again", captures=Channel, **more)
        with pytest.raises(NotFound):
            withdraw_claim(db, "no-such", "why", captures=Channel, **more)
        with pytest.raises(NotAllowed):
            withdraw_claim(db, "cost", "why", captures=Channel, member=replace(doctor, role="operations"), now=NOON)
        with pytest.raises(NotAllowed):
            sign_claim(db, "cost", "why", citation="x", member=replace(doctor, role="marketing"), now=NOON)


@pytest.fixture
def world(engine) -> World:
    return World(engine)


@pytest.fixture
def doctor(world: World) -> Member:
    return world.member("clinician", "Dr. Ada Brook")
