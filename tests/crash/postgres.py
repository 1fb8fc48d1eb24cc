"""A PostgreSQL of one's own that a test may kill outright and start again where it was."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from campaigns.errors import ConfigurationError
from campaigns.store.embedded import Server, free_port, start_postgres
from campaigns.store.engine import make_engine
from campaigns.store.household import end, settle_in
from campaigns.store.migrate import upgrade

_NET = 60.0
"""Seconds after which a killed server must be up again."""


class OwnPostgres:
    """One server, durable as in production: what it has called committed must be there after any blow."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "postgres.log"
        self._place = settle_in(folder)
        self._port = free_port()
        self._server: Server = start_postgres(self._place, self._log, port=self._port)

    @property
    def url(self) -> str:
        return self._server.url

    def kill(self) -> None:
        """End the server and everybody it works with where they stand, and start it again."""
        first = psutil.Process(self._server.process.pid)
        everybody = [first, *first.children(recursive=True)]
        for one in everybody:
            _kill(one)
        self._server.process.wait(10)
        psutil.wait_procs(everybody, 10)
        self._start_again()

    def restart(self) -> None:
        """Stop it as a person does, at once and in order, and start it again."""
        self.stop()
        self._server = start_postgres(self._place, self._log, port=self._port)

    def stop(self) -> None:
        end(self._server.process, self._server.stop_signal, patience=30)

    def clear_away(self) -> None:
        shutil.rmtree(self._place.room, ignore_errors=True)

    def _start_again(self) -> None:
        net = time.monotonic() + _NET
        while True:
            try:
                self._server = start_postgres(self._place, self._log, port=self._port)
            except ConfigurationError:
                # A child that the kernel has not buried yet still holds the memory that they shared.
                assert time.monotonic() < net, self._log.read_text(errors="replace")[-2000:]
                time.sleep(0.1)
            else:
                return


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Give a server with a migrated database, gone with its files at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="campaigns-crash-postgres-"))
    folder.chmod(0o711)  # as root it runs as somebody else
    try:
        server = OwnPostgres(folder)
        try:
            engine = make_engine(server.url)
            upgrade(engine)
            engine.dispose()
            yield server
        finally:
            server.stop()
            server.clear_away()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kill(one: psutil.Process) -> None:
    try:
        one.kill()
    except psutil.NoSuchProcess:
        return
