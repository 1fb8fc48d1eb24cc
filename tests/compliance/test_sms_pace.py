"""Requirements 37, 38 and 40: texts are counted as billed, go no faster than the pace, and no number gets too many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from campaigns.domain.segments import count
from campaigns.domain.steps import Purpose
from campaigns.domain.streams import AHEAD, CAUTION
from campaigns.operations.send import send_batch
from campaigns.rendering.sms import render_text
from tests.compliance.wire import Posted, Wire, wired
from tests.domain.test_segments import EXAMPLES
from tests.factories import DAY, HOUR, NUMBER, SERVICE_TEXTS
from tests.rendering.samples import LIBRARY, LINKS, SENDER, TEXTS, letters_for

SECOND = timedelta(seconds=1)
OFFERS = (Purpose.MARKETING, Purpose.EDUCATION)


# 37: segments


def test_s37_the_golden_rows_are_counted_as_the_sheet_says() -> None:
    golden = [row for row in EXAMPLES if row[0]]
    assert len(golden) == 16
    counted = [count(text) for text, *_ in golden]
    assert [(one.encoding, one.units, one.parts) for one in counted] == [row[1:] for row in golden]


@pytest.mark.parametrize("name", TEXTS)
def test_s37_no_shipped_template_takes_more_than_two_segments_with_the_longest_values(name: str) -> None:
    longest = {"registration_id": 2**40, "class_title": "Distance runners' class", "zone": "America/Puerto_Rico"}
    clinic = replace(SENDER, clinic_name="St. Bartholomew Harbour Clinic", program_name="Distance Runners' Class")
    for letter in letters_for(name):
        text = render_text(LIBRARY[name], replace(letter, **longest), clinic, LINKS)
        assert count(text.body).encoding == "GSM-7"
        assert text.segments == count(text.body).parts <= 2


def test_s37_the_ledger_keeps_what_will_be_billed(wire: Wire) -> None:
    mine = wire.registration(wire.session(), SERVICE_TEXTS)
    wire.work()
    (sms,) = wire.fake.messages
    assert wire.delivery(mine, "C1").segments == count(sms.body).parts == 2


# 38: pace


def test_s38_a_thousand_texts_never_exceed_the_pace_and_the_nearest_deadline_goes_first(wire: Wire) -> None:
    """Two workers share the pace; what was due first is of use for longest."""
    wire.without_steps()
    wire.step("T2", at="starts - 61 min", channel="sms", template="starts-soon-sms", expires="starts - 2 min")
    wire.step("T1", at="starts - 60 min", channel="sms", template="starts-soon-sms", expires="starts - 40 min")
    crowd(wire, wire.session(HOUR), 500)
    wire.clock.forward(milliseconds=1)
    wire.rate(3)
    drain(wire, 1000)
    assert len({(one.to, one.body) for one in wire.fake.posts}) >= 500
    assert busiest(wire.fake.posts) == 3
    taken = wire.fake.posts[-1].at - wire.fake.posts[0].at
    assert timedelta(seconds=999 / 3) <= taken <= timedelta(seconds=999 / 3 * 1.15)
    left = {row.key: row for row in wire.sql(
        "SELECT t.key, min(opened_at), max(opened_at) FROM delivery d JOIN step t ON t.id = step_id GROUP BY 1"
    )}  # fmt: skip
    # Within the handful that is claimed together the order is free.
    assert left["T1"].max - left["T2"].min <= AHEAD / CAUTION
    assert left["T2"].max - left["T1"].max >= timedelta(seconds=490 / 3)
    assert wire.one("SELECT count(*) FROM delivery WHERE sent_at >= expires_at OR status <> 3") == 0


def test_s38_a_text_of_two_segments_takes_two_places(wire: Wire) -> None:
    session = wire.session()
    for _ in range(12):
        wire.registration(session, SERVICE_TEXTS)
    wire.rate(2)
    drain(wire, 12)
    posts = wire.fake.posts
    for first in range(12):
        for last in range(first + 1, 12):
            segments = sum(count(one.body).parts for one in posts[first:last])
            assert segments <= 2 * (posts[last].at - posts[first].at) / SECOND


def drain(wire: Wire, many: int) -> None:
    """Two workers that live as long as it takes answer what the dispatcher rings."""
    desks = [wire.desk(), wire.desk()]
    for _ in range(many):
        if len(wire.fake.posts) >= many:
            break
        wire.dispatch()
        bells, wire.bells[:] = list(wire.bells), []
        for place, (_, batch) in enumerate(bells):
            send_batch(desks[place % 2], batch)
        wire.clock.forward(milliseconds=50)
    for desk in desks:
        desk.close()
    assert len(wire.fake.posts) == many


def busiest(posts: list[Posted]) -> int:
    """The most segments that arrived within any second."""
    found = last = 0
    moments = [(one.at, count(one.body).parts) for one in posts]
    for first, (start, _) in enumerate(moments):
        while last < len(moments) and moments[last][0] < start + SECOND:
            last += 1
        found = max(found, sum(parts for _, parts in moments[first:last]))
    return found


def crowd(wire: Wire, session: int, many: int) -> None:
    """So many people with numbers of their own who agreed to texts long ago; their texts are planned."""
    wire.sql(
        "WITH n AS (INSERT INTO registrant (email, first_name, zone, phone, created_at)"
        " SELECT 'p' || i || '@example.com', 'Pat', 'America/New_York', '+1207557' || lpad(i::text, 4, '0'), :ago"
        " FROM generate_series(1, :many) i RETURNING id, phone),"
        " r AS (INSERT INTO registration (session_id, registrant_id, zone, source, confirm, registered_at)"
        " SELECT :session, id, 'America/New_York', 'import', false, :ago FROM n),"
        " c AS (INSERT INTO consent (registrant_id, channel, purpose, granted, address, means, at)"
        " SELECT id, 'sms', 'service', true, phone, 'import', :ago FROM n RETURNING id, registrant_id)"
        " INSERT INTO permission (registrant_id, channel, purpose, granted, consent_id)"
        " SELECT registrant_id, 'sms', 'service', true, id FROM c",
        many=many,
        session=session,
        ago=wire.clock() - 2 * HOUR,
    )
    wire.plan()


# 40: caps


def plan_texts(wire: Wire, purpose: Purpose, many: int) -> list[int]:
    """So many different texts to one number due now, in as many sessions for as many people; gives the registrations."""
    if "T" not in wire.steps():
        wire.without_steps()
        text = {"channel": "sms", "template": "starts-soon-sms", "purpose": purpose.value, "expires": "starts"}
        wire.step("T", at="starts - 60 min", **text)
    people = []
    for _ in range(many):
        mine = wire.import_quietly(wire.session(HOUR), registered_at=wire.clock() - DAY, confirm=False)
        wire.agree(mine, purpose, NUMBER)
        people.append(mine)
    wire.plan()
    assert {wire.texts(mine)["T"] for mine in people} == {"planned"}
    return people


def states(wire: Wire, people: list[int]) -> list[str]:
    return sorted(wire.texts(mine)["T"] for mine in people)


def test_s40_the_fourth_text_about_events_within_a_day_is_not_sent(wire: Wire) -> None:
    people = plan_texts(wire, Purpose.SERVICE, 5)
    wire.work()
    assert states(wire, people) == ["sent"] * 3 + ["skipped: too_many"] * 2
    assert [one.to for one in wire.fake.posts] == [NUMBER] * 3


@pytest.mark.parametrize("purpose", OFFERS)
def test_s40_the_third_offer_within_a_day_is_not_sent(wire: Wire, purpose: Purpose) -> None:
    people = plan_texts(wire, purpose, 4)
    wire.work()
    assert states(wire, people) == ["sent"] * 2 + ["skipped: too_many"] * 2
    assert len(wire.fake.posts) == 2


def test_s40_after_twenty_four_hours_the_number_may_get_more_and_not_a_minute_before(wire: Wire) -> None:
    plan_texts(wire, Purpose.SERVICE, 3)
    wire.work()
    wire.clock.forward(hours=23, minutes=59)
    early = plan_more(wire)
    wire.clock.forward(minutes=1)
    late = plan_more(wire)
    assert (states(wire, [early]), states(wire, [late])) == (["skipped: too_many"], ["sent"])


def test_s40_of_offers_no_more_than_six_go_within_thirty_days(wire: Wire) -> None:
    begun, sent = wire.clock(), {}
    for day in (0, 1, 2, 3, 4, 7, 8, 15, 29, 30):  # working days, all at noon
        wire.clock.now = begun + day * DAY
        people = plan_texts(wire, Purpose.MARKETING, 1)
        wire.work()
        sent[day] = states(wire, people)
    assert [day for day, state in sent.items() if state == ["sent"]] == [0, 1, 2, 3, 4, 7, 30]
    assert [day for day, state in sent.items() if state == ["skipped: too_many"]] == [8, 15, 29]


def test_s40_a_text_whose_fate_is_unknown_counts(wire: Wire) -> None:
    people = plan_texts(wire, Purpose.MARKETING, 3)
    wire.sql(
        "UPDATE delivery d SET status = 8, attempt = 1, opened_at = :now, reason = 'lost', phone = n.phone"
        " FROM registration r JOIN registrant n ON n.id = r.registrant_id"
        " WHERE r.id = d.registration_id AND r.id = ANY(:two)",
        now=wire.clock() - HOUR,
        two=people[:2],
    )
    wire.work()
    assert wire.texts(people[2])["T"] == "skipped: too_many"
    assert wire.fake.posts == []


@pytest.mark.parametrize(("purpose", "most"), [(Purpose.SERVICE, 3), (Purpose.MARKETING, 2)])
def test_s40_workers_who_race_for_one_number_send_no_more_together(engine, purpose: Purpose, most: int) -> None:
    with wired(engine, latency=0.02) as wire:
        people = plan_texts(wire, purpose, 8)
        wire.dispatch(size=1)
        assert len(wire.bells) == 8
        start = Barrier(4)

        def worker(batches: list[int]) -> int:
            desk = wire.desk(lanes=2)
            start.wait(30)
            try:
                return sum(send_batch(desk, batch) for batch in batches)
            finally:
                desk.close()

        batches = [batch for _, batch in wire.bells]
        with ThreadPoolExecutor(4) as workers:
            handed = sum(workers.map(worker, [batches[place::4] for place in range(4)]))
        assert (handed, len(wire.fake.posts)) == (most, most)
        assert states(wire, people) == ["sent"] * most + ["skipped: too_many"] * (8 - most)


def plan_more(wire: Wire) -> int:
    """One more text about an event to the same number, planned and given its chance."""
    mine = wire.import_quietly(wire.session(HOUR), registered_at=wire.clock() - DAY, confirm=False)
    wire.agree(mine, Purpose.SERVICE, NUMBER)
    wire.tick()
    return mine


@pytest.fixture
def wire(engine):
    with wired(engine) as wire:
        yield wire
