"""PostgreSQL from the wheel: it starts, keeps what it has, comes back after a crash, and says in one line why it cannot."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest

from campaigns.errors import ConfigurationError
from campaigns.store import embedded
from campaigns.store.embedded import free_port, start_postgres
from campaigns.store.household import Household, settle_in


def test_it_starts_on_loopback_with_a_password(house, log):
    with _running(house, log) as server:
        assert server.url.startswith("postgresql://app:")
        with psycopg.connect(server.url) as db:
            asked = "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')"
            assert db.execute(asked).fetchone() == ("127.0.0.1", "")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url.replace("app:", "app:not"))


def test_it_comes_back_with_its_data_on_the_port_that_was_asked_for(house, log):
    with _running(house, log) as server, psycopg.connect(server.url) as db:
        db.execute("CREATE TABLE kept (n int)")
    port = free_port()
    with _running(house, log, port=port) as server, psycopg.connect(server.url) as db:
        assert f":{port}/" in server.url
        assert db.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_killed_server_comes_back(house, log):
    server = start_postgres(house, log)
    server.process.kill()
    server.process.wait()
    with _running(house, log) as again:
        assert _answers(again)


def test_a_server_left_by_a_killed_owner_is_ended_first(house, log):
    orphan = start_postgres(house, log)
    with _running(house, log) as server:
        assert orphan.process.wait(10) == 0
        assert _answers(server)


def test_a_half_made_directory_is_never_opened(house, log):
    left = house.fresh(house.room / "postgres-18.new")
    (left / "PG_VERSION").write_text("18")
    with _running(house, log):
        assert not left.exists()


def test_a_pid_file_of_a_stranger_is_left_alone(tmp_path):
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n")
    embedded._end_orphan(tmp_path)


def test_without_any_postgres_the_line_names_the_settings(house, log, monkeypatch):
    monkeypatch.setattr(embedded, "_candidates", list)
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL .* PG_BIN"):
        start_postgres(house, log)


def test_pg_bin_comes_before_the_wheel(monkeypatch):
    monkeypatch.setenv("PG_BIN", "/opt/own/bin")
    assert embedded._candidates()[0] == Path("/opt/own/bin")


@pytest.mark.parametrize(
    ("said", "expected"),
    [("initdb: error: No space left on device", "The disk is full"), ("initdb: error: odd", "initdb: error: odd")],
)
def test_initdb_that_fails_is_one_line(plain_house, log, tmp_path, monkeypatch, said, expected):
    monkeypatch.setenv(
        "PG_BIN", str(_tools(tmp_path, initdb=f"echo '{said}' >&2; exit 1", postgres="echo postgres 18.1"))
    )
    with pytest.raises(ConfigurationError, match=expected) as failure:
        start_postgres(plain_house, log)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("FATAL: No space left on device", "The disk is full"),
        ("FATAL: odd", "did not come up: FATAL: odd"),
        ("", "it said nothing"),
    ],
)
def test_a_server_that_ends_at_once_is_one_line(plain_house, log, tmp_path, monkeypatch, said, expected):
    program = f'if [ "$1" = --version ]; then echo postgres 18.1; else printf %s "{said}" >&2; exit 1; fi'
    monkeypatch.setenv(
        "PG_BIN", str(_tools(tmp_path, initdb='mkdir "$2/x"; echo 18 > "$2/PG_VERSION"', postgres=program))
    )
    with pytest.raises(ConfigurationError, match=expected) as failure:
        start_postgres(plain_house, log)
    assert "\n" not in str(failure.value)


def test_a_server_that_never_answers_is_given_up(plain_house, log, tmp_path, monkeypatch):
    program = 'if [ "$1" = --version ]; then echo postgres 18.1; else exec sleep 300; fi'
    monkeypatch.setenv("PG_BIN", str(_tools(tmp_path, initdb='echo 18 > "$2/PG_VERSION"', postgres=program)))
    monkeypatch.setattr(embedded, "_PATIENCE", 0.1)
    with pytest.raises(ConfigurationError, match="did not come up"):
        start_postgres(plain_house, log)


def test_something_that_is_no_postgres_is_refused(plain_house, log, tmp_path, monkeypatch):
    monkeypatch.setenv("PG_BIN", str(_tools(tmp_path, initdb="true", postgres="echo what")))
    with pytest.raises(ConfigurationError, match="does not say which PostgreSQL"):
        start_postgres(plain_house, log)


def test_a_full_disk_is_one_line(log):
    mount = Path(tempfile.mkdtemp())
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount], check=False, capture_output=True
    )
    if mounted.returncode:
        mount.rmdir()
        pytest.skip("only root may mount a small disk")
    try:
        mount.chmod(0o711)
        with pytest.raises(ConfigurationError, match="The disk is full"):
            start_postgres(settle_in(mount), log)
    finally:
        subprocess.run(["umount", mount], check=True)
        mount.rmdir()


def _answers(server):
    with psycopg.connect(server.url) as db:
        return db.execute("SELECT 1").fetchone() == (1,)


def _tools(folder, **scripts):
    tools = folder / "tools"
    tools.mkdir()
    for name, words in scripts.items():
        (tools / name).write_text(f"#!/bin/sh\n{words}\n")
        (tools / name).chmod(0o755)
    return tools


class _running:  # noqa: N801  # reads as a sentence
    def __init__(self, house, log, **options):
        self.server = start_postgres(house, log, durable=False, **options)

    def __enter__(self):
        return self.server

    def __exit__(self, *_):
        self.server.process.send_signal(signal.SIGINT)
        self.server.process.wait(20)


@pytest.fixture
def house():
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    it = settle_in(folder)
    yield it
    shutil.rmtree(it.room, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def plain_house(tmp_path):
    (tmp_path / "room").mkdir()
    return Household(tmp_path / "room", tmp_path, {})


@pytest.fixture
def log(tmp_path):
    return tmp_path / "postgres.log"
