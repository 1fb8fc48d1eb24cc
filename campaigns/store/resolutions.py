"""Decisions about deliveries in doubt, written beside the attempts they are about."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text

from campaigns.domain.lifecycle import Status
from campaigns.store.engine import Connection

_RESOLVE: Final = """
WITH decided AS (
  UPDATE delivery SET {change} WHERE id = :delivery AND status = {unknown} {only}
  RETURNING id, attempt, batch_id, opened_at
)
INSERT INTO attempt (delivery_id, number, outcome, detail, batch_id, opened_at, at)
SELECT id, attempt, 'resolved', :detail, batch_id, opened_at, :now FROM decided
"""
_AGAIN: Final = text(
    _RESOLVE.format(
        change=f"status = {int(Status.PLANNED)}, reason = NULL, due_at = least(due_at, :now)",
        unknown=int(Status.UNKNOWN),
        only="AND expires_at > :now",
    )
)
_LEAVE: Final = text(
    _RESOLVE.format(
        change=f"status = {int(Status.FAILED)}, reason = 'left: staff decided not to send again'",
        unknown=int(Status.UNKNOWN),
        only="",
    )
)


def plan_once_more(db: Connection, delivery_id: int, staff_id: int, now: datetime) -> bool:
    """Plan an unknown delivery again; False if it is not unknown any more, or expired."""
    values = {"delivery": delivery_id, "detail": f"send once more, by staff {staff_id}", "now": now}
    return db.execute(_AGAIN, values).rowcount == 1


def leave_unsent(db: Connection, delivery_id: int, staff_id: int, now: datetime) -> bool:
    """Close an unknown delivery as failed; False if it is not unknown any more."""
    values = {"delivery": delivery_id, "detail": f"left as it is, by staff {staff_id}", "now": now}
    return db.execute(_LEAVE, values).rowcount == 1
