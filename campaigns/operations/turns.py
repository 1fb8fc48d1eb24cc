"""Places in a stream's pace, which all workers share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.streams import Stream
from campaigns.store.engine import Engine, transaction
from campaigns.store.streams import next_slot

_LONGEST: Final = timedelta(seconds=10)
"""Who would wait longer gives the delivery back: the ledger waits better than a worker."""


@dataclass(frozen=True, slots=True)
class Place:
    """When one may leave: by the service's clock, or the machine's, because a clock moved by hand may stand still."""

    at: datetime
    latest: float

    def left(self, now: datetime) -> float:
        """Give the seconds until then; 0 or less: it has come."""
        return min((self.at - now).total_seconds(), self.latest - time.monotonic())


class Turns:
    """Gives out the places; built once per process."""

    def __init__(self, engine: Engine, pause: Callable[[float], None] = time.sleep) -> None:
        """Take the database that holds the streams, and how to let some seconds pass."""
        self._engine = engine
        self.pause = pause

    def place(self, stream: Stream, cost: int, now: datetime) -> Place | None:
        """Take the next place that fits `cost` more emails or segments; None if it is too far away to wait for.

        A place that is not used is lost, which only makes the stream slower.
        """
        with transaction(self._engine) as db:
            slot = next_slot(db, stream.id, cost, now, now + _LONGEST)
        return Place(slot, time.monotonic() + (slot - now).total_seconds()) if slot else None
