"""The statements of a hand-off, in SQL, with numbered places for their values.

Each guarantee of the last moment can be read here in one place: `TURN` writes how some
deliveries ended and is the database's own last look at those that are opened next.
"""

from __future__ import annotations

from typing import Final

from campaigns.domain.codes import LASTS
from campaigns.domain.lifecycle import Status
from campaigns.store.asked import UNPROVEN
from campaigns.store.sent import SENT_TO

# `status + 0` keeps the planner from the partial indexes, in which whole batches would be read for each delivery.
# A living lane may find that its batch was taken for abandoned: what it knows is better than `unknown`,
# and that nothing is known is written once.
TURN: Final = f"""
WITH ended AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS e(id bigint, attempt smallint, status smallint, at timestamptz,
    reason text, provider_id text, due_at timestamptz, outcome text, look_at timestamptz)
), settled AS (
  UPDATE delivery d SET status = e.status, reason = e.reason, provider_id = coalesce(e.provider_id, d.provider_id),
    sent_at = CASE WHEN e.status = {int(Status.SENT)} THEN e.at ELSE d.sent_at END,
    due_at = coalesce(e.due_at, d.due_at), look_at = e.look_at,
    doubts = d.doubts + CASE WHEN e.status = {int(Status.UNKNOWN)} THEN 1 ELSE 0 END,
    batch_id = CASE WHEN e.status = {int(Status.PLANNED)} THEN NULL ELSE d.batch_id END
  FROM ended e
  WHERE d.id = e.id AND d.attempt = e.attempt AND d.batch_id = $3::bigint
    AND (d.status + 0 = {int(Status.SENDING)}
      OR (d.status + 0 = {int(Status.UNKNOWN)} AND e.status <> {int(Status.UNKNOWN)}))
  RETURNING d.id, d.attempt, d.opened_at, e.outcome, e.reason, e.at
), told AS (
  INSERT INTO attempt (delivery_id, number, outcome, detail, batch_id, opened_at, at)
  SELECT id, attempt, outcome, coalesce(reason, ''), $3::bigint, opened_at, at FROM settled WHERE outcome IS NOT NULL
)
UPDATE delivery d SET status = {int(Status.SENDING)}, attempt = d.attempt + 1, opened_at = $4::timestamptz,
  phone = CASE d.channel WHEN 'sms' THEN n.phone END, template_version_id = b.version, segments = b.segments,
  fingerprint = b.fingerprint, looks = 0, look_at = NULL
FROM jsonb_to_recordset($2::jsonb) AS b(id bigint, address text, version bigint, segments smallint,
  fingerprint text),
  registration r, registrant n, webinar_session s, step t, stream o
WHERE d.id = b.id AND d.status + 0 = {int(Status.QUEUED)} AND d.batch_id = $3::bigint
  AND d.expires_at > $4::timestamptz
  AND r.id = d.registration_id AND n.id = r.registrant_id AND s.id = d.session_id AND t.id = d.step_id
  AND o.id = $5::bigint AND o.paused_at IS NULL AND (o.open_until IS NULL OR o.open_until <= $4::timestamptz)
  AND (d.revision <= 0 OR d.revision = s.revision)
  AND (t.anchor NOT IN ('asked', 'agreed') OR d.revision = -r.texts_round)
  AND (s.cancelled_at IS NULL OR t.anchor IN ('cancelled', 'answered'))
  AND (d.answer_id IS NULL OR EXISTS (
    SELECT 1 FROM doctor_answer q WHERE q.id = d.answer_id AND q.published_at IS NOT NULL AND q.withdrawn_at IS NULL))
  AND (r.withdrawn_at IS NULL) = (t.audience NOT IN ('withdrawn', 'readdressed'))
  AND ((r.standing = 'held') = (t.audience <> 'waiting') OR t.audience = 'unproven')
  AND (t.audience <> 'unproven' OR ({UNPROVEN}
    AND CAST(r.texts_asked ->> 'at' AS timestamptz) > $4::timestamptz - interval '{LASTS.seconds} seconds'))
  AND n.erased_at IS NULL
  AND b.address = CASE d.channel WHEN 'email' THEN n.email ELSE n.phone END
  AND NOT EXISTS (
    SELECT 1 FROM kill_switch k WHERE k.lifted_at IS NULL AND (k.session_id IS NULL OR k.session_id = d.session_id)
      AND (k.purpose IS NULL OR k.purpose = t.purpose))
  AND ((t.purpose = 'service' AND (d.channel = 'email' OR t.audience = 'unproven')) OR EXISTS (
    SELECT 1 FROM permission a
    WHERE a.registrant_id = n.id AND a.channel = d.channel AND a.purpose = t.purpose AND a.granted))
  AND NOT EXISTS (
    SELECT 1 FROM suppression x
    WHERE x.channel = d.channel AND x.address = b.address AND x.lifted_at IS NULL
      AND (x.purpose IS NULL OR x.purpose = t.purpose))
  AND NOT EXISTS (
    SELECT 1 FROM address_hold h
    WHERE h.channel = d.channel AND h.address = b.address AND h.lifted_at IS NULL)
  AND (b.version IS NULL OR EXISTS (
    SELECT 1 FROM approval y
    WHERE y.template_version_id = b.version AND y.withdrawn_at IS NULL
      AND y.expires_at > $4::timestamptz AND (NOT y.demo OR $6::boolean)))
RETURNING d.id, d.attempt""".encode()  # noqa: S608  # the numbers are our own states

SKIP: Final = f"""
UPDATE delivery SET status = {int(Status.SKIPPED)}, reason = $3::text
WHERE id = $2::bigint AND status + 0 = {int(Status.QUEUED)} AND batch_id = $1::bigint
RETURNING id""".encode()  # noqa: S608  # the numbers are our own states
HOLD: Final = f"""
UPDATE delivery SET status = {int(Status.PLANNED)}, batch_id = NULL, due_at = $3::timestamptz, reason = $4::text
WHERE id = $2::bigint AND status + 0 = {int(Status.QUEUED)} AND batch_id = $1::bigint
RETURNING id""".encode()  # noqa: S608  # the numbers are our own states
SENT_TO_THESE: Final = f"""
SELECT phone, id, at, purpose, step_id, session_id, revision, confirms, code
FROM ({SENT_TO} = ANY($1::text[])) AS found ORDER BY at""".encode()  # noqa: S608  # our own words
