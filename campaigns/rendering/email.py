"""Emails: subject, both bodies, headers and the calendar file, as the bytes that SMTP carries.

The bytes are written here and not by the standard library's `email` package, which takes
some seven milliseconds for a message this room writes in a fraction of one. Its parser is
the judge in the tests.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import b2a_qp
from typing import Final

from campaigns.domain.messages import Email
from campaigns.domain.steps import Channel
from campaigns.domain.tokens import Links
from campaigns.rendering import headers, identity
from campaigns.rendering.calendar import invitation
from campaigns.rendering.environment import Compiled
from campaigns.rendering.variables import Letter, Sender, Value, context, one_line

_BLANK_LINES: Final = re.compile(r"\n\s*\n+")
_SENDER_ID_MIN, _SENDER_ID_MAX = 5, 15
_NOT_ALPHANUMERIC: Final = re.compile(r"[^a-z0-9]")
_NOT_A_LABEL: Final = re.compile(r"[^A-Za-z0-9_-]")


def render_email(compiled: Compiled, letter: Letter, sender: Sender, links: Links) -> Email:
    """Render one email, ready to hand off.

    Lines end in CRLF, are at most 76 characters long in the bodies, and none begins with a dot,
    so no transport has to change a byte. Message-ID, return path and boundaries depend on the
    delivery and its facts, not on the moment; see `identity.message_id`.

    Raises `AddressInvalid` for a recipient that no header can carry.
    """
    values: dict[str, Value] = context(letter, sender, links, channel=Channel.EMAIL, sources=compiled.sources)
    values["subject"] = subject = one_line(compiled.subject.render(values))
    values["preheader"] = one_line(compiled.preheader.render(values))
    values["purpose"] = letter.purpose.value
    html = compiled.html.render(values)
    text = _BLANK_LINES.sub("\n\n", compiled.text.render(values)).strip() + "\n"
    message_id = identity.message_id(letter, sender, compiled.content_hash)
    send_token = identity.send_token(letter.delivery_id, sender)
    calendar = None if compiled.calendar is None else invitation(letter, sender, links, compiled.calendar)
    body = _bodies(send_token, text, html, compiled.calendar, calendar)
    head = _head(
        letter, sender, subject=subject, message_id=message_id, stop_url=str(values["stop_url"]), send_token=send_token
    )
    return Email(
        delivery_id=letter.delivery_id,
        recipient=headers.header_address(letter.recipient),
        envelope_from=identity.return_path(send_token, sender),
        message_id=message_id,
        raw=head.encode("ascii") + body,
    )


def _head(letter: Letter, sender: Sender, *, subject: str, message_id: str, stop_url: str, send_token: str) -> str:
    field, domain = headers.field, identity.domain_of(sender.mail_from)
    purpose = letter.purpose.value
    step = _NOT_A_LABEL.sub("", letter.step_key)
    return "".join(
        (
            field("Date", headers.date(letter.now)),
            headers.mailbox_field("From", sender.clinic_name, sender.mail_from),
            field("Reply-To", headers.header_address(sender.reply_to)),
            field("To", headers.header_address(letter.recipient)),
            headers.text_field("Subject", subject),
            field("Message-ID", message_id),
            "MIME-Version: 1.0\r\n",
            field("List-Id", f"<{purpose}.{domain}>"),
            field("List-Unsubscribe", f"<{stop_url}>"),
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            field("Feedback-ID", f"c{letter.campaign_id}:{purpose}:{step}:{_sender_id(domain)}"),
            "Auto-Submitted: auto-generated\r\n",
            "X-Auto-Response-Suppress: OOF, AutoReply\r\n",
            field("X-Send-Id", send_token),
        )
    )


def _bodies(send_token: str, text: str, html: str, method: str | None, calendar: bytes | None) -> bytes:
    # No body can hold this boundary: in quoted-printable a "=" is never followed by "_",
    # and base64 knows neither "_" nor a "=" with more behind it.
    seam = b"=_" + send_token[:24].encode()
    parts = [_part(b"text/plain", text), _part(b"text/html", html)]
    if method is None or calendar is None:
        return _multipart(b"alternative", seam, parts)
    lines = encodebytes(calendar).replace(b"\n", b"\r\n")
    parts.append(
        b"Content-Type: text/calendar; charset=utf-8; method=" + method.encode() + b"\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + lines
    )
    attachment = (
        b'Content-Type: application/ics; name="invite.ics"\r\n'
        b'Content-Disposition: attachment; filename="invite.ics"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + lines
    )
    return _multipart(b"mixed", seam + b"m", [_multipart(b"alternative", seam + b"a", parts), attachment])


def _multipart(kind: bytes, seam: bytes, parts: list[bytes]) -> bytes:
    opening = b"--" + seam + b"\r\n"
    return b"".join(
        (
            b"Content-Type: multipart/" + kind + b';\r\n boundary="' + seam + b'"\r\n\r\n',
            *(opening + part for part in parts),
            b"--" + seam + b"--\r\n",
        )
    )


def _part(kind: bytes, text: str) -> bytes:
    return (
        b"Content-Type: " + kind + b"; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(text) + b"\r\n"
    )


def quoted_printable(text: str) -> bytes:
    """Encode a body so that it survives every transport: CRLF, lines of 76 at most, no dot at the start of one."""
    raw = text.replace("\r\n", "\n").encode().replace(b"\n", b"\r\n")
    # The line break in front shows the encoder that lines end in CRLF; it is taken off again.
    encoded = b2a_qp(b"\r\n" + raw)
    # A dot is written out and the rest of its line goes to a line of its own, which
    # keeps within the width whatever follows. That rest may begin with a dot again.
    while b"\r\n." in encoded:
        encoded = encoded.replace(b"\r\n.", b"\r\n=2E=\r\n")
    return encoded[2:]


def _sender_id(domain: str) -> str:
    """Give the part of Feedback-ID that never changes: five to fifteen letters and digits."""
    return _NOT_ALPHANUMERIC.sub("", domain.lower())[:_SENDER_ID_MAX].ljust(_SENDER_ID_MIN, "0")
