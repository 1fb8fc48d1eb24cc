"""Requirement 23: the command that looks at what the DNS says of the sender, asked as a person asks it, of a real resolver."""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from campaigns.cli import main
from campaigns.rendering.dkim import DkimSigner
from campaigns.store.rhythms import tick
from tests.servers.dns_server import DnsServer, txt
from tests.servers.smtp_server import SmtpServer

RELAY = "relay.clinic.test"
ADDRESS, REVERSED = "8.8.4.4", "4.4.8.8.in-addr.arpa"
"""An address that the whole world can see; nothing is sent to it."""


def key() -> bytes:
    private = rsa.generate_private_key(65537, 2048)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


KEY = key()
RECORD, ANOTHER = (DkimSigner("clinic.test", "s2026", one).record for one in (KEY, key()))
SPF, DKIM = ("bounce.clinic.test", "TXT"), ("s2026._domainkey.clinic.test", "TXT")
DMARC, PTR = ("_dmarc.clinic.test", "TXT"), (REVERSED, "PTR")
ZONE = {
    SPF: txt("v=spf1 ip4:192.0.2.0/24 -all"),
    DKIM: txt(RECORD),
    DMARC: txt("v=DMARC1; p=quarantine"),
    PTR: [f"{RELAY}."],
    (RELAY, "A"): [ADDRESS],
    ("clinic.test", "MX"): ["10 mail.clinic.test."],
    ("bounce.clinic.test", "MX"): ["10 mail.clinic.test."],
    ("mail.clinic.test", "A"): ["192.0.2.25"],
}
ELSEWHERE = {
    ("else.test", "MX"): ["10 mail.clinic.test."],
    ("else.test", "TXT"): txt("v=spf1 -all"),
    ("s2026._domainkey.else.test", "TXT"): txt(RECORD),
    ("_dmarc.mail.test", "TXT"): txt("v=DMARC1; p=reject"),
    ("mail.test", "MX"): ["10 mail.clinic.test."],
}
ABOUT = ("spf", "dkim", "dmarc", "alignment", "ptr", "list-id")
FAULTS = {
    "no SPF": ("spf", {SPF: []}, {}),
    "SPF for everybody": ("spf", {SPF: txt("v=spf1 +all")}, {}),
    "two SPF records": ("spf", {SPF: txt("v=spf1 -all", "v=spf1 ~all")}, {}),
    "SPF that cannot be read": ("spf", {SPF: txt("v=spf1 ipv4:192.0.2.1 -all")}, {}),
    "no DKIM record": ("dkim", {DKIM: []}, {}),
    "another key": ("dkim", {DKIM: txt(ANOTHER)}, {}),
    "a key taken back": ("dkim", {DKIM: txt("v=DKIM1; k=rsa; p=")}, {}),
    "no DMARC": ("dmarc", {DMARC: []}, {}),
    "no policy in DMARC": ("dmarc", {DMARC: txt("v=DMARC1")}, {}),
    "two DMARC records": ("dmarc", {DMARC: txt("v=DMARC1; p=none", "v=DMARC1; p=reject")}, {}),
    "aligned with nothing": ("alignment", {}, {"RETURN_PATH_DOMAIN": "else.test", "DKIM_DOMAIN": "else.test"}),
    "aligned too loosely": (
        "alignment",
        {DMARC: txt("v=DMARC1; p=reject; adkim=s; aspf=s")},
        {"DKIM_DOMAIN": "else.test"},
    ),
    "no PTR": ("ptr", {PTR: []}, {}),
    "a PTR that leads elsewhere": ("ptr", {PTR: ["somewhere.else.test."]}, {}),
    "a list in somebody else's domain": (
        "list-id",
        {},
        {"MAIL_FROM": "clinic@mail.test", "DKIM_DOMAIN": "clinic.test"},
    ),
}


def test_e23_a_sender_in_order_is_said_to_be_and_ends_with_0(preflight) -> None:
    code, marks, _ = preflight()
    assert marks == {about: {"ok"} for about in ABOUT}
    assert code == 0


@pytest.mark.parametrize(("about", "records", "variables"), FAULTS.values(), ids=FAULTS)
def test_e23_each_fault_is_found_and_ends_with_1(preflight, about: str, records, variables) -> None:
    code, marks, said = preflight({**ELSEWHERE, **records}, **variables)
    assert code == 1
    assert "!!" in marks[about], said
    (line,) = [line for line in said if line.startswith("!!") and line.split()[1] == about]
    assert ":" in line  # what to do about it


def test_e23_a_resolver_that_is_silent_is_a_fault_and_not_a_crash(preflight) -> None:
    code, marks, said = preflight(failing={DMARC, SPF, DKIM})
    assert code == 1
    assert {about for about, found in marks.items() if "!!" in found} >= {"spf", "dkim", "dmarc"}
    assert all("did not answer" in line for line in said if line.startswith("!!"))


def test_e23_the_command_asks_the_resolver_it_was_given_and_sends_nothing(preflight, resolver, relay) -> None:
    preflight()
    assert {SPF, DKIM, DMARC, PTR} <= set(resolver.questions)
    assert relay.messages == [] and relay.mails == []


@pytest.fixture
def resolver():
    with DnsServer({}) as server:
        yield server


@pytest.fixture
def relay():
    with SmtpServer() as server:
        yield server


@pytest.fixture
def preflight(resolver, relay, engine, database_url, redis_url, tmp_path, monkeypatch, capsys):
    """Run `campaigns doctor --resolver …`; give its verdict, the marks of each matter, and all it says."""
    for name in [name for name in os.environ if name.startswith(("CAMPAIGNS_", "TWILIO_")) or name.endswith("_URL")]:
        monkeypatch.delenv(name)
    with engine.begin() as db:
        for rhythm in ("plan", "dispatch", "recover"):
            tick(db, rhythm, "here:1", datetime.now(UTC) + timedelta(hours=1), took_ms=1, acted=0)
    (tmp_path / "dkim.pem").write_bytes(KEY)
    usual = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CAMPAIGNS_SECRET": "s" * 32,
        "CAMPAIGNS_DATA_DIR": str(tmp_path),
        "CAMPAIGNS_PUBLIC_URL": "https://class.clinic.test",
        "CAMPAIGNS_MAIL_FROM": "class@clinic.test",
        "CAMPAIGNS_REPLY_TO": "desk@clinic.test",
        "CAMPAIGNS_RETURN_PATH_DOMAIN": "bounce.clinic.test",
        "CAMPAIGNS_DKIM_SELECTOR": "s2026",
        "CAMPAIGNS_DKIM_KEY_FILE": str(tmp_path / "dkim.pem"),
        "CAMPAIGNS_SMTP_HOST": RELAY,
        "CAMPAIGNS_SMTP_PORT": str(relay.port),
        "CAMPAIGNS_SMTP_SECURITY": "none",
    }
    looked_up = socket.getaddrinfo
    # The clinic's relay is reached on this machine; what the DNS says of it comes from the resolver alone.
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: looked_up("127.0.0.1" if host == RELAY else host, *rest, **more),
    )

    def run(records=None, failing=(), **variables):
        resolver.zone = {place: found for place, found in {**ZONE, **(records or {})}.items() if found}
        resolver.failing = set(failing)
        for name, value in {**usual, **{f"CAMPAIGNS_{name}": value for name, value in variables.items()}}.items():
            monkeypatch.setenv(name, value)
        code = main(["doctor", "--resolver", resolver.address])
        said = capsys.readouterr().out.splitlines()
        marks = {about: {line.split()[0] for line in said if line.split()[1] == about} for about in ABOUT}
        return code, marks, said

    return run
