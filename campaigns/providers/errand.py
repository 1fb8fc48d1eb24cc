"""An errand: something that blocks, done by a thread of its own, and a pipe that tells when it is over.

So that whoever waits for many lines at once can wait for this one in the same way.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

T = TypeVar("T")


class Errand(Generic[T]):
    """One thread, and the pipe by which it reports; runs one act at a time."""

    def __init__(self) -> None:
        """Open the pipe; the thread starts with the first act."""
        self.hears, self._tells = os.pipe()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="errand")
        self._running: Future[T] | None = None

    @property
    def under_way(self) -> bool:
        """Whether an act was begun whose result nobody has fetched."""
        return self._running is not None

    def begin(self, act: Callable[[], T]) -> None:
        """Let the thread do it; `hears` becomes readable once it is over."""
        self._running = self._thread.submit(self._do, act)

    def end(self) -> T:
        """Give what the act gave, or raise what it raised; waits for it if it is not over."""
        running, self._running = self._running, None
        assert running is not None
        os.read(self.hears, 1)
        return running.result()

    def close(self, dispose: Callable[[T], object] = lambda _: None) -> None:
        """End the thread; what is under way is left to itself, and its result is handed to `dispose` in the thread."""
        self._thread.shutdown(wait=False)
        if self._running is None:
            self._shut()
        else:
            self._running.add_done_callback(partial(self._abandoned, dispose))

    def _do(self, act: Callable[[], T]) -> T:
        try:
            return act()
        finally:
            os.write(self._tells, b"\0")

    def _abandoned(self, dispose: Callable[[T], object], over: Future[T]) -> None:
        try:
            if over.exception() is None:
                dispose(over.result())
        finally:
            self._shut()

    def _shut(self) -> None:
        for end in (self.hears, self._tells):
            with suppress(OSError):
                os.close(end)
