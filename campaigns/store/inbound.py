"""What people write to us: stored once, sealed, read by staff, closed by somebody by name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from campaigns.domain.steps import Channel
from campaigns.store.engine import Connection
from campaigns.store.tables import address_hold, delivery, inbound, registrant, registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One thing somebody wrote, with the words still sealed."""

    id: int
    channel: Channel
    sender: str
    body: bytes
    meaning: str
    matched: str
    urgent: bool
    registration_id: int | None
    received_at: datetime
    closed_at: datetime | None
    effect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInbound:
    """What is to be stored."""

    arrival_id: int
    provider: str
    event_id: str
    channel: Channel
    sender: str
    body: bytes
    """Sealed."""
    meaning: str
    matched: str
    urgent: bool
    registration_id: int | None
    closed: bool
    """Nobody needs to read it: a machine wrote it, or it says no more than STOP."""


_TAKE: Final = text("SELECT * FROM inbound WHERE applied_at IS NULL ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED")


def store(db: Connection, new: NewInbound, now: datetime) -> bool:
    """Store something; False if this very event is known already."""
    values = {
        "arrival_id": new.arrival_id,
        "provider": new.provider,
        "event_id": new.event_id,
        "channel": new.channel.value,
        "sender": new.sender,
        "body": new.body,
        "meaning": new.meaning,
        "matched": new.matched,
        "urgent": new.urgent,
        "registration_id": new.registration_id,
        "received_at": now,
        "closed_at": now if new.closed else None,
    }
    statement = insert(inbound).values(values).on_conflict_do_nothing().returning(inbound.c.id)
    return db.execute(statement).first() is not None


def registration_of(db: Connection, channel: Channel, sender: str) -> int | None:
    """Give the newest registration of whoever writes from an address; None if we do not know them."""
    column = registrant.c.email if channel is Channel.EMAIL else registrant.c.phone
    query = (
        select(registration.c.id)
        .join(registrant, registrant.c.id == registration.c.registrant_id)
        .where(column == sender)
        .order_by(registration.c.id.desc())
    )
    return db.execute(query.limit(1)).scalar()


def stop_waits(db: Connection, sender: str) -> bool:
    """Say whether a stop from this number is stored and not applied yet, and let one text of it be stored at a time.

    The lock ends with the transaction, so that two stops at once are not both the first.
    """
    db.execute(text("SELECT pg_advisory_xact_lock(7007, hashtext(:sender))"), {"sender": sender})
    query = select(inbound.c.meaning).where(
        inbound.c.channel == Channel.SMS.value,
        inbound.c.sender == sender,
        inbound.c.applied_at.is_(None),
        inbound.c.meaning.in_(["stop", "start"]),
    )
    return db.execute(query.order_by(inbound.c.id.desc()).limit(1)).scalar() == "stop"


def recipient_of(db: Connection, delivery_id: int) -> str | None:
    """Give the email of whoever a delivery was written to."""
    query = (
        select(registrant.c.email)
        .join(registration, registration.c.registrant_id == registrant.c.id)
        .join(delivery, delivery.c.registration_id == registration.c.id)
        .where(delivery.c.id == delivery_id)
    )
    return db.execute(query).scalar()


def phones_of_email(db: Connection, email: str) -> list[str]:
    """List the numbers known of whoever goes by an email."""
    query = select(registrant.c.phone).where(registrant.c.email == email, registrant.c.phone.is_not(None))
    return list(db.execute(query).scalars())


def waiting(db: Connection, limit: int) -> list[Inbound]:
    """Take what is not applied yet, in the order it came; nobody else gets it meanwhile."""
    return [_inbound(row) for row in db.execute(_TAKE, {"limit": limit})]


def waiting_from(db: Connection, senders: Collection[tuple[Channel, str]]) -> list[Inbound]:
    """Take what came from these addresses and is not applied yet, in the order it came; waits for whoever has it."""
    pairs = [(channel.value, address) for channel, address in senders]
    query = select(inbound).where(
        inbound.c.applied_at.is_(None), tuple_(inbound.c.channel, inbound.c.sender).in_(pairs)
    )
    return [_inbound(row) for row in db.execute(query.order_by(inbound.c.id).with_for_update())]


def mark_applied(db: Connection, inbound_id: int, effect: str, now: datetime) -> None:
    """Write what applying it did."""
    db.execute(update(inbound).where(inbound.c.id == inbound_id).values(applied_at=now, effect=effect))


def hold(db: Connection, channel: Channel, address: str, inbound_id: int, now: datetime) -> bool:
    """Let sends to an address wait until somebody has read what it wrote; False if they wait already."""
    values = {"channel": channel.value, "address": address, "inbound_id": inbound_id, "at": now}
    statement = insert(address_hold).values(values).on_conflict_do_nothing().returning(address_hold.c.id)
    return db.execute(statement).first() is not None


def lift_hold(db: Connection, channel: Channel, address: str, staff_id: int, now: datetime) -> bool:
    """Let sends to an address go on; False if nothing held them."""
    live = (
        (address_hold.c.channel == channel.value)
        & (address_hold.c.address == address)
        & address_hold.c.lifted_at.is_(None)
    )
    return db.execute(update(address_hold).where(live).values(lifted_at=now, lifted_by=staff_id)).rowcount == 1


def is_held(db: Connection, channel: Channel, address: str) -> bool:
    """Say whether sends to an address wait."""
    query = select(address_hold.c.id).where(
        address_hold.c.channel == channel.value, address_hold.c.address == address, address_hold.c.lifted_at.is_(None)
    )
    return db.execute(query).first() is not None


def open_ones(db: Connection, limit: int = 100) -> list[Inbound]:
    """List what nobody has closed: urgent first, then held, then the oldest."""
    query = select(inbound).where(inbound.c.closed_at.is_(None))
    order = (inbound.c.urgent.desc(), (inbound.c.meaning == "hold").desc(), inbound.c.id)
    return [_inbound(row) for row in db.execute(query.order_by(*order).limit(limit))]


def closed_ones(db: Connection, limit: int = 50) -> list[Inbound]:
    """List what was closed last."""
    query = select(inbound).where(inbound.c.closed_at.is_not(None)).order_by(inbound.c.closed_at.desc())
    return [_inbound(row) for row in db.execute(query.limit(limit))]


def one(db: Connection, inbound_id: int) -> Inbound | None:
    """Read one."""
    row = db.execute(select(inbound).where(inbound.c.id == inbound_id)).first()
    return _inbound(row) if row else None


def close(db: Connection, inbound_id: int, staff_id: int | None, now: datetime) -> bool:
    """Put away what somebody has read and seen to (None: the service has); False if it was closed before."""
    change = update(inbound).where(inbound.c.id == inbound_id, inbound.c.closed_at.is_(None))
    return db.execute(change.values(closed_at=now, closed_by=staff_id)).rowcount == 1


def count_open(db: Connection) -> int:
    """Count what nobody has closed."""
    return db.execute(select(func.count()).select_from(inbound).where(inbound.c.closed_at.is_(None))).scalar_one()


def _inbound(row: Row[Any]) -> Inbound:
    return Inbound(
        id=row.id,
        channel=Channel(row.channel),
        sender=row.sender,
        body=bytes(row.body),
        meaning=row.meaning,
        matched=row.matched,
        urgent=row.urgent,
        registration_id=row.registration_id,
        received_at=row.received_at,
        closed_at=row.closed_at,
        effect=row.effect,
    )
