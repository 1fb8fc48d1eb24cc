"""The Celery application, and a real worker process on a real broker."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from campaigns import commands
from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel, Priority
from campaigns.domain.streams import StreamName
from campaigns.errors import ConfigurationError
from campaigns.operations import dispatch as dispatching
from campaigns.operations.dispatch import Pace, queue_name
from campaigns.operations.recover import recover
from campaigns.settings import read_settings
from campaigns.store.engine import hold, let_go
from tests.factories import GRACE, World
from workers import tasks
from workers.app import QUEUES, Process, channels_of, make_app, with_broker
from workers.scheduler import publisher

NAMES = [StreamName(channel, "folder", "outbox") for channel in Channel]

SECRET = "a secret of thirty-two characters and more"
PATIENCE = 60.0


def test_every_queue_that_is_rung_is_consumed_by_a_worker_as_we_start_it() -> None:
    rung = {queue_name(channel, priority) for channel in Channel for priority in Priority}
    assert rung == set(QUEUES) == set(commands.QUEUES)
    command = commands.worker(commands.QUEUES)
    assert set(command[command.index("--queues") + 1].split(",")) == rung


def test_urgent_stands_before_bulk_where_a_worker_serves_both() -> None:
    for names in (QUEUES, commands.QUEUES):
        assert names.index("email.urgent") < names.index("email.bulk")
        assert names.index("sms.urgent") < names.index("sms.bulk")


@pytest.mark.parametrize(
    ("queues", "channels"),
    [
        (None, set(Channel)),
        ("sms.urgent,sms.bulk", {Channel.SMS}),
        (["email.bulk"], {Channel.EMAIL}),
        ("elsewhere", set()),
    ],
)
def test_a_worker_is_ready_for_the_channels_of_its_queues(queues, channels) -> None:
    assert channels_of(queues) == channels


def test_celery_keeps_no_results_and_no_times_of_its_own() -> None:
    conf = make_app(read_settings(redis_url="redis://127.0.0.1:1/0", broker_prefix="one.")).conf
    assert conf.task_ignore_result and conf.result_backend is None
    assert not conf.task_acks_late and conf.worker_prefetch_multiplier == 1
    assert not conf.task_create_missing_queues and {queue.name for queue in conf.task_queues} == set(QUEUES)
    assert conf.broker_transport_options["global_keyprefix"] == "one."
    assert conf.broker_transport_options["queue_order_strategy"] == "priority"
    assert not conf.beat_schedule


def test_a_doorbell_cannot_be_rung_where_nobody_listens(redis_url: str) -> None:
    app = make_app(read_settings(redis_url=redis_url))
    with pytest.raises(Exception, match="email.nobody"):
        publisher(app)("email.nobody", 1)


def test_a_broker_that_is_not_there_is_told_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(Exception):  # noqa: B017, PT011  # whatever the client calls it
        publisher(make_app(read_settings(redis_url="redis://127.0.0.1:1/0")))("email.bulk", 1)
    assert time.monotonic() - began < PATIENCE


def test_settings_without_a_broker_are_told_so() -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        with_broker(read_settings(redis_url=""))


def test_a_process_builds_its_desk_once_and_hangs_up(database_url: str, monkeypatch, tmp_path) -> None:
    for name, value in _environment(database_url, "", tmp_path).items():
        monkeypatch.setenv(name, value)
    process = Process()
    desk = process.desk()
    assert process.desk() is desk
    process.close()
    process.close()
    assert desk.stopping() is False


def test_the_task_answers_a_doorbell(world: World, database_url: str, monkeypatch, tmp_path) -> None:
    for name, value in _environment(database_url, "", tmp_path).items():
        monkeypatch.setenv(name, value)
    process = Process()
    monkeypatch.setattr(tasks, "process", process)
    mine = world.registration(world.session())
    world.dispatch()
    tasks.hand_off_batch(world.bells[0][1])
    process.close()
    assert world.ledger(mine) == [("C0", "sent")]


def test_a_real_worker_carries_a_batch_into_the_outbox_and_stops_when_told(
    world: World, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    session = world.session()
    people = [world.registration(session) for _ in range(5)]
    worker = _start(commands.worker(commands.QUEUES, name="one"), database_url, redis_url, tmp_path)
    try:
        dispatching.dispatch(world.engine, _bell(redis_url), world.clock(), Pace(100, 600), NAMES)
        _until(
            lambda: (
                world.ledger(people[-1]) == [("C0", "sent")]
                and world.one("SELECT count(*) FROM delivery WHERE status = 3") == 5
            ),
            worker,
        )
        assert len(list((tmp_path / "outbox" / "email").glob("*.eml"))) == 5
        _until(lambda: world.one("SELECT done_at IS NOT NULL FROM batch"), worker)
    finally:
        assert _stop(worker) == 0, _said(tmp_path)


def test_a_worker_that_is_told_to_stop_in_a_batch_gives_back_what_it_has_not_begun(
    world: World, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """The eleventh message is kept waiting by a lock on its row, so that the stop falls into the middle of the batch."""
    session = world.session()
    for _ in range(40):
        world.registration(session)
    worker = _start(
        commands.worker(commands.QUEUES, name="two"), database_url, redis_url, tmp_path, CAMPAIGNS_EMAIL_LANES="1"
    )
    try:
        with world.engine.connect() as brake:
            dispatching.dispatch(world.engine, _braked(brake, redis_url), world.clock(), Pace(100, 600), NAMES)
            _until(lambda: world.one("SELECT count(*) FROM delivery WHERE status = 3") == 9, worker)
            worker.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            brake.rollback()
            code = worker.wait(PATIENCE)
    finally:
        _stop(worker)
    assert code == 0, _said(tmp_path)
    states = [row.status for row in world.sql("SELECT status FROM delivery ORDER BY id")]
    assert set(states) == {Status.SENT, Status.PLANNED}
    assert states.count(Status.SENT) in (10, 11)
    assert len(list((tmp_path / "outbox" / "email").glob("*.eml"))) == states.count(Status.SENT)


def test_a_killed_worker_frees_its_batch_and_leaves_one_in_doubt_for_each_lane(
    world: World, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    session = world.session()
    for _ in range(20):
        world.registration(session)
    worker = _start(
        commands.worker(commands.QUEUES, name="three"), database_url, redis_url, tmp_path, CAMPAIGNS_EMAIL_LANES="1"
    )
    try:
        with world.engine.connect() as brake:
            dispatching.dispatch(world.engine, _braked(brake, redis_url), world.clock(), Pace(100, 600), NAMES)
            _until(lambda: world.one("SELECT count(*) FROM delivery WHERE status = 3") == 9, worker)
            worker.kill()
            worker.wait(PATIENCE)
            brake.rollback()
    finally:
        _stop(worker)
    batch = world.one("SELECT id FROM batch")
    with world.engine.connect() as other:
        _until(lambda: hold(other, batch))
        let_go(other, batch)
        other.commit()
    assert world.one("SELECT count(*) FROM delivery WHERE status = 2") <= 1
    world.clock.forward(minutes=1)
    recover(world.engine, world.clock(), grace=GRACE)
    world.work()
    assert {row.status for row in world.sql("SELECT DISTINCT status FROM delivery")} == {Status.SENT}
    assert world.one("SELECT count(*) FROM attempt WHERE outcome = 'unknown'") <= 1


@pytest.mark.parametrize("missing", ["DATABASE_URL", "CAMPAIGNS_SECRET", "REDIS_URL"])
def test_a_worker_without_what_it_needs_says_so_and_does_not_start(
    missing: str, database_url: str, tmp_path: Path
) -> None:
    environment = _environment(database_url, "redis://127.0.0.1:1/0", tmp_path)
    environment.pop(missing)
    done = subprocess.run(
        commands.worker(commands.QUEUES), env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode != 0
    assert missing in done.stderr.strip().splitlines()[-1]


def _environment(database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_START") if name in os.environ}
    return keep | {
        "DATABASE_URL": database_url, "REDIS_URL": redis_url, "CAMPAIGNS_SECRET": SECRET, "CAMPAIGNS_DATA_DIR": str(folder),
    }  # fmt: skip


def _start(command: list[str], database_url: str, redis_url: str, folder: Path, **more: str) -> subprocess.Popen[bytes]:
    with (folder / "worker.log").open("wb") as log:
        return subprocess.Popen(
            command,
            env=_environment(database_url, redis_url, folder) | more,
            stdout=log,
            stderr=log,
            cwd=Path(__file__).parents[2],
        )


def _said(folder: Path) -> str:
    return (folder / "worker.log").read_text(encoding="utf-8", errors="replace")[-3000:]


def _bell(redis_url: str):
    return publisher(make_app(read_settings(redis_url=redis_url)))


def _braked(brake, redis_url: str):
    """A bell that first locks the eleventh row, so that the lane stands still before it."""
    bell = _bell(redis_url)

    def ring(queue: str, batch: int) -> None:
        brake.execute(text("SELECT 1 FROM delivery WHERE id = (SELECT min(id) + 10 FROM delivery) FOR UPDATE"))
        bell(queue, batch)

    return ring


def _until(true, worker: subprocess.Popen[bytes] | None = None) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert worker is None or worker.poll() is None, "the worker died"
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.05)


def _stop(worker: subprocess.Popen[bytes]) -> int:
    if worker.poll() is None:
        worker.send_signal(signal.SIGTERM)
    try:
        return worker.wait(10)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait(10)
        raise


@pytest.fixture
def world(engine) -> World:
    return World(engine)
