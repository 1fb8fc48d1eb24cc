"""What happened to one delivery, told in order from what the ledger kept.

Every hand-off, every receipt and every decision has a line of its own, with who did it.
Receipts stand where they reached us; when it happened, says the provider, stands beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel
from campaigns.store.receipts import ReceiptRow
from campaigns.store.report_channel import TextFacts
from campaigns.store.report_deliveries import AttemptRow, DeliveryFacts
from campaigns.web.staff import words
from campaigns.web.staff.tried import told_receipt, tried

_ENDED = {
    Status.SKIPPED: ("skipped", "Not sent"),
    Status.FAILED: ("failed", "Given up"),
    Status.BOUNCED: ("bounced", "Came back"),
    Status.UNKNOWN: ("unknown", "Waits for a person's decision"),
    Status.DELIVERED: ("delivered", "Delivered, says the receipt"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What the ledger keeps of one delivery."""

    facts: DeliveryFacts
    attempts: Sequence[AttemptRow] = ()
    receipts: Sequence[ReceiptRow] = ()
    text: TextFacts = field(default_factory=lambda: TextFacts(None, 0, None))
    members: Mapping[int, str] = field(default_factory=dict)
    """Names of staff by id."""
    switches: Sequence[str] = ()
    """Why kill switches hold it back now."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history."""

    at: datetime | None
    """None where the ledger keeps no instant."""
    day: str
    hour: str
    """To the second."""
    sign: str
    bold: str
    plain: str
    by: str


def history(kept: Kept, now: datetime) -> list[Event]:
    """Tell a delivery's history, the earliest first; what the ledger dates not stands where it belongs."""
    facts = kept.facts
    zone = facts.row.zone
    dated = [*_claims(facts, zone, now), *_attempts(kept, zone, now), *_sent(facts, zone, now)]
    dated += [_receipt(one, zone, now) for one in kept.receipts]
    dated.sort(key=lambda event: event.at or facts.row.due_at)
    return [_planned(facts, now), *dated, *_ending(kept, now)]


def _planned(facts: DeliveryFacts, now: datetime) -> Event:
    row = facts.row
    until = words.when(row.expires_at, row.zone, now)
    belongs = f"Session revision {facts.revision}." if facts.revision > 0 else "Does not depend on the date."
    due = words.when(row.due_at, row.zone, now)
    return Event(None, "", "", "planned", f"Planned for {due}, no use after {until}", belongs, "planner")


def _claims(facts: DeliveryFacts, zone: str, now: datetime) -> list[Event]:
    found = []
    if facts.claimed_at is not None:
        others = (facts.batch_size or 1) - 1
        company = f" with {others:,} other{'s' if others != 1 else ''}" if others else ""
        late = words.span(facts.claimed_at - facts.row.due_at)
        bold = f"Queued in batch {facts.batch_id}{company}"
        found.append(_event(facts.claimed_at, zone, now, "queued", bold, f"{late} after due", "dispatcher"))
    if facts.opened_at is not None:
        found.append(_began(facts.opened_at, max(1, facts.attempt), facts.row.channel, zone, now))
    return found


def _began(at: datetime, number: int, channel: Channel, zone: str, now: datetime) -> Event:
    carrier = "the mail server" if channel is Channel.EMAIL else "the text provider"
    return _event(at, zone, now, "sending", f"Attempt {number}: the hand-off to {carrier} began", "", "worker")


def _attempts(kept: Kept, zone: str, now: datetime) -> Iterable[Event]:
    began = {kept.facts.opened_at, None}
    for one in kept.attempts:
        if one.opened_at is not None and one.opened_at not in began:
            began.add(one.opened_at)
            yield _began(one.opened_at, one.number, kept.facts.row.channel, zone, now)
        sign, bold, plain, by = tried(one, kept.members)
        yield _event(one.at, zone, now, sign, bold, plain, by)


def _sent(facts: DeliveryFacts, zone: str, now: datetime) -> list[Event]:
    row = facts.row
    if row.sent_at is None:
        return []
    late = words.span(max(row.sent_at - row.due_at, timedelta(0)))
    return [_event(row.sent_at, zone, now, "sent", "The provider took it", f"{late} after due", "worker")]


def _receipt(one: ReceiptRow, zone: str, now: datetime) -> Event:
    sign, bold, plain = told_receipt(one, zone)
    return _event(one.received_at, zone, now, sign, bold, plain, "receipt")


def _ending(kept: Kept, now: datetime) -> list[Event]:
    row = kept.facts.row
    if row.status in (Status.PLANNED, Status.QUEUED):
        return _waiting(kept)
    if row.status is Status.UNKNOWN and kept.text.look_at is not None:
        return [_doubt(kept.text, kept.text.look_at, row.zone, now)]
    found = _ENDED.get(row.status)
    if found is None or (row.status is Status.DELIVERED and kept.receipts):
        return []  # the receipt's own line says it
    sign, bold = found
    return [Event(None, "", "", sign, bold, words.reason(row.reason), "")]


def _waiting(kept: Kept) -> list[Event]:
    row = kept.facts.row
    found = [Event(None, "", "", "stopped", "Held back by a kill switch", one, "staff") for one in kept.switches]
    if row.reason and row.status is Status.PLANNED:
        until = words.hour(row.due_at, row.zone, seconds=True)
        found.append(Event(None, "", "", "held", f"Waits until {until}", words.reason(row.reason), ""))
    return found


def _doubt(text: TextFacts, look_at: datetime, zone: str, now: datetime) -> Event:
    times = "once" if text.looks == 1 else f"{text.looks} times"
    bold = f"Looked for at the provider {times}" if text.looks else "To be looked for at the provider"
    near = words.date(look_at, zone, now)
    at = words.hour(look_at, zone, seconds=True)
    return Event(None, "", "", "waits", bold, f"{'next' if text.looks else 'first'} look {near} {at}", "recover")


def _event(at: datetime, zone: str, now: datetime, sign: str, bold: str, plain: str, by: str) -> Event:
    return Event(at, words.date(at, zone, now), words.hour(at, zone, seconds=True), sign, bold, plain, by)
