"""Invented people, to see a message as they would get it, and the words that come with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from campaigns.domain.steps import Attendance

LONGEST_NAME: Final = "Wolfeschlegelsteinhausenbergerdorffmaria"
LONGEST_ZONE: Final = "America/Lower_Princes"
"""Where America has no word for a zone its city is said; none on this side of the ocean is longer (CLDR)."""
ANSWER_TITLE: Final = "How long to rest"
ANSWER_PARAGRAPHS: Final = (
    "It hangs on the person, and on what an exam shows. Some people rest for a few days.",
    "Others go on with less. A plan says when to add more.",
)
"""An answer of the doctor to nobody."""
CANCELLED_REASON: Final = "The speaker is ill."
PHONE: Final = "+12075550123"
"""From the numbers that are kept free for stories."""

_WEST: Final = "America/Los_Angeles"
_EAST: Final = "America/New_York"


def elsewhere(zone: str) -> str:
    """Give a zone whose clock shows another hour than this one's."""
    return _EAST if zone == _WEST else _WEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Somebody who does not exist, and what is true of them."""

    key: str
    says: str
    """What tells them apart, in words."""
    first_name: str = "Jo"
    zone: str = ""
    """IANA zone; empty: the clinic's."""
    away: bool = False
    """Lives where the clock shows another hour than the clinic's."""
    language: str = "en"
    texts: bool = True
    """Has agreed to texts and shown that the number is theirs."""
    registers: timedelta = timedelta(days=12)
    """How long before the session starts; below zero while it runs or after it."""
    attendance: Attendance = Attendance.UNKNOWN
    waits: bool = False
    """Is on the waiting list."""

    @property
    def email(self) -> str:
        """An address that belongs to nobody."""
        return "jo@example.com"

    def zone_near(self, clinic_zone: str) -> str:
        """Give the zone they live in."""
        return self.zone or (elsewhere(clinic_zone) if self.away else clinic_zone)


PERSONAS: Final = (
    Persona(key="usual", says="Jo, lives near the clinic, gets texts"),
    Persona(key="no-texts", says="Jo, gets no texts", texts=False),
    Persona(key="nameless", says="No first name", first_name=""),
    Persona(key="longest", says="The longest name and time zone", first_name=LONGEST_NAME, zone=LONGEST_ZONE),
    Persona(key="away", says="Lives in another time zone", away=True),
    Persona(key="spanish", says="Reads Spanish", first_name="Inés", language="es"),
    Persona(key="soon", says="Registers 40 minutes before", registers=timedelta(minutes=40)),
    Persona(key="running", says="Registers while it runs", registers=-timedelta(minutes=5)),
    Persona(key="attended", says="Attended", attendance=Attendance.ATTENDED),
    Persona(key="left-early", says="Left early", attendance=Attendance.LEFT_EARLY),
    Persona(key="missed", says="Missed it", attendance=Attendance.MISSED),
    Persona(key="waiting", says="On the waiting list", waits=True),
)


def persona(key: str) -> Persona | None:
    """Find one by key."""
    return next((one for one in PERSONAS if one.key == key), None)
