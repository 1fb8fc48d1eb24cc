"""What goes out, and what the provider answers at once.

An outcome is a value: a full mailbox is not an exception. What the provider tells
us later is a receipt and lives elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


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


@dataclass(frozen=True, slots=True)
class Refused:
    """No, for good: the message did not leave and must not be tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether the message left: the answer to the final dot or POST was lost."""

    detail: str


Outcome = Accepted | Deferred | Refused | Unknown
