"""How late urgent emails leave while a hundred thousand others are under way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

import psutil

from bench import crowd
from bench.figures import Figure, quantiles
from bench.house import House
from campaigns import commands
from campaigns.domain.lifecycle import Status

BULK = 100_000
URGENT = 1_500
APART = timedelta(milliseconds=20)
IN_FULL_SWING = timedelta(seconds=5)
_LATE = f"""
SELECT extract(epoch FROM sent_at - due_at) FROM delivery WHERE session_id = :session AND status = {int(Status.SENT)}
"""  # noqa: S608  # our own number
_COUNT = f"""
SELECT count(*) FILTER (WHERE status = {int(Status.SENT)} AND sent_at BETWEEN :since AND :until),
  count(*) FILTER (WHERE status IN ({crowd.UNSETTLED}))
FROM delivery WHERE session_id = :session
"""  # noqa: S608  # our own numbers


def lateness(home: House) -> Iterator[Figure]:
    """Let 1,500 confirmations become due, one every 20 ms, while reminders for 100,000 people drain.

    Late is what lies between due and the server's yes, as the ledger has both. The rest of the
    reminders is not waited for; the memory of a worker is read while they still drain.
    """
    reminded = crowd.gather(home, BULK, starts_in=timedelta(hours=24), days_ago=20, texts=False)
    confirmed = crowd.gather(home, URGENT, texts=False)
    with ExitStack() as stack:
        workers = [
            stack.enter_context(home.process(commands.worker(commands.QUEUES[:2], name=f"l{number}")))
            for number in range(2)
        ]
        stack.enter_context(home.process(commands.scheduler()))
        home.await_ready(len(workers))
        rest = _memory(workers)
        due = crowd.soon(home, BULK)
        crowd.plan(home, reminded, "B2", due)
        crowd.plan(home, confirmed, "C0", due + IN_FULL_SWING, apart=APART)
        crowd.sleep_until(home, due + IN_FULL_SWING + URGENT * APART)
        load = _memory(workers)
        crowd.await_out(home, confirmed)
        yield from _bulk(home, reminded, due + IN_FULL_SWING, home.runtime.clock())
    late = [float(str(row[0])) for row in home.run(_LATE, session=confirmed)]
    yield from quantiles(late, "lateness.urgent", "s")
    yield Figure("rss.worker.rest", rest, "MB", len(workers))
    yield Figure("rss.worker", load, "MB", len(workers))


def _memory(workers: Sequence[psutil.Process]) -> float:
    return float(max(worker.memory_info().rss for worker in workers)) / 1e6


def _bulk(home: House, session_id: int, since: datetime, until: datetime) -> Iterator[Figure]:
    sent, left = (int(str(one)) for one in home.run(_COUNT, session=session_id, since=since, until=until)[0])
    yield Figure("lateness.bulk.rate", sent / (until - since).total_seconds(), "messages/s", sent)
    yield Figure("lateness.bulk.left", left, "deliveries", BULK)
