"""The nine states of a delivery and who may follow whom."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Status(IntEnum):
    """The state of a delivery, as stored."""

    PLANNED = 0
    """Known when; nothing handed over."""
    QUEUED = 1
    """Claimed, waits for a lane."""
    SENDING = 2
    """With a lane now."""
    SENT = 3
    """The provider took it; not yet delivered."""
    DELIVERED = 4
    """The receipt says so."""
    SKIPPED = 5
    """Never left; the reason stands beside it."""
    FAILED = 6
    """Refused for good, or given up."""
    BOUNCED = 7
    """Came back after it was taken."""
    UNKNOWN = 8
    """Cannot tell whether it left."""


FOLLOWS: Final[dict[Status, frozenset[Status]]] = {
    Status.PLANNED: frozenset({Status.QUEUED, Status.SKIPPED}),
    Status.QUEUED: frozenset({Status.PLANNED, Status.SENDING, Status.SKIPPED}),
    Status.SENDING: frozenset(
        {Status.SENT, Status.FAILED, Status.PLANNED, Status.UNKNOWN, Status.SKIPPED, Status.DELIVERED, Status.BOUNCED}
    ),
    Status.UNKNOWN: frozenset({Status.SENT, Status.PLANNED, Status.FAILED, Status.DELIVERED, Status.BOUNCED}),
    Status.SENT: frozenset({Status.DELIVERED, Status.BOUNCED}),
    Status.DELIVERED: frozenset({Status.BOUNCED}),
    Status.BOUNCED: frozenset({Status.DELIVERED}),
    Status.SKIPPED: frozenset(),
    Status.FAILED: frozenset(),
}
"""Who may follow whom; receipts may arrive before our own `sent`, and contradict each other."""


def may_follow(before: Status, after: Status) -> bool:
    """Say whether a delivery in state `before` may become `after`."""
    return after in FOLLOWS[before]
