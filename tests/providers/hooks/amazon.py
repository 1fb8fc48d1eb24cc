"""Amazon as the tests play it: a certificate of its own, and envelopes signed with it as SNS signs."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from campaigns.domain.receipts import Post
from tests.providers.hooks.posts import NOW, post

TOPIC = "arn:aws:sns:us-east-1:123456789012:ses-events"
HOST = "https://sns.us-east-1.amazonaws.com"
PEM_URL = f"{HOST}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
CONFIRM_URL = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "5e3ba51f-0000-5b4c-9d4f-000000000001",
    "TopicArn": TOPIC,
    "Message": "{}",
    "Timestamp": "2026-11-28T17:00:00.000Z",
    "SignatureVersion": "2",
    "SigningCertURL": PEM_URL,
    "UnsubscribeURL": f"{HOST}/?Action=Unsubscribe&SubscriptionArn={TOPIC}:1",
}
CONFIRMATION = NOTIFICATION | {
    "Type": "SubscriptionConfirmation",
    "Message": "You have chosen to subscribe to the topic.",
    "Token": "2336412f37",
    "SubscribeURL": CONFIRM_URL,
}
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "other": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


@cache
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def another_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(*, since=timedelta(days=-1), until=timedelta(days=1), curve=False) -> bytes:
    """A certificate valid around NOW."""
    signer = ec.generate_private_key(ec.SECP256R1()) if curve else key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(signer.public_key())
        .serial_number(1)
        .not_valid_before(NOW + since)
        .not_valid_after(NOW + until)
        .sign(signer, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


class Web:
    """What lies at which address, and what was asked for."""

    def __init__(self, pages=None):
        self.pages = {PEM_URL: certificate()} if pages is None else pages
        self.asked = []

    def __call__(self, url):
        self.asked.append(url)
        page = self.pages.get(url)
        if page is None:
            raise FileNotFoundError(url)
        if isinstance(page, Exception):
            raise page
        return page


def signed(fields, *, by=None, **changed) -> Post:
    """Give the call for an envelope; `changed` are altered after it was signed."""
    names = _SIGNED.get(fields.get("Type"), _SIGNED["other"])
    words = "".join(f"{name}\n{fields[name]}\n" for name in names if fields.get(name))
    digest = hashes.SHA1() if fields.get("SignatureVersion") == "1" else hashes.SHA256()  # noqa: S303  # version 1 is that
    signature = (by or key()).sign(words.encode("utf-8", "surrogatepass"), padding.PKCS1v15(), digest)
    whole = fields | {"Signature": base64.b64encode(signature).decode()} | changed
    return post(
        json.dumps({name: value for name, value in whole.items() if value is not None}).encode(),
        {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": str(fields.get("Type"))},
    )


def told(event, **fields) -> Post:
    """Give the call that brings an event."""
    message = event if isinstance(event, str) else json.dumps(event)
    return signed(NOTIFICATION | fields | {"Message": message})
