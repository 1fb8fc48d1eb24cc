"""What comes back: receipts about deliveries, and what people write to us.

Readers in `providers/` turn a provider's own words into these values and check its
signature; what follows from one is decided in `operations/`. A `Reading` never says
more than the provider did: whether it finds its delivery is looked up later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from campaigns.domain.steps import Channel

LONGEST_DETAIL: Final = 300
"""Characters kept of what a provider says in words."""


class Kind(StrEnum):
    """What a receipt says, in one word for all providers."""

    ACCEPTED = "accepted"
    """The provider or a relay behind it took the message; not delivered yet."""
    DEFERRED = "deferred"
    """Not yet; the provider goes on trying."""
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    """It came back, or the provider gave up; `code` says why."""
    COMPLAINED = "complained"
    """The recipient called it spam."""
    UNSUBSCRIBED = "unsubscribed"
    """The recipient stopped it at the provider."""
    IGNORED = "ignored"
    """Something we do not act on: an open, a click, a complaint taken back. Kept as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One thing a provider tells us about one message."""

    provider: str
    """`twilio`, `ses`, `sendgrid`, `postmark`, `mailgun`, `webhook` (Standard Webhooks) or `mail` (DSN and ARF)."""
    event_id: str
    """Unique within the provider: the same event told twice carries the same one. At most 200 characters."""
    kind: Kind
    channel: Channel
    occurred_at: datetime | None = None
    """Aware; None if the provider does not say."""
    send_token: str = ""
    """Our X-Send-Id, from a header, a tag or the return path; not verified yet."""
    callback_token: str = ""
    """Our token in the path of a Twilio status callback; not verified yet."""
    provider_id: str = ""
    """The provider's own name for the message."""
    recipient: str = ""
    """Address or number as reported; it may be another than the one we wrote to, because mail is forwarded."""
    code: str = ""
    """Enhanced status code such as `5.1.1`, or Twilio's error number; empty if none was given."""
    smtp_code: int | None = None
    """The three digits of an SMTP reply, where the provider repeats it."""
    detail: str = ""
    """What the provider says in words, one line, at most `LONGEST_DETAIL` characters, without addresses."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Short facts worth showing to staff, such as a bounce type; never an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundText:
    """A text message that somebody sent to us."""

    provider: str
    event_id: str
    sender: str
    """E.164."""
    recipient: str
    """Our number."""
    body: str
    opt_out: str = ""
    """`STOP`, `START` or `HELP` where Twilio's Advanced Opt-Out has recognised and answered it; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMail:
    """An email that somebody sent to one of our mailboxes, and that is neither a bounce nor a complaint."""

    event_id: str
    sender: str
    """The From address, in lower case; empty if there is none that can be read."""
    recipient: str
    subject: str
    text: str
    """The plain words, with quoted mail and signature left in."""
    send_token: str = ""
    """Our X-Send-Id if the mail was sent to a return path of ours or quotes one of our headers; not verified."""
    automatic: bool = False
    """Sent by a machine (RFC 3834): it is kept and never answered."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything found in one call of a webhook, or in one mail."""

    receipts: tuple[Receipt, ...] = ()
    texts: tuple[InboundText, ...] = ()
    mails: tuple[InboundMail, ...] = ()
    confirm_url: str = ""
    """An address that has to be visited once for a subscription to begin (Amazon SNS); already checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One call of a webhook as it arrived."""

    url: str
    """Scheme and host from our own settings, path and query byte for byte as they came; no fragment."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    token: str = ""
    """What our own address carried in its path, such as a callback token."""
