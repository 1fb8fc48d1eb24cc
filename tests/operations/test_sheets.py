"""Reading a CSV file that a person saved."""

from __future__ import annotations

import io

import pytest

from campaigns.errors import Rejected
from campaigns.operations.sheets import LINE_LIMIT, Column, Problems, Row, Sheet, snippet

COLUMNS = (
    Column("email", ("e-mail", "email address"), required=True),
    Column("first_name", ("name", "given name"), longest=20),
    Column("phone", plus=True),
)


def test_a_plain_file_is_read_row_by_row() -> None:
    assert rows(b"email,first_name,phone\nana@example.org,Ana,+12075550142\n") == [
        Row(2, {"email": "ana@example.org", "first_name": "Ana", "phone": "+12075550142"})
    ]


@pytest.mark.parametrize(
    "head", [b"E-Mail,Given Name", b" EMAIL ,first-name", b"e.mail,FIRST_NAME", b'"Email Address","Name"']
)
def test_headings_are_known_whatever_their_case_and_blanks(head: bytes) -> None:
    assert rows(head + b"\na@example.org,Ana\n") == [
        Row(2, {"email": "a@example.org", "first_name": "Ana", "phone": ""})
    ]


@pytest.mark.parametrize(
    "encoded", ["email,name\na@example.org,Zoë\n".encode(name) for name in ("utf-8", "utf-8-sig", "utf-16")]
)
def test_unicode_is_read_with_and_without_a_mark(encoded: bytes) -> None:
    assert rows(encoded)[0].cells["first_name"] == "Zoë"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found_out(delimiter: str, end: str) -> None:
    lines = (delimiter.join(cells) for cells in (("name", "email"), ("Ana", "a@example.org"), ("Bo", "b@example.org")))
    assert [row.cells["email"] for row in rows((end.join(lines) + end).encode())] == ["a@example.org", "b@example.org"]


def test_a_delimiter_inside_a_quoted_heading_does_not_mislead() -> None:
    found = rows(b'"name; first, second";email\nx;a@example.org\n')
    assert [row.cells["email"] for row in found] == ["a@example.org"]


def test_quotes_hold_delimiters_line_ends_and_quotes() -> None:
    assert rows(b'email,name\na@example.org,"O\'Hara, ""Bo""\nof York"\n')[0].cells["first_name"] == (
        'O\'Hara, "Bo"\nof York'
    )


def test_the_dashes_of_a_report_are_an_empty_cell() -> None:
    assert rows(b"email,name,phone\na@example.org,Ana,--\n")[0].cells["phone"] == ""


def test_empty_rows_are_passed_over_but_counted_in_the_numbers() -> None:
    assert [row.number for row in rows(b"email\n\n,\n \na@example.org\n")] == [5]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty or has no heading."),
        (b"\n\n", "The file is empty or has no heading."),
        ("email,name\n".encode("utf-16-le"), "This is not a CSV file in UTF-8."),
        ("email\na@example.org\n".encode("utf-16") + b"\x00\xd8x\x00", "Row 3 is not UTF-16 text."),
        (b"PK\x03\x04 some workbook", "This is a workbook or a document, not a CSV file."),
        (b"na\xefve,email\n", "The heading is not UTF-8 text."),
        (b"email,name\na@example.org,Ana\nb@example.org,Zo\xeb\n", "Row 3 is not UTF-8 text."),
        (b"name,phone\nAna,1\n", "The heading lacks the column “email”. It has: name, phone."),
        (b"email,E-Mail\n", "The headings “email” and “E-Mail” mean the same column."),
        (b'email,"name\n', "The heading has a quote that is not closed."),
        (b'email,name\na@example.org,"Ana\nb@example.org,Bo\n', "Row 2 opens a quote and does not close it."),
        (b'email,name\na@example.org,"Ana\nb@example.org,"Bo"\n', "Row 2 opens a quote and does not close it."),
        (b'email,name\na@example.org,"' + b"long line\n" * 20_000, "Row 2 opens a quote and does not close it."),
        (b"email\n" + b"x" * (LINE_LIMIT + 1), "Line 2 is longer than 65,536 characters."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_remedy(data: bytes, sentence: str) -> None:
    with pytest.raises(Rejected) as refused:
        rows(data)
    assert str(refused.value).startswith(sentence)
    assert refused.value.field == "file"


@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        (b"a@example.org", "", "This row has 1 cells, the heading has 3."),
        (b"a@example.org,Ana,1,2", "", "This row has 4 cells, the heading has 3."),
        (b'a@example.org,"Ana" Bo,', "", "There is text after a closing quote."),
        (b"a@example.org,=HYPERLINK(1),", "first_name", "A cell must not begin with"),
        (b"a@example.org, +1,", "first_name", "A cell must not begin with"),
        (b"a@example.org,-1,", "first_name", "A cell must not begin with"),
        (b"a@example.org,@SUM(1),", "first_name", "A cell must not begin with"),
        (b"a@example.org,\tAna,", "first_name", "A cell must not begin with"),
        (b'a@example.org,"\rAna",', "first_name", "A cell must not begin with"),
        (b"a@example.org,Ana,=1", "phone", "A cell must not begin with"),
        (b"a@example.org,A\0na,", "first_name", "This contains a NUL character."),
        (b"a@example.org," + b"x" * 21 + b",", "first_name", "This is longer than 20 characters."),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_read(row: bytes, column: str, sentence: str) -> None:
    problems = Problems()
    found = rows(b"email,name,phone\n" + row + b"\nb@example.org,Bo,+1\n", problems)
    assert [other.number for other in found] == [3]
    assert [(one.row, one.column) for one in problems.kept] == [(2, column)]
    assert problems.kept[0].sentence.startswith(sentence)


def test_empty_cells_beyond_the_heading_do_no_harm() -> None:
    assert [row.number for row in rows(b"email,name\na@example.org,Ana,,\n")] == [2]


def test_all_problems_are_counted_and_only_the_first_are_kept() -> None:
    problems = Problems(limit=2)
    rows(b"email,name\n" + b"a@example.org,=1\n" * 5, problems)
    assert (problems.total, len(problems.kept), len(problems.rows)) == (5, 2, 5)
    assert problems.by_column == {"first_name": 5}


def test_a_sheet_says_what_it_found_in_the_heading() -> None:
    sheet = Sheet(io.BytesIO(b"\xef\xbb\xbfemail;shoe size;\nx@example.org;9;\n"), COLUMNS, Problems())
    assert (sheet.encoding, sheet.delimiter, sheet.ignored) == ("utf-8-sig", ";", ("shoe size",))
    assert (sheet.has("email"), sheet.has("phone")) == (True, False)
    assert (len(list(sheet)), sheet.rows) == (1, 1)


def test_a_long_file_is_never_held_in_memory() -> None:
    source = Counted(b"email,name\n" + b"someone@example.org,Ana\n" * 100_000)
    sheet = Sheet(source, COLUMNS, Problems())
    furthest = 0
    for seen, _ in enumerate(sheet, start=1):
        furthest = max(furthest, source.given - seen * 24)
    assert sheet.rows == 100_000
    assert 0 < furthest < 64 * 1024


@pytest.mark.parametrize(
    ("value", "shown"), [("  plain ", "plain"), ("a\x1b[2Jb\x00c", "a [2Jb c"), ("x" * 60, "x" * 47 + "…")]
)
def test_a_snippet_disturbs_neither_page_nor_terminal(value: str, shown: str) -> None:
    assert snippet(value) == shown


class Counted(io.BytesIO):
    """A file that counts how much was asked of it."""

    given = 0

    def read1(self, size: int | None = -1, /) -> bytes:
        chunk = super().read1(size)
        self.given += len(chunk)
        return chunk


def rows(data: bytes, problems: Problems | None = None) -> list[Row]:
    return list(Sheet(io.BytesIO(data), COLUMNS, problems if problems is not None else Problems()))
