"""Double opt-in for texts: a yes counts once a code that went to the number has come back."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from campaigns.domain.messages import Message, Outcome
from campaigns.domain.sign_ups import Limits
from campaigns.domain.steps import Channel, Purpose
from campaigns.domain.tokens import Signer
from campaigns.errors import Rejected
from campaigns.operations.correct import Details, correct
from campaigns.operations.erase import erase
from campaigns.operations.explain import timeline
from campaigns.operations.offer import accept, offer_places
from campaigns.operations.own_data import own_data
from campaigns.operations.prove import Entered, enter_code, send_another, switch_on
from campaigns.operations.sign_up import Guard, Sent, sign_up
from campaigns.operations.switch import switch
from campaigns.operations.unsubscribe import stop
from campaigns.operations.withdraw import withdraw
from campaigns.store.consents import permissions_of, suppress
from campaigns.store.engine import Engine, transaction
from tests.factories import DAY, HORIZON, HOUR, NUMBER, SERVICE_TEXTS, World, ears, hours
from tests.fakes import ACCEPT

OTHER = "+12075550199"
LIMITS = Limits(email_an_hour=9, email_a_day=99, number_a_day=9, prefix_a_day=9, ip_a_day=9)
GUARD = Guard(ears().seal, b"s" * 32, LIMITS, ears().words, prove_texts=True)
SIGNER = Signer((b"s" * 32,))
FROM = {"ip": "192.0.2.7", "user_agent": "a browser", "page": "/r"}


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def test_until_the_code_comes_back_nothing_but_the_code_goes_to_the_number(world: World) -> None:
    mine = _sign_up(world, ahead=2 * HOUR)
    world.work()
    world.live(world.clock() + 3 * HOUR)
    (text,) = world.sms.seen
    assert re.fullmatch(
        r"\[Demo\] Example Clinic: \d{6} is your code for text reminders\. .* Reply STOP to end\.", text.body
    )
    assert text.recipient == NUMBER and text.segments == 1
    assert world.one("SELECT count(*) FROM consent") == 0
    assert ("B6", "sent") in world.ledger(mine), "who gets no texts gets the email instead"
    assert {key for key, _ in world.ledger(mine)} & {"C1", "B5"} == set()


def test_the_right_code_is_a_consent_with_the_words_that_were_shown_and_is_confirmed_by_text(world: World) -> None:
    mine = _sign_up(world, ahead=2 * HOUR)
    code = _code(world)
    world.clock.forward(minutes=20)
    assert _enter(world, mine, f" {code[:3]} {code[3:]} ") is Entered.RIGHT
    (row,) = world.sql("SELECT wording_id, granted, address, means, evidence, at FROM consent")
    assert (row.wording_id, row.granted, row.address, row.means) == (
        world.wordings[SERVICE_TEXTS],
        True,
        NUMBER,
        "link",
    )
    assert row.evidence == {**FROM, "why": "ticked at sign-up, code from a text to this number entered"}
    assert row.at == world.clock()
    world.work()
    assert "text reminders are on" in world.sms.seen[-1].body
    world.live(world.clock() + 3 * HOUR)
    assert [(key, state) for key, state in world.ledger(mine) if key in ("C1-code", "C1", "B5")] == [
        ("C1-code", "sent"),
        ("C1", "sent"),
        ("B5", "sent"),
    ]
    assert world.one("SELECT texts_asked IS NULL FROM registration") is True


def test_entered_twice_and_at_once_it_is_one_consent_and_one_receipt(world: World) -> None:
    mine = _sign_up(world)
    code = _code(world)
    with ThreadPoolExecutor(4) as hands:
        found = list(hands.map(lambda _: _enter(world, mine, code), range(8)))
    assert set(found) == {Entered.RIGHT}
    assert world.one("SELECT count(*) FROM consent") == 1
    world.live(world.clock() + HOUR)
    assert [key for key, _ in world.ledger(mine)].count("C1") == 1 and len(world.sms.seen) == 2


def test_a_few_wrong_codes_end_the_asking_and_then_the_right_one_does_not_count(world: World) -> None:
    mine = _sign_up(world)
    code = _code(world)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert [_enter(world, mine, wrong) for _ in range(6)] == [Entered.WRONG] * 4 + [Entered.OVER] * 2
    assert _enter(world, mine, code) is Entered.OVER
    assert world.one("SELECT count(*) FROM consent") == 0


def test_wrong_codes_at_once_are_all_counted(world: World) -> None:
    mine = _sign_up(world)
    code = _code(world)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    with ThreadPoolExecutor(4) as hands:
        list(hands.map(lambda _: _enter(world, mine, wrong), range(8)))
    assert world.one("SELECT (texts_asked ->> 'tries')::int FROM registration") == 5


def test_after_half_an_hour_the_code_does_not_count_and_does_not_leave(world: World) -> None:
    mine, late = _sign_up(world), _sign_up(world, phone=OTHER)
    world.sql("UPDATE delivery SET due_at = due_at + interval '29 minutes' WHERE registration_id = :r", r=late)
    code = _code(world)
    world.clock.forward(minutes=30)
    assert _enter(world, mine, code) is Entered.OVER
    world.work()
    assert ("C1-code", "skipped: expired") in world.ledger(late)


def test_a_new_code_has_a_row_of_its_own_and_ends_the_one_before(world: World) -> None:
    mine = _sign_up(world)
    first = _code(world)
    world.clock.forward(minutes=40)
    _again(world, mine)
    second = _code(world)
    assert first != second
    rows = world.sql("SELECT d.revision FROM delivery d JOIN step t ON t.id = d.step_id WHERE t.key = 'C1-code'")
    assert sorted(row.revision for row in rows) == [-1, 0]
    assert _enter(world, mine, first) is Entered.WRONG
    assert _enter(world, mine, second) is Entered.RIGHT
    world.work()
    assert ("C1", "sent") in world.ledger(mine)


def test_of_two_codes_that_have_not_left_only_the_newer_goes(world: World) -> None:
    mine = _sign_up(world)
    _again(world, mine)
    world.work()
    assert sorted(state for key, state in world.ledger(mine) if key == "C1-code") == ["sent", "skipped: superseded"]
    assert _enter(world, mine, _code(world)) is Entered.RIGHT
    with transaction(world.engine) as db:
        shown = timeline(db, world.place(mine), hours(), world.clock())
    assert [one.recorded.status.name for one in shown if one.step.key == "C1-code"] == ["SENT"]


def test_the_database_itself_lets_no_code_leave_that_has_been_replaced(world: World) -> None:
    _, mine = _sign_up(world), _sign_up(world)

    def meanwhile(_: Message) -> Outcome:  # both are loaded and judged; while the first is handed over, the second asks
        _again(world, mine)
        return ACCEPT

    world.sms.will(meanwhile)
    world.work()
    assert len(world.sms.seen) == 1
    assert dict(world.ledger(mine))["C1-code"] == "planned"
    world.work()
    assert sorted(state for key, state in world.ledger(mine) if key == "C1-code") == ["sent", "skipped: superseded"]


def test_the_database_itself_lets_no_code_leave_for_a_number_that_was_changed_or_proven(world: World) -> None:
    _, mine = _sign_up(world), _sign_up(world)

    def meanwhile(_: Message) -> Outcome:
        world.sql("UPDATE registration SET texts_asked = jsonb_set(texts_asked, '{phone}', '\"+12075550177\"')")
        return ACCEPT

    world.sms.will(meanwhile)
    world.work()
    assert len(world.sms.seen) == 1 and dict(world.ledger(mine))["C1-code"] == "planned"


def test_three_codes_a_day_and_no_more(world: World) -> None:
    mine = _sign_up(world)
    for _ in range(2):
        world.clock.forward(minutes=5)
        _again(world, mine)
    world.clock.forward(hours=20)
    with pytest.raises(Rejected, match="as many codes today"):
        _again(world, mine)
    with pytest.raises(Rejected, match="as many codes today"):
        _correct(world, mine, phone=OTHER)
    world.clock.forward(hours=5)
    _again(world, mine)


def test_no_new_date_and_no_new_address_makes_another_guess_or_another_code(world: World) -> None:
    here, wrong = _sign_up(world), 0
    for turn in range(3):
        code = _code(world)
        for _ in range(4):  # never the fifth, which would end this asking
            assert _enter(world, here, f"{(int(code) + 1) % 10**6:06}") is Entered.WRONG
            wrong += 1
        world.clock.forward(minutes=1)
        if turn < 2:
            with transaction(world.engine) as db:
                here = switch(db, here, world.session((11 + turn) * DAY), hours(), world.clock(), horizon=HORIZON)
    before = len(world.sms.seen)
    moved = _correct(world, here, email="new@example.com", phone=NUMBER, texts=None)
    world.work()
    assert wrong == 12 and before == 3 and len(world.sms.seen) == before, "no fourth code"
    assert _enter(world, moved, code) is Entered.OVER
    with pytest.raises(Rejected, match="as many codes today"):
        _switch_on(world, _sign_up(world, kinds=(), phone=NUMBER))
    assert world.one("SELECT count(*) FROM consent") == 0


def test_fifteen_wrong_codes_a_day_for_one_number_whoever_types_them(world: World) -> None:
    people = [_sign_up(world, phone=NUMBER) for _ in range(4)]
    world.work()
    assert len(world.sms.seen) == 3, "nobody sends a fourth code to it"
    for mine in people[:3]:
        code = SIGNER.code(mine, NUMBER, 0)
        for _ in range(5):
            _enter(world, mine, f"{(int(code) + 1) % 10**6:06}")
    world.sql("UPDATE registration SET texts_asked = jsonb_set(texts_asked, '{tries}', '0') WHERE id = :r", r=people[2])
    with pytest.raises(Rejected, match="as many codes today"):
        _enter(world, people[2], SIGNER.code(people[2], NUMBER, 0))
    world.clock.forward(days=1)
    _again(world, people[2])
    assert _enter(world, people[2], _code(world)) is Entered.RIGHT


def test_a_code_that_has_not_left_is_right_for_nobody(world: World) -> None:
    mine = _sign_up(world, phone=NUMBER)
    code = SIGNER.code(mine, NUMBER, 0)
    assert _enter(world, mine, code) is Entered.WRONG
    assert world.one("SELECT (texts_asked ->> 'tries')::int FROM registration") == 0, "it was no guess"
    world.work()
    assert _enter(world, mine, code) is Entered.RIGHT


def test_a_second_code_costs_nobody_the_last_reminder(world: World) -> None:
    mine = _sign_up(world, ahead=2 * HOUR)
    _code(world)
    world.clock.forward(minutes=5)
    _again(world, mine)
    assert _enter(world, mine, _code(world)) is Entered.RIGHT
    world.live(world.clock() + 3 * HOUR)
    assert ("B5", "sent") in world.ledger(mine) and len(world.sms.seen) == 4


def test_a_number_that_said_stop_gets_no_code_and_none_counts_after_it(world: World) -> None:
    mine = _sign_up(world)
    code = _code(world)
    world.text("STOP")
    assert _enter(world, mine, code) is Entered.OVER
    other = _sign_up(world, phone=NUMBER)
    world.work()
    assert ("C1-code", "skipped: suppressed") in world.ledger(other)
    assert world.one("SELECT count(*) FROM consent WHERE granted") == 0


def test_stopping_everything_does_not_suppress_a_number_that_was_never_theirs(world: World) -> None:
    mine = _sign_up(world)
    code = _code(world)
    with transaction(world.engine) as db:
        stop(db, mine, *SERVICE_TEXTS, hours(), world.clock(), horizon=HORIZON, means="link")
    assert world.suppressions() == set()
    assert _enter(world, mine, code) is Entered.OVER
    owner = _sign_up(world, phone=NUMBER)
    assert _enter(world, owner, _code(world)) is Entered.RIGHT


def test_a_number_that_said_stop_is_asked_no_more_until_it_says_start(world: World) -> None:
    mine = _sign_up(world, phone=NUMBER)
    _code(world)
    world.text("STOP")
    for ask in (lambda: _again(world, mine), lambda: _correct(world, _sign_up(world, kinds=()), phone=NUMBER)):
        with pytest.raises(Rejected, match="Text START from it"):
            ask()
    world.text("START")
    world.clock.forward(minutes=1)
    _again(world, mine)
    assert _enter(world, mine, _code(world)) is Entered.RIGHT


def test_a_number_the_provider_calls_dead_is_not_told_to_say_start(world: World) -> None:
    mine = _sign_up(world, kinds=(), phone=NUMBER)
    with transaction(world.engine) as db:
        suppress(db, Channel.SMS, NUMBER, None, reason="invalid", source="test", now=world.clock())
    with pytest.raises(Rejected, match="We cannot send texts to this number"):
        _switch_on(world, mine)


def test_an_asking_within_the_limits_ends_the_hold_of_one_before(world: World) -> None:
    tight = replace(GUARD, limits=replace(LIMITS, number_a_day=0))
    mine = _sign_up(world, guard=tight)
    world.work()
    assert ("C1-code", "skipped: pumped") in world.ledger(mine)
    world.clock.forward(days=1)
    _again(world, mine)
    assert _enter(world, mine, _code(world)) is Entered.RIGHT
    world.work()
    assert ("C1", "sent") in world.ledger(mine)


def test_another_number_in_the_details_waits_for_its_own_code(world: World) -> None:
    mine = _sign_up(world)
    code = _code(world)
    _enter(world, mine, code)
    world.clock.forward(minutes=5)
    _correct(world, mine, phone=OTHER)
    assert _granted(world, mine) == set(), "the yes was for the number before"
    world.work()
    assert world.sms.seen[-1].recipient == OTHER and "is your code" in world.sms.seen[-1].body
    assert _enter(world, mine, code) is Entered.WRONG
    assert _enter(world, mine, _code(world)) is Entered.RIGHT
    world.work()
    assert [(one.recipient, "reminders are on" in one.body) for one in world.sms.seen[1:]] == [
        (OTHER, False),
        (OTHER, True),
    ]


def test_a_number_that_has_been_changed_meanwhile_ends_the_asking(world: World) -> None:
    mine = _sign_up(world)
    code = _code(world)
    _correct(world, mine, phone=OTHER, texts=None)
    assert _enter(world, mine, code) is Entered.OVER


def test_whoever_has_proven_the_number_is_not_asked_again(world: World) -> None:
    mine = _sign_up(world)
    _enter(world, mine, _code(world))
    world.work()
    world.clock.forward(hours=25)
    again = _sign_up(world, ahead=17 * DAY, email="sam1@example.com", phone=NUMBER)
    world.work()
    assert [key for key, _ in world.ledger(again)] == ["C0", "C1"], "each place with texts has its receipt"
    after = _correct(world, again, email="new@example.com", phone=NUMBER, texts=None)
    assert _granted(world, after) == {SERVICE_TEXTS}


def test_the_same_form_sent_again_sends_no_second_code(world: World) -> None:
    session = world.session()
    mine = _sign_up(world, session=session, email="sam@example.com", phone=NUMBER)
    world.clock.forward(minutes=1)
    assert _sign_up(world, session=session, email="sam@example.com", phone=NUMBER) == mine
    world.work()
    assert [key for key, _ in world.ledger(mine)] == ["C0", "C1-code"]


def test_texts_switched_on_for_a_number_that_was_never_agreed_for_wait_for_a_code(world: World) -> None:
    mine = _sign_up(world, kinds=(), phone=NUMBER)
    _switch_on(world, mine)
    assert _granted(world, mine) == set()
    assert _enter(world, mine, _code(world)) is Entered.RIGHT
    world.work()
    with transaction(world.engine) as db:
        stop(db, mine, *SERVICE_TEXTS, hours(), world.clock(), horizon=HORIZON, means="link")
    world.clock.forward(days=2)
    _switch_on(world, mine)
    assert _granted(world, mine) == {SERVICE_TEXTS}
    world.work()
    assert [key for key, _ in world.ledger(mine) if key.startswith("C1")] == ["C1", "C1-code", "C1"]
    assert len(world.sms.seen) == 3


def test_stopping_ends_the_asking(world: World) -> None:
    mine = _sign_up(world)
    code = _code(world)
    with transaction(world.engine) as db:
        stop(db, mine, Channel.SMS, None, hours(), world.clock(), horizon=HORIZON, means="link")
    assert _enter(world, mine, code) is Entered.OVER


def test_a_yes_that_waits_goes_along_to_another_date_and_another_address(world: World) -> None:
    mine = _sign_up(world)
    _code(world)
    other = world.session(17 * DAY)
    with transaction(world.engine) as db:
        after = switch(db, mine, other, hours(), world.clock(), horizon=HORIZON)
    newest = _correct(world, after, email="new@example.com", phone=NUMBER, texts=None)
    assert _enter(world, newest, _code(world)) is Entered.RIGHT
    assert _granted(world, newest) == {SERVICE_TEXTS}


def test_on_the_waiting_list_a_number_is_proven_too_and_the_receipt_comes_with_the_place(world: World) -> None:
    full = world.session(capacity=1)
    first = _sign_up(world, kinds=(), session=full)
    mine = _sign_up(world, session=full, phone=NUMBER, waits=True)
    world.work()
    assert ("C1-code", "sent") in world.ledger(mine)
    assert _enter(world, mine, _code(world)) is Entered.RIGHT
    assert _granted(world, mine) == {SERVICE_TEXTS}
    world.clock.forward(hours=1)
    with transaction(world.engine) as db:
        withdraw(db, first, hours(), world.clock(), horizon=HORIZON)
    offer_places(world.engine, world.clock())
    with transaction(world.engine) as db:
        accept(db, mine, hours(), world.clock(), horizon=HORIZON)
    world.work()
    assert ("C1", "sent") in world.ledger(mine)


def test_a_yes_that_waits_goes_along_to_a_date_that_one_had_already(world: World) -> None:
    other = world.session(17 * DAY)
    second = _sign_up(world, kinds=(), session=other, email="sam@example.com")
    mine = _sign_up(world, email="sam@example.com", phone=NUMBER)
    first = _code(world)
    with transaction(world.engine) as db:
        assert switch(db, mine, other, hours(), world.clock(), horizon=HORIZON) == second
    assert _code(world) != first and _enter(world, second, _code(world)) is Entered.RIGHT


def test_a_yes_whose_code_lapsed_goes_along_and_a_new_code_can_be_asked_for(world: World) -> None:
    mine = _sign_up(world)
    _code(world)
    world.clock.forward(minutes=31)
    with transaction(world.engine) as db:
        after = switch(db, mine, world.session(17 * DAY), hours(), world.clock(), horizon=HORIZON)
    newest = _correct(world, after, email="new@example.com", phone=world.place(mine).phone, texts=None)
    world.work()
    assert len(world.sms.seen) == 1, "nobody asked for a new code yet"
    assert world.place(newest).asking == replace(world.place(newest).asking, tries=0, phone=world.sms.seen[0].recipient)
    _again(world, newest)
    assert _enter(world, newest, _code(world)) is Entered.RIGHT


def test_a_yes_for_which_no_code_may_go_today_waits_until_one_may(world: World) -> None:
    for _ in range(3):
        _sign_up(world, phone=NUMBER)
    mine = _sign_up(world, phone=NUMBER)
    world.work()
    assert len(world.sms.seen) == 3 and "C1-code" not in dict(world.ledger(mine))
    with transaction(world.engine) as db:
        after = switch(db, mine, world.session(17 * DAY), hours(), world.clock(), horizon=HORIZON)
    world.clock.forward(days=1)
    _again(world, after)
    assert _enter(world, after, _code(world)) is Entered.RIGHT


@pytest.mark.parametrize(
    "change", ["DELETE FROM step WHERE anchor = 'asked'", "UPDATE step SET paused = anchor = 'asked'"]
)
def test_where_no_step_sends_codes_a_yes_counts_as_without_the_setting(world: World, change: str) -> None:
    world.sql(change)
    mine, other, third = _sign_up(world), _sign_up(world, kinds=()), _sign_up(world, kinds=(), phone="+12075550177")
    _correct(world, other, phone=OTHER)
    _switch_on(world, third)
    assert [_granted(world, one) for one in (mine, other, third)] == [{SERVICE_TEXTS}] * 3
    assert world.one("SELECT count(*) FROM registration WHERE texts_asked IS NOT NULL") == 0
    world.work()
    assert len(world.sms.seen) == 3 and all("reminders are on" in one.body for one in world.sms.seen)


def test_staff_see_a_code_that_did_not_leave_although_another_was_asked_for(world: World) -> None:
    tight = replace(GUARD, limits=replace(LIMITS, number_a_day=0))
    mine = _sign_up(world, guard=tight)
    world.work()
    world.clock.forward(minutes=1)
    _again(world, mine)
    _again(world, mine)
    world.work()
    with transaction(world.engine) as db:
        shown = [
            [
                one.recorded.reason
                for one in timeline(db, world.place(mine), hours(), world.clock(), every_round=every)
                if one.step.key == "C1-code"
            ]
            for every in (False, True)
        ]
    assert shown == [[None], ["pumped", None]]


def test_two_people_with_one_number_each_get_a_code_of_their_own(world: World) -> None:
    session = world.session()
    both = [_sign_up(world, session=session, phone=NUMBER) for _ in range(2)]
    world.work()
    codes = [re.search(r"\d{6}", one.body)[0] for one in world.sms.seen]
    mine, yours = (SIGNER.code(one, NUMBER, 0) for one in both)
    assert sorted(codes) == sorted([mine, yours]) and mine != yours
    assert [_enter(world, both[1], mine), _enter(world, both[1], yours)] == [Entered.WRONG, Entered.RIGHT]
    assert _granted(world, both[0]) == set()


def test_many_numbers_from_one_place_get_no_codes_any_more(world: World) -> None:
    people = [_sign_up(world, phone=f"+1207556{number:04}", ip="192.0.2.9") for number in range(0, 7000, 1000)]
    world.work()
    states = [dict(world.ledger(one))["C1-code"] for one in people]
    assert states == ["sent"] * 5 + ["skipped: pumped"] * 2


def test_who_proves_a_number_one_after_the_other_in_one_place_is_no_robot(world: World) -> None:
    for _ in range(6):  # one more than would look like a robot's
        mine = _sign_up(world, ip=FROM["ip"])
        assert _enter(world, mine, _code(world)) is Entered.RIGHT
        world.work()
        assert ("C1", "sent") in world.ledger(mine)
        world.clock.forward(minutes=1)


def test_new_numbers_in_the_details_count_as_sign_ups_do(world: World) -> None:
    guard = replace(GUARD, limits=replace(LIMITS, prefix_a_day=2))
    mine = _sign_up(world, kinds=(), guard=guard)
    for number in range(3):
        world.clock.forward(minutes=1)
        _correct(world, mine, phone=f"+120755601{number:02}", guard=guard)
        world.work()
    states = [state for key, state in world.ledger(mine) if key == "C1-code"]
    assert states == ["sent", "sent", "skipped: pumped"]


def test_without_double_opt_in_each_yes_is_confirmed_once(world: World) -> None:
    mine = _sign_up(world, kinds=(), guard=replace(GUARD, prove_texts=False))
    world.live(world.clock() + 2 * HOUR)
    _correct(world, mine, phone=NUMBER, guard=replace(GUARD, prove_texts=False))
    world.live(world.clock() + 2 * HOUR)
    assert [one.recipient for one in world.sms.seen] == [NUMBER]
    _correct(world, mine, phone=NUMBER, guard=replace(GUARD, prove_texts=False))
    world.live(world.clock() + 2 * HOUR)
    assert len(world.sms.seen) == 1, "the same yes once more is not another one"


def test_what_waits_is_told_to_its_owner_and_goes_when_they_erase_themselves(world: World) -> None:
    mine = _sign_up(world, ip="192.0.2.9")
    with transaction(world.engine) as db:
        (told,) = own_data(db, world.place(mine).registrant_id, ears().seal, world.clock())["registrations"]
        assert told["texts_wait_for_a_code"]["number"] == NUMBER
        erase(db, mine, GUARD, world.clock())
    assert world.one("SELECT texts_asked IS NULL FROM registration") is True
    world.work()
    assert world.sms.seen == []


def _sign_up(world: World, *, kinds=(SERVICE_TEXTS,), guard: Guard = GUARD, ip: str = "", **facts) -> int:
    session = facts.pop("session", None) or world.session(facts.pop("ahead", 10 * DAY))
    with transaction(world.engine) as db:
        request = world.request(session, *kinds, **{"form_shown": 1, "evidence": {"ip": ip}, **facts})
        sent = Sent(request=request, ip=ip)
        return sign_up(db, sent, guard, hours(), world.clock(), horizon=HORIZON).registration_id


def _code(world: World) -> str:
    """Let what is due leave, and read the newest text."""
    world.work()
    return re.search(r"\b\d{6}\b", world.sms.seen[-1].body)[0]


def _enter(world: World, registration: int, code: str) -> Entered:
    with transaction(world.engine) as db:
        return enter_code(db, registration, code, SIGNER, FROM, hours(), world.clock(), horizon=HORIZON)


def _again(world: World, registration: int) -> None:
    with transaction(world.engine) as db:
        send_another(db, registration, GUARD, hours(), world.clock(), horizon=HORIZON, ip="")


def _switch_on(world: World, registration: int) -> None:
    words = world.wordings[SERVICE_TEXTS]
    with transaction(world.engine) as db:
        switch_on(
            db,
            registration,
            SERVICE_TEXTS,
            GUARD,
            hours(),
            world.clock(),
            horizon=HORIZON,
            wording_id=words,
            evidence=FROM,
        )


def _correct(world: World, registration: int, *, guard: Guard = GUARD, **facts) -> int:
    with transaction(world.engine) as db:
        here = world.place(registration)
        known = {"first_name": here.first_name, "email": here.email, "zone": here.zone}
        wanted = Details(**{**known, "texts": world.wordings[SERVICE_TEXTS], **facts})
        return correct(db, registration, wanted, guard, hours(), world.clock(), horizon=HORIZON)


def _granted(world: World, registration: int) -> set[tuple[Channel, Purpose]]:
    with transaction(world.engine) as db:
        granted = permissions_of(db, world.place(registration).registrant_id)
    return {kind for kind, yes in granted.items() if yes}
