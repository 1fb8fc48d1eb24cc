"""The names a message travels under: Message-ID, X-Send-Id and the return path.

All are drawn from the delivery with a key, so that every attempt to send the same message
carries the same ones, and none of them gives away a row number or an address.
"""

from __future__ import annotations

import hmac
from typing import Final

from campaigns.errors import LinkExpired
from campaigns.rendering.variables import Letter, Sender

_NUMBER_BYTES: Final = 8
_SHA: Final = "sha256"
"""By name: handed over as a function it costs twice the time."""
_PROOF_BYTES: Final = 12
_ID_LENGTH: Final = 32
"""Hexadecimal digits: 128 bits."""


def message_id(letter: Letter, sender: Sender, content_hash: str) -> str:
    """Give the Message-ID, with angle brackets.

    It hangs on the delivery, the template's content, and the date and calendar sequence the
    message speaks about. It does not hang on `now`: a second attempt after a lost answer may
    say "in 38 minutes" where the first said "in 40", and must still be recognised as the same
    message by a receiver that folds doubles.
    """
    spoken_of = (content_hash, letter.starts_at.timestamp(), letter.calendar_sequence)
    return message_id_of(letter.delivery_id, spoken_of, sender)


def message_id_of(delivery_id: int, spoken_of: tuple[str, float, int], sender: Sender) -> str:
    """Give the Message-ID of a delivery from (content hash, start as a timestamp, calendar sequence)."""
    digest = hmac.digest(sender.id_key, b"message\0" + repr((delivery_id, *spoken_of)).encode(), _SHA)
    return f"<{digest.hex()[:_ID_LENGTH]}@{domain_of(sender.mail_from)}>"


def send_token(delivery_id: int, sender: Sender) -> str:
    """Write the token that bounces and complaints bring back.

    Hexadecimal digits, because servers on the way may change the case of a return path.
    """
    return _send_token(delivery_id, sender.id_key)


def read_send_token(token: str, sender: Sender) -> int:
    """Give back the delivery a token was written for, in whatever case of letters it returns.

    Raises `LinkExpired` for anything else.
    """
    try:
        raw = bytes.fromhex(token)
    except ValueError:
        raise LinkExpired from None
    for key in (sender.id_key, *sender.former_id_keys):
        delivery_id = int.from_bytes(_veil(raw[:_NUMBER_BYTES], raw[_NUMBER_BYTES:], key), "big")
        if _send_token(delivery_id, key) == token.lower():
            return delivery_id
    raise LinkExpired


def return_path(token: str, sender: Sender) -> str:
    """Give the envelope sender for a send token: every delivery has its own, so that a bounce finds its row."""
    return f"b+{token}@{sender.return_path_domain}"


def domain_of(address: str) -> str:
    """Give what stands after the last @."""
    return address.rpartition("@")[2]


def _send_token(delivery_id: int, key: bytes) -> str:
    number = delivery_id.to_bytes(_NUMBER_BYTES, "big")
    proof = hmac.digest(key, b"send\0" + number, _SHA)[:_PROOF_BYTES]
    return (_veil(number, proof, key) + proof).hex()


def _veil(number: bytes, proof: bytes, key: bytes) -> bytes:
    """Hide or show the row number; the same act undoes itself."""
    mask = hmac.digest(key, b"veil\0" + proof, _SHA)
    return bytes(a ^ b for a, b in zip(number, mask, strict=False))
