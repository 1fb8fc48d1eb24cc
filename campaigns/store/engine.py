"""The engine, transactions, and the advisory lock.

`db` in a signature means: your transaction. `engine` means: mine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from campaigns.errors import ConfigurationError

__all__ = ["Connection", "Engine", "hold", "lane_connection", "let_go", "make_engine", "reachable", "transaction"]

_BATCHES: Final = 7001
"""First key of our advisory locks, so that they never meet anybody else's."""

_KEEPALIVE: Final = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
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


def lane_connection(engine: Engine) -> Connection:
    """Give a lane its own connection: each statement commits by itself, without waiting for the disk.

    A killed worker loses nothing that way; a crash of the database server may forget the
    last fraction of a second.
    """
    db = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    db.execute(text("SET synchronous_commit = off"))
    return db


def reachable(engine: Engine) -> bool:
    """Say whether the database answers."""
    try:
        with engine.connect() as db:
            db.execute(text("SELECT 1"))
    except OperationalError:
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
    return {"kind": _BATCHES, "batch": batch_id & 0x7FFFFFFF}
