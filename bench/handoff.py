"""Hand-off: the starter confirmation (HTML, text, calendar) through real Celery workers to an SMTP server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.figures import Figure, quantiles
from bench.house import House, house, smtp_sink
from bench.shares import shares
from campaigns import commands

MESSAGES = 4_000
AT_ONCE = 2_000
ALL_OUT = "SELECT count(*) = 0 FROM delivery WHERE status IN (0, 1, 2)"


def measure() -> Iterator[Figure]:
    """Measure one worker process, then two, then where the time goes, then lateness at one instant."""
    with ExitStack() as stack:
        home = stack.enter_context(house(CAMPAIGNS_SMTP_SECURITY="none", CAMPAIGNS_SMTP_HOST="127.0.0.1"))
        port, store = stack.enter_context(smtp_sink(home.folder))
        home.environment["CAMPAIGNS_SMTP_PORT"] = str(port)
        for processes in (1, 2):
            yield from _drain(home, store, processes)
        yield from shares(home, port)
        yield from _lateness(home, store)


def _crowd(home: House, count: int, due: datetime) -> None:
    """Plan the confirmation for `count` new people, due at one instant."""
    session_id = home.session(timedelta(days=9))
    home.people(session_id, count, days_ago=0)
    home.run("DELETE FROM permission WHERE channel = 'sms'")
    home.run(
        "INSERT INTO delivery"
        " (registration_id, session_id, step_id, revision, channel, priority, due_at, expires_at)"
        " SELECT r.id, r.session_id, s.id, 0, s.channel, s.priority, :due,"
        " CAST(:due AS timestamptz) + interval '8 days'"
        " FROM registration r, step s WHERE r.session_id = :session AND s.key = 'C0'",
        due=due,
        session=session_id,
    )
    home.run("ANALYZE delivery")


def _drain(home: House, store: Path, processes: int) -> Iterator[Figure]:
    before = _arrivals(store)
    _crowd(home, MESSAGES, home.runtime.clock())
    with ExitStack() as stack:
        workers = [
            stack.enter_context(home.process(commands.worker(commands.QUEUES[:2], name=f"e{number}")))
            for number in range(processes)
        ]
        time.sleep(4)
        yield Figure(f"rss.worker.rest.{processes}", _rss(workers[0]), "MB", 1)
        stack.enter_context(home.process(commands.scheduler()))
        home.wait(ALL_OUT)
        arrived = _arrivals(store)[len(before) :]
        yield Figure(f"rss.worker.load.{processes}", _rss(workers[0]), "MB", 1)
    seconds = arrived[-1] - arrived[0]
    yield Figure(f"email.service.{processes}", len(arrived) / seconds, "messages/s", len(arrived))


def _lateness(home: House, store: Path) -> Iterator[Figure]:
    before = len(_arrivals(store))
    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(home.process(commands.worker(commands.QUEUES[:2], name=f"l{number}")))
        stack.enter_context(home.process(commands.scheduler()))
        time.sleep(5)
        due = datetime.now(UTC) + timedelta(seconds=4)
        _crowd(home, AT_ONCE, due)
        home.wait(ALL_OUT)
    late = [at - due.timestamp() for at in _arrivals(store)[before:]]
    yield from quantiles(late, "lateness", "s")


def _arrivals(store: Path) -> list[float]:
    lines = (store / "received.jsonl").read_text(encoding="utf-8").splitlines()
    return sorted(json.loads(line)["at"] for line in lines)


def _rss(process: object) -> float:
    return process.memory_info().rss / 1e6  # type: ignore[attr-defined]  # a psutil.Process


if __name__ == "__main__":
    import argparse

    from bench.figures import as_json, as_row

    parser = argparse.ArgumentParser(prog="python -m bench.handoff")
    parser.add_argument("--json", action="store_true")
    show = as_json if parser.parse_args().json else as_row
    for figure in measure():
        show(figure)
