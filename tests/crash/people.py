"""Many registered people at once, and what each of them is to get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from campaigns.operations.plan import plan_sessions
from tests.crash.proof import EMAIL, TEXT, Wanted
from tests.crash.service import House

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
)
_TEXTED = 8
"""One in so many has asked for texts."""


@dataclass(frozen=True)
class Crowd:
    """People of one session, of whom everybody is due exactly one message now."""

    session_id: int
    emails: frozenset[Wanted]
    """Of those without texts."""
    texts: frozenset[Wanted]
    """Of the others."""

    @property
    def all(self) -> frozenset[Wanted]:
        return self.emails | self.texts


def gather(house: House, count: int) -> Crowd:
    """Register people for a session that starts in fourteen minutes, and let the planner plan."""
    session_id = house.session(timedelta(minutes=14))
    house.sql(
        """
        WITH n AS (
          INSERT INTO registrant (email, first_name, phone, zone, created_at)
          SELECT 'p' || i || '@example.org', 'Person' || i, CASE WHEN i % :texted = 0
                 THEN '+1207' || (5550000 + i) END, (CAST(:zones AS text[]))[1 + i % :of], :at
          FROM generate_series(1, :count) AS i RETURNING id, zone, phone
        ), r AS (
          INSERT INTO registration (session_id, registrant_id, zone, source, registered_at)
          SELECT :session, id, zone, 'import', :at FROM n
        ), c AS (
          INSERT INTO consent (registrant_id, channel, purpose, granted, address, means, at)
          SELECT id, 'sms', 'service', true, phone, 'import', :at FROM n WHERE phone IS NOT NULL
          RETURNING id, registrant_id
        )
        INSERT INTO permission (registrant_id, channel, purpose, granted, consent_id)
        SELECT registrant_id, 'sms', 'service', true, id FROM c
        """,
        session=session_id,
        zones=list(ZONES),
        of=len(ZONES),
        texted=_TEXTED,
        count=count,
        at=house.runtime.clock() - timedelta(days=20),
    )
    house.sql("ANALYZE")
    runtime = house.runtime
    planned = plan_sessions(runtime.engine, runtime.hours, runtime.clock(), horizon=runtime.settings.horizon)
    assert planned == count
    return Crowd(
        session_id=session_id,
        emails=frozenset((f"p{i}@example.org", EMAIL) for i in range(1, count + 1) if i % _TEXTED),
        texts=frozenset((f"+1207{5550000 + i}", TEXT) for i in range(1, count + 1) if i % _TEXTED == 0),
    )
