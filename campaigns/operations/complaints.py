"""A recipient called a message spam, or stopped it at the provider."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.steps import Channel, Purpose
from campaigns.operations.revoke import Revocation, revoke
from campaigns.store import alerts, consents, kill_switches
from campaigns.store.engine import Connection
from campaigns.store.receipts import Told, complaint_share

_DAY: Final = timedelta(days=1)
_ENOUGH: Final = 1000
"""Below so many delivered in a day, a share says nothing."""
_WARN, _STOP = 0.001, 0.0025
"""Gmail asks bulk senders to stay under 0.1 % and acts at 0.3 % (support.google.com/a/answer/14229414)."""


def complained(db: Connection, told: Told, now: datetime) -> str:
    """Never write to this address again, for any purpose, and watch the share of complaints."""
    if not told.address:
        return "the person has no address any more"
    consents.suppress(db, told.channel, told.address, None, reason="complained", source="provider", now=now)
    said = Revocation(told.channel, told.address, None, means="complaint", words="", now=now)
    revoke(db, said)
    _watch(db, now)
    return "address suppressed for every purpose"


def unsubscribed(db: Connection, told: Told, now: datetime) -> str:
    """Stop what the message was for; about the class itself only if that was what it was about."""
    if not told.address:
        return "the person has no address any more"
    scope = told.purpose if told.channel is Channel.EMAIL else None
    revoke(db, Revocation(told.channel, told.address, scope, means="provider", words="", now=now))
    return "stopped for " + (scope.value if scope else "every purpose")


def _watch(db: Connection, now: datetime) -> None:
    complaints, delivered = complaint_share(db, now - _DAY)
    if delivered < _ENOUGH:
        return
    share = complaints / delivered
    if share >= _WARN:
        words = f"{complaints} of {delivered} emails of the last 24 hours were called spam ({share:.2%})"
        alerts.raise_alert(db, "review", "complaints", words, now)
    if share >= _STOP:
        for purpose in (Purpose.MARKETING, Purpose.EDUCATION):
            why = "too many recipients called our emails spam"
            kill_switches.throw(db, session_id=None, purpose=purpose, reason=why, staff_id=None, now=now)
