"""What people agreed to, with the words they saw; and the addresses we must not write to.

Consent rows are evidence and are only ever added; `permission` is the current answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from campaigns.domain.steps import Channel, Purpose
from campaigns.store.engine import Connection
from campaigns.store.tables import consent, consent_wording, permission, suppression


@dataclass(frozen=True, slots=True)
class Wording:
    """One version of the words beside a consent box."""

    id: int
    channel: Channel
    purpose: Purpose
    title: str
    text: str
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A yes or no of one person to one kind of message."""

    channel: Channel
    purpose: Purpose
    granted: bool
    address: str
    """The email or number that it is given for."""
    means: str
    """`form`, `link`, `one_click`, `staff`, `import` or `reply`."""
    wording_id: int | None = None
    evidence: Mapping[str, Any] | None = None


def add_wording(db: Connection, words: Wording, now: datetime) -> int:
    """Write a wording unless these very words are there already; give its id. The id it comes with is not used."""
    content = f"{words.channel.value}\n{words.purpose.value}\n{words.title}\n{words.text}"
    content_hash = hashlib.sha256(content.encode()).hexdigest()
    statement = upsert(consent_wording).values(
        channel=words.channel.value,
        purpose=words.purpose.value,
        title=words.title,
        text=words.text,
        language=words.language,
        content_hash=content_hash,
        created_at=now,
    )
    row = db.execute(statement.on_conflict_do_nothing().returning(consent_wording.c.id)).first()
    if row:
        new: int = row.id
        return new
    query = select(consent_wording.c.id).where(consent_wording.c.content_hash == content_hash)
    known: int = db.execute(query).scalar_one()
    return known


def current_wordings(db: Connection, language: str = "en") -> list[Wording]:
    """Give the newest wording of each box: texts first, then education, then marketing.

    In this language where there is one, else in English: nobody is left without a box.
    """
    newest = (
        select(func.max(consent_wording.c.id))
        .where(consent_wording.c.language.in_(("en", language)))
        .group_by(consent_wording.c.channel, consent_wording.c.purpose, consent_wording.c.language)
    )
    query = select(consent_wording).where(consent_wording.c.id.in_(newest))
    found: dict[tuple[Channel, Purpose], Wording] = {}
    for row in db.execute(query.order_by(consent_wording.c.language == language)):
        one = Wording(row.id, Channel(row.channel), Purpose(row.purpose), row.title, row.text, row.language)
        found[one.channel, one.purpose] = one
    order = list(Purpose)
    return sorted(found.values(), key=lambda one: (one.channel is Channel.EMAIL, order.index(one.purpose)))


def record(db: Connection, registrant_id: int, answer: Answer, now: datetime) -> int:
    """Add a consent row and make it the current answer; give its id."""
    row = (
        insert(consent)
        .values(
            registrant_id=registrant_id,
            channel=answer.channel.value,
            purpose=answer.purpose.value,
            granted=answer.granted,
            wording_id=answer.wording_id,
            address=answer.address,
            means=answer.means,
            evidence=dict(answer.evidence or {}),
            at=now,
        )
        .returning(consent.c.id)
    )
    consent_id: int = db.execute(row).scalar_one()
    current = upsert(permission).values(
        registrant_id=registrant_id,
        channel=answer.channel.value,
        purpose=answer.purpose.value,
        granted=answer.granted,
        consent_id=consent_id,
    )
    db.execute(
        current.on_conflict_do_update(
            index_elements=["registrant_id", "channel", "purpose"],
            set_={"granted": current.excluded.granted, "consent_id": current.excluded.consent_id},
        )
    )
    return consent_id


def permissions_of(db: Connection, registrant_id: int) -> dict[tuple[Channel, Purpose], bool]:
    """Give the current answers of a person; kinds they were never asked about are missing."""
    query = select(permission).where(permission.c.registrant_id == registrant_id)
    return {(Channel(row.channel), Purpose(row.purpose)): row.granted for row in db.execute(query)}


def granted_for(db: Connection, registrant_id: int) -> dict[tuple[Channel, Purpose], str]:
    """Give the kinds of message a person agrees to now, each with the address they agreed for."""
    query = (
        select(permission.c.channel, permission.c.purpose, consent.c.address)
        .join(consent, consent.c.id == permission.c.consent_id)
        .where(permission.c.registrant_id == registrant_id, permission.c.granted)
    )
    return {(Channel(row.channel), Purpose(row.purpose)): row.address for row in db.execute(query)}


def ever_agreed(db: Connection, registrant_id: int, channel: Channel, address: str, purpose: Purpose) -> bool:
    """Say whether a person has ever agreed to this kind of message for this very address."""
    query = select(consent.c.id).where(
        consent.c.registrant_id == registrant_id,
        consent.c.channel == channel.value,
        consent.c.purpose == purpose.value,
        consent.c.address == address,
        consent.c.granted,
    )
    return db.execute(query.limit(1)).first() is not None


def suppress(
    db: Connection, channel: Channel, address: str, purpose: Purpose | None, *, reason: str, source: str, now: datetime
) -> bool:
    """Never write to this address again for `purpose` (None: for any); False if that held already."""
    statement = upsert(suppression).values(
        channel=channel.value,
        address=address,
        purpose=purpose.value if purpose else None,
        reason=reason,
        source=source,
        at=now,
    )
    # Not rowcount: it is unknown where the driver fetches the new key.
    return db.execute(statement.on_conflict_do_nothing().returning(suppression.c.id)).first() is not None


def lift(db: Connection, channel: Channel, address: str, purpose: Purpose | None, now: datetime) -> bool:
    """End a suppression the person asked for; one by the provider or by staff stays."""
    same_purpose = suppression.c.purpose.is_(None) if purpose is None else suppression.c.purpose == purpose.value
    change = (
        update(suppression)
        .where(
            suppression.c.channel == channel.value,
            suppression.c.address == address,
            suppression.c.reason == "unsubscribed",
            suppression.c.lifted_at.is_(None),
            same_purpose,
        )
        .values(lifted_at=now)
    )
    return db.execute(change).rowcount > 0


def stopped(db: Connection, channel: Channel, address: str, purpose: Purpose) -> bool:
    """Say whether this address must not be written to for this purpose."""
    query = select(suppression.c.id).where(
        suppression.c.channel == channel.value,
        suppression.c.address == address,
        suppression.c.lifted_at.is_(None),
        or_(suppression.c.purpose.is_(None), suppression.c.purpose == purpose.value),
    )
    return db.execute(query.limit(1)).first() is not None


def start_helps(db: Connection, number: str) -> bool:
    """Say whether START from a number ends all that stops texts to it: a provider's word about it stays."""
    query = select(suppression.c.id).where(
        suppression.c.channel == Channel.SMS.value,
        suppression.c.address == number,
        suppression.c.lifted_at.is_(None),
        suppression.c.reason != "unsubscribed",
    )
    return db.execute(query.limit(1)).first() is None


def revoked_by_reply(db: Connection, registrant_id: int, number: str) -> list[Purpose]:
    """List the kinds of texts that a person agreed to until a text from this very number took it back."""
    query = (
        select(permission.c.purpose)
        .join(consent, consent.c.id == permission.c.consent_id)
        .where(
            permission.c.registrant_id == registrant_id,
            permission.c.channel == Channel.SMS.value,
            ~permission.c.granted,
            consent.c.means == "reply",
            consent.c.address == number,
        )
    )
    return [Purpose(one) for one in db.execute(query).scalars()]
