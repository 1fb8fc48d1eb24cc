"""Signs of life of the schedulers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from campaigns.store.engine import Connection
from campaigns.store.tables import rhythm


def tick(db: Connection, name: str, scheduler: str, now: datetime, *, took_ms: int, acted: int) -> None:
    """Write that a rhythm of a scheduler was kept."""
    statement = insert(rhythm).values(name=name, scheduler=scheduler, last_at=now, took_ms=took_ms, acted=acted)
    new = statement.excluded
    db.execute(
        statement.on_conflict_do_update(
            index_elements=["name", "scheduler"],
            set_={"last_at": new.last_at, "took_ms": new.took_ms, "acted": new.acted},
        )
    )
