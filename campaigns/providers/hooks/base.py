"""What the web knows of a reader of webhooks, and the pieces of proof that all readers share.

A reader first proves where a call comes from and only then reads it. It keeps nothing,
answers nobody and looks nothing up in the ledger: what it gives is what the provider said.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime, timedelta
from typing import Final, Protocol

from campaigns.domain.receipts import Post, Reading
from campaigns.errors import Forged

USUAL_AGE: Final = timedelta(minutes=5)
"""How far the time in a signed call may lie from ours, on either side, as Standard Webhooks has it."""

_LONGEST_STAMP: Final = 12


class Hook(Protocol):
    """A reader for one kind of call."""

    name: str
    """Names the door: `ses`, `twilio_status` and so on."""

    def read(self, post: Post, now: datetime, /) -> Reading:
        """Prove where a call comes from, and say what it says.

        Raises `Forged` if it does not prove that, `NotProvenYet` if that cannot be told at the moment,
        `Malformed` if it cannot be read, and nothing else, whatever the call is. `now` is aware.
        """


class NotProvenYet(Forged):
    """What would prove a call is out of reach at the moment."""

    default = "What would prove this call is out of reach at the moment. Send it again later."


def header(post: Post, name: str) -> str:
    """Give a header by its name in lower case; raises `Forged` if it is missing or empty."""
    value = post.headers.get(name, "").strip()
    if not value:
        raise Forged
    return value


def same(one: str | bytes, other: str | bytes) -> bool:
    """Compare in a time that does not depend on where the first difference lies."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def from_base64(value: str) -> bytes:
    """Read a signature; raises `Forged` if it is not written as one."""
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise Forged from None


def check_time(stamp: str, now: datetime, *, past: timedelta = USUAL_AGE, future: timedelta = USUAL_AGE) -> None:
    """Raise `Forged` unless `stamp`, in whole seconds since 1970, lies between `past` before and `future` after now."""
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= _LONGEST_STAMP):
        raise Forged
    age = now.timestamp() - int(stamp)
    if not -future.total_seconds() <= age <= past.total_seconds():
        raise Forged


def _bytes(value: str | bytes) -> bytes:
    # `compare_digest` takes no letters beyond ASCII, and a header may hold some.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
