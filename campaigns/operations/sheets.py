"""Read a CSV file that a person saved from a spreadsheet, row by row, with a remedy for everything wrong.

Who enters: the imports of registrants and of attendance. Never holds more than one
row, never guesses an encoding, never changes what a cell says, and never lets a cell
through that a spreadsheet would take for a formula.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Never

from campaigns.errors import Rejected

LINE_LIMIT: Final = 64 * 1024
"""Longest line in characters."""
KEPT: Final = 500
"""Problems remembered one by one; more are only counted."""
_SNIPPET: Final = 48
_FORMULA: Final = frozenset("=+-@")
_FORMULA_BUT_PLUS: Final = _FORMULA - {"+"}
_LINE_STARTS: Final = frozenset("\t\r")
_NOTHING: Final = frozenset(("-", "--"))
"""How reports write an empty cell."""
_FAULTS: Final = frozenset(("\ufffd", *map(chr, range(0xDC80, 0xDD00))))
"""What an undecodable byte becomes; a replacement character that was there before is damage too."""
_DELIMITERS: Final = ",;\t"
_NAMES: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
_SAVE_AS: Final = "In Excel choose “CSV UTF-8 (comma delimited)” when saving, then upload that file."


@dataclass(frozen=True, slots=True)
class Column:
    """A column we understand."""

    name: str
    titles: tuple[str, ...] = ()
    """Other headings it answers to; capitals, blanks, dots, hyphens and underscores do not matter."""
    required: bool = False
    longest: int = 254
    """Most characters in a cell."""
    plus: bool = False
    """Whether a cell may begin with `+`, as telephone numbers do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is well formed; what its cells say is for the caller to judge."""

    number: int
    """As a spreadsheet counts: the heading is row 1."""
    cells: dict[str, str]
    """By column name, without blanks around; a column that the file lacks is an empty cell."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell, or with one row if `column` is empty."""

    row: int
    column: str
    snippet: str
    """The cell without control characters and cut short. Personal data: for the page, never for a log."""
    sentence: str
    """What is wrong and how to put it right."""


@dataclass(slots=True)
class Problems:
    """The problems of one file: the first `limit` in full, all of them counted."""

    limit: int = KEPT
    kept: list[Problem] = field(default_factory=list)
    total: int = 0
    rows: set[int] = field(default_factory=set)
    """Numbers of the rows that have at least one problem."""
    by_column: Counter[str] = field(default_factory=Counter)

    def add(self, row: int, column: str, value: str, sentence: str) -> None:
        """Count one problem, and keep it while there is room."""
        self.total += 1
        self.rows.add(row)
        self.by_column[column] += 1
        if len(self.kept) < self.limit:
            self.kept.append(Problem(row, column, snippet(value), sentence))


class Sheet:
    """A CSV file being read once, from its beginning."""

    def __init__(self, file: BinaryIO, columns: Sequence[Column], problems: Problems) -> None:
        """Read the heading of `file`, which must be seekable.

        Raises `Rejected` if the file cannot be read at all, or if a column that is
        required is missing, or if two headings mean the same column.
        """
        self.problems = problems
        self._columns = tuple(columns)
        self.encoding = _encoding(file)
        self._lines = _Lines(file, self.encoding)
        heading = self._lines.first()
        self.delimiter = _delimiter(heading, self._columns)
        self._reader = csv.reader(self._lines, delimiter=self.delimiter, strict=True)
        try:
            self._heading = [cell.strip() for cell in next(self._reader)]
        except csv.Error:
            _refuse("The heading has a quote that is not closed. Correct row 1.")
        self._places, self.ignored = _places(self._heading, self._columns)
        self.columns = len(self._heading)
        self.rows = 0
        """Rows seen so far that are not empty, the heading apart."""

    def has(self, name: str) -> bool:
        """Say whether the file has this column."""
        return name in self._places

    def __iter__(self) -> Iterator[Row]:
        """Give every well-formed row; the others become problems.

        Raises `Rejected` if the rest of the file cannot be read.
        """
        number = 1
        while True:
            number += 1
            before = self._reader.line_num
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except _Unreadable:
                _refuse(f"Row {number} is not {self._lines.text} text. {_SAVE_AS}")
            except csv.Error as error:
                self._malformed(number, spread=self._reader.line_num - before, error=error)
                continue
            if any(cell.strip() for cell in cells):
                self.rows += 1
                row = self._row(number, cells)
                if row is not None:
                    yield row

    def _malformed(self, number: int, *, spread: int, error: csv.Error) -> None:
        if spread > 1 or "expected after" not in str(error):
            # What follows was swallowed by the open quote: nobody can say where the next row begins.
            _refuse(f"Row {number} opens a quote and does not close it. Close it, or remove the quote.")
        self.rows += 1
        self.problems.add(number, "", "", "There is text after a closing quote. Write a quote inside a cell twice.")

    def _row(self, number: int, cells: list[str]) -> Row | None:
        wanted = len(self._heading)
        if len(cells) < wanted or any(cell.strip() for cell in cells[wanted:]):
            self.problems.add(
                number,
                "",
                "",
                f"This row has {len(cells)} cells, the heading has {wanted}. "
                f"Put a cell that contains a {_NAMES[self.delimiter]} in quotes, and fill up with empty cells.",
            )
            return None
        found: dict[str, str] = {}
        fine = True
        for column in self._columns:
            place = self._places.get(column.name)
            value = cells[place] if place is not None and cells[place].strip() not in _NOTHING else ""
            fault = _fault(value, column) if value else ""
            if fault:
                self.problems.add(number, column.name, value, fault)
                fine = False
            found[column.name] = value.strip()
        return Row(number, found) if fine else None


class _Unreadable(Exception):
    """A line is not in the encoding of the file."""


class _Lines:
    """The lines of a file, each at most `LINE_LIMIT` long, the first one to be looked at beforehand."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        # Strict decoding would stop a block too early and name the wrong row.
        self._wide = encoding == "utf-16"
        self.text = "UTF-16" if self._wide else "UTF-8"
        errors = "replace" if self._wide else "surrogateescape"
        self._text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
        self._ahead: str | None = None
        self._number = 0

    def first(self) -> str:
        try:
            self._ahead = next(self, "")
        except _Unreadable:
            _refuse(f"The heading is not {self.text} text. {_SAVE_AS}")
        if not self._ahead.strip():
            _refuse("The file is empty or has no heading. Put the names of the columns in row 1.")
        return self._ahead

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._ahead is not None:
            line, self._ahead = self._ahead, None
            return line
        self._number += 1
        line = self._text.readline(LINE_LIMIT)
        if not line:
            # The wrapper would close the caller's file when it is thrown away.
            self._text.detach()
            raise StopIteration
        if len(line) == LINE_LIMIT and line[-1] not in "\r\n":
            _refuse(f"Line {self._number} is longer than {LINE_LIMIT:,} characters. This is not a list of people.")
        if not line.isascii() and any(char in _FAULTS for char in line):
            raise _Unreadable
        return line


def snippet(value: str) -> str:
    """Cut a cell short and drop what could disturb a page or a terminal."""
    plain = "".join(char if char.isprintable() else " " for char in value[: _SNIPPET * 2]).strip()
    return plain if len(plain) <= _SNIPPET else plain[: _SNIPPET - 1] + "…"


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head.split(b"\n", 1)[0]:
        _refuse(f"This is not a CSV file in UTF-8. {_SAVE_AS}")
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        _refuse(f"This is a workbook or a document, not a CSV file. {_SAVE_AS}")
    return "utf-8-sig"


def _delimiter(heading: str, columns: Sequence[Column]) -> str:
    """Choose the delimiter by which most headings make sense; a comma where nothing tells."""

    def sense(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([heading], delimiter=delimiter), [])
        known = sum(any(_same(cell, column) for column in columns) for cell in cells)
        return known, len(cells)

    return max(_DELIMITERS, key=sense)


def _places(heading: list[str], columns: Sequence[Column]) -> tuple[dict[str, int], tuple[str, ...]]:
    places: dict[str, int] = {}
    ignored: list[str] = []
    for place, title in enumerate(heading):
        column = next((column for column in columns if _same(title, column)), None)
        if column is None:
            ignored.append(snippet(title))
        elif column.name in places:
            first = snippet(heading[places[column.name]])
            _refuse(f"The headings “{first}” and “{snippet(title)}” mean the same column. Remove one of them.")
        else:
            places[column.name] = place
    missing = [column.name for column in columns if column.required and column.name not in places]
    if missing:
        found = ", ".join(snippet(title) for title in heading[:20])
        _refuse(f"The heading lacks the column “{missing[0]}”. It has: {found}. Name the column in row 1.")
    return places, tuple(title for title in ignored if title)


def _same(title: str, column: Column) -> bool:
    return _plain(title) in {_plain(name) for name in (column.name, *column.titles)}


def _plain(title: str) -> str:
    return "".join(char for char in title.casefold() if char.isalnum())


def _fault(value: str, column: Column) -> str:
    """Say what is wrong with a cell whatever it means, or nothing."""
    if len(value) > column.longest:
        return f"This is longer than {column.longest} characters. Shorten it."
    if "\0" in value:
        return "This contains a NUL character. Type the cell anew."
    running = _FORMULA_BUT_PLUS if column.plus else _FORMULA
    if value[:1] in _LINE_STARTS or value.strip()[:1] in running:
        return "A cell must not begin with = + - @ or a tab: spreadsheets run it as a formula. Remove that character."
    return ""


def _refuse(sentence: str) -> Never:
    raise Rejected(sentence, field="file")
