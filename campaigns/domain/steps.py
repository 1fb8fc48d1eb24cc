"""What staff can say: a step of a campaign, in the words of the glossary.

Everything here is a value. When a step is due is decided in `timing.py`, whom it
speaks to in `audience.py`; this room never looks at a clock or a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum, StrEnum


class Channel(StrEnum):
    """The way a message travels."""

    EMAIL = "email"
    SMS = "sms"


class Purpose(StrEnum):
    """Why we may write. Consent, suppression and quiet hours look at (person, channel, purpose)."""

    SERVICE = "service"
    """About the session they asked for."""
    EDUCATION = "education"
    """Asked for at sign-up, with a box of its own."""
    MARKETING = "marketing"
    """Its own written consent."""


class Priority(IntEnum):
    """Which queue a delivery takes; urgent overtakes bulk."""

    URGENT = 0
    BULK = 1


class Anchor(StrEnum):
    """When a step counts from."""

    REGISTERED = "registered"
    STARTS = "starts"
    ENDS = "ends"
    MOVED = "moved"
    CANCELLED = "cancelled"
    """The session's cancellation; for the audience `withdrawn`, the person's own."""
    ANSWERED = "answered"
    """The publication of the doctor's answer to what this person asked."""
    OFFERED = "offered"
    """The moment at which somebody on the waiting list is offered a place."""
    ASKED = "asked"
    """The moment at which somebody ticked texts, and was asked for a code to show that the number is theirs."""
    AGREED = "agreed"
    """The moment at which somebody agreed to texts last; registering, where they had agreed before."""


class Audience(StrEnum):
    """Whom a step speaks to.

    All but `withdrawn`, `readdressed`, `waiting` and `unproven` mean people who hold a place now.
    """

    EVERYONE = "everyone"
    ATTENDED = "attended"
    CAME = "came"
    """Attended, or left early."""
    MISSED = "missed"
    WITHOUT_TEXTS = "without_texts"
    """Everyone who gets no text reminders: no consent, no number, or a number that is suppressed."""
    WITHDRAWN = "withdrawn"
    """People who cancelled their own place."""
    WAITING = "waiting"
    """People on the waiting list, with an offer or without."""
    READDRESSED = "readdressed"
    """People at an email address that their place has gone from, over to another one."""
    UNPROVEN = "unproven"
    """People who ticked texts and have not shown yet that the number is theirs, with a place or waiting for one."""


class Standing(StrEnum):
    """What a registration has: a place, or a hope for one."""

    HELD = "held"
    WAITING = "waiting"
    OFFERED = "offered"
    """A place is kept for them until the offer ends."""


class Attendance(StrEnum):
    """What is known about someone's presence. A click is not attendance."""

    UNKNOWN = "unknown"
    ATTENDED = "attended"
    LEFT_EARLY = "left_early"
    MISSED = "missed"


class Late(StrEnum):
    """What to do with a step that was due before we could know about it."""

    SKIP = "skip"
    SEND_NOW = "send_now"


class Quiet(StrEnum):
    """How a step behaves towards quiet hours in the registrant's own time zone."""

    IGNORE = "ignore"
    """They do not apply: the default of email."""
    SHIFT = "shift"
    """Leave them by going earlier while the anchor lies ahead, later once it lies behind."""
    SESSION_AWAKE = "session_awake"
    """They do not apply if the session itself starts in waking hours; otherwise never send."""


@dataclass(frozen=True, slots=True)
class Relative:
    """An offset in elapsed time from the anchor; negative lies before it."""

    delta: timedelta


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A wall-clock time in the registrant's zone, `days` calendar days from the anchor's local date.

    A time that daylight saving skips resolves forward; one that occurs twice means the first.
    """

    days: int
    at: time


Offset = Relative | LocalTime


@dataclass(frozen=True, slots=True)
class Expiry:
    """From `delta` after this anchor on, a message is useless and must not leave."""

    anchor: Anchor
    delta: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One message rule of a campaign."""

    id: int
    key: str
    """Short name that never changes, such as `B4`; unique in its campaign."""
    name: str
    anchor: Anchor
    offset: Offset
    channel: Channel
    audience: Audience
    purpose: Purpose
    priority: Priority
    template: str
    """Name of a folder in `templates/messages/`."""
    expires: Expiry
    late: Late = Late.SKIP
    quiet: Quiet = Quiet.IGNORE
    quiet_grace: timedelta = timedelta(0)
    """Quiet hours are ignored until this long after the anchor: the person has just acted."""
    quiet_exempt_before_start: timedelta = timedelta(0)
    """Quiet hours are ignored if the session's start (old or new) is nearer than this."""
    lead: timedelta = timedelta(0)
    """The person must have registered at least this long before the step is due."""
    runway: timedelta = timedelta(0)
    """At the due time the session must still be at least this far ahead; zero means no rule."""
    near: timedelta | None = None
    """Only if the session's start (old or new) lies within this of the anchor."""
    min_gap: timedelta = timedelta(0)
    """Least time since the last message to this person on this channel; zero means exempt."""
    needs_attendance: bool = False
    """Waits until the session's attendance list is final."""
    replay_grace: timedelta | None = None
    """Waits for the replay until this long after the session's end, then goes without it."""
    active_from: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    """Never sent for a due time before this: a new step does not write to people already past it."""
    paused: bool = False

    @property
    def dated(self) -> bool:
        """Whether the due time hangs on the session's date, so that the message belongs to one revision of it."""
        undated = (Anchor.REGISTERED, Anchor.ANSWERED, Anchor.OFFERED)
        return self.anchor not in undated and not self.by_round and not self.parting

    @property
    def by_round(self) -> bool:
        """Whether it follows each asking for texts and each yes to them anew, so that the message belongs to one."""
        return self.anchor in (Anchor.ASKED, Anchor.AGREED)

    @property
    def needs_consent(self) -> bool:
        """Whether somebody must have agreed to it. The text that asks whose a number is comes before that."""
        asks = self.audience is Audience.UNPROVEN and self.purpose is Purpose.SERVICE
        return (self.channel is Channel.SMS and not asks) or self.purpose is not Purpose.SERVICE

    @property
    def parting(self) -> bool:
        """Whether it speaks to somebody whose place is gone by an act of their own, which is then its anchor."""
        return self.audience in (Audience.WITHDRAWN, Audience.READDRESSED)


def sends_codes(steps: Iterable[Step]) -> bool:
    """Say whether a campaign texts a code to whoever ticks texts; a step that is paused sends none."""
    return any(one.anchor is Anchor.ASKED and one.channel is Channel.SMS and not one.paused for one in steps)
