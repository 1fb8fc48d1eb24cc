"""Emails: subject, both bodies, headers and the calendar file, as the bytes that SMTP carries.

What is the same for everybody of a kind is worked out here once, by `cast`; the rest is
filled in by `skeleton.py`.
"""

from __future__ import annotations

import re
import time
from typing import Final

from campaigns.domain.messages import Email
from campaigns.domain.steps import Channel
from campaigns.domain.tokens import Links
from campaigns.language import ENGLISH, speaking
from campaigns.rendering import headers, identity
from campaigns.rendering.calendar import invitation_lines
from campaigns.rendering.environment import Compiled
from campaigns.rendering.limits import SAID_BODY, SAID_SUBJECT
from campaigns.rendering.personal import MARKS, Person, Source, marks_for
from campaigns.rendering.producing import Producer, Ticks
from campaigns.rendering.skeleton import MARKED, Parts, Sign, Skeleton, cut_calendar, skeleton_of
from campaigns.rendering.variables import Letter, Sender, Value, context, greetings, one_line

_BLANK_LINES: Final = re.compile(r"\n\s*\n+")
_SENDER_ID_MIN, _SENDER_ID_MAX = 5, 15
_NOT_ALPHANUMERIC: Final = re.compile(r"[^a-z0-9]")
_NOT_A_LABEL: Final = re.compile(r"[^A-Za-z0-9_-]")


def render_email(compiled: Compiled, letter: Letter, sender: Sender, links: Links, sign: Sign | None = None) -> Email:
    """Render one email, ready to hand off.

    Lines end in CRLF, are at most 76 characters long in the bodies, and none begins with a dot,
    so no transport has to change a byte. Message-ID, return path and boundaries depend on the
    delivery and its facts, not on the moment; see `identity.message_id`.

    Raises `AddressInvalid` for a recipient that no header can carry.
    """
    return cast(compiled, letter, sender, links, sign).fill(person_of(letter), letter.now)


def person_of(letter: Letter) -> Person:
    """Take out of a letter what belongs to one person."""
    return Person(
        letter.delivery_id,
        letter.registration_id,
        letter.recipient,
        letter.first_name,
        calendar_uid=letter.calendar_uid,
    )


def cast(
    compiled: Compiled,
    letter: Letter,
    sender: Sender,
    links: Links,
    sign: Sign | None = None,
    *,
    ticks: Ticks = time.monotonic,
) -> Skeleton:
    """Render everything of a letter but what belongs to one person.

    The skeleton fits every letter that differs from this one in `Person` alone, as long as both
    have a first name or neither has; if the template is not `shared`, it fits this letter only.
    The moment of the letter stands in what is rendered; another one within the minute says the same.

    Raises `TemplateInvalid` for what is too long, takes too long by `ticks`, or cannot be rendered at all.
    """
    with speaking(compiled.language):
        return _cast(compiled, letter, sender, links, sign, Producer.of(compiled.name, ticks))


def _cast(
    compiled: Compiled, letter: Letter, sender: Sender, links: Links, sign: Sign | None, producer: Producer
) -> Skeleton:
    values: dict[str, Value] = context(letter, sender, links, channel=Channel.EMAIL, sources=compiled.sources)
    if compiled.shared:
        values |= marks_for(values, letter)
    values["subject"] = subject = one_line(producer.say("subject", compiled.subject, values, SAID_SUBJECT))
    values["preheader"] = one_line(producer.say("preheader", compiled.preheader, values, SAID_SUBJECT))
    values |= {"purpose": letter.purpose.value, "demonstration": letter.demonstration}
    parts = _head(letter, sender, subject)
    text = producer.say("plain body", compiled.text, values, SAID_BODY)
    html = producer.say("HTML body", compiled.html, values, SAID_BODY)
    _add_bodies(parts, compiled, _BLANK_LINES.sub("\n\n", text).strip() + "\n", html)
    statics, gaps = skeleton_of(parts)
    method = compiled.calendar
    return Skeleton(
        statics=statics,
        gaps=gaps,
        needed=tuple(dict.fromkeys(gaps)),
        subject=subject,
        calendar=() if method is None else cut_calendar(invitation_lines(letter, sender, MARKED, method)),
        source=Source(links, Channel.EMAIL, letter.purpose, greetings()),
        spoken_of=(_words_of(compiled), letter.starts_at.timestamp(), letter.calendar_sequence),
        sender=sender,
        sign=sign,
    )


def _words_of(compiled: Compiled) -> str:
    """Name the words of a message: whoever changes their language gets another message, under another Message-ID."""
    return compiled.content_hash if compiled.language == ENGLISH else f"{compiled.content_hash}.{compiled.language}"


def _head(letter: Letter, sender: Sender, subject: str) -> Parts:
    field, domain = headers.field, identity.domain_of(sender.mail_from)
    purpose = letter.purpose.value
    step = _NOT_A_LABEL.sub("", letter.step_key)
    parts = Parts()
    parts.add(b"Date: ", "date", b"\r\n")
    parts.add(headers.mailbox_field("From", sender.clinic_name, sender.mail_from).encode())
    parts.add(field("Reply-To", headers.header_address(sender.reply_to)).encode())
    parts.add(b"To: ", "to", b"\r\n")
    if any(mark in subject for mark in MARKS.values()):
        parts.add("subject")
    else:
        parts.add(headers.text_field("Subject", subject).encode())
    parts.add(b"Message-ID: ", "message_id", b"\r\nMIME-Version: 1.0\r\n")
    parts.add(field("List-Id", f"<{purpose}.{domain}>").encode())
    parts.add(b"List-Unsubscribe: <", "bare:stop_url", b">\r\n")
    parts.add(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    parts.add(field("Feedback-ID", f"c{letter.campaign_id}:{purpose}:{step}:{_sender_id(domain)}").encode())
    parts.add(b"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\n")
    parts.add(b"X-Send-Id: ", "send_token", b"\r\n")
    for name, before, after in sender.relay_tags:
        parts.add(f"{name}: {before}".encode(), "send_token", f"{after}\r\n".encode())
    return parts


def _add_bodies(parts: Parts, compiled: Compiled, text: str, html: str) -> None:
    # No body can hold this boundary: in quoted-printable a "=" is never followed by "_",
    # and base64 knows neither "_" nor a "=" with more behind it.
    seam = b"=_" + compiled.content_hash[:24].encode()
    if compiled.calendar is None:
        _add_alternatives(parts, seam, text, html, None)
        return
    outer = seam + b"m"
    parts.add(_multipart(b"mixed", outer), b"--" + outer + b"\r\n")
    _add_alternatives(parts, seam + b"a", text, html, compiled.calendar)
    parts.add(
        b"--" + outer + b"\r\n"
        b'Content-Type: application/ics; name="invite.ics"\r\n'
        b'Content-Disposition: attachment; filename="invite.ics"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n",
        "calendar",
        b"--" + outer + b"--\r\n",
    )


def _add_alternatives(parts: Parts, seam: bytes, text: str, html: str, method: str | None) -> None:
    opening = b"--" + seam + b"\r\n"
    encoded = b"; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    parts.add(_multipart(b"alternative", seam), opening + b"Content-Type: text/plain" + encoded)
    parts.add_body(text, "plain")
    parts.add(b"\r\n" + opening + b"Content-Type: text/html" + encoded)
    parts.add_body(html, "html")
    parts.add(b"\r\n")
    if method is not None:
        parts.add(
            opening + b"Content-Type: text/calendar; charset=utf-8; method=" + method.encode() + b"\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n",
            "calendar",
        )
    parts.add(b"--" + seam + b"--\r\n")


def _multipart(kind: bytes, seam: bytes) -> bytes:
    return b"Content-Type: multipart/" + kind + b';\r\n boundary="' + seam + b'"\r\n\r\n'


def _sender_id(domain: str) -> str:
    """Give the part of Feedback-ID that never changes: five to fifteen letters and digits."""
    return _NOT_ALPHANUMERIC.sub("", domain.lower())[:_SENDER_ID_MAX].ljust(_SENDER_ID_MIN, "0")
