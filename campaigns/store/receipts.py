"""Receipts: stored once, found again by delivery, and marked with what they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from campaigns.domain.lifecycle import Status
from campaigns.domain.receipts import Kind, Receipt
from campaigns.domain.steps import Channel, Purpose
from campaigns.store.engine import Connection
from campaigns.store.tables import arrival, delivery, receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A stored receipt that is to be applied, with the delivery that it speaks about."""

    receipt_id: int
    provider: str
    kind: Kind
    channel: Channel
    delivery_id: int | None
    attempt: int | None
    provider_id: str
    code: str
    smtp_code: int | None
    detail: str
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A delivery as its receipts find it; locked until the end of the transaction."""

    delivery_id: int
    registration_id: int
    status: Status
    attempt: int
    channel: Channel
    purpose: Purpose
    address: str
    """The one it was written to, as the person has it now; empty if they have none any more."""
    expires_at: datetime
    retries: int
    """How often a receipt has brought it back to the plan."""


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A receipt as a staff page shows it."""

    provider: str
    kind: Kind
    code: str
    detail: str
    effect: str
    attempt: int | None
    occurred_at: datetime | None
    received_at: datetime
    applied_at: datetime | None


_TAKE: Final = text("""
SELECT * FROM receipt WHERE applied_at IS NULL ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
""")

_TOLD: Final = text("""
SELECT d.id AS delivery_id, d.registration_id, d.status, d.attempt, d.channel, d.expires_at, t.purpose,
  coalesce(CASE d.channel WHEN 'email' THEN n.email ELSE n.phone END, '') AS address,
  (SELECT count(*) FROM attempt a WHERE a.delivery_id = d.id AND a.detail LIKE 'receipt:%') AS retries
FROM delivery d JOIN registration r ON r.id = d.registration_id JOIN registrant n ON n.id = r.registrant_id
JOIN step t ON t.id = d.step_id
WHERE d.id = :delivery FOR UPDATE OF d
""")

_APPLY: Final = text("""
UPDATE delivery SET status = :status, reason = :reason, look_at = NULL,
  provider_id = coalesce(nullif(:provider_id, ''), provider_id),
  sent_at = CASE WHEN :left THEN coalesce(sent_at, opened_at, :now) ELSE sent_at END
WHERE id = :delivery
""")

_RESEND: Final = text(f"""
WITH again AS (
  UPDATE delivery SET status = {int(Status.PLANNED)}, reason = :reason, due_at = :due_at, batch_id = NULL
  WHERE id = :delivery AND expires_at > :due_at
  RETURNING id, attempt, batch_id, opened_at
)
INSERT INTO attempt (delivery_id, number, outcome, detail, batch_id, opened_at, at)
SELECT id, attempt, 'deferred', 'receipt: ' || :reason, batch_id, opened_at, :now FROM again
""")  # noqa: S608  # the numbers are our own states


def store_arrival(db: Connection, provider: str, sealed: bytes, now: datetime) -> int:
    """Keep a call or a mail as it came, sealed; give its id."""
    values = {"provider": provider, "content": sealed, "at": now}
    found: int = db.execute(insert(arrival).values(values).returning(arrival.c.id)).scalar_one()
    return found


def store_receipt(
    db: Connection, arrival_id: int, one: Receipt, delivery_id: int | None, attempt: int | None, now: datetime
) -> bool:
    """Store a receipt; False if the provider has told this very event before."""
    values = {
        "arrival_id": arrival_id,
        "provider": one.provider,
        "event_id": one.event_id,
        "kind": one.kind.value,
        "channel": one.channel.value,
        "delivery_id": delivery_id,
        "attempt": attempt,
        "provider_id": one.provider_id,
        "code": one.code,
        "smtp_code": one.smtp_code,
        "detail": one.detail,
        "facts": dict(one.facts),
        "occurred_at": one.occurred_at,
        "received_at": now,
    }
    statement = upsert(receipt).values(values).on_conflict_do_nothing().returning(receipt.c.id)
    return db.execute(statement).first() is not None


def delivery_exists(db: Connection, delivery_id: int, channel: Channel) -> bool:
    """Say whether there is such a delivery on this channel."""
    query = select(delivery.c.id).where(delivery.c.id == delivery_id, delivery.c.channel == channel.value)
    return db.execute(query).first() is not None


def waiting_receipts(db: Connection, limit: int) -> list[Waiting]:
    """Take receipts that are not applied yet, in the order they came; nobody else gets them meanwhile."""
    return [_waiting(row) for row in db.execute(_TAKE, {"limit": limit})]


def told_delivery(db: Connection, delivery_id: int) -> Told | None:
    """Lock a delivery and give what receipts need to know of it."""
    row = db.execute(_TOLD, {"delivery": delivery_id}).mappings().first()
    if row is None:
        return None
    facts = dict(row)
    facts |= {
        "status": Status(row["status"]),
        "channel": Channel(row["channel"]),
        "purpose": Purpose(row["purpose"]),
    }
    return Told(**facts)


def kinds_told(db: Connection, delivery_id: int, attempt: int | None) -> list[tuple[Kind, datetime | None]]:
    """Give (kind, when) of all receipts about a delivery, or about one attempt of it, in no order that matters."""
    query = select(receipt.c.kind, receipt.c.occurred_at).where(receipt.c.delivery_id == delivery_id)
    if attempt is not None:
        query = query.where(receipt.c.attempt == attempt)
    return [(Kind(row.kind), row.occurred_at) for row in db.execute(query)]


def move_by_receipt(
    db: Connection, told: Told, status: Status, *, reason: str | None, provider_id: str, now: datetime
) -> None:
    """Write the state that the receipts give a delivery."""
    left = status in (Status.SENT, Status.DELIVERED, Status.BOUNCED)
    values = {"delivery": told.delivery_id, "status": int(status), "reason": reason, "provider_id": provider_id}
    db.execute(_APPLY, {**values, "left": left, "now": now})


def send_again_after(db: Connection, told: Told, due_at: datetime, reason: str, now: datetime) -> bool:
    """Plan a delivery once more that a receipt says may be tried later; False if it would be useless by then."""
    values = {"delivery": told.delivery_id, "due_at": due_at, "reason": reason, "now": now}
    return db.execute(_RESEND, values).rowcount == 1


def mark_applied(db: Connection, receipt_id: int, effect: str, now: datetime) -> None:
    """Write what applying a receipt did; it is not applied again."""
    db.execute(update(receipt).where(receipt.c.id == receipt_id).values(applied_at=now, effect=effect))


def receipts_of(db: Connection, delivery_id: int) -> Sequence[ReceiptRow]:
    """List what was told about a delivery, in the order it came."""
    columns = receipt.c
    query = (
        select(
            columns.provider,
            columns.kind,
            columns.code,
            columns.detail,
            columns.effect,
            columns.attempt,
            columns.occurred_at,
            columns.received_at,
            columns.applied_at,
        )
        .where(columns.delivery_id == delivery_id)
        .order_by(columns.id)
    )
    return [ReceiptRow(row.provider, Kind(row.kind), *row[2:]) for row in db.execute(query)]


def complaint_share(db: Connection, since: datetime) -> tuple[int, int]:
    """Count (emails of ours that somebody complained of, emails that a provider took) since an instant."""
    complaints = select(func.count(func.distinct(receipt.c.delivery_id))).where(
        receipt.c.kind == Kind.COMPLAINED.value, receipt.c.received_at > since
    )
    left = (
        select(func.count())
        .select_from(delivery)
        .where(delivery.c.channel == Channel.EMAIL.value, delivery.c.sent_at > since)
    )
    return db.execute(complaints).scalar_one(), db.execute(left).scalar_one()


def deliveries_told(db: Connection, code: str, since: datetime) -> int:
    """Count the deliveries about which receipts with this code came since an instant."""
    query = select(func.count(func.distinct(receipt.c.delivery_id))).where(
        receipt.c.code == code, receipt.c.received_at > since, receipt.c.delivery_id.is_not(None)
    )
    return db.execute(query).scalar_one()


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(
        receipt_id=row.id,
        provider=row.provider,
        kind=Kind(row.kind),
        channel=Channel(row.channel),
        delivery_id=row.delivery_id,
        attempt=row.attempt,
        provider_id=row.provider_id,
        code=row.code,
        smtp_code=row.smtp_code,
        detail=row.detail,
        occurred_at=row.occurred_at,
    )
