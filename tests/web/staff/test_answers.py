"""What a registrant answered on the form, as staff see it."""

from campaigns.domain.form_fields import FieldKind, FormField
from campaigns.operations.sign_up import close_answer
from campaigns.store.engine import transaction
from campaigns.store.form_fields import add_field, save_answers
from campaigns.store.sealing import Seal


def test_plain_answers_stand_on_the_persons_page_and_sensitive_ones_do_not(office):
    mine = answered(office)
    said = office.page(f"/staff/people/{mine}")
    assert "Answers on the form Miles a week 20 Days Mon, Fri" in said
    assert "1 sensitive answer, not shown here. Read sensitive answers" in said
    assert "knee" not in said


def test_sensitive_answers_have_a_page_of_their_own_and_reading_is_put_on_record(office):
    mine = answered(office)
    said = office.page(f"/staff/people/{mine}/answers")
    assert "Sensitive answers of Sam" in said
    assert "What hurts? My knee" in said and "Miles a week" not in said
    assert office.record()[-1] == ("sensitive answers read", f"registration:{mine}")


def test_a_person_without_answers_has_no_such_part(office):
    mine = office.world.registration(office.world.session())
    assert "Answers on the form" not in office.page(f"/staff/people/{mine}")
    assert "None were given" in office.page(f"/staff/people/{mine}/answers")
    assert office.record() == []


def test_sensitive_answers_are_not_for_operations_and_not_for_nobody(office):
    mine = answered(office)
    office.sign_in("operations")
    assert office.get(f"/staff/people/{mine}/answers").status_code == 403
    office.client.cookies.clear()
    assert office.get(f"/staff/people/{mine}/answers").status_code == 303


def test_answers_of_nobody_are_not_found(office):
    assert office.get("/staff/people/999999/answers").status_code == 404


def test_an_answer_that_cannot_be_opened_any_more_says_so(office):
    mine = answered(office, seal=Seal((b"t" * 32,)))
    assert "sealed with a secret that is not set any more" in office.page(f"/staff/people/{mine}")


def test_no_answer_stands_in_a_message(office):
    answered(office)
    office.world.work()
    sent = repr(office.world.email.seen)
    assert "sam1@example.com" in sent and "knee" not in sent


def answered(office, seal=None) -> int:
    """Somebody with two plain answers and a sensitive one; gives the registration."""
    world = office.world
    mine = world.registration(world.session())
    given = (
        (FormField(key="miles", label="Miles a week", kind=FieldKind.TEXT), ("20",)),
        (FormField(key="days", label="Days", kind=FieldKind.MULTI, options=("Mon", "Fri")), ("Mon", "Fri")),
        (FormField(key="hurts", label="What hurts?", kind=FieldKind.TEXT, sensitive=True), ("My knee",)),
    )
    with transaction(office.runtime.engine) as db:
        for field, answer in given:
            number = add_field(db, world.webinar_id, field, world.clock())
            sealed = close_answer(seal or office.runtime.seal, answer)
            save_answers(db, mine, {number: sealed}, world.clock())
    return mine
