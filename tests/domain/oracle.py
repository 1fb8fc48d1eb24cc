"""A second answer to "when is this due?", by another method: look at the clock on the wall, minute by minute.

Written from the rules alone, without the planner's code. No arithmetic on wall-clock
times: the oracle walks over UTC and asks of every minute what the local clock shows. Where the rules
leave the order of two objections open, it gives all of them, and the planner may name any.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.domain.audience import Awaited, Facts, SessionFacts
from campaigns.domain.quiet import Hours, SendingHours
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import (
    Anchor,
    Attendance,
    Audience,
    Channel,
    Late,
    LocalTime,
    Purpose,
    Quiet,
    Relative,
    Standing,
    Step,
)

MINUTE = timedelta(minutes=1)
HALF_AN_HOUR = timedelta(minutes=30)


@dataclass
class Verdict:
    """Everything that speaks against sending, everything awaited, and else the instant."""

    nevers: set[Reason] = field(default_factory=set)
    waits: set[Awaited] = field(default_factory=set)
    at: datetime | None = None
    expires: datetime | None = None
    open_question: bool = False
    """The rules do not settle this case; only the invariants count."""


def clock_shows(instant: datetime, zone: ZoneInfo) -> datetime:
    """Read the clock on the wall, without a zone and without a fold."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def minutes_from(start: datetime, count: int, step: timedelta = MINUTE) -> Iterator[datetime]:
    for number in range(count):
        yield start + number * step


def instant_by_walking(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Walk through all minutes that can belong to `day` anywhere on earth, and read the clock at each.

    If the clock never shows the time, it was put forward over it: the time is taken as
    shown by a clock that nobody had put forward.
    """
    wanted = datetime.combine(day, at)
    first = datetime.combine(day, time(0), UTC) - timedelta(hours=27)
    before = clock_shows(first, zone)
    for instant in minutes_from(first, 78 * 60):
        shown = clock_shows(instant, zone)
        if shown == wanted:
            return instant
        if before < wanted < shown:
            neglected_clock = before + MINUTE
            return instant + (wanted - neglected_clock)
        before = shown
    raise AssertionError((day, at, zone))


def is_open(hours: Hours, instant: datetime, zone: ZoneInfo) -> bool:
    shown = clock_shows(instant, zone)
    if shown.date() in hours.closed_dates or shown.weekday() not in hours.days:
        return False
    opening, closing = hours.days[shown.weekday()]
    return opening <= shown.time() < closing


def opening_by_walking(hours: Hours, at: datetime, zone: ZoneInfo, days: int = 8) -> datetime | None:
    if is_open(hours, at, zone):
        return at
    whole = at.replace(second=0, microsecond=0) + MINUTE
    return next((m for m in minutes_from(whole, days * 1440) if is_open(hours, m, zone)), None)


def leaving_by_walking(hours: Hours, at: datetime, zone: ZoneInfo, days: int = 8) -> datetime | None:
    if is_open(hours, at, zone):
        return at
    whole = at.replace(second=0, microsecond=0)
    last = next((m for m in minutes_from(whole, days * 1440, -MINUTE) if is_open(hours, m, zone)), None)
    return None if last is None else last + MINUTE - HALF_AN_HOUR


def speaks_by_table(audience: Audience, facts: Facts) -> bool | Awaited:
    """The rules as a table of who is meant."""
    standing = {Audience.UNPROVEN: facts.unproven, Audience.WAITING: facts.standing is not Standing.HELD}
    if audience in standing:
        return standing[audience]
    if facts.standing in (Standing.WAITING, Standing.OFFERED):
        return False if facts.withdrawn_at else Awaited.PLACE
    if audience is Audience.EVERYONE:
        return True
    if audience is Audience.WITHOUT_TEXTS:
        return not facts.texts
    if audience in (Audience.WITHDRAWN, Audience.READDRESSED):
        if not facts.withdrawn_at:
            return Awaited.WITHDRAWAL
        return facts.readdressed == (audience is Audience.READDRESSED)
    if facts.attendance is Attendance.UNKNOWN:
        return False if facts.session.attendance_final else Awaited.ATTENDANCE
    meant = {
        Audience.ATTENDED: [Attendance.ATTENDED],
        Audience.CAME: [Attendance.ATTENDED, Attendance.LEFT_EARLY],
        Audience.MISSED: [Attendance.MISSED],
    }
    return facts.attendance in meant[audience]


def anchor_instant(step: Step, facts: Facts) -> datetime | Awaited:
    session = facts.session
    if step.audience in (Audience.WITHDRAWN, Audience.READDRESSED) and step.anchor is Anchor.CANCELLED:
        return facts.withdrawn_at or Awaited.WITHDRAWAL
    if step.anchor is Anchor.MOVED:
        return session.moved_at or Awaited.MOVE
    if step.anchor is Anchor.CANCELLED:
        return session.cancelled_at or Awaited.CANCELLATION
    if step.anchor is Anchor.ANSWERED:
        return facts.answered_at or Awaited.ANSWER
    if step.anchor is Anchor.OFFERED:
        return facts.offered_at or Awaited.OFFER
    if step.anchor is Anchor.ASKED:
        return facts.asked_at or Awaited.ASKING
    if step.anchor is Anchor.AGREED:
        return max(at for at in (facts.agreed_at, facts.registered_at) if at)
    return {
        Anchor.REGISTERED: facts.registered_at,
        Anchor.STARTS: session.starts_at,
        Anchor.ENDS: session.ends_at,
    }[step.anchor]


def expiry_by_rule(step: Step, session: SessionFacts, anchor: datetime) -> datetime:
    fixed = {Anchor.STARTS: session.starts_at, Anchor.ENDS: session.ends_at}
    return fixed.get(step.expires.anchor, anchor) + step.expires.delta


def judge(step: Step, facts: Facts, hours: SendingHours, busy: frozenset[date] = frozenset()) -> Verdict:
    """Answer as `timing.due` should."""
    verdict = Verdict()
    _about_the_person(step, facts, verdict)
    anchor = anchor_instant(step, facts)
    if isinstance(anchor, Awaited):
        verdict.waits.add(anchor)
        return verdict
    raw = _raw(step, facts, anchor)
    moved_on = _free_day(step, raw, facts.zone, busy)
    plainly = (step.purpose, step.channel) == (Purpose.EDUCATION, Channel.EMAIL) and isinstance(step.offset, LocalTime)
    if moved_on is None or (moved_on != raw and not plainly):
        verdict.open_question = True  # the rule speaks of education emails; all else is taste
        moved_on = moved_on or raw
    verdict.expires = expiry_by_rule(step, facts.session, anchor)
    _about_the_time(step, facts, hours, verdict, anchor=anchor, wanted=moved_on)
    starts = [start for start in (facts.session.starts_at, facts.session.moved_from) if start]
    if step.near is not None and not any(abs(start - anchor) < step.near for start in starts):
        verdict.nevers.add(Reason.NOT_NEAR)
    return verdict


def _about_the_person(step: Step, facts: Facts, verdict: Verdict) -> None:
    if step.paused:
        verdict.nevers.add(Reason.PAUSED)
    if facts.withdrawn_at and step.audience not in (Audience.WITHDRAWN, Audience.READDRESSED):
        verdict.nevers.add(Reason.WITHDRAWN)
    if facts.session.cancelled_at and step.anchor not in (Anchor.CANCELLED, Anchor.ANSWERED):
        verdict.nevers.add(Reason.SESSION_CANCELLED)
    follows = [Anchor.REGISTERED] + [Anchor.AGREED] * (facts.agreed_at is None)
    if not facts.confirm and step.anchor in follows and step.offset == Relative(timedelta(0)):
        verdict.nevers.add(Reason.CONFIRMATIONS_OFF)
    answer = speaks_by_table(step.audience, facts)
    if answer is False:
        verdict.nevers.add(Reason.OTHER_AUDIENCE)
    elif isinstance(answer, Awaited):
        verdict.waits.add(answer)
    if step.needs_attendance and not facts.session.attendance_final:
        verdict.waits.add(Awaited.ATTENDANCE)


def _raw(step: Step, facts: Facts, anchor: datetime) -> datetime:
    if isinstance(step.offset, LocalTime):
        day = clock_shows(anchor, facts.zone).date() + timedelta(days=step.offset.days)
        raw = instant_by_walking(day, step.offset.at, facts.zone)
    else:
        raw = anchor + step.offset.delta
    if step.replay_grace is not None and not facts.session.has_replay:
        raw = max(raw, facts.session.ends_at + step.replay_grace)
    return raw


def _free_day(step: Step, at: datetime, zone: ZoneInfo, busy: frozenset[date]) -> datetime | None:
    if step.purpose is Purpose.SERVICE:
        return at
    shown = clock_shows(at, zone)
    if shown.date() not in busy:
        return at
    days = (shown.date() + timedelta(days=number) for number in range(1, 8))
    free = next((day for day in days if day not in busy), None)
    return None if free is None else instant_by_walking(free, shown.time(), zone)


def quiet_applies(step: Step, facts: Facts, *, anchor: datetime, at: datetime) -> bool:
    """Whether a step that shifts has to look at quiet hours at this instant."""
    if step.quiet_grace and at < anchor + step.quiet_grace:
        return False
    starts = [facts.session.starts_at] + [facts.session.moved_from] * (facts.session.moved_from is not None)
    return not any(abs(start - at) < step.quiet_exempt_before_start for start in starts if start)


def _out_of_quiet_hours(
    step: Step, facts: Facts, hours: SendingHours, *, anchor: datetime, at: datetime
) -> datetime | None:
    kind = hours.by_kind.get((step.channel, step.purpose))
    if step.quiet is Quiet.SESSION_AWAKE:
        shown = clock_shows(facts.session.starts_at, facts.zone).time()
        return at if hours.waking[0] <= shown <= hours.waking[1] else None
    if kind is None or step.quiet is Quiet.IGNORE or not quiet_applies(step, facts, anchor=anchor, at=at):
        return at
    return (leaving_by_walking if at < anchor else opening_by_walking)(kind, at, facts.zone)


def _about_the_time(
    step: Step, facts: Facts, hours: SendingHours, verdict: Verdict, *, anchor: datetime, wanted: datetime
) -> None:
    at = _out_of_quiet_hours(step, facts, hours, anchor=anchor, at=wanted)
    if at is None:
        verdict.nevers.add(Reason.QUIET_HOURS)
    elif at < step.active_from:
        verdict.nevers.add(Reason.STEP_NEWER)
    late_since = _late_since(step, facts, verdict, at or wanted, anchor)
    if late_since is not None:
        # Now or never: what is late cannot go earlier, so from here the clock is only walked forwards.
        wanted = late_since
        at = _out_of_quiet_hours(step, facts, hours, anchor=wanted, at=wanted)
    assert verdict.expires is not None
    if wanted >= verdict.expires:
        verdict.nevers.add(Reason.EXPIRED)
    elif at is None or at >= verdict.expires:
        verdict.nevers.add(Reason.QUIET_HOURS)
    verdict.at = at or wanted
    if step.runway and facts.session.starts_at - verdict.at < step.runway:
        verdict.nevers.add(Reason.TOO_NEAR)


def _late_since(step: Step, facts: Facts, verdict: Verdict, at: datetime, anchor: datetime) -> datetime | None:
    """Object if the step was due before it could be known; give the later instant if it is sent all the same."""
    if step.anchor in (Anchor.MOVED, Anchor.CANCELLED) and step.dated and facts.registered_at >= anchor:
        verdict.nevers.add(Reason.REGISTERED_LATE)  # who came after the news has it already
    if step.anchor not in (Anchor.STARTS, Anchor.ENDS):
        return None
    known = {Reason.REGISTERED_LATE: facts.registered_at}
    if facts.session.moved_at:
        known[Reason.MOVED_LATE] = facts.session.moved_at
    # The rules disagree about the very instant: "before" in one place, "at least" in another.
    verdict.open_question |= facts.registered_at == at - step.lead or facts.session.moved_at == at
    if step.late is Late.SEND_NOW:
        latest = max(known.values())
        return latest if latest > at else None
    verdict.nevers |= {reason for reason, since in known.items() if since > at}
    if facts.registered_at > at - step.lead:
        verdict.nevers.add(Reason.REGISTERED_LATE)
    return None


def quiet_ends_by_walking(step: Step, facts: Facts, hours: SendingHours, now: datetime) -> datetime:
    """Give the instant at which a message that leaves `now` at the earliest may leave."""
    kind = hours.by_kind.get((step.channel, step.purpose))
    anchor = facts.registered_at if step.anchor is Anchor.REGISTERED else anchor_instant(step, facts)
    if kind is None or isinstance(anchor, Awaited) or step.quiet is not Quiet.SHIFT:
        return now
    if not quiet_applies(step, facts, anchor=anchor, at=now):
        return now
    return opening_by_walking(kind, now, facts.zone) or expiry_by_rule(step, facts.session, anchor)


def service_days_by_walking(
    steps: tuple[Step, ...], session: SessionFacts, zone: ZoneInfo, hours: SendingHours
) -> frozenset[date]:
    """Ask on which local dates somebody who registered long ago sees a service email about the session."""
    days = set()
    facts = Facts(session=session, zone=zone, registered_at=datetime(2000, 1, 1, tzinfo=UTC))
    for step in steps:
        about = step.anchor in (Anchor.STARTS, Anchor.ENDS) and not step.paused
        if about and (step.channel, step.purpose) == (Channel.EMAIL, Purpose.SERVICE):
            verdict = judge(step, facts, hours)
            assert verdict.at is not None
            days.add(clock_shows(verdict.at, zone).date())
    return frozenset(days)
