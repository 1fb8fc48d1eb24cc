"""Valkey from the wheel: a socket for its owner only, a queue that survives, one line when it cannot start."""

import importlib.util
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from campaigns.errors import ConfigurationError
from campaigns.store import embedded_broker
from campaigns.store.embedded_broker import start_broker
from campaigns.store.household import Household, settle_in


def test_it_listens_on_a_socket_of_its_owner_only(house, log):
    server = start_broker(house, log)
    door = Path(server.url.removeprefix("redis+socket://").partition("?")[0])
    assert door.stat().st_mode & 0o777 == 0o700
    assert _ask(door, "CONFIG GET port").split()[-1] == "0"
    _end(server)


def test_what_was_queued_survives_a_kill(house, log):
    server = start_broker(house, log)
    door = house.room / "valkey.sock"
    _ask(door, "LPUSH bell 1")
    _ask(door, "WAITAOF 1 0 5000")
    server.process.kill()
    server.process.wait()
    server = start_broker(house, log)
    assert _ask(door, "LLEN bell").strip() == ":1"
    _end(server)


def test_a_long_path_gets_a_short_socket(tmp_path, log):
    room = tmp_path / ("long" * 20) / ("path" * 20)
    room.mkdir(parents=True)
    door = embedded_broker._door(Household(room, room, {}))
    assert len(str(door)) < 100
    door.parent.rmdir()


def test_an_installed_server_is_used_where_there_is_no_wheel(house, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/redis-server" if name == "redis-server" else None)
    assert embedded_broker._find_program(house) == Path("/usr/bin/redis-server")


def test_without_any_redis_the_line_names_the_setting_and_the_package(house, log, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"REDIS_URL .* apt-get install redis-server"):
        start_broker(house, log)


@pytest.mark.parametrize(("words", "said"), [("echo bad config", "bad config"), ("true", "it said nothing")])
def test_a_server_that_ends_at_once_is_one_line(plain_house, log, tmp_path, monkeypatch, words, said):
    _stand_in(tmp_path, monkeypatch, words)
    with pytest.raises(ConfigurationError, match=f"Valkey did not come up: {said}"):
        start_broker(plain_house, log)


def test_a_server_that_never_answers_is_given_up(plain_house, log, tmp_path, monkeypatch):
    _stand_in(tmp_path, monkeypatch, "exec sleep 300")
    monkeypatch.setattr(embedded_broker, "_PATIENCE", 0.1)
    with pytest.raises(ConfigurationError, match="did not come up"):
        start_broker(plain_house, log)


def _stand_in(folder, monkeypatch, words):
    program = folder / "server"
    program.write_text(f"#!/bin/sh\n{words}\n")
    program.chmod(0o755)
    monkeypatch.setattr(embedded_broker, "_find_program", lambda _: program)


def _ask(door, words):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(door))
        line.settimeout(10)
        line.sendall(words.encode() + b"\r\n")
        return line.recv(4096).decode()


def _end(server):
    server.process.terminate()
    server.process.wait(10)


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
    return tmp_path / "valkey.log"
