"""The state of the streams: their pace, their breaker, what pauses them. One statement per function."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert

from campaigns.domain.steps import Channel
from campaigns.domain.streams import CAUTION, Stream, StreamName, rest
from campaigns.store.engine import Connection
from campaigns.store.tables import domain_pause, stream

_SLOT: Final = text(f"""
UPDATE stream SET next_slot_at = greatest(next_slot_at, :now) + (:cost / (rate * {CAUTION})) * interval '1 second'
WHERE id = :id AND rate IS NOT NULL AND greatest(next_slot_at, :now) <= :until
RETURNING next_slot_at - (:cost / (rate * {CAUTION})) * interval '1 second' AS slot
""")  # noqa: S608  # a number of ours

_FAIL: Final = text("""
UPDATE stream SET failures = failures + 1 WHERE id = :id AND (open_until IS NULL OR open_until <= :now)
RETURNING failures
""")


def read_streams(db: Connection, names: Iterable[StreamName], now: datetime) -> dict[Channel, Stream]:
    """Give the stream of each name, by channel; one that is not known yet is written, without a limit."""
    wanted = list(names)
    found = _found(db, wanted)
    missing = [name for name in wanted if name.channel not in found]
    if missing:
        rows = [
            {"channel": one.channel.value, "provider": one.provider, "sender": one.sender, "created_at": now}
            for one in missing
        ]
        db.execute(insert(stream).values(rows).on_conflict_do_nothing())
        found = _found(db, wanted)
    return found


def _found(db: Connection, names: list[StreamName]) -> dict[Channel, Stream]:
    # All of them: a service has had as many streams as it ever had senders, a handful.
    return {one.name.channel: one for one in map(_stream, db.execute(select(stream))) if one.name in names}


def all_streams(db: Connection) -> list[Stream]:
    """List every stream there ever was, email first."""
    return [_stream(row) for row in db.execute(select(stream).order_by(stream.c.channel, stream.c.id))]


def newest_stream(db: Connection, channel: Channel) -> Stream | None:
    """Give the stream of a channel that was used last to send; None if nothing was ever sent."""
    query = select(stream).where(stream.c.channel == channel.value, stream.c.provider != "folder")
    row = db.execute(query.order_by(stream.c.id.desc()).limit(1)).first()
    return _stream(row) if row else None


def next_slot(db: Connection, stream_id: int, cost: int, now: datetime, until: datetime) -> datetime | None:
    """Take the next free place in a stream's pace for `cost` emails or segments; `now` if it has no limit.

    None, and nothing is taken, if that is later than `until`. Everybody who takes a place waits
    for its instant, so all workers together keep the pace. The rate is read with it: a new one
    counts from the next message on.
    """
    values = {"id": stream_id, "cost": float(cost), "now": now, "until": until}
    slot: datetime | None = db.execute(_SLOT, values).scalar()
    if slot is None and db.execute(select(stream.c.rate).where(stream.c.id == stream_id)).scalar() is None:
        return now
    return slot


def set_rate(db: Connection, stream_id: int, rate: float | None) -> bool:
    """Change a stream's pace; None lifts the limit. False if there is no such stream."""
    change = update(stream).where(stream.c.id == stream_id).values(rate=rate, next_slot_at=None)
    return db.execute(change).rowcount == 1


def count_failure(db: Connection, stream_id: int, now: datetime) -> int:
    """Count a failure at the provider's door, and open the breaker if it is one too many; give their number.

    0 while the breaker is open: what was under way when it opened says nothing new.
    """
    failures: int = db.execute(_FAIL, {"id": stream_id, "now": now}).scalar() or 0
    pause = rest(failures)
    if pause is not None:
        db.execute(update(stream).where(stream.c.id == stream_id).values(open_until=now + pause))
    return failures


def count_success(db: Connection, stream_id: int) -> bool:
    """Close the breaker; False if it was closed and no failure was counted."""
    change = update(stream).where(stream.c.id == stream_id, stream.c.failures > 0).values(failures=0, open_until=None)
    return db.execute(change).rowcount == 1


def rest_until(db: Connection, stream_id: int, until: datetime) -> None:
    """Let a stream rest for a moment because its provider asks for less."""
    later = (stream.c.open_until.is_(None)) | (stream.c.open_until < until)
    db.execute(update(stream).where(stream.c.id == stream_id, later).values(open_until=until))


def pause(db: Connection, stream_id: int, reason: str, now: datetime) -> bool:
    """Stop a stream until a person lifts it; False if it is paused already."""
    change = update(stream).where(stream.c.id == stream_id, stream.c.paused_at.is_(None))
    return db.execute(change.values(paused_at=now, paused_reason=reason)).rowcount == 1


def lift_pause(db: Connection, stream_id: int) -> bool:
    """Let a stream run again, with its breaker closed; False if it was not paused."""
    change = update(stream).where(stream.c.id == stream_id, stream.c.paused_at.is_not(None))
    values = {"paused_at": None, "paused_reason": "", "failures": 0, "open_until": None}
    return db.execute(change.values(values)).rowcount == 1


def pause_domain(db: Connection, stream_id: int, domain: str, reason: str, now: datetime, lasts: timedelta) -> bool:
    """Write to nobody at this mail domain for a while; False if that holds already."""
    live = select(domain_pause.c.id).where(
        domain_pause.c.stream_id == stream_id,
        domain_pause.c.domain == domain,
        domain_pause.c.lifted_at.is_(None),
        domain_pause.c.until > now,
    )
    if db.execute(live.limit(1)).first() is not None:
        return False
    values = {"stream_id": stream_id, "domain": domain, "reason": reason, "paused_at": now, "until": now + lasts}
    db.execute(insert(domain_pause).values(values))
    return True


def paused_domains(db: Connection, now: datetime) -> list[tuple[int, int, str, str, datetime]]:
    """List (id, stream, domain, reason, until) of the mail domains that are left alone now."""
    query = select(
        domain_pause.c.id, domain_pause.c.stream_id, domain_pause.c.domain, domain_pause.c.reason, domain_pause.c.until
    ).where(domain_pause.c.lifted_at.is_(None), domain_pause.c.until > now)
    return [tuple(row) for row in db.execute(query.order_by(domain_pause.c.id))]


def lift_domain_pause(db: Connection, pause_id: int, now: datetime) -> bool:
    """Write to a mail domain again; False if nothing kept us."""
    change = update(domain_pause).where(domain_pause.c.id == pause_id, domain_pause.c.lifted_at.is_(None))
    return db.execute(change.values(lifted_at=now)).rowcount == 1


def _stream(row: Row[Any]) -> Stream:
    return Stream(
        id=row.id,
        name=StreamName(Channel(row.channel), row.provider, row.sender),
        rate=row.rate,
        failures=row.failures,
        open_until=row.open_until,
        paused_at=row.paused_at,
        paused_reason=row.paused_reason,
    )
