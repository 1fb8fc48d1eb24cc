"""The service as single processes that a test may kill, and servers outside that remember what they received.

Each process is started again by the test, at once, as a supervisor would. The clock
runs from an afternoon at the clinic on, whatever the hour of the run, so that no quiet
hours stand in the way; at the pace of life unless a test says otherwise. Set CRASH_SEED
to repeat a run, CRASH_KEEP to keep its folder with logs and everything that was received.
"""

from __future__ import annotations

import http
import json
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from campaigns import commands
from campaigns.clock import write_clock
from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel
from campaigns.operations import starter
from campaigns.runtime import Runtime, build
from campaigns.settings import read_settings
from campaigns.store.approvals import Approval, approve
from campaigns.store.embedded import Server, free_port
from campaigns.store.embedded_broker import start_broker
from campaigns.store.engine import Connection, transaction
from campaigns.store.household import Household, end, settle_in, spawn
from campaigns.store.webinars import add_session
from tests.crash.program import Program, Tail
from tests.servers import smtp_server, twilio_server
from tests.servers.smtp_server import Received
from tests.servers.twilio_server import ACCOUNT, TOKEN, Sms

ROOT = Path(__file__).resolve().parents[2]
AFTERNOON = datetime(2027, 3, 2, 19, 46, tzinfo=UTC)
"""Tuesday, 2:46 PM at the clinic, 9:46 AM in Honolulu: fourteen minutes before a session at three."""
EMAIL_LANES, SMS_LANES = 4, 3
_NET = 600.0
"""Seconds after which waiting is given up; far more than anything here takes."""
_APPROVED_FOR = timedelta(days=300)
_FACTS = dict[str, Any]
_RULES = list[_FACTS]


def seed_number() -> int:
    """Give the run's seed; it is printed, and so stands in the report of a failure."""
    number = int(os.environ.get("CRASH_SEED", secrets.randbelow(1_000_000)))
    print(f"\nCRASH_SEED={number}")  # noqa: T201  # to repeat the run by
    return number


def seed() -> random.Random:
    """Give the run's chance."""
    return random.Random(seed_number())


@dataclass
class House:
    """What runs, and what was received."""

    runtime: Runtime
    folder: Path
    place: Household
    environment: Mapping[str, str]
    broker: Server
    webinar_id: int
    rate: float
    """How many times as fast as life the clock runs."""
    patience: Mapping[str, float]
    """By channel: after how many real seconds a hand-off is given up."""
    programs: dict[str, Program] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.mails = Tail(self.folder / "smtp" / "received.jsonl")
        self.texts = Tail(self.folder / "twilio" / "received.jsonl")

    # Processes

    def run(self, name: str, command: Sequence[str], **more: str) -> Program:
        """Start one of the service's processes and keep it under this name."""
        made = Program(name, command, {**self.environment, **more}, self.folder / f"{name}.log")
        self.programs[name] = made
        return made

    def run_web(self) -> Program:
        """Start the web and wait until it answers."""
        made = self.run("web", commands.web())
        self.await_web()
        return made

    def await_web(self) -> None:
        """Wait until the web and its database answer, whoever is being killed meanwhile."""
        self.wait(self._web_answers, "the web to answer", watch=False)

    def _web_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.environment['CAMPAIGNS_PUBLIC_URL']}/healthz", timeout=5) as answer:  # noqa: S310
                return int(answer.status) == http.HTTPStatus.OK
        except OSError:
            return False

    def run_scheduler(self, name: str = "scheduler") -> Program:
        return self.run(name, commands.scheduler())

    def run_email_worker(self, name: str = "email") -> Program:
        return self.run(name, commands.worker(commands.QUEUES[:2], name=name))

    def run_sms_worker(self, name: str = "sms") -> Program:
        return self.run(name, commands.worker(commands.QUEUES[2:], name=name))

    def stop_broker(self, how: signal.Signals) -> None:
        self.broker.process.send_signal(how)
        self.broker.process.wait(20)

    def lose_broker(self) -> None:
        """Kill Valkey, lose its disk, and start it empty where it was."""
        self.stop_broker(signal.SIGKILL)
        shutil.rmtree(self.place.room / "valkey")
        self.start_broker()

    def start_broker(self) -> None:
        """Start Valkey where it was, with what it has on disk."""
        before, self.broker = self.broker, start_broker(self.place, self.folder / "valkey.log")
        assert self.broker.url == before.url

    # The ledger

    def sql(self, statement: str, **values: object) -> list[tuple]:
        """Run a statement in a transaction of its own and give its rows."""
        with transaction(self.runtime.engine) as db:
            rows = db.execute(text(statement), values)
            return [tuple(row) for row in rows] if rows.returns_rows else []

    def one(self, statement: str, **values: object):
        """Give the single value of a statement."""
        return self.sql(statement, **values)[0][0]

    def count(self, status: str) -> int:
        """Count the deliveries in one state."""
        found: int = self.one(
            "SELECT count(*) FROM delivery WHERE status = :status", status=int(Status[status.upper()])
        )
        return found

    def session(self, ahead: timedelta) -> int:
        """Add a session of half an hour."""
        now = self.runtime.clock()
        with transaction(self.runtime.engine) as db:
            return add_session(db, self.webinar_id, now + ahead, now + ahead + timedelta(minutes=30), now)

    # Waiting

    def wait(self, until: Callable[[], object], what: str, *, pause: float = 0.05, watch: bool = True) -> None:
        """Wait until something is true; with `watch`, whoever dies meanwhile by itself fails the test."""
        net = time.monotonic() + _NET
        while not until():
            dead = [one.name for one in self.programs.values() if watch and not one.alive]
            assert not dead, f"{dead} ended by themselves while the test waited for: {what}"
            assert time.monotonic() < net, f"waited in vain for: {what}\n{self._how_it_stands()}"
            time.sleep(pause)

    def _how_it_stands(self) -> str:
        """Say what a person would look for first when nothing goes on."""
        states = self.sql("SELECT status, reason, count(*) FROM delivery GROUP BY 1, 2 ORDER BY 1, 2")
        told = [f"{Status(status).name} {reason or ''}: {count}" for status, reason, count in states]
        rhythms = self.sql("SELECT name, scheduler, last_at FROM rhythm ORDER BY 1, 2")
        told += [f"{name} of {scheduler}: last at {at:%H:%M:%S}" for name, scheduler, at in rhythms]
        arrived = f"{self.mails.count()} emails and {self.texts.count()} texts arrived"
        places = f"{self.one('SELECT count(*) FROM registration')} places"
        return "\n".join([f"clock {self.runtime.clock():%H:%M:%S}, {places}, {arrived}", *told])

    def wait_until_settled(self) -> None:
        """Wait until nothing is on its way any more, nor about to be tried or looked for again, nor to be taken in."""
        self.wait(lambda: not self.one(_UNSETTLED, now=self.runtime.clock()), "everything to be settled", pause=0.1)

    # Outside

    def emails(self) -> list[Received]:
        return list(smtp_server.read_store(self.folder / "smtp"))

    def sms(self) -> list[Sms]:
        return list(twilio_server.read_store(self.folder / "twilio"))


_UNSETTLED = """
SELECT EXISTS (SELECT 1 FROM delivery WHERE status IN (0, 1, 2) OR (status = 8 AND (
  look_at IS NOT NULL OR (channel = 'email' AND doubts <= 1 AND expires_at > :now))))
OR EXISTS (SELECT 1 FROM receipt WHERE applied_at IS NULL)
"""


@dataclass(frozen=True)
class Outside:
    """How the servers outside behave."""

    smtp: _RULES = field(default_factory=list)
    """Faults."""
    twilio: _RULES = field(default_factory=list)
    callbacks: _FACTS | None = None
    """How texts go on; without it nobody is called back."""
    smtp_ms: int = 15
    """How long an email takes to be accepted."""
    twilio_ms: int = 20
    seed: int = 0
    """Draws the lots of faults and callbacks."""
    patience: float = 300.0
    """Seconds after which we give up waiting for an answer; so many that nothing is in doubt by mere slowness."""


@contextmanager
def house(database_url: str, outside: Outside | None = None, *, rate: float = 1.0, **settings: str) -> Iterator[House]:
    """Build a house on a migrated database, with a Valkey of its own and both servers outside; start nothing of ours.

    The clock runs `rate` times as fast as life; `settings` go into the environment.
    """
    outside = outside or Outside()
    folder = Path(tempfile.mkdtemp(prefix="campaigns-crash-"))
    folder.chmod(0o711)  # as root, Valkey runs as somebody else
    clock = folder / "clock.json"
    write_clock(clock, AFTERNOON, rate)
    with ExitStack() as stack:
        if "CRASH_KEEP" not in os.environ:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        place = settle_in(folder)
        stack.callback(shutil.rmtree, place.room, ignore_errors=True)
        environment = _environment(folder, database_url, outside.patience) | _ports(stack, folder, outside) | settings
        broker = start_broker(place, folder / "valkey.log")
        environment["CAMPAIGNS_REDIS_URL"] = broker.url
        facts = {
            "database_url": database_url,
            "secret": environment["CAMPAIGNS_SECRET"],
            "public_url": environment["CAMPAIGNS_PUBLIC_URL"],
            "clock_file": clock,
            "data_dir": folder,
        }
        runtime = stack.enter_context(build(read_settings(**facts)))
        with transaction(runtime.engine) as db:
            webinar_id = starter.load(db, runtime.templates, runtime.clinic, runtime.clock(), with_session=False)
            _approve_all(db, runtime.clock())
        patience = {channel.value: outside.patience for channel in Channel}
        it = House(runtime, folder, place, environment, broker, webinar_id, rate, patience)
        stack.callback(lambda: end(it.broker.process, it.broker.stop_signal, patience=10))
        stack.callback(_end_all, it)
        yield it


def _end_all(it: House) -> None:
    alive = [one for one in it.programs.values() if one.alive]
    for one in alive:
        one.process.send_signal(signal.SIGTERM)
    for one in alive:
        end(one.process, signal.SIGTERM, patience=10)


def _approve_all(db: Connection, now: datetime) -> None:
    """Give every template a clinician's approval that counts for real messages."""
    given = Approval("Crash test", "none", now + _APPROVED_FOR)
    for version_id in db.execute(text("SELECT id FROM template_version")).scalars():
        approve(db, version_id, given, now)


def _environment(folder: Path, database_url: str, patience: float) -> dict[str, str]:
    port = str(free_port())
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CAMPAIGNS_", "TWILIO_"))}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "CAMPAIGNS_DATABASE_URL": database_url,
        "CAMPAIGNS_DATA_DIR": str(folder),
        "CAMPAIGNS_SECRET": secrets.token_urlsafe(32),
        "CAMPAIGNS_PORT": port,
        "CAMPAIGNS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CAMPAIGNS_REGISTRATIONS_PER_MINUTE": "1000000",
        "CAMPAIGNS_SIGN_UPS_IP_DAY": "1000000",
        "CAMPAIGNS_CLOCK_FILE": str(folder / "clock.json"),
        "CAMPAIGNS_SMTP_HOST": "127.0.0.1",
        "CAMPAIGNS_SMTP_SECURITY": "none",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
        "CAMPAIGNS_SMTP_TIMEOUT": str(patience),
        "CAMPAIGNS_TWILIO_TIMEOUT": str(patience),
        "CAMPAIGNS_SMS_LOOKS": "3,4,5",
        "CAMPAIGNS_EMAIL_LANES": str(EMAIL_LANES),
        "CAMPAIGNS_SMS_LANES": str(SMS_LANES),
        "CAMPAIGNS_DOORBELL_GRACE": "PT3S",
        "CAMPAIGNS_DISPATCH_EVERY": "PT0.1S",
        "CAMPAIGNS_RECOVER_EVERY": "PT0.5S",
        "CAMPAIGNS_PLAN_EVERY": "PT1S",
    }


def _ports(stack: ExitStack, folder: Path, outside: Outside) -> dict[str, str]:
    """Start the servers outside; gives where they are found."""
    lots = ["--seed", str(outside.seed)]
    smtp = [*lots, "--delay-ms", str(outside.smtp_ms)]
    twilio = [*lots, "--latency-ms", str(outside.twilio_ms)]
    if outside.callbacks is not None:
        file = folder / "twilio-callbacks.json"
        file.write_text(json.dumps(outside.callbacks))
        twilio += ["--callbacks", str(file)]
    return {
        "CAMPAIGNS_SMTP_PORT": _outside(stack, folder, "smtp", outside.smtp, smtp),
        "TWILIO_BASE_URL": "http://127.0.0.1:" + _outside(stack, folder, "twilio", outside.twilio, twilio),
    }


def _outside(stack: ExitStack, folder: Path, name: str, rules: _RULES, options: list[str]) -> str:
    """Start a server outside; gives its port."""
    file = folder / f"{name}-rules.json"
    file.write_text(json.dumps(rules))
    said = folder / f"{name}-server.log"
    command = [sys.executable, "-m", f"tests.servers.{name}_server", "--store", str(folder / name)]
    command += ["--clock", str(folder / "clock.json"), "--rules", str(file), *options]
    server = spawn(command, log=said, dies_with_us=signal.SIGKILL, environment=os.environ | {"PYTHONPATH": str(ROOT)})
    stack.callback(end, server, signal.SIGTERM, patience=10)
    net = time.monotonic() + _NET
    while b"\n" not in said.read_bytes():
        assert server.poll() is None and time.monotonic() < net, said.read_text()
        time.sleep(0.02)
    return str(json.loads(said.read_text().splitlines()[0])["port"])
