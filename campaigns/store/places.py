"""Who has a place in a session, and how many places are spoken for."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, select

from campaigns.domain.steps import Standing
from campaigns.store.engine import Connection
from campaigns.store.tables import registration


def places_claimed(db: Connection, session_id: int) -> int:
    """Count the live registrations of a session: those with a place, with an offer, and those that wait."""
    query = select(func.count()).where(registration.c.session_id == session_id, registration.c.withdrawn_at.is_(None))
    return db.execute(query).scalar_one()


def places_kept(db: Connection, session_id: int) -> int:
    """Count those with a place in a session and those to whom one is offered: all that cannot be offered now."""
    kept = registration.c.standing != Standing.WAITING
    query = select(func.count()).where(
        registration.c.session_id == session_id, registration.c.withdrawn_at.is_(None), kept
    )
    return db.execute(query).scalar_one()


def places_held(db: Connection, session_id: int) -> int:
    """Count those who have a place in a session."""
    query = select(func.count()).where(registration.c.session_id == session_id, holds_place())
    return db.execute(query).scalar_one()


def holds_place() -> ColumnElement[bool]:
    """Say in SQL whether the registration at hand has a place now: not given up, and not only waited for."""
    return and_(registration.c.withdrawn_at.is_(None), registration.c.standing == Standing.HELD)
