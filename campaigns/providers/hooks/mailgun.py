"""What Mailgun tells: one event a call, behind a signature that does not cover the event.

What is signed is a time and a token, so whoever has seen one call could write another event
under it. Therefore a token counts for one body only, as long as its time lets it in; the same
body again is Mailgun trying once more, and reads as the same event. Tokens are remembered by
this reader alone, in memory, and nothing but TLS keeps a call from being seen on its way.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Final

from campaigns.domain.receipts import Kind, Post, Reading, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError, Forged
from campaigns.providers.hooks.base import USUAL_AGE, check_time, same
from campaigns.providers.hooks.values import (
    SAID_LIMIT,
    Fields,
    and_also,
    as_fields,
    detail,
    event_id,
    facts,
    inner,
    instant,
    read_json,
    reply_code,
    status_code,
    text,
)

MOST_TOKENS: Final = 10_000
"""Tokens remembered at a time; more than that many calls within their time make the oldest forgotten."""

_KINDS: Final = {
    "accepted": Kind.ACCEPTED,
    "delivered": Kind.DELIVERED,
    "failed": Kind.BOUNCED,
    "rejected": Kind.BOUNCED,
    "complained": Kind.COMPLAINED,
    "unsubscribed": Kind.UNSUBSCRIBED,
}
_CODES: Final = {
    "suppress-bounce": "5.1.1",
    "suppress-unsubscribe": "5.3.0",
    "suppress-complaint": "5.3.0",
    "espblock": "5.7.1",
    "old": "4.4.7",
    "temporary": "4.0.0",
    "rejected": "5.6.0",
}
"""What a reason, a severity or an event amounts to where no server has given a code."""
_STOPPED_BEFORE: Final = {"suppress-unsubscribe": Kind.UNSUBSCRIBED, "suppress-complaint": Kind.COMPLAINED}
"""Reasons for which Mailgun sends nothing, and which tell of a stop we may not have heard of."""


class Mailgun:
    """Reads events of one message each."""

    name: str = "mailgun"

    def __init__(self, signing_key: str, *, tolerance: timedelta = USUAL_AGE) -> None:
        """Take the HTTP webhook signing key, and how far a call's time may lie from ours."""
        if not signing_key:
            raise ConfigurationError("Mailgun's webhook needs its signing key")
        self._key = signing_key.encode()
        self._tolerance = tolerance
        self._tokens = _Tokens()

    def read(self, post: Post, now: datetime) -> Reading:
        """See `Hook`."""
        call = as_fields(read_json(post.body))
        proof = inner(call, "signature")
        stamp, token = text(proof, "timestamp"), text(proof, "token")
        if not stamp or not token:
            raise Forged
        check_time(stamp, now, past=self._tolerance, future=self._tolerance)
        signed = f"{stamp}{token}".encode()
        if not same(hmac.digest(self._key, signed, sha256).hex(), text(proof, "signature")):
            raise Forged
        if not self._tokens.use(token, sha256(post.body).digest()):
            raise Forged
        return Reading(receipts=_receipts(as_fields(call.get("event-data"))))


class _Tokens:
    def __init__(self) -> None:
        self._seen: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def use(self, token: str, body: bytes) -> bool:
        """Say whether a token is new, or has come with the same body."""
        with self._lock:
            before = self._seen.setdefault(token, body)
            while len(self._seen) > MOST_TOKENS:
                self._seen.popitem(last=False)
        return before == body


def _receipts(event: Fields) -> tuple[Receipt, ...]:
    name, reason, severity = (text(event, field).lower() for field in ("event", "reason", "severity"))
    status = inner(event, "delivery-status")
    recipient = text(event, "recipient")
    said = text(status, "message", "description", limit=SAID_LIMIT) or text(inner(event, "reject"), "reason")
    temporary = name == "failed" and severity == "temporary"
    otherwise = next((_CODES[word] for word in (reason, severity if temporary else name) if word in _CODES), "")
    id_, at = text(event, "id"), text(event, "timestamp")
    receipt = Receipt(
        provider="mailgun",
        # Mailgun calls its ids unique within a day.
        event_id=event_id(f"{id_}:{at}" if id_ and at else "", event),
        kind=Kind.DEFERRED if temporary else _KINDS.get(name, Kind.IGNORED),
        channel=Channel.EMAIL,
        occurred_at=instant(event.get("timestamp")),
        send_token=text(inner(event, "user-variables"), "send_id"),
        provider_id=text(inner(inner(event, "message"), "headers"), "message-id"),
        recipient=recipient,
        code=status_code(text(status, "enhanced-code"), said, otherwise),
        smtp_code=reply_code(text(status, "code")) or reply_code(said),
        detail=detail(said, recipient),
        facts=facts(event=name, severity=severity, reason=reason),
    )
    return and_also(receipt, _STOPPED_BEFORE.get(reason) if name == "failed" else None)
