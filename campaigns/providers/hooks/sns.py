"""The envelope of Amazon SNS: whether a call comes from a topic of ours, and what lies in it.

Amazon signs for every topic of every customer, so a good signature alone proves little: the
topic must be one that settings name before anything else is looked at, and both addresses
that an envelope carries must lie with SNS itself, in the region of that topic. Nothing is
visited here but the address of the certificate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from threading import Lock
from typing import Final
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from campaigns.domain.receipts import Post
from campaigns.errors import ConfigurationError, Forged, Malformed
from campaigns.providers.hooks.base import NotProvenYet, from_base64
from campaigns.providers.hooks.values import Fields, as_fields, read_json

Fetch = Callable[[str], bytes]
"""Gives what lies at an address; raises `OSError` if it cannot. It should follow no redirect and read no more than
a certificate can be long."""

_HOST: Final = re.compile(r"sns\.([a-z]{2,}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?")
"""The shape of a region keeps out `sns.s3-us-west-2.amazonaws.com`, which is anybody's who owns a bucket `sns`."""
_CERTIFICATE: Final = re.compile(r"/[A-Za-z0-9_-]{1,200}\.pem")
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
_LONGEST_ADDRESS: Final = 2_000
_HASHES: Final = {"1": SHA1, "2": SHA256}
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""What each type of envelope signs, in this order."""
_MOST_CERTIFICATES: Final = 16


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope that has proved where it comes from."""

    type: str
    message_id: str
    message: str
    confirm_url: str = ""
    """Where the subscription is confirmed; already checked."""


class Sns:
    """Opens envelopes of the topics that are ours."""

    def __init__(self, topics: Collection[str], fetch: Fetch) -> None:
        """Take the ARNs of our topics, and what fetches a certificate. Raises `ConfigurationError` for a bad ARN."""
        self._regions = {topic: _region_of(topic) for topic in topics}
        self._certificates = _Certificates(fetch)

    def open(self, post: Post, now: datetime) -> Envelope:
        """Open an envelope; raises `Forged`, `NotProvenYet` or `Malformed`."""
        fields = as_fields(read_json(post.body))
        topic = fields.get("TopicArn")
        region = self._regions.get(topic) if isinstance(topic, str) else None
        if region is None:
            raise Forged
        kind = _exact(fields, "Type")
        if kind not in _SIGNED:
            raise Malformed
        self._prove(fields, kind, region, now)
        envelope = Envelope(kind, _exact(fields, "MessageId"), _exact(fields, "Message"))
        if kind != "SubscriptionConfirmation":
            return envelope
        return Envelope(kind, envelope.message_id, envelope.message, _confirm_url(fields, region))

    def _prove(self, fields: Fields, kind: str, region: str, now: datetime) -> None:
        signed = "".join(
            f"{name}\n{_exact(fields, name)}\n" for name in _SIGNED[kind] if name != "Subject" or fields.get(name)
        )
        digest = _HASHES.get(_exact(fields, "SignatureVersion"))
        signature = from_base64(_exact(fields, "Signature"))
        url = _exact(fields, "SigningCertURL")
        if digest is None or not _lies_with_sns(url, region) or not _CERTIFICATE.fullmatch(urlsplit(url).path):
            raise Forged
        key = self._certificates.key_at(url, now)
        try:
            key.verify(signature, signed.encode("utf-8", "surrogatepass"), PKCS1v15(), digest())
        except InvalidSignature:
            raise Forged from None


@dataclass(frozen=True, slots=True)
class _Certificate:
    key: RSAPublicKey
    since: datetime
    until: datetime


class _Certificates:
    """Certificates are fetched once and kept in memory; the oldest gives way when there are too many."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._known: dict[str, _Certificate] = {}
        self._lock = Lock()

    def key_at(self, url: str, now: datetime) -> RSAPublicKey:
        """Give the key of a certificate that is valid now."""
        certificate = self._known.get(url) or self._fetched(url)
        if not certificate.since <= now <= certificate.until:
            raise Forged
        return certificate.key

    def _fetched(self, url: str) -> _Certificate:
        try:
            pem = self._fetch(url)
        except (OSError, HTTPException):
            raise NotProvenYet from None
        certificate = _read(pem)
        with self._lock:
            self._known[url] = certificate
            while len(self._known) > _MOST_CERTIFICATES:
                del self._known[next(iter(self._known))]
        return certificate


def _read(pem: bytes) -> _Certificate:
    try:
        read = x509.load_pem_x509_certificate(pem)
        key = read.public_key()
        valid = read.not_valid_before_utc, read.not_valid_after_utc
    except (ValueError, UnsupportedAlgorithm):
        raise Forged from None
    if not isinstance(key, RSAPublicKey):
        raise Forged
    return _Certificate(key, *valid)


def _region_of(topic: str) -> str:
    found = _TOPIC.fullmatch(topic)
    if not found:
        raise ConfigurationError(f"{topic!r} is not the ARN of an SNS topic")
    return found.group(1)


def _exact(fields: Fields, name: str) -> str:
    """Give words exactly as they were signed."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise Malformed
    return value


def _confirm_url(fields: Fields, region: str) -> str:
    """Give the address that confirms the subscription of this very topic; raises `Forged` for any other."""
    url = _exact(fields, "SubscribeURL")
    if not _lies_with_sns(url, region):
        raise Forged
    asked = parse_qs(urlsplit(url).query)
    if asked.get("Action") != ["ConfirmSubscription"] or asked.get("TopicArn") != [fields["TopicArn"]]:
        raise Forged
    return url


def _lies_with_sns(url: str, region: str) -> bool:
    """Say whether an address is one of SNS in this region, over TLS and on the usual port."""
    # `urlsplit` drops line breaks and tabs, so what it is given must not have any.
    if len(url) > _LONGEST_ADDRESS or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = _HOST.fullmatch(parts.netloc)
    return parts.scheme == "https" and host is not None and host.group(1) == region
