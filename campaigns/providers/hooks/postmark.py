"""What Postmark tells: one event a call, behind a user and a password, without a signature.

Its types of bounce say less than the server that refused, whose words come along: a code
in those goes before what the type amounts to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from campaigns.domain.receipts import Kind, Post, Reading, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError, Forged
from campaigns.providers.hooks.base import from_base64, header, same
from campaigns.providers.hooks.values import (
    SAID_LIMIT,
    Fields,
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

_KINDS: Final = {
    "Delivery": Kind.DELIVERED,
    "Bounce": Kind.BOUNCED,
    "SpamComplaint": Kind.COMPLAINED,
    "SubscriptionChange": Kind.UNSUBSCRIBED,
}
_BOUNCES: Final = {
    "Transient": Kind.DEFERRED,
    "DnsError": Kind.DEFERRED,
    "SpamComplaint": Kind.COMPLAINED,
    "Unsubscribe": Kind.UNSUBSCRIBED,
    "Subscribe": Kind.IGNORED,
    "AutoResponder": Kind.IGNORED,
    "AddressChange": Kind.IGNORED,
    "ChallengeVerification": Kind.IGNORED,
    "OpenRelayTest": Kind.IGNORED,
    "InboundError": Kind.IGNORED,
}
"""Types of bounce that are something else (postmarkapp.com/developer/api/bounce-api)."""
_CODES: Final = {
    "HardBounce": "5.1.1",
    "BadEmailAddress": "5.1.3",
    "SoftBounce": "4.2.0",
    "Transient": "4.4.1",
    "DnsError": "4.4.3",
    "SpamNotification": "5.7.1",
    "VirusNotification": "5.7.1",
    "Blocked": "5.7.1",
    "DMARCPolicy": "5.7.1",
    "ManuallyDeactivated": "5.3.0",
    "ManualSuppression": "5.3.0",
    "Unconfirmed": "5.3.0",
    "SMTPApiError": "5.6.0",
    "TemplateRenderingFailed": "5.6.0",
}
"""What a type of bounce amounts to where no server has given a code."""
_WHY_STOPPED: Final = {"SpamComplaint": Kind.COMPLAINED, "HardBounce": Kind.IGNORED}
"""Why Postmark itself stops an address, if not by anybody's wish; of a hard bounce it has told already."""


class Postmark:
    """Reads events of one message each."""

    name: str = "postmark"

    def __init__(self, user: str, password: str) -> None:
        """Take what stands before the host in the address that Postmark calls."""
        if not user or not password:
            raise ConfigurationError("Postmark's webhook needs a user and a password")
        self._login = f"{user}:{password}"

    def read(self, post: Post, _now: datetime) -> Reading:
        """See `Hook`."""
        scheme, _, given = header(post, "authorization").partition(" ")
        if scheme.lower() != "basic" or not same(from_base64(given.strip()), self._login):
            raise Forged
        return Reading(receipts=(_receipt(as_fields(read_json(post.body))),))


def _receipt(event: Fields) -> Receipt:
    record, kind = text(event, "RecordType"), text(event, "Type")
    recipient = text(event, "Email", "Recipient")
    happened = text(event, "BouncedAt", "DeliveredAt", "ChangedAt", "ReceivedAt")
    said = text(event, "Details", "Description", limit=SAID_LIMIT)
    message_id, own_id = text(event, "MessageID"), text(event, "ID") or happened
    metadata = inner(event, "Metadata")
    return Receipt(
        provider="postmark",
        event_id=event_id(f"{record}:{message_id}:{own_id}" if message_id and own_id else "", event),
        kind=_kind(event, record, kind),
        channel=Channel.EMAIL,
        occurred_at=instant(happened),
        send_token=text(metadata, "send-id", "send_id"),
        provider_id=message_id,
        recipient=recipient,
        code=status_code("", said, _CODES.get(kind, "")),
        smtp_code=reply_code(said),
        detail=detail(said, recipient),
        facts=facts(event=record, type=kind, reason=text(event, "SuppressionReason"), origin=text(event, "Origin")),
    )


def _kind(event: Fields, record: str, kind: str) -> Kind:
    if record == "Bounce":
        return _BOUNCES.get(kind, Kind.BOUNCED)
    if record == "SubscriptionChange":
        stopped = event.get("SuppressSending") is True
        return _WHY_STOPPED.get(text(event, "SuppressionReason"), Kind.UNSUBSCRIBED) if stopped else Kind.IGNORED
    return _KINDS.get(record, Kind.IGNORED)
