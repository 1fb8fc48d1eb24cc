"""What the staff pages read about webinars, sessions and steps: counts, grouped once, never per row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, literal, select

from campaigns.domain.lifecycle import Status
from campaigns.store.engine import Connection
from campaigns.store.tables import delivery, registration, step, webinar, webinar_session
from campaigns.store.webinars import SessionRow, WebinarRow

_WEBINAR: Final = tuple(webinar.c[name] for name in WebinarRow.__dataclass_fields__)
_SESSION: Final = tuple(webinar_session.c[name] for name in SessionRow.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class SessionGlance:
    """A session with what a glance at it should tell."""

    session: SessionRow
    registered: int
    """People who hold a place."""
    came: int
    """Of those, how many attended or left early."""


@dataclass(frozen=True, slots=True)
class NextOut:
    """The next deliveries of a session that are in the ledger."""

    session_id: int
    due_at: datetime
    step_name: str
    channel: str
    count: int


def is_in(status: Status) -> ColumnElement[bool]:
    """Compare with a status in a way that its partial index answers: the number stands in the statement itself."""
    return delivery.c.status == literal(int(status), literal_execute=True)


def count_in(db: Connection, status: Status) -> int:
    """Count the deliveries in a state that has an index of its own."""
    return db.execute(select(func.count()).select_from(delivery).where(is_in(status))).scalar_one()


def webinars(db: Connection) -> list[WebinarRow]:
    """List all webinars by title."""
    rows = db.execute(select(*_WEBINAR).order_by(webinar.c.title, webinar.c.id))
    return [WebinarRow(*row) for row in rows]


def sessions(db: Connection, webinar_ids: Iterable[int]) -> list[SessionGlance]:
    """List the sessions of these webinars in order of their start, with the number of places taken."""
    places = (
        select(
            registration.c.session_id,
            func.count().label("registered"),
            func.count().filter(registration.c.attendance.in_(("attended", "left_early"))).label("came"),
        )
        .where(registration.c.withdrawn_at.is_(None))
        .group_by(registration.c.session_id)
        .subquery()
    )
    rows = db.execute(
        select(*_SESSION, func.coalesce(places.c.registered, 0), func.coalesce(places.c.came, 0))
        .outerjoin(places, places.c.session_id == webinar_session.c.id)
        .where(webinar_session.c.webinar_id.in_(tuple(webinar_ids)))
        .order_by(webinar_session.c.starts_at, webinar_session.c.id)
    )
    return [SessionGlance(SessionRow(*row[:-2]), row[-2], row[-1]) for row in rows]


def next_out(db: Connection, session_ids: Iterable[int]) -> dict[int, NextOut]:
    """Give, per session, the earliest planned deliveries of the ledger: one step at one instant, with their number."""
    rows = db.execute(
        select(
            delivery.c.session_id,
            delivery.c.due_at,
            step.c.name,
            step.c.channel,
            func.count().label("count"),
        )
        .join(step, step.c.id == delivery.c.step_id)
        .where(is_in(Status.PLANNED), delivery.c.session_id.in_(tuple(session_ids)))
        .group_by(delivery.c.session_id, delivery.c.due_at, step.c.id)
        .order_by(delivery.c.session_id, delivery.c.due_at, func.count().desc())
        .distinct(delivery.c.session_id)
    )
    return {row.session_id: NextOut(row.session_id, row.due_at, row.name, row.channel, row.count) for row in rows}


def step_counts(db: Connection, session_id: int) -> dict[int, dict[Status, int]]:
    """Count a session's deliveries per step and state, from the index alone."""
    rows = db.execute(
        select(delivery.c.step_id, delivery.c.status, func.count().label("count"))
        .where(delivery.c.session_id == session_id)
        .group_by(delivery.c.step_id, delivery.c.status)
    )
    counts: dict[int, dict[Status, int]] = {}
    for row in rows:
        counts.setdefault(row.step_id, {})[Status(row.status)] = row.count
    return counts

