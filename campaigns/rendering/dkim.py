"""DKIM signatures (RFC 6376; RFC 8463 for ed25519): the header that goes in front of a finished message.

Enter with `open_signer`, once per process. The message itself is never changed, and nothing
is looked up: whether the public key stands in the DNS is for `campaigns doctor` to say.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from campaigns.errors import ConfigurationError

SIGNED: Final = (
    "from", "from", "to", "subject", "subject", "date", "message-id", "reply-to", "mime-version", "content-type",
    "content-transfer-encoding", "list-id", "list-unsubscribe", "list-unsubscribe-post", "feedback-id",
    "auto-submitted",
)  # fmt: skip
"""One-click unsubscribing is void unless both its fields are signed (RFC 8058 §4), which usual default lists forget.

A name that stands here twice is signed once more than it occurs, so that nobody can add another one on the way.
"""
_SHORTEST_RSA: Final = 1024
"""Bits; receivers must ignore signatures of shorter keys (RFC 8301 §3.2)."""
_LINE: Final = 76
_ROW: Final = 72
"""Letters of base64 in one line."""
_DOMAIN: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_SELECTOR: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*", re.IGNORECASE)
_FOLD: Final = re.compile(rb"\r\n(?=[ \t])")


class DkimSigner:
    """Signs for one domain with one key; many threads may share it.

    Written on `cryptography` alone, because dkimpy, which judges it in the tests, takes some
    twelve milliseconds for a message: more than everything else that happens to it.
    """

    def __init__(self, domain: str, selector: str, private_key_pem: bytes, headers: tuple[str, ...] = SIGNED) -> None:
        """Take the signing domain, the selector of its key, the key and the names of the fields to sign.

        Raises `ConfigurationError` naming the setting at fault and what to do about it.
        """
        self.domain = _checked_domain(domain)
        if not _SELECTOR.fullmatch(selector):
            raise ConfigurationError(f"CAMPAIGNS_DKIM_SELECTOR: {selector!r} is not a name such as s2026")
        self.selector = selector
        self._names = Counter(name.lower().encode("ascii") for name in headers)
        if b"from" not in self._names:
            raise ValueError("RFC 6376 §5.4 wants From signed")
        self.kind, self.public_key, self._seal = _opened(private_key_pem)
        self._opening = (
            f" v=1; a={self.kind}-sha256; c=relaxed/relaxed;\r\n d={self.domain};\r\n s={selector}; t="
        ).encode("ascii")

    @property
    def name(self) -> str:
        """Where receivers look for the public key."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record that belongs there."""
        return f"v=DKIM1; k={self.kind}; p={b64encode(self.public_key).decode('ascii')}"

    def sign(self, raw: bytes, at: int) -> bytes:
        """Give the DKIM-Signature field for a message with CRLF line ends, itself ending in CRLF.

        `at` is the moment of signing in seconds since 1970. Raises `ValueError` for a message
        without a From field.
        """
        head, _, body = raw.partition(b"\r\n\r\n")
        listed, lines = self._chosen(head)
        body_hash = b64encode(sha256(_relaxed_body(body)).digest())
        value = b"%b%d;\r\n h=%b;\r\n bh=%b;\r\n b=" % (self._opening, at, _in_lines(listed), body_hash)
        # The field is part of what it signs, with an empty b= and without the line end (RFC 6376 §3.7).
        seal = b64encode(self._seal(b"".join([*lines, b"dkim-signature:", _relaxed(value)])))
        rows = [seal[start : start + _ROW] for start in range(0, len(seal), _ROW)]
        return b"DKIM-Signature:%b%b\r\n" % (value, b"\r\n ".join(rows))

    def _chosen(self, head: bytes) -> tuple[list[bytes], list[bytes]]:
        """Give the names for h= and the canonical fields that belong to them, in the same order."""
        found: dict[bytes, list[bytes]] = {}
        for line in _FOLD.sub(b"", head).split(b"\r\n"):
            name, _, value = line.partition(b":")
            found.setdefault(name.rstrip(b" \t").lower(), []).append(value)
        if b"from" not in found:
            raise ValueError("a message without From cannot be signed")
        listed, lines = [], []
        for name, wanted in self._names.items():
            values = found.get(name, [])
            listed += [name] * (len(values) + (wanted > 1))
            # Fields of one name are taken from the bottom up (RFC 6376 §5.4.2).
            lines += [b"%b:%b\r\n" % (name, _relaxed(value)) for value in reversed(values)]
        return listed, lines


def open_signer(domain: str, selector: str, key_file: Path) -> DkimSigner:
    """Read the private key and make a signer of it; raises `ConfigurationError` as `DkimSigner` does."""
    try:
        pem = key_file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"CAMPAIGNS_DKIM_KEY_FILE: {key_file} cannot be read ({error.strerror}): "
            "name a file that the user of this service may read"
        ) from None
    return DkimSigner(domain, selector, pem)


def public_bytes(key: RSAPublicKey | Ed25519PublicKey) -> bytes:
    """Give a public key as p= of its record carries it, before base64."""
    if isinstance(key, RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _checked_domain(domain: str) -> str:
    try:
        written = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        written = ""
    if not _DOMAIN.fullmatch(written):
        raise ConfigurationError(f"CAMPAIGNS_DKIM_DOMAIN: {domain!r} is not a domain such as clinic.org")
    return written


def _opened(pem: bytes) -> tuple[str, bytes, Callable[[bytes], bytes]]:
    """Give the kind of key, its public half, and what signs with it."""
    remedy = "make one with `openssl genrsa -out dkim.pem 2048`, and publish its public half"
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise ConfigurationError(
            "CAMPAIGNS_DKIM_KEY_FILE: the key has a passphrase, which nobody is there to type: "
            "store it without one, for this service's eyes only"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(f"CAMPAIGNS_DKIM_KEY_FILE: holds no private key in PEM: {remedy}") from None
    if isinstance(key, Ed25519PrivateKey):
        edwards = key
        return "ed25519", public_bytes(key.public_key()), lambda data: edwards.sign(sha256(data).digest())
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(f"CAMPAIGNS_DKIM_KEY_FILE: neither RSA nor ed25519, and DKIM knows no other: {remedy}")
    if key.key_size < _SHORTEST_RSA:
        raise ConfigurationError(f"CAMPAIGNS_DKIM_KEY_FILE: {key.key_size} bits are too few for receivers: {remedy}")
    rsa, padding, digest = key, PKCS1v15(), SHA256()
    return "rsa", public_bytes(key.public_key()), lambda data: rsa.sign(data, padding, digest)


def _relaxed(value: bytes) -> bytes:
    return _single_spaced(_FOLD.sub(b"", value)).strip(b" ")


def _single_spaced(text: bytes) -> bytes:
    # Several times as fast as a regular expression, which stops at every space of a body.
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _relaxed_body(body: bytes) -> bytes:
    # A last line without an end gets one, as SMTP will give it one.
    body = (_single_spaced(body) + b"\r\n").replace(b" \r\n", b"\r\n")
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n" if end else b""


def _in_lines(names: list[bytes]) -> bytes:
    lines, line = [], b""
    for name in names:
        if line and len(line) + len(name) + 4 > _LINE:
            lines.append(line + b":")
            line = name
        else:
            line = line + b":" + name if line else name
    return b"\r\n ".join([*lines, line])
