"""A stream is one way out, a sender at a provider: how fast it may run, and whether its door is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from campaigns.domain.steps import Channel

FAULTS: Final = 5
"""So many failures at the door in a row open the breaker."""
_REST: Final = timedelta(seconds=15)
_LONGEST_REST: Final = timedelta(minutes=5)
AHEAD: Final = timedelta(seconds=2)
"""How much of its pace a stream may have claimed and not yet handed over."""
RESERVE: Final = timedelta(minutes=20)
"""Bulk leaves room for what becomes due in the urgent queue within this time."""
CAUTION: Final = 0.95
"""We keep this far below a rate, because the provider counts by its own clock."""


@dataclass(frozen=True, slots=True)
class StreamName:
    """What makes a stream another one."""

    channel: Channel
    provider: str
    sender: str
    """Our domain, number or messaging service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The state of a stream, shared by all workers."""

    id: int
    name: StreamName
    rate: float | None
    """Emails or segments per second; None means no limit."""
    failures: int
    open_until: datetime | None
    """The breaker is open until then; afterwards one message is let through to try."""
    paused_at: datetime | None
    paused_reason: str

    @property
    def shared(self) -> bool:
        """Whether the queues of the channel share what may be under way: the pace is limited, or the door is tried."""
        return self.rate is not None or self.failures >= FAULTS

    def room(self, now: datetime, limit: int) -> int:
        """Say how many deliveries may be claimed and under way at once, at most `limit`.

        None while a person has to look, or while the provider's door is shut; one to try it
        afterwards; else as many as the pace takes within `AHEAD`.
        """
        if self.paused_at is not None or (self.open_until is not None and now < self.open_until):
            return 0
        if self.failures >= FAULTS:
            return min(1, limit)
        if self.rate is None:
            return limit
        return min(limit, max(1, ceil(self.rate * AHEAD.total_seconds())))

    def room_for_bulk(self, room: int, urgent_ahead: int) -> int:
        """Say how much of `room` bulk may take, when so many urgent ones are due within `RESERVE`.

        What the urgent ones need of the pace until then is theirs; bulk gets the rest of it.
        """
        if self.rate is None:
            return room
        able = self.rate * CAUTION * RESERVE.total_seconds()
        return int(room * max(0.0, 1 - urgent_ahead / able))

    def seconds_for(self, cost: int) -> float:
        """Give the share of time that one message takes: its segments, or 1 for an email."""
        return cost / (self.rate * CAUTION) if self.rate else 0.0


def rest(failures: int) -> timedelta | None:
    """Say how long the breaker stays open after so many failures in a row; None: it stays closed."""
    if failures < FAULTS:
        return None
    doubled: timedelta = _REST * 2 ** min(failures - FAULTS, 8)
    return min(doubled, _LONGEST_REST)
