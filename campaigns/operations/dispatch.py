"""Take what is due, within capacity, and ring for it.

Not a Celery task: a dispatcher that waits in the queue it feeds starves when it is
needed most. Two may run. The backlog stays in the ledger, where an urgent delivery
overtakes, an unsubscribe still counts and a move still bites.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns import logs
from campaigns.domain.steps import Channel, Priority
from campaigns.domain.streams import RESERVE, Stream, StreamName
from campaigns.store.engine import Connection, Engine, transaction
from campaigns.store.ledger_claim import claim_due, close, in_flight, release, urgent_ahead
from campaigns.store.streams import read_streams

Publish = Callable[[str, int], None]
"""Ring the doorbell of a queue for a batch; raises whatever the broker raises."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much may be claimed and not yet settled in one queue, and how much goes into a batch."""

    batch_size: int
    in_flight_limit: int


def queue_name(channel: Channel, priority: Priority) -> str:
    """Name the Celery queue of a channel and priority."""
    return f"{channel.value}.{priority.name.lower()}"


def dispatch(engine: Engine, publish: Publish, now: datetime, pace: Pace, names: Sequence[StreamName]) -> int:
    """Claim and publish what is due in all four queues, urgent first; give the number of deliveries that left the plan.

    `names` are the streams that messages take now, one per channel; a channel without one is
    left alone. Claims and commits first, then rings. If the ringing fails the batch goes back
    to the plan at once and the error is raised.
    """
    moved = 0
    with transaction(engine) as db:
        streams = read_streams(db, names, now)
    for priority in Priority:
        for stream in streams.values():
            moved += _drain(engine, publish, stream, priority, now, pace)
    return moved


def _room(db: Connection, stream: Stream, priority: Priority, now: datetime, pace: Pace) -> int:
    channel = stream.name.channel
    whole = stream.room(now, pace.in_flight_limit)
    if not stream.shared:
        room = whole - in_flight(db, channel, priority)
        # Among many batches under way a small one would only cost its worker a start and an end.
        return 0 if room < pace.batch_size < whole else room
    # What is urgent is claimed first, and bulk gets the rest.
    room = whole - sum(in_flight(db, channel, each) for each in Priority)
    if priority is Priority.BULK and room > 0:
        room = stream.room_for_bulk(room, urgent_ahead(db, channel, now + RESERVE))
    return room


def _drain(engine: Engine, publish: Publish, stream: Stream, priority: Priority, now: datetime, pace: Pace) -> int:
    channel = stream.name.channel
    with transaction(engine) as db:
        room = _room(db, stream, priority, now, pace)
    moved = 0
    while room > 0:
        with transaction(engine) as db:
            claim = claim_due(db, channel, priority, min(pace.batch_size, room), now)
        moved += claim.queued + claim.skipped
        room -= claim.queued
        if claim.batch_id is None:
            if claim.skipped == 0:
                break
            continue
        try:
            publish(queue_name(channel, priority), claim.batch_id)
        except Exception:
            with transaction(engine) as db:
                release(db, claim.batch_id)
                close(db, claim.batch_id, now)
            raise
        logs.event("batch published", batch=claim.batch_id, queued=claim.queued, skipped=claim.skipped)
    return moved
