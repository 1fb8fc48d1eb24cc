"""The lock, the secrets and the addresses that one `up` leaves for others."""

import os
import subprocess
import sys

import pytest

from campaigns.data_dir import announced, claim, kept_secret, settings_here
from campaigns.errors import ConfigurationError

SERVERS = {"database_url": "postgresql://app@h/d", "redis_url": "redis://h", "public_url": "http://h:1"}


def test_a_second_up_is_told_who_has_the_directory(tmp_path):
    with (
        claim(tmp_path),
        pytest.raises(ConfigurationError, match=rf"already running here \(process {os.getpid()}"),
        claim(tmp_path),
    ):
        pass


def test_the_directory_is_free_again_afterwards(tmp_path):
    for _ in range(2):
        with claim(tmp_path / "new"):
            pass


def test_the_lock_of_a_killed_process_does_not_stand_in_the_way(tmp_path):
    code = (
        "import os, signal; from pathlib import Path; from campaigns.data_dir import claim;"
        f"c = claim(Path({str(tmp_path)!r})); c.__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert (tmp_path / "up.lock").read_text()
    with claim(tmp_path):
        assert (tmp_path / "up.lock").read_text() == str(os.getpid())


def test_other_commands_find_the_servers_of_a_running_up(here):
    with announced(here, SERVERS):
        settings = settings_here()
        assert (settings.database_url, settings.redis_url, settings.public_url) == tuple(SERVERS.values())
        assert (here / "servers.json").stat().st_mode & 0o777 == 0o600
    assert settings_here().database_url == ""


def test_the_environment_wins_over_a_running_up(here, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://own@h/d")
    with announced(here, SERVERS):
        settings = settings_here()
    assert (settings.database_url, settings.redis_url) == ("postgresql://own@h/d", "redis://h")


def test_the_kept_secret_signs_unless_the_environment_has_one(here, monkeypatch):
    assert settings_here().secret.get_secret_value() == ""
    (here / "private").mkdir()
    (here / "private/signing-secret").write_text("kept")
    assert settings_here().secret.get_secret_value() == "kept"
    monkeypatch.setenv("CAMPAIGNS_SECRET", "own")
    assert settings_here().secret.get_secret_value() == "own"


def test_a_secret_is_made_once(tmp_path):
    assert kept_secret(tmp_path, "word", lambda: "first") == ("first", True)
    assert kept_secret(tmp_path, "word", lambda: "second") == ("first", False)


@pytest.fixture
def here(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("CAMPAIGNS_", "DATABASE_", "REDIS_", "TWILIO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CAMPAIGNS_DATA_DIR", str(tmp_path))
    return tmp_path
