"""Registrations per second through the real HTTP server, with the scheduler running beside it."""

from __future__ import annotations

import http.client
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import urlencode

from bench.figures import Figure, quantiles
from bench.house import ZONES, house
from campaigns import commands

CALLERS = 8
EACH = 250


def measure() -> Iterator[Figure]:
    """Register people from eight keep-alive connections at once."""
    with ExitStack() as stack:
        home = stack.enter_context(house())
        session_id = home.session(timedelta(days=9))
        web = stack.enter_context(home.process(commands.web()))
        scheduler = stack.enter_context(home.process(commands.scheduler()))
        worker = stack.enter_context(home.process(commands.worker(commands.QUEUES, name="all")))
        port = int(home.environment["CAMPAIGNS_PORT"])
        _await(port)
        for name, process in (("web", web), ("scheduler", scheduler), ("worker", worker)):
            yield Figure(f"rss.{name}.rest", process.memory_info().rss / 1e6, "MB", 1)
        yield from _register(port, session_id)
        for name, process in (("web", web), ("scheduler", scheduler), ("worker", worker)):
            yield Figure(f"rss.{name}.load", process.memory_info().rss / 1e6, "MB", 1)


def _register(port: int, session_id: int) -> Iterator[Figure]:
    boxes = _boxes(port)
    waits: list[float] = []
    wrong: list[int] = []

    def call(number: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for turn in range(EACH):
            fields = {
                "session": session_id,
                "first_name": "Person",
                "email": f"{secrets.token_hex(6)}@example.org",
                "phone": f"(207) 555-01{turn % 100:02}",
                "zone": ZONES[(number + turn) % len(ZONES)],
                **boxes,
            }
            began = time.perf_counter()
            line.request(
                "POST",
                "/w/si-joint-runners",
                urlencode(fields),
                {"Content-Type": "application/x-www-form-urlencoded"},
            )
            answer = line.getresponse()
            answer.read()
            waits.append((time.perf_counter() - began) * 1000)
            if answer.status != http.HTTPStatus.SEE_OTHER:
                wrong.append(answer.status)

    began = time.perf_counter()
    threads = [threading.Thread(target=call, args=(number,)) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if wrong:
        raise RuntimeError(f"{len(wrong)} registrations were not taken: {wrong[:5]}")
    yield Figure("intake.rate", len(waits) / seconds, "registrations/s", len(waits))
    yield from quantiles(waits, "intake.wait", "ms")


def _boxes(port: int) -> dict[str, str]:
    """Tick every consent box that the page shows."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request("GET", "/w/si-joint-runners")
    page = line.getresponse().read().decode()
    found = {}
    for tag in re.findall(r"<input[^>]*>", page):
        words = dict(re.findall(r'([a-z_-]+)="([^"]*)"', tag))
        if words.get("type") in ("checkbox", "hidden") and "name" in words:
            found[words["name"]] = words.get("value", "on")
    return found


def _await(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/healthz")
            if line.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the web does not answer")
