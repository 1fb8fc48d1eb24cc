"""Staff put fields on a form, change them, and take them off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.domain.form_fields import FieldKind, FormField
from campaigns.errors import NotFound, Rejected
from campaigns.operations import form_fields as acts
from campaigns.store import staff
from campaigns.store.form_fields import fields_of, retired_of
from tests.factories import NOON, World, db_of

FIELD = FormField(key="miles", label="Miles a week", kind=FieldKind.TEXT, position=10)


@pytest.fixture
def made(engine):
    world = World(engine)
    with db_of(engine) as db:
        staff.add_member(db, email="a@clinic.example", name="Ann", role="admin", password_hash="none", now=NOON)
        who = {"staff_id": staff.find_account(db, "a@clinic.example").member.id, "now": NOON}
    with db_of(engine) as db:
        yield db, world.webinar_id, who


def test_a_field_stands_on_the_form_in_its_place_and_the_act_on_record(made) -> None:
    db, webinar, who = made
    second = acts.add(db, webinar, FIELD, **who)
    first = acts.add(db, webinar, replace(FIELD, key="days", position=5, sensitive=True), **who)
    assert [one.id for one in fields_of(db, webinar)] == [first, second]
    (act,) = staff.acts_on(db, f"form_field:{second}")
    assert (act.act, act.name, act.detail["key"]) == ("form field added", "Ann", "miles")


def test_a_key_is_used_once_also_after_the_field_is_retired(made) -> None:
    db, webinar, who = made
    first = acts.add(db, webinar, FIELD, **who)
    acts.retire(db, webinar, first, **who)
    with pytest.raises(Rejected, match="Choose another") as refused:
        acts.add(db, webinar, FIELD, **who)
    assert refused.value.field == "key"
    assert fields_of(db, webinar) == []
    assert [one.id for one in retired_of(db, webinar)] == [first]


def test_a_change_leaves_kind_and_answers_as_they_are(made) -> None:
    db, webinar, who = made
    field_id = acts.add(db, webinar, FIELD, **who)
    acts.change(db, webinar, field_id, label="Miles in a week", hint="About", required=True, position=7, **who)
    changed = replace(FIELD, id=field_id, label="Miles in a week", hint="About", required=True, position=7)
    assert fields_of(db, webinar) == [changed]
    assert [one.act for one in staff.acts_on(db, f"form_field:{field_id}")] == [
        "form field changed",
        "form field added",
    ]


@pytest.mark.parametrize(("part", "value"), [("label", ""), ("position", 1000), ("position", -1), ("hint", "x" * 301)])
def test_a_faulty_change_is_refused_at_its_part(made, part: str, value) -> None:
    db, webinar, who = made
    field_id = acts.add(db, webinar, FIELD, **who)
    facts = {"label": "L", "hint": "", "required": False, "position": 1, part: value}
    with pytest.raises(Rejected) as refused:
        acts.change(db, webinar, field_id, **facts, **who)
    assert refused.value.field == part


def test_a_form_has_an_end(made) -> None:
    db, webinar, who = made
    for number in range(acts.MOST):
        acts.add(db, webinar, replace(FIELD, key=f"f{number}"), **who)
    with pytest.raises(Rejected, match="12 fields at most"):
        acts.add(db, webinar, replace(FIELD, key="more"), **who)


def test_a_field_of_another_webinar_or_off_the_form_is_not_found(made) -> None:
    db, webinar, who = made
    field_id = acts.add(db, webinar, FIELD, **who)
    with pytest.raises(NotFound):
        acts.retire(db, webinar + 1, field_id, **who)
    acts.retire(db, webinar, field_id, **who)
    with pytest.raises(NotFound):
        acts.retire(db, webinar, field_id, **who)
