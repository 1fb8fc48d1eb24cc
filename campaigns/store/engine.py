"""The engine, transactions, and the advisory lock.

`db` in a signature means: your transaction. `engine` means: mine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from campaigns.errors import ConfigurationError

__all__ = [
    "BATCHES",
    "Connection",
    "DatabaseLost",
    "Engine",
    "connection_words",
    "hold",
    "let_go",
    "make_engine",
    "reachable",
    "transaction",
]

DatabaseLost: Final = OperationalError
"""What a statement raises when the database is away or lets nobody in: to be tried again, nothing is wrong with it."""

BATCHES: Final = 7001
"""First key of our advisory locks, so that they never meet anybody else's."""

_KEEPALIVE: Final = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""A vanished machine frees its locks after about a minute."""


def make_engine(url: str, *, pool_size: int = 8, overflow: int = 8) -> Engine:
    """Give an engine on PostgreSQL through psycopg 3; sessions speak UTC.

    Raises `ConfigurationError` when the URL is not one of PostgreSQL.
    """
    plain = url.replace("postgres://", "postgresql://", 1)
    if not plain.startswith("postgresql://") and not plain.startswith("postgresql+psycopg://"):
        raise ConfigurationError("DATABASE_URL: must begin with postgresql://; PostgreSQL is the only database used")
    plain = plain.replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(
        plain,
        pool_size=pool_size,
        max_overflow=overflow,
        pool_pre_ping=True,
        connect_args={"options": "-c timezone=UTC", "connect_timeout": 10, **_KEEPALIVE},
    )


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a transaction that commits at the end of the block, and rolls back if it raises."""
    with engine.begin() as db:
        yield db


def connection_words(engine: Engine) -> str:
    """Give the address of an engine's database, password included, for a connection outside its pool."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return make_conninfo(url, options="-c timezone=UTC", connect_timeout=10, **_KEEPALIVE)


def reachable(engine: Engine) -> bool:
    """Say whether the database answers."""
    try:
        with engine.connect() as db:
            db.execute(text("SELECT 1"))
    except DatabaseLost:
        return False
    return True


def hold(db: Connection, batch_id: int) -> bool:
    """Take the lock of a batch for the life of this connection; False if another process has it.

    The lock is the heartbeat: the server frees it by itself when the holder dies.
    """
    return bool(db.execute(text("SELECT pg_try_advisory_lock(:kind, :batch)"), _keys(batch_id)).scalar_one())


def let_go(db: Connection, batch_id: int) -> None:
    """Free the lock of a batch."""
    db.execute(text("SELECT pg_advisory_unlock(:kind, :batch)"), _keys(batch_id))


def _keys(batch_id: int) -> dict[str, int]:
    return {"kind": BATCHES, "batch": batch_id & 0x7FFFFFFF}
