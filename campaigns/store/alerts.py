"""Alerts: what somebody has to look at, each once however often it happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from campaigns.store.engine import Connection
from campaigns.store.tables import alert


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that waits for a person."""

    id: int
    kind: str
    """`page` (messages do not go out), `person` (somebody needs a human), `config`, `template`, `review` or `bug`."""
    subject: str
    """What it is about, such as `stream:1` or `inbound:7`."""
    words: str
    first_at: datetime
    last_at: datetime
    times: int


def raise_alert(db: Connection, kind: str, subject: str, words: str, now: datetime) -> bool:
    """Raise an alert, or count one more time if it is raised already; True if it is new."""
    statement = insert(alert).values(kind=kind, subject=subject, words=words, first_at=now, last_at=now)
    again = statement.on_conflict_do_update(
        index_elements=["kind", "subject"],
        index_where=alert.c.cleared_at.is_(None),
        set_={"last_at": now, "times": alert.c.times + 1, "words": words},
    )
    return db.execute(again.returning(alert.c.times)).scalar_one() == 1


def clear(db: Connection, alert_id: int, staff_id: int, now: datetime) -> bool:
    """Put an alert away: somebody has looked. False if it was not raised."""
    change = update(alert).where(alert.c.id == alert_id, alert.c.cleared_at.is_(None))
    return db.execute(change.values(cleared_at=now, cleared_by=staff_id)).rowcount == 1


def raised(db: Connection, limit: int = 50) -> list[Alert]:
    """List the alerts that nobody has cleared, those that page and those about people first."""
    urgent = alert.c.kind.in_(["page", "person"])
    query = select(alert).where(alert.c.cleared_at.is_(None)).order_by(urgent.desc(), alert.c.last_at.desc())
    return [
        Alert(row.id, row.kind, row.subject, row.words, row.first_at, row.last_at, row.times)
        for row in db.execute(query.limit(limit))
    ]


def count_raised(db: Connection) -> int:
    """Count the alerts that nobody has cleared."""
    return db.execute(select(func.count()).select_from(alert).where(alert.c.cleared_at.is_(None))).scalar_one()
