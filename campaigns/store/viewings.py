"""What people have seen of the talks on our watch page: one row for each registration and mode.

Who enters: `operations/watch.py` and `operations/close.py`. A beat is one statement, so that
a beat that comes twice, late, or from a second device beside another changes nothing it should not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg.types.json import Jsonb
from sqlalchemy import text

from campaigns.domain.attendance import below
from campaigns.domain.steps import Attendance
from campaigns.domain.watching import DOORS, FASTEST, LAST_ENTRY, SLACK, TENTH, Finding, Mode, Span
from campaigns.store.engine import Connection


@dataclass(frozen=True, slots=True)
class Beat:
    """What a watch page says has been played, and when we gave that page its ticket."""

    registration_id: int
    session_id: int
    issued_at: datetime
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Where somebody stands after a beat."""

    taken: bool
    """False: it claims more than can have been played; nothing was written."""
    mode: Mode
    seconds: int
    """Of the talk, seen in this mode."""
    talk_seconds: int
    known: Attendance
    completed: bool
    """Whether it is on record that they have seen all of it."""


@dataclass(frozen=True, slots=True)
class Viewing:
    """What somebody has seen of a talk in one mode."""

    mode: Mode
    seconds: int
    position: int
    """Where playing stood last, in whole seconds."""
    first_at: datetime
    last_at: datetime


_LENGTH: Final = "(SELECT coalesce(sum(upper(part) - lower(part)), 0) FROM unnest({}) AS part)"
_UNITED: Final = _LENGTH.format("v.seen + excluded.seen")

# `paid_until` is where our clock must stand for all that was seen to have been played at the fastest: new spans move
# it on, spans said before cost nothing, and a page opened later begins to pay when it was opened.
_PAID: Final = f"greatest(v.paid_until, :issued) + ({_UNITED} - v.seen_tenths) * CAST(:cost AS interval)"

_TAKE: Final = text(f"""
WITH told AS (
  SELECT r.id, r.attendance, coalesce(r.attendance_evidence ->> 'completed', '') = 'true' AS completed,
    CASE WHEN :now < s.ends_at + CAST(:last_entry AS interval) THEN 'live' ELSE 'replay' END AS mode,
    CAST(coalesce(s.talk_seconds, extract(epoch FROM s.ends_at - s.starts_at)) AS integer) AS talk_seconds
  FROM registration r JOIN webinar_session s ON s.id = r.session_id
  WHERE r.id = :registration AND s.id = :session AND r.withdrawn_at IS NULL AND r.standing = 'held'
    AND s.cancelled_at IS NULL AND s.media_url <> '' AND :now >= s.starts_at - CAST(:doors AS interval)
    AND (s.room_url = '' OR :now >= s.ends_at + CAST(:last_entry AS interval))
), kept AS (
  INSERT INTO viewing AS v
    (registration_id, mode, seen, seen_tenths, position, first_at, last_at, beats, paid_until)
  SELECT id, mode, said.seen, said.tenths, :position, :now, :now, 1,
    :issued + said.tenths * CAST(:cost AS interval)
  FROM told, LATERAL (
    SELECT seen, {_LENGTH.format("seen")} AS tenths FROM (
      SELECT CAST(:spans AS int4multirange) * int4multirange(int4range(0, 10 * talk_seconds)) AS seen
    ) AS clipped
  ) AS said
  ON CONFLICT (registration_id, mode) DO UPDATE SET seen = v.seen + excluded.seen, seen_tenths = {_UNITED},
    position = excluded.position, last_at = excluded.last_at, beats = v.beats + 1, paid_until = {_PAID}
  WHERE {_PAID} <= :now + CAST(:slack AS interval)
  RETURNING seen_tenths
)
SELECT told.*, kept.seen_tenths FROM told LEFT JOIN kept ON true
""")  # noqa: S608  # built from our own constants; every value is bound

_IMPROVE: Final = text("""
UPDATE registration SET attendance = :finding,
  attended_seconds = greatest(coalesce(attended_seconds, 0), :seconds),
  attendance_evidence = CASE WHEN attendance = :finding THEN attendance_evidence || '{"completed": true}'
    ELSE CAST(:evidence AS jsonb) END
WHERE id = :registration AND withdrawn_at IS NULL AND coalesce(attendance_evidence ->> 'by', '') <> 'staff'
  AND (attendance = ANY(:below)
       OR (attendance = :finding AND :completed AND coalesce(attendance_evidence ->> 'completed', '') <> 'true'))
""")

_LIVE: Final = text("""
SELECT v.registration_id, v.seen_tenths / 10 AS seconds FROM viewing v JOIN registration r ON r.id = v.registration_id
WHERE r.session_id = :session AND r.withdrawn_at IS NULL AND v.mode = 'live' AND v.seen_tenths >= 10
""")

_COUNT: Final = text("""
UPDATE registration r SET attended_seconds = v.seen_tenths / 10
FROM viewing v WHERE v.registration_id = r.id AND v.mode = 'live' AND r.session_id = :session
  AND r.withdrawn_at IS NULL AND r.attendance_evidence ->> 'by' = 'watch'
  AND r.attended_seconds < v.seen_tenths / 10
""")


def take(db: Connection, beat: Beat, now: datetime) -> Told | None:
    """Unite what a beat says with what was seen before; None if nobody may watch this talk now.

    What lies beyond the end of the talk is left out. A beat that claims more than can have been
    played by now is not taken, and a viewing's first one is for the caller to judge.
    """
    values = {
        "registration": beat.registration_id,
        "session": beat.session_id,
        "issued": beat.issued_at,
        "spans": "{" + ",".join(f"[{begin},{end})" for begin, end in beat.spans) + "}",
        "position": beat.spans[-1][1],
        "now": now,
        "doors": DOORS,
        "last_entry": LAST_ENTRY,
        "cost": TENTH / FASTEST,
        "slack": SLACK,
    }
    row = db.execute(_TAKE, values).first()
    if row is None:
        return None
    return Told(
        taken=row.seen_tenths is not None,
        mode=Mode(row.mode),
        seconds=(row.seen_tenths or 0) // 10,
        talk_seconds=row.talk_seconds,
        known=Attendance(row.attendance),
        completed=row.completed,
    )


def improve(db: Connection, registration_id: int, finding: Finding, evidence: dict[str, object]) -> bool:
    """Write a finding where it says more presence than is known; False where it does not."""
    change = {
        "registration": registration_id,
        "finding": finding.attendance.value,
        "seconds": finding.seconds,
        "completed": finding.completed,
        "below": [one.value for one in below(finding.attendance)],
        "evidence": Jsonb(evidence),
    }
    return db.execute(_IMPROVE, change).rowcount == 1


def live(db: Connection, session_id: int) -> Iterable[tuple[int, int]]:
    """Give (registration, whole seconds seen) of everybody who watched with the class and still holds a place."""
    return [(row.registration_id, row.seconds) for row in db.execute(_LIVE, {"session": session_id})]


def count_seconds(db: Connection, session_id: int) -> None:
    """Bring the seconds of those who are known by their watching up to all that they saw with the class."""
    db.execute(_COUNT, {"session": session_id})


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people watched a session's talk on our page."""

    live: int
    """With the class."""
    replay: int
    completed: int
    """Saw all of it, with the class or afterwards."""


def counts(db: Connection, session_id: int, enough: timedelta) -> Counts:
    """Count who watched a session; all of it was seen from `enough` on."""
    query = text("""
SELECT count(*) FILTER (WHERE v.mode = 'live') AS live, count(*) FILTER (WHERE v.mode = 'replay') AS replay,
  count(DISTINCT v.registration_id) FILTER (WHERE v.seen_tenths >= :enough) AS completed
FROM viewing v JOIN registration r ON r.id = v.registration_id
WHERE r.session_id = :session AND r.withdrawn_at IS NULL AND v.seen_tenths >= 10
""")
    row = db.execute(query, {"session": session_id, "enough": int(enough / TENTH)}).one()
    return Counts(row.live, row.replay, row.completed)


def viewings_of(db: Connection, registration_id: int) -> list[Viewing]:
    """Give what somebody has seen, the latest first."""
    query = text("SELECT * FROM viewing WHERE registration_id = :registration ORDER BY last_at DESC, mode")
    rows = db.execute(query, {"registration": registration_id})
    return [
        Viewing(Mode(row.mode), row.seen_tenths // 10, row.position // 10, row.first_at, row.last_at) for row in rows
    ]
