"""A person decides about a delivery whose fate nobody knows."""

from __future__ import annotations

from datetime import datetime

from campaigns.errors import Conflict
from campaigns.store.engine import Connection
from campaigns.store.resolutions import leave_unsent, plan_once_more


def send_once_more(db: Connection, delivery_id: int, staff_id: int, now: datetime) -> None:
    """Plan an unknown delivery again because staff would rather risk two than none.

    Raises `Conflict` if it is no longer unknown or would be useless by now.
    """
    if not plan_once_more(db, delivery_id, staff_id, now):
        raise Conflict("This message is no longer in doubt, or it would come too late. Reload the page.")


def leave(db: Connection, delivery_id: int, staff_id: int, now: datetime) -> None:
    """Close an unknown delivery as failed: staff would rather risk none than two.

    Raises `Conflict` if it is no longer unknown.
    """
    if not leave_unsent(db, delivery_id, staff_id, now):
        raise Conflict("This message is no longer in doubt. Reload the page.")
