"""A registrant takes another date of the same webinar."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from icalendar import Calendar

from campaigns.errors import Conflict, LinkExpired, NotFound, RegistrationClosed, SessionFull
from campaigns.operations.switch import switch
from campaigns.operations.withdraw import withdraw
from campaigns.store import switches, webinars
from campaigns.store.engine import transaction
from tests.factories import DAY, HORIZON, HOUR, NOON, SERVICE_TEXTS, World, hours


def test_a_switch_confirms_the_new_date_and_leaves_nothing_of_the_old_one(world: World) -> None:
    first, second = world.session(), world.session(17 * DAY)
    mine = world.registration(first)
    world.work()
    after = _switch(world, mine, second)
    world.live(NOON + 16.5 * DAY, step=DAY / 4)
    assert world.ledger(mine) == [("C0", "sent")]
    assert [key for key, state in world.ledger(after) if state == "sent"] == ["C0", "B1", "B2"]
    assert world.place(mine).withdrawn_at == NOON


def test_a_reminder_that_the_old_date_has_had_comes_again_for_the_new_one(world: World) -> None:
    mine = world.registration(world.session(2 * DAY))
    world.live(NOON + 30 * HOUR, step=5 * HOUR)
    assert ("B2", "sent") in world.ledger(mine)
    after = _switch(world, mine, world.session(9 * DAY))
    world.live(NOON + 11 * DAY, step=6 * HOUR)
    assert ("B2", "sent") in world.ledger(after)


def test_the_entry_in_the_calendar_moves_with_the_person(world: World) -> None:
    first, second, third = world.session(), world.session(17 * DAY), world.session(24 * DAY)
    mine = world.registration(first)
    world.work()
    world.clock.forward(hours=1)
    with transaction(world.engine) as db:
        webinars.move_session(db, first, NOON + 11 * DAY, NOON + 11 * DAY + HOUR, world.clock())
    world.tick()
    _switch(world, mine, second)
    world.tick()
    _switch(world, mine, third)
    world.tick()
    entries = [one for one in map(_entry, world.email.seen) if one]
    assert {str(entry["UID"]) for entry in entries} == {f"reg-{mine}@clinic.example"}
    numbers = [int(entry["SEQUENCE"]) for entry in entries]
    assert numbers == sorted(set(numbers)) and len(numbers) == 4
    assert entries[-1]["DTSTART"].dt == world.place(mine).registered_at + 24 * DAY


def test_the_confirmation_of_a_switch_says_that_it_replaces_the_old_time(world: World) -> None:
    mine = world.registration(world.session())
    world.work()
    _switch(world, mine, world.session(17 * DAY))
    world.work()
    before, after = ((seen.get_body(("plain",))).get_content() for seen in map(_mail, world.email.seen))
    assert "This replaces the time you had before." not in before
    assert "This replaces the time you had before." in after


def test_links_of_the_old_place_lead_to_the_newest(world: World) -> None:
    mine = world.registration(world.session())
    second = _switch(world, mine, world.session(17 * DAY))
    third = _switch(world, mine, world.session(24 * DAY))
    with transaction(world.engine) as db:
        assert [switches.newest(db, one) for one in (mine, second, third)] == [third] * 3


def test_links_of_a_place_that_went_to_another_address_lead_nowhere(world: World) -> None:
    session = world.session()
    mine, theirs = world.registration(session), world.registration(session)
    with transaction(world.engine) as db:
        switches.lead_on(db, mine, theirs)
        assert switches.newest(db, mine) is None
    with pytest.raises(LinkExpired):
        _switch(world, mine, world.session(17 * DAY))


def test_switching_to_where_one_is_changes_nothing(world: World) -> None:
    second = world.session(17 * DAY)
    mine = world.registration(world.session())
    after = _switch(world, mine, second)
    before = world.one("SELECT count(*) FROM delivery")
    assert _switch(world, mine, second) == after
    assert world.one("SELECT count(*) FROM delivery") == before
    assert world.one("SELECT count(*) FROM registration") == 2


def test_two_presses_at_once_are_one_switch(world: World) -> None:
    second = world.session(17 * DAY)
    mine = world.registration(world.session())
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: _switch(world, mine, second), range(4)))
    assert len(found) == 1
    assert world.one("SELECT count(*) FROM registration WHERE withdrawn_at IS NULL") == 1


def test_two_different_presses_at_once_leave_one_place(world: World) -> None:
    mine, dates = world.registration(world.session()), [world.session((17 + n) * DAY) for n in range(4)]

    def press(session: int) -> int | None:
        try:
            return _switch(world, mine, session)
        except Conflict:
            return None

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(press, dates))
    assert world.one("SELECT count(*) FROM registration WHERE withdrawn_at IS NULL") == 1


def test_nobody_leaves_a_place_for_one_that_is_not_free(world: World) -> None:
    full, other = world.session(17 * DAY, capacity=1), world.session(3 * DAY)
    world.registration(full)
    mine = world.registration(other)
    with pytest.raises(SessionFull):
        _switch(world, mine, full)
    assert world.place(mine).withdrawn_at is None


def test_the_last_place_is_given_once(world: World) -> None:
    last = world.session(17 * DAY, capacity=1)
    people = [world.registration(world.session(3 * DAY)) for _ in range(4)]

    def press(one: int) -> int | None:
        try:
            return _switch(world, one, last)
        except SessionFull:
            return None

    with ThreadPoolExecutor(4) as pool:
        assert len([one for one in pool.map(press, people) if one]) == 1
    assert world.one("SELECT count(*) FROM registration WHERE withdrawn_at IS NULL") == 4


def test_a_date_that_is_over_or_cancelled_or_unknown_is_refused(world: World) -> None:
    mine, gone = world.registration(world.session()), world.session(17 * DAY)
    with transaction(world.engine) as db:
        webinars.cancel_session(db, gone, "", NOON)
    with pytest.raises(RegistrationClosed):
        _switch(world, mine, gone)
    with pytest.raises(NotFound):
        _switch(world, mine, 10**9)
    with pytest.raises(LinkExpired):
        _switch(world, 10**9, gone)
    assert world.place(mine).withdrawn_at is None


def test_a_date_of_another_webinar_is_refused(world: World) -> None:
    mine = world.registration(world.session())
    with transaction(world.engine) as db:
        values = {"slug": "other", "zone": "America/New_York", "points": [], "title": "x", "class_title": "x"}
        words = dict.fromkeys(("promise", "summary", "host_name", "host_role"), "x")
        other = webinars.add_webinar(db, values | words, NOON)
        session = webinars.add_session(db, other, NOON + DAY, NOON + DAY + HOUR, NOON)
    with pytest.raises(NotFound):
        _switch(world, mine, session)
    assert world.place(mine).withdrawn_at is None


def test_after_the_class_the_old_place_stays_as_it_was_attended(world: World) -> None:
    mine = world.registration(world.session())
    world.clock.forward(days=11)
    after = _switch(world, mine, world.session(7 * DAY))
    assert world.place(mine).withdrawn_at is None
    world.work()
    assert str(_entry(world.email.seen[-1])["UID"]) == f"reg-{after}@clinic.example"
    with transaction(world.engine) as db:
        assert switches.newest(db, mine) == after


def test_who_gave_up_a_place_may_take_another_date_with_the_same_link(world: World) -> None:
    mine = world.registration(world.session())
    with transaction(world.engine) as db:
        withdraw(db, mine, hours(), NOON, horizon=HORIZON)
    after = _switch(world, mine, world.session(17 * DAY))
    assert world.place(after).withdrawn_at is None
    assert world.place(mine).withdrawn_at == NOON


def test_who_gave_up_a_place_and_registers_again_keeps_the_link(world: World) -> None:
    session = world.session()
    mine = world.registration(session, email="ada@example.com")
    with transaction(world.engine) as db:
        withdraw(db, mine, hours(), NOON, horizon=HORIZON)
    world.clock.forward(minutes=5)
    again = world.registration(session, email="ada@example.com")
    stranger = world.registration(session)
    with transaction(world.engine) as db:
        assert switches.newest(db, mine) == again
        assert switches.newest(db, stranger) == stranger


def test_who_has_a_place_on_the_other_date_already_keeps_that_and_gets_a_receipt_for_this(world: World) -> None:
    second = world.session(17 * DAY)
    mine = world.registration(world.session(), email="ada@example.com")
    other = world.registration(second, email="ada@example.com")
    assert _switch(world, mine, second) == other
    world.work()
    assert ("X3", "sent") in world.ledger(mine)


def test_what_was_answered_on_the_form_goes_with_the_person(world: World) -> None:
    mine = world.registration(world.session())
    field = world.one(
        "INSERT INTO form_field (webinar_id, key, label, kind, position, created_at)"
        " VALUES (:w, 'shoes', 'Shoes', 'text', 1, now()) RETURNING id",
        w=world.webinar_id,
    )
    world.sql("INSERT INTO form_answer VALUES (:r, :f, 'sealed', now())", r=mine, f=field)
    after = _switch(world, mine, world.session(17 * DAY))
    assert world.one("SELECT count(*) FROM form_answer WHERE registration_id = :r", r=after) == 1


def test_texts_go_on_for_the_new_date(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.work()
    after = _switch(world, mine, world.session(17 * DAY, lasts=timedelta(hours=1)))
    world.live(NOON + 17 * DAY, step=HOUR / 4)
    assert ("B5", "sent") in world.ledger(after)


def _switch(world: World, registration_id: int, session_id: int) -> int:
    with transaction(world.engine) as db:
        return switch(db, registration_id, session_id, hours(), world.clock(), horizon=HORIZON)


def _mail(seen):
    return message_from_bytes(seen.raw, policy=policy.default)


def _entry(seen):
    for part in _mail(seen).walk():
        if part.get_content_type() == "text/calendar":
            return next(iter(Calendar.from_ical(part.get_content()).walk("VEVENT")))
    return None


@pytest.fixture
def world(engine) -> World:
    return World(engine)
