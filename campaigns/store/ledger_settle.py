"""The ledger, third moment: one delivery is opened, handed off and settled. One statement per function.

A lane calls these on its own connection with asynchronous commit: a killed worker
loses nothing that way; only a crash of the database server may forget the last
fraction of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from campaigns.domain.lifecycle import Status
from campaigns.store.engine import Connection


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a hand-off ended, as the ledger keeps it."""

    delivery_id: int
    attempt: int
    status: Status
    """SENT, PLANNED (again, at `due_at`), FAILED, UNKNOWN or SKIPPED."""
    at: datetime
    reason: str | None = None
    provider_id: str | None = None
    due_at: datetime | None = None
    outcome: str | None = None
    """Word for the attempt row; None writes none."""


_OPEN: Final = f"""
UPDATE delivery d SET status = {int(Status.SENDING)}, attempt = d.attempt + 1, opened_at = :now,
  template_version_id = :version
FROM registration r, registrant n, webinar_session s, step t
WHERE d.id = :next AND d.status = {int(Status.QUEUED)} AND d.batch_id = :batch AND d.expires_at > :now
  AND r.id = d.registration_id AND n.id = r.registrant_id AND s.id = d.session_id AND t.id = d.step_id
  AND (d.revision = 0 OR d.revision = s.revision)
  AND (s.cancelled_at IS NULL OR t.anchor = 'cancelled')
  AND (r.withdrawn_at IS NULL) = (t.audience <> 'withdrawn')
  AND NOT EXISTS (
    SELECT 1 FROM suppression x
    WHERE x.channel = d.channel AND x.address = CASE d.channel WHEN 'email' THEN n.email ELSE n.phone END
      AND x.lifted_at IS NULL AND (x.purpose IS NULL OR x.purpose = t.purpose))
RETURNING d.attempt"""  # noqa: S608  # the numbers are our own states

_SETTLE: Final = f"""
UPDATE delivery SET status = :status, reason = :reason, provider_id = coalesce(:provider_id, provider_id),
  sent_at = CASE WHEN :status = {int(Status.SENT)} THEN :at ELSE sent_at END,
  due_at = coalesce(:due_at, due_at),
  doubts = doubts + CASE WHEN :status = {int(Status.UNKNOWN)} THEN 1 ELSE 0 END,
  batch_id = CASE WHEN :status = {int(Status.PLANNED)} THEN NULL ELSE batch_id END
WHERE id = :delivery AND attempt = :attempt AND status = {int(Status.SENDING)} AND batch_id = :batch
RETURNING id, opened_at"""  # noqa: S608  # the numbers are our own states

_CLOSE_AND_OPEN: Final = text(f"WITH settled AS ({_SETTLE}) {_OPEN}")
_OPEN_ONLY: Final = text(_OPEN)
_SETTLE_AND_TELL: Final = text(f"""
WITH settled AS ({_SETTLE})
INSERT INTO attempt (delivery_id, number, outcome, detail, batch_id, opened_at, at)
SELECT id, :attempt, :outcome, coalesce(:reason, ''), :batch, opened_at, :at FROM settled
""")  # noqa: S608  # the numbers are our own states
_SETTLE_ONLY: Final = text(_SETTLE)
_SKIP: Final = text(f"""
UPDATE delivery SET status = {int(Status.SKIPPED)}, reason = :reason
WHERE id = :delivery AND status = {int(Status.QUEUED)} AND batch_id = :batch
""")  # noqa: S608  # the numbers are our own states
_HOLD: Final = text(f"""
UPDATE delivery SET status = {int(Status.PLANNED)}, batch_id = NULL, due_at = :until
WHERE id = :delivery AND status = {int(Status.QUEUED)} AND batch_id = :batch
""")  # noqa: S608  # the numbers are our own states


def _facts(one: Settlement, batch_id: int) -> dict[str, object]:
    return {
        "delivery": one.delivery_id,
        "attempt": one.attempt,
        "status": int(one.status),
        "at": one.at,
        "reason": one.reason,
        "provider_id": one.provider_id,
        "due_at": one.due_at,
        "batch": batch_id,
    }


def open_next(
    db: Connection, batch_id: int, delivery_id: int, version_id: int | None, now: datetime, last: Settlement | None
) -> int | None:
    """Settle the last delivery and open the next in one statement; give the attempt, or None if it may not leave.

    The last look of the database itself: still ours, not expired, the session neither moved nor cancelled, the
    person still holding the place, the address not suppressed since the batch was loaded.
    """
    values: dict[str, object] = {"batch": batch_id, "next": delivery_id, "version": version_id, "now": now}
    if last is None or last.outcome is not None:
        if last is not None:
            settle(db, batch_id, last)
        row = db.execute(_OPEN_ONLY, values).first()
    else:
        row = db.execute(_CLOSE_AND_OPEN, {**_facts(last, batch_id), **values}).first()
    return row.attempt if row else None


def settle(db: Connection, batch_id: int, one: Settlement) -> bool:
    """Write how a hand-off ended; False if the row was no longer ours to settle."""
    facts = _facts(one, batch_id)
    if one.outcome is None:
        return db.execute(_SETTLE_ONLY, facts).first() is not None
    return db.execute(_SETTLE_AND_TELL, {**facts, "outcome": one.outcome}).rowcount == 1


def skip(db: Connection, batch_id: int, delivery_id: int, reason: str) -> bool:
    """Take a queued delivery off the road for good, with the reason."""
    return db.execute(_SKIP, {"batch": batch_id, "delivery": delivery_id, "reason": reason}).rowcount == 1


def hold_until(db: Connection, batch_id: int, delivery_id: int, until: datetime) -> bool:
    """Give a queued delivery back to the plan for a later time: quiet hours have begun."""
    return db.execute(_HOLD, {"batch": batch_id, "delivery": delivery_id, "until": until}).rowcount == 1
