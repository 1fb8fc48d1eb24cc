"""The people of a rehearsal and what they do. All of them are invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.personas import elsewhere
from campaigns.domain.steps import Channel, Purpose

TEXTS: Final = (Channel.SMS, Purpose.SERVICE)
EDUCATION: Final = (Channel.EMAIL, Purpose.EDUCATION)
MARKETING: Final = (Channel.EMAIL, Purpose.MARKETING)

_WORDS: Final = {TEXTS: "texts", EDUCATION: "education", MARKETING: "marketing"}


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody who registers, and may come."""

    name: str
    phone: str
    away: bool
    """Whether they live in another zone than the clinic's."""
    boxes: frozenset[tuple[Channel, Purpose]]
    registers: timedelta
    """How long before the session starts."""
    leaves: timedelta | None = None
    """How long before the session starts they cancel their place; None if they keep it."""
    stays: float = 0.0
    """The share of the session they are in the room."""

    @property
    def email(self) -> str:
        """An address that belongs to nobody."""
        return f"{self.name.lower()}@example.org"

    def zone(self, clinic_zone: str) -> str:
        """Give the zone they live in."""
        return elsewhere(clinic_zone) if self.away else clinic_zone

    def registers_at(self, starts_at: datetime) -> datetime:
        """Give the instant at which they register."""
        return starts_at - self.registers

    def leaves_at(self, starts_at: datetime) -> datetime | None:
        """Give the instant at which they cancel their place."""
        return starts_at - self.leaves if self.leaves else None

    @property
    def says(self) -> str:
        """What they do, in words."""
        boxes = [word for box, word in _WORDS.items() if box in self.boxes]
        came = "cancels" if self.leaves else _came(self.stays)
        return f"{', '.join(boxes) if boxes else 'no box'} ticked, {came}"


def _came(stays: float) -> str:
    if not stays:
        return "misses it"
    return "attends" if stays >= 1 else f"stays for {stays:.0%}"


CAST: Final = (
    Persona("Ana", "+12075550101", False, frozenset({TEXTS, EDUCATION, MARKETING}), timedelta(days=12), stays=1),
    Persona("Ben", "", True, frozenset({EDUCATION}), timedelta(days=12), stays=0),
    Persona("Cleo", "+12075550103", False, frozenset({TEXTS}), timedelta(minutes=40), stays=1),
    Persona("Dev", "+12135550104", True, frozenset({TEXTS, EDUCATION}), timedelta(days=8), leaves=timedelta(days=2)),
    Persona("Eve", "+12135550105", True, frozenset({TEXTS, EDUCATION}), timedelta(days=3, hours=4), stays=0.3),
)
FIRST: Final = max(persona.registers for persona in CAST)
