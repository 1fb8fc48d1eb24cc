"""The whole service as real processes: `campaigns up`, an SMTP server, a stand-in for Twilio, and one clock.

Nothing here looks into the service; what it needs to know it reads from the lines that
`up` prints and from the files that the outside servers write.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from campaigns.clock import file_clock, write_clock
from campaigns.store.embedded import free_port
from tests.servers import smtp_server, twilio_server
from tests.servers.smtp_server import Received
from tests.servers.twilio_server import ACCOUNT, TOKEN, Sms

ROOT = Path(__file__).resolve().parents[2]
_START = 120.0


@dataclass
class Service:
    """A running service with its outside world."""

    folder: Path
    url: str
    staff: str
    password: str
    clock_file: Path
    process: subprocess.Popen[str]
    smtp_port: int
    twilio_port: int

    @property
    def now(self) -> datetime:
        """The service's own time."""
        return file_clock(self.clock_file)()

    @property
    def database_url(self) -> str:
        return str(json.loads((self.folder / "data" / "servers.json").read_text())["database_url"])

    def set_clock(self, at: datetime, rate: float) -> None:
        write_clock(self.clock_file, at, rate)

    def pace(self, rate: float) -> None:
        """Go on from now at another rate."""
        self.set_clock(self.now, rate)

    def emails(self) -> list[Received]:
        return list(smtp_server.read_store(self.folder / "smtp"))

    def texts(self) -> list[Sms]:
        return list(twilio_server.read_store(self.folder / "twilio"))

    def counted(self) -> int:
        """How many messages are outside: lines, without reading them."""
        files = (self.folder / "smtp" / "received.jsonl", self.folder / "twilio" / "received.jsonl")
        return sum(file.read_bytes().count(b"\n") for file in files if file.exists())

    def log(self, name: str) -> str:
        file = self.folder / "data" / "logs" / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""


@contextmanager
def running(
    start: datetime,
    *,
    smtp_rules: list[dict[str, object]] | None = None,
    twilio_rules: list[dict[str, object]] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Service]:
    """Run everything with the clock at `start`, and stop it all at the end of the block.

    The clock runs at the pace of life until somebody changes it. The folder stays if
    JOURNEY_KEEP is set in the environment, so that logs and stores can be read.
    """
    folder = Path(tempfile.mkdtemp(prefix="campaigns-journey-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs as somebody else
    clock_file = folder / "clock.json"
    write_clock(clock_file, start, 1.0)
    outside: list[subprocess.Popen[str]] = []
    try:
        smtp_port = _outside(outside, folder, "smtp", clock_file, smtp_rules or [])
        twilio_port = _outside(outside, folder, "twilio", clock_file, twilio_rules or [])
        ours = _environment(folder, clock_file, smtp_port, twilio_port) | dict(environment or {})
        with _up(folder, ours) as (process, said):
            yield Service(
                folder=folder,
                url=ours["CAMPAIGNS_PUBLIC_URL"],
                staff=_found(r"Staff login\s+\S+\s+(\S+?),", said),
                password=_found(r"password (\S+)", said),
                clock_file=clock_file,
                process=process,
                smtp_port=smtp_port,
                twilio_port=twilio_port,
            )
    finally:
        for server in outside:
            _end(server)
        if "JOURNEY_KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)


def _outside(
    servers: list[subprocess.Popen[str]], folder: Path, name: str, clock: Path, rules: list[dict[str, object]]
) -> int:
    file = folder / f"{name}-rules.json"
    file.write_text(json.dumps(rules))
    command = [sys.executable, "-m", f"tests.servers.{name}_server", "--port", "0", "--store", str(folder / name)]
    server = subprocess.Popen(
        [*command, "--clock", str(clock), "--rules", str(file)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    servers.append(server)
    assert server.stdout
    return int(json.loads(server.stdout.readline())["port"])


def _environment(folder: Path, clock: Path, smtp_port: int, twilio_port: int) -> dict[str, str]:
    port = free_port()
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("CAMPAIGNS_", "TWILIO_"))},
        "CAMPAIGNS_DATA_DIR": str(folder / "data"),
        "CAMPAIGNS_PORT": str(port),
        "CAMPAIGNS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CAMPAIGNS_CLOCK_FILE": str(clock),
        "CAMPAIGNS_SMTP_HOST": "127.0.0.1",
        "CAMPAIGNS_SMTP_PORT": str(smtp_port),
        "CAMPAIGNS_SMTP_SECURITY": "none",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
        "TWILIO_BASE_URL": f"http://127.0.0.1:{twilio_port}",
        # Hundreds come from one machine, and its browser types faster than any of them.
        "CAMPAIGNS_FORM_TAKES": "0",
        "CAMPAIGNS_SIGN_UPS_IP_DAY": "10000",
        "CAMPAIGNS_SIGN_UPS_PREFIX_DAY": "10000",
        # The service's own seconds pass faster than ours: what it does every few of them must keep up.
        "CAMPAIGNS_PLAN_EVERY": "PT0.2S",
        "CAMPAIGNS_DISPATCH_EVERY": "PT0.1S",
        "CAMPAIGNS_RECOVER_EVERY": "PT1S",
        "CAMPAIGNS_DOORBELL_GRACE": "PT1H",
    }


@contextmanager
def _up(folder: Path, environment: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    output = folder / "up.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "campaigns", "up"],
            cwd=ROOT,
            env=dict(environment),
            stdout=log,
            stderr=log,
            text=True,
        )
    try:
        until = time.monotonic() + _START
        while "Stop everything" not in output.read_text():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < until, output.read_text()
            time.sleep(0.1)
        _approve(environment)
        yield process, output.read_text()
    finally:
        _end(process)


def _approve(environment: Mapping[str, str]) -> None:
    """A clinician has read the messages: real mail servers get nothing without that."""
    command = [sys.executable, "-m", "campaigns", "approve"]
    run = partial(subprocess.run, cwd=ROOT, env=dict(environment), check=True, capture_output=True, text=True)
    listed = [line.split()[0] for line in run(command).stdout.splitlines()]
    said = ["--name", "Dr. Journey", "--licence", "ME 1", "--interests", "none", "--references", "PMID 1"]
    run([*command, *said, *listed])


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
    if process.stdout:
        process.stdout.close()


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]
