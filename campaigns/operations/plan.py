"""Fill the ledger: for one registration at once, for whole sessions up to the horizon.

The planner thinks in classes, one question per (step, time zone), and writes with
one statement per answer. Planning twice is planning once; two planners may run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.domain.audience import Facts
from campaigns.domain.local import instant_of, zone_of
from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Anchor, Audience, Channel, Late, LocalTime, Quiet, Step
from campaigns.domain.timing import Answer, Due, busy_days, due, due_for_class
from campaigns.operations.explain import Permissions, answers_for, overtaken
from campaigns.store.campaigns import steps_of
from campaigns.store.engine import Connection, Engine, transaction
from campaigns.store.ledger_plan import Entry, Lacking, insert_class, insert_entries, unplanned
from campaigns.store.people import Place, zones_in
from campaigns.store.watermarks import planned, session_to_plan
from campaigns.store.webinars import SessionRow

SEAM: Final = timedelta(minutes=10)
"""Intake plans this far beyond the horizon and the planner looks this far back: whoever registers
while the planner runs cannot fall between the two."""

_SLACK: Final = timedelta(days=9)
"""Education moves on by up to a week to find a day of its own, and quiet hours or a holiday may add to it."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One look at one session: what is due after `since` and by `until`."""

    session: SessionRow
    since: datetime
    until: datetime
    now: datetime


def plan_registration(
    db: Connection,
    place: Place,
    granted: Permissions,
    hours: SendingHours,
    now: datetime,
    *,
    horizon: timedelta,
    only_after: datetime | None = None,
) -> int:
    """Plan what one registration is due within the horizon; give the number of deliveries added.

    `only_after` leaves out what was due up to then: someone who agrees to more today is
    not sent the backlog, but what follows this very yes.
    """
    steps = steps_of(db, place.webinar.id)
    answers = answers_for(steps, place.facts, hours)
    entries = [
        Entry(
            registration_id=place.registration_id,
            session_id=place.session.id,
            step=step,
            revision=place.session.revision,
            due_at=answer.at,
            expires_at=answer.expires,
            round_=place.texts_round,
        )
        for step in steps
        if may_get(step, place, granted)
        and isinstance(answer := answers[step.id], Due)
        and answer.at <= now + horizon + SEAM
        and now < answer.expires
        and (only_after is None or answer.at > only_after or (step.by_round and answer.at == only_after))
    ]
    return insert_entries(db, entries)


def plan_sessions(engine: Engine, hours: SendingHours, now: datetime, *, horizon: timedelta) -> int:
    """Plan every session up to the horizon, each in a transaction of its own; give the number added."""
    added, last = 0, 0
    while True:
        with transaction(engine) as db:
            taken = session_to_plan(db, now + horizon - SEAM, now, last)
            if taken is None:
                return added
            last = taken.session.id
            added += plan_session(db, taken.session, hours, now, horizon=horizon)
            planned(db, last, now + horizon, taken.version)


def plan_session(db: Connection, session: SessionRow, hours: SendingHours, now: datetime, *, horizon: timedelta) -> int:
    """Plan one session up to the horizon; give the number of deliveries added. The caller moves the watermark."""
    since = session.planned_until - SEAM if session.planned_until else now - horizon
    sweep = Sweep(session, since, now + horizon, now)
    steps = steps_of(db, session.webinar_id)
    zones = zones_in(db, session.id)
    added = 0
    for step in steps:
        if step.parting or step.anchor is Anchor.OFFERED:
            continue  # planned by the act itself
        if step.anchor is not Anchor.REGISTERED and not step.by_round:
            added += _plan_dated(db, step, steps, sweep, zones, hours)
        elif _one_day_one_answer(step):
            added += _plan_by_day(db, step, steps, sweep, zones, hours)
        else:
            added += _plan_one_by_one(db, step, steps, sweep, hours)
    return added


def _plan_dated(
    db: Connection, step: Step, steps: Sequence[Step], sweep: Sweep, zones: Sequence[str], hours: SendingHours
) -> int:
    """Plan a step that counts from the session; zones with the same answer share a statement."""
    classes: dict[Answer, list[str]] = defaultdict(list)
    for name in zones:
        zone = zone_of(name)
        busy = busy_days(steps, sweep.session.facts, zone, hours)
        classes[due_for_class(step, sweep.session.facts, zone, hours, busy)].append(name)
    anew = sweep.session.planned_until is None
    return _plan_latecomers(db, step, steps, sweep, hours, classes) + sum(
        insert_class(
            db,
            step,
            session_id=sweep.session.id,
            revision=sweep.session.revision,
            zones=names,
            due_at=answer.at,
            expires_at=answer.expires,
            registered_before=answer.registered_before,
        )
        for answer, names in classes.items()
        if isinstance(answer, Due) and _in_reach(answer, sweep, anew=anew)
    )


def _plan_by_day(
    db: Connection, step: Step, steps: Sequence[Step], sweep: Sweep, zones: Sequence[str], hours: SendingHours
) -> int:
    """Plan a step at a wall-clock time after registering: who registered on one local day is a class."""
    added = 0
    for name in zones:
        zone = zone_of(name)
        busy = busy_days(steps, sweep.session.facts, zone, hours)
        for day in _days(step, sweep, zone):
            noon = instant_of(day, time(12), zone)
            answer = due_for_class(step, sweep.session.facts, zone, hours, busy, own_anchor=noon)
            if (
                isinstance(answer, Due)
                and _in_reach(answer, sweep, anew=False)
                and not overtaken(step, answer, sweep.session.moved_at)
            ):
                added += insert_class(
                    db,
                    step,
                    session_id=sweep.session.id,
                    revision=0,
                    zones=[name],
                    due_at=answer.at,
                    expires_at=answer.expires,
                    registered_from=instant_of(day, time(0), zone),
                    registered_before=instant_of(day + timedelta(days=1), time(0), zone),
                )
    return added


def _plan_one_by_one(db: Connection, step: Step, steps: Sequence[Step], sweep: Sweep, hours: SendingHours) -> int:
    """Plan a step that counts from the moment of an act, for those whom the act did not plan or could not reach."""
    delta = timedelta(days=step.offset.days) if isinstance(step.offset, LocalTime) else step.offset.delta
    moves = isinstance(step.offset, LocalTime) or step.quiet is Quiet.SHIFT
    slack = _SLACK if moves else timedelta(days=1)
    rows = _asked_singly(db, step, steps, sweep, hours, (sweep.since - delta - slack, sweep.until - delta + slack))
    return insert_entries(db, [_entry(step, sweep, one, answer) for one, answer in rows])


def _plan_latecomers(
    db: Connection, step: Step, steps: Sequence[Step], sweep: Sweep, hours: SendingHours, classes: Iterable[Answer]
) -> int:
    """Plan a step that is sent late rather than never, for those who registered too late to be in their class."""
    since = [answer.registered_before for answer in classes if isinstance(answer, Due)]
    if step.late is not Late.SEND_NOW or not since:
        return 0
    rows = _asked_singly(db, step, steps, sweep, hours, (min(since), sweep.until))
    late = [(one, answer) for one, answer in rows if one.registered_at >= answer.registered_before]
    return insert_entries(db, [_entry(step, sweep, one, answer) for one, answer in late])


def _asked_singly(
    db: Connection,
    step: Step,
    steps: Sequence[Step],
    sweep: Sweep,
    hours: SendingHours,
    acted: tuple[datetime, datetime],
) -> Iterator[tuple[Lacking, Due]]:
    """Ask timing for each who lacks the step and acted between these; give those in reach, each with the answer."""
    session = sweep.session
    rows = unplanned(
        db,
        step,
        session_id=session.id,
        revision=session.revision,
        since=acted[0],
        before=acted[1],
    )
    anyone = replace(step, audience=Audience.EVERYONE)  # the query has asked whom it speaks to
    for one in rows:
        zone = zone_of(one.zone)
        facts = Facts(
            session=session.facts,
            zone=zone,
            registered_at=one.registered_at,
            asked_at=one.asked_at,
            agreed_at=one.agreed_at,
            confirm=one.confirm,
        )
        answer = due(anyone, facts, hours, busy_days(steps, session.facts, zone, hours))
        if isinstance(answer, Due) and answer.at <= sweep.until and sweep.now < answer.expires:
            yield one, answer


def _entry(step: Step, sweep: Sweep, one: Lacking, answer: Due) -> Entry:
    return Entry(
        registration_id=one.registration_id,
        session_id=sweep.session.id,
        step=step,
        revision=sweep.session.revision,
        due_at=answer.at,
        expires_at=answer.expires,
        round_=one.round_,
    )


def _one_day_one_answer(step: Step) -> bool:
    """Say whether everybody who registers on one local day gets the same answer: nothing in it hangs on the hour."""
    return (
        not step.by_round
        and isinstance(step.offset, LocalTime)
        and step.offset.days > 0
        and step.expires.anchor in (Anchor.STARTS, Anchor.ENDS)
        and step.near is None
        and not step.quiet_grace
    )


def _in_reach(answer: Due, sweep: Sweep, *, anew: bool) -> bool:
    """Say whether a due time belongs to this sweep; a session looked at anew catches up with what is still of use."""
    return (anew or answer.at > sweep.since) and answer.at <= sweep.until and sweep.now < answer.expires


def _days(step: Step, sweep: Sweep, zone: ZoneInfo) -> Iterator[date]:
    """Give the local days of registering from which a step can fall into the sweep."""
    ahead = step.offset.days if isinstance(step.offset, LocalTime) else 0
    first = sweep.since.astimezone(zone).date() - timedelta(days=ahead + 8)  # education moves on by up to a week
    last = sweep.until.astimezone(zone).date() - timedelta(days=ahead - 1)
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def may_get(step: Step, place: Place, granted: Permissions) -> bool:
    """Say whether somebody can be sent a step at all: a number for a text, and consent where it takes one."""
    if step.channel is Channel.SMS and place.phone is None:
        return False
    return not step.needs_consent or granted.get((step.channel, step.purpose), False)
