"""The command line of every long-running process, in one place.

`campaigns up` starts them as children, `campaigns web` and its siblings become them,
and docker-compose.yml names the same ones. Nothing here runs anything.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

QUEUES: Final = ("email.urgent", "email.bulk", "sms.urgent", "sms.bulk")
"""One queue per channel and priority."""


def web() -> list[str]:
    """Answer registrants and staff over HTTP."""
    return [sys.executable, "-m", "campaigns.serve"]


def scheduler() -> list[str]:
    """Plan, dispatch and recover; two may run."""
    return [sys.executable, "-m", "workers.scheduler"]


def worker(queues: Sequence[str], *, name: str = "") -> list[str]:
    """Hand off what the given queues ring for, in one process; grow by starting more.

    The pool is `solo`: one process, one Runtime, whose lanes are its concurrency, and which hears
    SIGTERM itself and gives back what it has not begun. Gossip, mingle and heartbeats are off:
    the ledger's locks say who is alive.
    """
    return [
        sys.executable, "-m", "celery", "-A", "workers.app", "worker",
        "--queues", ",".join(queues), "--pool", "solo", "--hostname", f"{name or os.getpid()}@%h",
        "--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip
