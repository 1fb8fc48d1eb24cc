"""The stage of a rehearsal: what keeps it from being built, and what is cleared away."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import pytest

from campaigns.children import Child, stop
from campaigns.data_dir import claim
from campaigns.errors import ConfigurationError
from campaigns.rehearse.stage import Stage, build_stage
from campaigns.settings import read_settings
from campaigns.store.embedded import start_postgres
from campaigns.store.engine import make_engine, reachable
from campaigns.store.household import settle_in, spawn, write_private


def test_a_redis_that_does_not_answer_is_named_and_nothing_stays(
    postgres_url: str, rooms: Path, tmp_path: Path
) -> None:
    settings = read_settings(database_url=postgres_url, redis_url="redis://127.0.0.1:1/0", data_dir=tmp_path)
    with (
        pytest.raises(ConfigurationError, match="REDIS_URL: this server does not answer"),
        build_stage(settings, print),
    ):
        pass
    assert list(rooms.iterdir()) == []


def test_links_and_messages_of_a_rehearsal_are_its_own(
    postgres_url: str, redis_url: str, rooms: Path, tmp_path: Path
) -> None:
    real = read_settings(
        database_url=postgres_url, redis_url=redis_url, data_dir=tmp_path, secret="s" * 40, smtp_host="mail.example.org"
    )
    with build_stage(real, print) as stage:
        mine = stage.settings
        assert stage.real_url == postgres_url
        assert (mine.email_by, mine.sms_by) == ("folder", "folder")
        assert mine.secrets != real.secrets
        assert mine.database_url != real.database_url
        assert mine.broker_prefix.startswith("rehearsal-")
        assert mine.outbox.is_relative_to(rooms)
        servers = settle_in(mine.data_dir).room
        assert servers.is_dir()
    assert not servers.exists()
    assert list(rooms.iterdir()) == []


def test_a_directory_whose_up_is_running_is_left_alone(redis_url: str, rooms: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "var"
    house = settle_in(data_dir)
    write_private(house.private / "database-password", "p")
    settings = read_settings(database_url="", redis_url=redis_url, data_dir=data_dir)
    said: list[str] = []
    with (
        claim(data_dir),
        pytest.raises(ConfigurationError, match="already running"),
        build_stage(settings, said.append),
    ):
        pass
    shutil.rmtree(house.room)  # as root it may lie elsewhere
    assert said == ["Starting the database of this directory"]
    assert list(rooms.iterdir()) == []


def test_the_database_of_an_up_that_is_not_running_is_started_and_stopped(
    redis_url: str, rooms: Path, tmp_path: Path
) -> None:
    house = settle_in(tmp_path / "var")
    first = start_postgres(house, tmp_path / "log", durable=False)
    stop([Child("PostgreSQL", lambda: first.process, print, first.stop_signal, first.process)], patience=10)
    settings = read_settings(database_url="", redis_url=redis_url, data_dir=tmp_path / "var")
    with build_stage(settings, lambda _: None) as stage:
        engine = make_engine(stage.real_url)
        assert reachable(engine)
        engine.dispose()
    assert not reachable(engine)
    engine.dispose()
    assert list(rooms.iterdir()) == []
    shutil.rmtree(house.room)  # as root it may lie elsewhere


@pytest.mark.parametrize(
    ("words", "said"), [("print('no such module')", "no such module"), ("pass", "it said nothing")]
)
def test_a_process_that_ends_is_told_with_its_last_words(words: str, said: str, tmp_path: Path) -> None:
    child = Child(
        "worker",
        lambda: spawn([sys.executable, "-c", words], log=tmp_path / "worker.log", dies_with_us=signal.SIGTERM),
        print,
    )
    stage = Stage(read_settings(), "", (child,), tmp_path)
    stage.look_after()
    child.launch()
    assert child.process is not None
    child.process.wait(30)
    with pytest.raises(ConfigurationError, match=f"The worker of the rehearsal ended: {said}"):
        stage.look_after()


def test_the_first_signal_ends_the_play_and_later_ones_do_not_disturb_the_clearing_up(
    postgres_url: str, redis_url: str, rooms: Path, tmp_path: Path
) -> None:
    settings = read_settings(database_url=postgres_url, redis_url=redis_url, data_dir=tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        interrupt_twice(settings)
    assert signal.getsignal(signal.SIGTERM) is before
    assert list(rooms.iterdir()) == []


def interrupt_twice(settings: object) -> None:
    with build_stage(settings, print):  # type: ignore[arg-type]
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)


@pytest.fixture
def rooms(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place where rehearsals make their rooms."""
    folder = tmp_path_factory.mktemp("rooms")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
