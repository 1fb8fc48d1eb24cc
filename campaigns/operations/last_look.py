"""The last look before a hand-off, in one place that every path goes through.

In order: current revision, expiry, what timing says now, consent, suppression,
repetition, quiet hours, gaps. Each "no" is a reason on the row. The database looks
once more, for what can change within a batch, in the statement that opens the
delivery (`store/ledger_settle.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Anchor, Channel, Purpose, Step
from campaigns.domain.timing import Due, Hold, Never, Reason, due, leave_now
from campaigns.store.letters import RETOLD, Item


@dataclass(frozen=True, slots=True)
class Skip:
    """It must not leave, and why."""

    reason: Reason


GO: Final = None

Verdict = Skip | Hold | None


def look(item: Item, step: Step, hours: SendingHours, now: datetime) -> Verdict:
    """Say whether a queued delivery may leave now (`None`), not yet (`Hold`), or never (`Skip`)."""
    reason = _out_of_date(item, step, hours, now) or _unwelcome(item, step) or _repeated(item, step, now)
    if reason is not None:
        return Skip(reason)
    hold = leave_now(step, item.facts, hours, now)
    if hold is not None and hold.until >= item.expires_at:
        return Skip(Reason.QUIET_HOURS)
    return hold


def _out_of_date(item: Item, step: Step, hours: SendingHours, now: datetime) -> Reason | None:
    if item.revision not in (0, item.current_revision):
        return Reason.SUPERSEDED
    if now >= item.expires_at:
        return Reason.EXPIRED
    answer = due(step, item.facts, hours)
    if isinstance(answer, Never):
        return answer.reason
    if isinstance(answer, Due):
        # The session may have moved closer since a delivery that has no date of its own was planned.
        return Reason.EXPIRED if now >= answer.expires else None
    return Reason.OTHER_AUDIENCE  # what it was planned for was taken back: an attendance, for one


def _unwelcome(item: Item, step: Step) -> Reason | None:
    if step.channel is Channel.SMS and item.phone is None:
        return Reason.NO_NUMBER
    if (step.channel is Channel.SMS or step.purpose is not Purpose.SERVICE) and not item.permitted:
        return Reason.NO_CONSENT
    return Reason.SUPPRESSED if item.suppressed else None


def _repeated(item: Item, step: Step, now: datetime) -> Reason | None:
    if item.had_before:
        return Reason.HAD_BEFORE
    if step.anchor is Anchor.STARTS and item.told_at is not None and item.due_at - item.told_at <= RETOLD:
        return Reason.TOLD_ALREADY
    if not step.min_gap:
        return None
    if item.nearer_due_at is not None and item.nearer_due_at - item.due_at < step.min_gap:
        return Reason.NEARER_MESSAGE
    if item.last_sent_at is not None and now - item.last_sent_at < step.min_gap:
        return Reason.TOO_SOON
    return None
