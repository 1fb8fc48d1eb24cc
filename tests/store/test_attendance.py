"""Matching a list of who came with a session's registrations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from campaigns.domain.steps import Attendance
from campaigns.store import attendance, webinars
from campaigns.store.attendance import Finding, Sighting, Stranger
from campaigns.store.engine import Connection

NOW = datetime(2026, 3, 25, 22, 0, tzinfo=UTC)


def test_the_number_of_a_registration_counts_before_the_address(db: Connection, session: int) -> None:
    first, second = places(db)
    attendance.stage(db, session, [seen(2, second, "p1@example.org"), seen(3, None, "p1@example.org")])
    assert [match.registration_id for match in attendance.matches(db)] == [first, second]


def test_a_number_of_another_session_is_a_stranger(db: Connection, session: int) -> None:
    row = webinars.read_session(db, session)
    assert row is not None
    other = webinars.add_session(db, row.webinar_id, NOW, NOW + timedelta(hours=1), NOW)
    attendance.stage(db, other, [seen(2, places(db)[0], None), seen(3, None, "p1@example.org"), seen(4, None, None)])
    assert list(attendance.matches(db)) == []
    assert attendance.strangers(db, 2) == (
        3,
        [Stranger(2, f"registration {places(db)[0]}", withdrew=False), Stranger(3, "p1@example.org", withdrew=False)],
    )


def test_what_is_kept_is_counted_and_can_be_forgotten(db: Connection, session: int) -> None:
    first, _ = places(db)
    attendance.keep(db, [Finding(first, Attendance.LEFT_EARLY, 60)], {"by": "list"})
    assert attendance.known(db, session) == {Attendance.LEFT_EARLY: 1, Attendance.UNKNOWN: 1}
    assert attendance.miss_the_rest(db, session, {"by": "list"}) == 1
    assert attendance.known(db, session) == {Attendance.LEFT_EARLY: 1, Attendance.MISSED: 1}
    attendance.forget(db, session)
    assert attendance.known(db, session) == {Attendance.UNKNOWN: 2}
    assert db.execute(text("SELECT DISTINCT attended_seconds FROM registration")).scalars().all() == [None]


def test_what_was_known_before_comes_with_the_match(db: Connection, session: int) -> None:
    first, _ = places(db)
    attendance.keep(db, [Finding(first, Attendance.ATTENDED, 600)], {})
    attendance.stage(db, session, [seen(2, first, None)])
    assert [match.before for match in attendance.matches(db)] == [Attendance.ATTENDED]


@pytest.fixture
def session(db: Connection) -> int:
    facts: dict[str, Any] = dict.fromkeys(
        ("title", "class_title", "promise", "summary", "host_name", "host_role"), "Running"
    )
    webinar = webinars.add_webinar(db, {"slug": "running", "points": [], "zone": "America/New_York", **facts}, NOW)
    session = webinars.add_session(db, webinar, NOW, NOW + timedelta(minutes=10), NOW)
    db.execute(
        text(
            "WITH p AS (INSERT INTO registrant (email, first_name, zone, created_at)"
            " SELECT 'p' || n || '@example.org', 'P', 'UTC', :now FROM generate_series(1, 2) n RETURNING id)"
            " INSERT INTO registration (session_id, registrant_id, zone, source, registered_at)"
            " SELECT :session, id, 'UTC', 'web', :now FROM p ORDER BY id"
        ),
        {"session": session, "now": NOW},
    )
    return session


def places(db: Connection) -> list[int]:
    return list(db.execute(text("SELECT id FROM registration ORDER BY id")).scalars())


def seen(row: int, number: int | None, email: str | None) -> Sighting:
    return Sighting(row, number, email, None, None, None, Attendance.ATTENDED)
