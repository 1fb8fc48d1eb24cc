"""A place and an identity for servers, as root and as an ordinary user."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from campaigns.errors import ConfigurationError
from campaigns.store import household
from campaigns.store.household import Household, end, settle_in, spawn, write_private

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives root up")


def test_passwords_are_ours_alone(tmp_path):
    house = settle_in(tmp_path / "data")
    assert house.private.stat().st_mode & 0o777 == 0o700
    write_private(house.private / "secret", "word")
    assert (house.private / "secret").stat().st_mode & 0o777 == 0o600


def test_settling_in_twice_finds_the_same_place(tmp_path):
    assert settle_in(tmp_path / "data") == settle_in(tmp_path / "data")


def test_a_file_that_is_replaced_never_keeps_an_open_mode(tmp_path):
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)


@as_root
def test_root_gives_the_servers_another_identity(open_dir):
    house = settle_in(open_dir)
    assert house.identity["user"] != 0
    assert house.room == open_dir / "servers"
    assert house.room.stat().st_uid == house.identity["user"]


@as_root
def test_a_directory_closed_to_others_stays_closed_and_the_servers_go_elsewhere(tmp_path, monkeypatch, open_dir):
    monkeypatch.setattr(household, "_ELSEWHERE", open_dir / "elsewhere")
    tmp_path.chmod(0o700)
    house = settle_in(tmp_path / "data")
    assert house.room.parent == open_dir / "elsewhere"
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@as_root
def test_a_machine_without_another_user_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(household, "_SERVANTS", ("nobody-of-this-name",))
    with pytest.raises(ConfigurationError, match="start as another user"):
        settle_in(tmp_path)


@as_root
def test_a_program_out_of_reach_is_copied_with_its_libraries(open_dir, tmp_path):
    wheel = tmp_path / "closed"
    for name in ("tool/install/bin/server", "tool/install/lib/own.so", "tool.libs/other.so", "tool/install/include/h"):
        (wheel / name).parent.mkdir(parents=True, exist_ok=True)
        (wheel / name).write_text("#!/bin/sh\necho reached\n")
        (wheel / name).chmod(0o755)
    tmp_path.chmod(0o700)
    house = settle_in(open_dir)
    program = wheel / "tool/install/bin/server"
    needs = (wheel / "tool/install", wheel / "tool.libs")
    copy = house.reachable(program, *needs)
    assert copy != program
    assert (
        subprocess.run([str(copy)], capture_output=True, check=True, cwd="/", **house.identity).stdout == b"reached\n"
    )
    assert (copy.parents[3] / "tool.libs/other.so").exists()
    assert not (copy.parents[1] / "include").exists()
    assert house.reachable(program, *needs) == copy


@as_root
def test_a_newer_program_replaces_the_copy_of_the_older(open_dir, tmp_path):
    program = tmp_path / "bin/server"
    program.parent.mkdir()
    program.write_text("old")
    program.chmod(0o755)
    tmp_path.chmod(0o700)
    house = settle_in(open_dir)
    old = house.reachable(program, program.parent)
    program.write_text("new")
    os.utime(program, ns=(1, 1))
    new = house.reachable(program, program.parent)
    assert new.read_text() == "new"
    assert not old.exists()


def test_an_ordinary_users_servers_run_as_that_user(tmp_path):
    house = Household(tmp_path, tmp_path, {})
    program = tmp_path / "server"
    assert house.reachable(program, tmp_path) == program
    (tmp_path / "fresh").mkdir()
    (tmp_path / "fresh/old").touch()
    assert list(house.fresh(tmp_path / "fresh").iterdir()) == []
    assert house.hand_over(tmp_path / "note", "words").read_text() == "words"


def test_an_ordinary_user_needs_no_other_place(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    house = settle_in(tmp_path / "data")
    assert house == Household(tmp_path / "data/servers", tmp_path / "data/private", {})


def test_a_child_dies_with_us(tmp_path):
    log = tmp_path / "log"
    code = (
        "import signal, time; from pathlib import Path; from campaigns.store.household import spawn;"
        f"spawn(['sh', '-c', 'echo $$; exec sleep 300'], log=Path({str(log)!r}), dies_with_us=signal.SIGKILL); time.sleep(300)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code])
    _wait(lambda: log.exists() and log.read_text().endswith("\n"))
    child = Path("/proc", log.read_text().strip(), "stat")
    owner.kill()
    owner.wait()
    _wait(lambda: not child.exists() or child.read_text().rpartition(")")[2].split()[0] == "Z")


def _wait(done):
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_child_that_does_not_listen_is_killed():
    child = subprocess.Popen(["sh", "-c", "trap '' TERM; echo; exec sleep 300"], stdout=subprocess.PIPE)
    with child.stdout:
        child.stdout.readline()
        end(child, signal.SIGTERM, patience=0.05)
    assert child.returncode == -signal.SIGKILL


def test_a_child_starts_where_setpriv_is_missing_too(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    child = spawn(["/bin/echo", "hello"], log=tmp_path / "log", dies_with_us=signal.SIGTERM)
    assert child.wait() == 0
    assert (tmp_path / "log").read_text() == "hello\n"


def test_servers_see_none_of_our_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("CAMPAIGNS_SECRET", "word")
    house = Household(tmp_path, tmp_path, {})
    spawn(["/usr/bin/env"], log=tmp_path / "log", house=house, dies_with_us=signal.SIGTERM).wait()
    assert "CAMPAIGNS_SECRET" not in (tmp_path / "log").read_text()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Root's other place for servers, so that no test leaves anything in the real one."""
    monkeypatch.setattr(household, "_ELSEWHERE", tmp_path / "elsewhere")


@pytest.fixture
def open_dir():
    """A directory that everybody may pass through; pytest's own are closed."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)
