"""Every setting against the world: what is said, and what counts as keeping messages from leaving."""

import shutil
import ssl
from collections import namedtuple
from datetime import UTC, date, datetime, timedelta

import pytest

from campaigns import doctor as room
from campaigns import rules
from campaigns.clock import write_clock
from campaigns.doctor import doctor
from campaigns.domain.steps import Channel, Priority
from campaigns.settings import Settings
from campaigns.store.rhythms import tick
from tests.servers.smtp_server import Behaviour, SmtpServer
from tests.servers.tls import server_context, trusting_context

SECRET = "s" * 32


def test_with_nothing_set_it_says_what_is_missing(tmp_path, said):
    assert doctor(Settings(data_dir=tmp_path), said.append) == 1
    assert [line for line in said if line.startswith("!!")] == [
        "!!  secret       CAMPAIGNS_SECRET: needs at least 32 characters",
        "!!  redis        No Redis: set REDIS_URL, or start `campaigns up` and run this beside it.",
        "!!  database     No database: set DATABASE_URL, or start `campaigns up` and run this beside it.",
    ]


def test_a_service_in_order_has_no_fault(ready, own_engine, said):
    now = datetime.now(UTC)
    with own_engine.begin() as db:
        for name in ("plan", "dispatch", "recover"):
            tick(db, name, "here:1", now, took_ms=1, acted=0)
        tick(db, "plan", "there:2", now, took_ms=1, acted=0)
    assert doctor(ready(), said.append) == 0
    assert "ok  plan         kept by 2 schedulers" in said
    assert "ok  dispatch     kept by 1 scheduler" in said
    assert "ok  email.urgent 0 due, 0 queued, 0 under way" in said
    assert "ok  redis        answers; 0 batches wait to be taken" in said


def test_a_scheduler_that_fell_silent_is_a_fault(ready, own_engine, said):
    with own_engine.begin() as db:
        tick(db, "plan", "here:1", datetime.now(UTC) - timedelta(minutes=2), took_ms=1, acted=0)
    assert doctor(ready(), said.append) == 1
    assert [line.split()[1] for line in said if line.startswith("!!")] == ["plan", "dispatch", "recover"]


def test_a_schema_that_is_old_is_a_fault(ready, empty_database_url, said):
    assert doctor(ready(database_url=empty_database_url), said.append) == 1
    assert "!!  schema       is not the newest: run `campaigns migrate`" in said


def test_messages_that_wait_too_long_are_a_fault(ready, monkeypatch, said):
    Depth = namedtuple("Depth", "channel priority due oldest_due_at queued sending")  # noqa: PYI024
    late = Depth(Channel.EMAIL, Priority.URGENT, 7, datetime(2026, 1, 2, 3, 4, tzinfo=UTC), 0, 0)
    monkeypatch.setattr(room, "depths", lambda *_: [late])
    assert doctor(ready(), said.append) == 1
    assert "!!  email.urgent 7 messages are due, the oldest since 2026-01-02 03:04 UTC: are workers running?" in said


def test_clocks_that_disagree_are_a_fault(ready, monkeypatch, said):
    monkeypatch.setattr(room, "system_clock", lambda: datetime.now(UTC) - timedelta(hours=1))
    assert doctor(ready(), said.append) == 1
    assert any(line.startswith("!!  time         this machine and the database disagree by ") for line in said)


def test_a_redis_that_does_not_answer_is_a_fault(ready, said):
    assert doctor(ready(redis_url="redis://127.0.0.1:1"), said.append) == 1
    assert any(line.startswith("!!  redis        REDIS_URL: ") and "stay in the ledger" in line for line in said)


def test_a_clock_moved_by_hand_is_worth_a_look(ready, tmp_path, own_engine, said):
    virtual = datetime(2027, 1, 1, tzinfo=UTC)
    write_clock(tmp_path / "clock", virtual)
    with own_engine.begin() as db:
        tick(db, "plan", "here:1", virtual, took_ms=1, acted=0)
    doctor(ready(clock_file=tmp_path / "clock"), said.append)
    assert any(line.startswith("?   clock") for line in said)
    assert "ok  plan         kept by 1 scheduler" in said


def test_a_clock_file_that_is_not_there_does_not_break_the_rest(ready, tmp_path, said):
    doctor(ready(clock_file=tmp_path / "none"), said.append)
    assert "ok  schema       is the newest" in said


def test_a_mail_server_that_lets_us_in_is_in_order(ready, said):
    with SmtpServer() as server:
        settings = ready(smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="none")
        assert not any(str(one).startswith("!!") for one in room._email(settings))
    assert server.messages == []


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_mail_server_that_cannot_be_used_is_a_fault(ready, security):
    settings = ready(smtp_host="127.0.0.1", smtp_port=1, smtp_security=security, smtp_user="me")
    (finding,) = room._email(settings)
    assert str(finding).startswith("!!  email        127.0.0.1:1 cannot be used: ")


def test_an_account_of_twilios_that_cannot_be_used_is_a_fault(ready):
    settings = ready(
        twilio_account_sid="AC1",
        twilio_auth_token="word",
        twilio_from="+12075550100",
        twilio_base_url="http://127.0.0.1:1",
    )
    (finding,) = room._texts(settings)
    assert str(finding).startswith("!!  texts        127.0.0.1 does not answer")


@pytest.mark.parametrize(("status", "mark"), [("active", "ok"), ("suspended", "!!")])
def test_what_twilio_calls_our_account_is_said(ready, monkeypatch, status, mark):
    monkeypatch.setattr(room, "account_status", lambda _: status)
    settings = ready(twilio_account_sid="AC1", twilio_auth_token="word", twilio_from="+12075550100")
    (finding,) = room._texts(settings)
    assert (finding.mark, finding.words) == (mark, f"the Twilio account is {status}")


def test_real_addresses_need_no_look(ready):
    settings = ready(public_url="https://class.clinic.org", mail_from="class@clinic.org")
    assert [finding.mark for finding in room._addresses(settings)] == ["ok", "ok"]


def test_rules_that_nobody_has_reviewed_are_worth_a_look(ready, monkeypatch):
    monkeypatch.setattr(rules, "reviewed_on", lambda _: date(2020, 1, 1))
    findings = list(room._rules(ready()))
    assert [finding.mark for finding in findings] == ["?"] * len(rules.RULE_FILES)
    assert any(finding.words.startswith("smtp_replies.toml was reviewed on 2020-01-01") for finding in findings)


def test_a_disk_that_is_nearly_full_is_worth_a_look(ready, monkeypatch, tmp_path):
    Usage = namedtuple("Usage", "total used free")  # noqa: PYI024
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 9, 1))
    (finding,) = room._disk(ready(data_dir=tmp_path / "not" / "yet"))
    assert str(finding) == f"?   disk         0 MB free at {tmp_path}"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encryption_and_login_are_tried(ready, monkeypatch, security):
    trusting = trusting_context()
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    offers = Behaviour(tls=server_context(), starttls=security == "starttls", login=("me", "word"))
    with SmtpServer(offers) as server:
        usual = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": security, "smtp_user": "me"}
        assert next(room._email(ready(**usual, smtp_password="word"))).mark == "ok"
        assert next(room._email(ready(**usual, smtp_password="not"))).mark == "!!"


def test_a_certificate_that_nobody_vouches_for_is_a_fault(ready):
    with SmtpServer(Behaviour(tls=server_context(), starttls=True)) as server:
        settings = ready(smtp_host="127.0.0.1", smtp_port=server.port, smtp_security="starttls")
        (finding,) = room._email(settings)
    assert finding.mark == "!!"
    assert "certificate" in finding.words


@pytest.fixture
def ready(own_database_url, redis_url, tmp_path):
    def make(**changes):
        usual = {
            "database_url": own_database_url,
            "redis_url": redis_url,  # of all tests of this process: what the others left there is not ours to count
            "broker_prefix": f"{tmp_path.name}.",
            "secret": SECRET,
            "data_dir": tmp_path,
        }
        return Settings(**usual | changes)

    return make


@pytest.fixture
def said():
    return []
