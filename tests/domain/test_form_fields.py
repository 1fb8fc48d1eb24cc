"""What a form asks beyond name and address: which answers will do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.domain.form_fields import FieldKind, FormField, check, judge
from campaigns.errors import Rejected

TEXT = FormField(key="miles", label="Miles a week", kind=FieldKind.TEXT, required=True)
SINGLE = FormField(key="where", label="Where you run", kind=FieldKind.SINGLE, options=("Road", "Trail"), required=True)
MULTI = FormField(key="days", label="Days", kind=FieldKind.MULTI, options=("Mon", "Wed", "Fri"), required=True)
BOX = FormField(key="agree", label="I am over 18", kind=FieldKind.CHECKBOX, required=True)


def test_answers_come_back_without_blanks_around_them_and_in_the_order_of_the_options() -> None:
    assert judge(TEXT, [" about \n 20 "]) == ("about 20",)
    assert judge(SINGLE, ["Trail"]) == ("Trail",)
    assert judge(MULTI, ["Fri", "Mon", "Fri"]) == ("Mon", "Fri")
    assert judge(BOX, ["yes"]) == ("yes",)


@pytest.mark.parametrize("field", [TEXT, SINGLE, MULTI, BOX])
def test_an_empty_answer_will_do_unless_one_is_required(field: FormField) -> None:
    assert judge(replace(field, required=False), ["", "  "]) == ()
    with pytest.raises(Rejected, match=field.label) as refused:
        judge(field, [""])
    assert refused.value.field == f"field-{field.key}"


@pytest.mark.parametrize(
    ("field", "given", "words"),
    [
        (TEXT, [], "Write an answer"),
        (SINGLE, [], "Choose one."),
        (MULTI, [], "Tick at least one."),
        (BOX, [], "Tick it to sign up."),
        (TEXT, ["x" * 501], "longer than 500 characters"),
        (TEXT, ["one", "two"], "Answer it once."),
        (TEXT, ["a\0b"], "Type it afresh"),
        (TEXT, ["a\u202eb"], "Type it afresh"),
        (TEXT, ["a\ufffdb"], "Type it afresh"),
        (SINGLE, ["Treadmill"], "Choose again."),
        (SINGLE, ["Road", "Trail"], "Only one answer fits"),
        (MULTI, ["Mon", "Sun"], "Choose again."),
        (BOX, ["no"], "Choose again."),
    ],
)
def test_a_refusal_names_the_field_and_the_remedy_and_not_what_was_typed(field, given, words) -> None:
    with pytest.raises(Rejected) as refused:
        judge(field, given)
    assert words in str(refused.value) and f"“{field.label}”" in str(refused.value)
    assert not any(value in str(refused.value) for value in given if len(value) > 2 and value not in field.options)


@pytest.mark.parametrize("field", [TEXT, SINGLE, MULTI, BOX])
def test_a_sound_field_may_be_put_on_a_form(field: FormField) -> None:
    assert check(field) is field


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"key": "Miles"}, "key"),
        ({"key": "1mile"}, "key"),
        ({"key": "m" * 41}, "key"),
        ({"label": ""}, "label"),
        ({"label": "a\nb"}, "label"),
        ({"label": "x" * 121}, "label"),
        ({"hint": "x" * 301}, "hint"),
        ({"options": ("Road",)}, "options"),
        ({"options": ("Road", "Road")}, "options"),
        ({"options": ("Road", "x" * 121)}, "options"),
        ({"options": tuple(map(str, range(21)))}, "options"),
        ({"kind": FieldKind.TEXT}, "options"),
    ],
)
def test_a_faulty_field_is_refused_at_the_part_at_fault(changed, part: str) -> None:
    with pytest.raises(Rejected) as refused:
        check(replace(SINGLE, **changed))
    assert refused.value.field == part
