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
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import Anchor, Audience, Channel, LocalTime, Purpose, Standing, Step
from campaigns.domain.timing import Due, Wait
from campaigns.domain.waiting import takes_more
from campaigns.operations.explain import Milestone
from campaigns.store.people import Place
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
    Reason.HOUSEHOLD: "Not sent: this number had it already.",
    Reason.TOO_MANY: "Not sent: this number had enough texts by then.",
    Reason.PUMPED: "Not sent: too many texts were asked for at once.",
    Reason.ON_HOLD: "Not sent: we had not read your reply yet.",
    Reason.DOMAIN_PAUSED: "Not sent: your mail provider turned us away.",
    Reason.UNAPPROVED: "Not sent: it was not ready in time.",
}
"""What is worth telling; other reasons mean that the step is not for this person at all."""

_WEEK: Final = timedelta(days=5)
_DAY: Final = timedelta(hours=20)
_DOORS: Final = timedelta(minutes=30)
_SOON: Final = timedelta(minutes=2)
_SURVEY: Final = timedelta(days=2)
"""About when the questions come; their day hangs on the attendance list."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stop on the line."""

    look: Look
    at: str
    what: str
    why: str = ""


Stop = tuple[datetime, Entry]


def ahead(milestones: Sequence[Milestone], session: SessionRow, zone: str, now: datetime) -> list[Entry]:
    """Say everything that will come to somebody who has just signed up: nothing else is sent."""
    stops: list[Stop] = []
    for one in milestones:
        if one.coming and one.at is not None:
            soon = one.at <= now + _SOON
            look: Look = "now" if soon and not stops else "coming"
            stops.append((one.at, Entry(look, "Now" if soon else _moment(one.at, zone), *_words(one.step))))
    if any(one.answer == Wait(Awaited.PLACE) for one in milestones):  # nobody else waits for one
        return [*_in_order(stops), *_offer(milestones)]
    return _in_order([*stops, _class(session, zone), *_waiting(milestones, session)])


def whole(milestones: Sequence[Milestone], place: Place, now: datetime) -> list[Entry]:
    """Say what was sent, what was not and why, and what is to come."""
    session, zone = place.session, place.zone
    milestones = [one for one in milestones if not _passed_by(one, now)]
    stops = [(one.at, _told(one, zone, now)) for one in milestones if one.at is not None and _worth_telling(one, place)]
    never = [
        Entry("skipped", "Left out", _words(one.step)[0], "You signed up too shortly before it, or after.")
        for one in milestones
        if one.at is None and one.reason == Reason.REGISTERED_LATE and one.step.anchor is Anchor.STARTS
    ]
    if place.withdrawn_at is not None or session.cancelled_at is not None:
        return never + _in_order(stops)
    here = (now, Entry("now", "Now", "You are here"))
    if place.standing is Standing.WAITING and takes_more(now, session.starts_at):
        return [*never, *_in_order([*stops, here]), *_offer(milestones)]
    if place.standing is Standing.HELD:
        waiting = _waiting(milestones, session)
        stops += [_class(session, zone), *waiting]
        if waiting or any(one.coming for one in milestones):
            stops.append(here)
    return never + _in_order(stops)


def _offer(milestones: Sequence[Milestone]) -> list[Entry]:
    """Say what somebody on the waiting list waits for; nothing if the campaign has no such message."""
    if not any(one.answer == Wait(Awaited.OFFER) for one in milestones):
        return []
    return [Entry("coming", "If a place comes free", "The offer of it, by email", "Kept for you for four hours.")]


def _class(session: SessionRow, zone: str) -> Stop:
    return session.starts_at, Entry("class", _moment(session.starts_at, zone), "The class")


def _in_order(stops: Iterable[Stop]) -> list[Entry]:
    return [entry for _, entry in sorted(stops, key=lambda stop: stop[0])]


def _passed_by(one: Milestone, now: datetime) -> bool:
    """Say whether a message never got a row and is useless by now: nothing was sent, and nothing will be."""
    return one.recorded is None and isinstance(one.answer, Due) and one.answer.expires <= now


def _worth_telling(one: Milestone, place: Place) -> bool:
    if one.coming:
        # What is planned for a place that was given up, or a class that was cancelled, falls when it is claimed.
        if place.withdrawn_at is not None:
            return one.step.audience is Audience.WITHDRAWN
        return place.session.cancelled_at is None or one.step.anchor is Anchor.CANCELLED
    return one.recorded is not None and (one.recorded.status in _LEFT or one.reason in _REASONS)


def _told(one: Milestone, zone: str, now: datetime) -> Entry:
    assert one.at is not None
    what, why = _words(one.step)
    if one.coming:
        return Entry("coming", "On its way" if one.at <= now else _moment(one.at, zone), what, why)
    if one.recorded is not None and one.recorded.status in _LEFT:
        returned = "It came back: your mailbox did not take it." if one.recorded.status is Status.BOUNCED else ""
        return Entry("sent", f"Sent {_moment(one.at, zone)}", what, returned)
    return Entry("skipped", _moment(one.at, zone), what, _REASONS[one.reason])


def _waiting(milestones: Sequence[Milestone], session: SessionRow) -> list[Stop]:
    """Say what hangs on whether somebody comes: one stop for the recording, one for the questions."""
    audiences = {
        one.step.audience
        for one in milestones
        if one.recorded is None and one.barred is None and one.answer == Wait(Awaited.ATTENDANCE)
    }
    stops = []
    if audiences & {Audience.ATTENDED, Audience.MISSED}:
        recording = Entry("coming", "After the class", "The recording, by email", "Whether you come or not.")
        stops.append((session.ends_at, recording))
    if Audience.CAME in audiences:
        questions = Entry("coming", "A few days later", "Two short questions, by email", "Only if you come.")
        stops.append((session.ends_at + _SURVEY, questions))
    return stops


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
    if step.audience is Audience.WAITING:
        news = {
            Anchor.REGISTERED: "You are on the waiting list",
            Anchor.OFFERED: "A place is offered to you",
            Anchor.MOVED: "The new time",
        }
        return f"{news.get(step.anchor, 'The class is cancelled')}, {by}", ""
    if step.audience is Audience.WITHDRAWN:
        return f"Your receipt for cancelling, {by}", ""
    if step.anchor is Anchor.REGISTERED and step.channel is Channel.SMS:
        return f"Your receipt, {by}", "It says how to stop the texts."
    if step.audience is Audience.CAME:
        return f"Two short questions, {by}", ""
    if step.anchor is Anchor.REGISTERED:
        return f"Your confirmation, {by}", "With your own link to join. Not there in five minutes? Look in spam."
    what = {
        Anchor.MOVED: "The new time",
        Anchor.CANCELLED: "The class is cancelled",
        Anchor.ANSWERED: "The doctor’s answer",
    }.get(step.anchor, "The recording")
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


def _moment(at: datetime, zone: str) -> str:
    return f"{short_day(at, zone)}, {hour(at, zone)}"
