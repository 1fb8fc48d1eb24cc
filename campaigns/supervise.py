"""Everything at once, on one machine: servers, web, scheduler, workers.

What `campaigns up` does. It starts what the environment does not name, keeps its
children alive, and stops them all within ten seconds. Whatever a person could have
foreseen, such as a taken port or a full disk, ends in one line.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from campaigns import commands
from campaigns.children import Child, stop
from campaigns.data_dir import Servers, announced, claim
from campaigns.errors import ConfigurationError
from campaigns.prepare import STAFF, Logs, Opened, Say, near, open_house, start_servers
from campaigns.settings import Settings
from campaigns.store.household import settle_in, spawn

_FIRST_PAGE: Final = 120.0
"""Seconds the web may take to answer for the first time."""
_WIDTH: Final = 100
"""Letters of a line in a terminal."""
_FAREWELL: Final = 5.5
"""Seconds for web, scheduler and workers to finish what they hold; the servers get three more."""


def up(settings: Settings, say: Say) -> None:
    """Run everything until a signal asks to stop.

    Raises `ConfigurationError` with one line for whatever keeps it from starting.
    """
    servers: list[Child] = []
    processes: list[Child] = []
    with _interruptible(), claim(settings.data_dir):
        _check_port(settings)
        house = settle_in(settings.data_dir)
        logs = Logs(settings.data_dir / "logs")
        logs.folder.mkdir(mode=0o700, exist_ok=True)
        try:
            settings = start_servers(settings, house, logs, servers, say)
            opened = open_house(settings, house.private, say)
            with announced(settings.data_dir, _addresses(settings)):
                processes += _processes(settings, logs, say)
                web, *others = processes
                web.launch()  # alone at first: somebody may be waiting for the page
                _await_first_page(settings, web, logs)
                for child in others:
                    child.launch()
                say(_welcome(settings, opened))
                _watch([*servers, *processes])
        except KeyboardInterrupt:
            say("Stopping")
        finally:
            stop(processes, patience=_FAREWELL)
            stop(servers[::-1], patience=3.0)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Turn the first SIGTERM or SIGINT into KeyboardInterrupt; later ones must not disturb the stopping."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for name in before:
            signal.signal(name, _stay)  # not SIG_IGN: Python stumbles over one that is on its way already
        raise KeyboardInterrupt

    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    for name in before:
        signal.signal(name, interrupt)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _stay(_number: int, _frame: FrameType | None) -> None:
    """Let the stopping go on."""


def _check_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}). "
                f"Choose another one, for example: CAMPAIGNS_PORT={settings.port % 65535 + 1} ./up"
            ) from None


def _addresses(settings: Settings) -> Servers:
    return {
        "database_url": settings.database_url,
        "redis_url": settings.redis_url,
        "public_url": settings.public_url,
    }


def _processes(settings: Settings, logs: Logs, say: Say) -> list[Child]:
    environment = os.environ | {
        "CAMPAIGNS_DATABASE_URL": settings.database_url,
        "CAMPAIGNS_REDIS_URL": settings.redis_url,
        "CAMPAIGNS_SECRET": settings.secret.get_secret_value(),
        "CAMPAIGNS_PUBLIC_URL": settings.public_url,
        "CAMPAIGNS_DATA_DIR": str(settings.data_dir.absolute()),
    }
    plan = {
        "web": commands.web(),
        "scheduler": commands.scheduler(),
        "email worker": commands.worker(commands.QUEUES[:2], name="email"),
        "sms worker": commands.worker(commands.QUEUES[2:], name="sms"),
    }
    return [_child(name, command, logs.of(name), environment, say) for name, command in plan.items()]


def _child(name: str, command: list[str], log: Path, environment: dict[str, str], say: Say) -> Child:
    return Child(name, lambda: spawn(command, log=log, dies_with_us=signal.SIGTERM, environment=environment), say)


def _await_first_page(settings: Settings, web: Child, logs: Logs) -> None:
    until = time.monotonic() + _FIRST_PAGE
    while time.monotonic() < until and web.process and web.process.poll() is None:
        if _healthy(settings):
            return
        time.sleep(0.1)
    said = [line for line in logs.of("web").read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    raise ConfigurationError(f"The web did not start: {said[-1] if said else 'no answer'} (more in {logs.of('web')})")


def _healthy(settings: Settings) -> bool:
    line = http.client.HTTPConnection(near(settings.host).strip("[]"), settings.port, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        line.close()


def _watch(children: Sequence[Child]) -> None:
    while True:
        for child in children:
            child.tend()
        time.sleep(0.2)


def _words(settings: Settings, opened: Opened) -> str:
    """Say who has approved the messages, in lines that fit a terminal; empty where a clinician has, all of them."""
    if not opened.words:
        return ""
    lines = textwrap.wrap(f"{opened.words} Read and approve them at {settings.public_url}/staff/messages", _WIDTH)
    return "\n" + "".join(f"  {line}\n" for line in lines)


def _welcome(settings: Settings, opened: Opened) -> str:
    kept = settings.data_dir / "private" / "staff-password"
    secret = f"password {opened.password}" if opened.password else f"the first password is kept in {kept}"
    captured = [name for name, by in (("email", settings.email_by), ("text", settings.sms_by)) if by == "folder"]
    outbox = f"every captured {' and '.join(captured)}" if captured else "nothing is captured: real providers are set"
    return f"""
Running.

  Registration page   {settings.public_url}/w/si-joint-runners
  Outbox              {settings.public_url}/outbox   ({outbox})
  Staff login         {settings.public_url}/staff/login   {STAFF}, {secret}
  Logs                {settings.data_dir / "logs"}
{_words(settings, opened)}
Stop everything with Ctrl-C.
"""
