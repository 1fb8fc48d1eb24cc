"""Bring a list of people into a session, set by set.

Who enters: `operations/import_registrants.py`, within one transaction. The list goes
into a table that vanishes with the transaction, every row gets its fate, and only
rows whose fate is `new` change anything. Nobody is looked up one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Final

import psycopg
from sqlalchemy import Connection, insert, text

from campaigns.store.tables import registrant_import


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person of the list, every cell read and found well formed."""

    row: int
    email: str
    first_name: str
    last_name: str
    phone: str | None
    zone: str | None
    """None where the list does not say."""
    texts: bool
    education: bool
    marketing: bool
    """The three yeses; each stands only with the evidence below."""
    consent_at: datetime | None
    consent_source: str
    wording: str
    erased: bool = False
    """Whoever goes by this address or number asked to be erased."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What becomes of the rows that could be read."""

    new: int
    """Registrations that are added."""
    unknown: int
    """Of those, people we did not know at all."""
    already: int
    withdrew: int
    """They cancelled their own place in this session: left out."""
    twice: int
    silent: int
    """Of the new, people whose address is suppressed for service email."""
    texts: int
    education: int
    marketing: int
    """Of the new, how many yeses stand with evidence."""
    erased: int = 0
    """They asked to be erased: left out."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A row that is left out, or is worth a look, although it could be read."""

    row: int
    fate: str
    """`twice`, `already`, `withdrew`, `erased`, or `silent` for one that is added."""
    email: str
    first_row: int
    """The row in which this address stands first."""


_STAGE: Final = """
CREATE TEMPORARY TABLE import_row (
    row integer, email text, first_name text, last_name text, phone text, zone text,
    texts boolean, education boolean, marketing boolean,
    consent_at timestamptz, consent_source text, wording text, erased boolean
) ON COMMIT DROP
"""

_FATES: Final = """
CREATE TEMPORARY TABLE import_fate ON COMMIT DROP AS
SELECT c.*, p.id AS registrant_id, p.id IS NULL AS unknown,
    first_value(c.row) OVER (PARTITION BY c.email ORDER BY c.row) AS first_row,
    CASE
        WHEN row_number() OVER (PARTITION BY c.email ORDER BY c.row) > 1 THEN 'twice'
        WHEN r.live THEN 'already'
        WHEN r.live IS NOT NULL THEN 'withdrew'
        WHEN c.erased THEN 'erased'
        ELSE 'new'
    END AS fate,
    EXISTS (
        SELECT FROM suppression s
        WHERE s.channel = 'email' AND s.address = c.email AND s.lifted_at IS NULL
            AND (s.purpose IS NULL OR s.purpose = 'service')
    ) AS silent
FROM import_row c
LEFT JOIN registrant p ON p.email = c.email
LEFT JOIN (
    SELECT registrant_id, bool_or(withdrawn_at IS NULL) AS live
    FROM registration WHERE session_id = :session_id GROUP BY registrant_id
) r ON r.registrant_id = p.id
"""

_COUNT: Final = """
SELECT count(*) FILTER (WHERE fate = 'new') AS new,
    count(*) FILTER (WHERE fate = 'new' AND unknown) AS unknown,
    count(*) FILTER (WHERE fate = 'already') AS already,
    count(*) FILTER (WHERE fate = 'withdrew') AS withdrew,
    count(*) FILTER (WHERE fate = 'twice') AS twice,
    count(*) FILTER (WHERE fate = 'new' AND silent) AS silent,
    count(*) FILTER (WHERE fate = 'new' AND texts) AS texts,
    count(*) FILTER (WHERE fate = 'new' AND education) AS education,
    count(*) FILTER (WHERE fate = 'new' AND marketing) AS marketing,
    count(*) FILTER (WHERE fate = 'erased') AS erased
FROM import_fate
"""

_REMARKS: Final = """
SELECT row, CASE WHEN fate = 'new' THEN 'silent' ELSE fate END AS fate, email, first_row
FROM import_fate WHERE fate <> 'new' OR silent ORDER BY row LIMIT :most
"""

_ADD_PEOPLE: Final = """
INSERT INTO registrant (email, first_name, last_name, phone, zone, created_at)
SELECT email, first_name, last_name, phone, coalesce(zone, :zone), :now
FROM import_fate WHERE fate = 'new' AND registrant_id IS NULL ORDER BY row
ON CONFLICT (email) DO NOTHING
"""

_KNOW_THEM: Final = """
UPDATE import_fate f SET registrant_id = p.id
FROM registrant p WHERE p.email = f.email AND f.fate = 'new' AND f.registrant_id IS NULL
"""

# A number that somebody gave us before is theirs to change, not the list's.
_ADD_NUMBERS: Final = """
UPDATE registrant p SET phone = f.phone
FROM import_fate f WHERE f.registrant_id = p.id AND f.fate = 'new' AND p.phone IS NULL AND f.phone IS NOT NULL
    AND p.erased_at IS NULL
"""

_REGISTER: Final = """
INSERT INTO registration (session_id, registrant_id, zone, source, confirm, registered_at)
SELECT :session_id, p.id, coalesce(f.zone, p.zone), 'import', :confirm, :now
FROM import_fate f JOIN registrant p ON p.id = f.registrant_id
WHERE f.fate = 'new' AND p.erased_at IS NULL ORDER BY f.row
ON CONFLICT DO NOTHING
"""

# A later answer of the person stands, and a yes to texts holds for the number it was given for.
_CONSENT: Final = """
WITH yes AS (
    SELECT f.registrant_id, o.channel, o.purpose, f.consent_at AS at,
        CASE o.channel WHEN 'sms' THEN p.phone ELSE p.email END AS address,
        jsonb_build_object('source', f.consent_source, 'wording', f.wording, 'import', cast(:import_id AS bigint),
            'row', f.row) AS evidence
    FROM import_fate f
    JOIN registrant p ON p.id = f.registrant_id
    CROSS JOIN LATERAL (VALUES
        ('sms', 'service', f.texts AND p.phone = f.phone),
        ('email', 'education', f.education),
        ('email', 'marketing', f.marketing)
    ) AS o (channel, purpose, granted)
    LEFT JOIN permission e ON e.registrant_id = p.id AND e.channel = o.channel AND e.purpose = o.purpose
    LEFT JOIN consent former ON former.id = e.consent_id
    WHERE f.fate = 'new' AND o.granted AND p.erased_at IS NULL AND (former.at IS NULL OR former.at < f.consent_at)
), written AS (
    INSERT INTO consent (registrant_id, channel, purpose, granted, address, means, evidence, at)
    SELECT registrant_id, channel, purpose, true, address, 'import', evidence, at FROM yes
    RETURNING id, registrant_id, channel, purpose
)
INSERT INTO permission (registrant_id, channel, purpose, granted, consent_id)
SELECT registrant_id, channel, purpose, true, id FROM written
ON CONFLICT (registrant_id, channel, purpose) DO UPDATE SET granted = true, consent_id = excluded.consent_id
"""


def stage(db: Connection, candidates: Iterable[Candidate]) -> None:
    """Put the list into a table of its own that lives as long as the transaction; streams."""
    db.execute(text("DROP TABLE IF EXISTS import_row, import_fate"))
    db.execute(text(_STAGE))
    names = ", ".join(column.name for column in fields(Candidate))
    raw = db.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    with raw.cursor() as cursor, cursor.copy(f"COPY import_row ({names}) FROM STDIN") as copy:
        for candidate in candidates:
            copy.write_row(astuple(candidate))
    db.execute(text("ANALYZE import_row"))


def weigh(db: Connection, session_id: int) -> Counts:
    """Give every staged row its fate in this session and count them; changes nothing that stays."""
    db.execute(text("DROP TABLE IF EXISTS import_fate"))
    db.execute(text(_FATES), {"session_id": session_id})
    db.execute(text("ANALYZE import_fate"))
    return Counts(**db.execute(text(_COUNT)).mappings().one())


def remarks(db: Connection, most: int) -> list[Remark]:
    """Give the first `most` rows that are left out or worth a look, in the order of the file."""
    return [Remark(**row) for row in db.execute(text(_REMARKS), {"most": most}).mappings()]


def write(db: Connection, session_id: int, import_id: int, *, confirm: bool, zone: str, now: datetime) -> int:
    """Add the people whose fate is `new`, their places and their yeses; give the number of new registrations.

    `zone` is for people who are new and whose row names none. Written twice it adds nobody twice.
    """
    facts = {"session_id": session_id, "import_id": import_id, "confirm": confirm, "zone": zone, "now": now}
    for statement in (_ADD_PEOPLE, _KNOW_THEM, _ADD_NUMBERS):
        db.execute(text(statement), facts)
    added = db.execute(text(_REGISTER), facts).rowcount
    db.execute(text(_CONSENT), facts)
    return added


def one_at_a_time(db: Connection, session_id: int) -> None:
    """Wait for another import into this session, until the transaction ends: a button pressed twice counts once."""
    db.execute(text("SELECT pg_advisory_xact_lock(7005, :id)"), {"id": session_id & 0x7FFFFFFF})


def record(
    db: Connection,
    session_id: int,
    staff_id: int | None,
    fingerprint: str,
    *,
    options: Mapping[str, object],
    counts: Mapping[str, object],
    now: datetime,
) -> int:
    """Remember an import that is being applied; give its id."""
    row = insert(registrant_import).values(
        session_id=session_id, staff_id=staff_id, fingerprint=fingerprint, options=dict(options),
        counts=dict(counts), created_at=now, applied_at=now,
    )  # fmt: skip
    return int(db.execute(row.returning(registrant_import.c.id)).scalar_one())


@dataclass(frozen=True, slots=True)
class Done:
    """A list that was brought in, of either kind."""

    at: datetime
    by: str
    """Name of the member; empty for the command line."""
    act: str
    """`import_registrants` or `attendance`."""
    session_id: int
    webinar: str
    """Its discreet title."""
    starts_at: datetime
    zone: str
    counts: Mapping[str, int]


_RECENT: Final = """
SELECT a.at, coalesce(m.name, '') AS by, a.act, s.id AS session_id, w.class_title AS webinar, s.starts_at, w.zone,
    a.detail AS counts
FROM audit a
LEFT JOIN staff m ON m.id = a.staff_id
JOIN webinar_session s ON a.subject = 'session:' || s.id
JOIN webinar w ON w.id = s.webinar_id
WHERE a.act IN ('import_registrants', 'attendance') ORDER BY a.id DESC LIMIT :most
"""


def recent(db: Connection, most: int) -> list[Done]:
    """Give the lists that were brought in last, the newest first."""
    return [Done(**row) for row in db.execute(text(_RECENT), {"most": most}).mappings()]
