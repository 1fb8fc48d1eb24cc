"""One PostgreSQL per run; a migrated template, cloned for every test file; warnings are errors, sockets stay on loopback."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from campaigns.store.embedded import start_postgres
from campaigns.store.embedded_broker import start_broker
from campaigns.store.engine import Connection, Engine, make_engine
from campaigns.store.household import Household, settle_in
from campaigns.store.migrate import upgrade

_numbers = count(1)
_controllers: list[Iterator[str]] = []


@pytest.fixture
def db(engine: Engine) -> Iterator[Connection]:
    """A transaction on the file's database that is rolled back after the test."""
    with engine.connect() as connection:
        attempt = connection.begin()
        yield connection
        attempt.rollback()


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the file's database: what is committed stays until the file is done."""
    with _engine(database_url) as it:
        yield it


@pytest.fixture(scope="module")
def database_url(_template: str) -> Iterator[str]:
    """A migrated database for this test file."""
    with _clone(_template) as url:
        yield url


@pytest.fixture
def own_database_url(_template: str) -> Iterator[str]:
    """A migrated database for this test alone."""
    with _clone(_template) as url:
        yield url


@pytest.fixture
def own_engine(own_database_url: str) -> Iterator[Engine]:
    """An engine on a database for this test alone: tests that commit and count."""
    with _engine(own_database_url) as it:
        yield it


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """A database without tables."""
    with _clone(_named(postgres_url, "template0")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The run's PostgreSQL, in its maintenance database."""
    handed_down = getattr(request.config, "workerinput", {}).get("postgres_url")
    if handed_down:
        yield handed_down
    else:
        yield from _postgres()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Valkey for this process, started when first asked for."""
    with _house() as house:
        server = start_broker(house, house.private / "valkey.log")
        yield server.url
        server.process.terminate()
        server.process.wait(10)


@pytest.fixture(scope="session")
def _template(postgres_url: str) -> Iterator[str]:
    with _clone(_named(postgres_url, "template0")) as url:
        with _engine(url) as engine:
            upgrade(engine)
        yield url


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Start the one PostgreSQL in xdist's controller, and hand its address down."""
    if not _controllers:
        _controllers.append(_postgres())
        node.config.postgres_url = next(_controllers[0])
    node.workerinput["postgres_url"] = node.config.postgres_url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the controller's PostgreSQL."""
    for server in _controllers:
        next(server, None)
    _controllers.clear()


def _postgres() -> Iterator[str]:
    with _house() as house:
        server = start_postgres(house, house.private / "postgres.log", durable=False)
        yield server.url
        server.process.send_signal(server.stop_signal)
        server.process.wait(20)


@contextmanager
def _house() -> Iterator[Household]:
    folder = Path(tempfile.mkdtemp(prefix="campaigns-tests-"))
    folder.chmod(0o711)  # as root the servers run as somebody else
    house = settle_in(folder)
    try:
        yield house
    finally:
        shutil.rmtree(house.room, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _clone(template: str) -> Iterator[str]:
    name = f"t_{os.getpid()}_{next(_numbers)}"
    admin = _named(template, "postgres")
    with psycopg.connect(admin, autocommit=True) as db:
        db.execute(f'CREATE DATABASE {name} TEMPLATE "{make_url(template).database}"'.encode())
    yield _named(template, name)
    with psycopg.connect(admin, autocommit=True) as db:
        db.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    yield engine
    engine.dispose()


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)
