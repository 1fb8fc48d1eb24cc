"""`campaigns rehearse`: the whole campaign within seconds, and no trace of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import psycopg
import pytest
import redis
from sqlalchemy import text

from campaigns.clock import system_clock
from campaigns.domain.local import instant_of
from campaigns.errors import NotFound
from campaigns.operations.register import Request, register
from campaigns.rehearse.play import rehearse
from campaigns.settings import Settings, read_settings
from campaigns.store import webinars
from campaigns.store.engine import Engine, transaction
from tests.factories import CLINIC, HORIZON, TEMPLATES, hours, starter

pytestmark = pytest.mark.journey
EASTERN = ZoneInfo("America/New_York")


def test_everybody_gets_what_the_rules_say_and_real_data_stay_as_they_are(
    own_engine: Engine, own_database_url: str, redis_url: str, tmp_path: Path
) -> None:
    starts_at = open_house(own_engine)
    settings = real(own_database_url, redis_url, tmp_path)
    broker = redis.Redis(unix_socket_path=redis_url.removeprefix("redis+socket://").partition("?")[0])
    broker.flushall()
    broker.rpush("email.urgent", "a doorbell of the real service")
    before = (contents(own_engine), databases(own_database_url), sorted(broker.keys("*")), files(tmp_path))

    lines: list[str] = []
    rehearse(settings, lines.append, webinar="si-joint-runners")

    after = (contents(own_engine), databases(own_database_url), sorted(broker.keys("*")), files(tmp_path))
    broker.delete("email.urgent")  # no doorbell of ours: a worker of a later test would end at it
    broker.close()
    assert after == before
    sent, withheld = told(lines)
    assert sent == {
        "Ana": ["C0", "C1", "D1", "D2", "B1", "B2", "B4", "B5", "A1", "A3", "E1", "E2", "E4", "E5", "E6", "E7", "E3"],
        "Ben": ["C0", "D1", "D2", "B1", "B2", "B4", "B6", "N1", "E1", "E2", "E4", "E5", "E6", "E7"],
        "Cleo": ["C0", "C1", "B5", "A1", "A3"],
        "Dev": ["C0", "C1", "D1", "D2", "X3"],
        "Eve": ["C0", "C1", "B2", "B4", "B5", "A1", "A3", "E1", "E2", "E4", "E5", "E6", "E7"],
    }
    assert withheld["Ana"] == {
        "B6": "other audience", "N1": "other audience", "X1": "no move", "X1-sms": "no move",
        "X2": "no cancellation", "X2-sms": "no cancellation", "X3": "no withdrawal", "Q1": "no answer",
    }  # fmt: skip
    assert withheld["Cleo"]["B2"] == "registered late"
    assert withheld["Ben"]["C1"] == "no number"
    assert withheld["Dev"]["B2"] == "withdrawn"
    assert lines[-2] == "54 messages went out, 71 steps did not. The outbox and the ledger agree."
    local = starts_at.astimezone(EASTERN)
    assert f"Session: {local:%a} {local.day:2} {local:%b %Y} 18:00 {local:%Z}" in lines
    # The day before, at the same instant for everybody, each in their own time; lessons at ten of their own clock.
    assert [line.split()[4:6] for line in lines if " B2 " in line and "“" in line] == [
        [f"{day(starts_at, zone):%H:%M}", f"{day(starts_at, zone):%Z}"]
        for zone in ("New_York", "Los_Angeles", "Los_Angeles")
    ]
    assert {line.split()[4] for line in lines if " D1 " in line and "“" in line} == {"10:00"}


def test_with_no_server_at_all_it_starts_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines: list[str] = []
    rehearse(
        read_settings(database_url="", redis_url="", data_dir=tmp_path / "var"),
        lines.append,
        webinar="si-joint-runners",
    )
    assert lines[-2] == "54 messages went out, 71 steps did not. The outbox and the ledger agree."
    assert files(tmp_path) == {}


def test_an_interrupted_rehearsal_leaves_nothing_behind(
    own_engine: Engine, own_database_url: str, redis_url: str, tmp_path: Path
) -> None:
    open_house(own_engine)
    before = (contents(own_engine), databases(own_database_url))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CAMPAIGNS_", "TWILIO_"))}
    environment |= {
        "DATABASE_URL": own_database_url,
        "REDIS_URL": redis_url,
        "CAMPAIGNS_DATA_DIR": str(tmp_path / "var"),
    }
    asked = [sys.executable, "-m", "campaigns", "rehearse"]
    with subprocess.Popen(asked, env=environment, stderr=subprocess.PIPE, text=True) as process:
        children = wait_for_children(process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, "Interrupted.\n")
    assert [child for child in children if alive(child)] == []
    assert (contents(own_engine), databases(own_database_url)) == before
    assert files(tmp_path) == {}


def test_a_webinar_that_does_not_exist_is_said(
    own_engine: Engine, own_database_url: str, redis_url: str, tmp_path: Path
) -> None:
    open_house(own_engine)
    with pytest.raises(NotFound, match="There is no webinar knees"):
        rehearse(real(own_database_url, redis_url, tmp_path), print, webinar="knees")
    assert [name for name in databases(own_database_url) if name.startswith("rehearsal")] == []


def open_house(engine: Engine) -> datetime:
    """Fill the real database: a webinar, a session three weeks ahead, somebody registered. Gives the start."""
    now = system_clock()
    starts_at = instant_of((now + timedelta(days=21)).astimezone(EASTERN).date(), datetime(1, 1, 1, 18).time(), EASTERN)  # noqa: DTZ001
    with transaction(engine) as db:
        webinar = starter.load(db, TEMPLATES, CLINIC, now, with_session=False)
        session = webinars.add_session(db, webinar, starts_at, starts_at + timedelta(minutes=30), now)
        asked = Request(session_id=session, first_name="Real", email="real@example.org", zone="America/Chicago")
        register(db, asked, hours(), now, horizon=HORIZON)
    return starts_at


def real(database_url: str, redis_url: str, folder: Path) -> Settings:
    outbox = folder / "outbox" / "email"
    outbox.mkdir(parents=True)
    (outbox / "kept.eml").write_text("a message of the real service")
    return read_settings(database_url=database_url, redis_url=redis_url, data_dir=folder, secret="s" * 40)


def contents(engine: Engine) -> dict[str, Any]:
    """Every row of every table, as a digest."""
    with transaction(engine) as db:
        names = db.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        return {
            name: db.execute(
                text(f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {name} t")
            ).one()
            for name in names
        }


def databases(url: str) -> set[str]:
    with psycopg.connect(url) as server:
        return {row[0] for row in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'rehearsal%'")}


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def told(lines: list[str]) -> tuple[dict[str, list[str]], dict[str, dict[str, str]]]:
    """Take the report apart: keys of what each got in order, and reasons of what they did not get."""
    sent: dict[str, list[str]] = {}
    withheld: dict[str, dict[str, str]] = {}
    name = ""
    for line in lines:
        if head := re.match(r"(\w+) \(\w+/\w+\): registers", line):
            name = head[1]
            sent[name], withheld[name] = [], {}
        elif step := re.search(r"  (?:email|text)  +(\S+) +.*: “.+”$", line):
            sent[name].append(step[1])
        elif step := re.search(r"–      (\S+) +.*: not sent, (.+)$", line):
            withheld[name][step[1]] = step[2]
    return sent, withheld


def day(starts_at: datetime, zone: str) -> datetime:
    return (starts_at.astimezone(UTC) - timedelta(hours=24)).astimezone(ZoneInfo(f"America/{zone}"))


def wait_for_children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Wait until the play is on: worker and scheduler run."""
    parent = psutil.Process(process.pid)
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        children = parent.children(recursive=True)
        if any("workers.scheduler" in words_of(child) for child in children):
            return children
        time.sleep(0.05)
    raise AssertionError("the rehearsal did not begin")


def words_of(child: psutil.Process) -> str:
    """Give the command line; of one that has ended since it was listed, nothing."""
    try:
        return " ".join(child.cmdline())
    except psutil.NoSuchProcess:
        return ""


def alive(child: psutil.Process) -> bool:
    try:
        return child.is_running() and child.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
