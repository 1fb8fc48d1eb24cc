"""Requirements 31 to 35: stop is stop in any words, at once and everywhere, confirmed once; only the person starts again."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from campaigns.domain.receipts import InboundText
from campaigns.domain.segments import count
from campaigns.domain.steps import Channel
from campaigns.operations.import_registrants import Options, apply_registrants, check_registrants
from campaigns.operations.unsubscribe import resume
from campaigns.rules.inbound import read_inbound_words
from campaigns.store import inbound
from campaigns.store.engine import transaction
from campaigns.store.people import save_registrant
from tests.compliance.wire import Wire, wired
from tests.factories import DAY, HORIZON, HOUR, MINUTE, NUMBER, SERVICE_TEXTS, hours
from tests.servers.twilio_server import Rule

TWILIO = ("STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "CANCEL", "REVOKE", "OPTOUT")
LAW = ("stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe")
FREE = (
    "STOP PLEASE", "please stop texting me", "Stop all", "stop!!!", "“Stop.”", "🛑 stop 🛑", "s t o p", "OPT-OUT",
    "Opt me out please", "remove me", "Take me off your list", "no more", "No more texts, thanks", "don't text me",
    "Dont text me again", "do not text", "leave me alone", "Wrong number", "sorry wrong number", "I moved away. Stop",
    "quit it", "QUIT sending these", "End all messages", "cancel these texts", "Unsubscribe me now",
    "unsuscribe", "stop sending me messages", "I no longer want these messages", "I want to unsubscribe",
    "Please revoke my consent", "delete my number", "you have the wrong person, stop", "I don't want your texts anymore",
)  # fmt: skip
SPANISH = ("ALTO", "parar", "Cancelar", "baja", "No más", "no mas mensajes", "¡Basta!", "Ya no", "dejen de escribirme",
           "no me manden más mensajes", "Número equivocado", "quiero darme de baja")  # fmt: skip
REPLIES = read_inbound_words().replies


def told(wire: Wire, body: str, event: str, *, twilio_answers: bool = False, **facts) -> str:
    """A text that is taken in and not applied yet; gives the name of our answer."""
    one = InboundText(provider="twilio", event_id=event, sender=NUMBER, recipient="+12075550199", body=body, **facts)
    return wire.hear(texts=[one], twilio_answers=twilio_answers).answer


def staff(wire: Wire) -> int:
    return wire.one(
        "INSERT INTO staff (email, name, role, password_hash, created_at)"
        " VALUES ('d@clinic.example', 'D', 'admin', '-', now()) RETURNING id"
    )


def stopped_person(wire: Wire, ahead: timedelta = 2 * HOUR) -> int:
    """Somebody who asked for texts and then said stop."""
    mine = wire.registration(wire.session(ahead), SERVICE_TEXTS)
    wire.text("STOP")
    assert wire.suppressions() == {("sms", NUMBER, None, "unsubscribed")}
    return mine


# 31: the words


@pytest.mark.parametrize("words", [TWILIO, LAW, FREE, SPANISH], ids=["twilio", "law", "free", "spanish"])
def test_s31_every_word_for_stop_suppresses_within_the_same_tick(wire: Wire, words: tuple[str, ...]) -> None:
    session = wire.session()
    people = {f"+1207558{place:04}": word for place, word in enumerate(words)}
    for number in people:
        wire.registration(session, SERVICE_TEXTS, phone=number)
    for number, word in people.items():
        wire.text(word, sender=number)
    silent = {address: purpose for channel, address, purpose, _ in wire.suppressions() if channel == "sms"}
    assert {word: silent.get(number, "goes on") for number, word in people.items()} == dict.fromkeys(people.values())
    assert {one.at - wire.clock() for one in wire.sql("SELECT at FROM suppression")} == {timedelta(0)}
    wire.work()
    assert wire.fake.posts == []


def test_s31_there_are_thirty_free_wordings_and_more() -> None:
    assert len(set(FREE)) >= 30


@pytest.mark.parametrize(
    "body", ["STOPPING by?", "Should I stop running?", "cancel my appointment", "¿Cuándo debo parar?"]
)
def test_s31_what_may_mean_stop_is_held_for_a_human_and_not_ignored(wire: Wire, body: str) -> None:
    mine = wire.registration(wire.session(), SERVICE_TEXTS)
    wire.text(body)
    wire.work()
    assert wire.fake.posts == []
    assert wire.suppressions() == set()
    assert (wire.texts(mine)["C1"], wire.delivery(mine, "C1").reason) == ("planned", "on_hold")
    with transaction(wire.engine) as db:
        assert [one.meaning for one in inbound.open_ones(db)] == ["hold"]
        inbound.lift_hold(db, Channel.SMS, NUMBER, staff(wire), wire.clock())
    wire.clock.now = wire.delivery(mine, "C1").due_at
    wire.work()
    assert len(wire.fake.posts) == 1


# 32: STOP cancels what waits


def test_s32_stop_cancels_everything_to_the_number_across_all_events(wire: Wire) -> None:
    places = [
        wire.registration(wire.session(2 * HOUR), SERVICE_TEXTS),
        wire.registration(wire.session(3 * HOUR), SERVICE_TEXTS, phone=NUMBER),
        wire.registration(wire.session(4 * HOUR), SERVICE_TEXTS, email="sam1@example.com", phone=NUMBER),
    ]
    wire.plan()
    wire.dispatch()  # the confirmations are in a worker's queue already
    wire.text("STOP")
    wire.answer_bells()
    wire.live(wire.clock() + 5 * HOUR)
    for mine in places:
        states = wire.texts(mine)
        assert {"C1", "B5"} <= states.keys()
        assert set(states.values()) <= {"skipped: no_consent", "skipped: suppressed"}
    assert wire.fake.requests == 0


def test_s32_stop_reaches_what_a_batch_has_loaded_and_not_sent_yet(wire: Wire) -> None:
    session = wire.session()
    for number in ("+12075590001", NUMBER):
        wire.registration(session, SERVICE_TEXTS, phone=number)
    usual = wire.sms._callback_url

    def stopping(text):
        wire.text("STOP")
        return usual(text)

    wire.sms._callback_url = stopping
    wire.work()
    assert [one.to for one in wire.fake.posts] == ["+12075590001"]


def test_s32_a_text_that_is_to_be_tried_again_is_not(wire: Wire) -> None:
    mine = wire.registration(wire.session(), SERVICE_TEXTS)
    wire.fake.script(Rule(status=429, code=20429, times=1))
    wire.work()
    wire.text("STOP")
    wire.live(wire.clock() + 20 * MINUTE, step=MINUTE)
    assert wire.texts(mine)["C1"].startswith("skipped")
    assert len(wire.fake.posts) == 1


# 33: one confirmation


@pytest.mark.parametrize("twilio_answers", [True, False])
def test_s33_one_layer_confirms_once_and_never_again(wire: Wire, *, twilio_answers: bool) -> None:
    session = wire.session()
    for place, body in enumerate((*TWILIO, "Stop", "please stop texting me", "ALTO")):
        number = f"+1207558{place:04}"
        wire.registration(session, SERVICE_TEXTS, phone=number)
        by_twilio = twilio_answers and body.upper() in TWILIO
        answers = [wire.text(body, sender=number, twilio_answers=twilio_answers).answer for _ in range(3)]
        assert (body, answers) == (body, ["" if by_twilio else "stop_confirmation", "", ""])
    wire.work()
    assert wire.fake.posts == []  # what confirms it is the answer to the call itself, at the same instant


def test_s33_advanced_opt_out_has_answered_what_it_tells_us_of(wire: Wire) -> None:
    wire.registration(wire.session(), SERVICE_TEXTS)
    for word in ("STOP", "HELP", "START"):
        assert wire.text("whatever it was", opt_out=word, twilio_answers=False).answer == ""


@pytest.mark.parametrize("second", ["STOP", "stop it", "please stop texting me"])
def test_s33_a_second_stop_before_the_first_is_applied_is_not_confirmed_again(wire: Wire, second: str) -> None:
    wire.registration(wire.session(), SERVICE_TEXTS)
    assert [told(wire, body, body) for body in ("please stop", second)] == ["stop_confirmation", ""]


def test_s33_what_twilio_has_confirmed_is_not_confirmed_by_us_a_moment_later(wire: Wire) -> None:
    wire.registration(wire.session(), SERVICE_TEXTS)
    told_twice = [told(wire, body, body, twilio_answers=True) for body in ("STOP", "please stop texting me")]
    assert told_twice == ["", ""]


def test_s33_the_same_call_posted_again_is_answered_once(wire: Wire) -> None:
    wire.registration(wire.session(), SERVICE_TEXTS)
    assert [told(wire, "please stop", "SM1") for _ in range(2)] == ["stop_confirmation", ""]


def test_s33_the_confirmation_has_no_link_and_sells_nothing() -> None:
    said = filled("stop_confirmation")
    assert count(said).parts == 1
    assert said.startswith("Example Clinic:")
    for word in ("http", "www", "://", ".com", "START", "offer", "sorry to see", "sure?", "class"):
        assert word.lower() not in said.lower()


# 34: start again


@pytest.mark.parametrize("word", ["START", "UNSTOP", "start"])
def test_s34_start_from_the_handset_lets_texts_flow_again(wire: Wire, word: str) -> None:
    mine = stopped_person(wire)
    wire.text(word)
    assert wire.suppressions() == set()
    wire.live(wire.clock() + 2 * HOUR, step=5 * MINUTE)
    assert wire.texts(mine)["B5"] == "sent"
    assert wire.fake.messages[-1].to == NUMBER


def test_s34_a_signed_link_that_the_person_presses_lets_texts_flow_again(wire: Wire) -> None:
    mine = stopped_person(wire)
    with transaction(wire.engine) as db:
        resume(db, mine, *SERVICE_TEXTS, hours(), wire.clock(), horizon=HORIZON, means="link")
    wire.live(wire.clock() + 2 * HOUR, step=5 * MINUTE)
    assert wire.texts(mine)["B5"] == "sent"


def test_s34_start_brings_back_what_twilio_alone_knew_was_stopped(wire: Wire) -> None:
    """The STOP reached Twilio and never us: we learn of it as 21610, and of the START as a text."""
    mine = wire.registration(wire.session(2 * HOUR), SERVICE_TEXTS)
    wire.fake.script(Rule(status=400, code=21610, times=1))
    wire.work()
    assert [address for _, address, _, _ in wire.suppressions()] == [NUMBER]
    wire.text("START")
    wire.live(wire.clock() + 2 * HOUR, step=5 * MINUTE)
    assert wire.texts(mine)["B5"] == "sent"


@pytest.mark.parametrize("body", ["YES", "yes please", "ok text me again", "I want to start running", "restart"])
def test_s34_nothing_but_the_keywords_starts_texts(wire: Wire, body: str) -> None:
    stopped_person(wire)
    wire.text(body)
    assert wire.suppressions() == {("sms", NUMBER, None, "unsubscribed")}


def test_s34_start_from_another_handset_starts_nothing(wire: Wire) -> None:
    stopped_person(wire)
    wire.text("START", sender="+12075550999")
    assert wire.suppressions() == {("sms", NUMBER, None, "unsubscribed")}


def test_s34_a_form_with_the_number_typed_in_starts_nothing(wire: Wire) -> None:
    """Whoever types a number does not prove that it is theirs."""
    stopped_person(wire)
    again = wire.registration(wire.session(3 * HOUR), SERVICE_TEXTS, phone=NUMBER)
    wire.live(wire.clock() + 4 * HOUR)
    assert set(wire.texts(again).values()) <= {"skipped: suppressed"}
    assert wire.fake.posts == []


@pytest.mark.parametrize("email", ["sam1@example.com", "new@example.com"], ids=["the person", "a stranger"])
def test_s34_a_list_with_a_later_yes_starts_nothing(wire: Wire, email: str) -> None:
    stopped_person(wire)
    wire.clock.forward(days=2)
    session = wire.session(2 * HOUR)
    proof = f"{wire.clock() - DAY:%Y-%m-%d %H:%M},Paper sheet,I agree to get these messages."
    listed = (
        "email,first_name,phone,texts,consent_at,consent_source,wording\n"
        f"{email},Sam,{NUMBER},yes,{proof}\n"
    )  # fmt: skip
    chosen = Options(session, confirm=True, countries=("US",), secrets=(b"s" * 32,))
    with transaction(wire.engine) as db:
        check = check_registrants(db, io.BytesIO(listed.encode()), chosen, wire.clock())
        done = apply_registrants(
            db, io.BytesIO(listed.encode()), chosen, fingerprint=check.fingerprint, staff_id=None, now=wire.clock()
        )
    assert done.added == 1
    assert wire.suppressions() == {("sms", NUMBER, None, "unsubscribed")}
    wire.live(wire.clock() + 3 * HOUR)
    assert wire.fake.posts == []


def test_s34_staff_who_change_a_person_or_let_a_hold_go_start_nothing(wire: Wire) -> None:
    mine = stopped_person(wire)
    wire.text("STOPPING by?")
    with transaction(wire.engine) as db:
        inbound.lift_hold(db, Channel.SMS, NUMBER, staff(wire), wire.clock())
        save_registrant(
            db, email="sam1@example.com", first_name="Samuel", last_name="", phone=NUMBER, zone="America/New_York",
            language="en", now=wire.clock(),
        )  # fmt: skip
    wire.live(wire.clock() + 2 * HOUR)
    assert set(wire.texts(mine).values()) <= {"skipped: no_consent", "skipped: suppressed"}
    assert wire.suppressions() == {("sms", NUMBER, None, "unsubscribed")}
    assert wire.fake.posts == []


# 35: HELP


@pytest.mark.parametrize("word", ["HELP", "help", "INFO", "Ayuda"])
def test_s35_help_is_answered_when_opted_out_too(wire: Wire, word: str) -> None:
    stopped_person(wire)
    assert wire.text(word, twilio_answers=False).answer == "help"
    assert wire.suppressions() == {("sms", NUMBER, None, "unsubscribed")}


def test_s35_help_names_brand_contact_and_stop_in_one_text() -> None:
    said = filled("help")
    assert "Example Clinic" in said and "(207) 555-0100" in said and "STOP" in said
    assert count(said).parts == 1


def filled(name: str) -> str:
    return REPLIES[name].format(clinic="Example Clinic", program="Runners' Class", contact="(207) 555-0100")


@pytest.fixture
def wire(engine):
    with wired(engine) as wire:
        yield wire
