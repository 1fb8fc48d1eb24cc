"""Where the time of one email goes: `python -m bench.profile`, or `python -m bench.profile --json`.

First each part of a hand-off alone, on one lane in this process; then the processor time
that each process spends on one message while two workers send. The parts tell what to
make cheaper, the processes who has to wait for whom.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from bench import crowd
from bench.drain import drain
from bench.figures import Figure, as_json, as_row
from bench.handoff import email_settings, emails
from bench.house import House, house
from bench.outside import mail_sink
from bench.spent import Meter
from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Message
from campaigns.domain.steps import Channel, Step
from campaigns.operations.last_look import look
from campaigns.operations.send import Desk, send_batch
from campaigns.operations.words import Words
from campaigns.providers.base import Provider, name_of
from campaigns.runtime import open_desk
from campaigns.store.engine import connection_words, transaction
from campaigns.store.ledger_line import LedgerLine, Opening, Settlement, Way
from campaigns.store.letters import Item, load_batch
from campaigns.store.streams import read_streams

MESSAGES = 1_000
TURNS = (1, 2, 4)
"""How many deliveries are settled and opened in one statement: as many as a lane has lines free."""
BATCHES = ((1, 100), (100, 20))
"""Sizes and numbers of whole batches. What one of a single message takes is what every batch takes."""


@dataclass(frozen=True)
class Watch:
    """Takes the time of a part: by the clock, and of the processors here and in PostgreSQL."""

    home: House

    def part(self, name: str, act: Callable[[], object], messages: int = MESSAGES) -> Iterator[Figure]:
        """Do it and give its share of one message."""
        meter = Meter({"postgres": [self.home.servers["postgres"]]})
        before, here, began = meter.read()["postgres"], time.process_time(), time.perf_counter()
        act()
        wall, cpu = time.perf_counter() - began, time.process_time() - here
        there = meter.read()["postgres"] - before
        for kind, seconds in (("", wall), (".cpu", cpu), (".postgres", there)):
            yield Figure(f"share.{name}{kind}", seconds / messages * 1e6, "us/message", messages)


def measure() -> Iterator[Figure]:
    """Measure the parts, whole batches, then the processes."""
    with ExitStack() as stack:
        sink = stack.enter_context(mail_sink())
        home = stack.enter_context(house(**email_settings(sink)))
        yield from parts(home)
        yield from batches(home)
        for processes in (1, 2):
            yield from drain(home, emails(sink, processes))


def parts(home: House) -> Iterator[Figure]:
    """Load, judge, render, record and hand over 1,000 confirmations, one part after the other."""
    batch_id, items, step = crowd.loaded(home, MESSAGES)
    part = Watch(home).part
    words = Words(home.runtime.sender, home.runtime.links)
    provider = home.runtime.providers[Channel.EMAIL]
    with transaction(home.runtime.engine) as db:
        version_id = words.prepare(db, {step.template}, captured=True)[step.template]
        stream = read_streams(db, [name_of(provider)], home.runtime.clock())[Channel.EMAIL]
        yield from part("load", lambda: load_batch(db, batch_id, home.runtime.clock(), stream_id=stream.id))
    yield from part("look", lambda: _look(home, items, step))
    messages: list[Message] = []
    yield from part("render.first", lambda: messages.extend(_rendered(home, words, items, step, version_id)))
    messages.clear()
    yield from part("render", lambda: messages.extend(_rendered(home, words, items, step, version_id)))
    way = Way(batch_id, stream.id, provider.captures)
    with closing(LedgerLine(connection_words(home.runtime.engine))) as line:
        for width in TURNS:
            yield from part(f"ledger.{width}", partial(_record, home, line, way, items, version_id, width))
            home.run("UPDATE delivery SET status = 1 WHERE batch_id = :batch", batch=batch_id)
    yield from part("commit", lambda: _commits(home))
    yield from part("smtp", lambda: _hand_over(provider, messages))
    crowd.forget(home)


def batches(home: House) -> Iterator[Figure]:
    """Carry whole batches as a worker does at a doorbell."""
    with open_desk(home.runtime, lambda: False) as desk:
        send_batch(desk, *crowd.claimed(home, 100))  # compiles, connects, prepares
        for size, number in BATCHES:
            taken = crowd.claimed(home, size, number)
            yield from Watch(home).part(f"batch.{size}", partial(_carry, desk, taken), size * number)


def _carry(desk: Desk, taken: Sequence[int]) -> None:
    for batch_id in taken:
        send_batch(desk, batch_id)


def _look(home: House, items: Sequence[Item], step: Step) -> None:
    for item in items:
        verdict = look(item, step, home.runtime.rules, home.runtime.clock())
        assert verdict is None, verdict


def _rendered(home: House, words: Words, items: Sequence[Item], step: Step, version_id: int) -> Iterator[Message]:
    for item in items:
        yield words.render(item, step, version_id, home.runtime.clock())


def _record(home: House, line: LedgerLine, way: Way, items: Sequence[Item], version_id: int, width: int) -> None:
    """Settle what was opened in the turn before, and open the next, as a lane does."""
    groups = [items[start : start + width] for start in range(0, len(items), width)]
    opened: dict[int, int] = {}
    for before, group in pairwise([[], *groups, []]):
        now = home.runtime.clock()
        ended = [Settlement(one.delivery_id, opened[one.delivery_id], Status.SENT, now) for one in before]
        begun = [Opening(one.delivery_id, version_id) for one in group]
        opened = line.turn(way, ended, begun, now)
        assert len(opened) == len(group), "the ledger let fewer leave than were asked for"


def _commits(home: House) -> None:
    """Commit the smallest change there is as often: what of the ledger is waiting for the disk."""
    with home.runtime.engine.connect() as db:
        connection = db.connection.driver_connection
        assert connection is not None
        for _ in range(MESSAGES):
            connection.execute("UPDATE stream SET failures = failures")
            connection.commit()


def _hand_over(provider: Provider, messages: Sequence[Message]) -> None:
    with closing(provider.connect()) as line:
        for message in messages:
            line.hand_off(message)


def main() -> None:
    """Measure and print as it goes."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    show = as_json if parser.parse_args().json else as_row
    for figure in measure():
        show(figure)


if __name__ == "__main__":
    main()
