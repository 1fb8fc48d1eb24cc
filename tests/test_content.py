"""Approving messages from the command line."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from campaigns.content import Said, approve_messages
from campaigns.errors import ConfigurationError
from campaigns.operations import starter
from campaigns.runtime import build
from campaigns.settings import read_settings
from campaigns.store.approvals import unapproved
from campaigns.store.engine import transaction


def test_all_messages_are_approved_at_once_and_counted_one_by_one(runtime):
    said = []
    with transaction(runtime.engine) as db:
        waiting = unapproved(db, runtime.clock(), captured=False)
    assert approve(runtime, said.append) == 0
    assert len(said) == len(waiting) > 10
    with transaction(runtime.engine) as db:
        assert unapproved(db, runtime.clock(), captured=False) == []
        who = db.execute(text("SELECT DISTINCT name, licence FROM approval WHERE NOT demo")).all()
    assert [tuple(row) for row in who] == [("Dr. Jane Roe", "MD, Maine 1")]


def test_one_message_is_approved_alone(runtime):
    approve(runtime, lambda _: None, messages=["survey"])
    with transaction(runtime.engine) as db:
        assert "survey" not in {name for name, _ in unapproved(db, runtime.clock(), captured=False)}
        assert "confirmation" in {name for name, _ in unapproved(db, runtime.clock(), captured=False)}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"messages": ["no-such"]}, "There is no message no-such"),
        ({"days": 366}, "--days"),
        ({"days": 0}, "--days"),
        ({"name": " "}, "--name"),
        ({"licence": ""}, "--licence"),
        ({"interests": ""}, "--interests"),
        ({"evidence": " "}, "--references"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_approved(runtime, wrong, told):
    with pytest.raises(ConfigurationError, match=told):
        approve(runtime, lambda _: None, **wrong)
    with transaction(runtime.engine) as db:
        assert db.execute(text("SELECT count(*) FROM approval WHERE NOT demo")).scalar_one() == 0


def approve(runtime, say, **facts) -> int:
    messages = facts.pop("messages", [])
    asked = {"name": "Dr. Jane Roe", "licence": "MD, Maine 1", "interests": "none", "evidence": "PMID 1", "days": 365}
    return approve_messages(runtime.settings, say, Said(**asked | facts), messages)


@pytest.fixture
def runtime(own_database_url, tmp_path):
    asked = read_settings(
        database_url=own_database_url, secret="a secret of thirty-two characters and more", data_dir=tmp_path
    )
    with build(asked) as made:
        with transaction(made.engine) as db:
            starter.load(db, made.templates, made.clinic, made.clock(), with_session=False)
        yield made
