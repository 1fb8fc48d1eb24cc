"""`campaigns up` as real processes: it starts everything, keeps it alive, and stops it; and says in one line why it cannot."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from campaigns.store.embedded import free_port

pytestmark = pytest.mark.journey
ROOT = Path(__file__).parents[1]
CHILDREN = {"postgres", "valkey-server", "campaigns.serve", "workers.scheduler", "email@%h", "sms@%h"}


def test_everything_runs_comes_back_when_killed_and_is_gone_after_ctrl_c(data):
    with _Up(data) as up:
        said = up.await_running()
        assert f"{up.url}/w/si-joint-runners" in said
        assert re.search(r"Staff login .* staff@localhost, password \S{20,}", said)
        assert "(every captured email and text)" in said
        assert _get(f"{up.url}/w/si-joint-runners")[0] == 200
        assert set(up.children()) == CHILDREN
        for name in sorted(CHILDREN):
            up.children()[name].kill()
        _until(lambda: set(up.children()) == CHILDREN and _get(f"{up.url}/w/si-joint-runners")[0] == 200)
        family = list(up.children().values())
        up.process.send_signal(signal.SIGINT)
        up.process.send_signal(signal.SIGTERM)
        assert up.process.wait(120) == 0
        assert [one for one in family if one.is_running() and one.status() != "zombie"] == []
    assert up.said().endswith("Stopping\n")
    for name in ("PostgreSQL", "Valkey", "web", "scheduler", "email worker", "sms worker"):
        assert re.search(rf"{name} (ended|did not start)", up.said())
    assert "Traceback" not in up.said()
    with _Up(data) as again:
        assert "the first password is kept in" in again.await_running()
    assert not (data / "servers.json").exists()


def test_a_second_up_in_the_same_place_is_refused_and_other_commands_find_the_first(data):
    with _Up(data) as up:
        up.await_running()
        with _Up(data) as second:
            assert second.process.wait(200) == 1
        assert second.said().count("\n") == 1
        assert f"already running here (process {up.process.pid}" in second.said()
        found = subprocess.run(
            [sys.executable, "-m", "campaigns", "doctor"],
            env=up.environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert re.search(r"ok +database +PostgreSQL \d+", found.stdout)
        assert json.loads((data / "servers.json").read_text())["public_url"] == up.url


def test_after_a_kill_nothing_is_left_and_the_next_one_starts(data):
    with _Up(data) as up:
        up.await_running()
        family = list(up.children().values())
        up.process.kill()
        _until(lambda: not [one for one in family if one.is_running() and one.status() != "zombie"])
    with _Up(data) as again:
        again.await_running()
        assert _get(f"{again.url}/w/si-joint-runners")[0] == 200


def test_a_ctrl_c_while_starting_stops_at_once(data):
    with _Up(data) as up:
        _until(lambda: "Starting PostgreSQL" in up.said())
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(120) == 0
    assert "Traceback" not in up.said()


def test_servers_of_the_environment_are_used_as_they_are(data, own_database_url, redis_url):
    with _Up(data, DATABASE_URL=own_database_url, REDIS_URL=redis_url, CAMPAIGNS_SECRET="s" * 32) as up:
        up.await_running()
        assert set(up.children()) == CHILDREN - {"postgres", "valkey-server"}
        assert not (data / "private/signing-secret").exists()


def test_a_database_that_does_not_answer_is_one_line(data):
    with _Up(data, DATABASE_URL="postgresql://app:x@127.0.0.1:1/none") as up:
        assert up.process.wait(200) == 1
    assert up.said().splitlines()[-1] == "DATABASE_URL: this server does not answer, or does not let us in."
    assert "Traceback" not in up.said()


def test_a_web_that_cannot_start_is_one_line(data):
    with _Up(data) as up:
        _until(lambda: "Bringing the database up to date" in up.said())
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", up.port)):
            assert up.process.wait(300) == 1
    assert "The web did not start: " in up.said()
    assert "Traceback" not in up.said()


class _Up:
    def __init__(self, data, **more):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CAMPAIGNS_", "DATABASE_", "REDIS_"))
        }
        self.environment = kept | {"CAMPAIGNS_DATA_DIR": str(data), "CAMPAIGNS_PORT": str(self.port)} | more
        self.output = data.parent / f"{self.port}.log"
        with self.output.open("wb") as log:
            command = [sys.executable, "-m", "campaigns", "up"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def said(self):
        return self.output.read_text()

    def await_running(self):
        _until(lambda: "Stop everything" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()
        return self.said()

    def children(self):
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                words = child.cmdline()
                names = [Path(word).name for word in " ".join(words).split()]  # Valkey writes its own title
                known = [name for name in names if name in CHILDREN]
                if known and child.status() != "zombie":
                    found[known[0]] = child
        return found

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def _get(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # our own server
            return answer.status, answer.read()
    except OSError:
        return 0, b""


def _until(done):
    until = time.monotonic() + 400
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def data():
    folder = Path(tempfile.mkdtemp(prefix="campaigns-up-"))
    folder.chmod(0o711)
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)
