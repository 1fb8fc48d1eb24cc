"""Someone sends the registration form."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.domain.form_fields import FieldKind, FormField
from campaigns.domain.sign_ups import Limits
from campaigns.errors import RegistrationClosed
from campaigns.operations.sign_up import Guard, Sent, open_answer, sign_up
from campaigns.store.engine import transaction
from campaigns.store.form_fields import add_field, answers_of
from campaigns.store.sealing import Seal
from tests.factories import DAY, HORIZON, HOUR, MINUTE, NOON, SERVICE_TEXTS, World, ears, hours

SEAL = Seal((b"s" * 32,))
GUARD = Guard(
    SEAL, b"s" * 32, Limits(email_an_hour=3, email_a_day=10, number_a_day=2, prefix_a_day=4, ip_a_day=5), ears().words
)


def test_three_confirmations_an_hour_go_to_one_address_and_everybody_gets_a_place(world: World) -> None:
    sent = [send(world, email="sam@example.com") for _ in range(5)]
    world.work()
    assert [world.ledger(one) for one in sent] == [
        *[[("C0", "sent")]] * 3,
        *[[("C0", "skipped: pumped")]] * 2,
    ]
    assert world.one("SELECT count(*) FROM registration") == 5


def test_after_an_hour_confirmations_go_to_the_address_again_until_the_days_are_used_up(world: World) -> None:
    for _ in range(5):
        for _ in range(3):
            send(world, email="sam@example.com")
        world.work()
        world.clock.forward(minutes=61)
    assert world.one("SELECT count(*) FROM delivery WHERE status = 3") == 10
    world.clock.forward(hours=20)
    send(world, email="sam@example.com")
    world.work()
    assert world.one("SELECT count(*) FROM delivery WHERE status = 3") == 11


def test_somebody_elses_address_is_not_touched_by_it(world: World) -> None:
    for _ in range(5):
        send(world, email="sam@example.com")
    other = send(world, email="ann@example.com")
    world.work()
    assert world.ledger(other) == [("C0", "sent")]


def test_too_many_from_one_place_get_their_places_and_no_confirmation_on_any_channel(world: World) -> None:
    for _ in range(5):
        send(world, ip="192.0.2.1")
    late = send(world, SERVICE_TEXTS, ip="192.0.2.1")
    elsewhere = send(world, SERVICE_TEXTS, ip="192.0.2.2")
    world.work()
    assert world.ledger(late) == [("C0", "skipped: pumped"), ("C1", "skipped: pumped")]
    assert world.ledger(elsewhere) == [("C0", "sent"), ("C1", "sent")]


def test_numbers_that_run_in_a_row_lose_their_text_and_keep_their_email(world: World) -> None:
    sent = [send(world, SERVICE_TEXTS, phone=f"+120755502{place:02}") for place in range(5)]
    world.work()
    assert world.ledger(sent[3]) == [("C0", "sent"), ("C1", "sent")]
    assert world.ledger(sent[4]) == [("C0", "sent"), ("C1", "skipped: pumped")]


def test_reminders_come_to_whoever_kept_the_place_all_the_same(world: World) -> None:
    for _ in range(4):
        mine = send(world, email="sam@example.com", ahead=2 * HOUR)
    world.live(NOON + 2 * HOUR - 30 * MINUTE)
    assert world.ledger(mine)[0] == ("C0", "skipped: pumped")
    assert ("B4", "skipped: pumped") not in world.ledger(mine)


def test_sending_the_form_again_counts_nothing_and_sends_nothing(world: World) -> None:
    session = world.session()
    first = send(world, email="sam@example.com", session=session)
    world.work()
    for _ in range(20):
        assert send(world, email="sam@example.com", session=session) == first
    world.tick()
    assert world.ledger(first) == [("C0", "sent")]
    assert world.one("SELECT count(*) FROM sign_up_count") == 1


def test_no_address_number_or_place_stands_in_the_counts(world: World) -> None:
    send(world, SERVICE_TEXTS, email="sam@example.com", phone="+12075550142", ip="192.0.2.1")
    keys = [row.key for row in world.sql("SELECT key FROM sign_up_count")]
    assert len(keys) == 4
    assert all(len(key) == 64 and int(key, 16) for key in keys)


def test_counts_are_forgotten_after_a_day(world: World) -> None:
    for _ in range(10):
        send(world)
    world.clock.forward(hours=25)
    send(world)
    assert world.one("SELECT count(*) FROM sign_up_count") == 1


def test_answers_are_kept_sealed_and_a_repeat_puts_new_ones_over_them(world: World) -> None:
    miles, days = fields(world)
    session = world.session()
    mine = send(world, email="sam@example.com", session=session, answers={miles: ("20",), days: ("Mon", "Fri")})
    send(world, email="sam@example.com", session=session, answers={miles: ("30, since May",)})
    assert answers(world, mine) == {miles: ("30, since May",), days: ("Mon", "Fri")}
    assert not any(b"May" in bytes(row.answer) for row in world.sql("SELECT answer FROM form_answer"))


def test_the_first_touch_of_a_person_stays_and_each_place_has_its_own(world: World) -> None:
    one = send(world, email="sam@example.com", touch={"utm_source": "flyer", "landed": "/w/x"})
    two = send(world, email="sam@example.com", touch={"utm_source": "letter"})
    three = send(world, email="sam@example.com")
    assert world.one("SELECT first_touch FROM registrant") == {"utm_source": "flyer", "landed": "/w/x"}
    touches = dict(map(tuple, world.sql("SELECT id, touch FROM registration")))
    assert touches == {one: {"utm_source": "flyer", "landed": "/w/x"}, two: {"utm_source": "letter"}, three: {}}


def test_a_person_who_was_imported_has_the_first_touch_that_is_known(world: World) -> None:
    world.registration(world.session(), email="sam@example.com", source="import")
    send(world, email="sam@example.com", touch={"utm_source": "flyer"})
    assert world.one("SELECT first_touch FROM registrant") == {"utm_source": "flyer"}


def test_a_form_for_a_session_that_takes_nobody_writes_nothing(world: World) -> None:
    miles, _ = fields(world)
    session = world.session()
    world.clock.forward(days=11)
    with pytest.raises(RegistrationClosed):
        send(world, session=session, answers={miles: ("20",)}, touch={"utm_source": "flyer"})
    for table in ("registrant", "form_answer", "sign_up_count"):
        assert world.one(f"SELECT count(*) FROM {table}") == 0


def send(world: World, *kinds, session=0, ahead=10 * DAY, answers=None, touch=None, ip="", **facts) -> int:
    """Somebody sends the form, for a session of its own unless one is given; gives the registration."""
    if not session:
        taken = world.one("SELECT count(*) FROM webinar_session")
        session = world.session(ahead + taken * timedelta(minutes=1))
    sent = Sent(request=world.request(session, *kinds, **facts), answers=answers or {}, touch=touch or {}, ip=ip)
    with transaction(world.engine) as db:
        return sign_up(db, sent, GUARD, hours(), world.clock(), horizon=HORIZON).registration_id


def fields(world: World) -> tuple[int, int]:
    miles = FormField(key="miles", label="Miles a week", kind=FieldKind.TEXT)
    days = FormField(key="days", label="Days", kind=FieldKind.MULTI, options=("Mon", "Fri"), sensitive=True)
    with transaction(world.engine) as db:
        return add_field(db, world.webinar_id, miles, NOON), add_field(db, world.webinar_id, days, NOON)


def answers(world: World, registration_id: int) -> dict[int, tuple[str, ...]]:
    with transaction(world.engine) as db:
        kept = [*answers_of(db, registration_id, sensitive=False), *answers_of(db, registration_id, sensitive=True)]
    return {one.field.id: open_answer(SEAL, one.sealed) for one in kept}


@pytest.fixture
def world(engine) -> World:
    return World(engine)
