"""What stands for a person who has been erased: a keyed hash for an address, and nothing for everything else."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from campaigns.domain.steps import Channel

KEPT: Final = ("page", "box", "wording", "means", "scope")
"""Of the evidence beside a consent: where it was given and to which words; nothing that names a person or a machine."""


def address_hash(secret: bytes, channel: Channel, address: str) -> str:
    """Give what an address is known by once it is erased.

    Whoever has the address and our secret can say whether it is the same; nobody can read it back. Numbers are
    few enough to be tried one by one, but only by somebody who holds the secret.
    """
    return hmac.digest(secret, f"erased\0{channel.value}\0{address}".encode(), "sha256").hex()


def blinded_address(secret: bytes, channel: Channel, address: str) -> str:
    """Give what stands in a consent in the place of the address; no address looks like it."""
    return f"erased:{address_hash(secret, channel, address)}"


def blinded_evidence(secret: bytes, evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Give what stays of the evidence of a consent, with a hash by which the whole could be known again."""
    whole = json.dumps(evidence, sort_keys=True, ensure_ascii=False)
    kept = {name: evidence[name] for name in KEPT if name in evidence}
    return {**kept, "hash": hmac.digest(secret, f"erased\0evidence\0{whole}".encode(), "sha256").hex()}
