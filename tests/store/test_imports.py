"""Bringing a list into a session, set by set."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from campaigns.store import imports, webinars
from campaigns.store.engine import Connection, Engine, transaction
from campaigns.store.imports import Candidate, Remark

NOW = datetime(2026, 3, 10, 21, 51, tzinfo=UTC)


def test_every_row_has_one_fate(db: Connection, session: int) -> None:
    bring(db, session, candidate(2, "known@example.org"), candidate(3, "gone@example.org"))
    db.execute(
        text("UPDATE registration SET withdrawn_at = registered_at WHERE registrant_id IN"
             " (SELECT id FROM registrant WHERE email = 'gone@example.org')")
    )  # fmt: skip
    rows = ("known", "gone", "new", "new", "known")
    imports.stage(db, (candidate(number, f"{name}@example.org") for number, name in enumerate(rows, start=2)))
    counts = imports.weigh(db, session)
    assert (counts.new, counts.unknown, counts.already, counts.withdrew, counts.twice) == (1, 1, 1, 1, 2)
    assert imports.remarks(db, 10) == [
        Remark(2, "already", "known@example.org", 2),
        Remark(3, "withdrew", "gone@example.org", 3),
        Remark(5, "twice", "new@example.org", 4),
        Remark(6, "twice", "known@example.org", 2),
    ]
    assert [one.row for one in imports.remarks(db, 2)] == [2, 3]


def test_writing_twice_adds_nobody_twice(db: Connection, session: int) -> None:
    assert bring(db, session, candidate(2, "a@example.org")) == 1
    assert imports.write(db, session, 1, confirm=True, zone="UTC", now=NOW) == 0
    assert db.execute(text("SELECT count(*) FROM registration")).scalar_one() == 1


def test_someone_known_keeps_the_zone_they_gave(db: Connection, session: int) -> None:
    bring(db, session, candidate(2, "a@example.org", zone="America/Denver"))
    other = webinars.add_session(db, webinar_of(db, session), NOW, NOW + timedelta(hours=1), NOW)
    bring(db, other, candidate(2, "a@example.org"))
    assert db.execute(text("SELECT zone FROM registration WHERE session_id = :id"), {"id": other}).scalar_one() == (
        "America/Denver"
    )


def test_a_list_of_nobody_is_weighed_as_well(db: Connection, session: int) -> None:
    imports.stage(db, ())
    assert imports.weigh(db, session).new == 0


def test_what_was_brought_in_last_comes_first(db: Connection, session: int) -> None:
    for number in (1, 2, 3):
        db.execute(
            text("INSERT INTO audit (act, subject, detail, at) VALUES (:act, :subject, '{\"added\": 1}', :at)"),
            {"act": "attendance" if number == 2 else "import_registrants" if number == 3 else "moved",
             "subject": f"session:{session}", "at": NOW + timedelta(hours=number)},
        )  # fmt: skip
    found = imports.recent(db, 10)
    assert [one.act for one in found] == ["import_registrants", "attendance"]
    assert (found[0].session_id, found[0].webinar, found[0].by, found[0].counts) == (
        session,
        "Running",
        "",
        {"added": 1},
    )
    assert len(imports.recent(db, 1)) == 1


def test_a_second_import_into_the_session_waits_for_the_first(own_engine: Engine) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with transaction(own_engine) as db:
            waiting.set()
            imports.one_at_a_time(db, 1)
            order.append("second")

    with transaction(own_engine) as db:
        imports.one_at_a_time(db, 1)
        thread = threading.Thread(target=second)
        thread.start()
        waiting.wait(30)
        while not db.execute(
            text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        ).scalar():
            pass
        order.append("first")
    thread.join(30)
    assert order == ["first", "second"]


@pytest.fixture
def session(db: Connection) -> int:
    facts: dict[str, Any] = dict.fromkeys(
        ("title", "class_title", "promise", "summary", "host_name", "host_role"), "Running"
    )
    webinar = webinars.add_webinar(db, {"slug": "running", "points": [], "zone": "America/New_York", **facts}, NOW)
    return webinars.add_session(db, webinar, NOW, NOW + timedelta(minutes=10), NOW)


def webinar_of(db: Connection, session: int) -> int:
    row = webinars.read_session(db, session)
    assert row is not None
    return row.webinar_id


def candidate(row: int, email: str, *, zone: str | None = None) -> Candidate:
    return Candidate(row, email, "Ana", "", None, zone, False, False, False, None, "", "")


def bring(db: Connection, session: int, *candidates: Candidate) -> int:
    imports.stage(db, candidates)
    counts = imports.weigh(db, session)
    number = imports.record(db, session, None, "f", options={}, counts={"new": counts.new}, now=NOW)
    return imports.write(db, session, number, confirm=True, zone="America/New_York", now=NOW)
