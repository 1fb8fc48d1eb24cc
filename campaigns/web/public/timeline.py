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
from campaigns.errors import mark
from campaigns.language import gettext, pgettext
from campaigns.operations.explain import Milestone
from campaigns.store.people import Place
from campaigns.store.webinars import SessionRow
from campaigns.web.times import hour, short_day

Look = Literal["sent", "now", "coming", "class", "skipped"]

_LEFT: Final = (Status.SENT, Status.DELIVERED, Status.BOUNCED)
_ANOTHER: Final = mark("Not sent: another message said the same.")
_REASONS: Final[dict[str | None, str]] = {
    Reason.REGISTERED_LATE: mark("Not sent: you signed up later."),
    Reason.MOVED_LATE: mark("Not sent: the class was moved later than that."),
    Reason.QUIET_HOURS: mark("Not sent: it would have come at night."),
    Reason.EXPIRED: mark("Not sent: it would have come too late to help."),
    Reason.SUPPRESSED: mark("Not sent: you stopped these messages."),
    Reason.HAD_BEFORE: mark("Not sent: you had it with an earlier class."),
    Reason.TOLD_ALREADY: _ANOTHER,
    Reason.TOO_SOON: _ANOTHER,
    Reason.NEARER_MESSAGE: _ANOTHER,
    Reason.HOUSEHOLD: mark("Not sent: this number had it already."),
    Reason.TOO_MANY: mark("Not sent: this number had enough texts by then."),
    Reason.PUMPED: mark("Not sent: too many texts were asked for at once."),
    Reason.ON_HOLD: mark("Not sent: we had not read your reply yet."),
    Reason.DOMAIN_PAUSED: mark("Not sent: your mail provider turned us away."),
    Reason.UNAPPROVED: mark("Not sent: it was not ready in time."),
}
"""What is worth telling; other reasons mean that the step is not for this person at all."""

_MOVED: Final = mark("The new time")
_CANCELLED: Final = mark("The class is cancelled")
_RECORDING: Final = mark("The recording")
_QUESTIONS: Final = mark("Two short questions")
_OFFERED: Final = mark("The offer of it")
_TO_WAITING: Final = {
    Anchor.REGISTERED: mark("You are on the waiting list"),
    Anchor.OFFERED: mark("A place is offered to you"),
    Anchor.MOVED: _MOVED,
}
_NEWS: Final = {
    Anchor.MOVED: _MOVED,
    Anchor.CANCELLED: _CANCELLED,
    Anchor.ANSWERED: mark("The doctor’s answer"),
}
"""Messages by what they hang on; any other to somebody who waits is of a cancelled class, else it is the recording."""

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
            stops.append((one.at, Entry(look, _now() if soon else _moment(one.at, zone), *_words(one.step))))
    if any(one.answer == Wait(Awaited.PLACE) for one in milestones):  # nobody else waits for one
        return [*_in_order(stops), *_offer(milestones)]
    return _in_order([*stops, _class(session, zone), *_waiting(milestones, session)])


def whole(milestones: Sequence[Milestone], place: Place, now: datetime) -> list[Entry]:
    """Say what was sent, what was not and why, and what is to come."""
    session, zone = place.session, place.zone
    milestones = [one for one in milestones if not _passed_by(one, now)]
    stops = [(one.at, _told(one, zone, now)) for one in milestones if one.at is not None and _worth_telling(one, place)]
    never = [
        Entry(
            "skipped",
            pgettext("message", "Left out"),
            _words(one.step)[0],
            gettext("You signed up too shortly before it, or after."),
        )
        for one in milestones
        if one.at is None and one.reason == Reason.REGISTERED_LATE and one.step.anchor is Anchor.STARTS
    ]
    if place.withdrawn_at is not None or session.cancelled_at is not None:
        return never + _in_order(stops)
    here = (now, Entry("now", _now(), pgettext("in time", "You are here")))
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
    return [
        Entry(
            "coming",
            gettext("If a place comes free"),
            _by(Channel.EMAIL, _OFFERED),
            gettext("Kept for you for four hours."),
        )
    ]


def _class(session: SessionRow, zone: str) -> Stop:
    return session.starts_at, Entry("class", _moment(session.starts_at, zone), gettext("The class"))


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
        moment = pgettext("message", "On its way") if one.at <= now else _moment(one.at, zone)
        return Entry("coming", moment, what, why)
    if one.recorded is not None and one.recorded.status in _LEFT:
        bounced = one.recorded.status is Status.BOUNCED
        returned = gettext("It came back: your mailbox did not take it.") if bounced else ""
        return Entry("sent", gettext("Sent %(moment)s", moment=_moment(one.at, zone)), what, returned)
    return Entry("skipped", _moment(one.at, zone), what, gettext(_REASONS[one.reason]))


def _waiting(milestones: Sequence[Milestone], session: SessionRow) -> list[Stop]:
    """Say what hangs on whether somebody comes: one stop for the recording, one for the questions."""
    awaited = {
        _name(one.step)[0]
        for one in milestones
        if one.recorded is None and one.barred is None and one.answer == Wait(Awaited.ATTENDANCE)
    }
    stops = []
    if _RECORDING in awaited:
        recording = _by(Channel.EMAIL, _RECORDING)
        entry = Entry("coming", gettext("After the class"), recording, gettext("Whether you come or not."))
        stops.append((session.ends_at, entry))
    if _QUESTIONS in awaited:
        questions = _by(Channel.EMAIL, _QUESTIONS)
        entry = Entry("coming", gettext("A few days later"), questions, gettext("Only if you come."))
        stops.append((session.ends_at + _SURVEY, entry))
    return stops


def _words(step: Step) -> tuple[str, str]:
    """Say what a message is and by which way it comes, and what is good to know about it."""
    name, why = _name(step)
    return _by(step.channel, name), gettext(why) if why else ""


def _by(channel: Channel, name: str) -> str:
    what = gettext(name)
    if channel is Channel.EMAIL:
        return gettext("%(what)s, by email", what=what)
    return gettext("%(what)s, by text", what=what)


def _name(step: Step) -> tuple[str, str]:
    if step.purpose is Purpose.EDUCATION:
        return mark("A short read"), ""
    if step.purpose is Purpose.MARKETING:
        return mark("News from the clinic"), ""
    if step.anchor is Anchor.STARTS:
        return _reminder(step)
    return _notice(step)


def _notice(step: Step) -> tuple[str, str]:
    if step.audience is Audience.WAITING:
        return _TO_WAITING.get(step.anchor, _CANCELLED), ""
    if step.audience is Audience.WITHDRAWN:
        return mark("Your receipt for cancelling"), ""
    if step.audience is Audience.UNPROVEN:
        return mark("The code for your text reminders"), mark("Enter it on your page.")
    if step.anchor in (Anchor.REGISTERED, Anchor.AGREED) and step.channel is Channel.SMS:
        return mark("Your receipt"), mark("It says how to stop the texts.")
    if step.audience is Audience.CAME and step.replay_grace is None:
        return _QUESTIONS, ""
    if step.anchor is Anchor.REGISTERED:
        why = mark("With your own link to join. Not there in five minutes? Look in spam.")
        return mark("Your confirmation"), why
    return _NEWS.get(step.anchor, _RECORDING), ""


def _reminder(step: Step) -> tuple[str, str]:
    before = timedelta(days=-step.offset.days) if isinstance(step.offset, LocalTime) else -step.offset.delta
    if before >= _WEEK:
        return mark("Some days to go"), ""
    if before >= _DAY:
        return mark("A reminder for tomorrow"), mark("With a link to cancel.")
    if before > _DOORS:
        return mark("Your link again"), ""
    return mark("The doors open"), ""


def _now() -> str:
    return pgettext("moment", "Now")


def _moment(at: datetime, zone: str) -> str:
    return pgettext("moment", "%(day)s, %(hour)s", day=short_day(at, zone), hour=hour(at, zone))
