"""Decisions about deliveries in doubt, written beside the attempts they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Purpose
from campaigns.store.engine import Connection

_RESOLVE: Final = """
WITH decided AS (
  UPDATE delivery SET {change} WHERE id = :delivery AND status = {unknown}
    AND attempt = coalesce(CAST(:attempt AS smallint), attempt) {only}
  RETURNING id, attempt, batch_id, opened_at
)
INSERT INTO attempt (delivery_id, number, outcome, detail, batch_id, opened_at, at)
SELECT id, attempt, 'resolved', :detail, batch_id, opened_at, :now FROM decided
"""
_AGAIN: Final = text(
    _RESOLVE.format(
        change=f"status = {int(Status.PLANNED)}, reason = NULL, look_at = NULL, due_at = least(due_at, :now)",
        unknown=int(Status.UNKNOWN),
        only="AND expires_at > :now",
    )
)
_LEAVE: Final = text(
    _RESOLVE.format(
        change=f"status = {int(Status.FAILED)}, reason = :reason, look_at = NULL",
        unknown=int(Status.UNKNOWN),
        only="",
    )
)
_SENT: Final = text(
    _RESOLVE.format(
        change=f"status = {int(Status.SENT)}, reason = NULL, look_at = NULL, provider_id = :provider_id,"
        " sent_at = coalesce(sent_at, opened_at, :now)",
        unknown=int(Status.UNKNOWN),
        only="",
    )
)
_TAKE: Final = text(f"""
UPDATE delivery d SET look_at = :until FROM registration r, registrant n, step t
WHERE d.id IN (
    SELECT id FROM delivery WHERE look_at <= :now AND status = {int(Status.UNKNOWN)}
    ORDER BY look_at LIMIT :limit FOR UPDATE SKIP LOCKED)
  AND r.id = d.registration_id AND n.id = r.registrant_id AND t.id = d.step_id
  AND coalesce(d.phone, n.phone) IS NOT NULL AND d.fingerprint IS NOT NULL
RETURNING d.id AS delivery_id, d.attempt, d.doubts, d.looks, coalesce(d.phone, n.phone) AS phone,
  d.fingerprint, d.opened_at, d.expires_at,
  t.purpose
""")  # noqa: S608  # the numbers are our own states
_LOOK: Final = text(f"""
UPDATE delivery SET look_at = :at, looks = looks + :counts
WHERE id = :delivery AND status = {int(Status.UNKNOWN)} AND attempt = :attempt
""")  # noqa: S608  # the numbers are our own states


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A text in doubt that is to be looked for at the provider."""

    delivery_id: int
    attempt: int
    doubts: int
    looks: int
    """How often it was looked for in vain."""
    phone: str
    fingerprint: str
    opened_at: datetime
    expires_at: datetime
    purpose: Purpose


def doubtful_texts(db: Connection, now: datetime, until: datetime, limit: int) -> list[Doubtful]:
    """Take the texts in doubt whose look is due, so that nobody else looks for them before `until`."""
    rows = db.execute(_TAKE, {"now": now, "until": until, "limit": limit})
    return [Doubtful(**{**row, "purpose": Purpose(row["purpose"])}) for row in rows.mappings()]


def look_again(db: Connection, text: Doubtful, at: datetime, *, counts: bool) -> None:
    """Plan the next look; one that could not be made does not count."""
    db.execute(_LOOK, {"delivery": text.delivery_id, "attempt": text.attempt, "at": at, "counts": int(counts)})


def found_at_provider(db: Connection, text: Doubtful, provider_id: str, now: datetime) -> bool:
    """Call a text in doubt sent, under the provider's name for it; False if it is not in doubt any more."""
    found = {"delivery": text.delivery_id, "attempt": text.attempt, "detail": "found at the provider", "now": now}
    values = {**found, "provider_id": provider_id}
    return db.execute(_SENT, values).rowcount == 1


def not_at_provider(db: Connection, text: Doubtful, now: datetime, *, once_more: bool) -> bool:
    """Plan once more what the provider does not have, or close it as failed; False if it is not in doubt any more."""
    detail = f"looked for {text.looks + 1} times, the provider does not have it"
    told = {"delivery": text.delivery_id, "attempt": text.attempt, "detail": detail, "now": now}
    if once_more:
        return db.execute(_AGAIN, told).rowcount == 1
    return db.execute(_LEAVE, {**told, "reason": f"lost: {detail}"}).rowcount == 1


def plan_once_more(db: Connection, delivery_id: int, staff_id: int, now: datetime) -> bool:
    """Plan an unknown delivery again; False if it is not unknown any more, or expired."""
    values = {"delivery": delivery_id, "attempt": None, "detail": f"send once more, by staff {staff_id}", "now": now}
    return db.execute(_AGAIN, values).rowcount == 1


def leave_unsent(db: Connection, delivery_id: int, staff_id: int, now: datetime) -> bool:
    """Close an unknown delivery as failed; False if it is not unknown any more."""
    reason = "left: staff decided not to send again"
    detail = f"left as it is, by staff {staff_id}"
    values = {"delivery": delivery_id, "attempt": None, "detail": detail, "now": now, "reason": reason}
    return db.execute(_LEAVE, values).rowcount == 1
