"""What is made ready before anything runs; the rest is tried by test_supervise.py with real processes."""

import re

import pytest

from campaigns import prepare
from campaigns.content import Said, approve_messages
from campaigns.errors import ConfigurationError
from campaigns.prepare import Logs, bring_up_to_date, near, open_house
from campaigns.settings import Settings


def test_the_first_account_is_made_once_and_its_password_said_once(empty_database_url, tmp_path):
    settings = Settings(database_url=empty_database_url, secret="s" * 32, data_dir=tmp_path)
    said = []
    opened = open_house(settings, tmp_path, said.append)
    assert opened.password == (tmp_path / "staff-password").read_text()
    assert open_house(settings, tmp_path, said.append).password == ""
    assert said == ["Bringing the database up to date"] * 2


def test_it_says_plainly_that_no_clinician_has_read_the_shipped_messages(empty_database_url, tmp_path):
    settings = Settings(database_url=empty_database_url, secret="s" * 32, data_dir=tmp_path)
    words = open_house(settings, tmp_path, print).words
    assert re.match(r"\d\d messages are unapproved: no clinician has read the words\.", words)
    assert "for this demonstration only" in words and "each one says so" in words
    real = settings.model_copy(update={"smtp_host": "127.0.0.1"})
    words = open_house(real, tmp_path, print).words
    assert "messages are unapproved and will not leave until a clinician" in words and "demonstration only" in words
    said = Said("Dr. Jane Roe", "MD, Maine 1", "none", "PMID 1", 365)
    listed = []
    approve_messages(settings, listed.append, said, [])
    approve_messages(settings, lambda _: None, said, [one.split()[0] for one in listed])
    assert open_house(real, tmp_path, print).words == ""


def test_without_a_secret_nothing_is_signed(own_database_url, tmp_path):
    with pytest.raises(ConfigurationError, match="CAMPAIGNS_SECRET"):
        bring_up_to_date(Settings(database_url=own_database_url, data_dir=tmp_path), print)


def test_a_log_that_has_grown_too_long_begins_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "_LOG_LIMIT", 3)
    logs = Logs(tmp_path)
    logs.of("Email worker").write_text("long")
    assert logs.of("Email worker") == tmp_path / "email-worker.log"
    assert not logs.of("Email worker").exists()
    assert (tmp_path / "email-worker.log.1").read_text() == "long"


@pytest.mark.parametrize(
    ("host", "nearby"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104  # an example
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("", "127.0.0.1"),
        ("clinic", "clinic"),
    ],
)
def test_a_listener_is_reached_from_this_machine(host, nearby):
    assert near(host) == nearby
