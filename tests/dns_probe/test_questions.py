"""Asking a resolver: what is an answer, what is silence, and that neither takes long."""

from __future__ import annotations

from contextlib import suppress

import pytest
from dns.exception import DNSException
from dns.name import from_text
from dns.resolver import NoResolverConfiguration, Resolver

from campaigns.dns_probe.questions import NoAnswer, Questions, tags
from campaigns.errors import ConfigurationError
from tests.servers.dns_server import DnsServer, txt

ZONE = {
    ("clinic.test", "TXT"): txt("one", "x" * 700, 'with "quotes" and \\'),
    ("clinic.test", "MX"): ["20 Second.clinic.test.", "10 first.clinic.test."],
    ("null.test", "MX"): ["0 ."],
    ("host.test", "A"): ["192.0.2.1"],
    ("host.test", "AAAA"): ["2001:db8::1"],
    ("alias.test", "CNAME"): ["host.test."],
    ("1.2.0.192.in-addr.arpa", "PTR"): ["Host.test."],
}


def test_records_come_back_in_one_piece_and_in_order(ask):
    assert sorted(ask.texts("clinic.test")) == sorted(["one", "x" * 700, 'with "quotes" and \\'])
    assert ask.mail_servers("clinic.test") == ["first.clinic.test", "second.clinic.test"]
    assert ask.mail_servers("null.test") == [""]
    assert ask.addresses("alias.test") == ["192.0.2.1", "2001:db8::1"]
    assert ask.names_of("192.0.2.1") == ["host.test"]


def test_no_such_name_and_no_such_record_are_empty_answers(ask):
    assert ask.texts("none.test") == ask.texts("host.test") == ask.mail_servers("host.test") == []


def test_a_name_is_never_tried_under_the_machines_own_domain(ask, server):
    ask._resolver.search = [from_text("clinic.test")]
    ask._resolver.use_search_by_default = True
    assert ask.texts("bounce") == []
    assert server.questions == [("bounce", "TXT")]


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".test", "\\300.test", "é" * 70, "."])
def test_a_name_that_cannot_exist_has_no_records(ask, name):
    assert ask.texts(name) == []


def test_bytes_beyond_ascii_do_no_harm(ask, server):
    server.zone = {("clinic.test", "TXT"): txt("é")}
    assert ask.texts("clinic.test") == ["\ufffd\ufffd"]


def test_an_answer_too_long_for_udp_comes_by_tcp(ask, server):
    server.truncated = True
    assert len(ask.texts("clinic.test")) == 3
    assert server.by_tcp == 1


def test_every_question_is_put_once_whatever_its_case(ask, server):
    for name in ("clinic.test", "clinic.test.", "CLINIC.test"):
        ask.texts(name)
    assert server.questions == [("clinic.test", "TXT")]


def test_failure_is_no_answer_and_stays_so(ask, server):
    server.failing.add(("clinic.test", "TXT"))
    for _ in range(2):
        with pytest.raises(NoAnswer, match=r"^TXT of clinic\.test$"):
            ask.texts("clinic.test")
    assert ask.mail_servers("clinic.test")
    assert server.questions.count(("clinic.test", "TXT")) == 1


def test_silence_is_no_answer(hasty, server):
    server.dropped.add(("clinic.test", "TXT"))
    with pytest.raises(NoAnswer, match=r"^TXT of clinic\.test$"):
        hasty.texts("clinic.test")
    _wait(hasty, 3)
    assert hasty.mail_servers("clinic.test")


def test_bytes_that_are_no_message_are_no_answer(hasty, server):
    server.garbage = True
    with pytest.raises(NoAnswer):
        hasty.texts("clinic.test")


def test_a_resolver_that_stays_silent_is_not_asked_everything(hasty, server):
    server.dropped.add(("*", "*"))
    for n in range(20):
        with pytest.raises(NoAnswer):
            hasty.texts(f"n{n}.test")
    assert {name for name, _ in server.questions} == {"n0.test", "n1.test"}


@pytest.mark.parametrize("word", ["an answer", "a failure"])
def test_one_word_from_the_resolver_ends_its_silence(hasty, server, word):
    server.dropped |= {("a.test", "TXT"), ("b.test", "TXT")}
    server.failing |= {("word.test", "TXT")} if word == "a failure" else set()
    for name, seconds in (("a.test", 0.3), ("word.test", 3), ("b.test", 0.3)):
        _wait(hasty, seconds)
        with suppress(NoAnswer):
            hasty.texts(name)
    _wait(hasty, 3)
    assert hasty.mail_servers("null.test") == [""]


def _wait(questions, seconds):
    questions._resolver.timeout = questions._resolver.lifetime = seconds


def test_nobody_there_is_no_answer():
    with pytest.raises(NoAnswer):
        Questions("127.0.0.1:1", patience=0.2).texts("clinic.test")


@pytest.mark.parametrize("written", ["127.0.0.1:{}", "localhost:{}"])
def test_a_resolver_is_named_by_its_address(server, written):
    assert Questions(written.format(server.port)).mail_servers("null.test") == [""]


@pytest.mark.parametrize(
    ("written", "address", "port"),
    [
        ("192.0.2.53", "192.0.2.53", 53),
        ("2001:db8::53", "2001:db8::53", 53),
        ("[::1]:5353", "::1", 5353),
        ("::1", "::1", 53),
    ],
)
def test_without_a_port_it_is_53(written, address, port):
    resolver = Questions(written)._resolver
    assert (resolver.nameservers, resolver.port) == ([address], port)


@pytest.mark.parametrize(
    "written",
    [
        "nowhere.invalid",
        "127.0.0.1:many",
        "127.0.0.1:99999",
        ":53",
        "[::1",
        "a b",
        "http://127.0.0.1",
        "é" * 70,
        "127.0.0.1/8",
    ],
)
def test_what_is_no_server_names_the_option(written):
    with pytest.raises(
        ConfigurationError, match=r"^--resolver: .*is not a server; give its address, such as 9\.9\.9\.9"
    ):
        Questions(written)


def test_a_machine_without_resolvers_gives_no_answer(monkeypatch):
    def unconfigured(*_):
        raise NoResolverConfiguration

    monkeypatch.setattr(Resolver, "read_resolv_conf", unconfigured)
    assert issubclass(NoResolverConfiguration, DNSException)
    with pytest.raises(NoAnswer):
        Questions().texts("clinic.test")


def test_tags_are_read_as_generously_as_receivers_do():
    assert tags(" v=DMARC1 ;P = none;;x; =y; rua=mailto:a@b.test?x=y ") == {
        "v": "DMARC1", "p": "none", "": "y", "rua": "mailto:a@b.test?x=y",
    }  # fmt: skip


@pytest.fixture
def server():
    with DnsServer(dict(ZONE)) as it:
        yield it


@pytest.fixture
def ask(server):
    return Questions(server.address)


@pytest.fixture
def hasty(server):
    """For questions that get no answer, which nobody wants to wait for."""
    return Questions(server.address, patience=0.3)
