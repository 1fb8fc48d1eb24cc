"""Double opt-in: what was ticked counts once the owner of the address has confirmed it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from campaigns.domain.sign_ups import Limits
from campaigns.domain.steps import Channel, Purpose
from campaigns.operations.confirm import confirm
from campaigns.operations.correct import Details, correct
from campaigns.operations.sign_up import Guard, Sent, sign_up
from campaigns.operations.switch import switch
from campaigns.store import asked
from campaigns.store.consents import permissions_of, stopped, suppress
from campaigns.store.engine import Engine, transaction
from tests.factories import DAY, HORIZON, HOUR, NOON, SERVICE_TEXTS, World, ears, hours

READS, NEWS = (Channel.EMAIL, Purpose.EDUCATION), (Channel.EMAIL, Purpose.MARKETING)
LIMITS = Limits(email_an_hour=9, email_a_day=10, number_a_day=9, prefix_a_day=9, ip_a_day=9)
GUARD = Guard(ears().seal, b"s" * 32, LIMITS, ears().words, prove_email=True)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def test_until_it_is_confirmed_only_the_emails_about_the_class_leave(world: World) -> None:
    mine = _sign_up(world, READS, NEWS, SERVICE_TEXTS)
    world.live(NOON + 12 * DAY, step=6 * HOUR)
    sent = {key for key, state in world.ledger(mine) if state == "sent"}
    assert {"C0", "B2"} <= sent and not sent & {"D1", "D2", "E1", "E2", "E3"}
    assert _granted(world, mine) == {SERVICE_TEXTS}


def test_confirmed_it_is_a_consent_with_the_words_that_were_shown(world: World) -> None:
    mine = _sign_up(world, READS, NEWS)
    world.clock.forward(hours=1)
    assert _confirm(world, mine) == (Purpose.EDUCATION, Purpose.MARKETING)
    assert _granted(world, mine) == {READS, NEWS}
    rows = world.sql("SELECT wording_id, means, evidence, at FROM consent ORDER BY id")
    assert [row.wording_id for row in rows] == [world.wordings[READS], world.wordings[NEWS]]
    assert {row.means for row in rows} == {"link"} and {row.at for row in rows} == {world.clock()}
    assert {row.evidence["ip"] for row in rows} == {"192.0.2.7"}
    world.live(NOON + 3 * DAY, step=6 * HOUR)
    assert ("D1", "sent") in world.ledger(mine)


def test_confirming_again_or_at_once_from_two_devices_is_one_consent(world: World) -> None:
    mine = _sign_up(world, READS)
    with ThreadPoolExecutor(4) as hands:
        found = list(hands.map(lambda _: _confirm(world, mine), range(8)))
    assert sorted(found) == [()] * 7 + [(Purpose.EDUCATION,)]
    assert world.one("SELECT count(*) FROM consent") == 1


def test_the_confirmation_says_what_is_missing_and_only_then(world: World) -> None:
    _sign_up(world, READS)
    _sign_up(world)
    world.work()
    asking, plain = (seen.raw.decode() for seen in world.email.seen)
    assert "One more thing." in asking and "One more thing." not in plain


def test_a_stop_that_somebody_made_before_is_not_ended_by_an_unproven_box(world: World) -> None:
    with transaction(world.engine) as db:
        suppress(
            db, Channel.EMAIL, "sam1@example.com", Purpose.EDUCATION, reason="unsubscribed", source="link", now=NOON
        )
    mine = _sign_up(world, READS)
    with transaction(world.engine) as db:
        assert stopped(db, Channel.EMAIL, "sam1@example.com", Purpose.EDUCATION)
    _confirm(world, mine)
    with transaction(world.engine) as db:
        assert not stopped(db, Channel.EMAIL, "sam1@example.com", Purpose.EDUCATION)


def test_whoever_has_agreed_before_is_not_asked_again(world: World) -> None:
    first = _sign_up(world, READS)
    _confirm(world, first)
    again = _sign_up(world, READS, NEWS, session=world.session(17 * DAY), email="sam1@example.com")
    with transaction(world.engine) as db:
        assert set(asked.asked_for(db, again)) == {Purpose.MARKETING}


def test_what_is_asked_goes_along_with_a_switch_and_is_asked_anew_of_another_address(world: World) -> None:
    mine = _sign_up(world, READS, session=world.session())
    other = world.session(17 * DAY)
    with transaction(world.engine) as db:
        after = switch(db, mine, other, hours(), world.clock(), horizon=HORIZON)
        assert set(asked.asked_for(db, after)) == {Purpose.EDUCATION}
    _confirm(world, mine)
    wanted = Details(first_name="Sam", email="new@example.com", phone=None, zone="America/New_York")
    with transaction(world.engine) as db:
        newest = correct(db, after, wanted, GUARD, hours(), world.clock(), horizon=HORIZON)
    assert _granted(world, newest) == set()
    with transaction(world.engine) as db:
        assert set(asked.asked_for(db, newest)) == {Purpose.EDUCATION}


def test_without_the_setting_a_tick_counts_at_once(world: World) -> None:
    mine = _sign_up(world, READS, guard=replace(GUARD, prove_email=False))
    assert _granted(world, mine) == {READS}


def _sign_up(world: World, *kinds: tuple[Channel, Purpose], guard: Guard = GUARD, **facts: object) -> int:
    session = facts.pop("session", None) or world.session()
    with transaction(world.engine) as db:
        sent = Sent(request=world.request(session, *kinds, **facts))
        return sign_up(db, sent, guard, hours(), world.clock(), horizon=HORIZON).registration_id


def _confirm(world: World, registration: int) -> tuple[Purpose, ...]:
    with transaction(world.engine) as db:
        return confirm(db, registration, {"ip": "192.0.2.7"}, hours(), world.clock(), horizon=HORIZON)


def _granted(world: World, registration: int) -> set[tuple[Channel, Purpose]]:
    with transaction(world.engine) as db:
        granted = permissions_of(db, world.place(registration).registrant_id)
    return {kind for kind, yes in granted.items() if yes}
