"""A house of its own for the measurements: servers, a starter campaign, people, processes; all gone afterwards.

PostgreSQL runs as `campaigns up` starts it, so every commit waits for the disk. Nothing in
here measures.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import redis
from sqlalchemy import text

from campaigns.operations import starter
from campaigns.runtime import Runtime, build
from campaigns.settings import read_settings
from campaigns.store.approvals import Approval, approve
from campaigns.store.embedded import free_port, start_postgres
from campaigns.store.embedded_broker import start_broker
from campaigns.store.engine import Connection, make_engine, transaction
from campaigns.store.household import settle_in
from campaigns.store.migrate import upgrade
from campaigns.store.versions import current_versions
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
    servers: dict[str, psutil.Process]
    """Its PostgreSQL and its broker."""
    _numbers: Iterator[int] = field(default_factory=lambda: count(5_550_000, 200_000))
    """First phone number of each crowd: nobody shares one, because a number gets few texts a day."""

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

    def await_ready(self, workers: int) -> None:
        """Wait until so many workers listen for their doorbells and a scheduler dispatches."""
        door = urlsplit(self.environment["CAMPAIGNS_REDIS_URL"]).path
        now, until = self.runtime.clock(), time.monotonic() + 120
        with redis.Redis(unix_socket_path=door) as broker:
            while sum(client["cmd"] == "brpop" for client in broker.client_list()) < workers:
                _pause(until, "the workers do not listen")
        self.wait("SELECT count(*) > 0 FROM rhythm WHERE name = 'dispatch' AND last_at > :now", now=now)

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

    def people(self, session_id: int, crowd: int, *, days_ago: int = 20, texts: bool = True) -> None:
        """Register up to 200,000 people for a session at once, over all zones, all boxes ticked."""
        mark = secrets.token_hex(3)
        self.run(
            """
            WITH n AS (
              INSERT INTO registrant (email, first_name, phone, zone, created_at)
              SELECT 'p' || i || '.' || :mark || '@example.org', 'Person' || i,
                     '+1207' || lpad((:first + i)::text, 7, '0'), (CAST(:zones AS text[]))[1 + i % :of], :at
              FROM generate_series(1, :crowd) AS i RETURNING id, zone
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
            first=next(self._numbers),
            zones=list(ZONES),
            of=len(ZONES),
            crowd=crowd,
            session=session_id,
            at=self.runtime.clock() - timedelta(days=days_ago),
            texts=texts,
        )
        self.analyze()

    def analyze(self) -> None:
        """Let PostgreSQL count what has just been written, as it would by itself within a minute."""
        with self.runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text("ANALYZE"))

    def wait(self, question: str, *, seconds: float = 300, **values: object) -> None:
        """Wait until a statement answers true; asks rarely, because it asks the database under test."""
        until = time.monotonic() + seconds
        while not self.run(question, **values)[0][0]:
            _pause(until, question)


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
            "CAMPAIGNS_FORM_TAKES": "0",
            "CAMPAIGNS_SIGN_UPS_IP_DAY": "100000000",
            "CAMPAIGNS_SIGN_UPS_PREFIX_DAY": "100000000",
            "CAMPAIGNS_SIGN_UPS_NUMBER_DAY": "100000000",
            **settings,
        }
        os.environ.update(environment)
        engine = make_engine(postgres.url)
        upgrade(engine)
        engine.dispose()
        runtime = stack.enter_context(build(read_settings(), pool_size=32))
        with transaction(runtime.engine) as db:
            webinar_id = starter.load(db, runtime.templates, runtime.clinic, runtime.clock(), with_session=False)
            _approve_all(db, runtime.clock())
        servers = {"postgres": psutil.Process(postgres.process.pid), "broker": psutil.Process(broker.process.pid)}
        yield House(runtime, environment, folder, webinar_id, servers)


def _approve_all(db: Connection, now: datetime) -> None:
    given = Approval("Bench", "none", now + timedelta(days=300))
    for version_id in current_versions(db).values():
        approve(db, version_id, given, now)


def _pause(until: float, awaited: str) -> None:
    if time.monotonic() > until:
        raise TimeoutError(awaited)
    time.sleep(0.5)


def _stop(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    process.send_signal(number)
    process.wait(30)
