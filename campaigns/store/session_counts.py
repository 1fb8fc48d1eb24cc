"""Counts of one session for the previews: people by zone, deliveries by step and state."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from campaigns.domain.lifecycle import Status
from campaigns.store.engine import Connection
from campaigns.store.places import holds_place
from campaigns.store.tables import delivery, registration


@dataclass(frozen=True, slots=True)
class StepCounts:
    """How many deliveries of a step are in which state, over all revisions."""

    by_status: Counter[Status]

    @property
    def gone(self) -> int:
        """Those that left the house, as far as anybody knows."""
        left = (Status.SENT, Status.DELIVERED, Status.BOUNCED, Status.UNKNOWN, Status.SENDING)
        return sum(self.by_status[status] for status in left)

    @property
    def waiting(self) -> int:
        """Those that are planned or claimed."""
        return self.by_status[Status.PLANNED] + self.by_status[Status.QUEUED]


def counts_by_step(db: Connection, session_id: int) -> dict[int, StepCounts]:
    """Count the deliveries of a session by step and state."""
    query = (
        select(delivery.c.step_id, delivery.c.status, func.count())
        .where(delivery.c.session_id == session_id)
        .group_by(delivery.c.step_id, delivery.c.status)
    )
    found: dict[int, Counter[Status]] = {}
    for step_id, status, count in db.execute(query):
        found.setdefault(step_id, Counter())[Status(status)] += count
    return {step_id: StepCounts(counts) for step_id, counts in found.items()}


def people_by_zone(db: Connection, session_id: int) -> dict[str, int]:
    """Count those who have a place in a session by time zone."""
    query = (
        select(registration.c.zone, func.count())
        .where(registration.c.session_id == session_id, holds_place())
        .group_by(registration.c.zone)
    )
    return dict(db.execute(query).all())
