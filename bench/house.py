"""A house of its own for the measurements: servers, a starter campaign, people, processes; all gone afterwards."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
from sqlalchemy import text

from campaigns.operations import starter
from campaigns.runtime import Runtime, build
from campaigns.settings import read_settings
from campaigns.store.embedded import free_port, start_postgres
from campaigns.store.embedded_broker import start_broker
from campaigns.store.engine import make_engine, transaction
from campaigns.store.household import settle_in
from campaigns.store.migrate import upgrade
from campaigns.store.webinars import add_session

ROOT = Path(__file__).resolve().parent.parent
ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
)


@dataclass
class House:
    """A running house and the way to its processes."""

    runtime: Runtime
    environment: dict[str, str]
    folder: Path
    webinar_id: int

    @contextmanager
    def process(self, command: Sequence[str], **more: str) -> Iterator[psutil.Process]:
        """Run one of the service's processes for the length of the block."""
        log = (self.folder / "processes.log").open("ab")
        child = subprocess.Popen(command, env=self.environment | more, cwd=ROOT, stdout=log, stderr=log)
        try:
            yield psutil.Process(child.pid)
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(30)
            log.close()

    def run(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        """Run one statement in a transaction of its own and give its rows, if it has any."""
        with transaction(self.runtime.engine) as db:
            rows = db.execute(text(statement), values)
            return [tuple(row) for row in rows] if rows.returns_rows else []

    def session(self, starts_in: timedelta) -> int:
        """Add a session that lasts half an hour."""
        now = self.runtime.clock()
        with transaction(self.runtime.engine) as db:
            starts = now + starts_in
            return add_session(db, self.webinar_id, starts, starts + timedelta(minutes=30), now)

    def people(self, session_id: int, count: int, *, days_ago: int = 20, texts: bool = True) -> None:
        """Register many people for a session at once, over all zones, all boxes ticked."""
        mark = secrets.token_hex(3)
        self.run(
            """
            WITH n AS (
              INSERT INTO registrant (email, first_name, phone, zone, created_at)
              SELECT 'p' || i || '.' || :mark || '@example.org', 'Person' || i,
                     '+1207' || lpad((5550000 + i)::text, 7, '0'), (CAST(:zones AS text[]))[1 + i % :of], :at
              FROM generate_series(1, :count) AS i RETURNING id, zone
            ), r AS (
              INSERT INTO registration (session_id, registrant_id, zone, source, registered_at)
              SELECT :session, id, zone, 'import', :at FROM n RETURNING registrant_id
            ), c AS (
              INSERT INTO consent (registrant_id, channel, purpose, granted, address, means, at)
              SELECT r.registrant_id, k.channel, k.purpose, true, '', 'import', :at
              FROM r, (VALUES ('sms', 'service'), ('email', 'education'), ('email', 'marketing')) AS k(channel, purpose)
              WHERE :texts OR k.channel = 'email'
              RETURNING id, registrant_id, channel, purpose
            )
            INSERT INTO permission (registrant_id, channel, purpose, granted, consent_id)
            SELECT registrant_id, channel, purpose, true, id FROM c
            """,
            mark=mark,
            zones=list(ZONES),
            of=len(ZONES),
            count=count,
            session=session_id,
            at=self.runtime.clock() - timedelta(days=days_ago),
            texts=texts,
        )
        with self.runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text("ANALYZE"))

    def wait(self, question: str, *, seconds: float = 300, **values: object) -> None:
        """Wait until a statement answers true."""
        until = time.monotonic() + seconds
        while not self.run(question, **values)[0][0]:
            if time.monotonic() > until:
                raise TimeoutError(question)
            time.sleep(0.05)


@contextmanager
def house(**settings: str) -> Iterator[House]:
    """Build a house with the starter campaign, its own PostgreSQL and Valkey; settings as in the environment."""
    folder = Path(tempfile.mkdtemp(prefix="campaigns-bench-"))
    folder.chmod(0o711)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        place = settle_in(folder)
        stack.callback(shutil.rmtree, place.room, ignore_errors=True)
        postgres = start_postgres(place, place.private / "postgres.log", port=free_port())
        stack.callback(_stop, postgres.process, postgres.stop_signal)
        broker = start_broker(place, place.private / "valkey.log")
        stack.callback(_stop, broker.process, broker.stop_signal)
        environment = os.environ | {
            "CAMPAIGNS_DATABASE_URL": postgres.url,
            "CAMPAIGNS_REDIS_URL": broker.url,
            "CAMPAIGNS_DATA_DIR": str(folder),
            "CAMPAIGNS_SECRET": secrets.token_urlsafe(32),
            "CAMPAIGNS_PORT": str(free_port()),
            "CAMPAIGNS_REGISTRATIONS_PER_MINUTE": "100000000",
            **settings,
        }
        os.environ.update(environment)
        engine = make_engine(postgres.url)
        upgrade(engine)
        engine.dispose()
        runtime = stack.enter_context(build(read_settings(), pool_size=32))
        with transaction(runtime.engine) as db:
            webinar_id = starter.load(db, runtime.templates, runtime.clinic, runtime.clock(), with_session=False)
        yield House(runtime, environment, folder, webinar_id)


@contextmanager
def smtp_sink(folder: Path) -> Iterator[tuple[int, Path]]:
    """Run an SMTP server process that records when each message arrived; give its port and its folder."""
    store = folder / f"mail-{secrets.token_hex(3)}"
    store.mkdir()
    command = [sys.executable, "-m", "tests.servers.smtp_server", "--port", "0", "--store", str(store)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    try:
        yield json.loads(child.stdout.readline())["port"], store
    finally:
        _stop(child, signal.SIGTERM)


def _stop(process: subprocess.Popen[bytes] | subprocess.Popen[str], number: signal.Signals) -> None:
    process.send_signal(number)
    process.wait(30)
