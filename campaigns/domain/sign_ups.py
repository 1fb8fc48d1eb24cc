"""How often the registration form may make a message leave, and for which channels it may not any more.

The limits guard other people's inboxes and telephones against whoever types them in. They
never decide whether somebody gets a place, and nobody is told that one was reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Final

from campaigns.domain.steps import Channel

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(hours=24)
_PREFIX: Final = len("+1") + 7
"""Characters of a number that a thousand neighbours share: after +1 the area, the exchange and one digit."""
_NETWORK: Final = 64
"""Bits of an IPv6 address that one household has to itself."""


class Counted(StrEnum):
    """What sign-ups are counted by."""

    EMAIL = "email"
    NUMBER = "number"
    PREFIX = "prefix"
    """The beginning of a number: robots that earn by texts run through neighbouring ones."""
    IP = "ip"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many sign-ups still get their confirmation; hours and days are rolling ones."""

    email_an_hour: int
    email_a_day: int
    number_a_day: int
    prefix_a_day: int
    ip_a_day: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many sign-ups one key has, the one at hand included."""

    hour: int
    day: int


_BOTH: Final = frozenset({Channel.EMAIL, Channel.SMS})
_TEXTS: Final = frozenset({Channel.SMS})
_HOLDS: Final[Mapping[Counted, frozenset[Channel]]] = {
    Counted.EMAIL: frozenset({Channel.EMAIL}),
    Counted.NUMBER: _TEXTS,
    Counted.PREFIX: _TEXTS,
    Counted.IP: _BOTH,
}
"""The channels whose confirmation stays away once a limit is passed."""


def keys_of(email: str, phone: str | None, ip: str) -> dict[Counted, str]:
    """Say by what a sign-up is counted; a number or an IP that is not known is left out."""
    found = {Counted.EMAIL: email}
    if phone:
        found |= {Counted.NUMBER: phone, Counted.PREFIX: phone[:_PREFIX]}
    if ip:
        found[Counted.IP] = _network(ip)
    return found


def held_back(tallies: Mapping[Counted, Tally], limits: Limits) -> frozenset[Channel]:
    """Give the channels on which this sign-up is not confirmed; usually none."""
    passed = {one for one, tally in tallies.items() if _over(one, tally, limits)}
    return frozenset().union(*(_HOLDS[one] for one in passed))


def _over(one: Counted, tally: Tally, limits: Limits) -> bool:
    if one is Counted.EMAIL:
        return tally.hour > limits.email_an_hour or tally.day > limits.email_a_day
    most = {
        Counted.NUMBER: limits.number_a_day,
        Counted.PREFIX: limits.prefix_a_day,
        Counted.IP: limits.ip_a_day,
    }
    return tally.day > most[one]


def _network(ip: str) -> str:
    """Give what one household has of addresses: all of an IPv4 one, the first half of an IPv6 one."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or int(address) >> (128 - _NETWORK))
    return ip
