"""Events of any sender that signs as Standard Webhooks says (standardwebhooks.com), in a form of our own.

The body is one object:

    {"type": "message.delivered", "timestamp": "2026-11-28T17:00:00Z",
     "data": {"send_id": "…", "message_id": "…", "channel": "email", "code": "", "detail": "", "recipient": "…"}}

`type` is `message.` and one of accepted, deferred, delivered, bounced, complained or
unsubscribed; any other is kept and not acted on. `send_id` is our X-Send-Id, `channel` is
`email` (also where it is left out) or `sms`, `code` an enhanced status code or Twilio's error
number. Everything but `type` and `data` may be left out.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from campaigns.domain.receipts import Kind, Post, Reading, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError, Forged, Malformed
from campaigns.providers.hooks.base import check_time, from_base64, header
from campaigns.providers.hooks.values import (
    SAID_LIMIT,
    Fields,
    as_fields,
    detail,
    event_id,
    facts,
    instant,
    read_json,
    reply_code,
    status_code,
    text,
    twilio_code,
)

_PREFIX: Final = "message."
_KINDS: Final = {
    f"{_PREFIX}{kind.value}": kind
    for kind in (
        Kind.ACCEPTED,
        Kind.DEFERRED,
        Kind.DELIVERED,
        Kind.BOUNCED,
        Kind.COMPLAINED,
        Kind.UNSUBSCRIBED,
    )
}
_SECRET, _PUBLIC_KEY = "whsec_", "whpk_"
_MOST_SIGNATURES: Final = 10
"""A sender that changes its key signs with the old and the new one; more than a few are no rotation."""

_Verify = Callable[[bytes, bytes], bool]


class StandardWebhooks:
    """Reads signed events of our own form."""

    name: str = "webhook"

    def __init__(self, secret: str) -> None:
        """Take the sender's `whsec_…` (shared) or `whpk_…` (public, ed25519).

        Raises `ConfigurationError` for anything else.
        """
        self._version, self._verify = _verifier(secret)

    def read(self, post: Post, now: datetime) -> Reading:
        """See `Hook`. Any good signature among those given will do."""
        id_, stamp = header(post, "webhook-id"), header(post, "webhook-timestamp")
        given = header(post, "webhook-signature").split()[:_MOST_SIGNATURES]
        check_time(stamp, now)
        signed = f"{id_}.{stamp}.".encode("utf-8", "surrogatepass") + post.body
        ours = [one.removeprefix(self._version) for one in given if one.startswith(self._version)]
        if not any(self._proves(one, signed) for one in ours):
            raise Forged
        event = as_fields(read_json(post.body))
        return Reading(receipts=(_receipt(id_, event),))

    def _proves(self, signature: str, signed: bytes) -> bool:
        try:
            return self._verify(from_base64(signature), signed)
        except Forged:
            # Not even written as one; the next may be good.
            return False


def _receipt(id_: str, event: Fields) -> Receipt:
    name = text(event, "type")
    data = as_fields(event.get("data"))
    channel = _channel(text(data, "channel"))
    recipient, code = text(data, "recipient"), text(data, "code")
    said = text(data, "detail", limit=SAID_LIMIT)
    return Receipt(
        provider="webhook",
        event_id=event_id(id_, event),
        kind=_KINDS.get(name, Kind.IGNORED),
        channel=channel,
        occurred_at=instant(event.get("timestamp")),
        send_token=text(data, "send_id"),
        provider_id=text(data, "message_id"),
        recipient=recipient,
        code=twilio_code(code) if channel is Channel.SMS else status_code(code, said),
        smtp_code=reply_code(said) if channel is Channel.EMAIL else None,
        detail=detail(said, recipient),
        facts=facts(event=name),
    )


def _channel(name: str) -> Channel:
    try:
        return Channel(name or Channel.EMAIL)
    except ValueError:
        raise Malformed from None


def _verifier(secret: str) -> tuple[str, _Verify]:
    """Give the mark of the signatures that a secret can check, and what checks them."""
    prefix = next((one for one in (_SECRET, _PUBLIC_KEY) if secret.startswith(one)), "")
    try:
        key = base64.b64decode(secret.removeprefix(prefix), validate=True)
        if prefix == _PUBLIC_KEY:
            return "v1a,", _with(Ed25519PublicKey.from_public_bytes(key))
    except ValueError:
        key = b""
    if not prefix or not key:
        raise ConfigurationError("the secret of the Standard Webhooks is neither whsec_… nor whpk_…")
    return "v1,", lambda signature, signed: hmac.compare_digest(hmac.digest(key, signed, sha256), signature)


def _with(key: Ed25519PublicKey) -> _Verify:
    def verify(signature: bytes, signed: bytes) -> bool:
        try:
            key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    return verify
