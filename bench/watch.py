"""Watching: two classes on our own page at once, every viewer with a heartbeat of their own, through the real web.

`python -m bench.watch` lets 1,000 viewers for each class open their page and send what they have
played every ten seconds, as the page's script does; some beats never leave and go with the next one,
some are said twice. Afterwards it holds the ledger against what was played: nothing may be missing.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

import psutil

from bench.figures import Figure, as_json, as_row, quantiles
from bench.house import House, house
from campaigns import commands
from campaigns.store import talks
from campaigns.store.engine import transaction
from campaigns.store.talks import Talk

CLASSES, VIEWERS = 2, 1000
EVERY = 10.0
"""Seconds between two beats of one viewer."""
JITTER = 0.5
LOST, TWICE = 0.02, 0.02
"""Shares of the beats that never leave, and that are sent twice."""
_TALK = Talk(media_url="/media/talk.mp4", talk_seconds=3600)


@dataclass
class Viewer:
    """One page with a player that plays."""

    registration: int
    path: str
    ticket: str = ""
    unsent: list[tuple[int, int]] = field(default_factory=list)
    """In tenths of a second of the talk."""
    played: int = 0


@dataclass
class Tally:
    """What was measured."""

    waits: list[float] = field(default_factory=list)
    """Milliseconds from sending a beat to its answer."""
    opened: list[float] = field(default_factory=list)
    declined: list[int] = field(default_factory=list)
    """Statuses of the beats that were not taken."""


def measure(seconds: float = 120, viewers: int = VIEWERS) -> Iterator[Figure]:
    """Let everybody watch for so many seconds, then compare."""
    with ExitStack() as stack:
        home = stack.enter_context(house())
        crowd = [one for _ in range(CLASSES) for one in _class(home, viewers)]
        web = stack.enter_context(home.process(commands.web()))
        tally = Tally()
        began, spent = asyncio.run(_watch(int(home.environment["CAMPAIGNS_PORT"]), crowd, tally, seconds, web))
        took = time.perf_counter() - began
        yield Figure("watch.beats.rate", len(tally.waits) / took, "beats/s", len(tally.waits))
        yield from quantiles(tally.waits, "watch.beat", "ms")
        yield from quantiles(tally.opened, "watch.open", "ms")
        yield Figure("watch.web.cpu", 100 * spent / took, "% of a core", 1)
        yield Figure("watch.declined", len(tally.declined), "beats", len(tally.waits))
        lost, found = _lost(home, crowd)
        yield Figure("watch.played", sum(one.played for one in crowd) / 10, "seconds", len(crowd))
        yield Figure("watch.lost", lost / 10, "seconds", found)


def _class(home: House, viewers: int) -> list[Viewer]:
    session = home.session(timedelta(minutes=-1))
    with transaction(home.runtime.engine) as db:
        talks.set_talk(db, session, _TALK)
    home.people(session, viewers, texts=False)
    rows = home.run("SELECT id FROM registration WHERE session_id = :session", session=session)
    return [Viewer(int(str(row[0])), urlsplit(home.runtime.links.watch(int(str(row[0])))).path) for row in rows]


async def _watch(
    port: int, crowd: list[Viewer], tally: Tally, seconds: float, web: psutil.Process
) -> tuple[float, float]:
    """Give when the beats began, and the seconds of processor that the web spent on them."""
    await _up(port)
    gate = asyncio.Semaphore(8)

    async def enter(one: Viewer) -> None:
        async with gate:
            began = time.perf_counter()
            _, page = await _ask(port, "GET", one.path)
            tally.opened.append((time.perf_counter() - began) * 1000)
        found = re.search(r'data-ticket="([^"]+)"', page)
        if found is None:
            raise RuntimeError("the page has no player")
        one.ticket = found[1]

    await asyncio.gather(*(enter(one) for one in crowd))
    began, before = time.perf_counter(), sum(web.cpu_times()[:2])
    await asyncio.gather(*(_view(port, one, tally, began + seconds) for one in crowd))
    return began, sum(web.cpu_times()[:2]) - before


async def _view(port: int, one: Viewer, tally: Tally, until: float) -> None:
    await asyncio.sleep(random.uniform(0, EVERY))
    at = time.perf_counter()
    while at < until:
        await asyncio.sleep(EVERY + random.uniform(-JITTER, JITTER))
        now = time.perf_counter()
        reached = one.played + round(10 * (now - at))
        one.unsent.append((one.played, reached))
        one.played, at = reached, now
        if random.random() < LOST:
            continue
        for _ in range(1 + (random.random() < TWICE)):
            await _beat(port, one, tally)
    while one.unsent:
        await _beat(port, one, tally)


async def _beat(port: int, one: Viewer, tally: Tally) -> None:
    spans = list(one.unsent)
    form = [("ticket", one.ticket)]
    for begin, end in spans or [(max(0, one.played - 100), one.played)]:
        form += [("from", f"{begin / 10:.1f}"), ("to", f"{end / 10:.1f}")]
    began = time.perf_counter()
    status, _ = await _ask(port, "POST", f"{one.path}/beat", urlencode(form))
    tally.waits.append((time.perf_counter() - began) * 1000)
    if status == HTTPStatus.NO_CONTENT:
        one.unsent = one.unsent[len(spans) :]
    else:
        tally.declined.append(status)
        if len(tally.declined) > 100:
            raise RuntimeError(f"too many beats are declined: {tally.declined[-5:]}")


async def _ask(port: int, method: str, path: str, body: str = "") -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    kind = "Content-Type: application/x-www-form-urlencoded\r\n" if body else ""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{kind}Content-Length: {len(body)}\r\n\r\n"
    )
    writer.write((head + body).encode())
    answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split(" ", 2)[1]), answer


async def _up(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if (await _ask(port, "GET", "/healthz"))[0] == HTTPStatus.OK:
                return
        except OSError:
            await asyncio.sleep(0.1)
    raise TimeoutError("the web does not answer")


def _lost(home: House, crowd: list[Viewer]) -> tuple[int, int]:
    """Give the tenths that were played and are not in the ledger, and how many rows the ledger has."""
    missing = home.run(
        """
        SELECT coalesce(sum((SELECT sum(upper(part) - lower(part)) FROM unnest(
                 int4multirange(int4range(0, p.played)) - coalesce(v.seen, '{}')) AS part)), 0), count(v.seen)
        FROM unnest(CAST(:numbers AS bigint[]), CAST(:played AS integer[])) AS p(id, played)
        LEFT JOIN viewing v ON v.registration_id = p.id AND v.mode = 'live'
        """,
        numbers=[one.registration for one in crowd],
        played=[one.played for one in crowd],
    )[0]
    return int(str(missing[0])), int(str(missing[1]))


def main() -> None:
    """Measure and print, one object a line or as a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.watch", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="how long everybody watches")
    parser.add_argument("--viewers", type=int, default=VIEWERS, help="in each of the two classes")
    parser.add_argument("--table", action="store_true", help="a table instead of one JSON object a line")
    asked = parser.parse_args()
    show = as_row if asked.table else as_json
    for figure in measure(asked.seconds, asked.viewers):
        show(figure)


if __name__ == "__main__":
    main()
