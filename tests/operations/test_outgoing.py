"""What a lane hands off next, and for whom it makes room."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.domain.messages import Accepted
from campaigns.domain.steps import Channel, Priority
from campaigns.operations import share
from campaigns.operations.send import send_batch
from campaigns.providers.base import name_of
from campaigns.rendering.environment import load_sources
from campaigns.store.approvals import Approval, approve
from campaigns.store.engine import hold, let_go, transaction
from campaigns.store.streams import read_streams, set_rate
from campaigns.store.versions import publish_template
from campaigns.web.staff.words import reason
from tests.factories import DAY, HOUR, NOON, NUMBER, SERVICE_TEXTS, TEMPLATES, World
from tests.fakes import SlowProvider

FAR = "{% if minutes_left > 20000 %}"
"""A condition that holds for a session in more than two weeks."""


def bulk(world: World, people: int) -> list[int]:
    """Plan one lesson that is due now for each; everybody else of the campaign stays silent."""
    world.without_steps()
    world.step("T1", at="starts - 20 h", priority="bulk")
    later = world.session(20 * HOUR)
    mine = [world.import_quietly(later, registered_at=NOON - 3 * DAY, confirm=False) for _ in range(people)]
    world.plan()
    return mine


def test_bulk_makes_room_for_what_is_urgent_however_slow_the_provider_is(world: World, monkeypatch) -> None:
    monkeypatch.setattr(share, "_OFTEN", 0.05)
    lessons = bulk(world, 6)
    world.dispatch()
    ((_, batch),) = world.bells
    world.bells.clear()
    world.step("T0", at="starts - 24 h", priority="urgent")
    rush = world.import_quietly(world.session(24 * HOUR), registered_at=NOON - 3 * DAY, confirm=False)

    def slowly(_message):
        world.plan()
        world.dispatch()  # the urgent one is claimed, and no other worker is there
        time.sleep(0.06)
        return Accepted("x")

    world.email.will(Accepted("x"), slowly)
    desk = world.desk()
    assert send_batch(desk, batch) == 2
    assert dict(world.ledger(rush))["T0"] == "queued"
    assert [dict(world.ledger(one))["T1"] for one in lessons] == ["sent"] * 2 + ["planned"] * 4
    for _, each in world.bells:
        send_batch(desk, each)
    world.bells.clear()
    assert dict(world.ledger(rush))["T0"] == "sent"
    assert world.work() == 4
    desk.close()


def test_bulk_goes_on_while_what_is_urgent_has_a_worker(world: World, monkeypatch) -> None:
    monkeypatch.setattr(share, "_OFTEN", 0.0)
    world.sql("INSERT INTO batch (channel, priority, size, claimed_at) VALUES ('email', 0, 1, :now)", now=NOON)
    urgent = world.one("SELECT max(id) FROM batch")
    bulk, texts, rush = (
        share.Courtesy(world.engine, *queue)
        for queue in (
            (Channel.EMAIL, Priority.BULK),
            (Channel.SMS, Priority.BULK),
            (Channel.EMAIL, Priority.URGENT),
        )
    )
    assert [one.gives_way() for one in (bulk, texts, rush)] == [True, False, False]
    with world.engine.connect() as other:
        assert hold(other, urgent)
        assert not bulk.gives_way()
        let_go(other, urgent)
    assert bulk.gives_way()


def test_answers_are_written_while_the_next_one_waits_for_its_turn(world: World) -> None:
    session = world.session()
    mine = [world.registration(session) for _ in range(2)]
    with transaction(world.engine) as db:
        set_rate(db, read_streams(db, [name_of(world.email)], world.clock())[Channel.EMAIL].id, 1.0)
    waited: list[list[str]] = []

    def pause(seconds: float) -> None:
        waited.append([dict(world.ledger(one))["C0"] for one in mine])
        world.clock.forward(seconds=seconds)

    world.pause = pause
    world.work()
    assert waited
    assert set(map(tuple, waited)) == {("sent", "queued")}


def test_a_limited_pace_does_not_wait_for_each_answer(world: World) -> None:
    """Ten a second to a provider that takes 0.4 seconds over each: four are under way at once."""
    world.sms = SlowProvider(Channel.SMS, seconds=0.4)
    session = world.session()
    mine = [world.registration(session, SERVICE_TEXTS, phone=f"+1207556{n:04}") for n in range(8)]
    world.sql("UPDATE step SET template = 'starts-soon-sms' WHERE key = 'C1'")  # one segment
    with transaction(world.engine) as db:
        set_rate(db, read_streams(db, [name_of(world.sms)], world.clock())[Channel.SMS].id, 10.0)
    world.work(lanes=8)
    assert {dict(world.ledger(one))["C1"] for one in mine} == {"sent"}
    assert world.sms.most > 1


def test_one_slow_answer_keeps_no_free_line_idle(world: World) -> None:
    """Two texts to one number stand first: the second is looked at while the first is under way."""
    world.sms = SlowProvider(Channel.SMS, seconds=2.0)  # in which everybody else is begun, however slow the machine is
    session = world.session()
    pair = [world.registration(session, SERVICE_TEXTS, phone=NUMBER) for _ in range(2)]
    others = [world.registration(session, SERVICE_TEXTS, phone=f"+1207556{n:04}") for n in range(4)]
    world.work(lanes=6)
    assert [dict(world.ledger(one))["C1"] for one in pair] == ["sent", "skipped: household"]
    assert {dict(world.ledger(one))["C1"] for one in others} == {"sent"}
    assert world.sms.most == 5


def test_two_texts_to_one_number_never_leave_in_one_turn(world: World) -> None:
    session = world.session()
    mine = [world.registration(session, SERVICE_TEXTS, phone=NUMBER) for _ in range(3)]
    other = world.registration(session, SERVICE_TEXTS, phone="+12075560999")
    world.work(lanes=4)
    assert [dict(world.ledger(one))["C1"] for one in mine] == ["sent", "skipped: household", "skipped: household"]
    assert dict(world.ledger(other))["C1"] == "sent"
    assert sorted(text.recipient for text in world.sms.seen) == [NUMBER, "+12075560999"]


def test_who_would_wait_too_long_for_a_turn_goes_back_to_the_plan(world: World) -> None:
    session = world.session()
    mine = [world.registration(session) for _ in range(3)]
    with transaction(world.engine) as db:
        set_rate(db, read_streams(db, [name_of(world.email)], world.clock())[Channel.EMAIL].id, 0.05)
    world.work()
    world.clock.forward(seconds=1)
    world.work()
    states = [dict(world.ledger(one))["C0"] for one in mine]
    assert sorted(states) == ["planned", "planned", "sent"]
    world.clock.now += timedelta(seconds=25)
    world.work()
    assert [dict(world.ledger(one))["C0"] for one in mine].count("sent") == 2


def reword(world: World, message: str, file: str, old: str, new: str) -> None:
    """Publish a version of a message with other words, approved."""
    source = load_sources(TEMPLATES / "messages")[message]
    assert old in source.files[file]
    changed = replace(source, files={**source.files, file: source.files[file].replace(old, new, 1)})
    with transaction(world.engine) as db:
        version = publish_template(db, message, changed.content_hash, changed.to_json(), NOON)
        approve(db, version, Approval("Dr. Test", "ME 1", NOON + 300 * DAY), NOON)


@pytest.mark.parametrize(
    ("message", "file", "old", "new", "said"),
    [
        ("confirmation-sms", "sms.txt", "{{ clinic }}", f"{FAR}{'word ' * 330}{{% endif %}}{{{{ clinic }}}}",
         "confirmation-sms: the text comes to more than 1600 characters; shorten it"),
        ("confirmation-sms", "sms.txt", "{{ clinic }}", "{% if minutes_left > 20000 and clinic > 5 %}a{% endif %}{{ clinic }}",
         "confirmation-sms: the text asks what has no answer: '>' not supported between instances of 'str' and 'int'"),
        ("confirmation", "message.toml", 'preheader = "', f'preheader = "{FAR}{"{{ address }} " * 50}{{% endif %}}',
         "confirmation: the preheader comes to more than 998 characters; shorten it"),
        ("confirmation", "body.txt", "{% if is_over", "{% if minutes_left > 20000 and clinic > 5 %}a{% endif %}{% if is_over",
         "confirmation: the plain body asks what has no answer: '>' not supported between instances of 'str' and 'int'"),
    ],
)  # fmt: skip
def test_a_message_that_comes_to_too_much_fails_by_itself_with_a_reason_for_staff(
    world: World, message, file, old, new, said
) -> None:
    reword(world, message, file, old, new)
    near, far = world.session(10 * DAY), world.session(20 * DAY)
    people = [world.registration(session, SERVICE_TEXTS) for session in (near, far, near)]
    world.work()
    at_fault, other = ("C1", "C0") if message == "confirmation-sms" else ("C0", "C1")
    assert [dict(world.ledger(one))[at_fault] for one in people] == ["sent", "failed", "sent"]
    assert reason(world.delivery(people[1], at_fault).reason) == f"the message cannot be rendered: {said}"
    world.clock.forward(hours=1)
    world.work()
    assert [dict(world.ledger(one)) for one in people] == [
        {at_fault: "sent", other: "sent"},
        {at_fault: "failed", other: "sent"},
        {at_fault: "sent", other: "sent"},
    ]


@pytest.fixture
def world(engine) -> World:
    return World(engine)
