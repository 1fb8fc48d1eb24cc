"""Load the starter webinar."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from campaigns.domain.steps import Anchor, LocalTime, Relative
from campaigns.errors import ConfigurationError
from campaigns.operations import starter
from campaigns.operations.starter import read_step
from campaigns.rendering.claims import read_register
from campaigns.store.campaigns import steps_of
from campaigns.store.consents import current_wordings
from campaigns.store.engine import Connection
from campaigns.store.form_fields import change_field, fields_of
from campaigns.store.sections import sections_of
from campaigns.store.tables import webinar
from campaigns.store.webinars import sessions_of, webinar_by_id
from tests.factories import CLINIC, NOON, TEMPLATES

KEYS = (
    "A1 A3 B1 B2 B4 B5 B6 C0 C1 C1-code D1 D2 E1 E2 E3 E4 E5 E6 E7 N1 Q1 W0 W1 W1-sms W2 W3 X1 X1-sms X2 X2-sms X3 X4"
)
RULE = {"name": "One", "at": "starts - 60 min", "channel": "email", "template": "hour-before", "expires": "starts"}


def test_the_starter_brings_its_campaign_and_one_session_on_a_thursday_evening(db: Connection) -> None:
    webinar = starter.load(db, TEMPLATES, CLINIC, NOON)
    assert " ".join(one.key for one in steps_of(db, webinar)) == KEYS
    (only,) = sessions_of(db, webinar)
    assert only.session.starts_at == datetime(
        2027, 3, 18, 22, 0, tzinfo=UTC
    )  # six in the evening, daylight saving time
    assert only.session.ends_at - only.session.starts_at == timedelta(minutes=30)


def test_loading_again_changes_nothing(db: Connection) -> None:
    webinar = starter.load(db, TEMPLATES, CLINIC, NOON)
    before = steps_of(db, webinar)
    assert starter.load(db, TEMPLATES, CLINIC, NOON + timedelta(days=1)) == webinar
    assert steps_of(db, webinar) == before
    assert len(sessions_of(db, webinar)) == 1


def test_the_starter_speaks_spanish_and_says_that_the_talk_does_not(db: Connection) -> None:
    webinar = webinar_by_id(db, starter.load(db, TEMPLATES, CLINIC, NOON))
    spanish = webinar.said_in("es")
    assert (webinar.language, webinar.class_title, spanish.class_title) == (
        "en",
        "Runners' class",
        "Clase para corredores",
    )
    assert CLINIC.name in spanish.host_role and "inglés" in spanish.summary
    assert len(spanish.points) == len(webinar.points)
    assert webinar.said_in("fr") == webinar
    english, told = current_wordings(db), current_wordings(db, "es")
    assert [(one.channel, one.purpose) for one in told] == [(one.channel, one.purpose) for one in english]
    assert [one.language for one in told] == ["es"] * 3
    assert all(CLINIC.name in one.text for one in told)


def test_a_webinar_from_before_is_translated_once(db: Connection) -> None:
    webinar_id = starter.load(db, TEMPLATES, CLINIC, NOON)
    for stands, becomes in (({}, "Clase para corredores"), ({"es": {"class_title": "Corredores"}}, "Corredores")):
        db.execute(update(webinar).where(webinar.c.id == webinar_id).values(translations=stands))
        assert starter.load(db, TEMPLATES, CLINIC, NOON) == webinar_id
        assert webinar_by_id(db, webinar_id).said_in("es").class_title == becomes


def test_a_session_is_added_when_none_is_to_come(db: Connection) -> None:
    webinar = starter.load(db, TEMPLATES, CLINIC, NOON)
    starter.load(db, TEMPLATES, CLINIC, NOON + timedelta(days=60))
    assert len(sessions_of(db, webinar)) == 2


def test_no_session_is_added_unless_asked_for(db: Connection) -> None:
    webinar = starter.load(db, TEMPLATES, CLINIC, NOON, with_session=False)
    assert sessions_of(db, webinar) == []


def test_a_step_that_comes_to_a_campaign_under_way_is_for_the_future_only(db: Connection, tmp_path) -> None:
    starter.load(db, TEMPLATES, CLINIC, NOON)
    shutil.copytree(TEMPLATES, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "webinars" / "si-joint-runners.toml"
    more = '[steps.Z9]\nname = "New"\nat = "ends + 1 h"\nchannel = "email"\ntemplate = "survey"\nexpires = "ends + 7 d"\n\n[[consents]]'
    file.write_text(file.read_text(encoding="utf-8").replace("[[consents]]", more, 1), encoding="utf-8")
    later = NOON + timedelta(days=3)
    webinar = starter.load(db, tmp_path, CLINIC, later)
    active = {one.key: one.active_from for one in steps_of(db, webinar)}
    assert active["Z9"] == later
    assert active["C0"] < NOON


@pytest.mark.parametrize(
    ("words", "anchor", "offset"),
    [
        ("registered", Anchor.REGISTERED, Relative(timedelta(0))),
        ("starts - 60 min", Anchor.STARTS, Relative(timedelta(hours=-1))),
        ("ends + 30 s", Anchor.ENDS, Relative(timedelta(seconds=30))),
        ("registered + 1 d at 10:00", Anchor.REGISTERED, LocalTime(1, time(10))),
        ("starts - 7 d at 09:30", Anchor.STARTS, LocalTime(-7, time(9, 30))),
    ],
)
def test_when_is_read_as_people_say_it(words: str, anchor: Anchor, offset) -> None:
    step = read_step("Z1", {**RULE, "at": words})
    assert (step.anchor, step.offset) == (anchor, offset)


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": "joined + 1 h"}, {"at": "starts * 60 min"}, {"at": "starts - soon"}, {"at": "starts - 60 fortnights"},
        {"at": "starts - 12 h at 10:00"}, {"at": "starts - 1 d at noon"}, {"expires": "starts - 1 d at 10:00"},
        {"channel": "fax"}, {"audience": "friends"}, {"purpose": "fun"}, {"priority": "now"}, {"late": "maybe"},
        {"quiet": "loud"}, {"typo": 1},
    ],
)  # fmt: skip
def test_a_step_that_says_something_else_is_refused(wrong: dict) -> None:
    with pytest.raises((ValueError, KeyError)):
        read_step("Z1", {**RULE, **wrong})


@pytest.mark.parametrize(
    "broken",
    ["[webinar", "[webinar]\nslug = 'x'\n", "steps = 3\n[webinar]\nhost_role=''\n", "[webinar]\nhost_role = 4\n"],
)
def test_a_faulty_file_is_named(db: Connection, tmp_path, broken: str) -> None:
    shutil.copytree(TEMPLATES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "webinars" / "zz-other.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"zz-other\.toml"):
        starter.load(db, tmp_path, CLINIC, NOON)


FIELD = {"key": "where", "label": "Where do you run?", "kind": "single", "options": ["Road", "Trail"]}


def test_a_field_of_the_form_is_read_with_its_place() -> None:
    field = starter.read_field({**FIELD, "sensitive": True}, 20)
    assert (field.name, field.options, field.position) == ("field-where", ("Road", "Trail"), 20)
    assert (field.required, field.sensitive) == (False, True)


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"options": ["Road"]}, "where: options"), ({"kind": "essay"}, "essay"), ({"colour": "red"}, "colour")],
)
def test_a_faulty_field_is_named(changed: dict, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        starter.read_field({**FIELD, **changed}, 10)


def test_fields_of_a_webinar_file_come_in_their_order_and_staffs_changes_stay(db: Connection, tmp_path) -> None:
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    path = tmp_path / "templates" / "webinars" / "si-joint-runners.toml"
    more = '[[fields]]\nkey = "miles"\nlabel = "Miles?"\nkind = "text"\n[[fields]]\nkey = "b"\nlabel = "B"\nkind = "checkbox"\n'
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    webinar = starter.load(db, tmp_path / "templates", CLINIC, NOON)
    first, second = fields_of(db, webinar)
    assert (first.key, second.key) == ("miles", "b")
    change_field(db, replace(first, label="Miles a week?"))
    starter.load(db, tmp_path / "templates", CLINIC, NOON)
    assert [one.label for one in fields_of(db, webinar)] == ["Miles a week?", "B"]


def test_what_the_page_teaches_is_loaded_with_the_sources_of_its_claims(db: Connection) -> None:
    sections = sections_of(db, starter.load(db, TEMPLATES, CLINIC, NOON))
    assert [one.key for one in sections] == [
        "what-it-is", "why-it-hurts", "how-it-is-found", "look-alikes", "treatment", "recovery", "risks", "relief", "cost",
    ]  # fmt: skip
    register = read_register(TEMPLATES / "claims.toml")
    for part in (part for one in sections for part in one.paragraphs):
        assert part.cited == tuple({register.citations[register.claims[one].source]: None for one in part.claims})
        assert part.cited and "red-flags" not in part.claims


def test_what_the_page_teaches_follows_its_file(db: Connection, tmp_path) -> None:
    webinar = starter.load(db, TEMPLATES, CLINIC, NOON)
    file = changed(tmp_path, "They hardly move.", "They do not move much.")
    assert starter.load(db, file, CLINIC, NOON) == webinar
    assert "They do not move much." in sections_of(db, webinar)[0].paragraphs[1].words


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ('["no-such"]', r"si-joint-runners\.toml: sections: what-it-is: claim no-such is not in claims\.toml"),
        ('["two-joints", "red-flags"]', "what-it-is: claim red-flags is unapproved"),
        ("[]", "what-it-is: a paragraph names no claims"),
    ],
)
def test_a_page_makes_no_claim_that_it_may_not(db: Connection, tmp_path, claims: str, fault: str) -> None:
    with pytest.raises(ConfigurationError, match=fault):
        starter.load(db, changed(tmp_path, 'claims = ["two-joints"]', f"claims = {claims}"), CLINIC, NOON)


def changed(folder: Path, old: str, new: str) -> Path:
    """Give a copy of the templates with one change in the webinar's file."""
    shutil.copytree(TEMPLATES, folder, dirs_exist_ok=True)
    file = folder / "webinars" / "si-joint-runners.toml"
    assert old in file.read_text("utf-8")
    file.write_text(file.read_text("utf-8").replace(old, new, 1), "utf-8")
    return folder
