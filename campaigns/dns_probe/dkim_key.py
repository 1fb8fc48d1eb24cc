"""The public half of a DKIM key (RFC 6376 §3.6.1): published, long enough, and of the key that signs."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from campaigns.dns_probe.questions import Questions, Seen, tags
from campaigns.rendering.dkim import DkimSigner, public_bytes

_LEAST: Final = 1024
_ENOUGH: Final = 2048


@dataclass(frozen=True, slots=True)
class _Key:
    kind: str
    public: bytes
    bits: int


def examine_dkim(ask: Questions, name: str, signer: DkimSigner | None) -> Iterator[Seen]:
    """Look at the key record at `name`; raises `NoAnswer`. Without a signer of ours, the relay signs."""
    remedy = f'publish the TXT record "{signer.record}" there' if signer else "publish what your relay gives you for it"
    records = ask.texts(name)
    if len(records) != 1:
        count = f"{len(records)} TXT records instead of one" if records else "no TXT record"
        yield Seen("!!", "dkim", f"{name} has {count}: {remedy}")
        return
    found = tags(records[0])
    if found.get("p") == "":
        yield Seen("!!", "dkim", f"the key at {name} has been revoked: {remedy}")
        return
    key = _read(found)
    if key is None:
        yield Seen("!!", "dkim", f"{name} holds no key that receivers can read: {remedy}")
    elif signer and (key.kind, key.public) != (signer.kind, signer.public_key):
        yield Seen("!!", "dkim", f"the key at {name} is not that of CAMPAIGNS_DKIM_KEY_FILE: {remedy}")
    else:
        yield _judged(name, key, testing="y" in found.get("t", "").split(":"))


def _judged(name: str, key: _Key, *, testing: bool) -> Seen:
    if key.kind == "rsa" and key.bits < _LEAST:
        return Seen("!!", "dkim", f"the key at {name} has {key.bits} bits, which receivers ignore: use {_ENOUGH}")
    if key.kind == "rsa" and key.bits < _ENOUGH:
        return Seen("?", "dkim", f"the key at {name} has only {key.bits} bits: replace it by one of {_ENOUGH}")
    if testing:
        return Seen("?", "dkim", f"the key at {name} is marked as a test, which receivers may ignore: remove its t=y")
    size = f"{key.bits} bits" if key.kind == "rsa" else "ed25519"
    return Seen("ok", "dkim", f"the key at {name} ({size}) is in order")


def _read(found: dict[str, str]) -> _Key | None:
    """Give the key of a record, or nothing when a receiver could make nothing of it."""
    kind = found.get("k", "rsa").lower()
    if found.get("v", "DKIM1") != "DKIM1" or kind not in ("rsa", "ed25519"):
        return None
    try:
        raw = b64decode("".join(found.get("p", "").split()), validate=True)
        key = Ed25519PublicKey.from_public_bytes(raw) if kind == "ed25519" else load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if isinstance(key, RSAPublicKey):
        return _Key(kind, public_bytes(key), key.key_size)
    return _Key(kind, raw, 0) if isinstance(key, Ed25519PublicKey) and kind == "ed25519" else None
