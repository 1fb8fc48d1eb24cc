"""Processor time by process, so that an aim that was missed can be explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import psutil

from bench.figures import Figure


@dataclass(frozen=True)
class Meter:
    """Reads the processor time of groups of processes, their children included."""

    groups: Mapping[str, Sequence[psutil.Process]]

    def read(self) -> dict[str, float]:
        """Give the seconds that each group has used since it began."""
        return {name: sum(map(_seconds, group)) for name, group in self.groups.items()}


def figures(prefix: str, before: Mapping[str, float], after: Mapping[str, float], messages: int) -> Iterator[Figure]:
    """Give what each group used for one message between two readings."""
    for name in before:
        yield Figure(f"{prefix}.{name}", (after[name] - before[name]) / messages * 1e6, "us/message", messages)


def _seconds(process: psutil.Process) -> float:
    """Add up a process, its living children, and those it has buried."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:4]) for one in family)
