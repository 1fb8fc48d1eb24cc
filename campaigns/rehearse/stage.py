"""Where a rehearsal plays: a database, queues, an outbox and a clock of its own, and real processes.

Servers that are named are used beside their real data; those that are not are started
and thrown away. Whatever happens, Ctrl-C included, nothing of it stays.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Final

from pydantic import SecretStr

from campaigns import commands
from campaigns.children import Child, stop
from campaigns.clock import system_clock, write_clock
from campaigns.data_dir import claim
from campaigns.errors import ConfigurationError
from campaigns.redis_probe import RedisUnreachable, forget, waiting_doorbells
from campaigns.settings import Settings
from campaigns.store.embedded import Server, start_postgres
from campaigns.store.embedded_broker import start_broker
from campaigns.store.household import Household, settle_in, spawn
from campaigns.store.scratch import scratch_database

_OFTEN: Final = "PT0.02S"
"""How often the scheduler of a rehearsal looks: its clock stands still, so waiting would be for nothing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything a rehearsal may touch."""

    settings: Settings
    """Of the rehearsal: scratch database, folders as providers, a secret of its own."""
    real_url: str
    """The real database, to be read; empty if there is none."""
    processes: tuple[Child, ...]
    logs: Path

    def set_clock(self, now: datetime) -> None:
        """Put the rehearsal's clock to `now`, where it stays."""
        assert self.settings.clock_file is not None
        write_clock(self.settings.clock_file, now)

    def raise_curtain(self) -> None:
        """Start the scheduler; the clock must be set. The worker is up already: it starts slowly, and waits."""
        self.processes[1].launch()

    def look_after(self) -> None:
        """Raise `ConfigurationError` with its last words if a process has ended."""
        for child in self.processes:
            if child.process and child.process.poll() is not None:
                said = (self.logs / f"{child.name}.log").read_text(encoding="utf-8", errors="replace").strip()
                last = said.splitlines()[-1] if said else "it said nothing"
                raise ConfigurationError(f"The {child.name} of the rehearsal ended: {last}")


@contextmanager
def build_stage(real: Settings, say: Callable[[str], None]) -> Iterator[Stage]:
    """Build a stage beside what `real` names, and leave nothing of it behind.

    Raises `ConfigurationError` with one line for what keeps it from being built.
    """
    with ExitStack() as stack:
        stack.enter_context(_interruptible())
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="campaigns-rehearsal-")))
        room.chmod(0o711)  # as root the servers run as somebody else
        house = settle_in(room)
        stack.callback(shutil.rmtree, house.room, ignore_errors=True)  # it may lie elsewhere
        logs = room / "logs"
        logs.mkdir(mode=0o700)
        real_url = _real_database(stack, real, logs, say)
        server_url = real_url or _serve(stack, start_postgres(house, logs / "postgres.log", durable=False))
        redis_url, prefix = _broker(stack, real, house, logs)
        settings = real.model_copy(
            update={
                "database_url": stack.enter_context(scratch_database(server_url, system_clock())),
                "redis_url": redis_url,
                "broker_prefix": prefix,
                "data_dir": room,
                "clock_file": room / "clock",
                "email_provider": "folder",
                "sms_provider": "folder",
                "secret": SecretStr(secrets.token_urlsafe(32)),  # links of a rehearsal open nothing real
                "former_secrets": "",
            }
        )
        processes = _processes(settings, logs, say)
        stack.callback(stop, processes, patience=8.0)
        processes[0].launch()
        yield Stage(settings, real_url, processes, logs)


def _real_database(stack: ExitStack, real: Settings, logs: Path, say: Callable[[str], None]) -> str:
    """Give the database to copy from, started if it is an `up` of this directory that is not running."""
    if real.database_url or not (real.data_dir / "private" / "database-password").exists():
        return real.database_url
    say("Starting the database of this directory")
    stack.enter_context(claim(real.data_dir))
    return _serve(stack, start_postgres(settle_in(real.data_dir), logs / "postgres.log"))


def _broker(stack: ExitStack, real: Settings, house: Household, logs: Path) -> tuple[str, str]:
    """Give a broker and the prefix that keeps our keys apart in it."""
    prefix = f"rehearsal-{secrets.token_hex(4)}:"
    if not real.redis_url:
        return _serve(stack, start_broker(house, logs / "valkey.log")), prefix
    try:
        waiting_doorbells(real.redis_url, ())
    except RedisUnreachable as error:
        raise ConfigurationError(f"REDIS_URL: this server does not answer ({error}).") from None
    stack.callback(forget, real.redis_url, prefix)
    return real.redis_url, prefix


def _serve(stack: ExitStack, server: Server) -> str:
    child = Child("server", lambda: server.process, print, server.stop_signal, server.process)
    stack.callback(stop, [child], patience=5.0)
    return server.url


def _processes(settings: Settings, logs: Path, say: Callable[[str], None]) -> tuple[Child, ...]:
    environment = os.environ | {
        "CAMPAIGNS_DATABASE_URL": settings.database_url,
        "CAMPAIGNS_REDIS_URL": settings.redis_url,
        "CAMPAIGNS_BROKER_PREFIX": settings.broker_prefix,
        "CAMPAIGNS_DATA_DIR": str(settings.data_dir),
        "CAMPAIGNS_CLOCK_FILE": str(settings.clock_file),
        "CAMPAIGNS_EMAIL_PROVIDER": "folder",
        "CAMPAIGNS_SMS_PROVIDER": "folder",
        "CAMPAIGNS_PUBLIC_URL": settings.public_url,
        "CAMPAIGNS_SECRET": settings.secret.get_secret_value(),
        "CAMPAIGNS_FORMER_SECRETS": "",
        "CAMPAIGNS_DISPATCH_EVERY": _OFTEN,
        "CAMPAIGNS_PLAN_EVERY": _OFTEN,
    }

    def child(name: str, command: list[str]) -> Child:
        log = logs / f"{name}.log"
        return Child(name, lambda: spawn(command, log=log, dies_with_us=signal.SIGTERM, environment=environment), say)

    worker = commands.worker(commands.QUEUES, name=f"rehearsal-{os.getpid()}")
    return child("worker", worker), child("scheduler", commands.scheduler())


@contextmanager
def _interruptible() -> Iterator[None]:
    """Turn the first SIGTERM or SIGINT into KeyboardInterrupt; later ones must not disturb the clearing up."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for name in before:
            signal.signal(name, lambda _number, _frame: None)
        raise KeyboardInterrupt

    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    for name in before:
        signal.signal(name, interrupt)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
