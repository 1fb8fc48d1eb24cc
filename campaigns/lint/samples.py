"""An invented clinic, its links, and letters in every situation that the words of a message tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from campaigns.domain.personas import ANSWER_PARAGRAPHS, ANSWER_TITLE, LONGEST_NAME, LONGEST_ZONE
from campaigns.domain.steps import Attendance, Channel, Purpose
from campaigns.domain.tokens import Links, Signer
from campaigns.language import NAMES
from campaigns.rendering.environment import Compiled
from campaigns.rendering.variables import Letter, Sender

START: Final = datetime(2026, 12, 3, 18, 15, tzinfo=UTC)
SENDER: Final = Sender(
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
LINKS: Final = Links(SENDER.public_url, Signer((b"a secret of the tests, nothing else",)))
LETTER: Final = Letter(
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
PHONE: Final = "+12075550123"
REPLAY: Final = "https://video.harbour.example/replay/9"
NEXT: Final = START + timedelta(days=5, hours=5)
MOMENTS: Final = (
    -timedelta(days=20), -timedelta(hours=23), -timedelta(minutes=40), timedelta(minutes=2), timedelta(days=3),
)  # fmt: skip
SITUATIONS: Final[tuple[Mapping[str, object], ...]] = (
    {},
    {"replay_url": REPLAY, "next_session_starts_at": NEXT, "attendance": Attendance.ATTENDED},
    {
        "moved_from": START - timedelta(days=3),
        "cancelled": True,
        "cancelled_reason": "The speaker is ill.",
        "has_texts": False,
        "first_name": "",
    },
    {"zone": "America/New_York", "next_session_starts_at": NEXT, "attendance": Attendance.MISSED},
    {"replay_url": REPLAY, "attendance": Attendance.LEFT_EARLY, "has_answers": True},
    {"next_session_starts_at": NEXT, "attendance": Attendance.LEFT_EARLY},
    {"attendance": Attendance.LEFT_EARLY},
)
"""What is true of somebody and their session, beside the moment."""
RARER: Final[Mapping[str, object]] = {
    "replay_here": True,
    "has_room": False,
    "attendance": Attendance.LEFT_EARLY,
    "asks": True,
    "switched": True,
}
ANSWER: Final[Mapping[str, object]] = {
    "answer_title": ANSWER_TITLE,
    "answer": ANSWER_PARAGRAPHS,
}
"""Stands in every letter: a message that gives an answer never goes without one."""

LONGEST: Final[Mapping[str, object]] = {
    "first_name": LONGEST_NAME,
    "class_title": "Runners' evening class",
    "zone": LONGEST_ZONE,
    "starts_at": datetime(2026, 9, 23, 2, 45, tzinfo=UTC),
    "ends_at": datetime(2026, 9, 23, 3, 15, tzinfo=UTC),
    "offer_ends_at": datetime(2026, 9, 21, 1, 55, tzinfo=UTC),
    "moved_from": datetime(2026, 9, 16, 2, 45, tzinfo=UTC),
    "registration_id": 2**31 - 1,
}
"""What makes a message as long as it gets."""
LONG_SENDER: Final = replace(
    SENDER, clinic_name="Harbour Orthopaedics of Boston", public_url="https://classes.harbour-clinic.example"
)
LONG_LINKS: Final = Links(LONG_SENDER.public_url, Signer((b"a secret of the tests, nothing else",)))


def letters(compiled: Compiled) -> Iterator[Letter]:
    """Give letters of a message in every situation at every moment; in the rarer one the talk is in another tongue."""
    other = next(code for code in NAMES if code != compiled.language)
    for moment in MOMENTS:
        for facts in (*SITUATIONS, {"class_language": other, **RARER}):
            yield letter(compiled, now=START + moment, **facts, **ANSWER)


def long_letters(compiled: Compiled) -> Iterator[Letter]:
    """Give letters with the longest values, at every moment."""
    longest = letter(compiled, **LONGEST)
    for moment in (-timedelta(days=20), -timedelta(hours=5, minutes=59), timedelta(minutes=2), timedelta(days=3)):
        yield replace(longest, now=longest.starts_at + moment)


def letter(compiled: Compiled, **facts: object) -> Letter:
    """Give a letter of a message, with some facts changed."""
    recipient = LETTER.recipient if compiled.channel is Channel.EMAIL else PHONE
    known = {"template": compiled.name, "purpose": compiled.purpose, "recipient": recipient, **facts}
    return replace(LETTER, **known)  # type: ignore[arg-type]  # the names are Letter's own
