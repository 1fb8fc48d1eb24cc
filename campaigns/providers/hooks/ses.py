"""What Amazon SES tells through SNS about emails: bounces, complaints, deliveries.

Reads both spellings, event publishing (`eventType`) and feedback notifications
(`notificationType`). A bounce that SES calls transient is its last word on that message, so
it counts as come back, with the 4.x code that says it was no fault of the address; what SES
still goes on trying comes as a delay. A message that SES has not even sent, because of its
content or its template, has come back for our own fault.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from campaigns.domain.receipts import Kind, Post, Reading, Receipt
from campaigns.domain.steps import Channel
from campaigns.providers.hooks.sns import Envelope, Fetch, Sns
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
    listed,
    read_json,
    reply_code,
    status_code,
    text,
    words,
)
from campaigns.providers.mail.tokens import of_return_path

_KINDS: Final = {
    "send": Kind.ACCEPTED,
    "delivery": Kind.DELIVERED,
    "deliverydelay": Kind.DEFERRED,
    "bounce": Kind.BOUNCED,
    "complaint": Kind.COMPLAINED,
    "reject": Kind.BOUNCED,
    "renderingfailure": Kind.BOUNCED,
}
"""Opens, clicks and choices on a subscription page of SES mean nothing here."""
_SECTIONS: Final = {
    "delivery": ("delivery", "recipients"),
    "deliverydelay": ("deliveryDelay", "delayedRecipients"),
    "bounce": ("bounce", "bouncedRecipients"),
    "complaint": ("complaint", "complainedRecipients"),
    "reject": ("reject", ""),
    "renderingfailure": ("failure", ""),
}
"""Where an event keeps what it says, and its recipients in there."""
_CODES: Final = {
    "noemail": "5.1.1",
    "suppressed": "5.1.1",
    "onaccountsuppressionlist": "5.1.1",
    "unsubscribedrecipient": "5.3.0",
    "mailboxfull": "4.2.2",
    "messagetoolarge": "5.3.4",
    "transient": "4.0.0",
    "deliverydelay": "4.0.0",
    "reject": "5.6.0",
    "renderingfailure": "5.6.0",
}
"""What a bounce's subtype, its type, or an event amounts to where no server has given a code."""
_TAKEN_BACK: Final = "not-spam"
_STOPPED: Final = "unsubscribedrecipient"


class Ses:
    """Reads events of our SNS topics, and lets a subscription of ours begin."""

    name: str = "ses"

    def __init__(self, topics: Collection[str], fetch: Fetch) -> None:
        """Take the ARNs of our topics, and what fetches Amazon's certificates.

        Raises `ConfigurationError` for what is no ARN.
        """
        self._sns = Sns(topics, fetch)

    def read(self, post: Post, now: datetime) -> Reading:
        """See `Hook`. Raises `NotProvenYet` if Amazon's certificate cannot be fetched."""
        envelope = self._sns.open(post, now)
        if envelope.type != "Notification":
            return Reading(confirm_url=envelope.confirm_url)
        if not envelope.message.lstrip().startswith("{"):
            # SES greets a new topic in plain words.
            return Reading()
        event = as_fields(read_json(envelope.message))
        return Reading(receipts=_receipts(envelope, event))


def _receipts(envelope: Envelope, event: Fields) -> tuple[Receipt, ...]:
    """Give a receipt for each recipient."""
    name = text(event, "eventType", "notificationType")
    section, group = _SECTIONS.get(_plain(name), ("", ""))
    about, mail = inner(event, section), inner(event, "mail")
    # A bounce that comes through two topics is known as one by its feedback id alone.
    origin = text(about, "feedbackId") or envelope.message_id
    common = Receipt(
        provider="ses",
        event_id=origin,
        kind=_kind(_plain(name), about),
        channel=Channel.EMAIL,
        occurred_at=instant(about.get("timestamp")) or instant(mail.get("timestamp")),
        send_token=_send_token(mail),
        provider_id=text(mail, "messageId"),
        facts=facts(
            event=name,
            type=text(about, "bounceType", "delayType"),
            subtype=text(about, "bounceSubType", "complaintSubType"),
            feedback=text(about, "complaintFeedbackType"),
            reporter=text(about, "reportingMTA").rpartition(";")[2],
        ),
    )
    recipients = listed(about, group) or listed(mail, "destination") or [""]
    return tuple(
        receipt
        for place, recipient in enumerate(recipients)
        for receipt in _about_one(
            replace(common, event_id=event_id(f"{origin}:{place}", event)), _plain(name), about, recipient
        )
    )


def _about_one(common: Receipt, name: str, about: Fields, recipient: object) -> tuple[Receipt, ...]:
    """Add what an event says about one recipient, who is an object or an address alone."""
    fields = as_fields(recipient) if isinstance(recipient, dict) else {"emailAddress": recipient}
    address = text(fields, "emailAddress")
    said = text(fields, "diagnosticCode", limit=SAID_LIMIT) or text(
        about, "smtpResponse", "reason", "errorMessage", limit=SAID_LIMIT
    )
    words_for_it = (_plain(text(about, "bounceSubType")), _plain(text(about, "bounceType")), name)
    otherwise = next((_CODES[word] for word in words_for_it if word in _CODES), "")
    receipt = replace(
        common,
        recipient=address,
        code=status_code(text(fields, "status"), said, otherwise),
        smtp_code=reply_code(said),
        detail=detail(said, address),
    )
    return and_also(receipt, Kind.UNSUBSCRIBED if _STOPPED in words_for_it else None)


def _kind(name: str, about: Fields) -> Kind:
    if name == "complaint" and text(about, "complaintFeedbackType").lower() == _TAKEN_BACK:
        return Kind.IGNORED
    return _KINDS.get(name, Kind.IGNORED)


def _send_token(mail: Fields) -> str:
    """Find our name for the message: in its head, in the tag that our own header set, or in the return path."""
    head = (as_fields(one) for one in listed(mail, "headers") if isinstance(one, dict))
    named = (text(one, "value") for one in head if text(one, "name").lower() == "x-send-id")
    tags = (words(tag) for tag in listed(inner(mail, "tags"), "send_id"))
    return next(filter(None, named), "") or next(filter(None, tags), "") or of_return_path((text(mail, "source"),))


def _plain(name: str) -> str:
    """Put a name into one spelling: `Rendering Failure` is also written as one word."""
    return name.replace(" ", "").lower()
