"""Calendar entries: the invitation in a mail, its withdrawal, and the public download.

Every entry is one event in UTC, so that no client has to guess a zone. The title is the
discreet one, and the class is private: calendars are shared with families and employers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from campaigns.domain.tokens import Links
from campaigns.language import gettext, pgettext
from campaigns.rendering.headers import header_address
from campaigns.rendering.identity import domain_of
from campaigns.rendering.variables import Letter, Sender, one_line

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]

_FOLD_OCTETS: Final = 75
_ASKED: Final = "CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
"""With RSVP, because mail programs show their "add" button only to somebody who is asked."""
_SPECIAL: Final = re.compile(r"[\\;,]")


def calendar_uid(registration_id: int) -> str:
    """Name the entry of a registration; whoever switches keeps the name of the first one, so that it moves."""
    return f"reg-{registration_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: tuple[str, ...]
    """Its lines."""
    url: str
    """Empty in the public entry."""
    people: tuple[str, ...] = ()
    """Ready lines for the organizer and the one attendee."""
    cancelled: bool = False


def invitation(letter: Letter, sender: Sender, links: Links, method: Literal["REQUEST", "CANCEL"]) -> bytes:
    """Write the entry that goes with a letter: REQUEST puts it into a calendar or moves it, CANCEL takes it out.

    The same UID with a higher sequence replaces an entry, so the letter's sequence must rise with
    every change of date and with a cancellation. The recipient is the only attendee.
    """
    who = Attendee(
        uid=letter.calendar_uid,
        name=attendee_name(letter.first_name, letter.recipient),
        address=header_address(letter.recipient),
        join_url=links.join(letter.registration_id),
        manage_url=links.manage(letter.registration_id),
    )
    return b"".join(folded(line) for line in invitation_lines(letter, sender, who, method))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """What in an invitation belongs to one person, as it is to be written."""

    uid: str
    name: str
    """Made by `attendee_name`."""
    address: str
    join_url: str
    manage_url: str


def attendee_name(first_name: str, recipient: str) -> str:
    """Give the name an attendee goes by, fit for a parameter."""
    # Inside a parameter there is no escape for a double quote that all clients know.
    return one_line(first_name or recipient).replace('"', "'")


def invitation_lines(
    letter: Letter, sender: Sender, who: Attendee, method: Literal["REQUEST", "CANCEL"]
) -> tuple[str, ...]:
    """Give the lines of `invitation`, not yet folded; of the letter only what all its kind share is used."""
    cancelled = method == "CANCEL"
    change = (
        gettext("Change plans: %(link)s", link=who.manage_url)
        if cancelled
        else gettext("Change or cancel: %(link)s", link=who.manage_url)
    )
    organizer = f'ORGANIZER;CN="{attendee_name(sender.clinic_name, "")}":mailto:{header_address(sender.mail_from)}'
    entry = _Entry(
        uid=_global(who.uid, sender),
        sequence=letter.calendar_sequence,
        stamp=letter.now,
        starts_at=letter.starts_at,
        ends_at=letter.ends_at,
        summary=_summary(letter.class_title, sender),
        description=(change,) if cancelled else (gettext("Join: %(link)s", link=who.join_url), change),
        url=who.manage_url if cancelled else who.join_url,
        people=(organizer, f'ATTENDEE;CN="{who.name}";{_ASKED}:mailto:{who.address}'),
        cancelled=cancelled,
    )
    return _lines(entry, method, sender)


def publication(
    *,
    session_id: int,
    class_title: str,
    starts_at: datetime,
    ends_at: datetime,
    sequence: int,
    cancelled: bool,
    now: datetime,
    sender: Sender,
) -> bytes:
    """Write the entry anybody may download for a session: no attendee and no personal link.

    Nor does it hold the address of the registration page, which may name the topic.
    """
    entry = _Entry(
        uid=_global(f"sess-{session_id}", sender),
        sequence=sequence,
        stamp=now,
        starts_at=starts_at,
        ends_at=ends_at,
        summary=_summary(class_title, sender),
        description=(gettext("Your link to join is in the email you got when you signed up."),),
        url="",
        cancelled=cancelled,
    )
    return b"".join(folded(line) for line in _lines(entry, "PUBLISH", sender))


def _lines(entry: _Entry, method: Method, sender: Sender) -> tuple[str, ...]:
    alarm = (
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:" + _text(gettext("Starts in 15 minutes")),
        "TRIGGER:-PT15M",
        "END:VALARM",
    )
    return (
        "BEGIN:VCALENDAR",
        f"PRODID:-//{_text(sender.clinic_name)}//webinar//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"SEQUENCE:{entry.sequence}",
        f"DTSTAMP:{_moment(entry.stamp)}",
        f"DTSTART:{_moment(entry.starts_at)}",
        f"DTEND:{_moment(entry.ends_at)}",
        f"SUMMARY:{_text(entry.summary)}",
        "DESCRIPTION:" + "\\n".join(_text(line) for line in entry.description),
        "LOCATION:" + _text(entry.url or pgettext("place of the class", "Online")),
        *((f"URL:{entry.url}",) if entry.url else ()),
        *entry.people,
        f"STATUS:{'CANCELLED' if entry.cancelled else 'CONFIRMED'}",
        "TRANSP:OPAQUE",
        "CLASS:PRIVATE",
        *(() if entry.cancelled else alarm),
        "END:VEVENT",
        "END:VCALENDAR",
    )


def _global(uid: str, sender: Sender) -> str:
    """Make a UID that no other service in the world uses: ours end in the clinic's domain."""
    return uid if "@" in uid else f"{uid}@{domain_of(sender.mail_from)}"


def _summary(class_title: str, sender: Sender) -> str:
    return f"{class_title} - {sender.clinic_name}"


def _moment(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.year:04d}{utc.month:02d}{utc.day:02d}T{utc.hour:02d}{utc.minute:02d}{utc.second:02d}Z"


def _text(value: str) -> str:
    """Escape a text value (RFC 5545 §3.3.11)."""
    return _SPECIAL.sub(r"\\\g<0>", one_line(value))


def folded(line: str) -> bytes:
    """Fold at 75 octets and never inside a character (RFC 5545 §3.1)."""
    raw = line.encode()
    pieces = []
    room = _FOLD_OCTETS
    while len(raw) > room:
        cut = room
        while raw[cut] & 0xC0 == 0x80:  # noqa: PLR2004  # a continuation byte of UTF-8
            cut -= 1
        pieces.append(raw[:cut])
        raw, room = raw[cut:], _FOLD_OCTETS - 1
    return b"\r\n ".join([*pieces, raw]) + b"\r\n"
