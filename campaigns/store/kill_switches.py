"""Kill switches: everything, one session, or one purpose is held back until somebody lets it go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from campaigns.domain.steps import Purpose
from campaigns.store.engine import Connection
from campaigns.store.tables import kill_switch


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """One that is thrown now."""

    id: int
    session_id: int | None
    """None: every session."""
    purpose: Purpose | None
    """None: every purpose."""
    reason: str
    staff_id: int | None
    """None: the service itself threw it."""
    at: datetime


def throw(
    db: Connection,
    *,
    session_id: int | None,
    purpose: Purpose | None,
    reason: str,
    staff_id: int | None,
    now: datetime,
) -> bool:
    """Hold back what is not handed off yet; False if this very switch is thrown already."""
    values = {
        "session_id": session_id,
        "purpose": purpose.value if purpose else None,
        "reason": reason,
        "staff_id": staff_id,
        "at": now,
    }
    statement = insert(kill_switch).values(values).on_conflict_do_nothing().returning(kill_switch.c.id)
    return db.execute(statement).first() is not None


def lift(db: Connection, switch_id: int, staff_id: int, now: datetime) -> bool:
    """Let go what a switch holds back; what has become useless meanwhile is skipped. False if it was not thrown."""
    change = update(kill_switch).where(kill_switch.c.id == switch_id, kill_switch.c.lifted_at.is_(None))
    return db.execute(change.values(lifted_at=now, lifted_by=staff_id)).rowcount == 1


def thrown(db: Connection) -> list[KillSwitch]:
    """List the switches that hold something back now, the oldest first."""
    query = select(kill_switch).where(kill_switch.c.lifted_at.is_(None)).order_by(kill_switch.c.id)
    return [
        KillSwitch(
            row.id, row.session_id, Purpose(row.purpose) if row.purpose else None, row.reason, row.staff_id, row.at
        )
        for row in db.execute(query)
    ]
