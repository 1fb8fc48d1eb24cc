"""Read a mail that came to one of our addresses: a bounce, a complaint, a machine's answer, or a person's words.

Enter with `read_mail`. It says what the mail says and no more: the tokens it finds are not
verified here, and what follows from a reading is decided elsewhere. No mail is ever answered from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from campaigns.domain.receipts import InboundMail, Reading
from campaigns.providers.mail import tokens
from campaigns.providers.mail.machines import is_automatic
from campaigns.providers.mail.parts import Mail, Part, first, open_mail
from campaigns.providers.mail.reports import read_delivery_status, read_feedback, read_old_bounce
from campaigns.providers.mail.words import decoded, header_words, storable, text_of_html, tidy

LONGEST_TEXT: Final = 20_000
"""Characters kept of what somebody writes; the mail itself is kept whole."""

_SOURCE_LIMIT: Final = 500_000
"""Bytes of one part that are read for its words."""
_LONGEST_SUBJECT: Final = 500
_ADDRESS_LIMIT: Final = 320
_HEADER_LIMIT: Final = 2_000
_QUOTED_NAME: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\([^()]*\)')
_IN_BRACKETS: Final = re.compile(r"<\s*([^<>@\s]+@[^<>@\s]+)\s*>")
_BARE: Final = re.compile(r"[^\s<>\"(),;:@]+@[^\s<>\"(),;:@]+")


def read_mail(raw: bytes, *, rcpt: str = "") -> Reading:
    """Say what a mail is. Never raises, whatever the bytes are, and reads the first five million of them.

    `rcpt` is whom the envelope was addressed to, where that is known. In this order it is a delivery
    report (a receipt for each recipient), a complaint, an old bounce in prose, a machine's mail
    (RFC 3834; `automatic`), or a person's. What has no header field at all is no mail and reads as nothing.
    """
    mail = open_mail(raw, storable(rcpt)[:_ADDRESS_LIMIT])
    if not mail.fields:
        return Reading()
    receipts = read_delivery_status(mail)
    if receipts:
        return Reading(receipts=receipts)
    feedback = read_feedback(mail)
    if feedback:
        return Reading(receipts=(feedback,))
    text = _text(mail)
    bounce = read_old_bounce(mail, text)
    if bounce:
        return Reading(receipts=(bounce,))
    return Reading(mails=(_letter(mail, text),))


def _letter(mail: Mail, text: str) -> InboundMail:
    addressed = ("delivered-to", "x-original-to", "to")
    recipient = mail.rcpt or next((value for name in addressed if (value := first(mail.fields, name))), "")
    return InboundMail(
        event_id=mail.event_id("letter"),
        sender=_address(first(mail.fields, "from")),
        recipient=_address(recipient),
        subject=header_words(first(mail.fields, "subject"))[:_LONGEST_SUBJECT],
        text=text[:LONGEST_TEXT],
        send_token=tokens.of_letter(mail, text),
        automatic=is_automatic(mail),
    )


def _address(value: str) -> str:
    """Give the address in a field, in lower case; never one that stands in the name before it."""
    value = _QUOTED_NAME.sub(" ", value[:_HEADER_LIMIT])
    found = _IN_BRACKETS.search(value)
    bare = _BARE.search(value)
    address = found.group(1) if found else bare.group() if bare else ""
    return address.lower()[:_ADDRESS_LIMIT]


def _text(mail: Mail) -> str:
    return tidy("\n\n".join(_words(mail)))


def _words(mail: Mail) -> Iterator[str]:
    """Give the words of each part that has some; HTML only where no plain part has just said the same."""
    plain = False
    for part in mail.parts:
        if part.attached or part.type not in ("text/plain", "text/html"):
            continue
        if part.type == "text/plain":
            words = _decoded(part)
            plain = bool(words.strip())
        else:
            words = "" if plain else text_of_html(_decoded(part))
            plain = False
        yield words


def _decoded(part: Part) -> str:
    return decoded(part.content(_SOURCE_LIMIT), part.charset)
