"""Signed links: a few numbers, their meaning, and proof that the house wrote them.

A token holds row numbers only, never an address, so that it may stand in a mail, a log
of a proxy or a browser's history. It does not expire by time, because old mail stays in
inboxes: whoever reads one asks the store what the link may still do.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import ConfigurationError, LinkExpired

MANAGE: Final = "r"
"""The personal page: (registration_id,)."""
JOIN: Final = "j"
"""The way into the class: (registration_id,)."""
STOP: Final = "o"
"""Unsubscribe: (registration_id, place in CHANNELS, place in PURPOSES)."""
WATCH: Final = "w"
"""The page the talk is watched on: (registration_id,)."""
VIEWING: Final = "v"
"""The ticket with which a watch page sends its beats: (registration_id, session_id, issued at, in whole seconds)."""
CALLBACK: Final = "c"
"""A provider's status callback: (delivery_id, attempt)."""
FORM: Final = "f"
"""When a form was shown: (webinar_id, milliseconds since 1970)."""

CHANNELS: Final = (Channel.EMAIL, Channel.SMS)
PURPOSES: Final = (Purpose.SERVICE, Purpose.EDUCATION, Purpose.MARKETING)
"""Their places are written into links that live for years: append, do not reorder."""

_SHA: Final = "sha256"
"""By name: handed over as a function it costs twice the time."""
_PROOF_BYTES: Final = 16
_SEVEN_BITS: Final = 0x7F
_MORE: Final = 0x80


class Signer:
    """Writes and reads tokens. The first secret signs, every one of them verifies."""

    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        """Raise `ConfigurationError` if there is no secret, or an empty one."""
        if not secrets or not all(secrets):
            raise ConfigurationError("CAMPAIGNS_SECRET is empty: without it anybody could write our links.")
        self._secrets = secrets

    def sign(self, kind: str, *numbers: int) -> str:
        """Write a token that only `read` with the same kind accepts.

        URL-safe, without padding, at most 50 characters for one row number and two small ones.
        Numbers are not negative (`ValueError`). The same question gets the same token.
        """
        payload = b"".join(_pack(number) for number in numbers)
        return _write(payload + _prove(self._secrets[0], kind, payload))

    def read(self, kind: str, token: str) -> tuple[int, ...]:
        """Give back the numbers that were signed as this kind, under any of the secrets.

        Raises `LinkExpired` for everything else, whatever it is. There is one spelling of a
        token: base64 that decodes to the same bytes but is written differently is refused too.
        """
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raise LinkExpired from None
        if len(raw) < _PROOF_BYTES or _write(raw) != token:
            raise LinkExpired
        payload, proof = raw[:-_PROOF_BYTES], raw[-_PROOF_BYTES:]
        if not any(hmac.compare_digest(proof, _prove(secret, kind, payload)) for secret in self._secrets):
            raise LinkExpired
        return _unpack(payload)

    def code(self, registration_id: int, number: str, round_: int) -> str:
        """Give the six digits that show, once they come back, that a number is theirs; another round, another code."""
        return _code(self._secrets[0], registration_id, number, round_)

    def knows_code(self, typed: str, registration_id: int, number: str, round_: int) -> bool:
        """Say whether these are the six digits, under any of the secrets; how long it takes tells nothing of them."""
        fits = [
            hmac.compare_digest(typed.encode(), _code(secret, registration_id, number, round_).encode())
            for secret in self._secrets
        ]
        return any(fits)

    def tally(self, number: str) -> str:
        """Give the key under which the wrong codes for a number are counted; it does not tell the number."""
        return hmac.digest(self._secrets[0], f"wrong codes\0{number}".encode(), _SHA).hex()


class Links:
    """Every address of ours that stands in a message, and the codes that come back to one, in one place."""

    def __init__(self, public_url: str, signer: Signer) -> None:
        """Take the address of the service as registrants reach it."""
        self._base = public_url.rstrip("/")
        self._signer = signer

    def manage(self, registration_id: int) -> str:
        """Give the personal page of a registration."""
        return f"{self._base}/r/{self._signer.sign(MANAGE, registration_id)}"

    def join(self, registration_id: int) -> str:
        """Give the way into the class for a registration."""
        return f"{self._base}/j/{self._signer.sign(JOIN, registration_id)}"

    def watch(self, registration_id: int) -> str:
        """Give the page on which a registration watches the talk; a GET of it must change nothing."""
        return f"{self._base}/watch/{self._signer.sign(WATCH, registration_id)}"

    def stop(self, registration_id: int, channel: Channel, purpose: Purpose) -> str:
        """Give the unsubscribe page; a GET of it must change nothing."""
        token = self._signer.sign(STOP, registration_id, CHANNELS.index(channel), PURPOSES.index(purpose))
        return f"{self._base}/o/{token}"

    def calendar(self, session_id: int) -> str:
        """Give the public calendar file of a session; it names no person."""
        return f"{self._base}/calendar/{session_id}.ics"

    def landing(self, slug: str) -> str:
        """Give the registration page of a webinar."""
        return f"{self._base}/w/{slug}"

    def code(self, registration_id: int, number: str, round_: int) -> str:
        """Give the code that is typed into the personal page of a registration."""
        return self._signer.code(registration_id, number, round_)

    def callback(self, delivery_id: int, attempt: int) -> str:
        """Give the address at which Twilio reports on one attempt of a delivery."""
        return f"{self._base}/hooks/twilio/status/{self._signer.sign(CALLBACK, delivery_id, attempt)}"


def _prove(secret: bytes, kind: str, payload: bytes) -> bytes:
    # The kind is closed off by a NUL so that kind and payload cannot trade bytes.
    return hmac.digest(secret, b"link\0" + kind.encode() + b"\0" + payload, _SHA)[:_PROOF_BYTES]


def _code(secret: bytes, registration_id: int, number: str, round_: int) -> str:
    made = hmac.digest(secret, f"code\0{registration_id}\0{number}\0{round_}".encode(), _SHA)
    return f"{int.from_bytes(made) % 10**6:06}"


def _write(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _pack(number: int) -> bytes:
    """Write seven bits a byte, lowest first; the high bit says that more follow."""
    if number < 0:
        raise ValueError("a token holds row numbers, which are not negative")
    packed = bytearray()
    while number > _SEVEN_BITS:
        packed.append(number & _SEVEN_BITS | _MORE)
        number >>= 7
    packed.append(number)
    return bytes(packed)


def _unpack(payload: bytes) -> tuple[int, ...]:
    numbers: list[int] = []
    number = shift = 0
    for byte in payload:
        number |= (byte & _SEVEN_BITS) << shift
        shift += 7
        if not byte & _MORE:
            numbers.append(number)
            number = shift = 0
    return tuple(numbers)
