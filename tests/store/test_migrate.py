"""An empty database brought to the newest schema is what the tables say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from campaigns.store import migrate
from campaigns.store.engine import make_engine
from campaigns.store.migrate import is_current, upgrade
from campaigns.store.tables import metadata


@pytest.fixture
def empty(empty_database_url):
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


def test_an_empty_database_becomes_what_the_tables_say(empty) -> None:
    assert is_current(empty) is False
    upgrade(empty)
    assert is_current(empty) is True
    with empty.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_constraints_and_indexes_are_those_of_the_tables_as_well(empty, empty_database_url) -> None:
    """What autogeneration does not compare: checks and the conditions of partial indexes."""
    upgrade(empty)
    migrated = _rules(empty)
    with empty.begin() as db:
        db.execute(text("DROP SCHEMA public CASCADE"))
        db.execute(text("CREATE SCHEMA public"))
        metadata.create_all(db)
    assert _rules(empty) == migrated


def test_migrating_again_changes_nothing(empty) -> None:
    upgrade(empty)
    with empty.begin() as db:
        before = db.execute(
            text("SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1")
        ).all()
    upgrade(empty)
    with empty.begin() as db:
        after = db.execute(
            text("SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1")
        ).all()
    assert after == before


def test_two_may_migrate_at_once(empty) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: upgrade(empty), range(2)))
    assert is_current(empty)


def test_the_tool_itself_works_on_the_database_of_the_environment(empty, empty_database_url, monkeypatch) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    command.upgrade(migrate._config(), "head")
    assert is_current(empty)


def test_the_newest_migration_can_be_taken_back_and_applied_again(empty) -> None:
    upgrade(empty)
    config = migrate._config()
    with empty.begin() as db:
        config.attributes["connection"] = db
        command.downgrade(config, "-1")
    assert not is_current(empty)
    upgrade(empty)
    assert is_current(empty)


def test_consent_cannot_be_changed_or_taken_away(empty) -> None:
    upgrade(empty)
    with empty.begin() as db:
        db.execute(
            text(
                "INSERT INTO registrant (email, first_name, zone, created_at) VALUES ('a@b.example', 'A', 'UTC', now())"
            )
        )
        db.execute(text(
            "INSERT INTO consent (registrant_id, channel, purpose, granted, address, means, at)"
            " SELECT id, 'email', 'education', true, email, 'form', now() FROM registrant"
        ))  # fmt: skip
    for statement in ("UPDATE consent SET granted = false", "DELETE FROM consent", "TRUNCATE consent CASCADE"):
        with pytest.raises(DBAPIError, match="append-only"), empty.begin() as db:
            db.execute(text(statement))


def _rules(engine) -> list:
    with engine.begin() as db:
        checks = db.execute(text(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'"
            " AND contype <> 'n' ORDER BY 1, 2"
        )).all()  # fmt: skip
        indexes = db.execute(text(
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND tablename <> 'alembic_version' ORDER BY 1, 2"
        )).all()  # fmt: skip
        options = db.execute(
            text("SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL AND relname = 'delivery'")
        ).all()
    return [*checks, *indexes, *options]
