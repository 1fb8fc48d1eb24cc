"""What a check has found, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

from campaigns.errors import ConfigurationError
from campaigns.language import ENGLISH
from campaigns.lint.check import Measure, Report, check

_HEAD: Final = ("message", "language", "words", "FK", "SMOG", "HTML", "parts", "claims")
_NAMED: Final = 2
"""So many columns hold words; the others hold numbers."""
_NONE: Final = "-"


def check_content(folder: Path, say: Callable[[str], None], *, strict: bool = False) -> int:
    """Check the messages below a folder of templates and say what is wrong; gives 1 for errors, else 0.

    With `strict`, 1 for warnings too. Raises `ConfigurationError` where no messages are.
    """
    if not any((folder / "messages").glob("*/message.toml")):
        raise ConfigurationError(f"{folder}: no messages are here; name a folder that holds messages/ and claims.toml")
    report = check(folder)
    for line in lines(report):
        say(line)
    return int(bool(report.count("error") or (strict and report.count("warning"))))


def lines(report: Report) -> Iterator[str]:
    """Give the findings by message, a table of all messages, and the counts."""
    for message, found in groupby(report.findings, key=lambda one: one.message_name):
        yield message
        for one in found:
            yield f"  {'!!' if one.severity == 'error' else '? '} {one}"
        yield ""
    yield from _table(report.measures)
    yield ""
    yield (
        f"{_counted(report.count('error'), 'error')}, {_counted(report.count('warning'), 'warning')} "
        f"in {_counted(report.messages, 'message')}."
    )


def _table(measures: tuple[Measure, ...]) -> Iterator[str]:
    rows = [_HEAD, *map(_row, measures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        named = [cell.ljust(width) for cell, width in zip(row[:_NAMED], widths[:_NAMED], strict=True)]
        counted = [cell.rjust(width) for cell, width in zip(row[_NAMED:], widths[_NAMED:], strict=True)]
        yield "  ".join(named + counted)


def _row(one: Measure) -> tuple[str, ...]:
    graded = one.language == ENGLISH and not one.parts
    return (
        one.name,
        one.language,
        str(one.words),
        f"{one.grade:.1f}" if graded else _NONE,
        f"{one.smog:.1f}" if graded else _NONE,
        str(one.bytes) if one.bytes else _NONE,
        str(one.parts) if one.parts else _NONE,
        str(one.claims),
    )


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
