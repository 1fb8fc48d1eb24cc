"""A registrant corrects their own details."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.domain.sign_ups import Limits
from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import LinkExpired, Rejected
from campaigns.operations.correct import Details, correct
from campaigns.operations.explain import Milestone, timeline
from campaigns.operations.sign_up import Guard
from campaigns.operations.withdraw import withdraw
from campaigns.store import switches
from campaigns.store.consents import permissions_of, suppress
from campaigns.store.engine import transaction
from tests.factories import DAY, HORIZON, HOUR, NOON, NUMBER, SERVICE_TEXTS, World, ears, hours

READS = (Channel.EMAIL, Purpose.EDUCATION)
OTHER = "+12075560999"
LIMITS = Limits(email_an_hour=3, email_a_day=10, number_a_day=9, prefix_a_day=9, ip_a_day=9)
GUARD = Guard(ears().seal, b"s" * 32, LIMITS, ears().words)


def test_another_zone_moves_what_is_still_to_come_to_its_own_clock(world: World) -> None:
    mine = world.registration(world.session(), READS, zone="America/New_York")
    world.live(NOON + 20 * HOUR, step=5 * HOUR)
    before = world.delivery(mine, "D1").due_at
    _correct(world, mine, zone="America/Los_Angeles")
    world.plan()
    assert world.delivery(mine, "D1").due_at == before + 3 * HOUR
    assert [key for key, _ in world.ledger(mine)].count("D1") == 1


def test_a_confirmation_that_waits_is_neither_lost_nor_doubled(world: World) -> None:
    mine = world.registration(world.session())
    _correct(world, mine, first_name="Samira")
    world.live(NOON + HOUR, step=HOUR / 4)
    assert [key for key, state in world.ledger(mine) if state == "sent"] == ["C0"]
    assert len(world.email.seen) == 1


def test_what_was_due_before_is_not_sent_as_a_backlog(world: World) -> None:
    mine = world.registration(world.session())
    world.live(NOON + 2 * DAY, step=12 * HOUR)
    _correct(world, mine, zone="America/Los_Angeles")
    world.live(NOON + 2.5 * DAY, step=6 * HOUR)
    assert [key for key, state in world.ledger(mine) if state == "sent"] == ["C0"]


def test_a_yes_to_texts_does_not_go_over_to_another_number(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    _correct(world, mine, phone=OTHER)
    assert world.place(mine).texts is False
    _correct(world, mine, phone=OTHER, texts=world.wordings[SERVICE_TEXTS])
    assert world.place(mine).texts is True
    assert world.one("SELECT count(*) FROM consent WHERE address = :a AND granted", a=OTHER) == 1


def test_a_number_that_is_taken_away_gets_no_more_texts(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.work()
    _correct(world, mine, phone=None)
    world.live(NOON + 10 * DAY, step=DAY / 2)
    assert (world.place(mine).phone, world.place(mine).texts) == (None, False)
    assert len(world.sms.seen) == 1  # the confirmation, before


def test_another_address_gets_a_confirmation_and_the_old_one_a_last_word(world: World) -> None:
    mine = world.registration(world.session(), READS, email="typo@example.com")
    world.work()
    after = _correct(world, mine, email="right@example.com")
    world.live(NOON + 2 * DAY, step=6 * HOUR)
    assert sorted(one.recipient for one in world.email.seen) == ["right@example.com"] * 2 + ["typo@example.com"] * 2
    assert world.ledger(mine) == [("C0", "sent"), ("X4", "sent")]
    (told,) = [one for one in world.email.seen if b"another email address now" in one.raw]
    assert told.recipient == "typo@example.com" and b"right@" not in told.raw
    assert not any(one.step.key == "X3" and one.coming for one in _timeline(world, mine))
    assert ("D1", "sent") in world.ledger(after)
    with transaction(world.engine) as db:
        assert switches.newest(db, mine) is None
        assert permissions_of(db, world.place(after).registrant_id)[READS] is True


def test_whoever_cancels_gets_a_receipt_and_no_word_of_another_address(world: World) -> None:
    mine = world.registration(world.session())
    world.work()
    with transaction(world.engine) as db:
        withdraw(db, mine, hours(), world.clock(), horizon=HORIZON)
    world.live(NOON + 2 * DAY, step=6 * HOUR)
    assert world.ledger(mine) == [("C0", "sent"), ("X3", "sent")]


def test_a_number_goes_with_the_person_to_another_address(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    after = _correct(world, mine, email="right@example.com")
    assert (world.place(after).phone, world.place(after).texts) == (NUMBER, True)


def test_texts_that_were_stopped_stay_stopped_at_another_address(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    with transaction(world.engine) as db:
        suppress(db, Channel.SMS, NUMBER, None, reason="unsubscribed", source="reply", now=NOON)
    after = _correct(world, mine, email="right@example.com")
    assert world.place(after).texts is False


def test_an_address_that_has_a_place_already_keeps_one(world: World) -> None:
    session = world.session(capacity=2)
    other = world.registration(session, email="right@example.com")
    mine = world.registration(session)
    assert _correct(world, mine, email="right@example.com") == other
    assert world.one("SELECT count(*) FROM registration WHERE withdrawn_at IS NULL") == 1


def test_a_full_class_does_not_keep_somebody_from_a_right_address(world: World) -> None:
    mine = world.registration(world.session(capacity=1))
    after = _correct(world, mine, email="right@example.com")
    assert world.place(after).withdrawn_at is None


def test_the_address_stays_once_the_class_is_over_or_the_place_given_up(world: World) -> None:
    mine, other = world.registration(world.session()), world.registration(world.session(20 * DAY))
    with transaction(world.engine) as db:
        withdraw(db, other, hours(), NOON, horizon=HORIZON)
    world.clock.forward(days=11)
    for one in (mine, other):
        with pytest.raises(Rejected) as refusal:
            _correct(world, one, email="right@example.com")
        assert refusal.value.field == "email"
    assert world.one("SELECT count(*) FROM registrant WHERE email = 'right@example.com'") == 0


def test_the_form_of_details_writes_to_no_address_more_often_than_signing_up_does(world: World) -> None:
    for _ in range(5):
        mine = world.registration(world.session())
        _correct(world, mine, email="target@example.com")
    world.work()
    assert [one.recipient for one in world.email.seen].count("target@example.com") == 3


def test_there_is_nothing_to_correct_behind_a_link_to_nobody(world: World) -> None:
    with pytest.raises(LinkExpired), transaction(world.engine) as db:
        correct(db, 10**9, _details(), GUARD, hours(), NOON, horizon=HORIZON)


def _details(**facts) -> Details:
    base = Details(first_name="Sam", email="sam@example.com", phone=None, zone="America/New_York")
    return replace(base, **facts)


def _correct(world: World, registration_id: int, **facts) -> int:
    known = world.place(registration_id)
    same = {"first_name": known.first_name, "email": known.email, "phone": known.phone, "zone": known.zone}
    with transaction(world.engine) as db:
        wanted = _details(**{**same, **facts})
        return correct(db, registration_id, wanted, GUARD, hours(), world.clock(), horizon=HORIZON)


@pytest.fixture
def world(engine) -> World:
    return World(engine)


def _timeline(world: World, registration_id: int) -> list[Milestone]:
    with transaction(world.engine) as db:
        return timeline(db, world.place(registration_id), hours(), world.clock())
