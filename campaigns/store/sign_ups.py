"""Sign-ups, and wrong codes, counted by keyed hashes, for a day.

All web processes share them, and a restart forgets nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, insert, select, text, update

from campaigns.domain.sign_ups import DAY, HOUR, Tally
from campaigns.domain.steps import Channel
from campaigns.store.engine import Connection
from campaigns.store.tables import registration, sign_up_count

_SWEPT: Final = 20
"""Old rows that each sign-up takes away; it adds four at most, so none stays for long."""


def count(db: Connection, keys: Collection[str], now: datetime) -> Mapping[str, Tally]:
    """Note one sign-up for each key, and say how many each has within the hour and the day, this one included.

    Two at the same moment may not see each other: a limit can be passed by as many as come at once.
    """
    _sweep(db, now)
    db.execute(insert(sign_up_count), [{"key": key, "at": now} for key in keys])
    at = sign_up_count.c.at
    query = (
        select(sign_up_count.c.key, func.count().filter(at > now - HOUR), func.count())
        .where(sign_up_count.c.key.in_(keys), at > now - DAY)
        .group_by(sign_up_count.c.key)
    )
    return {key: Tally(hour, day) for key, hour, day in db.execute(query)}


def alone(db: Connection, key: str) -> None:
    """Let nobody else count under a key until the transaction ends: of two at once the second sees the first."""
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def within_a_day(db: Connection, key: str, now: datetime) -> int:
    """Say how often a key was counted within the day."""
    query = select(func.count()).where(sign_up_count.c.key == key, sign_up_count.c.at > now - DAY)
    return db.execute(query).scalar_one()


def hold_back(db: Connection, registration_id: int, channels: Collection[Channel]) -> None:
    """Let no confirmation of this registration leave on these channels, nor on those that were held back before."""
    known = select(registration.c.held_back).where(registration.c.id == registration_id)
    names = sorted({channel.value for channel in channels}.union(db.execute(known).scalar_one()))
    db.execute(update(registration).where(registration.c.id == registration_id).values(held_back=names))


def let_go(db: Connection, registration_id: int, channel: Channel) -> None:
    """Let confirmations of this registration leave on a channel again: what was too much before is so no more."""
    statement = text(
        "UPDATE registration SET held_back = array_remove(held_back, CAST(:channel AS text))"
        " WHERE id = :id AND CAST(:channel AS text) = ANY(held_back)"
    )
    db.execute(statement, {"id": registration_id, "channel": channel.value})


def _sweep(db: Connection, now: datetime) -> None:
    # A few at a time and past those another sign-up is taking: nobody waits for a delete.
    old = select(sign_up_count.c.id).where(sign_up_count.c.at <= now - DAY).order_by(sign_up_count.c.at)
    old = old.limit(_SWEPT).with_for_update(skip_locked=True)
    db.execute(delete(sign_up_count).where(sign_up_count.c.id.in_(old)))
