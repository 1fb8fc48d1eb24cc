"""Hand one batch to its provider, lane by lane.

A doorbell rang. Whoever gets the batch's lock carries it; a second ring finds the lock
taken, or nothing left, and goes home. The lock lives on a connection of its own that
is open for as long as the batch is carried: it is the fence and the sign of life.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from campaigns import logs
from campaigns.clock import Clock
from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Channel, Step
from campaigns.operations.lane import Lane, Share
from campaigns.operations.words import Words
from campaigns.providers.base import Provider
from campaigns.store.campaigns import all_steps
from campaigns.store.engine import Connection, Engine, hold, let_go
from campaigns.store.ledger_claim import close, release
from campaigns.store.letters import Item, load_batch

_TRIES: Final = 6
_BETWEEN: Final = 0.15
"""Seconds between tries for a lock that `recover` may hold for an instant."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes of one channel in this process, kept for its life."""

    lanes: tuple[Lane, ...]
    threads: ThreadPoolExecutor

    def close(self) -> None:
        """Hang up all connections."""
        self.threads.shutdown(wait=True)
        for lane in self.lanes:
            lane.close()


@dataclass(frozen=True, slots=True)
class Desk:
    """What a worker process needs to send; built once by the runtime."""

    engine: Engine
    clock: Clock
    hours: SendingHours
    words: Words
    providers: Mapping[Channel, Provider]
    lane_counts: Mapping[Channel, int]
    stopping: Callable[[], bool]
    """Asked between two messages: a worker that is told to stop gives the rest of its batch back."""
    _lanes: dict[Channel, Lanes] = field(default_factory=dict)

    def lanes(self, channel: Channel) -> Lanes:
        """Give the channel's lanes, made at the first call."""
        if channel not in self._lanes:
            count = self.lane_counts[channel]
            provider = self.providers[channel]
            made = tuple(Lane(self.engine, provider.connect()) for _ in range(count))
            self._lanes[channel] = Lanes(made, ThreadPoolExecutor(count, thread_name_prefix=f"{channel.value}-lane"))
        return self._lanes[channel]

    def close(self) -> None:
        """Hang up everything."""
        for lanes in self._lanes.values():
            lanes.close()


def send_batch(desk: Desk, batch_id: int) -> int:
    """Carry a batch to its end; give the number of hand-offs made, 0 if somebody else has it.

    Rows that may not leave are skipped with their reason; rows that are left, because the
    worker stops or a lane broke, go back to the plan. What was being handed off when a lane
    broke stays `sending` until `recover` calls it unknown.
    """
    with desk.engine.connect() as lock:
        if not _hold(lock, batch_id):
            logs.event("batch is held elsewhere", batch=batch_id)
            return 0
        try:
            return _carry(desk, batch_id, lock)
        finally:
            _put_down(desk, batch_id, lock)


def _hold(lock: Connection, batch_id: int) -> bool:
    for attempt in range(_TRIES):
        taken = hold(lock, batch_id)
        lock.commit()
        if taken:
            return True
        if attempt < _TRIES - 1:
            time.sleep(_BETWEEN)
    return False


def _put_down(desk: Desk, batch_id: int, lock: Connection) -> None:
    try:
        lock.rollback()
        release(lock, batch_id)
        close(lock, batch_id, desk.clock())
        let_go(lock, batch_id)
        lock.commit()
    except Exception:
        # Do not give it back to the pool: the lock would live on, and nobody could ever recover the batch.
        lock.invalidate()
        raise


def _carry(desk: Desk, batch_id: int, db: Connection) -> int:
    items = load_batch(db, batch_id, desk.clock())
    if not items:
        return 0
    steps = all_steps(db)
    versions = desk.words.prepare(db, {steps[item.step_id].template for item in items})
    db.commit()
    share = Share(batch_id, deque(items), steps, versions, desk.words, desk.hours, desk.clock, desk.stopping)
    lanes = desk.lanes(_channel(items, steps))
    running = [lanes.threads.submit(lane.carry, share) for lane in lanes.lanes]
    handed = sum(each.result() for each in running)
    logs.event("batch carried", batch=batch_id, loaded=len(items), handed_off=handed)
    return handed


def _channel(items: list[Item], steps: Mapping[int, Step]) -> Channel:
    return steps[items[0].step_id].channel
