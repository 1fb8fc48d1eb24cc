"""SPF (RFC 7208): one record, which receivers can read, within their limit of look-ups.

Mechanisms are counted as if none of them matched, which is what a stranger's message costs.
Macros are counted and not followed, and whether our relay's address is in the record is not
asked: large relays send from others than those we speak to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from campaigns.dns_probe.questions import Questions, Seen

_VERSION: Final = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)
_MODIFIER: Final = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE)
_MECHANISM: Final = re.compile(r"([+?~-]?)([a-z0-9]+)(.*)", re.IGNORECASE)
_HOSTS: Final = r"(?::[^/]+)?(?:/\d{1,2})?(?://\d{1,3})?"
_SHAPES: Final = {
    "all": "",
    "include": r":.+",
    "a": _HOSTS,
    "mx": _HOSTS,
    "ptr": r"(?::.+)?",
    "ip4": r":.+",
    "ip6": r":.+",
    "exists": r":.+",
}
"""What may stand behind each mechanism."""
_ASKS: Final = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_MOST: Final = 10
"""Look-ups that a receiver must allow and may not exceed (RFC 7208 §4.6.4)."""


class _Broken(Exception):
    """What makes a receiver give up on the record."""


def examine_spf(ask: Questions, domain: str) -> Iterator[Seen]:
    """Look at the SPF record of the domain that bounces go to; raises `NoAnswer`."""
    records = _records(ask, domain)
    if not records:
        words = f'{domain} has no SPF record: publish a TXT record such as "v=spf1 include:<your relay> ~all" there'
        yield Seen("!!", "spf", words)
        return
    if len(records) > 1:
        words = f"{domain} has {len(records)} SPF records, which receivers count as an error: join them into one"
        yield Seen("!!", "spf", words)
        return
    count = _Count(ask)
    try:
        ending = count.through(records[0])
    except _Broken as fault:
        yield Seen("!!", "spf", f"the record of {domain} {fault}")
    else:
        yield _judged(domain, ending, count.lookups)


def _judged(domain: str, ending: str, lookups: int) -> Seen:
    if ending == "+":
        return Seen("!!", "spf", f"{domain} lets everybody send in its name: end its record with ~all or -all")
    if ending not in ("~", "-"):
        return Seen("?", "spf", f"{domain} does not say that others may not send: end its record with ~all or -all")
    return Seen(
        "ok", "spf", f"{domain} has one record that ends in {ending}all and costs {lookups} of {_MOST} look-ups"
    )


class _Count:
    """The look-ups of one record and of all that it brings in."""

    def __init__(self, ask: Questions) -> None:
        self.ask = ask
        self.lookups = 0

    def through(self, record: str) -> str:
        """Follow a record; give the qualifier of the `all` at its end, or nothing."""
        mechanisms, redirect = _read(record)
        for qualifier, name, value in mechanisms:
            if name == "all":
                return qualifier or "+"
            self._count(name)
            if name == "include":
                self._into(value)
        if redirect:
            self._count("redirect")
            return self._into(redirect)
        return ""

    def _count(self, name: str) -> None:
        self.lookups += name in _ASKS
        if self.lookups > _MOST:
            raise _Broken(
                f"needs more than {_MOST} look-ups, at which receivers give up: name addresses with ip4: instead"
            )

    def _into(self, domain: str) -> str:
        if "%" in domain:
            return ""
        records = _records(self.ask, domain)
        if len(records) != 1:
            count = f"{len(records)} SPF records" if records else "no SPF record"
            raise _Broken(f"brings in {domain}, which has {count}: correct that name, or leave it out")
        return self.through(records[0])


def _records(ask: Questions, domain: str) -> list[str]:
    return [text for text in ask.texts(domain) if _VERSION.match(text)]


def _read(record: str) -> tuple[list[tuple[str, str, str]], str]:
    """Give the mechanisms as (qualifier, name, what stands behind the colon), and the redirect."""
    mechanisms, redirect = [], ""
    for term in record.split()[1:]:
        modifier = _MODIFIER.fullmatch(term)
        if modifier:
            redirect = modifier[2] if modifier[1].lower() == "redirect" else redirect
            continue
        found = _MECHANISM.fullmatch(term)
        name = found[2].lower() if found else ""
        if (
            not found
            or name not in _SHAPES
            or not re.fullmatch(_SHAPES[name], found[3])
            or not _network(name, found[3])
        ):
            raise _Broken(f"has {term!r} in it, which receivers cannot read: correct or remove it")
        mechanisms.append((found[1], name, found[3].removeprefix(":")))
    return mechanisms, redirect


def _network(name: str, value: str) -> bool:
    if name not in ("ip4", "ip6"):
        return True
    try:
        return ip_network(value[1:], strict=False).version == int(name[2])
    except ValueError:
        return False
