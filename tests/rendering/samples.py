"""A clinic, its links, the shipped messages and a letter to fill them with."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from campaigns.domain.steps import Attendance, Channel, Purpose
from campaigns.domain.tokens import Links, Signer
from campaigns.language import ENGLISH
from campaigns.rendering.environment import Compiled, compile_all, load_sources
from campaigns.rendering.variables import Letter, Sender

MESSAGES = Path(__file__).parents[2] / "templates" / "messages"
START = datetime(2026, 12, 3, 18, 15, tzinfo=UTC)

SENDER = Sender(
    clinic_name="Harbour Clinic",
    program_name="Runners' Class",
    clinic_address="7 Mill Lane, Rockport, ME 04856",
    clinic_phone="(207) 555-0142",
    clinic_zone="America/New_York",
    mail_from="class@harbour.example",
    reply_to="desk@harbour.example",
    return_path_domain="bounce.harbour.example",
    public_url="https://class.harbour.example",
    id_key=b"a key of the tests, nothing else",
)
LINKS = Links(SENDER.public_url, Signer((b"a secret of the tests, nothing else",)))
LETTER = Letter(
    delivery_id=4711,
    registration_id=1234,
    session_id=7,
    campaign_id=3,
    step_key="C0",
    purpose=Purpose.SERVICE,
    template="confirmation",
    recipient="jo@example.com",
    first_name="Jo",
    zone="America/Chicago",
    webinar_slug="class-one",
    webinar_title="SI joint pain in runners",
    class_title="Runners' class",
    host_name="Dr. Ada Brook",
    host_role="sports medicine",
    starts_at=START,
    ends_at=START + timedelta(minutes=30),
    session_zone="America/New_York",
    has_room=True,
    calendar_uid="reg-1234",
    calendar_sequence=0,
    attendance=Attendance.UNKNOWN,
    has_texts=True,
    offer_ends_at=START - timedelta(days=10),
    code="012345",
    now=START - timedelta(days=11),
)
REPLAY = "https://class.harbour.example/replay/9"
NEXT = START + timedelta(days=5, hours=5)
MOMENTS = (-timedelta(days=20), -timedelta(hours=23), -timedelta(minutes=40), timedelta(minutes=2), timedelta(days=3))

LIBRARY: dict[str, Compiled] = {
    name if language == ENGLISH else f"{name}.{language}": compiled
    for name, source in load_sources(MESSAGES).items()
    for language, compiled in compile_all(source).items()
}
"""Every message in every language that it has words in; beyond English by name and language: `moved.es`."""
EMAILS = sorted(name for name, compiled in LIBRARY.items() if compiled.channel is Channel.EMAIL)
TEXTS = sorted(name for name, compiled in LIBRARY.items() if compiled.channel is Channel.SMS)


def letter_for(name: str, **facts: object) -> Letter:
    """Give a letter for a shipped message, with some facts changed."""
    compiled = LIBRARY[name]
    recipient = "jo@example.com" if compiled.channel is Channel.EMAIL else "+12075550123"
    facts = {"template": compiled.name, "purpose": compiled.purpose, "recipient": recipient} | facts
    return replace(LETTER, **facts)  # type: ignore[arg-type]  # the names are Letter's own


def letters_for(name: str) -> list[Letter]:
    """Give letters for a shipped message in every situation that its words tell apart."""
    moved, ill = START - timedelta(days=3), "The speaker is ill."
    return [
        letter_for(name, now=START + moment, **facts)
        for moment in MOMENTS
        for facts in (
            {},
            {"replay_url": REPLAY, "next_session_starts_at": NEXT, "attendance": Attendance.ATTENDED},
            {"moved_from": moved, "cancelled": True, "cancelled_reason": ill, "has_texts": False, "first_name": ""},
            {"zone": "America/New_York", "next_session_starts_at": NEXT, "attendance": Attendance.MISSED},
        )
    ]


def parse(raw: bytes) -> EmailMessage:
    """Read a message as the standard library does, strictly by today's rules."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    """Give the text of one alternative, with plain line ends."""
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")
