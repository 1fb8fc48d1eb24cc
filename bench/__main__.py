"""Run the measurements: all of them, or those named."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Final

from bench import figures, handoff, intake, planner, watch

MEASUREMENTS: Final[dict[str, Callable[[], Iterator[figures.Figure]]]] = {
    "intake": intake.measure,
    "planner": planner.measure,
    "handoff": handoff.measure,
    "watch": watch.measure,
}


def main() -> None:
    """Measure and print as it goes."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*MEASUREMENTS, []], help=f"which: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    asked = parser.parse_args()
    show = figures.as_json if asked.json else figures.as_row
    for name in asked.names or MEASUREMENTS:
        for figure in MEASUREMENTS[name]():
            show(figure)


if __name__ == "__main__":
    main()
