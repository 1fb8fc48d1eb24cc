"""Many registered people at once, and what each of them is to get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from campaigns.operations.plan import plan_sessions
from tests.crash.evidence import EMAIL, TEXT, Wanted
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
AHEAD = timedelta(minutes=14)
"""How far from its start a session is whose people are due a message now: doors open, or starts in 15 minutes."""
_TEXTED = 8
"""One in so many has asked for texts."""


@dataclass(frozen=True)
class Person:
    """Somebody with a place in one session."""

    email: str
    phone: str | None
    """With a number they have asked for texts."""
    zone: str
    session_id: int

    @property
    def wanted(self) -> Wanted:
        return (self.phone, TEXT) if self.phone else (self.email, EMAIL)


@dataclass(frozen=True)
class Crowd:
    """People of whom everybody is due exactly one message now; a number they share is due one for all."""

    people: Sequence[Person]

    @property
    def emails(self) -> frozenset[Wanted]:
        """Of those without texts."""
        return frozenset(one.wanted for one in self.people if not one.phone)

    @property
    def texts(self) -> frozenset[Wanted]:
        """Of the others."""
        return frozenset(one.wanted for one in self.people if one.phone)

    @property
    def all(self) -> frozenset[Wanted]:
        return self.emails | self.texts


def gather(house: House, count: int) -> Crowd:
    """Register people for a session that starts in fourteen minutes, and let the planner plan."""
    session_id = house.session(AHEAD)
    return settle(
        house,
        [
            Person(
                email=f"p{i}@example.org",
                phone=number_of(i) if i % _TEXTED == 0 else None,
                zone=ZONES[i % len(ZONES)],
                session_id=session_id,
            )
            for i in range(1, count + 1)
        ],
    )


def number_of(i: int) -> str:
    """Give each their own number; there is room for ten thousand."""
    return f"+1207{5550000 + i}"


def settle(house: House, people: Sequence[Person]) -> Crowd:
    """Give people their places and let the planner plan: one message for each."""
    register(house, people)
    runtime = house.runtime
    planned = plan_sessions(runtime.engine, runtime.hours, runtime.clock(), horizon=runtime.settings.horizon)
    assert planned == len(people)
    return Crowd(people)


def register(house: House, people: Sequence[Person]) -> None:
    """Give people their places, some weeks ago; nothing is planned yet."""
    house.sql(
        """
        WITH given AS (
          SELECT * FROM unnest(CAST(:emails AS text[]), CAST(:phones AS text[]), CAST(:zones AS text[]),
                               CAST(:sessions AS bigint[])) AS g(email, phone, zone, session_id)
        ), n AS (
          INSERT INTO registrant (email, first_name, phone, zone, created_at)
          SELECT email, 'Person', phone, zone, :at FROM given RETURNING id, email, phone, zone
        ), r AS (
          INSERT INTO registration (session_id, registrant_id, zone, source, registered_at)
          SELECT g.session_id, n.id, n.zone, 'import', :at FROM n JOIN given g ON g.email = n.email
        ), c AS (
          INSERT INTO consent (registrant_id, channel, purpose, granted, address, means, at)
          SELECT id, 'sms', 'service', true, phone, 'import', :at FROM n WHERE phone IS NOT NULL
          RETURNING id, registrant_id
        )
        INSERT INTO permission (registrant_id, channel, purpose, granted, consent_id)
        SELECT registrant_id, 'sms', 'service', true, id FROM c
        """,
        emails=[one.email for one in people],
        phones=[one.phone for one in people],
        zones=[one.zone for one in people],
        sessions=[one.session_id for one in people],
        at=house.runtime.clock() - timedelta(days=20),
    )
    # Who comes by themselves plans for themselves; for these the planner has to look again.
    house.sql("UPDATE webinar_session SET planned_until = NULL")
    house.sql("ANALYZE")
