"""What happened to one delivery, told in order from what the ledger kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel
from campaigns.store.report_deliveries import AttemptRow, DeliveryFacts
from campaigns.web.staff import words

_TRIED = {
    "unknown": ("unknown", "Nobody can say whether attempt {n} left"),
    "deferred": ("waits", "Attempt {n} was put off"),
    "refused": ("failed", "Attempt {n} was refused for good"),
    "resolved": ("person", "A person decided"),
}
_ENDED = {
    Status.SKIPPED: ("skipped", "Not sent"),
    Status.FAILED: ("failed", "Given up"),
    Status.BOUNCED: ("bounced", "Came back"),
    Status.UNKNOWN: ("unknown", "Waits for a person's decision"),
    Status.DELIVERED: ("delivered", "Delivered, says the receipt"),
}


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


def history(facts: DeliveryFacts, attempts: list[AttemptRow], now: datetime) -> list[Event]:
    """Tell a delivery's history, the earliest first; what the ledger dates not stands where it belongs."""
    zone = facts.row.zone
    dated = [*_claims(facts, zone, now), *_attempts(attempts, zone, now), *_sent(facts, zone, now)]
    dated.sort(key=lambda event: event.at or facts.row.due_at)
    return [_planned(facts, now), *dated, *_ending(facts)]


def _planned(facts: DeliveryFacts, now: datetime) -> Event:
    row = facts.row
    until = words.when(row.expires_at, row.zone, now)
    belongs = f"Session revision {facts.revision}." if facts.revision else "Does not depend on the date."
    due = words.when(row.due_at, row.zone, now)
    return Event(None, "", "", "planned", f"Planned for {due}, no use after {until}", belongs, "planner")


def _claims(facts: DeliveryFacts, zone: str, now: datetime) -> list[Event]:
    if facts.claimed_at is None:
        return []
    others = (facts.batch_size or 1) - 1
    company = f" with {others:,} other{'s' if others != 1 else ''}" if others else ""
    late = words.span(facts.claimed_at - facts.row.due_at)
    bold = f"Queued in batch {facts.batch_id}{company}"
    claim = _event(facts.claimed_at, zone, now, "queued", bold, f"{late} after due", "dispatcher")
    if facts.opened_at is None:
        return [claim]
    carrier = "the mail server" if facts.row.channel is Channel.EMAIL else "the text provider"
    number = max(1, facts.attempt)
    bold = f"Attempt {number}: the hand-off to {carrier} began"
    return [claim, _event(facts.opened_at, zone, now, "sending", bold, "", "worker")]


def _attempts(attempts: list[AttemptRow], zone: str, now: datetime) -> list[Event]:
    events = []
    for one in attempts:
        sign, bold = _TRIED[one.outcome]
        by = "staff" if one.outcome == "resolved" else "recover" if one.outcome == "unknown" else "worker"
        events.append(_event(one.at, zone, now, sign, bold.format(n=one.number), one.detail, by))
    return events


def _sent(facts: DeliveryFacts, zone: str, now: datetime) -> list[Event]:
    row = facts.row
    if row.sent_at is None:
        return []
    late = words.span(max(row.sent_at - row.due_at, timedelta(0)))
    return [_event(row.sent_at, zone, now, "sent", "The provider took it", f"{late} after due", "worker")]


def _ending(facts: DeliveryFacts) -> list[Event]:
    found = _ENDED.get(facts.row.status)
    if found is None:
        return []
    sign, bold = found
    return [Event(None, "", "", sign, bold, words.reason(facts.row.reason), "")]


def _event(at: datetime, zone: str, now: datetime, sign: str, bold: str, plain: str, by: str) -> Event:
    return Event(at, words.date(at, zone, now), words.hour(at, zone, seconds=True), sign, bold, plain, by)
