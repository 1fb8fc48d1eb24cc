"""What the servers received, and what the ledger says, side by side; nothing is judged here.

A message is known by what it carries itself: an email by its X-Send-Id, a text by the
token in its callback address.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser

from campaigns.domain.lifecycle import Status
from campaigns.rendering.identity import read_send_token
from tests.crash.service import House
from tests.servers import twilio_server

EMAIL, TEXT, RECEIPT = "B6", "B5", "X3"
"""Doors open, by email; starts in 15 minutes, by text; and what somebody who withdraws is told."""
Wanted = tuple[str, str]
"""To which address or number, and which step of the campaign."""
TOLD_BY_CALLBACK = {"delivered": Status.DELIVERED, "undelivered": Status.BOUNCED, "failed": Status.BOUNCED}
"""The last thing that Twilio says about a text, and what the ledger calls it then; one of them for each text."""


@dataclass(frozen=True)
class Copy:
    """One message as a server received it."""

    wanted: Wanted
    name: str
    """What the server called it in its answer."""
    at: datetime
    """By the clock of the run."""
    message_id: str = ""
    attempt: int = 0
    """Of a text: which attempt of the delivery it says it is."""


@dataclass(frozen=True)
class Tried:
    """One attempt of a delivery's history that did not just succeed."""

    number: int
    outcome: str
    detail: str
    opened_at: datetime | None


@dataclass(frozen=True)
class Row:
    """What the ledger says about one delivery."""

    id: int
    channel: str
    wanted: Wanted
    registration_id: int
    session_id: int
    purpose: str
    status: Status
    reason: str
    provider_id: str | None
    attempt: int
    opened_at: datetime | None
    expires_at: datetime
    tried: tuple[Tried, ...] = ()

    @property
    def unknowns(self) -> int:
        """Attempts that ended unknown."""
        return len({one.number for one in self.tried if one.outcome == "unknown"})

    @property
    def in_doubt(self) -> bool:
        return self.status is Status.UNKNOWN and self.unknowns > 0


@dataclass(frozen=True)
class Suppressed:
    """An address that must not be written to any more."""

    channel: str
    address: str
    purpose: str | None
    at: datetime
    reason: str


@dataclass(frozen=True)
class Evidence:
    """Everything that is held against each other."""

    received: dict[int, list[Copy]]
    """By delivery, in the order of arrival."""
    rows: dict[int, Row]
    suppressed: list[Suppressed]
    withdrawn: frozenset[int]
    """Registrations."""
    dissenting: frozenset[int]
    """Registrations of people who do not agree to texts any more."""
    calls: dict[tuple[str, str], set[int]]
    """By Twilio's name of a text and a status of it: what we answered to the calls that told us."""
    receipts: Counter[tuple[str, str]]
    """By the same: how many rows there are, applied and about a delivery of ours."""
    at: datetime
    """The end of the run."""

    def ends(self, name: str) -> dict[Status, set[int]]:
        """Give the ends of a text that Twilio told us of, in the ledger's words, with our answers."""
        told = [(state, self.calls.get((name, status))) for status, state in TOLD_BY_CALLBACK.items()]
        return {state: answers for state, answers in told if answers}

    def copies(self, row: Row) -> list[Copy]:
        return self.received.get(row.id, [])


def collect(house: House) -> Evidence:
    """Read everything; the run is over."""
    return Evidence(
        received=_received(house),
        rows=_rows(house),
        suppressed=[
            Suppressed(*row)
            for row in house.sql(
                "SELECT channel, address, purpose, at, reason FROM suppression WHERE lifted_at IS NULL"
            )
        ],
        withdrawn=_ids(house, "SELECT id FROM registration WHERE withdrawn_at IS NOT NULL"),
        dissenting=_ids(
            house,
            "SELECT r.id FROM registration r JOIN permission p ON p.registrant_id = r.registrant_id"
            " WHERE p.channel = 'sms' AND NOT p.granted",
        ),
        calls=_calls(house),
        receipts=Counter(
            house.sql(
                "SELECT provider_id, facts ->> 'event' FROM receipt"
                " WHERE delivery_id IS NOT NULL AND applied_at IS NOT NULL"
            )
        ),
        at=house.runtime.clock(),
    )


def _received(house: House) -> dict[int, list[Copy]]:
    found: dict[int, list[Copy]] = defaultdict(list)
    parser = BytesHeaderParser()
    for number, mail in enumerate(house.emails(), start=1):
        head = parser.parsebytes(mail.raw.partition(b"\r\n\r\n")[0])
        delivery_id = read_send_token(head["X-Send-Id"].strip(), house.runtime.sender)
        assert head["To"] == mail.recipient
        wanted = mail.recipient, head["Feedback-ID"].split(":")[2]
        at = datetime.fromisoformat(mail.virtual)
        found[delivery_id].append(Copy(wanted, f"{number:010X}", at, head["Message-ID"].strip()))
    for sms in house.sms():
        token = sms.fields["StatusCallback"].rpartition("/")[2]
        delivery_id, attempt = house.runtime.signer.read("c", token)
        assert "Join: http" in sms.body
        found[delivery_id].append(Copy((sms.to, TEXT), sms.sid, datetime.fromisoformat(sms.virtual), attempt=attempt))
    return dict(found)


def _rows(house: House) -> dict[int, Row]:
    tried: dict[int, list[Tried]] = defaultdict(list)
    for delivery_id, *rest in house.sql(
        "SELECT delivery_id, number, outcome, detail, opened_at FROM attempt ORDER BY id"
    ):
        tried[delivery_id].append(Tried(*rest))
    rows = house.sql(
        "SELECT d.id, d.channel, CASE d.channel WHEN 'email' THEN n.email ELSE n.phone END, t.key, d.registration_id,"
        " d.session_id, t.purpose, d.status, coalesce(d.reason, ''), d.provider_id, d.attempt, d.opened_at,"
        " d.expires_at FROM delivery d JOIN step t ON t.id = d.step_id JOIN registration r ON r.id = d.registration_id"
        " JOIN registrant n ON n.id = r.registrant_id"
    )
    return {
        number: Row(
            number, channel, (to, step), place, session, purpose, Status(status), *rest, tuple(tried.get(number, ()))
        )
        for number, channel, to, step, place, session, purpose, status, *rest in rows
    }


def _calls(house: House) -> dict[tuple[str, str], set[int]]:
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for report in twilio_server.read_reports(house.folder / "twilio"):
        found[report.sid, report.status].add(report.answer)
    return dict(found)


def _ids(house: House, statement: str) -> frozenset[int]:
    return frozenset(row[0] for row in house.sql(statement))
