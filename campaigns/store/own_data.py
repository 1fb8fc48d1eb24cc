"""Everything that is kept about one registrant, read for themselves; sealed words come sealed.

Who enters: `operations/own_data.py`, which says what each is called. Nothing here tells of anybody else: what was
said from a number that somebody else has as well is theirs as much, and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import RowMapping, text

from campaigns.store.engine import Connection

Row = RowMapping

_PERSON: Final = text("SELECT * FROM registrant WHERE id = :person")

_SHARED: Final = text("""
SELECT EXISTS (SELECT FROM registrant o JOIN registrant n ON n.phone = o.phone WHERE n.id = :person AND o.id <> n.id)
""")

_REGISTRATIONS: Final = text("""
SELECT r.*, w.title, s.starts_at, s.ends_at, s.cancelled_at
FROM registration r JOIN webinar_session s ON s.id = r.session_id JOIN webinar w ON w.id = s.webinar_id
WHERE r.registrant_id = :person ORDER BY r.id
""")

_ANSWERS: Final = text("""
SELECT a.registration_id, f.label, a.answer, a.at
FROM form_answer a JOIN registration r ON r.id = a.registration_id JOIN form_field f ON f.id = a.field_id
WHERE r.registrant_id = :person ORDER BY f.position, f.id
""")

_VIEWINGS: Final = text("""
SELECT v.registration_id, v.mode, v.seen_tenths / 10 AS seconds, v.first_at, v.last_at
FROM viewing v JOIN registration r ON r.id = v.registration_id
WHERE r.registrant_id = :person ORDER BY v.first_at, v.mode
""")

_QUESTIONS: Final = text("""
SELECT q.registration_id, q.source, q.body, q.asked_at, q.closed_at, q.closed_reason, a.title, a.body AS answer,
  a.published_at
FROM question q JOIN registration r ON r.id = q.registration_id
LEFT JOIN doctor_answer a ON a.id = q.answer_id AND a.published_at IS NOT NULL AND a.withdrawn_at IS NULL
WHERE r.registrant_id = :person AND NOT EXISTS (
  SELECT FROM inbound i JOIN registrant o ON o.phone = i.sender AND o.id <> r.registrant_id
  WHERE i.id = q.inbound_id AND i.channel = 'sms')
ORDER BY q.id
""")

_DELIVERIES: Final = text("""
SELECT d.id, d.registration_id, t.name AS step, d.channel, d.due_at, d.expires_at, d.status, d.reason, d.sent_at,
  d.phone, d.provider_id, v.name AS template, v.created_at AS template_from
FROM delivery d JOIN registration r ON r.id = d.registration_id JOIN step t ON t.id = d.step_id
LEFT JOIN template_version v ON v.id = d.template_version_id
WHERE r.registrant_id = :person ORDER BY d.due_at, d.id
""")

_ATTEMPTS: Final = text("""
SELECT a.delivery_id, a.number, a.outcome, a.detail, a.opened_at, a.at
FROM attempt a JOIN delivery d ON d.id = a.delivery_id JOIN registration r ON r.id = d.registration_id
WHERE r.registrant_id = :person ORDER BY a.id
""")

_REPORTS: Final = text("""
SELECT p.delivery_id, p.kind, p.code, p.detail, coalesce(p.occurred_at, p.received_at) AS at
FROM receipt p JOIN delivery d ON d.id = p.delivery_id JOIN registration r ON r.id = d.registration_id
WHERE r.registrant_id = :person ORDER BY p.id
""")

_CONSENTS: Final = text("""
SELECT c.channel, c.purpose, c.granted, c.address, c.means, c.evidence, c.at, w.title, w.text,
  c.channel = 'sms' AND EXISTS (
    SELECT FROM registrant o WHERE o.phone = c.address AND o.id <> c.registrant_id) AS shared
FROM consent c LEFT JOIN consent_wording w ON w.id = c.wording_id
WHERE c.registrant_id = :person ORDER BY c.id
""")

_PERMISSIONS: Final = text("""
SELECT a.channel, a.purpose, a.granted, c.at FROM permission a JOIN consent c ON c.id = a.consent_id
WHERE a.registrant_id = :person ORDER BY a.channel, a.purpose
""")

_THEIRS: Final = """
  EXISTS (SELECT FROM registrant n WHERE n.id = :person
    AND ((x.channel = 'email' AND x.address = n.email) OR (x.channel = 'sms' AND x.address = n.phone)))"""
_STOPS: Final = text(f"""
SELECT x.channel, x.address, x.purpose, x.reason, x.at, x.lifted_at FROM suppression x WHERE {_THEIRS}
UNION ALL SELECT x.channel, x.address, NULL, 'held', x.at, x.lifted_at FROM address_hold x WHERE {_THEIRS}
UNION ALL SELECT x.channel, x.address, NULL, 'soft_failure', x.at, NULL FROM strike x
  WHERE x.delivery_id IN (SELECT d.id FROM delivery d JOIN registration r ON r.id = d.registration_id
    WHERE r.registrant_id = :person)
ORDER BY 5, 1, 2, 3, 4
""")  # noqa: S608  # built from our own constants; every value is bound

_REPLIES: Final = text("""
SELECT i.channel, i.sender, i.body, i.meaning, i.received_at FROM inbound i JOIN registrant n ON n.id = :person
WHERE (i.channel = 'email' AND i.sender = n.email)
  OR (i.channel = 'sms' AND i.sender = n.phone
    AND NOT EXISTS (SELECT FROM registrant o WHERE o.phone = n.phone AND o.id <> n.id))
ORDER BY i.id
""")

_MANY: Final = {
    "registrations": _REGISTRATIONS,
    "answers": _ANSWERS,
    "viewings": _VIEWINGS,
    "questions": _QUESTIONS,
    "deliveries": _DELIVERIES,
    "attempts": _ATTEMPTS,
    "reports": _REPORTS,
    "consents": _CONSENTS,
    "permissions": _PERMISSIONS,
    "stops": _STOPS,
    "replies": _REPLIES,
}


def person(db: Connection, registrant_id: int) -> Row:
    """Read the person."""
    return db.execute(_PERSON, {"person": registrant_id}).mappings().one()


def shares_number(db: Connection, registrant_id: int) -> bool:
    """Say whether somebody else has the same number."""
    return bool(db.execute(_SHARED, {"person": registrant_id}).scalar_one())


def rows_of(db: Connection, registrant_id: int) -> dict[str, Sequence[Row]]:
    """Read everything else, by what it is."""
    return {name: db.execute(query, {"person": registrant_id}).mappings().all() for name, query in _MANY.items()}
