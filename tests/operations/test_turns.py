"""The pace of a stream is kept by all workers together, and what is urgent does not wait behind bulk."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Accepted
from campaigns.domain.steps import Channel
from campaigns.operations.turns import Turns
from campaigns.providers.base import name_of
from campaigns.store.engine import transaction
from campaigns.store.streams import read_streams, set_rate
from tests.factories import DAY, HOUR, MINUTE, NOON, SERVICE_TEXTS, World


def limit(world: World, channel: Channel, rate: float | None) -> None:
    names = [name_of(world.email), name_of(world.sms)]
    with transaction(world.engine) as db:
        set_rate(db, read_streams(db, names, world.clock())[channel].id, rate)


def stamp(world: World, provider) -> list:
    """Remember when each message was handed over."""
    moments = []

    def noted(_message):
        moments.append(world.clock())
        return Accepted("x")

    provider.will(*[noted] * 5000)
    return moments


def busiest(moments: list, window: timedelta = timedelta(seconds=1)) -> int:
    return max(sum(start <= other < start + window for other in moments) for start in moments)


def test_no_second_has_more_texts_than_the_pace_allows(world: World) -> None:
    session = world.session()
    for _ in range(60):
        world.registration(session, SERVICE_TEXTS)
    world.sql("UPDATE step SET template = 'starts-soon-sms' WHERE key = 'C1'")  # one segment
    limit(world, Channel.SMS, 3)
    moments = stamp(world, world.sms)
    while len(moments) < 60:
        world.work()
        world.clock.forward(milliseconds=300)
    assert busiest(moments) == 3
    assert moments[-1] - moments[0] < timedelta(seconds=60 / 3 * 1.2)


def test_a_long_text_takes_as_many_places_as_it_has_segments(world: World) -> None:
    limit(world, Channel.SMS, 2)
    turns = Turns(world.engine, world.pause)
    with transaction(world.engine) as db:
        stream = read_streams(db, [name_of(world.sms)], NOON)[Channel.SMS]
    moments = []
    for segments in (1, 2, 1, 1):
        place = turns.place(stream, segments, world.clock())
        moments.append((place.at - NOON).total_seconds())
    one = 1 / 2 / 0.95
    assert moments == pytest.approx([0, one, 3 * one, 4 * one], abs=0.001)


def test_a_new_pace_counts_from_the_next_batch_on_without_a_restart(world: World) -> None:
    desk = world.desk()
    session = world.session()
    for _ in range(20):
        world.registration(session)
    limit(world, Channel.EMAIL, 1)
    moments = stamp(world, world.email)
    world.work()
    assert 0 < len(moments) <= 3
    limit(world, Channel.EMAIL, None)
    world.work()
    assert len(moments) == 20
    desk.close()


def test_a_worker_that_is_told_to_stop_does_not_wait_for_its_turn(world: World) -> None:
    mine = [world.registration(world.session(), SERVICE_TEXTS) for _ in range(3)]
    limit(world, Channel.SMS, 0.2)
    told = []
    world.sms.will(lambda _: told.append(True) or Accepted("x"))
    world.work(stopping=lambda: bool(told))
    assert len(world.sms.seen) == 1
    assert sorted(dict(world.ledger(one))["C1"] for one in mine) == ["planned", "planned", "sent"]


def test_bulk_waits_while_the_pace_is_needed_for_what_is_urgent(world: World) -> None:
    """A drip of texts is due now; in ten minutes a session needs all the pace there is."""
    world.step("T9", at="starts - 20 h", channel="sms", template="starts-soon-sms", expires="starts", priority="bulk")
    later, soon = world.session(20 * HOUR), world.session(25 * MINUTE)
    drip = [world.import_quietly(later, registered_at=NOON - 3 * DAY, confirm=False) for _ in range(30)]
    rush = [world.import_quietly(soon, registered_at=NOON - 3 * DAY, confirm=False) for _ in range(30)]
    world.sql("UPDATE registrant SET phone = '+1207557' || lpad(id::text, 4, '0')")
    world.sql(
        "WITH c AS (INSERT INTO consent (registrant_id, channel, purpose, granted, address, means, at)"
        " SELECT id, 'sms', 'service', true, phone, 'import', :now FROM registrant RETURNING id, registrant_id)"
        " INSERT INTO permission (registrant_id, channel, purpose, granted, consent_id)"
        " SELECT registrant_id, 'sms', 'service', true, id FROM c",
        now=NOON,
    )
    world.plan()
    limit(world, Channel.SMS, 0.02)
    world.dispatch()
    taken = world.sql(
        "SELECT t.key, count(*) FROM delivery d JOIN step t ON t.id = step_id WHERE d.status = 1 GROUP BY 1"
    )
    assert ("T9", 1) not in [tuple(row) for row in taken]
    limit(world, Channel.SMS, None)
    world.dispatch()
    assert all(dict(world.ledger(one))["T9"] == Status.QUEUED.name.lower() for one in drip)
    assert all(dict(world.ledger(one))["B5"] == "planned" for one in rush)


@pytest.fixture
def world(engine) -> World:
    return World(engine)
