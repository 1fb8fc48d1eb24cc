"""A child is kept alive with growing patience, and stopped in a fixed time."""

import signal
import subprocess
import sys
import time

import pytest

from campaigns import children
from campaigns.children import Child, stop
from campaigns.errors import ConfigurationError

SLEEPER = "import time; print(flush=True); time.sleep(300)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(300)"


def test_a_child_that_dies_is_reported_and_started_again(said, family):
    child = family(SLEEPER)
    first = child.process
    first.kill()
    first.wait()
    child.tend()
    assert said == ["sleeper ended (killed by signal 9); starting it again in 0.5 s"]
    _until(lambda: child.tend() or child.process)
    assert child.process.pid != first.pid


def test_the_wait_doubles_with_every_death_and_has_an_end(said, family):
    child = family("")
    for _ in range(9):
        child.process.wait()
        child._again_at = 0.0
        child.tend()
        child.launch()
    assert [line.rpartition("in ")[2] for line in said] == [f"{s} s" for s in (0.5, 1, 2, 4, 8, 16, 30, 30, 30)]
    assert "exit code 0" in said[0]


def test_a_long_life_makes_the_next_death_the_first_again(said, family):
    child = family("")
    child._deaths = 5
    child._born -= 2 * children._STEADY
    child.process.wait()
    child.tend()
    assert said[0].endswith("in 0.5 s")


def test_one_that_cannot_be_started_again_is_tried_later(said):
    def refuse():
        raise ConfigurationError("The disk is full")

    child = Child("server", refuse, said.append)
    child.tend()
    assert said == ["server did not start: The disk is full; starting it again in 0.5 s"]
    child.tend()
    assert len(said) == 1


def test_a_live_child_is_left_alone(said, family):
    child = family(SLEEPER)
    process = child.process
    child.tend()
    assert (child.process, said) == (process, [])


def test_stopping_asks_first_and_then_kills(family):
    polite, deaf, dead = family(SLEEPER), family(DEAF), family("")
    dead.process.wait()
    stop([polite, deaf, dead, Child("never started", polite.start, print)], patience=0.5)
    assert (polite.process.returncode, deaf.process.returncode) == (-signal.SIGTERM, -signal.SIGKILL)


def _until(done):
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def said():
    return []


@pytest.fixture
def family(said):
    started = []

    def start(code):
        # Without site: what measures coverage in children would answer SIGTERM in its own way.
        process = subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE)
        started.append(process)
        process.stdout.readline()
        return process

    def make(code):
        child = Child("sleeper", lambda: start(code), said.append)
        child.launch()
        return child

    yield make
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
