"""What the machine can do at most: Postfix's `smtp-source`, a bare client in C, with our message.

It renders nothing and remembers nothing, so no service can be faster than it by much.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.outside import Outside, program
from campaigns.domain.messages import Email

MESSAGES = 20_000
SESSIONS = (1, 4, 8)


def limit(sink: Outside, message: Email, folder: Path) -> Iterator[Figure]:
    """Send the message again and again over 1, 4 and 8 kept-open sessions; the best is the limit."""
    source = program("smtp-source")
    if source is None:
        print("smtp-source is not installed (Debian: postfix): email.limit is left out", file=sys.stderr)
        return
    file = folder / "message"
    # smtp-source ends each line itself, so that the same bytes go over the wire.
    file.write_bytes(message.raw.replace(b"\r\n", b"\n"))
    rates = {}
    for sessions in SESSIONS:
        command = [source, "-d", "-s", str(sessions), "-m", str(MESSAGES), "-F", str(file)]
        began = time.perf_counter()
        subprocess.run(
            [*command, "-f", message.envelope_from, "-t", message.recipient, f"127.0.0.1:{sink.port}"], check=True
        )
        rates[sessions] = MESSAGES / (time.perf_counter() - began)
        yield Figure(f"email.limit.{sessions}", rates[sessions], "messages/s", MESSAGES)
    yield Figure("email.limit", max(rates.values()), "messages/s", MESSAGES)
