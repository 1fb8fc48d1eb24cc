"""The ledger, second moment: what is due is claimed for a batch, and given back if nobody carries it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel, Priority
from campaigns.store.engine import BATCHES, Connection


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim took: a batch to publish, if anything in it may leave, and rows that fell."""

    batch_id: int | None
    queued: int
    skipped: int


_CLAIM: Final = """
WITH due AS (
  SELECT d.id FROM delivery d
  WHERE d.status = {planned} AND d.channel = '{channel}' AND d.priority = :priority AND d.due_at <= :now
    AND NOT EXISTS (
      SELECT 1 FROM kill_switch k WHERE k.lifted_at IS NULL AND (k.session_id IS NULL OR k.session_id = d.session_id)
        AND (k.purpose IS NULL OR k.purpose = (SELECT t.purpose FROM step t WHERE t.id = d.step_id)))
  ORDER BY d.{order} LIMIT :limit FOR UPDATE SKIP LOCKED
), judged AS (
  SELECT d.id, CASE
      WHEN d.revision > 0 AND d.revision <> s.revision THEN 'superseded'
      WHEN d.expires_at <= :now THEN 'expired'
    END AS fallen
  FROM delivery d JOIN webinar_session s ON s.id = d.session_id WHERE d.id IN (SELECT id FROM due)
), fresh AS (
  INSERT INTO batch (channel, priority, size, claimed_at)
  SELECT '{channel}', :priority, count(*), :now FROM judged WHERE fallen IS NULL HAVING count(*) > 0
  RETURNING id
), moved AS (
  UPDATE delivery d SET
    status = CASE WHEN j.fallen IS NULL THEN {queued} ELSE {skipped} END,
    reason = j.fallen,
    batch_id = CASE WHEN j.fallen IS NULL THEN (SELECT id FROM fresh) END
  FROM judged j WHERE d.id = j.id
  RETURNING d.batch_id
)
SELECT batch_id, count(*) AS many FROM moved GROUP BY batch_id
"""
_ORDER: Final = {Channel.EMAIL: "due_at", Channel.SMS: "expires_at"}
"""Texts are few a second: the one that becomes useless first goes first."""
_CLAIMS: Final = {
    channel: text(
        _CLAIM.format(
            channel=channel.value,
            order=order,
            planned=int(Status.PLANNED),
            queued=int(Status.QUEUED),
            skipped=int(Status.SKIPPED),
        )
    )
    for channel, order in _ORDER.items()
}

_IN_FLIGHT: Final = text(f"""
SELECT count(*) FROM delivery d JOIN batch b ON b.id = d.batch_id
WHERE b.done_at IS NULL AND b.channel = :channel AND b.priority = :priority
  AND d.status IN ({int(Status.QUEUED)}, {int(Status.SENDING)})
""")  # noqa: S608  # the numbers are our own states

_RELEASE: Final = text(f"""
UPDATE delivery SET status = {int(Status.PLANNED)}, batch_id = NULL
WHERE batch_id = :batch AND status = {int(Status.QUEUED)}
""")  # noqa: S608  # the numbers are our own states

_DOUBT: Final = text(f"""
WITH lost AS (
  UPDATE delivery SET status = {int(Status.UNKNOWN)}, reason = :detail, doubts = doubts + 1,
    look_at = CASE channel WHEN 'sms' THEN CAST(:look_at AS timestamptz) END
  WHERE batch_id = :batch AND status = {int(Status.SENDING)}
  RETURNING id, attempt, opened_at
)
INSERT INTO attempt (delivery_id, number, outcome, detail, batch_id, opened_at, at)
SELECT id, attempt, 'unknown', :detail, :batch, opened_at, :now FROM lost
""")  # noqa: S608  # the numbers are our own states

_CLOSE: Final = text(f"""
UPDATE batch SET done_at = :now WHERE id = :batch AND NOT EXISTS (
  SELECT 1 FROM delivery WHERE batch_id = :batch AND status IN ({int(Status.QUEUED)}, {int(Status.SENDING)}))
""")  # noqa: S608  # the numbers are our own states

_URGENT_WAITS: Final = text(f"""
SELECT EXISTS (
  SELECT 1 FROM batch b WHERE b.done_at IS NULL AND b.channel = :channel AND b.priority = {int(Priority.URGENT)}
    AND NOT EXISTS (
      SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = CAST(:lock AS oid)
        AND l.objid = (b.id & 2147483647)::oid
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())))
""")  # noqa: S608  # the numbers are our own states

_URGENT_AHEAD: Final = text(f"""
SELECT count(*) FROM delivery
WHERE status = {int(Status.PLANNED)} AND channel = :channel AND priority = {int(Priority.URGENT)} AND due_at <= :until
""")  # noqa: S608  # the numbers are our own states

_ONCE_MORE: Final = text(f"""
UPDATE delivery SET status = {int(Status.PLANNED)}, reason = NULL, batch_id = NULL, due_at = least(due_at, :now)
WHERE id IN (
  SELECT id FROM delivery
  WHERE status = {int(Status.UNKNOWN)} AND channel = 'email' AND doubts <= 1 AND expires_at > :now
  ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")  # noqa: S608  # the numbers are our own states


def claim_due(db: Connection, channel: Channel, priority: Priority, limit: int, now: datetime) -> Claim:
    """Take up to `limit` due deliveries for a new batch: emails longest due first, texts nearest to their end first.

    A delivery is never taken twice, however many dispatchers run: rows that another one
    has locked are passed over, not waited for. Rows whose session has moved, or whose time
    has run out, leave the road here as skipped; they use up their share of `limit`, so
    fewer may be queued than are due. What a kill switch holds back is not touched.
    """
    # One statement on purpose. Two would let a session move between them.
    values = {"priority": int(priority), "limit": limit, "now": now}
    moved = {row.batch_id: row.many for row in db.execute(_CLAIMS[channel], values)}
    skipped = moved.pop(None, 0)
    batch_id, queued = next(iter(moved.items()), (None, 0))
    return Claim(batch_id, queued, skipped)


def in_flight(db: Connection, channel: Channel, priority: Priority) -> int:
    """Count the deliveries of a queue that are claimed and not settled."""
    found: int = db.execute(_IN_FLIGHT, {"channel": channel.value, "priority": int(priority)}).scalar_one()
    return found


def queue_of(db: Connection, batch_id: int) -> tuple[Channel, Priority] | None:
    """Give the queue that a batch was claimed from; None if there is no such batch."""
    found = db.execute(text("SELECT channel, priority FROM batch WHERE id = :batch"), {"batch": batch_id}).first()
    return (Channel(found.channel), Priority(found.priority)) if found else None


def urgent_waits(db: Connection, channel: Channel) -> bool:
    """Say whether an urgent batch of a channel was claimed and nobody has come for it yet."""
    return bool(db.execute(_URGENT_WAITS, {"channel": channel.value, "lock": BATCHES}).scalar_one())


def release(db: Connection, batch_id: int) -> int:
    """Give the queued rows of a batch back to the plan; give their number."""
    return db.execute(_RELEASE, {"batch": batch_id}).rowcount


def urgent_ahead(db: Connection, channel: Channel, until: datetime) -> int:
    """Count the urgent deliveries of a channel that are planned to leave before `until`."""
    values = {"channel": channel.value, "until": until}
    return int(db.execute(_URGENT_AHEAD, values).scalar_one())


def doubt(db: Connection, batch_id: int, detail: str, now: datetime, look_at: datetime) -> int:
    """Call unknown what a dead worker was handing off, and keep the attempt for ever; give the number.

    Texts are looked for at the provider from `look_at` on.
    """
    values = {"batch": batch_id, "detail": detail, "now": now, "look_at": look_at}
    return db.execute(_DOUBT, values).rowcount


def close(db: Connection, batch_id: int, now: datetime) -> bool:
    """Mark a batch as done if none of its rows is claimed any more."""
    return db.execute(_CLOSE, {"batch": batch_id, "now": now}).rowcount == 1


def open_batches(db: Connection, limit: int) -> list[tuple[int, datetime]]:
    """List (batch, claimed_at) of the batches that are not done, the oldest first."""
    query = text("SELECT id, claimed_at FROM batch WHERE done_at IS NULL ORDER BY id LIMIT :limit")
    return [(row.id, row.claimed_at) for row in db.execute(query, {"limit": limit})]


def send_unknown_once_more(db: Connection, limit: int, now: datetime) -> int:
    """Plan emails again whose first attempt ended unknown and that are still of use; give the number.

    The same Message-ID goes out, so that many receivers fold the two. A second doubt, and
    every text message in doubt, waits for a receipt or for a person.
    """
    return db.execute(_ONCE_MORE, {"limit": limit, "now": now}).rowcount
