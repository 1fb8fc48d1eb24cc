"""A crowd's messages through the real thing: a scheduler, Celery workers, the ledger, a provider.

Every process listens before the first message is due, and all of them become due
at once; so nobody's start is measured, and the claiming is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import crowd, spent
from bench.figures import Figure
from bench.house import House
from bench.outside import Outside
from campaigns import commands


@dataclass(frozen=True, kw_only=True)
class Drain:
    """What is to be sent by whom, and under which name it is told."""

    name: str
    key: str
    """The step."""
    messages: int
    processes: int
    queues: Sequence[str]
    outside: Outside
    settings: dict[str, str] = field(default_factory=dict)


def drain(home: House, asked: Drain) -> Iterator[Figure]:
    """Send everything; give the rate, and the processor time that each process spent on one message."""
    session_id = crowd.gather(home, asked.messages, texts=asked.key != "C0")
    with ExitStack() as stack:
        workers = [
            stack.enter_context(home.process(commands.worker(asked.queues, name=f"w{number}"), **asked.settings))
            for number in range(asked.processes)
        ]
        scheduler = stack.enter_context(home.process(commands.scheduler(), **asked.settings))
        home.await_ready(len(workers))
        due = crowd.soon(home, asked.messages)
        crowd.plan(home, session_id, asked.key, due)
        meter = spent.Meter(
            {"worker": workers, "scheduler": [scheduler], "server": [asked.outside.process]}
            | {name: [process] for name, process in home.servers.items()}
        )
        crowd.sleep_until(home, due)
        before = meter.read()
        crowd.await_out(home, session_id)
        after = meter.read()
    yield crowd.steady_rate(home, session_id, asked.name)
    yield from spent.figures(f"cpu.{asked.name}", before, after, asked.messages)
