"""What the staff pages read about what comes back and what is held: names beside ids, counts, addresses that wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, tuple_

from campaigns.domain.steps import Channel
from campaigns.store.engine import Connection
from campaigns.store.tables import (
    address_hold,
    alert,
    delivery,
    inbound,
    registrant,
    registration,
    staff,
    webinar,
    webinar_session,
)


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What the ledger keeps of a text beyond what it keeps of an email."""

    segments: int | None
    """None before it was handed over."""
    looks: int
    """How often it was looked for at the provider in vain."""
    look_at: datetime | None
    """When it is looked for next; None if nobody will."""


@dataclass(frozen=True, slots=True)
class SessionTitle:
    """Enough to name a session."""

    class_title: str
    zone: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class HoldRow:
    """An address whose messages wait until somebody has read what it wrote."""

    channel: Channel
    at: datetime
    inbound_id: int | None


def text_facts(db: Connection, delivery_id: int) -> TextFacts:
    """Give what is kept of a text; empty for an email, or if there is no such delivery."""
    columns = delivery.c
    query = select(columns.segments, columns.looks, columns.look_at).where(columns.id == delivery_id)
    row = db.execute(query.where(columns.channel == Channel.SMS.value)).first()
    return TextFacts(*row) if row else TextFacts(None, 0, None)


def names_of(db: Connection, registration_ids: Iterable[int]) -> dict[int, str]:
    """Give the whole name of whoever holds each registration."""
    query = (
        select(registration.c.id, registrant.c.first_name, registrant.c.last_name)
        .join(registrant, registrant.c.id == registration.c.registrant_id)
        .where(registration.c.id.in_(set(registration_ids)))
    )
    return {row.id: f"{row.first_name} {row.last_name}".strip() for row in db.execute(query)}


def staff_names(db: Connection) -> dict[int, str]:
    """Give the name of everybody who works here or did, by id."""
    return {row.id: row.name for row in db.execute(select(staff.c.id, staff.c.name))}


def session_titles(db: Connection, session_ids: Iterable[int]) -> dict[int, SessionTitle]:
    """Name sessions."""
    query = (
        select(webinar_session.c.id, webinar.c.class_title, webinar.c.zone, webinar_session.c.starts_at)
        .join(webinar, webinar.c.id == webinar_session.c.webinar_id)
        .where(webinar_session.c.id.in_(set(session_ids)))
    )
    return {row[0]: SessionTitle(*row[1:]) for row in db.execute(query)}


def count_replies(db: Connection) -> tuple[int, int]:
    """Count what people wrote and nobody has closed: (all of it, what is urgent)."""
    query = select(func.count(), func.count().filter(inbound.c.urgent)).where(inbound.c.closed_at.is_(None))
    row = db.execute(query).one()
    return row[0], row[1]


def held_among(db: Connection, addresses: Iterable[tuple[Channel, str]]) -> set[tuple[Channel, str]]:
    """Say which of these (channel, address) wait until somebody has read what they wrote."""
    wanted = {(channel.value, address) for channel, address in addresses}
    query = select(address_hold.c.channel, address_hold.c.address).where(
        address_hold.c.lifted_at.is_(None), tuple_(address_hold.c.channel, address_hold.c.address).in_(wanted)
    )
    return {(Channel(row.channel), row.address) for row in db.execute(query)}


def holds_of(db: Connection, email: str, phone: str | None) -> list[HoldRow]:
    """List what makes messages to this email address or number wait."""
    same = or_(
        and_(address_hold.c.channel == Channel.EMAIL.value, address_hold.c.address == email),
        and_(address_hold.c.channel == Channel.SMS.value, address_hold.c.address == (phone or "")),
    )
    query = select(address_hold).where(same, address_hold.c.lifted_at.is_(None)).order_by(address_hold.c.id)
    return [HoldRow(Channel(row.channel), row.at, row.inbound_id) for row in db.execute(query)]


def closers(db: Connection, inbound_ids: Iterable[int]) -> dict[int, str]:
    """Give the name of whoever closed each of these; what nobody had to close is missing."""
    query = (
        select(inbound.c.id, staff.c.name)
        .join(staff, staff.c.id == inbound.c.closed_by)
        .where(inbound.c.id.in_(set(inbound_ids)))
    )
    return {row.id: row.name for row in db.execute(query)}


def alerts_about(db: Connection, subject: str) -> list[int]:
    """List the alerts about a subject that nobody has cleared."""
    query = select(alert.c.id).where(alert.c.subject == subject, alert.c.cleared_at.is_(None))
    return list(db.execute(query.order_by(alert.c.id)).scalars())
