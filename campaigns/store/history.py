"""What the ledger says about one registration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from campaigns.domain.lifecycle import Status
from campaigns.store.engine import Connection
from campaigns.store.tables import delivery


@dataclass(frozen=True, slots=True)
class Recorded:
    """A delivery as the ledger has it."""

    delivery_id: int
    step_id: int
    revision: int
    status: Status
    reason: str | None
    due_at: datetime
    expires_at: datetime
    sent_at: datetime | None


def deliveries_of(db: Connection, registration_id: int) -> list[Recorded]:
    """List the deliveries of a registration in the order they were due."""
    columns = delivery.c
    query = (
        select(
            columns.id,
            columns.step_id,
            columns.revision,
            columns.status,
            columns.reason,
            columns.due_at,
            columns.expires_at,
            columns.sent_at,
        )
        .where(columns.registration_id == registration_id)
        .order_by(columns.due_at, columns.id)
    )
    return [Recorded(*row[:3], Status(row[3]), *row[4:]) for row in db.execute(query)]
