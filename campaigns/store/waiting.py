"""The waiting list of a session: who waits, who is offered a place, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, or_, select, text, update

from campaigns.domain.steps import Channel, Purpose, Standing
from campaigns.store.engine import Connection
from campaigns.store.reach import gets_texts, suppressed
from campaigns.store.tables import registrant, registration

_WAITED_FOR: Final = text("""
SELECT DISTINCT s.id FROM registration r JOIN webinar_session s ON s.id = r.session_id
WHERE r.standing <> 'held' AND r.withdrawn_at IS NULL AND s.ends_at > :now
ORDER BY s.id
""")
_LIVE: Final = (registration.c.withdrawn_at.is_(None),)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many wait, and how many of a session's places are kept for an offer."""

    waiting: int
    offered: int


def sessions_waited_for(db: Connection, now: datetime) -> Sequence[int]:
    """List the sessions, not over yet, that somebody is on the waiting list of."""
    return list(db.execute(_WAITED_FOR, {"now": now}).scalars())


def counts(db: Connection, session_id: int) -> Counts:
    """Count the waiting list."""
    waiting, offered = (
        func.count().filter(registration.c.standing == standing) for standing in (Standing.WAITING, Standing.OFFERED)
    )
    row = db.execute(select(waiting, offered).where(registration.c.session_id == session_id, *_LIVE)).one()
    return Counts(*row)


def ahead_of(db: Connection, registration_id: int) -> int:
    """Count those who wait before somebody who waits."""
    mine = select(registration.c.session_id, registration.c.waiting_since).where(registration.c.id == registration_id)
    session_id, since = db.execute(mine).one()
    before = func.row(registration.c.waiting_since, registration.c.id) < func.row(since, registration_id)
    query = select(func.count()).where(
        registration.c.session_id == session_id, registration.c.standing == Standing.WAITING, before, *_LIVE
    )
    return db.execute(query).scalar_one()


def first_in_line(db: Connection, session_id: int, most: int | None) -> Sequence[int]:
    """Give the registrations that have waited longest, `most` of them or all; nobody else can offer to them now.

    Whoever can be told neither by email nor by text keeps their place in line and is passed over.
    """
    told = or_(~suppressed(Channel.EMAIL, Purpose.SERVICE), gets_texts())
    query = (
        select(registration.c.id)
        .join(registrant, registrant.c.id == registration.c.registrant_id)
        .where(registration.c.session_id == session_id, registration.c.standing == Standing.WAITING, *_LIVE, told)
        .order_by(registration.c.waiting_since, registration.c.id)
        .limit(most)
        .with_for_update(of=registration, skip_locked=True)
    )
    return list(db.execute(query).scalars())


def keep_place(db: Connection, registration_id: int, now: datetime, ends_at: datetime) -> None:
    """Keep a place for somebody on the list until `ends_at`."""
    offer = {"standing": Standing.OFFERED, "offered_at": now, "offer_ends_at": ends_at}
    db.execute(update(registration).where(registration.c.id == registration_id).values(offer))


def end_offers(db: Connection, session_id: int, now: datetime) -> int:
    """Take those off the list whose offer is over; give their number."""
    over = update(registration).where(
        registration.c.session_id == session_id,
        registration.c.standing == Standing.OFFERED,
        registration.c.offer_ends_at <= now,
        *_LIVE,
    )
    return db.execute(over.values(withdrawn_at=now)).rowcount


def take_place(db: Connection, registration_id: int, now: datetime) -> bool:
    """Turn an offer into a place, had from now on; False if there is no offer any more."""
    change = update(registration).where(
        registration.c.id == registration_id,
        registration.c.standing == Standing.OFFERED,
        registration.c.offer_ends_at > now,
        *_LIVE,
    )
    return db.execute(change.values(standing=Standing.HELD, registered_at=now)).rowcount == 1
