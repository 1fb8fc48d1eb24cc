"""When a step is due, against a second answer that was found by looking at clocks (`oracle.py`)."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.audience import Facts, SessionFacts
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import Anchor, Late, Step
from campaigns.domain.timing import Answer, Due, Never, Wait, busy_days, due, due_for_class, leave_now
from campaigns.operations.starter import read_step
from campaigns.rules import read_sending_hours
from tests.domain import cadence as of
from tests.domain import worlds
from tests.domain.cadence import DAY, MINUTE
from tests.domain.oracle import Verdict, judge, quiet_ends_by_walking, service_days_by_walking
from tests.domain.worlds import HOURS, bounded, people, situations

TEMPLATES = Path(__file__).parents[2] / "templates"
STARTER = tuple(
    read_step(key, rule)
    for key, rule in tomllib.loads((TEMPLATES / "webinars/si-joint-runners.toml").read_text("utf-8"))["steps"].items()
)
STARTER_HOURS = read_sending_hours()


def agrees(answer: Answer, verdict: Verdict) -> bool:
    match answer:
        case Never(reason):
            return reason in verdict.nevers
        case Wait(awaits):
            return awaits in verdict.waits
        case Due(instant, expires):
            return not verdict.nevers and not verdict.waits and (instant, expires) == (verdict.at, verdict.expires)


@bounded
@given(situations(), st.frozensets(st.integers(-8, 8), max_size=6))
def test_the_planner_agrees_with_the_clock_on_the_wall(situation: tuple[Step, Facts], taken: frozenset[int]) -> None:
    step, facts = situation
    busy = frozenset(facts.session.starts_at.date() + number * DAY for number in taken)
    verdict = judge(step, facts, HOURS, busy)
    answer = due(step, facts, HOURS, busy)
    assert verdict.open_question or agrees(answer, verdict), verdict


@st.composite
def starter_situations(draw: st.DrawFn) -> tuple[Step, Facts]:
    step = draw(st.sampled_from(STARTER))
    return step, draw(people(step))


@bounded
@given(starter_situations())
def test_the_starter_campaign_is_planned_as_the_clock_on_the_wall_says(situation: tuple[Step, Facts]) -> None:
    step, facts = situation
    busy = service_days_by_walking(STARTER, facts.session, facts.zone, STARTER_HOURS)
    verdict = judge(step, facts, STARTER_HOURS, busy)
    answer = due(step, facts, STARTER_HOURS, busy)
    assert verdict.open_question or agrees(answer, verdict), verdict


@bounded
@given(situations())
def test_nothing_is_due_after_its_expiry_or_before_it_could_be_known(situation: tuple[Step, Facts]) -> None:
    step, facts = situation
    answer = due(step, facts, HOURS)
    if not isinstance(answer, Due):
        return
    assert answer.at < answer.expires
    assert answer.at >= facts.registered_at
    if step.dated and facts.session.moved_at and step.anchor is not Anchor.CANCELLED:
        assert answer.at >= facts.session.moved_at
    assert leave_now(step, facts, HOURS, answer.at) is None


@bounded
@given(situations())
def test_the_answer_for_a_class_is_the_answer_for_each_of_its_people(situation: tuple[Step, Facts]) -> None:
    step, facts = situation
    if not step.dated or facts.withdrawn_at:
        return
    for_all = due_for_class(step, facts.session, facts.zone, HOURS)
    for_one = due(step, facts, HOURS)
    if not isinstance(for_all, Due) or (isinstance(for_one, Due) and facts.registered_at < for_all.registered_before):
        assert for_one == for_all
    elif isinstance(for_one, Due):
        assert step.late is Late.SEND_NOW and for_one.at >= for_all.at
    elif for_one == Never(Reason.REGISTERED_LATE):
        assert facts.registered_at >= for_all.registered_before
    else:
        late_reasons = (Reason.EXPIRED, Reason.QUIET_HOURS, Reason.TOO_NEAR)
        assert isinstance(for_one, Wait) or for_one.reason in (Reason.OTHER_AUDIENCE, *late_reasons)


@bounded
@given(
    worlds.sessions(),
    worlds.zones,
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.dates(date(2026, 6, 1), date(2028, 1, 1)),
)
def test_people_who_registered_on_one_local_day_are_a_class(
    about: SessionFacts, zone: ZoneInfo, first: int, second: int, day: date
) -> None:
    one, other = (
        datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC) for minute in (first, second)
    )
    answers = [due_for_class(of.D1, about, zone, HOURS, own_anchor=anchor) for anchor in (one, other)]
    assert answers[0] == answers[1]


@bounded
@given(worlds.sessions(), worlds.zones)
def test_busy_days_are_those_on_which_the_clock_sees_a_service_email(about: SessionFacts, zone: ZoneInfo) -> None:
    assert busy_days(of.ALL, about, zone, of.HOURS) == service_days_by_walking(of.ALL, about, zone, of.HOURS)


@bounded
@given(situations(), st.integers(-1440, 4320))
def test_a_late_message_is_held_exactly_until_quiet_hours_end(situation: tuple[Step, Facts], minutes: int) -> None:
    step, facts = situation
    now = facts.session.starts_at + minutes * MINUTE
    held = leave_now(step, facts, HOURS, now)
    until = quiet_ends_by_walking(step, facts, HOURS, now)
    assert (held.until if held else now) == until
