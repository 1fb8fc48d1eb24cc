"""One measured figure, and how to print it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """A name such as `planner.first`, a value with its unit, and how many things it was measured over."""

    name: str
    value: float
    unit: str
    n: int


Print = Callable[[Figure], None]


def as_json(figure: Figure) -> None:
    """Print one object on one line."""
    print(json.dumps(asdict(figure) | {"value": round(figure.value, 3)}), flush=True)


def as_row(figure: Figure) -> None:
    """Print one row of a table."""
    print(f"{figure.name:<38} {figure.value:>12,.2f} {figure.unit:<12} n={figure.n:,}", flush=True)


def quantiles(values: Sequence[float], name: str, unit: str) -> Iterator[Figure]:
    """Give the median, the 99th percentile and the largest."""
    ordered = sorted(values)
    for label, share in (("p50", 0.5), ("p99", 0.99)):
        yield Figure(f"{name}.{label}", ordered[int(share * (len(ordered) - 1))], unit, len(ordered))
    yield Figure(f"{name}.max", ordered[-1], unit, len(ordered))
