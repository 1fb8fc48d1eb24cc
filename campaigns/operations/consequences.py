"""What follows from a provider's answer beyond its own delivery: for the address, and for the stream.

The rows of the outcome tables say it (`campaigns/rules/`); hand-offs and receipts both
come here. A person is suppressed for what their own address does, never for what the
provider thinks of us.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns import logs
from campaigns.domain.messages import Accepted, Deferred, Outcome, Refused, Unknown
from campaigns.domain.rulings import Act, Ruling, ToAddress, ToStream, suppress_now
from campaigns.domain.steps import Channel
from campaigns.domain.streams import FAULTS, Stream
from campaigns.store import alerts, consents, streams, strikes
from campaigns.store.engine import Connection, Engine, transaction
from campaigns.store.letters import Item

_REST: Final = timedelta(seconds=5)
"""How long a stream rests when its provider asks for less."""
_OPTED_OUT: Final = "opted_out"
_NO_NUMBERS: Final = frozenset({"bad_number", "bad_address"})
_SHORT_PAUSE: Final = timedelta(minutes=30)
_LONG_PAUSE: Final = timedelta(hours=12)
"""A mail domain that refuses for good is left alone for longer than one that wants less."""


@dataclass(slots=True)
class Streak:
    """Whether failures at the provider's door are counted that no success has ended; kept for a batch."""

    counted: bool


@dataclass(frozen=True, slots=True)
class Consequences:
    """Draws them, each in a transaction of its own."""

    engine: Engine

    def any_of(self, streak: Streak, outcome: Outcome) -> bool:
        """Say whether an outcome has any, so that the usual one costs nothing."""
        if isinstance(outcome, Accepted):
            return streak.counted
        if isinstance(outcome, Unknown):
            return True
        return outcome.ruling is not None or (isinstance(outcome, Deferred) and outcome.door)

    def follow(self, stream: Stream, streak: Streak, item: Item, outcome: Outcome, now: datetime) -> None:
        """Draw them for a hand-off."""
        at_the_door = isinstance(outcome, Unknown) or (isinstance(outcome, Deferred) and outcome.door)
        with transaction(self.engine) as db:
            if isinstance(outcome, Accepted):
                streams.count_success(db, stream.id)
            elif at_the_door:
                _count_failure(db, stream.id, outcome.detail if isinstance(outcome, Unknown) else outcome.reason, now)
            ruling = outcome.ruling if isinstance(outcome, Deferred | Refused) else None
            if ruling is not None:
                address = item.address_on(stream.name.channel)
                of_address(db, stream.name.channel, address, item.delivery_id, ruling, now, source="provider")
                of_stream(db, stream.id, address.rpartition("@")[2], ruling, now)
        if at_the_door or isinstance(outcome, Accepted):
            streak.counted = at_the_door


def of_address(
    db: Connection, channel: Channel, address: str, delivery_id: int, ruling: Ruling, now: datetime, *, source: str
) -> str:
    """Suppress an address if the ruling, or one soft failure too many, says so; give what was done in words."""
    if not address or ruling.address is ToAddress.KEEP:
        return ""
    if ruling.address in (ToAddress.SOFT, ToAddress.SECOND):
        times = strikes.add(db, channel, address, ruling.address.value, delivery_id, now)
        if not suppress_now(ruling.address, channel, times, ruling.strikes):
            return "counted against the address"
    reason = "invalid" if ruling.address is ToAddress.INCAPABLE or ruling.key in _NO_NUMBERS else "bounced"
    if ruling.key == _OPTED_OUT:
        reason = "unsubscribed"  # their own word, said where only the provider heard it: START ends it
    new = consents.suppress(db, channel, address, None, reason=reason, source=f"{source}: {ruling.key}", now=now)
    return "address suppressed" if new else "address was suppressed before"


def of_stream(db: Connection, stream_id: int, domain: str, ruling: Ruling, now: datetime) -> None:
    """Pause or slow a stream, or one mail domain of it, and raise the alert that the ruling asks for."""
    subject = f"stream:{stream_id}"
    if ruling.stream is ToStream.PAUSE:
        if streams.pause(db, stream_id, ruling.words, now):
            logs.event("stream paused", level=logs.ERROR, stream=stream_id, ruling=ruling.key)
    elif ruling.stream is ToStream.PAUSE_DOMAIN and domain:
        lasts = _SHORT_PAUSE if ruling.act is Act.RETRY else _LONG_PAUSE
        streams.pause_domain(db, stream_id, domain, ruling.words, now, lasts)
        subject = f"stream:{stream_id}/{domain}"
    elif ruling.stream is ToStream.SLOW:
        streams.rest_until(db, stream_id, now + _REST)
    if ruling.alert:
        alerts.raise_alert(db, ruling.alert, f"{subject}: {ruling.key}", ruling.words, now)


def _count_failure(db: Connection, stream_id: int, reason: str, now: datetime) -> None:
    if streams.count_failure(db, stream_id, now) == FAULTS:
        logs.event("breaker opened", level=logs.ERROR, stream=stream_id)
        words = f"The provider cannot be reached, so nothing is handed over until it answers: {reason}"
        alerts.raise_alert(db, "page", f"stream:{stream_id}: door", words, now)
