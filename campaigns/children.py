"""A child process that is kept alive: started, watched, started again with growing patience, stopped.

For `campaigns up` alone. One that dies is reported in one line and never left dead;
one that is told to stop has a fixed time for it.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from campaigns.errors import ConfigurationError
from campaigns.store.household import end

_STEADY: Final = 60.0
"""Seconds of life after which a death counts as the first again."""
_LONGEST_WAIT: Final = 30.0


@dataclass
class Child:
    """One process and how to start it."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    say: Callable[[str], None]
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    _deaths: int = 0
    _born: float = field(default=0.0, repr=False)
    _again_at: float = field(default=0.0, repr=False)

    def launch(self) -> None:
        """Start it; raises `ConfigurationError` if it cannot be started at all."""
        self.process = self.start()
        self._born = time.monotonic()

    def tend(self) -> None:
        """Notice a death, and start it again once its wait is over."""
        if self.process and self.process.poll() is not None:
            self._bury(f"{self.name} ended ({_how(self.process.returncode)})")
        if self.process is None and time.monotonic() >= self._again_at:
            try:
                self.launch()
            except ConfigurationError as error:
                self._bury(f"{self.name} did not start: {error}")

    def _bury(self, said: str) -> None:
        lived = time.monotonic() - self._born
        self._deaths = 1 if self.process and lived > _STEADY else self._deaths + 1
        wait = min(_LONGEST_WAIT, 0.5 * 2.0 ** (self._deaths - 1))
        self._again_at = time.monotonic() + wait
        self.process = None
        self.say(f"{said}; starting it again in {wait:g} s")


def stop(children: Sequence[Child], *, patience: float) -> None:
    """Ask all of them to end, and after `patience` seconds kill those that have not."""
    alive = [(child.process, child.stop_signal) for child in children if child.process]
    for process, how in alive:
        process.send_signal(how)
    until = time.monotonic() + patience
    for process, how in alive:
        end(process, how, patience=max(0.05, until - time.monotonic()))


def _how(code: int | None) -> str:
    return f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"
