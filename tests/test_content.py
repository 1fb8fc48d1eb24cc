"""Approving messages from the command line."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from campaigns.content import Said, approve_messages
from campaigns.errors import ConfigurationError
from campaigns.operations import starter
from campaigns.runtime import build
from campaigns.settings import read_settings
from campaigns.store.approvals import unapproved
from campaigns.store.engine import transaction
from campaigns.store.versions import current_versions, hash_of


def test_without_arguments_every_message_is_listed_with_its_hash_and_none_approved(runtime):
    said = []
    assert approve(runtime, said.append) == 0
    assert len(said) > 10 and all(
        re.fullmatch(r"[a-z-]+@[0-9a-f]{12}  version 1, waits for an approval", one) for one in said
    )
    assert approved(runtime) == []


def test_exactly_the_words_that_were_read_are_approved(runtime):
    said = []
    assert approve(runtime, said.append, messages=[name_and_hash(runtime, "survey")]) == 0
    assert said == ["survey: version 1 approved for 365 days"]
    assert approved(runtime) == [("survey", "Dr. Jane Roe", "MD, Maine 1")]
    with transaction(runtime.engine) as db:
        assert "survey" not in {name for name, _ in unapproved(db, runtime.clock(), captured=False)}
        assert "confirmation" in {name for name, _ in unapproved(db, runtime.clock(), captured=False)}
        assert db.execute(text("SELECT act, detail ->> 'by' FROM audit")).all() == [
            ("message approved", "Dr. Jane Roe")
        ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"messages": ["no-such@000000000000"]}, "There is no message no-such"),
        ({"messages": ["survey"]}, "say which words were read"),
        ({"messages": ["survey@"]}, "say which words were read"),
        ({"messages": ["survey@000000000000"]}, "say which words were read"),
        ({"days": 366}, "--days"),
        ({"days": 0}, "--days"),
        ({"name": " "}, "--name"),
        ({"licence": ""}, "--licence"),
        ({"interests": ""}, "--interests"),
        ({"evidence": " "}, "--references"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_approved(runtime, wrong, told):
    asked = {"messages": [name_and_hash(runtime, "survey")], **wrong}
    with pytest.raises(ConfigurationError, match=told):
        approve(runtime, lambda _: None, **asked)
    assert approved(runtime) == []


def name_and_hash(runtime, name):
    with transaction(runtime.engine) as db:
        return f"{name}@{hash_of(db, current_versions(db)[name])}"


def approved(runtime):
    """(message, clinician, licence) of every approval that counts for real messages."""
    query = (
        "SELECT v.name, a.name, a.licence FROM approval a JOIN template_version v ON v.id = a.template_version_id"
        " WHERE NOT a.demo"
    )
    with transaction(runtime.engine) as db:
        return [tuple(row) for row in db.execute(text(query))]


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
