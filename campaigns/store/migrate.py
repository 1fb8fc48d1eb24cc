"""Bring a database to the newest schema; safe to run from several processes at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

_HERE: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 7002
"""Advisory lock that lets one migrator in at a time."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def upgrade(engine: Engine) -> None:
    """Apply every migration that is missing, in one transaction."""
    config = _config()
    with engine.begin() as db:
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config.attributes["connection"] = db
        command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    """Say whether the database has every migration."""
    with engine.connect() as db:
        stands_at = MigrationContext.configure(db).get_current_revision()
    return stands_at == ScriptDirectory.from_config(_config()).get_current_head()
