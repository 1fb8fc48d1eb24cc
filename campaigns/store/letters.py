"""Everything a batch is rendered from and judged by, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, text

from campaigns.domain.audience import Facts, SessionFacts
from campaigns.domain.lifecycle import Status
from campaigns.domain.local import zone_of
from campaigns.domain.steps import Attendance
from campaigns.store.engine import Connection

RETOLD: Final = timedelta(hours=6)
"""A reminder that went out for the old date is repeated for the new one only if this much later."""


@dataclass(frozen=True, slots=True)
class Item:
    """One queued delivery with all that is known about it at this moment."""

    delivery_id: int
    registration_id: int
    session_id: int
    webinar_id: int
    step_id: int
    revision: int
    current_revision: int
    attempt: int
    doubts: int
    due_at: datetime
    expires_at: datetime
    email: str
    phone: str | None
    first_name: str
    zone: str
    language: str
    facts: Facts
    permitted: bool
    """A live consent for (channel, purpose); not needed for service emails."""
    suppressed: bool
    last_sent_at: datetime | None
    """The last message to this person on this channel."""
    told_at: datetime | None
    """When this step went out for another date of the same session."""
    had_before: bool
    """The person got this step through another registration, or gets it sooner through that."""
    nearer_due_at: datetime | None
    """The next message before the start that is due on this channel after this one."""
    webinar_slug: str
    webinar_title: str
    class_title: str
    host_name: str
    host_role: str
    session_zone: str
    starts_at: datetime
    ends_at: datetime
    moved_from: datetime | None
    has_room: bool
    replay_url: str
    cancelled_reason: str
    cancelled: bool
    next_session_starts_at: datetime | None


def _among(*states: Status) -> str:
    return f"({', '.join(str(int(state)) for state in states)})"


_LEFT: Final = _among(Status.SENT, Status.DELIVERED, Status.BOUNCED, Status.UNKNOWN, Status.SENDING)
_COMING: Final = f"({int(Status.PLANNED)}, {int(Status.QUEUED)})"
_ALIVE: Final = _among(Status.PLANNED, Status.QUEUED, Status.SENDING, Status.SENT, Status.DELIVERED)

_LOAD: Final = text(f"""
SELECT d.id AS delivery_id, d.registration_id, d.session_id, d.step_id, d.revision, d.attempt, d.doubts, d.due_at,
  d.expires_at, s.revision AS current_revision, s.webinar_id, n.email, n.phone, n.first_name, r.zone, n.language,
  r.registered_at, r.withdrawn_at, r.attendance, r.confirm,
  s.starts_at, s.ends_at, s.moved_at, s.moved_from, s.cancelled_at, s.cancelled_reason, s.attendance_final_at,
  s.room_url, s.replay_url, w.slug, w.title, w.class_title, w.host_name, w.host_role, w.zone AS session_zone,
  EXISTS (SELECT 1 FROM permission a WHERE a.registrant_id = n.id AND a.channel = d.channel
          AND a.purpose = t.purpose AND a.granted) AS permitted,
  EXISTS (SELECT 1 FROM suppression x WHERE x.channel = d.channel
          AND x.address = CASE d.channel WHEN 'email' THEN n.email ELSE n.phone END
          AND x.lifted_at IS NULL AND (x.purpose IS NULL OR x.purpose = t.purpose)) AS suppressed,
  (n.phone IS NOT NULL
   AND EXISTS (SELECT 1 FROM permission a WHERE a.registrant_id = n.id AND a.channel = 'sms'
               AND a.purpose = 'service' AND a.granted)
   AND NOT EXISTS (SELECT 1 FROM suppression x WHERE x.channel = 'sms' AND x.address = n.phone
                   AND x.lifted_at IS NULL AND coalesce(x.purpose, 'service') = 'service')) AS texts,
  CASE WHEN t.min_gap > interval '0' THEN (
    SELECT max(coalesce(o.sent_at, o.opened_at)) FROM registration ro JOIN delivery o ON o.registration_id = ro.id
    WHERE ro.registrant_id = n.id AND o.channel = d.channel AND o.id <> d.id
      AND o.status IN {_LEFT}) END AS last_sent_at,
  CASE WHEN d.revision <> 0 THEN (
    SELECT max(coalesce(o.sent_at, o.opened_at)) FROM delivery o
    WHERE o.registration_id = d.registration_id AND o.step_id = d.step_id AND o.id <> d.id
      AND o.status IN {_LEFT}) END AS told_at,
  CASE WHEN t.purpose <> 'service' THEN EXISTS (
    SELECT 1 FROM registration ro JOIN delivery o ON o.registration_id = ro.id
    JOIN webinar_session so ON so.id = ro.session_id
    WHERE ro.registrant_id = n.id AND ro.id <> r.id AND o.step_id = d.step_id AND (o.status IN {_LEFT}
      OR (o.status IN {_COMING} AND (o.due_at, o.id) < (d.due_at, d.id) AND ro.withdrawn_at IS NULL
          AND so.cancelled_at IS NULL AND o.revision IN (0, so.revision) AND o.expires_at > :now)))
    ELSE false END AS had_before,
  CASE WHEN t.min_gap > interval '0' AND t.anchor = 'starts' THEN (
    SELECT min(o.due_at) FROM delivery o JOIN step ot ON ot.id = o.step_id
    WHERE o.registration_id = d.registration_id AND o.channel = d.channel AND o.id <> d.id AND ot.anchor = 'starts'
      AND o.revision = s.revision
      AND (o.due_at, o.id) > (d.due_at, d.id) AND o.status IN {_ALIVE}) END AS nearer_due_at,
  (SELECT min(f.starts_at) FROM webinar_session f
   WHERE f.webinar_id = s.webinar_id AND f.id <> s.id AND f.cancelled_at IS NULL AND f.starts_at > :now)
    AS next_session_starts_at
FROM delivery d
JOIN registration r ON r.id = d.registration_id
JOIN registrant n ON n.id = r.registrant_id
JOIN webinar_session s ON s.id = d.session_id
JOIN webinar w ON w.id = s.webinar_id
JOIN step t ON t.id = d.step_id
WHERE d.batch_id = :batch AND d.status = {int(Status.QUEUED)}
ORDER BY d.due_at, d.id
""")  # noqa: S608  # the numbers are our own states


def load_batch(db: Connection, batch_id: int, now: datetime) -> list[Item]:
    """Load the queued deliveries of a batch, the longest due first; empty if it was released or done."""
    return [_item(row) for row in db.execute(_LOAD, {"batch": batch_id, "now": now})]


def _item(row: Row[Any]) -> Item:
    session = SessionFacts(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        moved_at=row.moved_at,
        moved_from=row.moved_from,
        cancelled_at=row.cancelled_at,
        attendance_final=row.attendance_final_at is not None,
        has_replay=bool(row.replay_url),
    )
    facts = Facts(
        session=session,
        zone=zone_of(row.zone, row.session_zone),
        registered_at=row.registered_at,
        withdrawn_at=row.withdrawn_at,
        attendance=Attendance(row.attendance),
        texts=row.texts,
        confirm=row.confirm,
    )
    renamed = {
        "webinar_slug": row.slug,
        "webinar_title": row.title,
        "has_room": bool(row.room_url),
        "cancelled": row.cancelled_at is not None,
        "facts": facts,
    }
    same = Item.__dataclass_fields__.keys() - renamed.keys()
    return Item(**renamed, **{name: getattr(row, name) for name in same})
