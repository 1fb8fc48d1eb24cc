"""Soft failures of addresses, counted until there are too many."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from campaigns.domain.steps import Channel
from campaigns.store.engine import Connection
from campaigns.store.tables import strike


def add(db: Connection, channel: Channel, address: str, kind: str, delivery_id: int, now: datetime) -> list[datetime]:
    """Count a failure of an address, once per delivery; give the times of all of this kind, the oldest first."""
    values = {"channel": channel.value, "address": address, "kind": kind, "delivery_id": delivery_id, "at": now}
    db.execute(insert(strike).values(values).on_conflict_do_nothing())
    query = select(strike.c.at).where(
        strike.c.channel == channel.value, strike.c.address == address, strike.c.kind == kind
    )
    return list(db.execute(query.order_by(strike.c.at)).scalars())


def forget(db: Connection, channel: Channel, address: str) -> None:
    """Start counting anew: something has been delivered there."""
    db.execute(strike.delete().where(strike.c.channel == channel.value, strike.c.address == address))
