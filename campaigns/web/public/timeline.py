"""The messages somebody got and will get, in words for that person.

What and when come from `operations/explain.py`; this room only says it, and adds the
class itself and the present moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from campaigns.domain.audience import Awaited
from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Anchor, Audience, Channel, LocalTime, Purpose, Step
from campaigns.domain.timing import Reason, Wait
from campaigns.operations.explain import Milestone
from campaigns.store.webinars import SessionRow
from campaigns.web.times import hour, short_day

Look = Literal["sent", "now", "coming", "class", "skipped"]

_LEFT: Final = (Status.SENT, Status.DELIVERED, Status.BOUNCED)
_ANOTHER: Final = "Not sent: another message said the same."
_REASONS: Final[dict[str | None, str]] = {
    Reason.REGISTERED_LATE: "Not sent: you signed up later.",
    Reason.MOVED_LATE: "Not sent: the class was moved later than that.",
    Reason.QUIET_HOURS: "Not sent: it would have come at night.",
    Reason.EXPIRED: "Not sent: it would have come too late to help.",
    Reason.SUPPRESSED: "Not sent: you stopped these messages.",
    Reason.HAD_BEFORE: "Not sent: you had it with an earlier class.",
    Reason.TOLD_ALREADY: _ANOTHER,
    Reason.TOO_SOON: _ANOTHER,
    Reason.NEARER_MESSAGE: _ANOTHER,
}
"""What is worth telling; other reasons mean that the step is not for this person at all."""

_WEEK: Final = timedelta(days=5)
_DAY: Final = timedelta(hours=20)
_DOORS: Final = timedelta(minutes=30)
_SOON: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Entry:
    """One stop on the line."""

    look: Look
    at: str
    what: str
    why: str = ""


def ahead(milestones: Sequence[Milestone], session: SessionRow, zone: str, now: datetime) -> list[Entry]:
    """Say everything that will come to somebody who has just signed up: nothing else is sent."""
    dated = [
        (one.at, Entry("now" if one.at <= now + _SOON else "coming", _when(one.at, zone, now), *_words(one.step)))
        for one in milestones
        if one.coming and one.at is not None
    ]
    return _in_order([*dated, _class(session, zone)]) + _waiting(milestones)


def whole(milestones: Sequence[Milestone], session: SessionRow, zone: str, now: datetime) -> list[Entry]:
    """Say what was sent, what was not and why, and what is to come."""
    dated = [(one.at, _told(one, zone)) for one in milestones if one.at is not None and _worth_telling(one)]
    skipped = [
        Entry("skipped", "Not sent", _words(one.step)[0], _REASONS[one.reason])
        for one in milestones
        if one.at is None and one.recorded is None and one.reason in (Reason.REGISTERED_LATE, Reason.MOVED_LATE)
    ]
    stops = [*dated]
    if session.cancelled_at is None:
        stops.append(_class(session, zone))
        if any(one.coming for one in milestones) or now < session.starts_at:
            stops.append((now, Entry("now", "Now", "Today")))
    return skipped + _in_order(stops) + _waiting(milestones)


def _class(session: SessionRow, zone: str) -> tuple[datetime, Entry]:
    return session.starts_at, Entry("class", _moment(session.starts_at, zone), "The class")


def _in_order(stops: Iterable[tuple[datetime, Entry]]) -> list[Entry]:
    return [entry for _, entry in sorted(stops, key=lambda stop: stop[0])]


def _worth_telling(one: Milestone) -> bool:
    return one.coming or (one.recorded is not None and (one.recorded.status in _LEFT or one.reason in _REASONS))


def _told(one: Milestone, zone: str) -> Entry:
    assert one.at is not None
    what, why = _words(one.step)
    if one.coming:
        return Entry("coming", _moment(one.at, zone), what, why)
    if one.recorded is not None and one.recorded.status in _LEFT:
        returned = "It came back: your mailbox did not take it." if one.recorded.status is Status.BOUNCED else ""
        return Entry("sent", f"Sent {_moment(one.at, zone)}", what, returned)
    return Entry("skipped", _moment(one.at, zone), what, _REASONS[one.reason])


def _waiting(milestones: Sequence[Milestone]) -> list[Entry]:
    """Say what hangs on whether somebody comes: one stop for the recording, one for the questions."""
    waiting = [
        one.step
        for one in milestones
        if one.recorded is None and one.barred is None and one.answer == Wait(Awaited.ATTENDANCE)
    ]
    entries = []
    if any(step.audience in (Audience.ATTENDED, Audience.MISSED) for step in waiting):
        entries.append(Entry("coming", "After the class", "The recording, by email", "Whether you came or not."))
    if any(step.audience is Audience.CAME for step in waiting):
        entries.append(Entry("coming", "A few days later", "Two short questions, by email", "Only if you came."))
    return entries


def _words(step: Step) -> tuple[str, str]:
    by = "by email" if step.channel is Channel.EMAIL else "by text"
    if step.purpose is Purpose.EDUCATION:
        return f"A short read, {by}", ""
    if step.purpose is Purpose.MARKETING:
        return f"News from the clinic, {by}", ""
    if step.anchor is Anchor.STARTS:
        return _reminder(step, by)
    return _notice(step, by)


def _notice(step: Step, by: str) -> tuple[str, str]:
    if step.audience is Audience.WITHDRAWN:
        return f"Your receipt for cancelling, {by}", ""
    if step.anchor is Anchor.REGISTERED and step.channel is Channel.SMS:
        return f"Your receipt, {by}", "It says how to stop the texts."
    if step.audience is Audience.CAME:
        return f"Two short questions, {by}", ""
    if step.anchor is Anchor.REGISTERED:
        return f"Your confirmation, {by}", "With your own link to join. Not there in five minutes? Look in spam."
    what = {Anchor.MOVED: "The new time", Anchor.CANCELLED: "The class is cancelled"}.get(step.anchor, "The recording")
    return f"{what}, {by}", ""


def _reminder(step: Step, by: str) -> tuple[str, str]:
    before = timedelta(days=-step.offset.days) if isinstance(step.offset, LocalTime) else -step.offset.delta
    if before >= _WEEK:
        return f"Some days to go, {by}", ""
    if before >= _DAY:
        return f"A reminder for tomorrow, {by}", "With a link to cancel."
    if before > _DOORS:
        return f"Your link again, {by}", ""
    return f"The doors open, {by}", ""


def _when(at: datetime, zone: str, now: datetime) -> str:
    return "Now" if at <= now + _SOON else _moment(at, zone)


def _moment(at: datetime, zone: str) -> str:
    return f"{short_day(at, zone)}, {hour(at, zone)}"
