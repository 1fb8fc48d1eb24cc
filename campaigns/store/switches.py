"""Places that lead on to another: who switches keeps the personal link and the calendar entry."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, exists, select, text, update

from campaigns.store.engine import Connection
from campaigns.store.tables import registration, webinar_session

_NEWEST: Final = text("""
WITH RECURSIVE chain AS (
  SELECT r.id, r.registrant_id, r.switched_to, 0 AS steps FROM registration r WHERE r.id = :id
  UNION ALL
  SELECT r.id, r.registrant_id, r.switched_to, c.steps + 1
  FROM registration r JOIN chain c ON r.id = c.switched_to AND r.registrant_id = c.registrant_id
)
SELECT id, switched_to FROM chain ORDER BY steps DESC LIMIT 1
""")

_TAKE_OVER: Final = text("""
UPDATE registration r SET calendar_id = coalesce(b.calendar_id, b.id), calendar_base = b.calendar_base + s.revision + 1
FROM registration b JOIN webinar_session s ON s.id = b.session_id
WHERE b.id = :before AND r.id = :after
""")


def newest(db: Connection, registration_id: int) -> int | None:
    """Give the place that a registration has led on to by now: itself if it was never switched.

    None if there is no such registration, or its place went to another address: who leaves an
    address behind leaves its links behind, for somebody else may read what is sent there.
    """
    row = db.execute(_NEWEST, {"id": registration_id}).first()
    return row.id if row and row.switched_to is None else None


def went_to_another() -> ColumnElement[bool]:
    """Say in SQL whether the place of the registration at hand went over to another email address."""
    after = registration.alias()
    return exists().where(
        after.c.id == registration.c.switched_to, after.c.registrant_id != registration.c.registrant_id
    )


def lead_on(db: Connection, before: int, after: int) -> None:
    """Let the links of one place open another from now on."""
    db.execute(update(registration).where(registration.c.id == before).values(switched_to=after))


def take_over_entry(db: Connection, before: int, after: int) -> None:
    """Let the calendar entry of one place go over to another: the same name, and sequence numbers never used before.

    An entry of revision n has used up to n: one for each date, and one for a cancellation.
    """
    db.execute(_TAKE_OVER, {"before": before, "after": after})


def lead_on_from_given_up(db: Connection, registrant_id: int, webinar_id: int, after: int) -> None:
    """Let the links of places of this webinar that a person gave up open the new one."""
    theirs = select(webinar_session.c.id).where(webinar_session.c.webinar_id == webinar_id)
    db.execute(
        update(registration)
        .where(
            registration.c.registrant_id == registrant_id,
            registration.c.session_id.in_(theirs),
            registration.c.withdrawn_at.is_not(None),
            registration.c.switched_to.is_(None),
            registration.c.id != after,
        )
        .values(switched_to=after)
    )
