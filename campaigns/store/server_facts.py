"""What `doctor` asks the database server about itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from campaigns.store.engine import Connection


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A server as it is now."""

    version: int
    """Major version."""
    connections: int
    """In use at this moment, ours included."""
    connection_limit: int
    now: datetime
    """The server's own clock, in UTC."""


def server_facts(db: Connection) -> ServerFacts:
    """Ask the server."""
    row = db.execute(
        text(
            "SELECT current_setting('server_version_num')::int / 10000, "
            "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), "
            "current_setting('max_connections')::int, clock_timestamp()"
        )
    ).one()
    return ServerFacts(*row)
