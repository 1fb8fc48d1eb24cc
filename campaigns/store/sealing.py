"""Sealed columns: what came from outside as it came, which may speak of health or name a person.

AES-128-CBC with HMAC-SHA256 as `cryptography`'s Fernet does it. Former secrets still open
what they sealed, so that the signing secret can be changed.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from campaigns.errors import NotFound


class Seal:
    """Seals and opens; the first secret seals, every one of them opens."""

    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        """Derive the keys: what opens a column must not help to forge a link."""
        keys = (urlsafe_b64encode(sha256(b"sealed columns\0" + secret).digest()) for secret in secrets)
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def close(self, content: bytes) -> bytes:
        """Seal some bytes."""
        return self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes:
        """Give back what was sealed; raises `NotFound` if no secret of ours sealed it."""
        try:
            return self._fernet.decrypt(bytes(sealed))
        except InvalidToken:
            raise NotFound("This was sealed with a secret that is not set any more.") from None
