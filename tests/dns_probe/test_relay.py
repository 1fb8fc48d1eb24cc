"""The relay's certificate: shown, vouched for, and lasting."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.dns_probe.relay import UNREACHABLE, examine_encryption, greet
from campaigns.settings import Settings
from tests.servers.smtp_server import Behaviour, Rule, SmtpServer
from tests.servers.tls import server_context, trusting_context

ENDS = datetime(2126, 10, 29, 10, 0, 21, tzinfo=UTC)
"""When the certificate of the tests does."""


@pytest.mark.parametrize(
    ("left", "mark", "said"),
    [
        (timedelta(days=400), "ok", "is valid for another 400 days"),
        (timedelta(days=14, seconds=1), "ok", "is valid for another 14 days"),
        (timedelta(days=14), "?", "ends in 14 days: see that it is renewed"),
        (timedelta(hours=5), "?", "ends in 0 days: see that it is renewed"),
    ],
)
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_must_last_for_more_than_two_weeks(trusted, security, left, mark, said):
    with SmtpServer(Behaviour(tls=server_context(), starttls=security == "starttls")) as server:
        (seen,) = examine_encryption(_settings(server.port, security), ENDS - left)
    assert (seen.mark, seen.about, seen.words) == (mark, "tls", f"the certificate of 127.0.0.1 {said}")


def test_the_end_of_the_certificate_is_the_one_it_names(trusted):
    with SmtpServer(Behaviour(tls=server_context(), starttls=True)) as server:
        assert greet(_settings(server.port, "starttls")) == ENDS
        assert greet(_settings(server.port, "none")) is None


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_a_fault(security):
    with SmtpServer(Behaviour(tls=server_context(), starttls=security == "starttls")) as server:
        (seen,) = examine_encryption(_settings(server.port, security), ENDS)
    assert seen.mark == "!!"
    assert seen.words.startswith("the certificate of 127.0.0.1 is not valid (self-signed certificate): have it renewed")


def test_a_server_without_starttls_is_a_fault(trusted):
    with SmtpServer() as server:
        (seen,) = examine_encryption(_settings(server.port, "starttls"), ENDS)
        words = f"127.0.0.1:{server.port} offers no STARTTLS: try CAMPAIGNS_SMTP_SECURITY=tls with its port for that"
    assert (seen.mark, seen.words) == ("!!", words)


@pytest.mark.parametrize(
    "rule",
    [
        Rule(at="greeting", close=True),
        Rule(at="starttls", reply="454 4.7.0 Not now"),
        Rule(at="ehlo", reply="\xff" * 50),
    ],
)
def test_a_server_that_does_not_come_to_encryption_is_a_fault(trusted, rule):
    with SmtpServer(Behaviour(tls=server_context(), starttls=True, rules=[rule])) as server:
        (seen,) = examine_encryption(_settings(server.port, "starttls"), ENDS)
    assert seen.mark == "!!" and "check CAMPAIGNS_SMTP_PORT and CAMPAIGNS_SMTP_SECURITY" in seen.words


@pytest.mark.parametrize("host", ["127.0.0.1", "a..b", "x" * 70])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_no_server_is_a_fault_whatever_the_host(host, security):
    settings = _settings(1, security, host)
    (seen,) = examine_encryption(settings, ENDS)
    assert seen.mark == "!!" and "does not speak TLS with us" in seen.words
    with pytest.raises(UNREACHABLE):
        greet(settings)


@pytest.mark.parametrize(("host", "mark"), [("localhost", "ok"), ("::1", "ok"), ("192.0.2.1", "?"), ("mail.test", "?")])
def test_mail_in_the_clear_may_not_leave_this_machine(host, mark):
    (seen,) = examine_encryption(_settings(25, "none", host), ENDS)
    assert (seen.mark, seen.about) == (mark, "tls")


def _settings(port, security, host="127.0.0.1"):
    return Settings(smtp_host=host, smtp_port=port, smtp_security=security, smtp_timeout=timedelta(seconds=5))


@pytest.fixture
def trusted(monkeypatch):
    trusting = trusting_context()
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
