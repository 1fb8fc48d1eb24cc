"""Write a CSV file for a spreadsheet, line by line, with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_FORMULA: Final = frozenset("=+-@")
_LINE_STARTS: Final = frozenset("\t\r")


def write_sheet(heading: Sequence[str], rows: Iterable[Sequence[str | int]]) -> Iterator[bytes]:
    """Give a CSV file line by line, in UTF-8 with the mark by which Excel knows it.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    yield codecs.BOM_UTF8
    yield _line(heading)
    for row in rows:
        yield _line(row)


def _line(cells: Sequence[str | int]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([cell if isinstance(cell, int) else _harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in _LINE_STARTS or cell.lstrip()[:1] in _FORMULA else cell
