"""An email of one kind, rendered once: bytes with gaps where one person's values go.

Everybody who gets the same step of the same session in the same zone and minute gets the
same bytes but for a few values. The standard library's `email` package takes some seven
milliseconds for a message that is filled in here in a fraction of one; its parser is the
judge in the tests.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from markupsafe import escape

from campaigns.domain.messages import Email
from campaigns.errors import TemplateInvalid
from campaigns.rendering import headers, identity
from campaigns.rendering.calendar import Attendee, attendee_name, folded
from campaigns.rendering.encoding import piece
from campaigns.rendering.limits import SAID_SUBJECT
from campaigns.rendering.personal import ALL_MARKS, MARKS, OTHER_MARKS, Person, Source
from campaigns.rendering.variables import Sender

_MARK: Final = re.compile("([" + "".join(sorted(ALL_MARKS)) + "])")
_NAMES: Final = {mark: name for name, mark in MARKS.items()}
_WIDTH: Final = 76
"""Of a line of base64 (RFC 2045 §6.8)."""
UID, ADDRESS, ATTENDEE = OTHER_MARKS[:3]
MARKED: Final = Attendee(
    uid=UID, name=ATTENDEE, address=ADDRESS, join_url=MARKS["join_url"], manage_url=MARKS["manage_url"]
)
"""The attendee of an invitation that is yet to be filled in."""
Sign = Callable[[bytes, int], bytes]
"""Gives the DKIM-Signature header for a message, at a moment in seconds since 1970."""


@dataclass(slots=True)
class Parts:
    """Pieces of a skeleton in the making: bytes, and names of gaps."""

    pieces: list[bytes | str] = field(default_factory=list)

    def add(self, *more: bytes | str) -> None:
        """Add bytes as they are, or the name of a gap."""
        self.pieces.extend(more)

    def add_body(self, text: str, kind: str) -> None:
        """Add a body in quoted-printable, with a gap `kind:name` for every mark in it."""
        for part in _MARK.split(text):
            if part in _NAMES:
                self.add(f"{kind}:{_NAMES[part]}")
            elif part:
                self.add(piece(part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """One kind of email, ready to be filled in any number of times, by any number of threads."""

    name: str
    """Of the message."""
    statics: tuple[bytes, ...]
    """The bytes before, between and behind the gaps."""
    gaps: tuple[str, ...]
    needed: tuple[str, ...]
    """The gaps, each once."""
    subject: str
    """With marks."""
    calendar: tuple[bytes | tuple[str, ...], ...]
    """An invitation: folded lines, and lines cut at their marks, each mark a part of its own."""
    source: Source
    spoken_of: tuple[str, float, int]
    sender: Sender
    sign: Sign | None

    def fill(self, who: Person, now: datetime) -> Email:
        """Give the email for one person; `now` stands in its Date.

        Raises `AddressInvalid` for a recipient that no header can carry, `TemplateInvalid` for a
        subject that the person's values make too long.
        """
        recipient = headers.header_address(who.recipient)
        token = identity.send_token(who.delivery_id, self.sender)
        message_id = identity.message_id_of(who.delivery_id, self.spoken_of, self.sender)
        values = _Values(self, who)
        made = {
            "date": headers.date(now).encode(),
            "to": recipient.encode(),
            "message_id": message_id.encode(),
            "send_token": token.encode(),
        }
        for gap in self.needed:
            if gap not in made:
                made[gap] = _WRITERS[gap.partition(":")[0]](values, gap.partition(":")[2])
        raw = _woven(self.statics, [made[gap] for gap in self.gaps])
        if self.sign is not None:
            raw = self.sign(raw, int(now.timestamp())) + raw
        return Email(
            delivery_id=who.delivery_id,
            recipient=recipient,
            envelope_from=identity.return_path(token, self.sender),
            message_id=message_id,
            raw=raw,
            wire=True,
        )


def skeleton_of(parts: Parts) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """Join neighbouring bytes; give what stands around the gaps, and the gaps."""
    statics: list[bytes] = []
    gaps: list[str] = []
    waiting: list[bytes] = []
    for part in parts.pieces:
        if isinstance(part, bytes):
            waiting.append(part)
        else:
            statics.append(b"".join(waiting))
            waiting = []
            gaps.append(part)
    statics.append(b"".join(waiting))
    return tuple(statics), tuple(gaps)


def cut_calendar(lines: Sequence[str]) -> tuple[bytes | tuple[str, ...], ...]:
    """Fold the lines that are the same for everybody; cut the others at their marks."""
    cut: list[bytes | tuple[str, ...]] = []
    for line in lines:
        if _MARK.search(line):
            cut.append(tuple(_MARK.split(line)))
        elif cut and isinstance(cut[-1], bytes):
            cut[-1] = cut[-1] + folded(line)
        else:
            cut.append(folded(line))
    return tuple(cut)


class _Values:
    """A person's values, each worked out when it is first asked for."""

    def __init__(self, skeleton: Skeleton, who: Person) -> None:
        self.skeleton = skeleton
        self.who = who
        self._known: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self.skeleton.source.value(name, self.who)
        return known

    def html(self, name: str) -> bytes:
        return piece(str(escape(self[name])))

    def plain(self, name: str) -> bytes:
        return piece(self[name])

    def bare(self, name: str) -> bytes:
        return self[name].encode("ascii")

    def subject(self, _: str) -> bytes:
        words = "".join(self[_NAMES[part]] if part in _NAMES else part for part in _MARK.split(self.skeleton.subject))
        if len(words) > SAID_SUBJECT:
            raise TemplateInvalid(f"{self.skeleton.name}: the subject comes to more than {SAID_SUBJECT} characters")
        return headers.text_field("Subject", words).encode("ascii")

    def calendar(self, _: str) -> bytes:
        who = self.who
        known = {
            UID: who.calendar_uid,
            ATTENDEE: attendee_name(who.first_name, who.recipient),
            ADDRESS: headers.header_address(who.recipient),
            MARKS["join_url"]: self["join_url"],
            MARKS["manage_url"]: self["manage_url"],
        }
        lines = [
            one if isinstance(one, bytes) else folded("".join([known.get(part, part) for part in one]))
            for one in self.skeleton.calendar
        ]
        encoded = b2a_base64(b"".join(lines), newline=False)
        return b"".join([encoded[at : at + _WIDTH] + b"\r\n" for at in range(0, len(encoded), _WIDTH)])


_WRITERS: Final[Mapping[str, Callable[[_Values, str], bytes]]] = {
    "html": _Values.html,
    "plain": _Values.plain,
    "bare": _Values.bare,
    "subject": _Values.subject,
    "calendar": _Values.calendar,
}


def _woven(statics: tuple[bytes, ...], values: list[bytes]) -> bytes:
    woven = [b""] * (2 * len(values) + 1)
    woven[::2] = statics
    woven[1::2] = values
    return b"".join(woven)
