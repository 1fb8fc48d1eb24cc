"""What brought people: kept once for the person and once for each place, counted for staff."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select, update

from campaigns.store.engine import Connection
from campaigns.store.places import holds_place
from campaigns.store.tables import registrant, registration


def note_touch(db: Connection, registration_id: int, touch: Mapping[str, str]) -> None:
    """Keep what brought somebody to this place, and to us; what was kept before stays as it is."""
    if not touch:
        return
    one = registration.c.id == registration_id
    db.execute(update(registration).where(one, registration.c.touch == {}).values(touch=dict(touch)))
    person = select(registration.c.registrant_id).where(one).scalar_subquery()
    first = update(registrant).where(registrant.c.id == person, registrant.c.first_touch == {})
    db.execute(first.values(first_touch=dict(touch)))


def sources(db: Connection, session_id: int, limit: int = 12) -> list[tuple[str, int]]:
    """Count a session's live registrations by what brought them, the most frequent first.

    A source is the word in `utm_source`, else the site they came from; empty where neither is known.
    """
    word = func.coalesce(
        func.nullif(registration.c.touch["utm_source"].astext, ""),
        func.nullif(registration.c.touch["referrer"].astext, ""),
        "",
    )
    query = (
        select(word, func.count())
        .where(registration.c.session_id == session_id, holds_place())
        .group_by(word)
        .order_by(func.count().desc(), word)
        .limit(limit)
    )
    return [(source, people) for source, people in db.execute(query)]
