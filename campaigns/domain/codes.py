"""A code that goes to a number by text and comes back through the page: whoever types it has the telephone.

The code is nowhere kept. It follows from a secret, the registration, the number and the round
(`Signer.code` in `tokens.py`), so that a new asking makes the code before it worthless.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

LENGTH: Final = 6
"""Digits of a code."""
LASTS: Final = timedelta(minutes=30)
"""How long after it was asked for a code counts."""
MOST_TRIES: Final = 5
"""Wrong codes that end an asking: a stranger's chance of guessing one is one in 200,000."""
MOST_ASKINGS: Final = 3
"""Codes that one registration may ask for within a day, and that may be asked for to one number."""
MOST_GUESSES: Final = 15
"""Wrong codes for one number within a day, whoever types them: no new place and no new address adds to them."""
DAY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Asking:
    """A yes to texts that waits for the code."""

    phone: str
    """The number it was given for, and the code goes to."""
    wording_id: int | None
    """The words that were shown beside the box."""
    at: datetime
    tries: int = 0
    """Wrong codes that came back."""
    ip: str = ""
    """Where it was asked from: a robot is known by asking for many numbers."""

    def lapsed(self, now: datetime) -> Asking:
        """Give it as one whose time is over by now: the yes is kept, and waits until another code is asked for."""
        return replace(self, at=min(self.at, now - LASTS))

    def names(self, phone: str | None) -> bool:
        """Say whether it is about this number, and has not been ended by wrong codes."""
        return self.phone == phone and self.tries < MOST_TRIES

    def stands(self, phone: str | None, now: datetime) -> bool:
        """Say whether the right code still counts for this number."""
        return self.names(phone) and now < self.at + LASTS


def digits_of(typed: str) -> str:
    """Give the digits of what somebody typed: `123 456` and `123-456` mean what they look like."""
    return "".join(one for one in typed if one in "0123456789")
