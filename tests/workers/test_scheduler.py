"""The rhythms, and the process that keeps them."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from campaigns import commands
from campaigns.clock import write_clock
from campaigns.runtime import build
from campaigns.settings import read_settings
from tests.factories import SERVICE_TEXTS, World
from workers import scheduler
from workers.scheduler import Rhythm, rhythms, run

SECRET = "a secret of thirty-two characters and more"
PATIENCE = 60.0


def test_a_scheduler_plans_dispatches_and_recovers(world: World, database_url: str) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    rung: list[str] = []
    with _runtime(world, database_url) as runtime:
        _run_until(
            runtime,
            lambda queue, _: rung.append(queue),
            lambda: len(rung) >= 2 and world.one("SELECT count(DISTINCT name) FROM rhythm") == 7,
        )
    assert sorted(rung) == ["email.urgent", "sms.urgent"]
    kept = world.sql("SELECT DISTINCT name FROM rhythm ORDER BY name")
    assert [row.name for row in kept] == ["close", "dispatch", "offer", "plan", "receive", "reconcile", "recover"]
    assert world.ledger(mine) == [("C0", "queued"), ("C1", "queued")]
    assert world.one("SELECT count(*) FROM webinar_session WHERE planned_until IS NULL") == 0


def test_a_rhythm_that_breaks_is_kept_up_and_does_not_disturb_the_others(
    world: World, database_url: str, monkeypatch
) -> None:
    broke, kept = [], []

    def breaking() -> int:
        broke.append(1)
        raise RuntimeError("a fault")

    def keeping() -> int:
        kept.append(1)
        return 0

    every = timedelta(milliseconds=5)
    monkeypatch.setattr(scheduler, "_AFTER_A_FAULT", every)
    monkeypatch.setattr(
        scheduler, "rhythms", lambda *_: (Rhythm("one", every, breaking), Rhythm("two", every, keeping))
    )
    with _runtime(world, database_url) as runtime:
        _run_until(runtime, _silent, lambda: len(broke) > 2 and len(kept) > 2)
    assert [row.name for row in world.sql("SELECT name FROM rhythm")] == ["two"]


def test_two_schedulers_ring_once(world: World, database_url: str) -> None:
    session = world.session()
    for _ in range(30):
        world.registration(session)
    rung: list[int] = []
    with _runtime(world, database_url) as one, _runtime(world, database_url) as two:
        stop = threading.Event()
        threads = [
            threading.Thread(target=run, args=(each, lambda _, batch: rung.append(batch), stop)) for each in (one, two)
        ]
        for thread in threads:
            thread.start()
        _until(lambda: world.one("SELECT count(*) FROM delivery WHERE status = 1") == 30)
        stop.set()
        for thread in threads:
            thread.join()
    assert sum(row.size for row in world.sql("SELECT size FROM batch")) == 30
    assert len(rung) == len(set(rung))


def test_the_rhythms_are_those_of_the_settings(world: World, database_url: str) -> None:
    with _runtime(world, database_url) as runtime:
        found = {one.name: one.every for one in rhythms(runtime, _silent)}
        assert found == {
            "dispatch": runtime.settings.dispatch_every, "plan": runtime.settings.plan_every, "recover": runtime.settings.recover_every,
            "reconcile": runtime.settings.recover_every, "receive": runtime.settings.receive_every,
            "close": runtime.settings.close_every,
            "offer": runtime.settings.close_every,
        }  # fmt: skip


def test_a_real_scheduler_rings_for_a_real_broker_and_stops_when_told(
    world: World, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    mine = world.registration(world.session())
    write_clock(tmp_path / "clock", world.clock())
    environment = _environment(database_url, redis_url) | {"CAMPAIGNS_CLOCK_FILE": str(tmp_path / "clock")}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(commands.scheduler(), env=environment, stdout=log, stderr=log)
    try:
        _until(lambda: world.ledger(mine) == [("C0", "queued")] or process.poll() is not None)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(20)
    assert code == 0, (tmp_path / "log").read_text()[-2000:]
    assert world.ledger(mine) == [("C0", "queued")]


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL"])
def test_a_scheduler_without_what_it_needs_says_so(missing: str, database_url: str, monkeypatch, tmp_path) -> None:
    for name, value in {
        **_environment(database_url, "redis://127.0.0.1:1/0"),
        "CAMPAIGNS_DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with pytest.raises(SystemExit, match=missing):
            scheduler.main()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _silent(_queue: str, _batch: int) -> None:
    """Ring for nobody."""


def _environment(database_url: str, redis_url: str) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_START") if name in os.environ}
    return keep | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "CAMPAIGNS_SECRET": SECRET}


class _runtime:  # noqa: N801  # reads as the act it is
    """The runtime of a scheduler on the world's clock."""

    def __init__(self, world: World, database_url: str) -> None:
        self._built = build(read_settings(database_url=database_url, secret=SECRET), pool_size=4)
        self._clock = world.clock

    def __enter__(self):
        return replace(self._built.__enter__(), clock=self._clock)

    def __exit__(self, *error):
        return self._built.__exit__(*error)


def _run_until(runtime, publish, true) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(runtime, publish, stop))
    thread.start()
    try:
        _until(true)
    finally:
        stop.set()
        thread.join()


def _until(true) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture
def world(engine) -> World:
    return World(engine)
