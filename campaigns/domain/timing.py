"""When is a step due? Due, Wait or Never; the heart of the planner, and pure.

The preview, the rehearsal, the planner, the staff page and the last look before a
hand-off all ask here; there is no second implementation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.domain.audience import Awaited, Facts, SessionFacts, speaks
from campaigns.domain.local import instant_of
from campaigns.domain.quiet import SendingHours, last_moment, next_opening
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import Anchor, Channel, Expiry, Late, LocalTime, Purpose, Quiet, Relative, Step


@dataclass(frozen=True, slots=True)
class Due:
    """To be sent from `at` on and before `expires`."""

    at: datetime
    expires: datetime
    registered_before: datetime
    """Holds for people who registered before this instant."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something has still to happen."""

    awaits: Awaited


@dataclass(frozen=True, slots=True)
class Never:
    """Will not be sent, and why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Hold:
    """May leave, but not before this instant."""

    until: datetime
    why: Reason | None = None
    """None: quiet hours."""


Answer = Due | Wait | Never

_SPREAD: Final = 7
"""An education step moves on by at most this many days to find a day of its own."""


def due(step: Step, facts: Facts, hours: SendingHours, busy: frozenset[date] = frozenset()) -> Answer:
    """Say when a step is due for someone about whom `facts` are true.

    The answer is a value and the same question always gets the same answer; the
    clock is not consulted. `Wait` means that something has still to happen, such
    as the attendance list; `Never` carries the reason the staff page will show.
    `busy` are the person's local dates that belong to service emails (`busy_days`).

    Quiet hours are left by going earlier while the anchor lies ahead, and by
    going later once it lies behind: a reminder after the start helps nobody.
    """
    if facts.withdrawn_at is not None and not step.parting:
        return Never(Reason.WITHDRAWN)
    if not facts.confirm and _confirms_registering(step, facts):
        return Never(Reason.CONFIRMATIONS_OFF)
    anchor = facts.withdrawn_at if step.parting else _own(step, facts)
    answer = due_for_class(step, facts.session, facts.zone, hours, busy, own_anchor=anchor)
    if not isinstance(answer, Due):
        return answer
    heard = speaks(step.audience, facts)
    if isinstance(heard, Awaited):
        return Wait(heard)
    if heard and anchor is None and facts.registered_at >= answer.registered_before:
        return _late(step, facts, answer, hours)
    return answer if heard else Never(Reason.OTHER_AUDIENCE)


def due_for_class(
    step: Step,
    session: SessionFacts,
    zone: ZoneInfo,
    hours: SendingHours,
    busy: frozenset[date] = frozenset(),
    *,
    own_anchor: datetime | None = None,
) -> Answer:
    """Say when a step is due for everybody in `zone`, but for the audience.

    Steps that count from the person's own act (`registered`, `agreed`, or their withdrawal), or from an
    answer to them, need that instant as `own_anchor`; of a `LocalTime` offset only its local date matters,
    so that people who registered on one local day are a class too. A `Due` holds for
    those who registered before `registered_before`.
    """
    if step.paused:
        return Never(Reason.PAUSED)
    if session.cancelled_at is not None and step.anchor not in (Anchor.CANCELLED, Anchor.ANSWERED):
        return Never(Reason.SESSION_CANCELLED)
    anchor = own_anchor or _anchor(step, session)
    if isinstance(anchor, Awaited):
        return Wait(anchor)
    if step.needs_attendance and not session.attendance_final:
        return Wait(Awaited.ATTENDANCE)
    if step.near is not None and _distance(session, anchor) >= step.near:
        return Never(Reason.NOT_NEAR)
    return _judge(step, _Scene(session, zone, hours), anchor, busy, personal=own_anchor is not None)


def busy_days(steps: Iterable[Step], session: SessionFacts, zone: ZoneInfo, hours: SendingHours) -> frozenset[date]:
    """Give the local dates on which service emails around the session fall, for anyone in `zone`.

    An education email that would land on one of them moves to the next free day at the same local time.
    """
    days = set()
    for step in steps:
        about = step.channel is Channel.EMAIL and step.purpose is Purpose.SERVICE
        if about and step.anchor in (Anchor.STARTS, Anchor.ENDS) and not step.paused:
            scene, anchor = _Scene(session, zone, hours), _required(step, session)
            at = _quiet(step, scene, anchor, _offset(step, scene, anchor, frozenset()))
            days |= {at.astimezone(zone).date()} if at is not None else set()
    return frozenset(days)


def leave_now(step: Step, facts: Facts, hours: SendingHours, now: datetime) -> Hold | None:
    """Ask quiet hours once more at the moment of the hand-off: None to go, or the instant to hold until.

    A message that was due in good time may be late by now; what the person has just
    acted upon, or what tells of a change within hours, still goes.
    """
    if step.quiet is not Quiet.SHIFT:
        return None
    kind = hours.of(step.channel, step.purpose)
    anchor = facts.withdrawn_at if step.parting else _own(step, facts)
    at_anchor = anchor or _anchor(step, facts.session)
    if kind is None or isinstance(at_anchor, Awaited) or _exempt(step, facts.session, at_anchor, now):
        return None
    opening = next_opening(kind, now, facts.zone)
    return None if opening == now else Hold(opening or expiry(step.expires, facts.session, at_anchor))


def expiry(rule: Expiry, session: SessionFacts, anchor: datetime) -> datetime:
    """Give the instant from which on a message is useless.

    `anchor` is the step's own anchor instant; it serves the anchors that are not the session's start or end.
    """
    base = {Anchor.STARTS: session.starts_at, Anchor.ENDS: session.ends_at}.get(rule.anchor, anchor)
    return base + rule.delta


def _own(step: Step, facts: Facts) -> datetime | None:
    """Give the anchor of a step that counts from something of this person's alone."""
    own = {
        Anchor.REGISTERED: facts.registered_at,
        Anchor.ANSWERED: facts.answered_at,
        Anchor.OFFERED: facts.offered_at,
        Anchor.ASKED: facts.asked_at,
        # Whoever takes a place that was offered registers anew: a yes from before then counts from that moment.
        Anchor.AGREED: max(facts.agreed_at or facts.registered_at, facts.registered_at),
    }
    return own.get(step.anchor)


def _confirms_registering(step: Step, facts: Facts) -> bool:
    """Say whether it goes out at the moment of registering, and because of it."""
    by_registering = step.anchor is Anchor.REGISTERED or (step.anchor is Anchor.AGREED and facts.agreed_at is None)
    return by_registering and step.offset == Relative(timedelta(0))


def _anchor(step: Step, session: SessionFacts) -> datetime | Awaited:
    if step.anchor is Anchor.MOVED:
        return session.moved_at or Awaited.MOVE
    if step.anchor is Anchor.ANSWERED:
        return Awaited.ANSWER
    if step.anchor is Anchor.OFFERED:
        return Awaited.OFFER
    if step.anchor is Anchor.ASKED:
        return Awaited.ASKING
    if step.anchor is Anchor.CANCELLED:
        if step.parting:
            return Awaited.WITHDRAWAL
        return session.cancelled_at or Awaited.CANCELLATION
    return _required(step, session)


def _required(step: Step, session: SessionFacts) -> datetime:
    return session.ends_at if step.anchor is Anchor.ENDS else session.starts_at


@dataclass(frozen=True, slots=True)
class _Scene:
    """What an instant is judged against."""

    session: SessionFacts
    zone: ZoneInfo
    hours: SendingHours


def _offset(step: Step, scene: _Scene, anchor: datetime, busy: frozenset[date]) -> datetime:
    if isinstance(step.offset, LocalTime):
        day = anchor.astimezone(scene.zone).date() + timedelta(days=step.offset.days)
        if step.purpose is not Purpose.SERVICE:
            day = next((d for d in (day + timedelta(days=n) for n in range(_SPREAD)) if d not in busy), day)
        return instant_of(day, step.offset.at, scene.zone)
    at = anchor + step.offset.delta
    if step.replay_grace is not None and not scene.session.has_replay:
        at = max(at, scene.session.ends_at + step.replay_grace)
    return at


def _quiet(step: Step, scene: _Scene, anchor: datetime, at: datetime) -> datetime | None:
    if step.quiet is Quiet.SESSION_AWAKE:
        return at if scene.hours.awake(scene.session.starts_at, scene.zone) else None
    kind = scene.hours.of(step.channel, step.purpose)
    if step.quiet is Quiet.IGNORE or kind is None or _exempt(step, scene.session, anchor, at):
        return at
    return last_moment(kind, at, scene.zone) if at < anchor else next_opening(kind, at, scene.zone)


def _exempt(step: Step, session: SessionFacts, anchor: datetime, at: datetime) -> bool:
    just_acted = bool(step.quiet_grace) and at - anchor <= step.quiet_grace
    return just_acted or _distance(session, at) < step.quiet_exempt_before_start


def _distance(session: SessionFacts, at: datetime) -> timedelta:
    """Give how far the session's start lies from `at`, the new or the old one, whichever is nearer."""
    starts = (session.starts_at, session.moved_from or session.starts_at)
    return min(abs(start - at) for start in starts)


def _judge(step: Step, scene: _Scene, anchor: datetime, busy: frozenset[date], *, personal: bool) -> Due | Never:
    session = scene.session
    wanted = _offset(step, scene, anchor, busy)
    at = _quiet(step, scene, anchor, wanted)
    if at is not None and at < step.active_from:
        return Never(Reason.STEP_NEWER)
    about_date = step.anchor in (Anchor.STARTS, Anchor.ENDS)
    before = at - step.lead if about_date and at is not None else anchor
    if about_date and at is not None and session.moved_at is not None and at <= session.moved_at:
        if step.late is Late.SKIP:
            return Never(Reason.MOVED_LATE)
        wanted = before = session.moved_at
        at = _from_now_on(step, scene, wanted)
    unfit = _unfit(step, session, wanted, at, expires := expiry(step.expires, session, anchor))
    if at is None or unfit is not None:
        return Never(unfit or Reason.QUIET_HOURS)
    return Due(at, expires, datetime.max.replace(tzinfo=at.tzinfo) if personal else before)


def _late(step: Step, facts: Facts, on_time: Due, hours: SendingHours) -> Due | Never:
    if step.late is Late.SKIP or step.anchor in (Anchor.MOVED, Anchor.CANCELLED):
        return Never(Reason.REGISTERED_LATE)
    wanted = max(on_time.at, facts.registered_at)
    at = _from_now_on(step, _Scene(facts.session, facts.zone, hours), wanted)
    unfit = _unfit(step, facts.session, wanted, at, on_time.expires)
    if at is None or unfit is not None:
        return Never(unfit or Reason.QUIET_HOURS)
    return Due(at, on_time.expires, on_time.registered_before)


def _from_now_on(step: Step, scene: _Scene, now: datetime) -> datetime | None:
    """Leave quiet hours forwards: what is sent late cannot go earlier, wherever its anchor lies."""
    return _quiet(step, scene, now, now)


def _unfit(
    step: Step, session: SessionFacts, wanted: datetime, at: datetime | None, expires: datetime
) -> Reason | None:
    """Say what is wrong with `at`, to which quiet hours moved the `wanted` instant; None if nothing is."""
    if wanted >= expires:
        return Reason.EXPIRED
    if at is None or at >= expires:
        return Reason.QUIET_HOURS
    too_near = bool(step.runway) and session.starts_at - at < step.runway
    return Reason.TOO_NEAR if too_near else None
