"""The one place that reads a clock.

Everything below floor 5 takes the time as an argument; processes are handed a
`Clock` once. A clock file lets a rehearsal or a test move the time of several
processes together: by hand (rate 0) or faster than life. It never touches real data
by itself; `doctor` warns when one is set.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]
"""Gives the present instant, aware and in UTC."""


def system_clock() -> datetime:
    """Give the machine's time in UTC."""
    return datetime.now(UTC)


def write_clock(path: Path, virtual: datetime, rate: float = 0.0) -> None:
    """Set the clock file to `virtual` now, running `rate` times as fast as life; 0 stands still.

    Replaces the file in one step, so that a reader sees the old or the new setting, never half.
    """
    setting = {"real": system_clock().isoformat(), "virtual": virtual.isoformat(), "rate": rate}
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_text(json.dumps(setting), encoding="utf-8")
    partial.replace(path)


def file_clock(path: Path) -> Clock:
    """Give a clock that follows the file at `path`, which must exist whenever it is asked."""

    def read() -> datetime:
        setting = json.loads(path.read_text(encoding="utf-8"))
        passed = system_clock() - datetime.fromisoformat(setting["real"])
        moved: timedelta = passed * float(setting["rate"])
        return datetime.fromisoformat(setting["virtual"]) + moved

    return read
