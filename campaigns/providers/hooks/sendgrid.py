"""What SendGrid's Event Webhook tells: a list of events, signed as it stands, to the last line break.

A failed call is repeated for 24 hours, and nowhere does SendGrid say that it is signed anew
for that; so a call may be a day old. What is repeated within that day, by SendGrid or by
somebody who has listened, changes nothing: each event has an id of its own.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from campaigns.domain.receipts import Kind, Post, Reading, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError, Forged, Malformed
from campaigns.providers.hooks.base import check_time, from_base64, header
from campaigns.providers.hooks.values import (
    SAID_LIMIT,
    Fields,
    and_also,
    as_fields,
    detail,
    event_id,
    facts,
    instant,
    read_json,
    reply_code,
    status_code,
    text,
)

OLDEST: Final = timedelta(hours=25)
"""SendGrid's 24 hours and one for what stood in a queue."""

_KINDS: Final = {
    "processed": Kind.ACCEPTED,
    "deferred": Kind.DEFERRED,
    "delivered": Kind.DELIVERED,
    "bounce": Kind.BOUNCED,
    "blocked": Kind.BOUNCED,
    "dropped": Kind.BOUNCED,
    "spamreport": Kind.COMPLAINED,
    "unsubscribe": Kind.UNSUBSCRIBED,
    "group_unsubscribe": Kind.UNSUBSCRIBED,
}
_CODES: Final = {
    "blocked": "5.7.1",
    "expired": "4.4.7",
    "deferred": "4.0.0",
    "bounced address": "5.1.1",
    "invalid": "5.1.3",
    "spam content": "5.7.1",
    "dropped": "5.3.0",
}
"""What a bounce's type, the reason of a drop, or an event amounts to where no server has given a code."""
_STOPPED_BEFORE: Final = {"unsubscribed address": Kind.UNSUBSCRIBED, "spam reporting address": Kind.COMPLAINED}
"""Reasons of a drop that tell of a stop we may not have heard of."""


class SendGrid:
    """Reads signed lists of events."""

    name: str = "sendgrid"

    def __init__(self, public_key: str) -> None:
        """Take the verification key as SendGrid shows it; raises `ConfigurationError` for what is none."""
        try:
            key = load_der_public_key(base64.b64decode(public_key, validate=True))
        except ValueError:
            raise ConfigurationError("SendGrid's verification key cannot be read") from None
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            raise ConfigurationError("SendGrid's verification key is not one of the curve P-256")
        self._key = key

    def read(self, post: Post, now: datetime) -> Reading:
        """See `Hook`. Raises `Forged` for a call that is older than `OLDEST`."""
        stamp = header(post, "x-twilio-email-event-webhook-timestamp")
        signature = from_base64(header(post, "x-twilio-email-event-webhook-signature"))
        check_time(stamp, now, past=OLDEST)
        try:
            self._key.verify(signature, stamp.encode() + post.body, ECDSA(SHA256()))
        except InvalidSignature:
            raise Forged from None
        events = read_json(post.body)
        if not isinstance(events, list):
            raise Malformed
        return Reading(receipts=tuple(one for event in events for one in _receipts(as_fields(event))))


def _receipts(event: Fields) -> tuple[Receipt, ...]:
    name, kind = text(event, "event").lower(), text(event, "type").lower()
    recipient = text(event, "email")
    said = text(event, "response", "reason", limit=SAID_LIMIT)
    reason = text(event, "reason").lower().partition(" (")[0]
    words_for_it = {"bounce": (kind,), "dropped": (reason, name)}.get(name, (name,))
    otherwise = next((_CODES[word] for word in words_for_it if word in _CODES), "")
    receipt = Receipt(
        provider="sendgrid",
        event_id=event_id(text(event, "sg_event_id"), event),
        kind=_KINDS.get(name, Kind.IGNORED),
        channel=Channel.EMAIL,
        occurred_at=instant(event.get("timestamp")),
        send_token=text(event, "send_id"),
        provider_id=text(event, "sg_message_id"),
        recipient=recipient,
        code=status_code(text(event, "status"), said, otherwise),
        smtp_code=reply_code(said),
        detail=detail(said, recipient),
        facts=facts(event=name, type=kind, classification=text(event, "bounce_classification")),
    )
    return and_also(receipt, _STOPPED_BEFORE.get(reason) if name == "dropped" else None)
