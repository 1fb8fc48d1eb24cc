"""Read and write campaigns: steps as domain objects."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from campaigns.domain.steps import (
    Anchor,
    Audience,
    Channel,
    Expiry,
    Late,
    LocalTime,
    Offset,
    Priority,
    Purpose,
    Quiet,
    Relative,
    Step,
)
from campaigns.store.engine import Connection
from campaigns.store.tables import campaign, step


def _step(row: Row[Any]) -> Step:
    relative = row.offset_delta is not None
    offset: Offset = Relative(row.offset_delta) if relative else LocalTime(row.offset_days, row.offset_time)
    return Step(
        id=row.id,
        key=row.key,
        name=row.name,
        anchor=Anchor(row.anchor),
        offset=offset,
        channel=Channel(row.channel),
        audience=Audience(row.audience),
        purpose=Purpose(row.purpose),
        priority=Priority(row.priority),
        template=row.template,
        expires=Expiry(Anchor(row.expires_anchor), row.expires_delta),
        late=Late(row.late),
        quiet=Quiet(row.quiet),
        quiet_grace=row.quiet_grace,
        quiet_exempt_before_start=row.quiet_exempt_before_start,
        lead=row.lead,
        runway=row.runway,
        near=row.near,
        min_gap=row.min_gap,
        needs_attendance=row.needs_attendance,
        replay_grace=row.replay_grace,
        active_from=row.active_from,
        paused=row.paused,
    )


def steps_of(db: Connection, webinar_id: int) -> tuple[Step, ...]:
    """Give the steps of a webinar's campaign, paused ones included, by key."""
    query = (
        select(step)
        .join(campaign, campaign.c.id == step.c.campaign_id)
        .where(campaign.c.webinar_id == webinar_id)
        .order_by(step.c.key)
    )
    return tuple(_step(row) for row in db.execute(query))


def all_steps(db: Connection) -> dict[int, Step]:
    """Give every step by its id."""
    return {row.id: _step(row) for row in db.execute(select(step))}


def campaign_of(db: Connection, webinar_id: int) -> int | None:
    """Give the id of a webinar's campaign."""
    return db.execute(select(campaign.c.id).where(campaign.c.webinar_id == webinar_id)).scalar()


def add_campaign(db: Connection, webinar_id: int, name: str, now: datetime) -> int:
    """Write a webinar's campaign, or find it; give its id."""
    statement = upsert(campaign).values(webinar_id=webinar_id, name=name, created_at=now)
    statement = statement.on_conflict_do_nothing()
    db.execute(statement)
    return db.execute(select(campaign.c.id).where(campaign.c.webinar_id == webinar_id)).scalar_one()


def add_step(db: Connection, campaign_id: int, one: Step) -> None:
    """Write a step under its key; a key that is there already is left as staff have it.

    The id of `one` is not used.
    """
    relative = one.offset if isinstance(one.offset, Relative) else None
    local = one.offset if isinstance(one.offset, LocalTime) else None
    statement = upsert(step).values(
        campaign_id=campaign_id,
        key=one.key,
        name=one.name,
        anchor=one.anchor.value,
        offset_delta=relative.delta if relative else None,
        offset_days=local.days if local else None,
        offset_time=local.at if local else None,
        channel=one.channel.value,
        audience=one.audience.value,
        purpose=one.purpose.value,
        priority=int(one.priority),
        template=one.template,
        expires_anchor=one.expires.anchor.value,
        expires_delta=one.expires.delta,
        late=one.late.value,
        quiet=one.quiet.value,
        quiet_grace=one.quiet_grace,
        quiet_exempt_before_start=one.quiet_exempt_before_start,
        lead=one.lead,
        runway=one.runway,
        near=one.near,
        min_gap=one.min_gap,
        needs_attendance=one.needs_attendance,
        replay_grace=one.replay_grace,
        active_from=one.active_from,
        paused=one.paused,
    )
    db.execute(statement.on_conflict_do_nothing())


def pause_step(db: Connection, step_id: int, *, paused: bool) -> None:
    """Pause a step or let it go on."""
    db.execute(update(step).where(step.c.id == step_id).values(paused=paused))
