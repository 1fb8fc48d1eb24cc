"""Things that happen in the middle of a run, each once so many messages have arrived at a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from tests.crash.program import Tail
from tests.crash.service import House


@dataclass(frozen=True)
class Blow:
    """Something that happens once so many messages have arrived at a server."""

    name: str
    arrived: Tail
    after: int
    act: Callable[[], None]


def strike(it: House, blows: Iterable[Blow], chance: Random) -> None:
    """Let every one of them fall at its moment, in whatever order they come."""
    left = sorted(blows, key=lambda blow: blow.after)
    print([(blow.name, blow.after) for blow in left])  # noqa: T201  # this and the next: to understand a failure by
    began = time.monotonic()
    while left:
        it.wait(lambda: any(one.arrived.count() >= one.after for one in left), f"{left}", pause=0.002)
        blow = next(one for one in left if one.arrived.count() >= one.after)
        left.remove(blow)
        time.sleep(chance.uniform(0, 0.03))  # so that it falls anywhere between two arrivals
        blow.act()
        print(f"{time.monotonic() - began:.1f} s: {blow.name}")  # noqa: T201


def moment(chance: Random, whole: int) -> int:
    """Draw how many of `whole` shall have arrived; well before the end, so that it falls into the middle."""
    return chance.randrange(whole * 5 // 100, whole * 85 // 100)
