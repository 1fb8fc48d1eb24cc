"""The world outside of the house: a server that takes mail, and one in Twilio's place.

Mail goes to the test sink that comes with Postfix where it is installed: of all servers
it costs the machine least, and what is measured here is who sends. Every sender of one
run talks to the same sink.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from campaigns.store.embedded import free_port
from tests.servers.twilio_store import ACCOUNT, TOKEN

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Outside:
    """A server that somebody else would run."""

    name: str
    port: int
    process: psutil.Process


def program(name: str) -> str | None:
    """Find a program of Postfix, which Debian keeps where only root looks; None if it is not installed."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


@contextmanager
def mail_sink() -> Iterator[Outside]:
    """Run a server that takes mail and forgets it: Postfix's, else the one of our tests."""
    sink = program("smtp-sink")
    if sink is None:
        with _ours("tests.servers.smtp_server") as server:
            yield server
        return
    port = free_port()
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    child = subprocess.Popen([sink, *as_nobody, f"127.0.0.1:{port}", "1024"])
    try:
        _await(port)
        yield Outside("smtp-sink", port, psutil.Process(child.pid))
    finally:
        _end(child)


@contextmanager
def twilio(latency_ms: int) -> Iterator[Outside]:
    """Run a server in Twilio's place that answers after so many milliseconds."""
    with _ours("tests.servers.twilio_server", "--latency-ms", str(latency_ms)) as server:
        yield server


def twilio_settings(server: Outside) -> dict[str, str]:
    """Give the settings under which texts go to that server."""
    return {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": "+12075550100",
        "TWILIO_BASE_URL": f"http://127.0.0.1:{server.port}",
    }


@contextmanager
def _ours(module: str, *options: str) -> Iterator[Outside]:
    command: Sequence[str] = [sys.executable, "-m", module, "--port", "0", *options]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert child.stdout
    try:
        port = json.loads(child.stdout.readline())["port"]
        yield Outside(module.rpartition(".")[2], port, psutil.Process(child.pid))
    finally:
        _end(child)


def _await(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError("smtp-sink does not answer")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    child.wait(30)
