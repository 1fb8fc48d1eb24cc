"""Compares what the servers received with what should have come, and with what the ledger says.

A message is known by what it carries itself: an email by its X-Send-Id, a text by the
token in its callback address. Nothing is concluded from the ledger alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from email.parser import BytesHeaderParser

from campaigns.domain.lifecycle import Status
from campaigns.rendering.identity import read_send_token
from tests.crash.service import House

EMAIL, TEXT, RECEIPT = "B6", "B5", "X3"
"""Doors open, by email; starts in 15 minutes, by text; and what somebody who withdraws is told."""
Wanted = tuple[str, str]
"""To which address or number, and which step of the campaign."""


@dataclass(frozen=True)
class Copy:
    """One message as a server received it."""

    wanted: Wanted
    name: str
    """What the server called it in its answer."""
    message_id: str = ""


@dataclass(frozen=True)
class Row:
    """What the ledger says about one delivery."""

    channel: str
    wanted: Wanted
    status: Status
    provider_id: str | None
    unknowns: int
    """Attempts of its history that ended unknown."""


@dataclass(frozen=True)
class Tally:
    """The whole run in numbers."""

    emails: int
    texts: int
    lost: int
    doubled_emails: int
    doubled_texts: int
    texts_in_doubt: int
    emails_in_doubt: int
    """In doubt for the second time, and so left to a person."""
    doubts: int
    """Hand-offs whose end nobody saw."""


def copies(house: House) -> dict[int, list[Copy]]:
    """Give everything that was received, by delivery, in the order of arrival."""
    found: dict[int, list[Copy]] = defaultdict(list)
    parser = BytesHeaderParser()
    for number, mail in enumerate(house.emails(), start=1):
        head = parser.parsebytes(mail.raw.partition(b"\r\n\r\n")[0])
        delivery_id = read_send_token(head["X-Send-Id"].strip(), house.runtime.sender)
        assert head["To"] == mail.recipient
        wanted = mail.recipient, head["Feedback-ID"].split(":")[2]
        found[delivery_id].append(Copy(wanted, f"{number:010X}", head["Message-ID"].strip()))
    for sms in house.sms():
        token = sms.fields["StatusCallback"].rpartition("/")[2]
        delivery_id = house.runtime.signer.read("c", token)[0]
        assert "Join: http" in sms.body
        found[delivery_id].append(Copy((sms.to, TEXT), sms.sid))
    return found


def ledger(house: House) -> dict[int, Row]:
    """Give every delivery there is."""
    rows = house.sql(
        "SELECT d.id, d.channel, CASE d.channel WHEN 'email' THEN n.email ELSE n.phone END, t.key, d.status,"
        " d.provider_id, (SELECT count(*) FROM attempt a WHERE a.delivery_id = d.id AND a.outcome = 'unknown')"
        " FROM delivery d JOIN step t ON t.id = d.step_id JOIN registration r ON r.id = d.registration_id"
        " JOIN registrant n ON n.id = r.registrant_id"
    )
    return {
        number: Row(channel, (to, step), Status(status), *rest) for number, channel, to, step, status, *rest in rows
    }


def prove(house: House, *, expected: AbstractSet[Wanted], tolerated: AbstractSet[Wanted] = frozenset()) -> Tally:
    """Prove that what is `expected` arrived and nothing else, and give the numbers.

    Each is due exactly once. Of `tolerated` it is left open whether they arrived.
    """
    received, rows = copies(house), ledger(house)
    _agree(received, rows)
    reached = {one.wanted for several in received.values() for one in several}
    assert reached <= expected | tolerated, f"nothing was meant for {sorted(reached - expected - tolerated)[:5]}"
    told = {row.wanted for row in rows.values() if _in_doubt(row)}
    assert not [row for row in rows.values() if row.status in (Status.FAILED, Status.BOUNCED)]
    lost = expected - reached - told
    assert not lost, f"{len(lost)} got nothing, and the ledger does not say so: {sorted(lost)[:5]}"
    doubled = {number: several for number, several in received.items() if len(several) > 1}
    for number, several in doubled.items():
        assert rows[number].channel == "email", "a text came twice"
        assert len({one.message_id for one in several}) == 1, "a double under another Message-ID"
        assert rows[number].unknowns >= len(several) - 1, "a double of which the ledger knows nothing"
    mails, texts = (
        [several for number, several in received.items() if rows[number].channel == channel]
        for channel in ("email", "sms")
    )
    tally = Tally(
        emails=sum(map(len, mails)),
        texts=sum(map(len, texts)),
        lost=len(lost),
        doubled_emails=sum(len(several) - 1 for several in mails),
        doubled_texts=sum(len(several) - 1 for several in texts),
        texts_in_doubt=sum(_in_doubt(row) for row in rows.values() if row.channel == "sms"),
        emails_in_doubt=sum(_in_doubt(row) for row in rows.values() if row.channel == "email"),
        doubts=sum(row.unknowns for row in rows.values()),
    )
    print(tally)  # noqa: T201  # the figures of the run
    return tally


def _in_doubt(row: Row) -> bool:
    return row.status is Status.UNKNOWN and row.unknowns > 0


def _agree(received: dict[int, list[Copy]], rows: dict[int, Row]) -> None:
    """Hold ledger and servers against each other, message by message."""
    for number, row in rows.items():
        came = received.get(number, [])
        assert all(one.wanted == row.wanted for one in came)
        if row.status is Status.SENT:
            assert came, f"delivery {number} is called sent and never arrived"
            assert row.provider_id == came[-1].name, f"delivery {number} goes by another name at the server"
        else:
            assert row.status in (Status.UNKNOWN, Status.SKIPPED), f"delivery {number} is still {row.status.name}"
            assert len(came) <= row.unknowns, f"delivery {number} arrived, and the ledger says {row.status.name}"
    assert received.keys() <= rows.keys()
