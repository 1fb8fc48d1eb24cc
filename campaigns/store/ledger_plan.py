"""The ledger, first moment: what is due gets its row. One statement per function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Anchor, Audience, Channel, Step
from campaigns.store.asked import UNPROVEN
from campaigns.store.engine import Connection

_BITE: Final = 5000
"""Rows in one INSERT."""

# One array a column: a statement that grows with its rows costs more to build than to run, and hides their number.
_ENTRIES: Final = """
INSERT INTO delivery (registration_id, session_id, step_id, revision, channel, priority, due_at, expires_at, answer_id)
SELECT * FROM unnest(
  cast(:c0 AS bigint[]), cast(:c1 AS bigint[]), cast(:c2 AS bigint[]), cast(:c3 AS integer[]),
  cast(:c4 AS text[]), cast(:c5 AS smallint[]), cast(:c6 AS timestamptz[]), cast(:c7 AS timestamptz[]),
  cast(:c8 AS bigint[]))
ON CONFLICT DO NOTHING"""

_PERMITTED: Final = """
  AND EXISTS (SELECT 1 FROM permission a WHERE a.registrant_id = r.registrant_id
              AND a.channel = :channel AND a.purpose = :purpose AND a.granted)"""
_NUMBERED: Final = """
  AND EXISTS (SELECT 1 FROM registrant n WHERE n.id = r.registrant_id AND n.phone IS NOT NULL)"""
_TEXTED: Final = """
  EXISTS (SELECT 1 FROM permission t JOIN registrant n ON n.id = t.registrant_id
          WHERE t.registrant_id = r.registrant_id AND t.channel = 'sms' AND t.purpose = 'service' AND t.granted
            AND n.phone IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM suppression x WHERE x.channel = 'sms' AND x.address = n.phone
                            AND x.lifted_at IS NULL AND coalesce(x.purpose, 'service') = 'service'))"""
_ASKED: Final = f"""
  EXISTS (SELECT 1 FROM registrant n WHERE n.id = r.registrant_id AND {UNPROVEN})"""  # noqa: S608  # our own words
_HELD: Final = "r.withdrawn_at IS NULL AND r.standing = 'held'"
_HEARD: Final = {
    Audience.EVERYONE: _HELD,
    Audience.ATTENDED: f"{_HELD} AND r.attendance = 'attended'",
    Audience.CAME: f"{_HELD} AND r.attendance IN ('attended', 'left_early')",
    Audience.MISSED: f"{_HELD} AND r.attendance = 'missed'",
    Audience.WITHOUT_TEXTS: f"{_HELD} AND NOT {_TEXTED}",
    Audience.WAITING: "r.withdrawn_at IS NULL AND r.standing <> 'held'",
    Audience.UNPROVEN: f"r.withdrawn_at IS NULL AND {_ASKED}",
}

_COUNTED_FROM: Final = {
    Anchor.ASKED: "CAST(r.texts_asked ->> 'at' AS timestamptz)",
    Anchor.AGREED: "greatest(r.texts_agreed_at, r.registered_at)",
}
"""What a step counts from that is not the moment of registering, for those who lack its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One delivery to be planned."""

    registration_id: int
    session_id: int
    step: Step
    revision: int
    due_at: datetime
    expires_at: datetime
    answer_id: int | None = None
    """The doctor's answer that it carries."""
    round_: int = 0
    """Of a step that follows each asking for texts and each yes anew: which it is."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """A registration that a step speaks to and that lacks its row, with what the step may count from."""

    registration_id: int
    zone: str
    registered_at: datetime
    confirm: bool
    asked_at: datetime | None
    agreed_at: datetime | None
    round_: int


def insert_entries(db: Connection, entries: Iterable[Entry]) -> int:
    """Plan single deliveries; those that are in the ledger already stay as they are. Give the number added."""
    rows = [
        (
            one.registration_id,
            one.session_id,
            one.step.id,
            _revision(one),
            one.step.channel.value,
            int(one.step.priority),
            one.due_at,
            one.expires_at,
            one.answer_id,
        )
        for one in entries
    ]
    added = 0
    for start in range(0, len(rows), _BITE):
        columns = zip(*rows[start : start + _BITE], strict=True)
        values = {f"c{number}": list(column) for number, column in enumerate(columns)}
        added += db.execute(text(_ENTRIES), values).rowcount
    return added


def _revision(entry: Entry) -> int:
    """Give what tells a row from the others of its step: the session's date, or the round below zero."""
    if entry.step.by_round:
        return -entry.round_
    return entry.revision if entry.step.dated else 0


def insert_class(
    db: Connection,
    step: Step,
    *,
    session_id: int,
    revision: int,
    zones: Sequence[str],
    due_at: datetime,
    expires_at: datetime,
    registered_from: datetime | None = None,
    registered_before: datetime | None = None,
) -> int:
    """Plan a step for everybody in a session and these zones whom it speaks to; give the number added.

    Not for a step that counts from each person's own asking or yes: those have rounds, and go one by one.
    Whoever has the row already is passed over, so that planning twice is planning once.
    """
    assert not step.by_round
    statement = text(_class_statement(step, from_=registered_from is not None, before=registered_before is not None))
    values: dict[str, Any] = {
        "session": session_id,
        "step": step.id,
        "revision": revision if step.dated else 0,
        "channel": step.channel.value,
        "purpose": step.purpose.value,
        "priority": int(step.priority),
        "zones": list(zones),
        "due": due_at,
        "expires": expires_at,
        "registered_from": registered_from,
        "registered_before": registered_before,
    }
    used = {name: value for name, value in values.items() if f":{name}" in statement.text}
    return db.execute(statement.bindparams(bindparam("zones", type_=ARRAY(Text))), used).rowcount


def _class_statement(step: Step, *, from_: bool, before: bool) -> str:
    return f"""
INSERT INTO delivery (registration_id, session_id, step_id, revision, channel, priority, due_at, expires_at)
SELECT r.id, :session, :step, :revision, :channel, :priority, :due, :expires
FROM registration r
WHERE r.session_id = :session AND r.zone = ANY(:zones) AND {_HEARD[step.audience]}
  {"AND r.registered_at >= :registered_from" if from_ else ""}
  {"AND r.registered_at < :registered_before" if before else ""}
  {_PERMITTED if step.needs_consent else ""}{_NUMBERED if step.channel is Channel.SMS else ""}
ON CONFLICT (registration_id, step_id, revision, answer_id) DO NOTHING"""  # noqa: S608  # built from our own constants; every value is bound


def unplanned(
    db: Connection,
    step: Step,
    *,
    session_id: int,
    revision: int,
    since: datetime,
    before: datetime,
) -> list[Lacking]:
    """List those whom a step speaks to and who lack its row, if they registered, or did what it counts from, then."""
    statement = text(f"""
SELECT r.id, r.zone, r.registered_at, r.confirm, CAST(r.texts_asked ->> 'at' AS timestamptz) AS asked_at,
  r.texts_agreed_at, r.texts_round
FROM registration r
WHERE r.session_id = :session AND {_HEARD[step.audience]}
  AND {_COUNTED_FROM.get(step.anchor, "r.registered_at")} >= :since
  AND {_COUNTED_FROM.get(step.anchor, "r.registered_at")} < :before
  {_PERMITTED if step.needs_consent else ""}{_NUMBERED if step.channel is Channel.SMS else ""}
  AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.registration_id = r.id
                  AND d.step_id = :step AND d.revision = {"-r.texts_round" if step.by_round else ":revision"})
""")  # noqa: S608  # built from our own constants; every value is bound
    values = {
        "session": session_id,
        "step": step.id,
        "revision": revision if step.dated else 0,
        "channel": step.channel.value,
        "purpose": step.purpose.value,
        "since": since,
        "before": before,
    }
    used = {name: value for name, value in values.items() if f":{name}" in statement.text}
    return [Lacking(*row) for row in db.execute(statement, used)]


def forget_planned_of(db: Connection, registration_id: int, now: datetime) -> int:
    """Take what is still to come for one registration out of the ledger, unless it was tried; give the number."""
    statement = text(
        f"DELETE FROM delivery WHERE registration_id = :id AND status = {int(Status.PLANNED)} AND attempt = 0"  # noqa: S608  # our own number
        " AND due_at > :now"
    )
    return db.execute(statement, {"id": registration_id, "now": now}).rowcount


def forget_planned(db: Connection, session_id: int, step_id: int, limit: int) -> int:
    """Take up to `limit` deliveries of a step that never left out of the ledger, so that the planner fills again."""
    statement = text(f"""
DELETE FROM delivery WHERE id IN (
  SELECT id FROM delivery
  WHERE session_id = :session AND step_id = :step AND status = {int(Status.PLANNED)} AND attempt = 0
  LIMIT :limit FOR UPDATE SKIP LOCKED)
""")  # noqa: S608  # the status is our own number
    return db.execute(statement, {"session": session_id, "step": step_id, "limit": limit}).rowcount
