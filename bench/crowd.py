"""Who gets what in a measurement: people with one planned message each, and what the ledger says of them later.

Rates are read from the ledger, for every channel alike, because a sink that is fast enough
keeps no record.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from bench.figures import Figure
from bench.house import House
from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Email
from campaigns.domain.steps import Channel, Priority, Step
from campaigns.operations.words import Words
from campaigns.store.campaigns import all_steps
from campaigns.store.engine import transaction
from campaigns.store.ledger_claim import claim_due, close, release
from campaigns.store.letters import Item, load_batch

UNSETTLED = f"{int(Status.PLANNED)}, {int(Status.QUEUED)}, {int(Status.SENDING)}"
_PLAN = """
INSERT INTO delivery (registration_id, session_id, step_id, revision, channel, priority, due_at, expires_at)
SELECT r.id, r.session_id, s.id, CASE WHEN s.anchor IN ('registered', 'asked', 'agreed') THEN 0 ELSE 1 END,
  s.channel, s.priority,
  CAST(:due AS timestamptz) + (row_number() OVER (ORDER BY r.id) - 1) * CAST(:apart AS interval),
  CAST(:due AS timestamptz) + interval '11 hours'
FROM registration r, step s WHERE r.session_id = :session AND s.key = :key
"""
_SENT = f"""
SELECT extract(epoch FROM sent_at) AS at FROM delivery
WHERE session_id = :session AND status = {int(Status.SENT)} ORDER BY 1
"""  # noqa: S608  # our own number
_OUT = f"SELECT NOT EXISTS (SELECT FROM delivery WHERE session_id = :session AND status IN ({UNSETTLED}))"  # noqa: S608
_OTHERWISE = f"""
SELECT status, reason, count(*) FROM delivery WHERE session_id = :session AND status <> {int(Status.SENT)} GROUP BY 1, 2
"""  # noqa: S608  # our own number
_EDGE = 0.1


def gather(home: House, crowd: int, *, starts_in: timedelta = timedelta(days=9), days_ago: int = 0, texts: bool) -> int:
    """Register a crowd for a session of its own, which counts as planned: the planner has its own measurement."""
    session_id = home.session(starts_in)
    home.people(session_id, crowd, days_ago=days_ago, texts=texts)
    home.run("UPDATE webinar_session SET planned_until = starts_at + interval '1 year' WHERE id = :id", id=session_id)
    return session_id


def plan(home: House, session_id: int, key: str, due: datetime, *, apart: timedelta = timedelta(0)) -> None:
    """Plan one step for everybody in a session: all at `due`, or one after the other."""
    home.run(_PLAN, session=session_id, key=key, due=due, apart=apart)
    home.analyze()


def soon(home: House, rows: int) -> datetime:
    """Give an instant by which so many rows are surely planned, so that they all become due at once."""
    return home.runtime.clock() + timedelta(seconds=4 + rows / 10_000)


def await_out(home: House, session_id: int, *, seconds: float = 300) -> None:
    """Wait until nothing of a session is left to send; raises if any of it was not sent."""
    home.wait(_OUT, seconds=seconds, session=session_id)
    query = (
        "SELECT status, reason, count(*) FROM delivery WHERE session_id = :session AND status <> :sent GROUP BY 1, 2"
    )
    other = home.run(query, session=session_id, sent=int(Status.SENT))
    if other:
        raise RuntimeError(f"not everything was sent, so this is no measurement: {other}")


def steady_rate(home: House, session_id: int, name: str) -> Figure:
    """Give the messages sent per second, without the first and the last tenth.

    In the first tenth lanes connect and templates are compiled; in the last one some lanes
    have nothing left to do. A campaign long enough to care about its speed has neither.
    """
    at = [float(str(row[0])) for row in home.run(_SENT, session=session_id)]
    first, last = int(len(at) * _EDGE), int(len(at) * (1 - _EDGE)) - 1
    return Figure(name, (last - first) / (at[last] - at[first]), "messages/s", last - first)


def sleep_until(home: House, instant: datetime) -> None:
    """Sleep until an instant of the house's clock."""
    time.sleep(max(0.0, (instant - home.runtime.clock()).total_seconds()))


def claimed(home: House, size: int, batches: int = 1) -> list[int]:
    """Claim confirmations for a new crowd in batches of ours, which no scheduler has rung for; give the batches."""
    session_id = gather(home, size * batches, texts=False)
    plan(home, session_id, "C0", home.runtime.clock() - timedelta(seconds=1))
    now = home.runtime.clock()
    with transaction(home.runtime.engine) as db:
        taken = [claim_due(db, Channel.EMAIL, Priority.URGENT, size, now).batch_id for _ in range(batches)]
    return [batch_id for batch_id in taken if batch_id is not None]


def loaded(home: House, size: int) -> tuple[int, list[Item], Step]:
    """Give (batch, items, step) of confirmations for a new crowd, all in one batch of ours."""
    (batch_id,) = claimed(home, size)
    with transaction(home.runtime.engine) as db:
        items = load_batch(db, batch_id, home.runtime.clock())
        return batch_id, items, all_steps(db)[items[0].step_id]


def forget(home: House) -> None:
    """Take back what was claimed here and nobody sent."""
    home.run(f"DELETE FROM delivery WHERE status IN ({UNSETTLED})")  # noqa: S608  # our own numbers


def sample(home: House) -> Email:
    """Give one confirmation as the service hands it over: the bytes that every sender sends."""
    batch_id, (item,), step = loaded(home, 1)
    words = Words(home.runtime.sender, home.runtime.links)
    with transaction(home.runtime.engine) as db:
        versions = words.prepare(db, {step.template}, captured=True)
        release(db, batch_id)
        close(db, batch_id, home.runtime.clock())
    forget(home)
    message = words.render(item, step, versions[step.template], home.runtime.clock())
    assert isinstance(message, Email)
    return message
