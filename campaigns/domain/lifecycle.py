"""The nine states of a delivery and who may follow whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from typing import Final

from campaigns.domain.receipts import Kind


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


TERMINAL: Final = frozenset({Kind.DELIVERED, Kind.BOUNCED})
"""Receipts after which a provider says no more, or only contradicts itself."""
_TAKEN: Final = frozenset({Kind.ACCEPTED, Kind.DEFERRED})


def after_receipts(before: Status, attempt: int, told: Sequence[tuple[Kind, datetime | None]]) -> Status:
    """Give the state of a delivery about which all these receipts speak, in whatever order they came.

    `told` holds (kind, when it occurred). Of delivered and bounced the later one counts if both
    say when, else bounced: a bounce also follows what a relay has called delivered. What was
    never handed over (`attempt` 0) is not moved by any receipt, and what is being handed over
    now is not called sent by a receipt: its lane will say so itself.
    """
    if attempt == 0:
        return before
    ends = [(kind, at) for kind, at in told if kind in TERMINAL]
    if ends:
        return Status.BOUNCED if _last(ends) is Kind.BOUNCED else Status.DELIVERED
    taken = any(kind in _TAKEN for kind, _ in told)
    waits = before in (Status.UNKNOWN, Status.PLANNED, Status.QUEUED, Status.SKIPPED, Status.FAILED)
    return Status.SENT if taken and waits else before


def _last(ends: Sequence[tuple[Kind, datetime | None]]) -> Kind:
    dated = [(at, kind is Kind.BOUNCED, kind) for kind, at in ends if at is not None]
    if len(dated) == len(ends):
        return max(dated)[2]
    return Kind.BOUNCED if any(kind is Kind.BOUNCED for kind, _ in ends) else Kind.DELIVERED
