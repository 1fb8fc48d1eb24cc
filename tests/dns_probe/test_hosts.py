"""Machines: who receives mail, and whether an address and its name agree."""

from __future__ import annotations

import pytest

from campaigns.dns_probe.hosts import examine_mail_servers, examine_reverse
from campaigns.dns_probe.questions import Questions
from tests.servers.dns_server import DnsServer

# Addresses that the world could reach; they are only named here, and nothing is sent to them.
ADDRESS, SIXTH = "9.9.9.7", "2620:fe::7"
REVERSE = "7.9.9.9.in-addr.arpa"
REVERSE_SIXTH = "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.e.f.0.0.0.2.6.2.ip6.arpa"
GOOD = {
    ("mail.clinic.test", "A"): [ADDRESS],
    ("mail.clinic.test", "AAAA"): [SIXTH],
    (REVERSE, "PTR"): ["mail.clinic.test."],
    (REVERSE_SIXTH, "PTR"): ["other.clinic.test.", "mail.clinic.test."],
    ("clinic.test", "MX"): ["10 mail.clinic.test."],
}
NO_PTR = f"{ADDRESS} has no PTR record"
ASTRAY = f"astray.test does not lead back to {ADDRESS}"


def test_every_address_of_the_relay_leads_back_to_its_name(world):
    seen = list(examine_reverse(world(GOOD), "mail.clinic.test", "clinic.test"))
    assert [(one.mark, one.words) for one in seen] == [
        ("ok", f"{ADDRESS} is mail.clinic.test, forwards and backwards"),
        ("ok", f"{SIXTH} is mail.clinic.test, forwards and backwards"),
    ]


@pytest.mark.parametrize(
    ("zone", "fault"),
    [
        ({(REVERSE, "PTR"): []}, NO_PTR),
        ({(REVERSE, "PTR"): ["astray.test."]}, ASTRAY),
        ({(REVERSE, "PTR"): ["astray.test."], ("astray.test", "A"): ["9.9.9.8"]}, ASTRAY),
    ],
    ids=["none", "leads nowhere", "leads elsewhere"],
)
def test_a_relay_of_ours_without_its_name_is_a_fault_and_another_companys_worth_a_look(world, zone, fault):
    ask = world(GOOD | zone)
    first = next(examine_reverse(ask, "mail.clinic.test", "clinic.test"))
    assert (first.mark, first.words) == ("!!", f"{fault}: have whoever owns the address publish mail.clinic.test there")
    first = next(examine_reverse(ask, "mail.clinic.test", "else.example"))
    assert (first.mark, first.words) == (
        "?",
        f"{fault}: ask who runs mail.clinic.test whether it is what they send from",
    )
    ask = world(GOOD | zone)
    (only,) = examine_reverse(ask, ADDRESS, "clinic.test")
    assert not any("dmarc" in name for name, _ in ask._known)  # an address is of no house
    assert (only.mark, only.words) == ("?", f"{fault}: ask who runs {ADDRESS} whether it is what they send from")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fe80::1%lo", "192.0.2.1"])
def test_an_address_that_nobody_sees_is_worth_a_look(world, address):
    (seen,) = examine_reverse(world(GOOD), address, "clinic.test")
    words = f"{address} is not seen from outside: check the PTR of the address that {address} sends from"
    assert (seen.mark, seen.words) == ("?", words)


@pytest.mark.parametrize("relay", ["gone.clinic.test", "mailpit", "localhost", "a..b"])
def test_a_relay_that_the_resolver_does_not_know_is_worth_a_look(world, relay):
    (seen,) = examine_reverse(world(GOOD), relay, "clinic.test")
    assert (seen.mark, seen.words) == (
        "?",
        f"{relay} is not known to the resolver: check the PTR of the address it sends from",
    )


def test_one_mail_server_with_an_address_is_enough(world):
    ask = world(GOOD | {("clinic.test", "MX"): ["10 gone.test.", "20 mail.clinic.test."]})
    (seen,) = examine_mail_servers(ask, "clinic.test", "CAMPAIGNS_MAIL_FROM")
    assert (seen.mark, seen.words) == ("ok", "clinic.test receives mail at gone.test")


@pytest.fixture
def world():
    servers = []

    def make(zone):
        servers.append(DnsServer({place: records for place, records in zone.items() if records}).__enter__())
        return Questions(servers[-1].address)

    yield make
    for server in servers:
        server.__exit__()
