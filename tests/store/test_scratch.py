"""A database for the length of a rehearsal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from campaigns.domain.lifecycle import Status
from campaigns.errors import ConfigurationError
from campaigns.operations import starter
from campaigns.runtime import template_folder
from campaigns.store import webinars
from campaigns.store.approvals import Approval, approve
from campaigns.store.campaigns import steps_of
from campaigns.store.consents import current_wordings
from campaigns.store.engine import Connection, Engine, make_engine, transaction
from campaigns.store.migrate import upgrade
from campaigns.store.scratch import copy_campaign, scratch_database, settled

NOW = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)


def test_a_scratch_database_is_empty_and_gone_afterwards(postgres_url: str) -> None:
    with scratch_database(postgres_url, NOW) as url:
        assert names(postgres_url) == {make_url(url).database}
        with psycopg.connect(url) as db:
            assert db.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    assert names(postgres_url) == set()


def test_it_is_gone_even_if_somebody_is_still_connected_and_the_block_broke(postgres_url: str) -> None:
    lines: list[psycopg.Connection] = []
    with pytest.raises(ZeroDivisionError):
        break_off(postgres_url, lines)
    assert names(postgres_url) == set()
    lines[0].close()


def test_what_a_killed_rehearsal_left_is_dropped_by_a_later_one_but_not_what_is_in_use(postgres_url: str) -> None:
    old, used = "rehearsal_1804000000_0000000a", "rehearsal_1804000000_0000000b"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        for name in (old, used):
            server.execute(f"CREATE DATABASE {name}".encode())
        try:
            with psycopg.connect(make_url(postgres_url).set(database=used).render_as_string(hide_password=False)):
                with scratch_database(postgres_url, datetime.fromtimestamp(1804000000, UTC)):
                    assert {old, used} < names(postgres_url)
                with scratch_database(postgres_url, datetime.fromtimestamp(1804000000 + 3601, UTC)):
                    assert old not in names(postgres_url)
                    assert used in names(postgres_url)
        finally:
            for name in (old, used):
                server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def test_an_account_without_the_right_is_told(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("CREATE ROLE modest LOGIN PASSWORD 'modest'")
        try:
            url = make_url(postgres_url).set(username="modest", password="modest").render_as_string(hide_password=False)
            with pytest.raises(ConfigurationError, match="may not create a database"), scratch_database(url, NOW):
                pass
        finally:
            server.execute("DROP ROLE modest")


def test_a_campaign_is_copied_whole_with_the_words_that_go_out(own_engine: Engine, postgres_url: str) -> None:
    with transaction(own_engine) as db:
        webinar = load(db)
        for name, content_hash in (("confirmation", "newer"), ("survey", "read"), ("survey", "newest, and unread")):
            db.execute(
                text(
                    "INSERT INTO template_version (name, content_hash, content, created_at)"
                    " SELECT name, :hash, content, created_at FROM template_version WHERE name = :name LIMIT 1"
                ),
                {"name": name, "hash": content_hash},
            )
        [read] = db.execute(text("SELECT id FROM template_version WHERE content_hash = 'read'")).scalars()
        approve(db, read, Approval("Dr. Test", "ME 1", NOW + timedelta(days=90)), NOW)
    with scratch_database(postgres_url, NOW) as url:
        engine = make_engine(url)
        upgrade(engine)
        with transaction(own_engine) as real, transaction(engine) as db:
            copy_campaign(real, db, "si-joint-runners")
            assert steps_of(db, webinar) == steps_of(real, webinar)
            assert current_wordings(db) == current_wordings(real)
            assert webinars.webinar_by_id(db, webinar) == webinars.webinar_by_id(real, webinar)
            versions = (
                "SELECT content_hash FROM template_version WHERE name IN ('confirmation', 'survey') ORDER BY name"
            )
            assert db.execute(text(versions)).scalars().all() == ["newer", "read"]
        engine.dispose()


def test_a_campaign_without_consent_boxes_is_copied_as_well(own_engine: Engine, postgres_url: str) -> None:
    with transaction(own_engine) as db:
        load(db)
        db.execute(text("DELETE FROM consent_wording"))
    with scratch_database(postgres_url, NOW) as url:
        engine = make_engine(url)
        upgrade(engine)
        with transaction(own_engine) as real, transaction(engine) as db:
            copy_campaign(real, db, "si-joint-runners")
            assert current_wordings(db) == []
        engine.dispose()


def test_all_is_settled_only_when_planned_far_enough_and_nothing_is_on_its_way(db: Connection) -> None:
    webinar = load(db)
    session = webinars.add_session(db, webinar, NOW, NOW + timedelta(minutes=30), NOW)
    assert not settled(db, session, NOW, planned=NOW)
    db.execute(text("UPDATE webinar_session SET planned_until = :at"), {"at": NOW})
    assert settled(db, session, NOW, planned=NOW)
    assert not settled(db, session, NOW, planned=NOW + timedelta(seconds=1))
    add_delivery(db, session, webinar)
    for status, rests in {
        Status.PLANNED: False, Status.QUEUED: False, Status.SENDING: False, Status.UNKNOWN: False,
        Status.SENT: True, Status.SKIPPED: True, Status.FAILED: True,
    }.items():  # fmt: skip
        db.execute(text("UPDATE delivery SET status = :status"), {"status": int(status)})
        assert settled(db, session, NOW, planned=NOW) is rests, status
    db.execute(text("UPDATE delivery SET status = 0, due_at = :later"), {"later": NOW + timedelta(minutes=1)})
    assert settled(db, session, NOW, planned=NOW)


def break_off(url: str, lines: list[psycopg.Connection]) -> None:
    with scratch_database(url, NOW) as scratch:
        lines.append(psycopg.connect(scratch))
        _ = 1 // 0


def load(db: Connection) -> int:
    clinic = starter.Clinic("Example Clinic", "Runners' Class", "America/New_York")
    return starter.load(db, Path(template_folder()), clinic, NOW, with_session=False)


def add_delivery(db: Connection, session: int, webinar: int) -> None:
    step = steps_of(db, webinar)[0]
    db.execute(
        text(
            "WITH p AS (INSERT INTO registrant (email, first_name, zone, created_at)"
            " VALUES ('p@example.org', 'P', 'UTC', :now) RETURNING id), r AS ("
            " INSERT INTO registration (session_id, registrant_id, zone, source, registered_at)"
            " SELECT :session, id, 'UTC', 'web', :now FROM p RETURNING id)"
            " INSERT INTO delivery (registration_id, session_id, step_id, revision, channel, priority, due_at,"
            " expires_at, reason, batch_id, sent_at)"
            " SELECT id, :session, :step, 1, 'email', 0, :now, :later, 'r', 1, :now FROM r"
        ),
        {"session": session, "now": NOW, "later": NOW + timedelta(hours=1), "step": step.id},
    )


def names(url: str) -> set[str]:
    with psycopg.connect(url) as server:
        rows = server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'rehearsal%'").fetchall()
    return {str(row[0]) for row in rows}
