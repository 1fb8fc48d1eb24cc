"""What the rows of a registrants' list mean."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from campaigns.errors import Rejected
from campaigns.operations.import_rows import COLUMNS, RowReader, read_instant
from campaigns.operations.sheets import Sheet
from campaigns.store.imports import Candidate

NOW = datetime(2026, 3, 10, 21, 51, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")


def test_a_row_with_everything_becomes_a_candidate() -> None:
    _, found = read(
        "E-Mail;First;Surname;Mobile;Time zone;SMS;Education emails;Offers;Consent date;Source of consent;Consent text\n"
        "Ana@Example.org;Ana;Díaz;+1 207 555 0142;America/Chicago;Y;x;0;2026-03-06T18:30:00+00:00;Sheet;I agree.\n"
    )
    assert found == [
        Candidate(
            2, "ana@example.org", "Ana", "Díaz", "+12075550142", "America/Chicago", True, True, False,
            datetime(2026, 3, 6, 18, 30, tzinfo=UTC), "Sheet", "I agree.",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "row", "names"),
    [
        ("name", "Ana Maria Diaz", ("Ana", "Maria Diaz")),
        ("name", "Ana", ("Ana", "")),
        ("name,last name", "Ana Diaz,Lopez", ("Ana", "Lopez")),
        ("name,first name,last name", "Ana Diaz,Annie,", ("Annie", "")),
    ],
)
def test_one_column_for_the_whole_name_will_do(head: str, row: str, names: tuple[str, str]) -> None:
    _, found = read(f"email,{head}\na@example.org,{row}\n")
    assert [(one.first_name, one.last_name) for one in found] == [names]


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("email", "sofia@", "There is nothing after the @ yet."),
        ("email", "", "The email address is missing."),
        ("first_name", "", "The first name is missing."),
        ("first_name", "<b>Ana", "The first name cannot hold the signs < or >."),
        ("first_name", "https://deal.example", "The first name holds a web address."),
        ("last_name", '"Di\naz"', "The last name has a line break in it."),
        ("last_name", "Di\u202eaz", "The last name holds a hidden mark"),
        ("phone", "555-0190", "This number is too short."),
        ("zone", "Central", "This time zone is not known."),
        ("texts", "perhaps", "This is neither yes nor no."),
        ("consent_at", "yesterday", "This is not a date."),
        ("consent_at", "2026-03-11", "This date lies in the future."),
    ],
)
def test_a_bad_cell_is_named_with_a_remedy_and_its_row_left_out(column: str, value: str, sentence: str) -> None:
    cells = {"email": "a@example.org", "first_name": "Ana", column: value}
    reader, found = read(f"{','.join(cells)}\n{','.join(cells.values())}\n")
    assert found == []
    assert [(one.row, one.column) for one in reader.problems.kept] == [(2, column)]
    assert reader.problems.kept[0].sentence.startswith(sentence)


def test_a_bad_rest_of_a_whole_name_is_named() -> None:
    reader, _ = read("email,name\na@example.org,Ana <Diaz>\n")
    assert [one.column for one in reader.problems.kept] == ["name"]


def test_all_that_is_wrong_with_a_row_is_said_at_once() -> None:
    reader, _ = read("email,name,phone,texts,zone\nsofia@,,1,maybe,Central\n")
    assert {one.column for one in reader.problems.kept} == {"email", "first_name", "phone", "texts", "zone"}
    assert len(reader.problems.rows) == 1


def test_a_list_without_names_is_refused() -> None:
    with pytest.raises(Rejected, match="lacks the column “first_name”"):
        read("email\na@example.org\n")


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-03-06", datetime(2026, 3, 6, 5, 0, tzinfo=UTC)),
        ("2026-03-06 18:30", datetime(2026, 3, 6, 23, 30, tzinfo=UTC)),
        ("2026-03-06T18:30:00Z", datetime(2026, 3, 6, 18, 30, tzinfo=UTC)),
        ("3/6/2026", datetime(2026, 3, 6, 5, 0, tzinfo=UTC)),
        ("03/06/2026  06:30:05 PM", datetime(2026, 3, 6, 23, 30, 5, tzinfo=UTC)),
        ("03/06/2026 6:30 PM", datetime(2026, 3, 6, 23, 30, tzinfo=UTC)),
        ("03/06/2026 18:30", datetime(2026, 3, 6, 23, 30, tzinfo=UTC)),
        ("25/03/2026", None),
        ("", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_instants_are_read_as_spreadsheets_write_them(value: str, instant: datetime | None) -> None:
    assert read_instant(value, ZONE) == instant


def read(listed: str) -> tuple[RowReader, list[Candidate]]:
    reader = RowReader(ZONE, ("US",), NOW)
    return reader, list(reader.read(Sheet(io.BytesIO(listed.encode()), COLUMNS, reader.problems)))
