"""Drives the service's clock: fast where nothing is due, at most sixty times as fast as life where something is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from tests.journeys.service import Service

SLOW = 60.0
_LEAD = timedelta(seconds=40)
"""On the service's clock: how long before a due time the slow pace begins."""
_LEG = 0.3
"""Real seconds in which half of an empty stretch goes by; the other half is skipped."""
_PATIENCE = 20.0
"""Real seconds to wait for what is due before going on; what is missing then shows in the end."""


class Drive:
    """Takes the service through time, one due instant after the other."""

    def __init__(self, service: Service, dues: Callable[[], Iterable[datetime]]) -> None:
        """`dues` gives the due time of every message that should ever arrive, as far as is known now."""
        self._service = service
        self._dues = dues
        self.in_vain: list[tuple[datetime, int]] = []
        """Where patience ended, and how many messages were missing; those are not waited for again."""

    def to(self, target: datetime) -> None:
        """Arrive at `target`, having waited at every due time until what was due is outside."""
        dues = sorted(self._dues())
        self._service.pace(SLOW)
        self._wait_for(sum(due <= self._service.now for due in dues))
        ahead = sorted({due for due in dues if self._service.now < due <= target})
        for due in ahead:
            if due > self._service.now:
                self._approach(due)
            self._service.pace(SLOW)
            self._sleep_until(due)
            self._wait_for(sum(one <= due for one in dues))
        self._approach(target)

    def _wait_for(self, messages: int) -> None:
        """Wait until so many messages have arrived outside, or patience ends."""
        until = time.monotonic() + _PATIENCE
        given_up = self.in_vain[-1][1] if self.in_vain else 0
        while (missing := messages - self._service.counted()) > given_up and time.monotonic() < until:
            time.sleep(0.05)
        if missing > given_up:
            self.in_vain.append((self._service.now, missing))

    def _approach(self, target: datetime) -> None:
        gap = target - _LEAD - self._service.now
        if gap > timedelta(0):
            self._service.pace(max(SLOW, gap.total_seconds() / 2 / _LEG))
            time.sleep(_LEG)
        self._service.set_clock(max(self._service.now, target - _LEAD), SLOW)

    def _sleep_until(self, moment: datetime) -> None:
        while (left := moment - self._service.now) > timedelta(0):
            time.sleep(left.total_seconds() / SLOW + 0.01)
