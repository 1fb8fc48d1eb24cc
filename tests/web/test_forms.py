"""The registration form, judged without a page around it."""

from starlette.datastructures import FormData

from campaigns.domain.form_fields import FieldKind, FormField
from campaigns.domain.steps import Channel, Purpose
from campaigns.store.consents import Wording
from campaigns.web.forms import Typed, check, read_typed

TEXTS = Wording(7, Channel.SMS, Purpose.SERVICE, "Text me", "Words")
READS = Wording(8, Channel.EMAIL, Purpose.EDUCATION, "Email me", "Words")


def judge(*pairs):
    form = FormData([("session", "3"), ("first_name", " Sam "), ("email", "Sam@Example.com"), *pairs])
    return check(form, read_typed(form), countries=("US",), wordings={7: TEXTS, 8: READS})


def test_form_without_faults_comes_to_clean_values():
    wanted, faults = judge(("phone", "207 555 0142"), ("consent", "8"), ("consent", "7"))
    assert faults == {}
    assert (wanted.session_id, wanted.first_name, wanted.email, wanted.phone) == (
        3,
        "Sam",
        "sam@example.com",
        "+12075550142",
    )
    assert wanted.consents == (READS, TEXTS)


def test_number_may_be_given_without_asking_for_texts_and_is_judged_all_the_same():
    assert judge(("phone", "207 555 0142"))[0].phone == "+12075550142"
    assert list(judge(("phone", "207"))[1]) == ["phone"]


def test_texts_need_a_number():
    assert judge(("consent", "7"), ("phone", " "))[1] == {
        "phone": "You asked for text reminders, so we need a number. Add one, or untick the box."
    }


def test_box_ticked_twice_counts_once():
    assert judge(("consent", "8"), ("consent", "8"))[0].consents == (READS,)


def test_file_in_place_of_a_tick_is_passed_over():
    form = FormData([("consent", object())])
    assert read_typed(form).consent == ()


def test_odd_guess_is_no_fault():
    assert judge(("guess", "a"), ("guess", "b"))[1] == {}
    assert judge(("guess", "\ufffd"))[1] == {}


def test_faults_stand_in_the_order_of_the_page():
    form = FormData([("leave_empty", "x"), ("consent", "9"), ("phone", "1"), ("email", ""), ("zone", "x")])
    faults = check(form, read_typed(form), countries=("US",), wordings={})[1]
    assert list(faults) == ["session", "zone", "first_name", "email", "phone", "consent", "leave_empty"]


def test_chosen_zone_goes_before_the_guess_and_the_guess_before_the_clinics():
    assert Typed(zone="Europe/London", guess="Asia/Tokyo").shown_zone("UTC") == "Europe/London"
    assert Typed(zone="nonsense", guess="Asia/Tokyo").shown_zone("UTC") == "Asia/Tokyo"
    assert Typed().shown_zone("UTC") == "UTC"
    assert Typed(guess="Asia/Tokyo").zone_known and not Typed(zone="x").zone_known


def test_very_long_value_is_shown_again_only_in_part():
    assert len(read_typed(FormData([("first_name", "x" * 50_000)])).first_name) == 1000


MILES = FormField(id=4, key="miles", label="Miles", kind=FieldKind.TEXT, required=True)
DAYS = FormField(id=5, key="days", label="Days", kind=FieldKind.MULTI, options=("Mon", "Fri"))


def asked(*pairs):
    form = FormData([("session", "3"), ("first_name", "Sam"), ("email", "sam@example.com"), *pairs])
    return check(form, read_typed(form), countries=("US",), wordings={}, fields=(MILES, DAYS))


def test_answers_come_by_the_id_of_their_field_and_empty_ones_are_left_out():
    assert asked(("field-miles", " 20 "))[0].answers == {4: ("20",)}
    assert asked(("field-miles", "20"), ("field-days", "Fri"), ("field-days", "Mon"))[0].answers == {
        4: ("20",),
        5: ("Mon", "Fri"),
    }


def test_fault_of_a_field_stands_before_the_boxes_and_keeps_the_rest():
    wanted, faults = asked(("field-days", "Sun"), ("consent", "9"), ("leave_empty", "x"))
    assert wanted is None
    assert list(faults) == ["field-miles", "field-days", "consent", "leave_empty"]


def test_answer_to_a_field_that_is_not_on_the_form_is_passed_over():
    assert asked(("field-miles", "20"), ("field-gone", "x"))[0].answers == {4: ("20",)}


def test_answers_touch_and_stamp_are_read_as_they_came():
    typed = read_typed(
        FormData([("field-days", "Mon"), ("field-days", "Fri"), ("field-x", object()), ("utm_source", "flyer"),
                  ("landed", "/staff"), ("shown", "stamp"), ("embedded", "yes")])
    )  # fmt: skip
    assert typed.answers == {"field-days": ("Mon", "Fri"), "field-x": ()}
    assert (typed.touch, typed.shown, typed.embedded) == ({"utm_source": "flyer"}, "stamp", True)
