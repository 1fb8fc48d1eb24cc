"""Who was in the room: match a list with a session's registrations and keep what it says.

Who enters: `operations/attend.py`, within one transaction. Lists live in tables that
vanish with the transaction. Only people who still hold their place are matched; a
row that matches nobody changes nothing and is never written to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Final

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

from campaigns.domain.steps import Attendance


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one row of the list says; either a stay, or seconds, or a finding."""

    row: int
    number: int | None
    """The registration's id, if the list names it."""
    email: str | None
    joined: datetime | None
    departed: datetime | None
    seconds: int | None
    finding: Attendance | None


@dataclass(frozen=True, slots=True)
class Match:
    """A sighting, the registration it belongs to, and what was known of it before."""

    registration_id: int
    before: Attendance
    joined: datetime | None
    departed: datetime | None
    seconds: int | None
    finding: Attendance | None


@dataclass(frozen=True, slots=True)
class Stranger:
    """A row that matches nobody who holds a place."""

    row: int
    email: str
    withdrew: bool
    """Whether they had a place and cancelled it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What we now know of one registration."""

    registration_id: int
    attendance: Attendance
    seconds: int | None


_STAGE: Final = """
CREATE TEMPORARY TABLE attendance_row (
    row integer, number bigint, email text, joined timestamptz, departed timestamptz, seconds integer, finding text
) ON COMMIT DROP
"""

_MATCH: Final = """
CREATE TEMPORARY TABLE attendance_match ON COMMIT DROP AS
SELECT a.*, coalesce(i.id, e.id) AS registration_id, coalesce(i.attendance, e.attendance) AS before,
    coalesce(i.id, e.id) IS NULL AND EXISTS (
        SELECT FROM registration w WHERE w.session_id = :session_id AND w.withdrawn_at IS NOT NULL
            AND (w.registrant_id = p.id OR w.id = a.number)
    ) AS withdrew
FROM attendance_row a
LEFT JOIN registration i
    ON i.id = a.number AND i.session_id = :session_id AND i.withdrawn_at IS NULL AND i.standing = 'held'
LEFT JOIN registrant p ON p.email = a.email
LEFT JOIN registration e
    ON e.registrant_id = p.id AND e.session_id = :session_id AND e.withdrawn_at IS NULL AND e.standing = 'held'
"""

_MATCHED: Final = """
SELECT registration_id, before, joined, departed, seconds, finding
FROM attendance_match WHERE registration_id IS NOT NULL ORDER BY registration_id, row
"""

_STRANGERS: Final = """
SELECT row, coalesce(email, 'registration ' || number) AS email, withdrew
FROM attendance_match WHERE registration_id IS NULL ORDER BY row LIMIT :most
"""

_KEEP: Final = """
UPDATE registration r SET attendance = f.attendance, attended_seconds = f.seconds, attendance_evidence = :evidence
FROM attendance_finding f WHERE r.id = f.registration_id
"""


def stage(db: Connection, session_id: int, sightings: Iterable[Sighting]) -> None:
    """Put the list into a table of its own and match it with the session's places; streams."""
    db.execute(text("DROP TABLE IF EXISTS attendance_row, attendance_match"))
    db.execute(text(_STAGE))
    names = ", ".join(column.name for column in fields(Sighting))
    with _raw(db).cursor() as cursor, cursor.copy(f"COPY attendance_row ({names}) FROM STDIN") as copy:
        for sighting in sightings:
            copy.write_row(astuple(sighting))
    db.execute(text("ANALYZE attendance_row"))
    db.execute(text(_MATCH), {"session_id": session_id})


def matches(db: Connection) -> Iterator[Match]:
    """Give the matched rows, those of one registration together."""
    for row in db.execute(text(_MATCHED), execution_options={"stream_results": True}):
        yield Match(
            row.registration_id,
            Attendance(row.before),
            row.joined,
            row.departed,
            row.seconds,
            Attendance(row.finding) if row.finding else None,
        )


def strangers(db: Connection, most: int) -> tuple[int, list[Stranger]]:
    """Count the rows that match nobody, and give the first `most` of them."""
    count = db.execute(text("SELECT count(*) FROM attendance_match WHERE registration_id IS NULL")).scalar_one()
    rows = db.execute(text(_STRANGERS), {"most": most})
    return int(count), [Stranger(row.row, row.email, row.withdrew) for row in rows]


def known(db: Connection, session_id: int) -> dict[Attendance, int]:
    """Count the people who hold a place in the session by what is known of their presence."""
    rows = db.execute(
        text(
            "SELECT attendance, count(*) AS people FROM registration"
            " WHERE session_id = :session_id AND withdrawn_at IS NULL AND standing = 'held' GROUP BY attendance"
        ),
        {"session_id": session_id},
    )
    return {Attendance(row.attendance): row.people for row in rows}


def forget(db: Connection, session_id: int) -> None:
    """Take back what is known of everybody who holds a place in the session."""
    db.execute(
        text(
            "UPDATE registration SET attendance = 'unknown', attended_seconds = NULL, attendance_evidence = '{}'"
            " WHERE session_id = :session_id AND withdrawn_at IS NULL AND attendance <> 'unknown'"
        ),
        {"session_id": session_id},
    )


def keep(db: Connection, findings: Iterable[Finding], evidence: Mapping[str, object]) -> None:
    """Write findings to their registrations, with where they come from."""
    db.execute(text("DROP TABLE IF EXISTS attendance_finding"))
    db.execute(
        text(
            "CREATE TEMPORARY TABLE attendance_finding (registration_id bigint, attendance text, seconds integer)"
            " ON COMMIT DROP"
        )
    )
    copied = "COPY attendance_finding (registration_id, attendance, seconds) FROM STDIN"
    with _raw(db).cursor() as cursor, cursor.copy(copied) as copy:
        for finding in findings:
            copy.write_row(astuple(finding))
    db.execute(text(_KEEP), {"evidence": Jsonb(dict(evidence))})


def set_one(db: Connection, registration_id: int, finding: Attendance, evidence: Mapping[str, object]) -> Attendance:
    """Write what staff know of one person, and keep the evidence there was under `before`; give what was known."""
    change = text(
        "UPDATE registration r SET attendance = :finding, attendance_evidence = CAST(:evidence AS jsonb)"
        " || jsonb_build_object('before', b.attendance_evidence || jsonb_build_object('attendance', b.attendance))"
        " FROM registration b WHERE r.id = :id AND b.id = r.id RETURNING b.attendance"
    )
    values = {"id": registration_id, "finding": finding.value, "evidence": Jsonb(dict(evidence))}
    return Attendance(db.execute(change, values).scalar_one())


def reason_of_staff(db: Connection, registration_id: int) -> str:
    """Give the reason with which staff set one person's attendance; empty if they did not."""
    query = text(
        "SELECT coalesce(attendance_evidence ->> 'why', '') FROM registration WHERE id = :id"
        " AND attendance_evidence ->> 'by' = 'staff'"
    )
    return str(db.execute(query, {"id": registration_id}).scalar() or "")


def miss_the_rest(db: Connection, session_id: int, evidence: Mapping[str, object]) -> int:
    """Write `missed` to everybody in the session of whom nothing is known; give their number."""
    rest = text(
        "UPDATE registration SET attendance = 'missed', attendance_evidence = :evidence"
        " WHERE session_id = :session_id AND withdrawn_at IS NULL AND standing = 'held' AND attendance = 'unknown'"
    )
    return db.execute(rest, {"session_id": session_id, "evidence": Jsonb(dict(evidence))}).rowcount


def _raw(db: Connection) -> psycopg.Connection:
    raw = db.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    return raw
