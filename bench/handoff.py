"""Hand-off: how fast emails and texts leave, beside a bare client in C and a plain loop, on one machine in one go.

`python -m bench.handoff` prints a table with ratios, with `--json` one object a line.
All emails are the starter's confirmation (HTML, text, calendar), all go to the same sink.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack

from bench import crowd
from bench.drain import Drain, drain
from bench.figures import Figure, as_json, as_row
from bench.house import House, house
from bench.lateness import lateness
from bench.limit import limit
from bench.outside import Outside, mail_sink, twilio, twilio_settings
from bench.plain import plain
from campaigns import commands

EMAILS = 20_000
TEXTS = 6_000
EMAIL_LANES, TEXT_LANES = 32, 100
"""Connections that each worker keeps busy."""
LATENCIES = (0, 100)
RATIOS = (
    ("email.service.2", "email.limit"),
    ("email.service.2", "email.stdlib"),
    ("email.service.2", "email.service.1"),
)


def measure() -> Iterator[Figure]:
    """Measure the limit, the plain loop, the service with one and two workers, texts, lateness, memory."""
    seen: dict[str, float] = {}
    for figure in _measure():
        seen[figure.name] = figure.value
        yield figure
    for upper, lower in RATIOS:
        if lower in seen:
            yield Figure(f"ratio.{upper}/{lower}", seen[upper] / seen[lower], "times", 1)


def _measure() -> Iterator[Figure]:
    with ExitStack() as stack:
        sink = stack.enter_context(mail_sink())
        lanes = f"{EMAIL_LANES} connections a worker; texts leave over {TEXT_LANES} of one worker"
        print(f"mail goes to {sink.name} over {lanes}", file=sys.stderr)
        home = stack.enter_context(house(**email_settings(sink)))
        message = crowd.sample(home)
        yield Figure("email.size", len(message.raw), "bytes", 1)
        yield from limit(sink, message, home.folder)
        yield from plain(home, sink)
        for processes in (1, 2):
            yield from drain(home, emails(sink, processes))
        for latency in LATENCIES:
            yield from _texts(home, latency)
        yield from lateness(home)


def email_settings(sink: Outside) -> dict[str, str]:
    """Give the settings under which emails go to the sink."""
    return {
        "CAMPAIGNS_SMTP_SECURITY": "none",
        "CAMPAIGNS_SMTP_HOST": "127.0.0.1",
        "CAMPAIGNS_SMTP_PORT": str(sink.port),
        "CAMPAIGNS_EMAIL_LANES": str(EMAIL_LANES),
    }


def emails(sink: Outside, processes: int) -> Drain:
    """Ask for confirmations by so many worker processes."""
    return Drain(
        name=f"email.service.{processes}",
        key="C0",
        messages=EMAILS,
        processes=processes,
        queues=commands.QUEUES[:2],
        outside=sink,
    )


def _texts(home: House, latency: int) -> Iterator[Figure]:
    with twilio(latency) as server:
        asked = Drain(
            name=f"sms.service.{latency}ms",
            key="C1",
            messages=TEXTS,
            processes=1,
            queues=commands.QUEUES[2:],
            outside=server,
            settings=twilio_settings(server) | {"CAMPAIGNS_SMS_LANES": str(TEXT_LANES)},
        )
        yield from drain(home, asked)


def main() -> None:
    """Measure and print as it goes."""
    parser = argparse.ArgumentParser(prog="python -m bench.handoff", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    show = as_json if parser.parse_args().json else as_row
    for figure in measure():
        show(figure)


if __name__ == "__main__":
    main()
