"""What Twilio posts to us: the status of a text we sent, and texts that people send.

Signed with the account's auth token over our address and every parameter
(twilio.com/docs/usage/security). There is no time in the signature, so an old call proves
itself again; that it changes nothing rests on `event_id`. Parameters nobody here knows are
no fault: Twilio adds some at any time.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha1, sha256
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from campaigns.domain.receipts import InboundText, Kind, Post, Reading, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError, Forged, Malformed
from campaigns.providers.hooks.base import header, same
from campaigns.providers.hooks.values import as_fields, detail, event_id, facts, read_json, twilio_code, words
from campaigns.providers.mail.words import storable

_KINDS: Final = {
    "accepted": Kind.ACCEPTED,
    "queued": Kind.ACCEPTED,
    "sending": Kind.ACCEPTED,
    "sent": Kind.ACCEPTED,
    "delivered": Kind.DELIVERED,
    "read": Kind.DELIVERED,
    "undelivered": Kind.BOUNCED,
    "failed": Kind.BOUNCED,
}
"""The statuses of twilio.com/docs/messaging that mean something here."""
_OPT_OUTS: Final = ("STOP", "START", "HELP")
_MOST_PARAMETERS: Final = 1_000
_LONGEST_VALUE: Final = 10_000
_ADDRESS: Final = re.compile(r"(https?://)([^/?#]*?)(:\d+)?([/?].*)?", re.DOTALL)


class TwilioStatus:
    """Reads status callbacks, one for each change of a text's status."""

    name: str = "twilio_status"

    def __init__(self, auth_tokens: Iterable[str]) -> None:
        """Take the account's auth token, and while it is being exchanged the other one too."""
        self._proof = _Proof(auth_tokens)

    def read(self, post: Post, _now: datetime) -> Reading:
        """See `Hook`."""
        fields = self._proof.fields_of(post)
        sid, status = _first(fields, "MessageSid", "SmsSid"), _first(fields, "MessageStatus", "SmsStatus")
        if not sid or not status:
            raise Malformed
        recipient = _first(fields, "To")
        receipt = Receipt(
            provider="twilio",
            event_id=event_id(f"{sid}:{status}", fields),
            kind=_KINDS.get(status.lower(), Kind.IGNORED),
            channel=Channel.SMS,
            callback_token=post.token,
            provider_id=sid,
            recipient=recipient,
            code=twilio_code(_first(fields, "ErrorCode")),
            detail=detail(_first(fields, "ErrorMessage"), recipient),
            facts=facts(event=status),
        )
        return Reading(receipts=(receipt,))


class TwilioInbound:
    """Reads the texts that people send to our number or messaging service."""

    name: str = "twilio_inbound"

    def __init__(self, auth_tokens: Iterable[str]) -> None:
        """Take the account's auth token, and while it is being exchanged the other one too."""
        self._proof = _Proof(auth_tokens)

    def read(self, post: Post, _now: datetime) -> Reading:
        """See `Hook`. A text without words, such as a picture alone, has an empty body."""
        fields = self._proof.fields_of(post)
        sid, sender = _first(fields, "MessageSid", "SmsMessageSid", "SmsSid"), _first(fields, "From")
        if not sid or not sender:
            raise Malformed
        opt_out = _first(fields, "OptOutType").upper()
        text = InboundText(
            provider="twilio",
            event_id=event_id(sid, fields),
            sender=sender,
            recipient=_first(fields, "To"),
            body=next(filter(None, (storable(value) for value in fields.get("Body", ()))), ""),
            opt_out=opt_out if opt_out in _OPT_OUTS else "",
        )
        return Reading(texts=(text,))


class _Proof:
    """The signature, with any of our tokens."""

    def __init__(self, auth_tokens: Iterable[str]) -> None:
        self._keys = [token.encode() for token in auth_tokens if token]
        if not self._keys:
            # With an empty key everybody could sign.
            raise ConfigurationError("Twilio's webhooks need the account's auth token")

    def fields_of(self, post: Post) -> dict[str, list[str]]:
        """Give the values of each parameter, in their order."""
        given = header(post, "x-twilio-signature")
        if "json" in post.headers.get("content-type", "").lower():
            return self._of_json(post, given)
        try:
            pairs = parse_qsl(
                post.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
            )
        except ValueError:
            raise Malformed from None
        # A name that comes twice with the same value is signed once.
        self._check(post.url, "".join(name + value for name, value in sorted(set(pairs))), given)
        fields: dict[str, list[str]] = {}
        for name, value in pairs:
            fields.setdefault(name, []).append(value)
        return fields

    def _of_json(self, post: Post, given: str) -> dict[str, list[str]]:
        """Read JSON: there the address, which is signed, carries a digest of the body."""
        self._check(post.url, "", given)
        digests = parse_qs(urlsplit(post.url).query).get("bodySHA256", [""])
        if not same(sha256(post.body).hexdigest(), digests[0].lower()):
            raise Forged
        return {name: [words(value, _LONGEST_VALUE)] for name, value in as_fields(read_json(post.body)).items()}

    def _check(self, url: str, parameters: str, given: str) -> None:
        good = [same(_signature(key, one + parameters), given) for key in self._keys for one in _spellings(url)]
        if not any(good):
            raise Forged


def _signature(key: bytes, signed: str) -> str:
    return base64.b64encode(hmac.digest(key, signed.encode("utf-8", "surrogatepass"), sha1)).decode()


def _spellings(url: str) -> Iterator[str]:
    """Give an address with and without its port: Twilio signs now the one, now the other."""
    found = _ADDRESS.fullmatch(url)
    if not found:
        yield url
        return
    scheme, host, port, rest = (part or "" for part in found.groups())
    yield f"{scheme}{host}{rest}"
    yield f"{scheme}{host}{port or (':443' if scheme == 'https://' else ':80')}{rest}"


def _first(fields: dict[str, list[str]], *names: str) -> str:
    """Give the first value that is not empty."""
    return next(filter(None, (words(value) for name in names for value in fields.get(name, ()))), "")
