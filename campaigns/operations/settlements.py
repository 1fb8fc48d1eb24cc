"""What the ledger keeps of a provider's answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, assert_never

from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Accepted, Deferred, Outcome, Refused, Unknown
from campaigns.domain.retry import next_try
from campaigns.domain.steps import Channel, Step
from campaigns.store.ledger_line import Settlement
from campaigns.store.letters import Item

Looks = tuple[timedelta, ...]
LOOKS: Final[Looks] = (timedelta(seconds=45), timedelta(minutes=3), timedelta(minutes=11))
"""Waits before each look for a text in doubt at its provider: it may show up by itself, and the last is made some
fifteen minutes after the hand-off."""


def settlement(
    item: Item, step: Step, attempt: int, outcome: Outcome, now: datetime, *, first_look: timedelta = LOOKS[0]
) -> Settlement:
    """Turn what the provider answered into what the ledger keeps."""
    match outcome:
        case Accepted(provider_id):
            return Settlement(item.delivery_id, attempt, Status.SENT, now, provider_id=provider_id or None)
        case Refused(reason):
            return Settlement(item.delivery_id, attempt, Status.FAILED, now, reason, outcome="refused")
        case Unknown(detail):
            look_at = now + first_look if step.channel is Channel.SMS else None
            return Settlement(
                item.delivery_id, attempt, Status.UNKNOWN, now, detail, outcome="unknown", look_at=look_at
            )
        case Deferred():
            return _deferred(item, attempt, outcome, now)
    assert_never(outcome)


def _deferred(item: Item, attempt: int, outcome: Deferred, now: datetime) -> Settlement:
    again = next_try(item.delivery_id, attempt, now, item.expires_at, outcome.after, outcome.ruling)
    if again is None:
        told = f"given up before it became useless: {outcome.reason}"
        return Settlement(item.delivery_id, attempt, Status.FAILED, now, told, outcome="deferred")
    return Settlement(item.delivery_id, attempt, Status.PLANNED, now, outcome.reason, due_at=again, outcome="deferred")
