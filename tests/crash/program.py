"""One process of ours that a test may kill, and a file that grows while another process writes it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.store.household import spawn


@dataclass
class Program:
    """One process of ours."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        environment = dict(self.environment)
        self.process = spawn(list(self.command), log=self.log, dies_with_us=signal.SIGKILL, environment=environment)

    def kill(self) -> None:
        """End it where it stands, and start it again."""
        self.kill_for_good()
        self.start()

    def kill_for_good(self) -> None:
        """End it where it stands."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """Ask it to end and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None


class Tail:
    """Counts the lines of a file that another process writes; reads each byte once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = self._lines = 0

    def count(self) -> int:
        if self._file.exists():
            with self._file.open("rb") as file:
                file.seek(self._read)
                new = file.read()
            self._read += len(new)
            self._lines += new.count(b"\n")
        return self._lines
