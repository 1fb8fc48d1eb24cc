"""Settle what dead workers left, and give back what nobody came for.

The lock of a batch is its sign of life: as long as somebody holds it, nothing here
touches it; once it is free, whatever is still marked as sending is in doubt.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from campaigns import logs
from campaigns.operations.settlements import LOOKS
from campaigns.store.engine import Connection, Engine, hold, let_go
from campaigns.store.ledger_claim import close, doubt, open_batches, release, send_unknown_once_more

_MANY: Final = 1000
_YOUNG: Final = timedelta(seconds=5)
"""Younger batches are not even looked at, so as not to stand in the way of a worker that comes for one."""
_DIED: Final = "worker_died: the worker stopped while it was handing this over"


def recover(engine: Engine, now: datetime, *, grace: timedelta, first_look: timedelta = LOOKS[0]) -> int:
    """Look after every open batch that nobody holds, then let emails in doubt go once more; give the rows changed.

    A batch without a holder is left alone for `grace` after it was claimed: its doorbell
    may still be on the way. Rows that were being handed off become unknown at once.
    """
    changed = 0
    with engine.connect() as db:
        batches = open_batches(db, _MANY)
        db.rollback()
        for batch_id, claimed_at in batches:
            if now - claimed_at < min(grace, _YOUNG) or not hold(db, batch_id):
                db.rollback()
                continue
            try:
                changed += _settle_abandoned(db, batch_id, now, now + first_look, late=now - claimed_at >= grace)
                db.commit()
            finally:
                db.rollback()
                let_go(db, batch_id)
                db.commit()
        changed += send_unknown_once_more(db, _MANY, now)
        db.commit()
    return changed


def _settle_abandoned(db: Connection, batch_id: int, now: datetime, look_at: datetime, *, late: bool) -> int:
    doubted = doubt(db, batch_id, _DIED, now, look_at)
    released = release(db, batch_id) if late or doubted else 0
    close(db, batch_id, now)
    if doubted or released:
        logs.event("batch recovered", batch=batch_id, unknown=doubted, released=released)
    return doubted + released
