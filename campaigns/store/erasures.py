"""Erasing a person: what is overwritten, what is deleted, and the hashes that stay.

Who enters: `operations/erase.py`, within one transaction. `people` is the person, and the records they left
behind under former addresses.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb
from sqlalchemy import TextClause, select, text
from sqlalchemy.dialects.postgresql import insert

from campaigns.domain.lifecycle import Status
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import Channel, Purpose
from campaigns.store.engine import Connection
from campaigns.store.tables import erased_address, permission


@dataclass(frozen=True, slots=True)
class Address:
    """An email or number that somebody goes by or went by."""

    channel: Channel
    address: str
    shared: bool
    """Somebody else goes by it as well, who stays."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A consent as it stands, before its address becomes a hash."""

    consent_id: int
    channel: Channel
    address: str
    evidence: dict[str, Any]


# Whoever corrected their address left a record behind that no link opens any more: all its places have led on.
_PEOPLE: Final = text("""
WITH RECURSIVE chain AS (
  SELECT CAST(:id AS bigint) AS id
  UNION
  SELECT b.registrant_id
  FROM chain c JOIN registration a ON a.registrant_id = c.id
  JOIN registration b ON b.switched_to = a.id AND b.registrant_id <> a.registrant_id
  WHERE NOT EXISTS (SELECT FROM registration o WHERE o.registrant_id = b.registrant_id AND o.switched_to IS NULL)
)
SELECT id FROM chain ORDER BY id
""")

_ADDRESSES: Final = text("""
SELECT a.channel, a.address, EXISTS (
  SELECT FROM registrant n WHERE n.id <> ALL(:people)
    AND ((a.channel = 'email' AND n.email = a.address) OR (a.channel = 'sms' AND n.phone = a.address))) AS shared
FROM (
  SELECT 'email' AS channel, email AS address FROM registrant WHERE id = ANY(:people)
  UNION SELECT 'sms', phone FROM registrant WHERE id = ANY(:people)
  UNION SELECT channel, address FROM consent WHERE registrant_id = ANY(:people)
  UNION SELECT 'sms', d.phone FROM delivery d JOIN registration r ON r.id = d.registration_id
    WHERE r.registrant_id = ANY(:people)
) AS a WHERE a.address <> '' ORDER BY a.channel, a.address
""")

_STAYS: Final = text("SELECT erased_at IS NULL FROM registrant WHERE id = :id FOR KEY SHARE")
# In the order in which receipts take them: first the delivery, then the person.
_LOCK_DELIVERIES: Final = text("""
SELECT d.id FROM delivery d WHERE d.registration_id IN (SELECT id FROM registration WHERE registrant_id = ANY(:people))
ORDER BY d.id FOR UPDATE
""")
_LOCK_PEOPLE: Final = text("SELECT id, erased_at FROM registrant WHERE id = ANY(:people) ORDER BY id FOR UPDATE")

_PLACES: Final = text("SELECT id FROM registration WHERE registrant_id = ANY(:people)")
_WROTE: Final = text("""
SELECT id FROM inbound WHERE applied_at IS NOT NULL AND (registration_id = ANY(:places)
  OR (channel, sender) IN (SELECT unnest(CAST(:channels AS text[])), unnest(CAST(:addresses AS text[]))))
""")

_CLEAR: Final = tuple(
    text(statement)
    for statement in (
        # What a worker has in hand is opened only while it is queued: its row is ours until we are done.
        """
UPDATE delivery SET phone = NULL, fingerprint = NULL, look_at = NULL,
  status = CASE WHEN status = ANY(:waiting) THEN :skipped ELSE status END,
  reason = CASE WHEN status = ANY(:waiting) THEN :reason ELSE reason END
WHERE registration_id = ANY(:places)""",
        # A class that is over keeps its place: who came and who did not is counted as it was.
        """
UPDATE registration r SET touch = '{}', form_shown = NULL, texts_asked = NULL,
  attendance_evidence = (r.attendance_evidence - 'why') #- '{before,why}',
  withdrawn_at = CASE WHEN s.ends_at > :now THEN coalesce(r.withdrawn_at, greatest(:now, r.registered_at))
    ELSE r.withdrawn_at END
FROM webinar_session s WHERE s.id = r.session_id AND r.id = ANY(:places)""",
        "DELETE FROM form_answer WHERE registration_id = ANY(:places)",
        # An alert about words that are gone says so, rather than leading to nothing.
        """
UPDATE alert SET words = :gone WHERE cleared_at IS NULL AND subject IN (
  SELECT 'question:' || id FROM question WHERE registration_id = ANY(:places)
  UNION ALL SELECT 'inbound:' || one FROM unnest(CAST(:wrote AS bigint[])) AS one)""",
        """
DELETE FROM question q WHERE registration_id = ANY(:places) AND NOT EXISTS (
  SELECT FROM doctor_answer a WHERE a.id = q.answer_id AND a.published_at IS NOT NULL)""",
        "UPDATE question SET body = :blank WHERE registration_id = ANY(:places)",
        """
UPDATE arrival SET content = :blank WHERE id IN (
  SELECT arrival_id FROM inbound WHERE id = ANY(:wrote)
  UNION ALL SELECT r.arrival_id FROM receipt r JOIN delivery d ON d.id = r.delivery_id
    WHERE d.registration_id = ANY(:places))""",
        "UPDATE inbound SET sender = '', body = :blank, closed_at = coalesce(closed_at, :now) WHERE id = ANY(:wrote)",
        # A reply that may have meant stop, and that nobody can read any more, meant it.
        """
INSERT INTO suppression (channel, address, reason, source, at)
SELECT channel, address, 'unsubscribed', 'erased', :now FROM address_hold WHERE lifted_at IS NULL
  AND (channel, address) IN (SELECT unnest(CAST(:channels AS text[])), unnest(CAST(:addresses AS text[])))
ON CONFLICT DO NOTHING""",
        """
DELETE FROM address_hold
WHERE (channel, address) IN (SELECT unnest(CAST(:channels AS text[])), unnest(CAST(:addresses AS text[])))""",
        """
DELETE FROM suppression WHERE lifted_at IS NOT NULL
  AND (channel, address) IN (SELECT unnest(CAST(:channels AS text[])), unnest(CAST(:addresses AS text[])))""",
        """
DELETE FROM strike WHERE delivery_id IN (SELECT id FROM delivery WHERE registration_id = ANY(:places))
  OR (channel, address) IN (SELECT unnest(CAST(:channels AS text[])), unnest(CAST(:addresses AS text[])))""",
        """
UPDATE registrant SET email = 'erased-' || id || '@invalid', first_name = 'Erased', last_name = '', phone = NULL,
  first_touch = '{}', erased_at = :now WHERE id = ANY(:people)""",
    )
)
_BLIND: Final = text("UPDATE consent SET address = :address, evidence = :evidence WHERE id = :id")
_PROOFS: Final = text(
    "SELECT id, channel, address, evidence FROM consent WHERE registrant_id = ANY(:people) ORDER BY id"
)


def stays(db: Connection, registrant_id: int) -> bool:
    """Say whether a person has not erased themselves, and keep it so until the transaction ends."""
    return bool(db.execute(_STAYS, {"id": registrant_id}).scalar())


def people_of(db: Connection, registrant_id: int) -> list[int]:
    """Give a person, and the records that they left behind under former addresses."""
    return list(db.execute(_PEOPLE, {"id": registrant_id}).scalars())


def lock(db: Connection, people: Sequence[int]) -> list[int]:
    """Let nobody else change these people and their deliveries; give those who are not erased yet."""
    db.execute(_LOCK_DELIVERIES, {"people": list(people)})
    return [row.id for row in db.execute(_LOCK_PEOPLE, {"people": list(people)}) if row.erased_at is None]


def addresses_of(db: Connection, people: Collection[int]) -> list[Address]:
    """List every address that these people go by or went by."""
    rows = db.execute(_ADDRESSES, {"people": list(people)})
    return [Address(Channel(row.channel), row.address, row.shared) for row in rows]


def agreed_to(db: Connection, people: Collection[int]) -> list[tuple[int, Channel, Purpose]]:
    """List (person, channel, purpose) of every yes that holds now."""
    query = select(permission.c.registrant_id, permission.c.channel, permission.c.purpose)
    query = query.where(permission.c.registrant_id.in_(people), permission.c.granted)
    return [(row[0], Channel(row[1]), Purpose(row[2])) for row in db.execute(query.order_by(*query.selected_columns))]


def clear(
    db: Connection, people: Collection[int], addresses: Collection[Address], *, blank: bytes, gone: str, now: datetime
) -> None:
    """Take what tells who these people are out of every table but `consent`, and let nothing more leave to them.

    `blank` stands for sealed words, `gone` for the words of an alert about them. What hangs on an
    address that somebody else has as well stays.
    """
    lone = [one for one in addresses if not one.shared]
    values: dict[str, Any] = {
        "people": list(people),
        "places": list(db.execute(_PLACES, {"people": list(people)}).scalars()),
        "channels": [one.channel.value for one in lone],
        "addresses": [one.address for one in lone],
        "waiting": [int(Status.PLANNED), int(Status.QUEUED)],
        "skipped": int(Status.SKIPPED),
        "reason": Reason.ERASED.value,
        "blank": blank,
        "gone": gone,
        "now": now,
    }
    values["wrote"] = list(db.execute(_WROTE, _used(_WROTE, values)).scalars())
    for statement in _CLEAR:
        db.execute(statement, _used(statement, values))


def _used(statement: TextClause, values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in statement.compile().params}


def proofs_of(db: Connection, people: Collection[int]) -> list[Proof]:
    """List all that these people ever said yes or no to."""
    rows = db.execute(_PROOFS, {"people": list(people)})
    return [Proof(row.id, Channel(row.channel), row.address, row.evidence) for row in rows]


def blind(db: Connection, consent_id: int, address: str, evidence: dict[str, Any]) -> None:
    """Put hashes in the place of the address and the evidence of a consent; it is allowed once, after `clear`."""
    db.execute(_BLIND, {"id": consent_id, "address": address, "evidence": Jsonb(evidence)})


def keep_hashes(db: Connection, hashes: Collection[tuple[Channel, str]], now: datetime) -> None:
    """Remember addresses by their hashes, so that no list brings them back."""
    rows = [{"channel": channel.value, "hash": one, "at": now} for channel, one in hashes]
    db.execute(insert(erased_address).on_conflict_do_nothing(), rows)


def known_hashes(db: Connection) -> frozenset[tuple[Channel, str]]:
    """Give every hash; people erase themselves seldom enough for all of them to be at hand."""
    query = select(erased_address.c.channel, erased_address.c.hash)
    return frozenset((Channel(row.channel), row.hash) for row in db.execute(query))
