"""The waiting list: joined when a session is full, offered in order, taken with one press, or passed on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from campaigns.domain.sign_ups import Limits
from campaigns.domain.steps import Channel, Standing
from campaigns.errors import Conflict, Rejected, SessionFull
from campaigns.operations.correct import Details, correct
from campaigns.operations.offer import accept, offer_places
from campaigns.operations.register import register
from campaigns.operations.reschedule import cancel, preview_cancel
from campaigns.operations.sign_up import Guard
from campaigns.operations.switch import switch
from campaigns.operations.withdraw import withdraw
from campaigns.store import waiting, webinars
from campaigns.store.consents import suppress
from campaigns.store.engine import Engine, transaction
from tests.factories import DAY, HORIZON, HOUR, MINUTE, NOON, SERVICE_TEXTS, World, ears, hours

LIMITS = Limits(email_an_hour=3, email_a_day=10, number_a_day=9, prefix_a_day=9, ip_a_day=9)
GUARD = Guard(ears().seal, b"s" * 32, LIMITS, ears().words)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def test_who_waits_is_told_so_and_nothing_that_is_for_people_with_a_place(world: World) -> None:
    session = world.session(2 * DAY, capacity=1)
    world.registration(session)
    mine = world.registration(session, waits=True)
    world.live(NOON + 3 * DAY, step=3 * HOUR)
    assert world.ledger(mine) == [("W0", "sent")]
    assert "You are on the waiting list, Sam." in _words(world, "W0", mine)


def test_without_asking_for_the_list_a_full_session_stays_full(world: World) -> None:
    session = world.session(capacity=1)
    world.registration(session)
    with pytest.raises(SessionFull):
        world.registration(session)


def test_while_there_is_room_nobody_waits(world: World) -> None:
    mine = world.registration(world.session(capacity=1), waits=True)
    assert world.place(mine).standing is Standing.HELD
    world.work()
    assert world.ledger(mine) == [("C0", "sent")]


def test_a_freed_place_is_offered_to_whoever_has_waited_longest_and_taken_with_one_press(world: World) -> None:
    session = world.session(capacity=1)
    holder = world.registration(session)
    first, second = _wait(world, session), _wait(world, session)
    assert offer_places(world.engine, world.clock()) == 0
    _leave(world, holder)
    assert offer_places(world.engine, world.clock()) == 1
    assert offer_places(world.engine, world.clock()) == 0
    assert [_standing(world, one) for one in (first, second)] == ["offered", "waiting"]
    world.work()
    assert ("W1", "sent") in world.ledger(first) and ("W1", "planned") not in world.ledger(second)
    offered = _words(world, "W1", first)
    assert "It is kept for you until Monday, March 1 at 4:02 PM Eastern." in offered.replace("\u00a0", " ")
    world.clock.forward(hours=1)
    assert _accept(world, first) == first
    assert _accept(world, first) == first
    world.work()
    assert ("C0", "sent") in world.ledger(first)
    world.live(NOON + 10 * DAY, step=6 * HOUR)
    assert ("B2", "sent") in world.ledger(first)
    assert world.ledger(second) == [("W0", "sent")]


def test_a_freed_place_goes_to_nobody_who_comes_along(world: World) -> None:
    session = world.session(capacity=2)
    holder = world.registration(session)
    world.registration(session)
    _wait(world, session)
    _leave(world, holder)
    with pytest.raises(SessionFull):
        world.registration(session)
    offer_places(world.engine, world.clock())
    with pytest.raises(SessionFull):
        world.registration(session)


def test_an_offer_that_nobody_takes_goes_to_the_next_and_not_to_the_same_again(world: World) -> None:
    session = world.session(capacity=1)
    holder = world.registration(session)
    first, second = _wait(world, session), _wait(world, session)
    _leave(world, holder)
    offer_places(world.engine, world.clock())
    world.clock.forward(hours=4)
    with pytest.raises(Conflict, match="The offer has ended"):
        _accept(world, first)
    assert offer_places(world.engine, world.clock()) == 2
    assert world.place(first).withdrawn_at == world.clock()
    assert _standing(world, second) == "offered"
    world.live(world.clock() + 5 * HOUR, step=HOUR)
    offer_places(world.engine, world.clock())
    assert ("X3", "sent") not in world.ledger(first)
    assert [key for key, _ in world.ledger(first)].count("W1") == 1
    with pytest.raises(Conflict):
        _accept(world, first)


def test_whoever_was_passed_over_may_join_again_at_the_end(world: World) -> None:
    session = world.session(capacity=1)
    holder = world.registration(session)
    asked = world.request(session, waits=True)
    with transaction(world.engine) as db:
        first = register(db, asked, hours(), world.clock(), horizon=HORIZON).registration_id
    world.clock.forward(minutes=1)
    second = _wait(world, session)
    _leave(world, holder)
    offer_places(world.engine, world.clock())
    world.clock.forward(hours=4)
    offer_places(world.engine, world.clock())
    with transaction(world.engine) as db:
        again = register(db, asked, hours(), world.clock(), horizon=HORIZON).registration_id
    assert again != first
    assert _standing(world, second) == "offered"
    world.clock.forward(hours=20)
    offer_places(world.engine, world.clock())
    assert _standing(world, again) == "offered"
    world.tick()
    assert ("W1", "sent") in world.ledger(again)


def test_no_offer_that_is_too_short_or_after_a_quarter_of_an_hour_before_the_start(world: World) -> None:
    session = world.session(DAY, capacity=1)
    holder, mine = world.registration(session), world.registration(session, waits=True)
    _leave(world, holder)
    world.clock.forward(hours=23, minutes=25, seconds=1)
    assert offer_places(world.engine, world.clock()) == 0
    world.clock.now -= timedelta(seconds=1)
    assert offer_places(world.engine, world.clock()) == 1
    assert world.place(mine).offer_ends_at == NOON + DAY - 15 * MINUTE


def test_joining_is_over_when_no_offer_can_follow(world: World) -> None:
    session = world.session(35 * MINUTE, capacity=1)
    world.registration(session)
    world.registration(session, waits=True)
    world.clock.forward(seconds=1)
    with pytest.raises(SessionFull):
        world.registration(session, waits=True)


def test_nobody_is_offered_what_nobody_would_tell_them_of(world: World) -> None:
    session = world.session(capacity=1)
    holder = world.registration(session)
    mine = _wait(world, session)
    _leave(world, holder)
    world.sql("UPDATE step SET paused = true WHERE anchor = 'offered'")
    assert offer_places(world.engine, world.clock()) == 0
    assert _standing(world, mine) == "waiting"


def test_whoever_can_be_told_by_no_channel_is_passed_over_and_stays_in_line(world: World) -> None:
    session = world.session(capacity=1)
    holder = world.registration(session)
    deaf, by_text, third = _wait(world, session), _wait(world, session, SERVICE_TEXTS), _wait(world, session)
    with transaction(world.engine) as db:
        for one in (deaf, by_text):
            suppress(db, Channel.EMAIL, world.place(one).email, None, reason="bounced", source="x", now=world.clock())
        withdraw(db, holder, hours(), world.clock(), horizon=HORIZON)
    offer_places(world.engine, world.clock())
    assert [world.place(one).standing for one in (deaf, by_text, third)] == [
        Standing.WAITING,
        Standing.OFFERED,
        Standing.WAITING,
    ]


def test_the_offer_comes_by_text_too_to_those_who_agreed(world: World) -> None:
    session = world.session(capacity=1)
    holder = world.registration(session)
    mine = _wait(world, session, SERVICE_TEXTS)
    _leave(world, holder)
    world.clock.forward(minutes=20)
    offer_places(world.engine, world.clock())
    world.work()
    assert ("W1-sms", "sent") in world.ledger(mine)
    assert "a place is free, " in world.sms.seen[-1].body


def test_an_offer_on_its_way_does_not_leave_once_the_place_is_taken(world: World) -> None:
    session = world.session(capacity=1)
    holder, mine = world.registration(session), world.registration(session, waits=True)
    world.work()
    _leave(world, holder)
    offer_places(world.engine, world.clock())
    world.dispatch()
    _accept(world, mine)
    world.answer_bells()
    assert ("W1", "skipped: other_audience") in world.ledger(mine)


def test_two_schedulers_at_once_offer_a_place_once(world: World) -> None:
    session = world.session(capacity=3)
    holders = [world.registration(session) for _ in range(3)]
    line = [_wait(world, session) for _ in range(4)]
    for one in holders[:2]:
        _leave(world, one)
    with ThreadPoolExecutor(4) as hands:
        made = sum(hands.map(lambda _: offer_places(world.engine, world.clock()), range(8)))
    assert made == 2
    assert [_standing(world, one) for one in line] == ["offered", "offered", "waiting", "waiting"]


def test_leaving_the_list_makes_no_receipt_and_moves_the_others_up(world: World) -> None:
    session = world.session(capacity=1)
    world.registration(session)
    first, second = _wait(world, session), _wait(world, session)
    with transaction(world.engine) as db:
        assert waiting.ahead_of(db, second) == 1
    _leave(world, first)
    with transaction(world.engine) as db:
        assert waiting.ahead_of(db, second) == 0
        assert waiting.counts(db, session) == waiting.Counts(waiting=1, offered=0)
    world.live(world.clock() + HOUR)
    assert world.ledger(first) == [("W0", "sent")]


def test_whoever_declines_an_offer_makes_room_for_the_next(world: World) -> None:
    session = world.session(capacity=1)
    holder = world.registration(session)
    first, second = _wait(world, session), _wait(world, session)
    _leave(world, holder)
    offer_places(world.engine, world.clock())
    _leave(world, first)
    offer_places(world.engine, world.clock())
    assert _standing(world, second) == "offered"


def test_taking_another_date_leaves_the_list(world: World) -> None:
    full, roomy = world.session(capacity=1), world.session(17 * DAY)
    world.registration(full)
    mine = _wait(world, full)
    with transaction(world.engine) as db:
        after = switch(db, mine, roomy, hours(), world.clock(), horizon=HORIZON)
        assert waiting.sessions_waited_for(db, world.clock()) == []
    world.work()
    assert world.ledger(after) == [("C0", "sent")]
    assert world.place(after).standing is Standing.HELD


def test_a_cancelled_session_is_told_to_those_who_wait_and_offered_to_nobody(world: World) -> None:
    session = world.session(capacity=1)
    holder = world.registration(session)
    mine = _wait(world, session)
    _leave(world, holder)
    world.clock.forward(minutes=1)
    with transaction(world.engine) as db:
        shown = preview_cancel(db, session, hours(), world.clock())
        cancel(db, session, "", world.clock(), fingerprint=shown.fingerprint, staff_id=None)
    assert offer_places(world.engine, world.clock()) == 0
    world.tick()
    assert ("W2", "sent") in world.ledger(mine)
    assert "X2" not in [key for key, _ in world.ledger(mine)]


def test_a_move_is_told_to_those_who_wait_in_words_of_their_own(world: World) -> None:
    session = world.session(capacity=1)
    world.registration(session)
    mine = _wait(world, session)
    world.clock.forward(minutes=1)
    with transaction(world.engine) as db:
        webinars.move_session(db, session, NOON + 12 * DAY, NOON + 12 * DAY + HOUR, world.clock())
    world.tick()
    assert ("W3", "sent") in world.ledger(mine) and "X1" not in dict(world.ledger(mine))
    assert "You keep your place in line." in _words(world, "W3", mine)


def test_another_address_cannot_take_over_a_place_in_line(world: World) -> None:
    session = world.session(capacity=1)
    world.registration(session)
    mine = _wait(world, session)
    wanted = Details(first_name="Sam", email="other@example.com", phone=None, zone="America/New_York")
    with transaction(world.engine) as db, pytest.raises(Rejected, match="You are on the waiting list"):
        correct(db, mine, wanted, GUARD, hours(), world.clock(), horizon=HORIZON)


def test_a_new_address_keeps_the_seat_although_others_wait(world: World) -> None:
    session = world.session(capacity=1)
    mine = world.registration(session)
    _wait(world, session)
    wanted = Details(first_name="Sam", email="other@example.com", phone=None, zone="America/New_York")
    with transaction(world.engine) as db:
        after = correct(db, mine, wanted, GUARD, hours(), world.clock(), horizon=HORIZON)
    assert world.place(after).standing is Standing.HELD
    assert offer_places(world.engine, world.clock()) == 0


def _wait(world: World, session: int, *kinds: object) -> int:
    """Somebody joins the list; each a minute after the last."""
    world.clock.forward(minutes=1)
    made = world.registration(session, *kinds, waits=True)
    world.work()
    return made


def _leave(world: World, registration: int) -> None:
    with transaction(world.engine) as db:
        assert withdraw(db, registration, hours(), world.clock(), horizon=HORIZON)


def _accept(world: World, registration: int) -> int:
    with transaction(world.engine) as db:
        return accept(db, registration, hours(), world.clock(), horizon=HORIZON)


def _standing(world: World, registration: int) -> str:
    return world.place(registration).standing.value


def _words(world: World, key: str, registration: int) -> str:
    """The text part of the only message of a step to somebody."""
    delivery = world.delivery(registration, key)
    for seen in world.email.seen:
        mail = message_from_bytes(seen.raw, policy=policy.default)
        if seen.delivery_id == delivery.id:
            return mail.get_body(("plain",)).get_content()
    raise AssertionError((key, registration))
