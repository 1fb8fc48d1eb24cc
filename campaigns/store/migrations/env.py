"""Runs migrations on the connection that `store/migrate.py` hands over, or on DATABASE_URL."""

from __future__ import annotations

import os

from alembic import context

from campaigns.store.engine import make_engine
from campaigns.store.tables import metadata


def _run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        context.configure(connection=connection, target_metadata=metadata, compare_server_default=False)
        with context.begin_transaction():
            context.run_migrations()
        return
    engine = make_engine(os.environ["DATABASE_URL"])
    try:
        with engine.begin() as db:
            context.configure(connection=db, target_metadata=metadata)
            with context.begin_transaction():
                context.run_migrations()
    finally:
        engine.dispose()


_run()
