"""What the rows of a registrants' list mean: people, zones, and yeses with their evidence.

Reads one row at a time and touches no database. A row with a problem is left out; a
remark says what of a row was not taken although the person is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from campaigns.domain.names import clean_name
from campaigns.errors import Rejected
from campaigns.operations.addresses import parse_email, parse_phone
from campaigns.operations.sheets import Column, Problems, Row, Sheet
from campaigns.store.imports import Candidate

COLUMNS: Final = (
    Column("email", ("e-mail", "email address", "mail"), required=True),
    Column("first_name", ("first", "given name", "forename"), longest=200),
    Column("last_name", ("last", "surname", "family name"), longest=200),
    Column("name", ("full name",), longest=200),
    Column("phone", ("mobile", "mobile number", "phone number", "cell"), longest=40, plus=True),
    Column("zone", ("time zone", "tz"), longest=64),
    Column("texts", ("sms", "text reminders"), longest=10),
    Column("education", ("education emails",), longest=10),
    Column("marketing", ("offers",), longest=10),
    Column("consent_at", ("consent date", "agreed at"), longest=40),
    Column("consent_source", ("consent from", "source of consent"), longest=500),
    Column("wording", ("consent wording", "consent text"), longest=4000),
)
_EVIDENCE: Final = ("consent_at", "consent_source", "wording")
_ANSWERS: Final = {
    **dict.fromkeys(("yes", "y", "true", "1", "x", "on"), True),
    **dict.fromkeys(("no", "n", "false", "0", "off", ""), False),
}


@dataclass(slots=True)
class RowReader:
    """Turns rows into candidates, and keeps what was wrong with the others."""

    zone: ZoneInfo
    """For consent times that name no offset."""
    countries: tuple[str, ...]
    now: datetime
    problems: Problems = field(default_factory=Problems)
    remarks: Problems = field(default_factory=Problems)

    def read(self, sheet: Sheet) -> Iterator[Candidate]:
        """Give a candidate for every row without a problem.

        Raises `Rejected` if the file has no column for the name, or cannot be read to its end.
        """
        if not (sheet.has("first_name") or sheet.has("name")):
            raise Rejected("The heading lacks the column “first_name”. Name the column in row 1.", field="file")
        for row in sheet:
            before = self.problems.total
            candidate = self._candidate(row)
            if self.problems.total == before:
                yield candidate

    def _candidate(self, row: Row) -> Candidate:
        first, last = self._names(row)
        phone = self._phone(row)
        at = self._consent_at(row)
        proven = bool(at and row.cells["consent_source"] and row.cells["wording"])
        return Candidate(
            row=row.number,
            email=self._email(row),
            first_name=first,
            last_name=last,
            phone=phone,
            zone=self._zone(row),
            texts=self._yes(row, "texts", proven=proven) and self._reachable(row, phone),
            education=self._yes(row, "education", proven=proven),
            marketing=self._yes(row, "marketing", proven=proven),
            consent_at=at,
            consent_source=row.cells["consent_source"],
            wording=row.cells["wording"],
        )

    def _email(self, row: Row) -> str:
        try:
            return parse_email(row.cells["email"])
        except Rejected as error:
            self._problem(row, "email", str(error))
            return ""

    def _names(self, row: Row) -> tuple[str, str]:
        first, last, column = row.cells["first_name"], row.cells["last_name"], "first_name"
        if not first and row.cells["name"]:
            column = "name"
            first, _, rest = row.cells["name"].partition(" ")
            last = last or rest.strip()
        try:
            first = clean_name(first, field="first_name")
        except Rejected as error:
            self._problem(row, column, str(error))
        try:
            last = clean_name(last, field="last_name", required=False)
        except Rejected as error:
            self._problem(row, "last_name" if row.cells["last_name"] else "name", str(error))
        return first, last

    def _phone(self, row: Row) -> str | None:
        if not row.cells["phone"]:
            return None
        try:
            return parse_phone(row.cells["phone"], self.countries)
        except Rejected as error:
            self._problem(row, "phone", str(error))
            return None

    def _zone(self, row: Row) -> str | None:
        name = row.cells["zone"]
        if name and name not in _zones():
            self._problem(row, "zone", "This time zone is not known. Write it like America/Chicago, or leave it empty.")
        return name or None

    def _consent_at(self, row: Row) -> datetime | None:
        value = row.cells["consent_at"]
        at = read_instant(value, self.zone)
        if value and at is None:
            self._problem(row, "consent_at", "This is not a date. Write it like 2026-03-06 or 2026-03-06 18:30.")
        elif at is not None and at > self.now:
            self._problem(row, "consent_at", "This date lies in the future. Write when the person said yes.")
        return at

    def _yes(self, row: Row, column: str, *, proven: bool) -> bool:
        answer = _ANSWERS.get(row.cells[column].casefold())
        if answer is None:
            self._problem(row, column, "This is neither yes nor no. Write yes, no, or leave it empty.")
        elif answer and not proven:
            self.remarks.add(
                row.number, column, row.cells[column],
                "This yes is not recorded: it needs when, where and to which words it was given"
                f" ({', '.join(_EVIDENCE)}).",
            )  # fmt: skip
        return bool(answer) and proven

    def _reachable(self, row: Row, phone: str | None) -> bool:
        if phone is None and not row.cells["phone"]:
            self.remarks.add(row.number, "texts", row.cells["texts"], "There is no number, so no texts can be sent.")
        return phone is not None

    def _problem(self, row: Row, column: str, sentence: str) -> None:
        self.problems.add(row.number, column, row.cells[column], sentence)


def read_instant(value: str, zone: ZoneInfo) -> datetime | None:
    """Read a date or an instant in ISO 8601, or as 3/25/2026 6:00:12 PM; `zone` is for those without an offset.

    None if it is neither. The result is in UTC; a date alone means its midnight.
    """
    cleaned = " ".join(value.split())
    try:
        at = datetime.fromisoformat(cleaned)
    except ValueError:
        found = _american(cleaned)
        if found is None:
            return None
        at = found
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None


def _american(value: str) -> datetime | None:
    for form in ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y"):
        try:
            return datetime.strptime(value, form)  # noqa: DTZ007  # the caller adds the zone
        except ValueError:
            continue
    return None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
