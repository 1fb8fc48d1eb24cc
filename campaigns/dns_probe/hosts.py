"""Machines: the domains of ours that must receive mail, and the names that the relay's addresses go by."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from campaigns.dns_probe.dmarc import same_house
from campaigns.dns_probe.questions import Questions, Seen


def examine_mail_servers(ask: Questions, domain: str, roles: str) -> Iterator[Seen]:
    """Say whether a domain receives mail; `roles` is the settings it stands in. Raises `NoAnswer`."""
    servers = ask.mail_servers(domain)
    if "" in servers:
        yield Seen("!!", "mx", f"{domain} refuses all mail with a null MX: replace it, or change {roles}")
    elif servers:
        if any(ask.addresses(server) for server in servers):
            yield Seen("ok", "mx", f"{domain} receives mail at {servers[0]}")
        else:
            yield Seen("!!", "mx", f"no mail server of {domain} has an address: correct its MX, or change {roles}")
    elif ask.addresses(domain):
        yield Seen("?", "mx", f"{domain} has no MX, only an address: publish an MX if it is to receive mail ({roles})")
    else:
        yield Seen("!!", "mx", f"{domain} cannot receive mail: publish an MX for it, or change {roles}")


def examine_reverse(ask: Questions, relay: str, domain: str) -> Iterator[Seen]:
    """Say whether every address of the relay has a name that leads back to it; raises `NoAnswer`.

    A relay of somebody else sends from addresses that we do not see, so there it is only worth a look.
    """
    addresses = [relay] if is_address(relay) else ask.addresses(relay)
    if not addresses:  # perhaps a name inside our own network; whether it can be reached is said under `email`
        yield Seen("?", "ptr", f"{relay} is not known to the resolver: check the PTR of the address it sends from")
        return
    ours = not is_address(relay) and same_house(ask, relay, domain)
    for address in addresses:
        yield _judged(ask, relay, address, ours=ours)


def _judged(ask: Questions, relay: str, address: str, *, ours: bool) -> Seen:
    if not ip_address(address).is_global:
        words = f"{address} is not seen from outside: check the PTR of the address that {relay} sends from"
        return Seen("?", "ptr", words)
    names = ask.names_of(address)
    back = [name for name in names if address in ask.addresses(name)]
    if back:
        return Seen("ok", "ptr", f"{address} is {back[0]}, forwards and backwards")
    fault = f"{names[0]} does not lead back to {address}" if names else f"{address} has no PTR record"
    if ours:
        return Seen("!!", "ptr", f"{fault}: have whoever owns the address publish {relay} there")
    return Seen("?", "ptr", f"{fault}: ask who runs {relay} whether it is what they send from")


def is_address(host: str) -> bool:
    """Tell a literal address from a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
