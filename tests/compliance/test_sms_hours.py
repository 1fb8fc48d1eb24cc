"""Requirements 39 and 41: no text leaves at night wherever the person lives, and none is pushed past its session."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Anchor, Channel, Priority, Purpose, Relative
from campaigns.domain.timing import Due, due
from campaigns.operations.last_look import GO, look
from campaigns.store.engine import transaction
from campaigns.store.ledger_claim import claim_due
from campaigns.store.letters import load_batch
from tests.compliance.wire import Wire, wired
from tests.domain.worlds import US_ZONES
from tests.factories import DAY, HOUR, MINUTE, NOON, SERVICE_TEXTS, hours, rules

CHANGES = (date(2027, 3, 14), date(2027, 11, 7))
HOLIDAYS = (date(2027, 11, 11), date(2027, 11, 25))
EIGHT, NINE, TEN, EVENING, LATE, FIVE, SIX, NOON_OF_DAY = (time(hour) for hour in (8, 9, 10, 20, 21, 17, 18, 12))
WEEK, NO_SUNDAY = range(7), range(6)
STATES: dict[str, dict[int, tuple[time, time]]] = {
    "federal, VA": dict.fromkeys(WEEK, (EIGHT, LATE)),
    "FL, OK, WA, MD, NJ, OR, MA": dict.fromkeys(WEEK, (EIGHT, EVENING)),
    "TX": {**dict.fromkeys(NO_SUNDAY, (NINE, LATE)), 6: (NOON_OF_DAY, LATE)},
    "CT, NV": dict.fromkeys(WEEK, (NINE, EVENING)),
    "RI": {**dict.fromkeys(range(5), (NINE, SIX)), 5: (TEN, FIVE), 6: (TEN, FIVE)},
    "KY": dict.fromkeys(WEEK, (TEN, LATE)),
    "AL, LA, MS": dict.fromkeys(NO_SUNDAY, (EIGHT, EVENING)),
    "MI, MN, NM": dict.fromkeys(WEEK, (NINE, LATE)),
}
"""The rows of section 3.4: who may be sent offers by text when, by the wall clock; a missing day is closed."""
OFFERS = (Purpose.MARKETING, Purpose.EDUCATION)


def open_for(purpose: Purpose, local: datetime) -> bool:
    """The national default, written down once more by hand."""
    if purpose is Purpose.SERVICE:
        return EIGHT <= local.time() < EVENING
    if local.weekday() == 6 or local.date() in HOLIDAYS:
        return False
    return TEN <= local.time() < (FIVE if local.weekday() == 5 else SIX)


def allowed_in(state: str, local: datetime) -> bool:
    window = STATES[state].get(local.weekday())
    return window is not None and window[0] <= local.time() < window[1]


# 39: quiet hours

zones = st.sampled_from([ZoneInfo(name) for name in US_ZONES])
days = st.sampled_from(CHANGES) | st.sampled_from(HOLIDAYS) | st.dates(date(2027, 3, 10), date(2027, 3, 17))
seconds = st.integers(-DAY // timedelta(seconds=1), 2 * DAY // timedelta(seconds=1)) | st.sampled_from(
    [hour * 3600 + edge for hour in (8, 10, 17, 18, 20, 32, 44) for edge in (-1, 0, 1)]
)


def test_s39_the_last_look_lets_a_text_go_exactly_while_the_window_is_open_there(wire: Wire) -> None:
    item, step = queued_text(wire)

    @settings(derandomize=True, max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
    @example(ZoneInfo("America/Phoenix"), CHANGES[0], 8 * 3600, Purpose.SERVICE)
    @example(ZoneInfo("America/New_York"), CHANGES[0], 8 * 3600 - 1, Purpose.SERVICE)
    @given(zones, days, seconds, st.sampled_from(list(Purpose)))
    def judged(zone: ZoneInfo, day: date, second: int, purpose: Purpose) -> None:
        now = datetime.combine(day, time(0), zone).astimezone(UTC) + timedelta(seconds=second)
        verdict = look(at_moment(item, zone, now), replace(step, purpose=purpose), rules(), now)
        local = now.astimezone(zone)
        assert (verdict is GO) == open_for(purpose, local)
        if verdict is GO and purpose in OFFERS:
            assert [state for state in STATES if not allowed_in(state, local)] == []

    judged()


@pytest.mark.parametrize("name", US_ZONES)
def test_s39_every_quarter_of_both_days_on_which_clocks_change_is_judged_by_the_wall_clock(looked, name: str) -> None:
    item, step = looked
    zone = ZoneInfo(name)
    for day in CHANGES:
        midnight = datetime.combine(day, time(0), zone).astimezone(UTC)
        for quarter in range(-4, 26 * 4):
            now = midnight + quarter * 15 * MINUTE
            for purpose in (Purpose.SERVICE, Purpose.MARKETING):
                verdict = look(at_moment(item, zone, now), replace(step, purpose=purpose), rules(), now)
                assert (verdict is GO) == open_for(purpose, now.astimezone(zone))


@pytest.mark.parametrize("day", CHANGES)
def test_s39_through_a_weekend_on_which_clocks_change_nothing_reaches_the_fake_at_night(wire: Wire, day: date) -> None:
    """Somebody in every zone, reminders and offers due at all hours from Friday to Monday."""
    wire.without_steps()
    wire.clock.now = datetime.combine(day, time(0), UTC) - 33 * HOUR
    ends = wire.clock() + 88 * HOUR
    text = {"channel": "sms", "template": "starts-soon-sms", "expires": "starts"}
    for place, before in enumerate((75, 58, 43, 31, 12)):
        wire.step(f"S{place}", at=f"starts - {before} h", **text)
        wire.step(f"M{place}", at=f"starts - {before + 5} h", purpose="marketing", **text)
    session = wire.session(ends - wire.clock())
    where = {}
    for place, name in enumerate(US_ZONES):
        number = f"+1207557{place:04}"
        mine = wire.import_quietly(session, zone=name, registered_at=wire.clock() - DAY, confirm=False)
        for purpose in (Purpose.SERVICE, Purpose.MARKETING):
            wire.agree(mine, purpose, number)
        where[mine] = number, ZoneInfo(name)
    wire.live(ends, step=HOUR)
    rows = wire.sql(
        "SELECT d.registration_id, t.purpose, d.sent_at FROM delivery d JOIN step t ON t.id = step_id WHERE d.status = 3"
    )
    assert sorted((where[row.registration_id][0], row.sent_at) for row in rows) == sorted(
        (one.to, one.at) for one in wire.fake.posts
    )
    outside = [
        row for row in rows if not open_for(Purpose(row.purpose), row.sent_at.astimezone(where[row.registration_id][1]))
    ]
    assert outside == []
    offered = {row.registration_id for row in rows if row.purpose == "marketing"}
    assert offered == {row.registration_id for row in rows if row.purpose == "service"} == set(where)


@pytest.mark.parametrize("name", ["", "Mars/Olympus"])
def test_s39_whose_zone_is_not_known_is_judged_by_the_clinics_clock(wire: Wire, name: str) -> None:
    wire.without_steps()
    wire.step("T", at="starts - 60 min", channel="sms", template="starts-soon-sms", expires="starts")
    mine = wire.import_quietly(wire.session(HOUR), zone=name, registered_at=wire.clock() - DAY, confirm=False)
    wire.agree(mine, Purpose.SERVICE, "+12075550123")
    wire.tick()
    assert wire.texts(mine) == {"T": "sent"}


def queued_text(wire: Wire):
    """A text with a worker, and its step, which minds quiet hours."""
    wire.without_steps()
    wire.step("T", at="starts - 60 min", channel="sms", template="starts-soon-sms", expires="starts")
    mine = wire.import_quietly(wire.session(HOUR), registered_at=wire.clock() - 30 * DAY, confirm=False)
    wire.agree(mine, Purpose.SERVICE, "+12075550123")
    wire.plan()
    with transaction(wire.engine) as db:
        claim = claim_due(db, Channel.SMS, Priority.BULK, 1, wire.clock())
        (item,) = load_batch(db, claim.batch_id, wire.clock())
        db.rollback()
    return item, replace(wire.steps()["T"], offset=Relative(-5 * DAY))


def at_moment(item, zone: ZoneInfo, now: datetime):
    """The same text for a session three days from `now`, for somebody in this zone."""
    session = replace(item.facts.session, starts_at=now + 3 * DAY, ends_at=now + 3 * DAY + HOUR)
    facts = replace(item.facts, zone=zone, session=session, registered_at=now - 30 * DAY)
    return replace(item, facts=facts, zone=zone.key, due_at=now - HOUR, expires_at=now + 3 * DAY)


# 41: reminders near the night


def reminded(wire: Wire, starts: datetime, **facts) -> int:
    """Somebody in New York with a reminder by text fifteen minutes before the start."""
    wire.without_steps("C1", "B5")
    wire.step("T", at="starts - 15 min", channel="sms", template="starts-soon-sms", expires="starts")
    return wire.registration(wire.session(starts - wire.clock()), SERVICE_TEXTS, **facts)


def eastern(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 3, day, hour, minute, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


@pytest.mark.parametrize("starts", [eastern(1, 21, 30), eastern(2, 5, 30), eastern(2, 8, 10)], ids=str)
def test_s41_a_reminder_that_would_come_at_night_goes_earlier(wire: Wire, starts: datetime) -> None:
    mine = reminded(wire, starts)
    wire.live(starts + HOUR, step=20 * MINUTE)
    (post,) = wire.fake.posts
    assert eastern(1, 19, 30) <= post.at < eastern(1, 20)
    assert post.at < starts
    assert wire.texts(mine)["T"] == "sent"


def test_s41_who_registers_when_only_the_night_is_left_is_reminded_by_email_and_never_after_the_start(
    wire: Wire,
) -> None:
    starts = eastern(2, 7, 45)
    wire.clock.now = eastern(1, 22)
    mine = reminded(wire, starts)
    wire.live(starts + 3 * HOUR)
    assert wire.fake.posts == []
    assert ("B4", "sent") in wire.ledger(mine)
    assert "T" not in wire.texts(mine)


def test_s41_an_outage_over_the_start_sends_nothing_behind_it(wire: Wire) -> None:
    starts = NOON + 2 * HOUR
    mine = reminded(wire, starts)
    wire.plan()
    wire.clock.now = starts
    wire.tick()
    assert wire.texts(mine)["T"] == "skipped: expired"
    assert wire.fake.posts == []


def test_s41_an_outage_until_the_window_is_closed_does_not_wake_anybody(wire: Wire) -> None:
    mine = reminded(wire, eastern(1, 21, 30))
    wire.clock.now = eastern(1, 18)
    wire.plan()
    wire.clock.now = eastern(1, 20)
    wire.live(eastern(2, 12), step=HOUR)
    assert wire.texts(mine)["T"] == "skipped: quiet_hours"
    assert wire.fake.posts == []


@settings(derandomize=True, max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(zones, days, seconds, st.integers(1, 6 * 24 * 60), st.sampled_from(list(Purpose)), st.integers(0, 60 * 24 * 10))
def test_s41_whatever_the_zone_and_the_hour_a_reminder_is_never_due_at_night_nor_after_its_start(
    looked, zone: ZoneInfo, day: date, second: int, before: int, purpose: Purpose, early: int
) -> None:
    item, step = looked
    starts = datetime.combine(day, time(0), zone).astimezone(UTC) + timedelta(seconds=second)
    facts = at_moment(item, zone, starts - 3 * DAY).facts
    facts = replace(facts, registered_at=starts - early * MINUTE)
    answer = due(replace(step, purpose=purpose, offset=Relative(-before * MINUTE)), facts, hours())
    if isinstance(answer, Due):
        assert answer.at < starts
        assert answer.at <= max(starts - before * MINUTE, facts.registered_at)
        assert open_for(purpose, answer.at.astimezone(zone))


@pytest.fixture(scope="module")
def looked(engine):
    with wired(engine) as wire:
        item, step = queued_text(wire)
        assert (step.anchor, wire.sql("SELECT status FROM delivery")) == (Anchor.STARTS, [(Status.PLANNED,)])
        yield item, step


@pytest.fixture
def wire(engine):
    with wired(engine) as wire:
        yield wire
