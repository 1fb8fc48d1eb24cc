"""What the rows of an attendance list mean."""

from __future__ import annotations

import io
from zoneinfo import ZoneInfo

import pytest

from campaigns.errors import Rejected
from campaigns.operations.attend_rows import COLUMNS, AttendanceReader
from campaigns.operations.sheets import Sheet
from campaigns.store.attendance import Sighting

HEAD = "registration,email,joined,left,minutes,status"


@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        (",sofia@,,,5,", "email", "There is nothing after the @ yet."),
        ("12a,,,,5,", "registration", "This is not the number of a registration."),
        (f"{10**19},,,,5,", "registration", "This is not the number of a registration."),
        (",a@example.org,,,,", "status", "Nothing says whether this person came."),
        (",a@example.org,,,,maybe", "status", "This status is not known."),
        (",a@example.org,,,ten,", "minutes", "These are not minutes."),
        (",a@example.org,,,nan,", "minutes", "These are not minutes."),
        (",a@example.org,,,1441,", "minutes", "These are not minutes."),
        (",a@example.org,six,,5,", "joined", "This is not a time."),
        (",a@example.org,2026-03-25 18:00,,,", "left", "It is not said when this person left."),
        (",a@example.org,2026-03-25 18:00,2026-03-25 17:59,,", "left", "This person left before joining."),
        (",a@example.org,,2026-03-25 17:59,5,", "joined", "It is not said when this person joined."),
    ],
)
def test_a_bad_cell_is_named_with_a_remedy_and_its_row_left_out(row: str, column: str, sentence: str) -> None:
    reader, found = read(f"{HEAD}\n{row}\n")
    assert found == []
    assert (reader.problems.kept[0].row, reader.problems.kept[0].column) == (2, column)
    assert reader.problems.kept[0].sentence.startswith(sentence)


def test_a_row_that_names_nobody_is_read_all_the_same() -> None:
    reader, found = read(f"{HEAD}\n,,,,5,\n")
    assert found == [Sighting(2, None, None, None, None, 300, None)]
    assert reader.problems.total == 0


@pytest.mark.parametrize(
    ("head", "sentence"),
    [("name,status", "lacks the column “email”"), ("email,joined", "does not say who came"), ("email", "does not say")],
)
def test_a_list_must_say_who_came_and_how_long(head: str, sentence: str) -> None:
    with pytest.raises(Rejected, match=sentence):
        read(f"{head}\n")


def read(listed: str) -> tuple[AttendanceReader, list[Sighting]]:
    reader = AttendanceReader(ZoneInfo("America/New_York"))
    return reader, list(reader.read(Sheet(io.BytesIO(listed.encode()), COLUMNS, reader.problems)))
