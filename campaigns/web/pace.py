"""How often one address may press a button.

A brake against loops and simple robots, not against an attacker with many addresses.
It counts in the memory of this process: with several web processes each allows the
full number, and a restart forgets.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock
from typing import Final

_WINDOW_SECONDS: Final = 60.0
_MOST_ADDRESSES: Final = 10_000
"""Beyond this the one unseen for longest is forgotten, so that memory has an end."""


class Pace:
    """Allows each key so many acts within any minute."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float]) -> None:
        """Take the number of acts, and a clock in seconds that never goes backwards."""
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str) -> int:
        """Count one act of `key`; give 0 if it may go ahead, else the seconds until it may."""
        now = self._monotonic()
        with self._lock:
            acts = self._seen.setdefault(key, deque())
            self._seen.move_to_end(key)
            while acts and acts[0] <= now - _WINDOW_SECONDS:
                acts.popleft()
            if len(acts) >= self._per_minute:
                return int(acts[0] + _WINDOW_SECONDS - now) + 1
            acts.append(now)
            if len(self._seen) > _MOST_ADDRESSES:
                self._seen.popitem(last=False)
        return 0
