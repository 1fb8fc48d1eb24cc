"""Bringing in a list from the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from campaigns.clock import write_clock
from campaigns.errors import ConfigurationError, NotFound, Rejected
from campaigns.registrants import Order, bring_in
from campaigns.settings import Settings, read_settings
from campaigns.store import webinars
from campaigns.store.engine import Engine, transaction

NOW = datetime(2026, 3, 10, 21, 51, tzinfo=UTC)
LIST = "email,first_name,shoe size\nana@example.org,Ana,9\nsofia@,Sofia,9\n"


def test_without_apply_nothing_is_saved(own_engine: Engine, settings: Settings, tmp_path: Path) -> None:
    said = bring(own_engine, settings, tmp_path, LIST, apply=False)
    assert said == [
        "2 rows, 3 columns",
        "not used: shoe size",
        "will be added: 1 (1 of people we did not know)",
        "already in: 0; cancelled before and stay out: 0",
        "left out: 1 (1 with an error, 0 there twice)",
        "yeses with evidence: texts 0, education 0, marketing 0",
        "confirmations: 1",
        "row 3, email: There is nothing after the @ yet. Write the ending too, for example sam@example.com.",
        "Nothing was saved. Add --apply to bring them in.",
    ]
    assert places(own_engine) == []


def test_with_apply_the_people_are_in(own_engine: Engine, settings: Settings, tmp_path: Path) -> None:
    said = bring(own_engine, settings, tmp_path, LIST, confirm=False)
    assert said[-1] == "Added 1, left out 1."
    assert "confirmations: none" in said
    assert places(own_engine) == [("import", False, NOW)]


def test_only_the_first_problems_are_said(own_engine: Engine, settings: Settings, tmp_path: Path) -> None:
    said = bring(own_engine, settings, tmp_path, "email,first_name\n" + "broken@,Ana\n" * 30)
    assert "and 10 more problems" in said


def test_a_session_that_does_not_exist_leads_to_those_that_do(
    own_engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match=r"There is no session 9. There are: none"):
        bring(own_engine, settings, tmp_path, LIST, session=9)
    made = a_session(own_engine)
    with pytest.raises(NotFound, match=rf"There are: {made} \(running, 2026-03-25 21:51 UTC\)"):
        bring(own_engine, settings, tmp_path, LIST, session=9_999)


def test_a_full_session_takes_nobody(own_engine: Engine, settings: Settings, tmp_path: Path) -> None:
    made = a_session(own_engine)
    with transaction(own_engine) as db:
        db.execute(text("UPDATE webinar_session SET capacity = 1"))
    with pytest.raises(Rejected, match="has 1 places left"):
        bring(own_engine, settings, tmp_path, "email,first_name\na@example.org,A\nb@example.org,B\n", session=made)
    assert places(own_engine) == []


def test_without_a_clock_of_its_own_it_goes_by_the_machines(
    own_engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(Rejected, match="over"):
        bring(own_engine, settings.model_copy(update={"clock_file": None}), tmp_path, LIST)


def test_without_a_database_it_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        bring_in(read_settings(database_url=""), print, Order(tmp_path, 1, confirm=True, apply=True))


@pytest.fixture
def settings(own_database_url: str, tmp_path: Path) -> Settings:
    write_clock(tmp_path / "clock", NOW)
    return read_settings(database_url=own_database_url, clock_file=tmp_path / "clock")


def a_session(engine: Engine) -> int:
    facts = dict.fromkeys(("title", "class_title", "promise", "summary", "host_name", "host_role"), "Running")
    starts = NOW + timedelta(days=15)
    with transaction(engine) as db:
        webinar = webinars.add_webinar(db, {"slug": "running", "points": [], "zone": "America/New_York", **facts}, NOW)
        return webinars.add_session(db, webinar, starts, starts + timedelta(minutes=10), NOW)


def bring(
    engine: Engine,
    settings: Settings,
    folder: Path,
    listed: str,
    *,
    session: int | None = None,
    confirm: bool = True,
    apply: bool = True,
) -> list[str]:
    said: list[str] = []
    path = folder / "people.csv"
    path.write_text(listed, encoding="utf-8")
    chosen = session if session is not None else a_session(engine)
    bring_in(settings, said.append, Order(path, chosen, confirm=confirm, apply=apply))
    return said


def places(engine: Engine) -> list[tuple[str, bool, datetime]]:
    with transaction(engine) as db:
        rows = db.execute(text("SELECT source, confirm, registered_at FROM registration"))
        return [(row.source, row.confirm, row.registered_at) for row in rows]
