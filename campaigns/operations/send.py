"""Hand one batch to its provider.

A doorbell rang. Whoever gets the batch's lock carries it; a second ring finds the lock
taken, or nothing left, and goes home. The lock lives on a connection of its own that
is open for as long as the batch is carried: it is the fence and the sign of life.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from campaigns import logs
from campaigns.clock import Clock
from campaigns.domain.steps import Channel
from campaigns.operations.consequences import Consequences, Streak
from campaigns.operations.lane import Lane
from campaigns.operations.last_look import Rules
from campaigns.operations.settlements import LOOKS, Looks
from campaigns.operations.share import Courtesy, Share
from campaigns.operations.turns import Turns
from campaigns.operations.words import Words
from campaigns.providers.base import Provider, name_of
from campaigns.store.approvals import approved_versions, demonstrations
from campaigns.store.campaigns import all_steps
from campaigns.store.engine import Connection, Engine, hold, let_go
from campaigns.store.ledger_claim import close, queue_of, release
from campaigns.store.ledger_line import LedgerLines, Way
from campaigns.store.letters import load_batch
from campaigns.store.sent import texts_sent
from campaigns.store.streams import read_streams

_TRIES: Final = 6
_BETWEEN: Final = 0.15
"""Seconds between tries for a lock that `recover` may hold for an instant."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a worker process needs to send; built once by the runtime."""

    engine: Engine
    clock: Clock
    rules: Rules
    words: Words
    providers: Mapping[Channel, Provider]
    connections: Mapping[Channel, int]
    """How many a lane keeps busy."""
    stopping: Callable[[], bool]
    """Asked between two messages: a worker that is told to stop gives the rest of its batch back."""
    looks: Looks = LOOKS
    pause: Callable[[float], None] = time.sleep
    _lanes: dict[Channel, Lane] = field(default_factory=dict)
    _ledger: list[LedgerLines] = field(default_factory=list)

    def lane(self, channel: Channel) -> Lane:
        """Give the channel's lane, made at the first call and kept for the life of the process."""
        if channel not in self._lanes:
            ledger = LedgerLines(self.engine, 1)
            self._ledger.append(ledger)
            lines = [self.providers[channel].connect() for _ in range(self.connections[channel])]
            self._lanes[channel] = Lane(ledger, lines)
        return self._lanes[channel]

    def close(self) -> None:
        """Hang up everything."""
        for lane in self._lanes.values():
            lane.close()
        for ledger in self._ledger:
            ledger.close()


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
    share = _load(desk, batch_id, db)
    db.commit()
    if share is None:
        return 0
    loaded = len(share.items)
    handed = desk.lane(share.stream.name.channel).carry(share)
    logs.event("batch carried", batch=batch_id, loaded=loaded, handed_off=handed)
    return handed


def _load(desk: Desk, batch_id: int, db: Connection) -> Share | None:
    now = desk.clock()
    queue = queue_of(db, batch_id)
    if queue is None:
        return None
    channel, priority = queue
    provider = desk.providers[channel]
    stream = read_streams(db, [name_of(provider)], now)[channel]
    items = load_batch(db, batch_id, now, stream_id=stream.id)
    if not items:
        return None
    if channel is Channel.SMS:
        sent = texts_sent(db, {item.phone for item in items if item.phone})
        items = [replace(item, sent=sent.get(item.phone or "", ())) for item in items]
    steps = all_steps(db)
    return Share(
        way=Way(batch_id, stream.id, provider.captures),
        items=deque(items),
        steps=steps,
        versions=desk.words.prepare(db, {steps[item.step_id].template for item in items}, captured=provider.captures),
        approved=approved_versions(db, now, captured=provider.captures),
        demonstrations=demonstrations(db, now) if provider.captures else frozenset(),
        words=desk.words,
        rules=desk.rules,
        stream=stream,
        streak=Streak(stream.failures > 0),
        turns=Turns(desk.engine, desk.pause),
        consequences=Consequences(desk.engine),
        clock=desk.clock,
        stopping=desk.stopping,
        courtesy=Courtesy(desk.engine, channel, priority),
        first_look=desk.looks[0],
    )
