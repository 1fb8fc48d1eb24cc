"""Instants, distances, states and reasons in the words of the staff pages.

Times are shown on a 24-hour clock, in a zone that is named. Nothing here asks a
clock: `now` is an argument.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.domain.steps import Anchor, Audience, Channel, LocalTime, Purpose, Step

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400

REASONS: Final = {
    "registered_late": "registered too late for it",
    "moved_late": "the move came too late for it",
    "step_newer": "the step is newer than its time",
    "expired": "useless by then",
    "quiet_hours": "quiet hours",
    "too_near": "the session was too near",
    "not_near": "the session was not near enough",
    "other_audience": "not for this person",
    "confirmations_off": "imported without confirmations",
    "paused": "the step is paused",
    "withdrawn": "gave their place back",
    "erased": "erased their data",
    "session_cancelled": "the session is cancelled",
    "superseded": "replaced by a new date",
    "no_consent": "no consent",
    "no_number": "no number to write to",
    "suppressed": "the address is suppressed",
    "had_before": "got this lesson through another registration",
    "told_already": "got the same reminder shortly before",
    "too_soon": "another message had just gone",
    "nearer_message": "a nearer message won",
    "household": "somebody else with this number has had the same text",
    "too_many": "the number has had as many texts as it may",
    "pumped": "it looks like one of a robot's sign-ups",
    "on_hold": "what they wrote waits to be read",
    "domain_paused": "their mail domain turns us away",
    "unapproved": "no approval of these words is in force",
    "attendance": "attendance",
    "move": "a move",
    "cancellation": "a cancellation",
    "withdrawal": "the place given back",
    "place": "a place",
    "offer": "an offer",
    "asking": "a code asked for",
}
"""Bare codes of the ledger in plain words; a code that is not here is shown with its underscores opened."""

_SAID_AFTER: Final = ("left", "lost")
"""Codes that are followed by everything there is to say."""

STATES: Final = {
    "planned": "known when; nothing handed over",
    "queued": "claimed, waits for a lane",
    "sending": "with a lane now",
    "sent": "the provider took it",
    "delivered": "the receipt says that it arrived",
    "skipped": "never left",
    "failed": "refused for good",
    "bounced": "came back after it was taken",
    "unknown": "we cannot tell whether it went",
}

PURPOSES: Final = {
    Purpose.SERVICE: "messages about the class",
    Purpose.EDUCATION: "short reads",
    Purpose.MARKETING: "news and offers",
}

SUPPRESSED: Final = {
    "unsubscribed": "said stop",
    "bounced": "messages came back",
    "complained": "called a message spam",
    "invalid": "cannot be reached",
    "staff": "stopped by staff",
}
"""Why an address is not written to."""

_PROVIDERS: Final = {
    "smtp": "SMTP",
    "twilio": "Twilio",
    "folder": "the outbox",
    "ses": "Amazon SES",
    "sendgrid": "SendGrid",
    "postmark": "Postmark",
    "mailgun": "Mailgun",
    "webhook": "a signed webhook",
    "mail": "a mail server",
}

_AUDIENCES: Final = {
    Audience.EVERYONE: "everyone",
    Audience.ATTENDED: "attended",
    Audience.CAME: "came, also in part",
    Audience.MISSED: "missed",
    Audience.WITHOUT_TEXTS: "who gets no texts",
    Audience.WITHDRAWN: "gave their place back",
    Audience.READDRESSED: "changed their email address",
    Audience.WAITING: "on the waiting list",
    Audience.UNPROVEN: "have to prove their number",
}

_THOSE: Final = {
    Audience.EVERYONE: "everyone with a place",
    Audience.ATTENDED: "those who attended",
    Audience.CAME: "those who came, also in part",
    Audience.MISSED: "those who missed it",
    Audience.WITHOUT_TEXTS: "those who get no texts",
    Audience.WITHDRAWN: "those who gave their place back",
    Audience.READDRESSED: "those who changed their email address",
    Audience.WAITING: "those on the waiting list",
    Audience.UNPROVEN: "those who have to prove their number",
}

_ANCHORS: Final = {
    Anchor.REGISTERED: "counted from registering",
    Anchor.STARTS: "counted from the start",
    Anchor.ENDS: "counted from the end",
    Anchor.MOVED: "when the session was moved",
    Anchor.CANCELLED: "when it was cancelled",
    Anchor.ANSWERED: "when the doctor's answer is published",
    Anchor.OFFERED: "when a place is offered to them",
    Anchor.ASKED: "when they tick texts and have to prove their number",
    Anchor.AGREED: "counted from their yes to texts",
}


def reason(code: str | None) -> str:
    """Say why a delivery did not leave; codes of ours in plain words, a provider's words as they are."""
    if not code:
        return ""
    head, _, rest = code.partition(":")
    if head in REASONS:
        return f"{REASONS[head]} ({rest.strip()})" if rest.strip() else REASONS[head]
    if rest and (head in _SAID_AFTER or re.fullmatch(r"[a-z]+(_[a-z]+)+", head)):
        return rest.strip()
    return code.replace("_", " ") if re.fullmatch(r"[a-z_]+", code) else code


def provider(name: str) -> str:
    """Name a provider as its customers do."""
    return _PROVIDERS.get(name, name)


def clock(now: datetime, zone: str) -> str:
    """Give the clock of the top bar: `09:12 CDT, Wed 11 Mar`."""
    local = now.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M} {local:%Z}, {local:%a} {local.day} {local:%b}"


def day(at: datetime, zone: str) -> str:
    """Give the day in full: `Wednesday 11 March`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B}"


def date(at: datetime, zone: str, now: datetime) -> str:
    """Give the day as briefly as it is clear: `today`, `Wed 11 Mar`, `Wed 11 Mar 2027`."""
    local, here = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    away = (local.date() - here.date()).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(away)
    if near:
        return near
    year = "" if local.year == here.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}"


def full_date(at: datetime, zone: str) -> str:
    """Give the day with its year: `Thursday 19 March 2026`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B} {local.year}"


def hour(at: datetime, zone: str, *, seconds: bool = False) -> str:
    """Give the time of day: `18:00`, or `18:00:02`."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"


def letters(at: datetime, zone: str) -> str:
    """Give the zone's letters at that instant: `CDT`."""
    return f"{at.astimezone(ZoneInfo(zone)):%Z}"


def when(at: datetime, zone: str, now: datetime) -> str:
    """Give day and time: `today 17:00`, `Tue 10 Mar 18:00`."""
    return f"{date(at, zone, now)} {hour(at, zone)}"


def span(duration: timedelta) -> str:
    """Give a length in its two greatest units: `8 h 48 min`, `14 days`, `40 s`."""
    seconds = int(abs(duration.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        hours, rest = divmod(seconds, _HOUR)
        return f"{hours} h {rest // _MINUTE} min" if rest >= _MINUTE else f"{hours} h"
    return f"{seconds // _DAY} days"


def distance(at: datetime, now: datetime) -> str:
    """Say how far away an instant is: `in 8 h 48 min`, `2 days ago`."""
    return f"in {span(at - now)}" if at >= now else f"{span(now - at)} ago"


def offset(step: Step) -> str:
    """Give a step's offset from its anchor: `−24 h`, `+1 day`, `at once`, `end +2 h`, `on the day`."""
    if isinstance(step.offset, LocalTime):
        days = step.offset.days
        text = f"{_signed(days)} {'day' if abs(days) == 1 else 'days'}" if days else "same day"
        return text if days or step.anchor is Anchor.REGISTERED else "on the day"
    seconds = int(step.offset.delta.total_seconds())
    if not seconds:
        return {Anchor.STARTS: "at the start", Anchor.ENDS: "at the end"}.get(step.anchor, "at once")
    return f"end {_elapsed(seconds)}" if step.anchor is Anchor.ENDS else _elapsed(seconds)


def rule(step: Step) -> str:
    """Say why a step is due when it is: `−24 h, counted from the start`, `+1 day at 10:00 theirs, counted from …`."""
    at = f" at {step.offset.at:%H:%M} theirs" if isinstance(step.offset, LocalTime) else ""
    own = {Audience.WITHDRAWN: "when they gave the place back", Audience.READDRESSED: "when the place changed address"}
    return f"{offset(step)}{at}, {own.get(step.audience) or _ANCHORS[step.anchor]}"


def audience(step: Step) -> str:
    """Say whom a step is for, and why: `everyone · service`, `missed, text consent · service`."""
    consent = f"{step.purpose} consent" if step.purpose is not Purpose.SERVICE else ""
    consent = "text consent" if step.channel is Channel.SMS and step.needs_consent else consent
    who = "" if consent and step.audience is Audience.EVERYONE else _AUDIENCES[step.audience]
    return f"{', '.join(part for part in (who, consent) if part)} · {step.purpose}"


def people(step: Step) -> str:
    """Name those whom a step is for, inside a sentence: `everyone`, `those who missed it`."""
    return _THOSE[step.audience]


def _elapsed(seconds: int) -> str:
    size = abs(seconds)
    if size % _DAY == 0 and size > _DAY:
        return f"{_signed(seconds // _DAY)} days"
    if size % _HOUR == 0 and size > _HOUR:
        return f"{_signed(seconds // _HOUR)} h"
    return f"{_signed(seconds // _MINUTE)} min"


def _signed(number: int) -> str:
    return f"+{number}" if number > 0 else f"−{-number}"
