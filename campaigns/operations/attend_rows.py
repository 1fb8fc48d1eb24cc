"""What the rows of an attendance list mean: who, and how long or how they were there.

Reads one row at a time and touches no database. Several rows may speak of one person:
people leave and come back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.domain.steps import Attendance
from campaigns.errors import Rejected
from campaigns.operations.addresses import parse_email
from campaigns.operations.import_rows import read_instant
from campaigns.operations.sheets import Column, Problems, Row, Sheet
from campaigns.store.attendance import Sighting

COLUMNS: Final = (
    Column("registration", ("registration id", "registrant id"), longest=20),
    Column("email", ("e-mail", "email address", "user email")),
    Column("joined", ("join time", "joined at"), longest=40),
    Column("left", ("leave time", "left at"), longest=40),
    Column("minutes", ("time in session (minutes)", "duration (minutes)", "duration"), longest=12),
    Column("status", ("attendance", "attended"), longest=20),
)
_STATUS: Final = {
    **dict.fromkeys(("attended", "yes", "present", "came"), Attendance.ATTENDED),
    **dict.fromkeys(("left early", "left_early"), Attendance.LEFT_EARLY),
    **dict.fromkeys(("missed", "no", "absent", "no show", "no-show"), Attendance.MISSED),
}
_LONGEST: Final = 24 * 60
"""Minutes one row may claim."""
_LARGEST: Final = 2**63 - 1


@dataclass(slots=True)
class AttendanceReader:
    """Turns rows into sightings, and keeps what was wrong with the others."""

    zone: ZoneInfo
    """For times that name no offset."""
    problems: Problems = field(default_factory=Problems)

    def read(self, sheet: Sheet) -> Iterator[Sighting]:
        """Give a sighting for every row without a problem; a row that names nobody is one as well.

        Raises `Rejected` if the columns cannot say who, or cannot say how, or if the file
        cannot be read to its end.
        """
        if not (sheet.has("email") or sheet.has("registration")):
            raise Rejected("The heading lacks the column “email”. Name it, or “registration”, in row 1.", field="file")
        if not (sheet.has("status") or sheet.has("minutes") or (sheet.has("joined") and sheet.has("left"))):
            raise Rejected(
                "The list does not say who came. It needs “joined” and “left”, or “minutes”, or “status”.", field="file"
            )
        for row in sheet:
            before = self.problems.total
            sighting = self._sighting(row)
            if self.problems.total == before:
                yield sighting

    def _sighting(self, row: Row) -> Sighting:
        joined, departed = self._stay(row)
        minutes = self._minutes(row)
        if joined and departed is None and minutes is not None:
            departed = joined + timedelta(minutes=minutes)
        if joined and departed is None:
            self._problem(row, "left", "It is not said when this person left. Add the time, or the minutes.")
        finding = self._status(row)
        if joined is None and minutes is None and finding is None:
            self._problem(row, "status", "Nothing says whether this person came. Add times, minutes, or a status.")
        seconds = round(minutes * 60) if minutes is not None and joined is None else None
        return Sighting(row.number, self._number(row), self._email(row), joined, departed, seconds, finding)

    def _number(self, row: Row) -> int | None:
        value = row.cells["registration"]
        if value and not (value.isascii() and value.isdecimal() and int(value) <= _LARGEST):
            self._problem(
                row, "registration", "This is not the number of a registration. Correct it, or use the email."
            )
            return None
        return int(value) if value else None

    def _email(self, row: Row) -> str | None:
        if not row.cells["email"]:
            return None
        try:
            return parse_email(row.cells["email"])
        except Rejected as error:
            self._problem(row, "email", str(error))
            return None

    def _stay(self, row: Row) -> tuple[datetime | None, datetime | None]:
        joined, departed = self._instant(row, "joined"), self._instant(row, "left")
        if joined and departed and departed <= joined:
            self._problem(row, "left", "This person left before joining. Correct one of the two times.")
        if departed and joined is None and not row.cells["joined"]:
            self._problem(row, "joined", "It is not said when this person joined. Add the time.")
        return joined, departed

    def _instant(self, row: Row, column: str) -> datetime | None:
        value = row.cells[column]
        at = read_instant(value, self.zone)
        if value and at is None:
            self._problem(row, column, "This is not a time. Write it like 2026-03-25 18:04 or 03/25/2026 06:04 PM.")
        return at

    def _minutes(self, row: Row) -> float | None:
        value = row.cells["minutes"]
        if not value:
            return None
        try:
            minutes = float(value)
        except ValueError:
            minutes = -1.0
        if not 0 <= minutes <= _LONGEST:
            self._problem(row, "minutes", "These are not minutes. Write a number such as 8 or 7.5.")
            return None
        return minutes

    def _status(self, row: Row) -> Attendance | None:
        value = row.cells["status"]
        finding = _STATUS.get(value.casefold())
        if value and finding is None:
            self._problem(row, "status", "This status is not known. Write attended, left early, or missed.")
        return finding

    def _problem(self, row: Row, column: str, sentence: str) -> None:
        self.problems.add(row.number, column, row.cells[column], sentence)
