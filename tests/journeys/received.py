"""What the outside servers received, told apart by what a recipient sees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message

from tests.servers.smtp_server import Received
from tests.servers.twilio_server import Sms

SUBJECTS = {
    "C0": r"^You have a place in the |with .* (starts|has started|is over)",
    "D1": r": a two-minute read$",
    "D2": r": three questions to bring$",
    "B1": r"with .* (starts|is|begins)",
    "B2": r"with .* (starts|is|begins)",
    "B4": r"with .* (starts|is|begins)",
    "B6": r"with .* (starts|is|begins)",
    "A1": r"^Thank you for coming",
    "N1": r"^Another date for your ",
    "A3": r"^Two short questions",
    "E1": r"^After your .*: a two-minute read$",
    "E2": r"^After your .*: when to let someone look$",
    "E4": r"^After your .*: making the days easier$",
    "E5": r"^After your .*: when more is needed$",
    "E6": r"^After your .*: asking about the cost$",
    "E7": r"^After your .*: the last short read$",
    "E3": r"^A next step after",
    "X1": r"^New time for your ",
    "X2": r"is cancelled$",
    "X3": r"^Your place in the .* is cancelled$",
}
"""What a person reads in the list of their mails, for each step."""
_TEXTS = {
    "C1": r"text reminders are on for",
    "X1-sms": r" has moved to ",
    "X2-sms": r" is cancelled\. ",
    "B5": r" Join: http",
}
"""In this order: a text is what the first fitting pattern says."""


@dataclass(frozen=True)
class Arrived:
    """One message outside."""

    to: str
    step: str
    at: datetime
    """By the service's clock, when the server had all of it."""
    name: str
    """What the server called it in its answer."""
    text: str
    subject: str = ""
    message_id: str = ""
    stop_url: str = ""
    calendar: bytes = b""
    """The invitation, if one came with it."""

    @property
    def links(self) -> list[str]:
        return re.findall(r"https?://[^\s>\"]+", self.text)


def emails(received: Iterable[Received]) -> list[Arrived]:
    return [_email(number, one) for number, one in enumerate(received, start=1)]


def texts(received: Iterable[Sms]) -> list[Arrived]:
    return [
        Arrived(
            to=one.to, step=_text_step(one.body), at=datetime.fromisoformat(one.virtual), name=one.sid, text=one.body
        )
        for one in received
    ]


def _email(number: int, one: Received) -> Arrived:
    message = message_from_bytes(one.raw)
    parts = {part.get_content_type(): part for part in message.walk()}
    assert message["To"] == one.recipient
    assert [part.defects for part in parts.values() if part.defects] == []
    return Arrived(
        to=one.recipient,
        step=message["Feedback-ID"].split(":")[2],
        at=datetime.fromisoformat(one.virtual),
        name=f"{number:010X}",
        text=_decoded(parts["text/plain"]).decode(),
        subject=str(make_header(decode_header(message["Subject"]))),
        message_id=message["Message-ID"],
        stop_url=message["List-Unsubscribe"].strip("<>"),
        calendar=_decoded(parts["text/calendar"]) if "text/calendar" in parts else b"",
    )


def _decoded(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def _text_step(body: str) -> str:
    return next((step for step, pattern in _TEXTS.items() if re.search(pattern, body)), "?")
