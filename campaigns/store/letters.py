"""Everything a batch is rendered from and judged by: the sessions it speaks about, and one row per delivery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import CursorResult, Row, text

from campaigns.domain.audience import Facts, SessionFacts
from campaigns.domain.caps import Sent
from campaigns.domain.lifecycle import Status
from campaigns.domain.local import zone_of
from campaigns.domain.steps import Attendance, Channel, Purpose, Standing
from campaigns.store.asked import UNPROVEN
from campaigns.store.engine import Connection
from campaigns.store.sent import LEFT, among

RETOLD: Final = timedelta(hours=6)
"""A reminder that went out for the old date is repeated for the new one only if this much later."""


@dataclass(frozen=True, slots=True)
class About:
    """What a session's messages speak about: the same for everybody in it."""

    session_id: int
    webinar_id: int
    current_revision: int
    session: SessionFacts
    webinar_slug: str
    webinar_title: str
    class_title: str
    host_name: str
    host_role: str
    class_language: str
    """In which the talk is given."""
    translations: Mapping[str, Mapping[str, Any]]
    """The webinar's words in other languages."""
    session_zone: str
    has_room: bool
    replay_url: str
    replay_here: bool
    """The recording is seen on our own watch page."""
    has_answers: bool
    """The webinar's page shows answers of the doctor."""
    cancelled_reason: str
    next_session_starts_at: datetime | None
    stopped: frozenset[Purpose]
    """The purposes that a kill switch holds back."""
    mark: str
    """Another one for any other facts."""


@dataclass(frozen=True, slots=True)
class Item:
    """One queued delivery with all that is known about it at this moment."""

    about: About
    delivery_id: int
    registration_id: int
    step_id: int
    revision: int
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
    on_hold: bool
    """Something this address wrote waits for somebody to read it."""
    domain_paused_until: datetime | None
    """The recipient's mail domain turns us away."""
    last_sent_at: datetime | None
    """The last message to this person on this channel."""
    told_at: datetime | None
    """When this step went out for another date of the same session."""
    had_before: bool
    """The person got this step through another registration, or gets it sooner through that."""
    nearer_due_at: datetime | None
    """The next message before the start that is due on this channel after this one."""
    calendar_id: int
    """The registration that the calendar entry is named after: the first of those that were switched."""
    calendar_base: int
    """Sequence numbers of the calendar entry that earlier places have used up."""
    offer_ends_at: datetime | None
    """Until when a place is kept for somebody on the waiting list."""
    asks: bool
    """What they ticked waits to be confirmed."""
    answer_id: int | None
    answer_title: str | None
    answer: str | None
    """The doctor's answer that it carries: paragraphs between empty lines."""
    sign_ups_before: int
    """Of a text that confirms a sign-up or carries a code: how many more numbers came from there in the hour before."""
    proven: bool
    """It confirms a yes for which a code went to this number and came back."""
    texts_round: int
    """How many later times texts were asked for or agreed to: of two rounds only the newer still counts."""
    erased: bool = False
    """The person has erased their data since it was planned."""
    held_back: bool = False
    """It confirms a sign-up or offers a place, and a limit of the form was reached for this channel."""
    sent: tuple[Sent, ...] = ()
    """Of a text: what has gone to the number before, whoever it was for."""

    @property
    def session_id(self) -> int:
        """The session it belongs to."""
        return self.about.session_id

    def address_on(self, channel: Channel) -> str:
        """Give where a message on this channel goes; empty for a text to somebody without a number."""
        return self.email if channel is Channel.EMAIL else self.phone or ""


_COMING: Final = f"({int(Status.PLANNED)}, {int(Status.QUEUED)})"
_ALIVE: Final = among(Status.PLANNED, Status.QUEUED, Status.SENDING, Status.SENT, Status.DELIVERED)

SESSIONS: Final = """
SELECT s.id, s.webinar_id, s.revision, s.starts_at, s.ends_at, s.moved_at, s.moved_from, s.cancelled_at,
  s.cancelled_reason, s.attendance_final_at, s.room_url, s.replay_url,
  s.media_url, w.slug, w.title, w.class_title, w.host_name,
  w.host_role, w.language, w.translations, w.zone,
  (SELECT min(f.starts_at) FROM webinar_session f
   WHERE f.webinar_id = s.webinar_id AND f.id <> s.id AND f.cancelled_at IS NULL AND f.starts_at > :now) AS next_at,
  EXISTS (SELECT 1 FROM doctor_answer a WHERE a.webinar_id = w.id AND a.is_public AND a.published_at IS NOT NULL
    AND a.withdrawn_at IS NULL) AS has_answers,
  (SELECT array_agg(coalesce(k.purpose, '')) FROM kill_switch k
   WHERE k.lifted_at IS NULL AND (k.session_id IS NULL OR k.session_id = s.id)) AS stopped
FROM webinar_session s JOIN webinar w ON w.id = s.webinar_id"""
"""In SQL: what an `About` is read from at the moment `:now`; goes on with which sessions."""

KNOWN: Final = f"""
SELECT d.id AS delivery_id, d.registration_id, d.session_id, d.step_id, d.revision, d.attempt, d.doubts, d.due_at,
  d.expires_at, n.email, n.phone, n.first_name, r.zone, n.language,
  r.registered_at, r.withdrawn_at, r.attendance, r.confirm, coalesce(r.calendar_id, r.id) AS calendar_id,
  EXISTS (SELECT 1 FROM registration o WHERE o.id = r.switched_to AND o.registrant_id <> r.registrant_id)
    AS readdressed,
  r.calendar_base, r.standing, r.offered_at, r.offer_ends_at, r.texts_agreed_at, r.texts_round,
  CAST(r.texts_asked ->> 'at' AS timestamptz) AS asked_at, {UNPROVEN} AS unproven,
  r.asked <> CAST('{{}}' AS jsonb) AS asks,
  d.answer_id, q.title AS answer_title, q.body AS answer, q.published_at AS answered_at,
  EXISTS (SELECT 1 FROM permission a WHERE a.registrant_id = n.id AND a.channel = d.channel
          AND a.purpose = t.purpose AND a.granted) AS permitted,
  EXISTS (SELECT 1 FROM suppression x WHERE x.channel = d.channel
          AND x.address = CASE d.channel WHEN 'email' THEN n.email ELSE n.phone END
          AND x.lifted_at IS NULL AND (x.purpose IS NULL OR x.purpose = t.purpose)) AS suppressed,
  EXISTS (SELECT 1 FROM address_hold h WHERE h.channel = d.channel AND h.lifted_at IS NULL
          AND h.address = CASE d.channel WHEN 'email' THEN n.email ELSE n.phone END) AS on_hold,
  CASE d.channel WHEN 'email' THEN (
    SELECT max(p.until) FROM domain_pause p WHERE p.stream_id = :stream AND p.lifted_at IS NULL
      AND p.domain = split_part(n.email, '@', 2) AND p.until > :now) END AS domain_paused_until,
  (n.phone IS NOT NULL
   AND EXISTS (SELECT 1 FROM permission a WHERE a.registrant_id = n.id AND a.channel = 'sms'
               AND a.purpose = 'service' AND a.granted)
   AND NOT EXISTS (SELECT 1 FROM suppression x WHERE x.channel = 'sms' AND x.address = n.phone
                   AND x.lifted_at IS NULL AND coalesce(x.purpose, 'service') = 'service')) AS texts,
  CASE WHEN t.min_gap > interval '0' THEN (
    SELECT max(coalesce(o.sent_at, o.opened_at)) FROM registration ro JOIN delivery o ON o.registration_id = ro.id
    WHERE ro.registrant_id = n.id AND o.channel = d.channel AND o.id <> d.id
      AND o.status IN {LEFT}) END AS last_sent_at,
  CASE WHEN d.revision > 0 THEN (
    SELECT max(coalesce(o.sent_at, o.opened_at)) FROM delivery o
    WHERE o.registration_id = d.registration_id AND o.step_id = d.step_id AND o.id <> d.id
      AND o.status IN {LEFT}) END AS told_at,
  CASE WHEN t.purpose <> 'service' THEN EXISTS (
    SELECT 1 FROM registration ro JOIN delivery o ON o.registration_id = ro.id
    JOIN webinar_session so ON so.id = ro.session_id
    WHERE ro.registrant_id = n.id AND ro.id <> r.id AND o.step_id = d.step_id AND (o.status IN {LEFT}
      OR (o.status IN {_COMING} AND (o.due_at, o.id) < (d.due_at, d.id) AND ro.withdrawn_at IS NULL
          AND so.cancelled_at IS NULL AND (o.revision <= 0 OR o.revision = so.revision) AND o.expires_at > :now)))
    ELSE false END AS had_before,
  CASE WHEN t.min_gap > interval '0' AND t.anchor = 'starts' THEN (
    SELECT min(o.due_at) FROM delivery o JOIN step ot ON ot.id = o.step_id
    JOIN webinar_session so ON so.id = d.session_id
    WHERE o.registration_id = d.registration_id AND o.channel = d.channel AND o.id <> d.id AND ot.anchor = 'starts'
      AND o.revision = so.revision
      AND (o.due_at, o.id) > (d.due_at, d.id) AND o.status IN {_ALIVE}) END AS nearer_due_at,
  CASE WHEN d.channel = 'sms' AND t.anchor IN ('registered', 'agreed') THEN (
    SELECT count(DISTINCT other.address) FROM consent own JOIN consent other
      ON other.evidence ->> 'ip' = own.evidence ->> 'ip' AND other.channel = 'sms' AND other.granted
      AND other.address <> own.address AND other.at > own.at - interval '1 hour'
      AND (other.at, other.id) < (own.at, own.id)
    WHERE own.registrant_id = n.id AND own.channel = 'sms' AND own.granted AND own.evidence ->> 'ip' <> ''
      AND own.id = (SELECT max(c.id) FROM consent c WHERE c.registrant_id = n.id AND c.channel = 'sms'))
    WHEN d.channel = 'sms' AND t.anchor = 'asked' THEN (
    SELECT count(DISTINCT o.texts_asked ->> 'phone') FROM registration o
    WHERE o.texts_asked ->> 'ip' = r.texts_asked ->> 'ip' AND r.texts_asked ->> 'ip' <> '' AND o.texts_asked IS NOT NULL
      AND o.texts_asked ->> 'phone' <> n.phone
      AND (CAST(o.texts_asked ->> 'at' AS timestamptz), o.id) < (CAST(r.texts_asked ->> 'at' AS timestamptz), r.id)
      AND CAST(o.texts_asked ->> 'at' AS timestamptz)
        > CAST(r.texts_asked ->> 'at' AS timestamptz) - interval '1 hour')
    ELSE 0 END AS sign_ups_before,
  t.anchor = 'agreed' AND EXISTS (
    SELECT 1 FROM delivery o JOIN step ot ON ot.id = o.step_id
    WHERE o.registration_id = d.registration_id AND ot.anchor = 'asked' AND o.revision = d.revision
      AND o.phone = n.phone AND o.status IN {LEFT}) AS proven,
  n.erased_at IS NOT NULL AS erased,
  t.anchor IN ('registered', 'offered', 'asked', 'agreed') AND t.purpose = 'service'
    AND d.channel = ANY(r.held_back) AS held_back"""  # noqa: S608  # the numbers are our own states
"""In SQL: what an `Item` is read from at the moment `:now`, of deliveries `d`."""
AROUND: Final = """
JOIN registration r ON r.id = d.registration_id
JOIN registrant n ON n.id = r.registrant_id
JOIN step t ON t.id = d.step_id
LEFT JOIN doctor_answer q ON q.id = d.answer_id AND q.withdrawn_at IS NULL"""
"""In SQL: what `KNOWN` looks at beside the delivery."""

_ITS_SESSIONS: Final = " WHERE s.id IN (SELECT d.session_id FROM delivery d WHERE d.batch_id = :batch)"
_IN_BATCH: Final = text(SESSIONS + _ITS_SESSIONS)
_LOAD: Final = text(f"""{KNOWN} FROM delivery d {AROUND}
WHERE d.batch_id = :batch AND d.status = {int(Status.QUEUED)}
ORDER BY d.due_at, d.id
""")

_OWN: Final = tuple(name for name in Item.__dataclass_fields__ if name not in ("about", "facts", "sent"))


def load_batch(db: Connection, batch_id: int, now: datetime, *, stream_id: int = 0) -> list[Item]:
    """Load the queued deliveries of a batch, the longest due first; empty if it was released or done."""
    values = {"batch": batch_id, "now": now, "stream": stream_id}
    return items_in(db.execute(_LOAD, values), lambda: db.execute(_IN_BATCH, values))


def items_in(result: CursorResult[Any], sessions: Callable[[], CursorResult[Any]]) -> list[Item]:
    """Read what a query with the columns of `KNOWN` gave; `sessions` asks for their sessions, if there are any."""
    place = {name: number for number, name in enumerate(result.keys())}
    own = itemgetter(*(place[name] for name in _OWN))  # by name, each column of each row costs ten times as much
    rows = result.all()
    if not rows:
        return []
    about = {row.id: about_in(row) for row in sessions()}
    return [_item(row, dict(zip(_OWN, own(row), strict=True)), about[row.session_id]) for row in rows]


def about_in(row: Row[Any]) -> About:
    """Read a row with the columns of `SESSIONS`."""
    session = SessionFacts(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        moved_at=row.moved_at,
        moved_from=row.moved_from,
        cancelled_at=row.cancelled_at,
        attendance_final=row.attendance_final_at is not None,
        has_replay=bool(row.replay_url or row.media_url),
    )
    stopped = row.stopped or []
    return About(
        session_id=row.id,
        webinar_id=row.webinar_id,
        current_revision=row.revision,
        session=session,
        webinar_slug=row.slug,
        webinar_title=row.title,
        class_title=row.class_title,
        host_name=row.host_name,
        host_role=row.host_role,
        class_language=row.language,
        translations=row.translations,
        session_zone=row.zone,
        has_room=bool(row.room_url),
        replay_url=row.replay_url,
        replay_here=bool(row.media_url),
        has_answers=row.has_answers,
        cancelled_reason=row.cancelled_reason,
        next_session_starts_at=row.next_at,
        stopped=frozenset(Purpose) if "" in stopped else frozenset(Purpose(one) for one in stopped),
        mark=repr(tuple(row)),
    )


def _item(row: Row[Any], own: dict[str, Any], about: About) -> Item:
    facts = Facts(
        session=about.session,
        zone=zone_of(row.zone, about.session_zone),
        registered_at=row.registered_at,
        withdrawn_at=row.withdrawn_at,
        readdressed=row.readdressed,
        answered_at=row.answered_at,
        standing=Standing(row.standing),
        offered_at=row.offered_at,
        asked_at=row.asked_at,
        agreed_at=row.texts_agreed_at,
        unproven=row.unproven,
        attendance=Attendance(row.attendance),
        texts=row.texts,
        confirm=row.confirm,
    )
    return Item(about=about, facts=facts, **own)
