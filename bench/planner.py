"""Planning and moving a session with 100,000 registrations, with the horizon that the service ships with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from bench.figures import Figure
from bench.house import House, house
from campaigns.operations.plan import plan_sessions
from campaigns.operations.reschedule import move, preview_move
from campaigns.store.engine import transaction

PEOPLE = 100_000


def measure() -> Iterator[Figure]:
    """Plan what is due within the horizon for a crowd, plan again, move the session, plan the new date.

    The session begins in five hours: the hour-before and doors-open emails and the 15-minute text
    fall within the horizon.
    """
    with house() as home:
        session_id = home.session(timedelta(hours=5))
        home.people(session_id, PEOPLE)
        yield from _plan(home, "planner.first")
        home.run("UPDATE webinar_session SET planned_until = NULL")
        yield from _plan(home, "planner.repeat")
        yield from _move(home, session_id)
        yield from _plan(home, "planner.after_move")


def _plan(home: House, name: str) -> Iterator[Figure]:
    settings, runtime = home.runtime.settings, home.runtime
    began = time.perf_counter()
    added = plan_sessions(runtime.engine, runtime.hours, runtime.clock(), horizon=settings.horizon)
    yield Figure(f"{name}.seconds", time.perf_counter() - began, "s", PEOPLE)
    yield Figure(f"{name}.rows", added, "deliveries", PEOPLE)


def _move(home: House, session_id: int) -> Iterator[Figure]:
    runtime = home.runtime
    now = runtime.clock()
    home.run(
        "INSERT INTO staff (email, name, role, password_hash, created_at)"
        " VALUES ('bench@localhost', 'Bench', 'admin', '-', :now)",
        now=now,
    )
    staff_id = int(str(home.run("SELECT id FROM staff")[0][0]))
    starts = now + timedelta(hours=5, minutes=30)
    ends = starts + timedelta(minutes=30)
    began = time.perf_counter()
    with transaction(runtime.engine) as db:
        shown = preview_move(db, session_id, starts, ends, runtime.hours, now)
    yield Figure("move.preview", (time.perf_counter() - began) * 1000, "ms", PEOPLE)
    began = time.perf_counter()
    with transaction(runtime.engine) as db:
        move(db, session_id, starts, ends, now, fingerprint=shown.fingerprint, staff_id=staff_id)
    yield Figure("move.press", (time.perf_counter() - began) * 1000, "ms", PEOPLE)
