"""Asks one resolver, each question once, and never waits long.

A name that does not exist and a name without such a record are empty answers. A resolver that
is silent or fails raises `NoAnswer`, because then nothing has been learnt.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import urlsplit

from dns.exception import DNSException
from dns.exception import Timeout as ResolverSilent
from dns.rdata import Rdata
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT
from dns.resolver import NXDOMAIN, YXDOMAIN, NoNameservers, Resolver
from dns.resolver import NoAnswer as NoRecord
from dns.reversename import from_address

from campaigns.errors import ConfigurationError

_PORT: Final = 53
_PATIENCE: Final = 3.0
"""Seconds for each question, repetitions included."""
_ENOUGH_SILENCE: Final = 2
"""So many questions in a row without a word, and the resolver counts as dead: the others are not put to it."""

Mark = Literal["ok", "?", "!!"]


class NoAnswer(Exception):
    """The resolver did not answer a question, or could not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at, in one sentence that says what to do about it."""

    mark: Mark
    about: str
    words: str


class Questions:
    """What one resolver is asked during one examination."""

    def __init__(self, resolver: str = "", *, patience: float = _PATIENCE) -> None:
        """Take the resolver as `HOST[:PORT]`; empty means those of this machine.

        Raises `ConfigurationError` for what is not the address of a server. `patience` is in seconds.
        """
        self._resolver = _of_this_machine() if not resolver else _at(resolver)
        self._resolver.timeout = patience / 2
        self._resolver.lifetime = patience
        self._known: dict[tuple[str, str], list[Rdata] | NoAnswer] = {}
        self._silence = 0

    def texts(self, name: str) -> list[str]:
        """Give the TXT records of a name, each in one piece; bytes beyond ASCII become question marks."""
        found = [record for record in self._ask(name, "TXT") if isinstance(record, TXT)]
        return [b"".join(record.strings).decode("ascii", "replace") for record in found]

    def mail_servers(self, name: str) -> list[str]:
        """Give the hosts of the MX records, the preferred first; a null MX (RFC 7505) is an empty name."""
        found = [record for record in self._ask(name, "MX") if isinstance(record, MX)]
        return [_plain(record.exchange) for record in sorted(found, key=lambda it: it.preference)]

    def addresses(self, name: str) -> list[str]:
        """Give the addresses of a name, of both families."""
        return [str(record) for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def names_of(self, address: str) -> list[str]:
        """Give the names that an address claims in its PTR records."""
        return [_plain(record) for record in self._ask(str(from_address(address)), "PTR")]

    def _ask(self, name: str, kind: str) -> list[Rdata]:
        question = (name.lower().rstrip("."), kind)
        if question not in self._known:
            self._known[question] = self._asked(*question)
        known = self._known[question]
        if isinstance(known, NoAnswer):
            raise known
        return known

    def _asked(self, name: str, kind: str) -> list[Rdata] | NoAnswer:
        fault = NoAnswer(f"{kind} of {name}")
        if self._silence >= _ENOUGH_SILENCE:
            return fault
        try:
            # With the dot at its end, a name is never tried under the machine's own domain as well.
            answer = list(self._resolver.resolve(f"{name}.", kind))
        except ResolverSilent:
            self._silence += 1
            return fault
        except (NoNameservers, YXDOMAIN):  # SERVFAIL and its like: an answer, but not to this question
            self._silence = 0
            return fault
        except (NXDOMAIN, NoRecord):
            answer = []
        except (DNSException, UnicodeError):  # no name that could exist, such as one with two dots in a row
            return []
        self._silence = 0
        return answer


def tags(record: str) -> dict[str, str]:
    """Read `name=value; …` as DKIM and DMARC write it; what has no `=` is left out."""
    return dict(_pairs(record))


def _pairs(record: str) -> Iterator[tuple[str, str]]:
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            yield name.strip().lower(), value.strip()


def _of_this_machine() -> Resolver:
    try:
        return Resolver()
    except DNSException:  # none is configured, so nobody will answer
        return Resolver(configure=False)


def _at(where: str) -> Resolver:
    resolver = Resolver(configure=False)
    try:
        host, port = _host_and_port(where)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        resolver.nameservers = [str(found[0][4][0])]
    except (OSError, ValueError):
        raise ConfigurationError(
            f"--resolver: {where!r} is not a server; give its address, such as 9.9.9.9 or 127.0.0.1:5353"
        ) from None
    resolver.port = port
    return resolver


def _host_and_port(where: str) -> tuple[str, int]:
    try:
        return str(ip_address(where)), _PORT
    except ValueError:
        parts = urlsplit(f"//{where}")
        if not parts.hostname or parts.path or parts.query:
            raise ValueError(where) from None
        return parts.hostname, parts.port or _PORT


def _plain(name: object) -> str:
    return str(name).rstrip(".").lower()
