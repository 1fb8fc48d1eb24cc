"""What `campaigns up` keeps between two runs: its lock, its secrets, and where its servers are.

Entered by `up`, and by every other command that wants the database of a running
`up`. Secrets are made here once, readable by their owner alone; nothing here is
ever printed except the staff password, and that once.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypedDict

from campaigns.errors import ConfigurationError
from campaigns.settings import Settings, read_settings
from campaigns.store.household import write_private

_LOCK: Final = "up.lock"
_SERVERS: Final = "servers.json"


class Servers(TypedDict):
    """Where a running `up` has its servers."""

    database_url: str
    redis_url: str
    public_url: str


@contextmanager
def claim(data_dir: Path) -> Iterator[None]:
    """Keep `data_dir` to ourselves for the length of the block.

    The kernel frees the lock when its holder dies, so one left by a dead process never
    stands in the way. Raises `ConfigurationError` naming the process that has it.
    """
    data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    with (data_dir / _LOCK).open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise ConfigurationError(
                f"`campaigns up` is already running here (process {holder}, {data_dir.absolute()}). "
                "Stop it, or set CAMPAIGNS_DATA_DIR to another directory."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def announced(data_dir: Path, servers: Servers) -> Iterator[None]:
    """Let other commands find our servers for the length of the block."""
    write_private(data_dir / _SERVERS, json.dumps(servers))
    try:
        yield
    finally:
        (data_dir / _SERVERS).unlink(missing_ok=True)


def settings_here() -> Settings:
    """Read the environment, and where it names no server, take those of a running `up`.

    Raises `ConfigurationError` when something in the environment is wrong.
    """
    settings = read_settings()
    known: dict[str, object] = {}
    kept = settings.data_dir / _SERVERS
    if kept.exists():
        found = json.loads(kept.read_text(encoding="utf-8"))
        known = {name: value for name, value in found.items() if name not in settings.model_fields_set}
    return read_settings(**known | _signing(settings))


def kept_secret(private: Path, name: str, make: Callable[[], str]) -> tuple[str, bool]:
    """Give a secret, and whether it was made just now."""
    path = private / name
    if path.exists():
        return path.read_text(encoding="utf-8"), False
    write_private(path, make())
    return path.read_text(encoding="utf-8"), True


def _signing(settings: Settings) -> dict[str, object]:
    kept = settings.data_dir / "private" / "signing-secret"
    if settings.secret.get_secret_value() or not kept.exists():
        return {}
    return {"secret": kept.read_text(encoding="utf-8")}
