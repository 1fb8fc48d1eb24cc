"""The preflight of `campaigns doctor`: a sender in order ends with 0, and each fault alone is said in its own sentence."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from campaigns import doctor as room
from campaigns.cli import main
from campaigns.dns_probe import examine
from campaigns.dns_probe.questions import Questions
from campaigns.doctor import doctor
from campaigns.rendering.dkim import DkimSigner
from campaigns.settings import Settings
from campaigns.store.rhythms import tick
from tests.servers.dns_server import DnsServer, txt
from tests.servers.smtp_server import Behaviour, SmtpServer
from tests.servers.tls import server_context, trusting_context


def _key() -> bytes:
    private = rsa.generate_private_key(65537, 2048)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = _key()
RECORD = DkimSigner("clinic.test", "s2026", KEY).record
OTHER = DkimSigner("clinic.test", "s2026", _key()).record
GOOD = {
    ("clinic.test", "MX"): ["10 mail.clinic.test.", "20 mail2.clinic.test."],
    ("bounce.clinic.test", "MX"): ["10 mail.clinic.test."],
    ("mail.clinic.test", "A"): ["192.0.2.25"],
    ("bounce.clinic.test", "TXT"): txt("v=spf1 include:spf.relay.test ~all", "something else"),
    ("spf.relay.test", "TXT"): txt("v=spf1 ip4:192.0.2.0/24 -all"),
    ("s2026._domainkey.clinic.test", "TXT"): txt(RECORD),
    ("_dmarc.clinic.test", "TXT"): txt("v=DMARC1; p=quarantine; rua=mailto:dmarc@clinic.test"),
}
SPF, DKIM, DMARC = ("bounce.clinic.test", "TXT"), ("s2026._domainkey.clinic.test", "TXT"), ("_dmarc.clinic.test", "TXT")
GONE: list[str] = []
FAULTS = {
    "no SPF": (
        {SPF: txt("something else")},
        '!! spf bounce.clinic.test has no SPF record: publish a TXT record such as "v=spf1 include:<your relay> ~all" there',
    ),
    "two SPF records": (
        {SPF: txt("v=spf1 -all", "v=spf1 ~all")},
        "!! spf bounce.clinic.test has 2 SPF records, which receivers count as an error: join them into one",
    ),
    "unreadable SPF": (
        {SPF: txt("v=spf1 ipv4:192.0.2.1 ~all")},
        "!! spf the record of bounce.clinic.test has 'ipv4:192.0.2.1' in it, which receivers cannot read: correct or remove it",
    ),
    "too many look-ups": (
        {SPF: txt("v=spf1 " + " ".join(f"a:h{n}.test" for n in range(11)) + " -all")},
        "!! spf the record of bounce.clinic.test needs more than 10 look-ups, at which receivers give up: name addresses with ip4: instead",
    ),
    "SPF of another that is gone": (
        {("spf.relay.test", "TXT"): GONE},
        "!! spf the record of bounce.clinic.test brings in spf.relay.test, which has no SPF record: correct that name, or leave it out",
    ),
    "SPF for everybody": (
        {SPF: txt("v=spf1 include:spf.relay.test +all")},
        "!! spf bounce.clinic.test lets everybody send in its name: end its record with ~all or -all",
    ),
    "SPF without an end": (
        {SPF: txt("v=spf1 include:spf.relay.test")},
        "? spf bounce.clinic.test does not say that others may not send: end its record with ~all or -all",
    ),
    "no DKIM record": (
        {DKIM: GONE},
        f'!! dkim s2026._domainkey.clinic.test has no TXT record: publish the TXT record "{RECORD}" there',
    ),
    "a key that was revoked": (
        {DKIM: txt("v=DKIM1; k=rsa; p=")},
        f'!! dkim the key at s2026._domainkey.clinic.test has been revoked: publish the TXT record "{RECORD}" there',
    ),
    "a key of somebody else": (
        {DKIM: txt(OTHER)},
        f'!! dkim the key at s2026._domainkey.clinic.test is not that of CAMPAIGNS_DKIM_KEY_FILE: publish the TXT record "{RECORD}" there',
    ),
    "a key under test": (
        {DKIM: txt(f"{RECORD}; t=y:s")},
        "? dkim the key at s2026._domainkey.clinic.test is marked as a test, which receivers may ignore: remove its t=y",
    ),
    "a DMARC record without a policy": (
        {DMARC: txt("v=DMARC1; rua=mailto:dmarc@clinic.test")},
        "!! dmarc _dmarc.clinic.test states no policy: write p=none, p=quarantine or p=reject into it",
    ),
    "a DMARC policy that only watches": (
        {DMARC: txt("v=DMARC1; p=none")},
        "? dmarc _dmarc.clinic.test says p=none for clinic.test: receivers only watch: move to quarantine once the reports are clean",
    ),
    "no MX for replies": (
        {("clinic.test", "MX"): GONE},
        "!! mx clinic.test cannot receive mail: publish an MX for it, or change CAMPAIGNS_MAIL_FROM, CAMPAIGNS_REPLY_TO",
    ),
    "a null MX for bounces": (
        {("bounce.clinic.test", "MX"): ["0 ."]},
        "!! mx bounce.clinic.test refuses all mail with a null MX: replace it, or change CAMPAIGNS_RETURN_PATH_DOMAIN",
    ),
    "an MX that leads nowhere": (
        {("bounce.clinic.test", "MX"): ["10 gone.clinic.test."]},
        "!! mx no mail server of bounce.clinic.test has an address: correct its MX, or change CAMPAIGNS_RETURN_PATH_DOMAIN",
    ),
    "no MX, only an address": (
        {("bounce.clinic.test", "MX"): GONE, ("bounce.clinic.test", "A"): ["192.0.2.1"]},
        "? mx bounce.clinic.test has no MX, only an address: publish an MX if it is to receive mail (CAMPAIGNS_RETURN_PATH_DOMAIN)",
    ),
}
"""What is wrong in the DNS, and the one sentence that is said about it beside those of a sender in order."""
ELSEWHERE = {
    ("else.test", "MX"): ["10 mail.clinic.test."],
    ("else.test", "TXT"): txt("v=spf1 -all"),
    ("s2026._domainkey.else.test", "TXT"): txt(RECORD),
}
SETTINGS_AT_FAULT = {
    "a return path in another house": (
        {"return_path_domain": "else.test"},
        "? alignment DKIM speaks for clinic.test, SPF of else.test does not: set CAMPAIGNS_RETURN_PATH_DOMAIN to a name in it",
    ),
    "a signature of another house": (
        {"dkim_domain": "else.test"},
        "? alignment SPF speaks for clinic.test, DKIM of else.test does not: set CAMPAIGNS_DKIM_DOMAIN to a name in it",
    ),
    "nothing of our house": (
        {"dkim_domain": "else.test", "return_path_domain": "else.test"},
        "!! alignment neither SPF nor DKIM speak for clinic.test: set CAMPAIGNS_RETURN_PATH_DOMAIN or CAMPAIGNS_DKIM_DOMAIN to a name in it",
    ),
    "nobody's selector": (
        {"dkim_selector": "", "dkim_key_file": None},
        "? dkim the relay is to sign, under a name we do not know: set CAMPAIGNS_DKIM_SELECTOR to have it looked up",
    ),
    "a key file that is gone": (
        {"dkim_key_file": "/no/such/key"},
        "!! dkim CAMPAIGNS_DKIM_KEY_FILE: /no/such/key cannot be read (No such file or directory): name a file that the user of this service may read",
    ),
    "mail in the clear": (
        {"smtp_host": "localhost", "smtp_security": "none"},
        "ok tls is not needed: the relay is this machine",
    ),
}


def test_requirement_23_a_sender_in_order_ends_with_0(preflight):
    assert preflight() == (0, [])


@pytest.mark.parametrize(("change", "sentence"), FAULTS.values(), ids=FAULTS)
def test_requirement_23_each_fault_in_the_dns_is_said_alone(preflight, change, sentence):
    assert preflight(zone=change) == (int(sentence.startswith("!!")), [sentence])


@pytest.mark.parametrize(("change", "sentence"), SETTINGS_AT_FAULT.values(), ids=SETTINGS_AT_FAULT)
def test_requirement_23_each_setting_at_fault_is_said(preflight, change, sentence):
    code, said = preflight(zone=ELSEWHERE, **change)
    assert sentence in said
    assert code == int(sentence.startswith("!!"))


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        (
            [],
            'there is no policy for clinic.test: publish a TXT record "v=DMARC1; p=none; rua=mailto:…" at _dmarc.clinic.test',
        ),
        (
            txt("v=DMARC1; p=none", "v=DMARC1; p=reject"),
            "_dmarc.clinic.test has 2 DMARC records, which receivers take for none: keep one of them",
        ),
    ],
    ids=["none", "two"],
)
def test_without_one_policy_there_is_nothing_to_be_aligned_with(preflight, records, sentence):
    unaligned = "? alignment cannot be judged: clinic.test needs a DMARC record first"
    assert preflight(zone={DMARC: records}) == (1, [f"!! dmarc {sentence}", unaligned])


def test_a_relay_that_signs_is_asked_for_its_record(preflight):
    assert preflight(zone={DKIM: txt(OTHER)}, dkim_key_file=None) == (0, [])
    code, said = preflight(zone={DKIM: GONE}, dkim_key_file=None)
    assert (code, said) == (
        1,
        ["!! dkim s2026._domainkey.clinic.test has no TXT record: publish what your relay gives you for it"],
    )


def test_a_sender_in_a_domain_of_somebody_else_cannot_name_a_list(preflight):
    zone = {("mail.test", "MX"): ["10 mail.clinic.test."], ("_dmarc.mail.test", "TXT"): txt("v=DMARC1; p=reject")}
    code, said = preflight(zone=zone, mail_from="clinic@mail.test", dkim_domain="clinic.test")
    sentence = "names mail.test, which shares nothing with bounce.clinic.test or clinic.test or class.clinic.test"
    assert code == 1
    assert f"!! list-id {sentence}: set CAMPAIGNS_MAIL_FROM to an address in a domain of yours" in said


def test_a_web_address_without_a_name_tells_nothing_of_whose_the_sender_is(preflight):
    zone = {("mail.test", "MX"): ["10 mail.clinic.test."], ("_dmarc.mail.test", "TXT"): txt("v=DMARC1; p=reject")}
    _, said = preflight(
        zone=zone,
        mail_from="clinic@mail.test",
        dkim_selector="",
        dkim_key_file=None,
        public_url="http://127.0.0.1:8000",
    )
    assert any("which shares nothing with bounce.clinic.test: set CAMPAIGNS_MAIL_FROM" in line for line in said)


def test_a_resolver_that_fails_is_a_finding(preflight):
    assert preflight(failing={DMARC}) == (
        1,
        [
            f"!! {about} the resolver did not answer (TXT of _dmarc.clinic.test): try again, or give another one with --resolver"
            for about in ("dmarc", "alignment")
        ],
    )


def test_a_certificate_that_nobody_vouches_for_is_said_with_its_remedy(preflight, monkeypatch):
    monkeypatch.setattr(ssl, "create_default_context", ssl._create_default_https_context)
    code, said = preflight()
    assert code == 1
    assert (
        "!! tls the certificate of 127.0.0.1 is not valid (self-signed certificate): "
        "have it renewed, or correct CAMPAIGNS_SMTP_HOST"
    ) in said


def test_a_made_up_sender_is_not_looked_up_unless_a_resolver_is_named(ready, relay):
    made_up = ready(smtp_host="127.0.0.1", smtp_port=relay.port, mail_from="class@clinic.example")
    assert list(room._names(made_up, "")) == []
    captured = ready(email_provider="folder")
    assert list(room._names(captured, "")) == []
    with DnsServer(GOOD) as server:
        assert [one.mark for one in room._names(captured, server.address)] == ["ok"] * 7
        assert "!!" in [one.mark for one in room._names(made_up, server.address)]


def test_the_resolvers_of_this_machine_are_asked_about_a_real_sender(ready, monkeypatch):
    with DnsServer(GOOD) as server:
        monkeypatch.setattr(room, "Questions", lambda _: Questions(server.address))
        assert [one.about for one in room._names(ready(smtp_host="127.0.0.1", smtp_port=1), "")] == [
            "spf", "dkim", "dmarc", "alignment", "mx", "mx", "list-id", "ptr", "tls"
        ]  # fmt: skip


def test_the_command_line_takes_a_resolver(monkeypatch, capsys, tmp_path):
    for name in [name for name in os.environ if name.startswith(("CAMPAIGNS_", "TWILIO_")) or name.endswith("_URL")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path))
    with DnsServer(GOOD) as server:
        assert main(["doctor", "--resolver", server.address]) == 1
    assert "!!  mx           clinic.example cannot receive mail" in capsys.readouterr().out
    assert main(["doctor", "--resolver", "127.0.0.1:many"]) == 1
    assert capsys.readouterr().err.startswith(
        "--resolver: '127.0.0.1:many' is not a server; give its address, such as "
    )


SENDERS = st.sampled_from(
    ["class@clinic.test", "", "@", "x@..", "x@" + "a" * 64 + ".test", "x@é.test", "x@a..b", "x@\\300.b", "x@1"]
)


@given(
    records=st.lists(
        st.text(max_size=80) | st.sampled_from([RECORD, "v=DMARC1; p=none; psd=y", "v=spf1 redirect=clinic.test"]),
        max_size=3,
    ),
    prefix=st.sampled_from(
        ["", "v=spf1 ", "v=spf1 include:", "v=DMARC1; p=", "v=DMARC1;psd=", "k=rsa; p=", "k=ed25519; p="]
    ),
    sender=SENDERS,
    bounces=SENDERS,
)
@limits(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_stands_in_the_dns_raises(server, tmp_path, records, prefix, sender, bounces):
    written = txt(*(prefix + record for record in records))
    places = ("clinic.test", "_dmarc.clinic.test", "s._domainkey.clinic.test", "_dmarc.test")
    server.zone = {(place, "TXT"): written for place in places if written}
    key = tmp_path / "dkim.pem"
    key.write_bytes(KEY)
    settings = Settings(
        mail_from=sender, return_path_domain=bounces.rpartition("@")[2], dkim_selector="s", dkim_key_file=key
    )
    for seen in examine(settings, Questions(server.address), NOW):
        assert seen.mark in ("ok", "?", "!!") and "\n" not in seen.words


@pytest.fixture
def server():
    with DnsServer({}) as it:
        yield it


@pytest.fixture
def relay():
    with SmtpServer(Behaviour(tls=server_context(), starttls=True)) as it:
        yield it


@pytest.fixture
def ready(database_url, redis_url, engine, tmp_path):
    with engine.begin() as db:
        for name in ("plan", "dispatch", "recover"):
            tick(db, name, "here:1", datetime.now(UTC) + timedelta(hours=1), took_ms=1, acted=0)
    (tmp_path / "dkim.pem").write_bytes(KEY)

    def make(**changes):
        usual = {
            "database_url": database_url,
            "redis_url": redis_url,
            "secret": "s" * 32,
            "data_dir": tmp_path,
            "public_url": "https://class.clinic.test",
            "mail_from": "class@clinic.test",
            "reply_to": "desk@clinic.test",
            "return_path_domain": "bounce.clinic.test",
            "dkim_selector": "s2026",
            "dkim_key_file": tmp_path / "dkim.pem",
        }
        return Settings(**usual | changes)

    return make


@pytest.fixture
def preflight(ready, relay, server, monkeypatch):
    """Run the whole doctor; give its verdict, and what it says about the sender beyond what is in order."""
    trusting = trusting_context()
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)

    def run(zone=None, failing=(), **changes):
        server.zone = {place: records for place, records in (GOOD | (zone or {})).items() if records}
        server.failing = set(failing)
        said = []
        settings = ready(**{"smtp_host": "127.0.0.1", "smtp_port": relay.port} | changes)
        code = doctor(settings, lambda line: said.append(" ".join(line.split())), server.address)
        asked = ("spf", "dkim", "dmarc", "alignment", "mx", "list-id", "tls")
        return code, [line for line in said if line.split()[1] in asked and line not in usual]

    usual: list[str] = []
    _, usual = run()
    assert [line.split()[0] for line in usual] == ["ok"] * 8
    return run
