"""What a webinar's form asks, for staff to add, change and retire."""

import pytest

NEW = {"key": "where", "label": "Where do you run?", "hint": "", "kind": "single", "options": "Road\nTrail", "position": "10"}  # fmt: skip


def test_a_new_field_stands_on_the_form_and_on_the_record(office):
    office.world.session()
    answer = office.post(office.webinar("/form"), **NEW, required="yes")
    assert answer.status_code == 303
    assert "The field is on the form." in office.page(answer.headers["location"])
    page = office.get("/w/si-joint-runners").text
    assert "Where do you run?" in page and 'value="Trail" required' in page
    assert office.record()[-1][0] == "form field added"


def test_a_webinar_that_asks_nothing_more_says_so(office):
    said = office.page(office.webinar("/form"))
    assert "Nothing more is asked" in said and "Add a field" in said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"key": "Where?"}, "Use small letters"),
        ({"label": ""}, "Say what the field asks."),
        ({"kind": "essay"}, "Choose how the field is answered."),
        ({"options": "Road"}, "Give 2 to 20 answers"),
        ({"position": "first"}, "Write a whole number from 0 to 999."),
        ({"position": "1000"}, "Write a whole number from 0 to 999."),
    ],
)
def test_a_fault_is_named_at_its_part_and_nothing_typed_is_lost(office, fields, said):
    answer = office.post(office.webinar("/form"), **NEW | fields, sensitive="yes")
    assert answer.status_code == 422
    assert said in answer.text
    (part,) = fields
    assert f'aria-describedby="{part}-0-wrong"' in answer.text and f'id="{part}-0-wrong"' in answer.text
    assert f">{(NEW | fields)['options']}</textarea>" in answer.text
    assert 'name="sensitive" value="yes" checked' in answer.text
    assert office.world.one("SELECT count(*) FROM form_field") == 0


def test_words_place_and_duty_of_a_field_can_be_changed(office):
    field = added(office)
    answer = office.post(office.webinar(f"/form/{field}"), label="Where?", hint="Roughly", required="yes", position="3")
    assert answer.status_code == 303
    assert "Saved." in office.page(answer.headers["location"])
    [row] = office.world.sql("SELECT label, hint, required, position, kind FROM form_field")
    assert tuple(row) == ("Where?", "Roughly", True, 3, "single")
    assert office.record()[-1] == ("form field changed", f"form_field:{field}")


def test_a_faulty_change_keeps_what_was_typed_in_that_field_alone(office):
    field = added(office)
    answer = office.post(office.webinar(f"/form/{field}"), label="", hint="Roughly", position="3")
    assert answer.status_code == 422
    assert f'id="label-{field}-wrong"' in answer.text and 'value="Roughly"' in answer.text
    assert 'id="label-0-wrong"' not in answer.text


def test_a_retired_field_is_asked_no_more_and_its_answers_stay(office):
    session = office.world.session()
    field = added(office)
    registration = office.world.registration(session)
    statement = "INSERT INTO form_answer (registration_id, field_id, answer, at) VALUES (:r, :f, 'x', now())"
    office.world.sql(statement, r=registration, f=field)
    answer = office.post(office.webinar(f"/form/{field}/retire"))
    assert "The field is off the form." in office.page(answer.headers["location"])
    assert "Retired Where do you run?" in office.page(office.webinar("/form"))
    assert "Where do you run?" not in office.get("/w/si-joint-runners").text
    assert office.world.one("SELECT count(*) FROM form_answer") == 1
    assert office.post(office.webinar(f"/form/{field}/retire")).status_code == 404


def test_operations_and_forms_without_the_logins_token_change_nothing(office):
    field = added(office)
    paths = ("/form", f"/form/{field}", f"/form/{field}/retire")
    assert [office.client.post(office.webinar(path), data=NEW).status_code for path in paths] == [403] * 3
    office.sign_in("operations")
    assert office.get(office.webinar("/form")).status_code == 403
    assert [office.post(office.webinar(path), **NEW).status_code for path in paths] == [403] * 3


def test_fields_of_an_unknown_webinar_are_not_found(office):
    assert office.post("/staff/webinars/none/form", **NEW).status_code == 404


def added(office) -> int:
    office.post(office.webinar("/form"), **NEW)
    return office.world.one("SELECT id FROM form_field")
