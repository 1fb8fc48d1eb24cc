"""What the staff pages read of the ledger: lists by filter, page by page, and all that is known of one delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, Select, func, literal, select

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel
from campaigns.store.engine import Connection
from campaigns.store.tables import (
    attempt,
    batch,
    delivery,
    registrant,
    registration,
    step,
    template_version,
    webinar,
    webinar_session,
)

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries a list is about; empty fields mean any."""

    session_id: int = 0
    step_id: int = 0
    channel: str = ""
    statuses: tuple[Status, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """A delivery in a list."""

    id: int
    registration_id: int
    session_id: int
    step_id: int
    step_name: str
    channel: Channel
    status: Status
    reason: str | None
    due_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    first_name: str
    last_name: str
    address: str
    """The whole address or number: pages mask it."""
    slug: str
    class_title: str
    zone: str
    """Of the clinic that gives the webinar."""
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFacts:
    """Everything the ledger knows about one delivery, besides its row."""

    row: DeliveryRow
    revision: int
    current_revision: int
    attempt: int
    doubts: int
    provider_id: str | None
    batch_id: int | None
    batch_size: int | None
    claimed_at: datetime | None
    opened_at: datetime | None
    person_zone: str
    template: str
    template_version_id: int | None
    template_written_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """A hand-off that did not end in a plain yes, or a decision about one."""

    number: int
    outcome: str
    detail: str
    batch_id: int | None
    opened_at: datetime | None
    at: datetime


_ROW: Final = (
    delivery.c.id,
    delivery.c.registration_id,
    delivery.c.session_id,
    delivery.c.step_id,
    step.c.name.label("step_name"),
    delivery.c.channel,
    delivery.c.status,
    delivery.c.reason,
    delivery.c.due_at,
    delivery.c.expires_at,
    delivery.c.sent_at,
    registrant.c.first_name,
    registrant.c.last_name,
    registrant.c.email,
    registrant.c.phone,
    webinar.c.slug,
    webinar.c.class_title,
    webinar.c.zone,
    webinar_session.c.starts_at,
)


def deliveries(db: Connection, wanted: Filter, *, before: int = 0) -> list[DeliveryRow]:
    """List up to `PAGE` + 1 deliveries, those planned last first, that come after the one with id `before`."""
    chosen = _filtered(select(delivery.c.id), wanted).order_by(delivery.c.id.desc()).limit(PAGE + 1)
    if before:
        chosen = chosen.where(delivery.c.id < before)
    page = chosen.subquery()
    rows = db.execute(_joined(select(*_ROW)).where(delivery.c.id.in_(select(page.c.id))).order_by(delivery.c.id.desc()))
    return [_row(row) for row in rows.mappings()]


def count_by_status(db: Connection, wanted: Filter) -> dict[Status, int]:
    """Count the deliveries of a filter per state, whatever states the filter names."""
    anywhere = Filter(wanted.session_id, wanted.step_id, wanted.channel)
    query = _filtered(select(delivery.c.status, func.count()), anywhere).group_by(delivery.c.status)
    return {Status(status): number for status, number in db.execute(query)}


def delivery_facts(db: Connection, delivery_id: int) -> DeliveryFacts | None:
    """Read all that is known about one delivery."""
    query = _joined(
        select(
            *_ROW,
            delivery.c.revision,
            delivery.c.attempt,
            delivery.c.doubts,
            delivery.c.provider_id,
            delivery.c.batch_id,
            delivery.c.opened_at,
            delivery.c.template_version_id,
            webinar_session.c.revision.label("current_revision"),
            batch.c.size.label("batch_size"),
            batch.c.claimed_at,
            registration.c.zone.label("person_zone"),
            step.c.template,
            template_version.c.created_at.label("template_written_at"),
        )
    )
    query = query.outerjoin(batch, batch.c.id == delivery.c.batch_id).outerjoin(
        template_version, template_version.c.id == delivery.c.template_version_id
    )
    row = db.execute(query.where(delivery.c.id == delivery_id)).mappings().one_or_none()
    if row is None:
        return None
    own = DeliveryFacts.__dataclass_fields__.keys() - {"row"}
    return DeliveryFacts(row=_row(row), **{name: row[name] for name in own})


def attempts_of(db: Connection, delivery_id: int) -> list[AttemptRow]:
    """List the attempts of a delivery that did not simply succeed, in order."""
    query = (
        select(
            attempt.c.number,
            attempt.c.outcome,
            attempt.c.detail,
            attempt.c.batch_id,
            attempt.c.opened_at,
            attempt.c.at,
        )
        .where(attempt.c.delivery_id == delivery_id)
        .order_by(attempt.c.id)
    )
    return [AttemptRow(*row) for row in db.execute(query)]


def near_it(db: Connection, row: DeliveryRow, limit: int = 4) -> list[DeliveryRow]:
    """List the other deliveries of the same registration that are due nearest to this one, in order of their time."""
    gap = func.abs(func.extract("epoch", delivery.c.due_at - row.due_at))
    query = _joined(select(*_ROW)).where(delivery.c.registration_id == row.registration_id, delivery.c.id != row.id)
    found = [_row(one) for one in db.execute(query.order_by(gap, delivery.c.id).limit(limit)).mappings()]
    return sorted(found, key=lambda one: (one.due_at, one.id))


def step_name(db: Connection, step_id: int) -> str:
    """Give the name of a step; empty if there is none."""
    return db.execute(select(step.c.name).where(step.c.id == step_id)).scalar() or ""


def _filtered(query: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.session_id:
        query = query.where(delivery.c.session_id == wanted.session_id)
    if wanted.step_id:
        query = query.where(delivery.c.step_id == wanted.step_id)
    if wanted.channel:
        query = query.where(delivery.c.channel == wanted.channel)
    if wanted.statuses:
        # The numbers stand in the statement itself, so that partial indexes answer.
        numbers = [literal(int(status), literal_execute=True) for status in wanted.statuses]
        query = query.where(delivery.c.status.in_(numbers))
    return query


def _joined(query: Select[Any]) -> Select[Any]:
    source = (
        delivery.join(registration, registration.c.id == delivery.c.registration_id)
        .join(registrant, registrant.c.id == registration.c.registrant_id)
        .join(step, step.c.id == delivery.c.step_id)
        .join(webinar_session, webinar_session.c.id == delivery.c.session_id)
        .join(webinar, webinar.c.id == webinar_session.c.webinar_id)
    )
    return query.select_from(source)


def _row(row: RowMapping) -> DeliveryRow:
    channel = Channel(row["channel"])
    given: dict[str, Any] = {
        "channel": channel,
        "status": Status(row["status"]),
        "address": (row["email"] if channel is Channel.EMAIL else row["phone"]) or "",
    }
    same = DeliveryRow.__dataclass_fields__.keys() - given.keys()
    return DeliveryRow(**given, **{name: row[name] for name in same})
