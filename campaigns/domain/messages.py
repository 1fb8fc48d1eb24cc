"""What goes out, and what the provider answers at once.

An outcome is a value: a full mailbox is not an exception. What the provider tells
us later is a receipt and lives elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from campaigns.domain.rulings import Ruling


@dataclass(frozen=True, slots=True)
class Email:
    """One email, ready to hand off: one recipient, bytes with CRLF line ends."""

    delivery_id: int
    recipient: str
    """The envelope recipient, and the only `To`."""
    envelope_from: str
    """The return path."""
    message_id: str
    """With angle brackets. The same rendered message has the same id at every attempt."""
    raw: bytes
    wire: bool = False
    """True: every line of `raw` ends in CRLF, the last one too, and none begins with a dot."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text message, ready to hand off."""

    delivery_id: int
    recipient: str
    """E.164."""
    body: str
    segments: int
    callback_token: str
    """Goes into the path of the status callback, so that a receipt finds its delivery."""
    valid_for: timedelta | None = None
    """How long it is of use: the provider is told to drop it if it still waits then; None leaves that to it."""


def fingerprint(body: str) -> str:
    """Name the words of a text, so that it can be found again at the provider without being kept."""
    return sha256(body.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a text whose hand-off nobody saw the end of."""

    recipient: str
    """E.164."""
    fingerprint: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """What the provider has for a trace: its names for every message that matches, the first one first."""

    provider_ids: tuple[str, ...]


Message = Email | Text


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message."""

    provider_id: str
    """What the provider calls it; empty if it gave no name."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now: the message certainly did not leave and may be tried again."""

    reason: str
    """Code first, then plain words, for the staff page; never an address."""
    after: timedelta | None = None
    """The least wait the provider asked for; None leaves it to us."""
    ruling: Ruling | None = None
    """The row of the outcome table that says so; None for a fault of the connection."""
    door: bool = False
    """The provider itself could not be reached or let nobody in: no other message would fare better now."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No, for good: the message did not leave and must not be tried again."""

    reason: str
    ruling: Ruling | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether the message left: the answer to the final dot or POST was lost."""

    detail: str


Outcome = Accepted | Deferred | Refused | Unknown
