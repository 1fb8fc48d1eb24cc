"""What the health page reads: depths of the queues, the oldest due, signs of life, how far each session is planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel, Priority
from campaigns.store.engine import Connection
from campaigns.store.reports import is_in
from campaigns.store.tables import batch, delivery, rhythm, webinar, webinar_session


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits or moves in one queue."""

    channel: Channel
    priority: Priority
    due: int
    """Planned, due, and not yet claimed."""
    oldest_due_at: datetime | None
    """Since when the longest waiting of them is due."""
    queued: int
    sending: int


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life of one rhythm of one scheduler."""

    name: str
    scheduler: str
    last_at: datetime
    took_ms: int
    acted: int


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far the ledger is filled for one session."""

    session_id: int
    slug: str
    class_title: str
    zone: str
    starts_at: datetime
    planned_until: datetime | None
    """None: the planner has to look at it again."""


def depths(db: Connection, now: datetime) -> list[Depth]:
    """Measure the four queues, each part from an index of its own."""
    waiting = db.execute(
        select(delivery.c.channel, delivery.c.priority, func.count(), func.min(delivery.c.due_at))
        .where(is_in(Status.PLANNED), delivery.c.due_at <= now)
        .group_by(delivery.c.channel, delivery.c.priority)
    ).all()
    held = db.execute(
        select(delivery.c.channel, delivery.c.priority, delivery.c.status, func.count())
        .where(or_(is_in(Status.QUEUED), is_in(Status.SENDING)))
        .group_by(delivery.c.channel, delivery.c.priority, delivery.c.status)
    ).all()
    due = {(row[0], row[1]): (row[2], row[3]) for row in waiting}
    moving = {(row[0], row[1], row[2]): row[3] for row in held}
    return [
        Depth(
            channel,
            priority,
            *due.get((channel, priority), (0, None)),
            moving.get((channel, priority, Status.QUEUED), 0),
            moving.get((channel, priority, Status.SENDING), 0),
        )
        for channel in Channel
        for priority in Priority
    ]


def signs_of_life(db: Connection) -> list[Sign]:
    """List the rhythms of every scheduler, the latest sign of each first."""
    query = select(rhythm.c.name, rhythm.c.scheduler, rhythm.c.last_at, rhythm.c.took_ms, rhythm.c.acted)
    return [Sign(*row) for row in db.execute(query.order_by(rhythm.c.name, rhythm.c.last_at.desc()))]


def watermarks(db: Connection, now: datetime, limit: int = 20) -> list[Watermark]:
    """List how far the sessions that are not over are planned, the next one first."""
    query = (
        select(
            webinar_session.c.id,
            webinar.c.slug,
            webinar.c.class_title,
            webinar.c.zone,
            webinar_session.c.starts_at,
            webinar_session.c.planned_until,
        )
        .join(webinar, webinar.c.id == webinar_session.c.webinar_id)
        .where(webinar_session.c.ends_at > now)
        .order_by(webinar_session.c.starts_at, webinar_session.c.id)
        .limit(limit)
    )
    return [Watermark(*row) for row in db.execute(query)]


def last_claimed_at(db: Connection) -> datetime | None:
    """Say when the dispatcher last took something; None if it never did."""
    return db.execute(select(batch.c.claimed_at).order_by(batch.c.id.desc()).limit(1)).scalar()
