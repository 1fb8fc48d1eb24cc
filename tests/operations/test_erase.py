"""Somebody erases themselves: nothing more leaves, nothing tells who they were, and what must stay does."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from campaigns.domain.erasure import address_hash, blinded_address
from campaigns.domain.form_fields import FieldKind, FormField
from campaigns.domain.receipts import InboundMail, InboundText, Kind
from campaigns.domain.sign_ups import Limits
from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import LinkExpired, NotFound, PageErased
from campaigns.operations import answer, unsubscribe
from campaigns.operations.answer import Written
from campaigns.operations.ask import Ear, ask
from campaigns.operations.correct import Details, correct
from campaigns.operations.erase import erase
from campaigns.operations.import_registrants import Check, Options, apply_registrants, check_registrants
from campaigns.operations.reconcile import reconcile
from campaigns.operations.recover import recover
from campaigns.operations.sign_up import Guard, Sent, sign_up
from campaigns.operations.switch import switch
from campaigns.operations.withdraw import withdraw
from campaigns.store import consents, form_fields, staff
from campaigns.store.engine import Engine, transaction
from campaigns.store.staff import Member
from campaigns.store.strikes import add
from tests.factories import (
    DAY,
    GRACE,
    HORIZON,
    HOUR,
    LESSONS,
    MINUTE,
    NOON,
    NUMBER,
    OFFERS,
    SERVICE_TEXTS,
    World,
    ears,
    hours,
)
from tests.fakes import DEFER, DOUBT

SECRET = b"s" * 32
LIMITS = Limits(email_an_hour=99, email_a_day=99, number_a_day=99, prefix_a_day=99, ip_a_day=99)
GUARD = Guard(ears().seal, SECRET, LIMITS, ears().words)
FIRST, LAST, EMAIL, FORMER = "Quintessa", "Zabrowski", "quintessa.zab@example.com", "quintesa.zab@example.com"
PHONE, OLD_PHONE, IP = "+12075559876", "+12075554321", "203.0.113.77"
TRACES = (
    FIRST,
    LAST,
    EMAIL,
    FORMER,
    PHONE,
    OLD_PHONE,
    IP,
    "Firefox of Q",
    "spring-flyer",
    "on the stairs",
    "as she said",
)
"""What tells who she was, in any letters."""


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


# Nothing more leaves


def test_a_class_that_is_over_counts_them_as_before_and_nothing_follows(world: World) -> None:
    mine = world.registration(world.session(HOUR, replay_url="https://media.example/1"), *world.wordings)
    world.live(NOON + 1.75 * HOUR)
    world.sql(
        "UPDATE registration SET attendance = 'attended',"
        ' attendance_evidence = \'{"by": "staff", "why": "Q. told me", "before": {"why": "Q."}}\''
    )
    gone = len(world.email.seen) + len(world.sms.seen)
    assert _erase(world, mine)
    world.live(NOON + 20 * DAY, step=6 * HOUR)
    assert world.place(mine).withdrawn_at is None
    assert world.one("SELECT attendance FROM registration") == "attended"
    assert world.one("SELECT attendance_evidence FROM registration") == {"by": "staff", "before": {}}
    assert len(world.email.seen) + len(world.sms.seen) == gone
    assert {state for key, state in world.ledger(mine) if key[0] in "AEN"} <= {"skipped: erased"}


@pytest.mark.parametrize("kinds", [(), (SERVICE_TEXTS,)])
def test_what_was_dispatched_before_does_not_leave_afterwards(world: World, kinds: tuple) -> None:
    mine = world.registration(world.session(), *kinds)
    world.dispatch()
    assert world.bells
    assert _erase(world, mine)
    assert world.answer_bells() == 0
    assert world.email.seen == world.sms.seen == []
    assert {state for _, state in world.ledger(mine)} == {"skipped: erased"}


@pytest.mark.parametrize("how", ["erased", "marked"])
def test_what_a_worker_has_loaded_is_not_opened(world: World, how: str) -> None:
    """Once with everything that erasing does, and once with the mark alone: either must be enough."""
    session = world.session()
    first, second = world.registration(session), world.registration(session)
    world.dispatch()
    mark = "UPDATE registrant SET erased_at = now() WHERE id = :id"
    person = world.place(second).registrant_id
    world.email.will(
        lambda _: DEFER if (_erase(world, second) if how == "erased" else world.sql(mark, id=person)) else DOUBT
    )
    world.answer_bells()
    assert [one.recipient for one in world.email.seen] == [world.place(first).email]


def test_a_hand_off_that_begins_meanwhile_waits_and_then_does_not_happen(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.dispatch()
    with ThreadPoolExecutor(1) as worker:
        with transaction(world.engine) as db:
            assert erase(db, mine, GUARD, world.clock())
            carried = worker.submit(world.answer_bells)
            time.sleep(0.7)
            assert not carried.done()  # it has loaded who she was, and waits for the row
        assert carried.result(20) == 0
    assert world.email.seen == world.sms.seen == []
    assert world.one("SELECT count(*) FROM delivery WHERE phone IS NOT NULL") == 0


def test_what_was_being_handed_over_is_not_tried_again(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.email.will(lambda _: DEFER if _erase(world, mine) else DOUBT)
    world.work()
    assert world.delivery(mine, "C0").status == 0  # planned once more, for it was with the worker
    world.live(NOON + 12 * DAY, step=6 * HOUR)
    assert len(world.email.seen) == 1
    assert {state for _, state in world.ledger(mine) if state != "sent"} == {"skipped: erased"}


def test_the_receipt_for_a_place_given_up_before_does_not_leave_either(world: World) -> None:
    mine = world.registration(world.session())
    world.work()
    with transaction(world.engine) as db:
        withdraw(db, mine, hours(), world.clock(), horizon=HORIZON)
    world.email.will(lambda _: DEFER if _erase(world, mine) else DOUBT)
    world.work()
    world.live(NOON + 2 * DAY, step=HOUR)
    assert len(world.email.seen) == 2
    assert ("X3", "skipped: erased") in world.ledger(mine)


def test_what_is_in_doubt_is_neither_looked_for_nor_sent_once_more(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS)
    world.email.will(DOUBT)
    world.sms.will(DOUBT)
    world.work()
    _erase(world, mine)
    for _ in range(6):
        world.clock.forward(hours=1)
        reconcile(world.engine, world.sms, world.clock())
        recover(world.engine, world.clock(), grace=GRACE)
        world.tick()
    assert world.sms.asked == []
    assert (len(world.email.seen), len(world.sms.seen)) == (1, 1)
    assert dict(world.ledger(mine))["C0"] == "skipped: erased"


def test_every_place_is_given_up_without_a_receipt_and_free_for_others(world: World) -> None:
    one, two = world.session(capacity=1), world.session(17 * DAY, capacity=1)
    mine = world.registration(one, email=EMAIL)
    also = world.registration(two, email=EMAIL)
    other = world.registration(world.session(18 * DAY))
    world.work()
    _erase(world, mine)
    assert world.place(also).withdrawn_at == world.place(mine).withdrawn_at == NOON
    assert world.place(other).withdrawn_at is None
    world.registration(one)
    sent = len(world.email.seen)
    world.live(NOON + HOUR)
    assert len(world.email.seen) == sent + 1  # the confirmation of whoever came next


def test_nobody_else_is_touched(world: World) -> None:
    session = world.session()
    other = world.registration(session, SERVICE_TEXTS, LESSONS, email="husband@example.com", phone=PHONE)
    mine = world.registration(session, SERVICE_TEXTS, LESSONS, email=EMAIL, phone=PHONE)
    with transaction(world.engine) as db:
        ask(db, Ear(GUARD.seal, GUARD.words), world.place(other), "May I run hills?", "page", NOON)
    world.text("Could you call me back about that?", sender=PHONE)
    before = _state_of(world, other)
    _erase(world, mine)
    assert _state_of(world, other) == before
    assert world.place(other).texts is True
    world.work()
    assert [one.recipient for one in world.email.seen] == ["husband@example.com"]


# Nothing tells who they were


def test_no_column_of_any_table_tells_who_they_were(world: World) -> None:
    mine = _whole_life(world)
    before = _traces(world)
    assert {one.rpartition(".")[0] for one in before} >= {
        "registrant", "registration", "consent", "suppression", "address_hold", "strike", "delivery", "inbound",
        "arrival", "question", "form_answer",
    }  # fmt: skip
    assert _erase(world, mine)
    # A stop outlives the person; its address is the least that is needed to keep to it.
    assert _traces(world) == {"suppression.address"}
    assert {one[:2] for one in world.suppressions()} == {("sms", PHONE), ("email", EMAIL)}


def test_the_ledger_still_counts_what_left(world: World) -> None:
    mine = _whole_life(world)
    counted = "SELECT count(*) FROM delivery WHERE sent_at IS NOT NULL"
    rows, left = world.one("SELECT count(*) FROM delivery"), world.one(counted)
    _erase(world, mine)
    assert (world.one("SELECT count(*) FROM delivery"), world.one(counted)) == (rows, left)
    assert left > 0


def test_a_stand_in_takes_the_place_of_the_person(world: World) -> None:
    mine = world.registration(world.session(), email=EMAIL, zone="America/Denver")
    person = world.place(mine).registrant_id
    _erase(world, mine)
    found = world.place(mine)
    assert (found.first_name, found.last_name, found.email, found.phone, found.zone, found.erased_at) == (
        "Erased", "", f"erased-{person}@invalid", None, "America/Denver", NOON,
    )  # fmt: skip


def test_a_published_answer_stays_without_the_words_of_who_asked(world: World) -> None:
    mine = world.registration(world.session(), email=EMAIL)
    answered, waiting = _ask(world, mine, "Can I climb?"), _ask(world, mine, "May I swim?")
    _publish(world, answered)
    _erase(world, mine)
    rows = world.sql("SELECT id, body FROM question")
    assert [(row.id, GUARD.seal.open(row.body)) for row in rows] == [(answered, b"(erased)")]
    assert waiting not in [row.id for row in rows]
    assert world.one("SELECT count(*) FROM doctor_answer WHERE published_at IS NOT NULL") == 1


def test_an_alert_about_words_that_are_gone_says_so(world: World) -> None:
    mine = world.registration(world.session(), email=EMAIL)
    _ask(world, mine, "I cannot feel my legs and lost control of my bladder, what now?")
    _erase(world, mine)
    assert world.one("SELECT words FROM alert WHERE kind = 'person'").endswith("The words are gone.")


def test_a_record_left_under_a_former_address_goes_as_well(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS, email=FORMER, first_name=FIRST, phone=PHONE)
    after = _correct(world, mine, email=EMAIL)
    _erase(world, after)
    assert world.place(mine).erased_at == NOON
    assert _traces(world) == set()


def test_a_record_that_still_opens_is_somebody_s_own(world: World) -> None:
    mine = world.registration(world.session(), email=FORMER)
    kept = world.registration(world.session(20 * DAY), email=FORMER)
    after = _correct(world, mine, email=EMAIL)
    _erase(world, after)
    assert world.place(kept).erased_at is None


# What must stay


def test_the_proof_of_consent_stays_and_knows_the_address_again(world: World) -> None:
    mine = _whole_life(world)
    before = world.sql("SELECT id, channel, purpose, granted, wording_id, means, at, address FROM consent ORDER BY id")
    yes = world.one("SELECT count(*) FROM permission WHERE granted")
    world.clock.forward(minutes=1)
    _erase(world, mine)
    after = world.sql("SELECT id, channel, purpose, granted, wording_id, means, at, address FROM consent ORDER BY id")
    assert [tuple(row)[:7] for row in after[: len(before)]] == [tuple(row)[:7] for row in before]
    for was, now in zip(before, after, strict=False):
        assert now.address == blinded_address(SECRET, Channel(was.channel), was.address)
    assert [(row.granted, row.means, row.at) for row in after[len(before) :]] == [(False, "link", NOON + MINUTE)] * yes
    assert yes > 0
    assert world.one("SELECT count(*) FROM permission WHERE granted") == 0
    kept = world.sql("SELECT evidence FROM consent")
    assert {name for row in kept for name in row.evidence} <= {"hash", "page", "box", "wording", "means", "scope"}
    assert "/w/si-joint-runners" in {row.evidence.get("page") for row in kept}


def test_a_stop_survives_and_holds_for_whoever_signs_up_again(world: World) -> None:
    session = world.session()
    mine = world.registration(session, SERVICE_TEXTS, email=EMAIL, phone=PHONE)
    world.text("STOP", sender=PHONE)
    _erase(world, mine)
    assert world.suppressions() == {("sms", PHONE, None, "unsubscribed")}
    again = world.registration(session, SERVICE_TEXTS, email=EMAIL, phone=PHONE)
    assert world.place(again).texts is False
    world.live(NOON + HOUR)
    assert world.sms.seen == []


def test_a_stop_that_nobody_has_acted_on_yet_is_not_lost(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS, email=EMAIL, phone=PHONE)
    world.hear(texts=[_text("STOP")])
    assert world.suppressions() == set()
    _erase(world, mine)
    assert world.suppressions() == {("sms", PHONE, None, "unsubscribed")}
    assert world.apply() == 0


def test_a_reply_that_may_mean_stop_means_it_once_nobody_can_read_it(world: World) -> None:
    mine = world.registration(world.session(), SERVICE_TEXTS, email=EMAIL, phone=PHONE)
    world.sql(
        "INSERT INTO address_hold (channel, address, at) VALUES ('sms', :phone, :now)", phone=PHONE, now=world.clock()
    )
    _erase(world, mine)
    assert world.suppressions() == {("sms", PHONE, None, "unsubscribed")}
    assert world.one("SELECT count(*) FROM address_hold") == 0


def test_signing_up_again_makes_somebody_new(world: World) -> None:
    session = world.session()
    mine = world.registration(session, LESSONS, email=EMAIL, first_name=FIRST)
    _erase(world, mine)
    again = world.registration(session, email=EMAIL, first_name=FIRST)
    assert world.place(again).registrant_id != world.place(mine).registrant_id
    assert world.place(mine).first_name == "Erased"
    world.live(NOON + 2 * DAY, step=6 * HOUR)
    assert world.ledger(again) == [("C0", "sent")]  # no lessons: that yes is over
    assert _erase(world, again)
    assert _traces(world) == set()


def test_a_list_does_not_bring_them_back(world: World) -> None:
    session = world.session()
    _erase(world, world.registration(session, SERVICE_TEXTS, email=EMAIL, phone=PHONE))
    other = world.session(20 * DAY)
    check = _import(world, other, SECRET, f"{EMAIL},Q,\nnew@example.com,N,\nbehind@example.com,B,{PHONE}\n")
    assert (check.counts.new, check.counts.erased) == (1, 2)
    assert [(one.row, one.sentence) for one in check.remarks.kept] == [
        (row, "Whoever has this address or number asked to be erased. Left out; they can register anew themselves.")
        for row in (2, 4)
    ]
    assert world.sql("SELECT email FROM registrant WHERE erased_at IS NULL") == [("new@example.com",)]


def test_a_list_knows_them_under_a_former_secret_and_not_without_it(world: World) -> None:
    _erase(world, world.registration(world.session(), email=EMAIL))
    assert _import(world, world.session(20 * DAY), b"n" * 32, f"{EMAIL},Q,\n", SECRET).counts.erased == 1
    assert _import(world, world.session(21 * DAY), b"n" * 32, f"{EMAIL},Q,\n").counts.erased == 0


def test_what_is_kept_of_an_address_is_a_keyed_hash(world: World) -> None:
    _erase(world, world.registration(world.session(), SERVICE_TEXTS, email=EMAIL, phone=PHONE))
    assert {tuple(row) for row in world.sql("SELECT channel, hash, at FROM erased_address")} == {
        ("email", address_hash(SECRET, Channel.EMAIL, EMAIL), NOON),
        ("sms", address_hash(SECRET, Channel.SMS, PHONE), NOON),
    }
    assert address_hash(b"n" * 32, Channel.EMAIL, EMAIL) != address_hash(SECRET, Channel.EMAIL, EMAIL)


# Twice, at once, afterwards


def test_once_more_changes_nothing(world: World) -> None:
    mine = _whole_life(world)
    assert _erase(world, mine)
    before = _everything(world)
    world.clock.forward(hours=1)
    assert not _erase(world, mine)
    assert _everything(world) == before


def test_pressed_twice_at_once_it_happens_once(world: World) -> None:
    mine = _whole_life(world)
    with ThreadPoolExecutor(4) as hands:
        done = list(hands.map(lambda _: _erase(world, mine), range(6)))
    assert sorted(done) == [False] * 5 + [True]
    assert _traces(world) == {"suppression.address"}
    noes = "SELECT channel, purpose, registrant_id FROM consent WHERE evidence ->> 'means' = 'erased'"
    assert len(world.sql(noes)) == len(set(world.sql(noes))) > 0


def test_other_buttons_pressed_meanwhile_wait_and_then_do_nothing(world: World) -> None:
    session = world.session()
    mine = world.registration(session, SERVICE_TEXTS, LESSONS, email=EMAIL, first_name=FIRST, phone=PHONE)
    other, place = world.session(20 * DAY), world.place(mine)
    presses = (
        lambda: _correct(world, mine, phone=OLD_PHONE),
        lambda: _stop(world, mine),
        lambda: _ask_as(world, place),
        lambda: _switch(world, mine, other),
        lambda: _withdraw(world, mine),
    )
    with ThreadPoolExecutor(len(presses)) as hands:
        with transaction(world.engine) as db:
            assert erase(db, mine, GUARD, world.clock())
            pressed = [hands.submit(one) for one in presses]
            time.sleep(0.5)
            assert not any(one.done() for one in pressed)
        for one in pressed:
            with pytest.raises(PageErased):
                one.result(20)
    assert _traces(world) == set()
    assert world.one("SELECT count(*) FROM registration WHERE withdrawn_at IS NULL") == 0


def test_a_sign_up_that_comes_meanwhile_is_somebody_new(world: World) -> None:
    session = world.session()
    mine = world.registration(session, email=EMAIL)
    asked = world.request(session, email=EMAIL)
    with ThreadPoolExecutor(1) as hand:
        with transaction(world.engine) as db:
            assert erase(db, mine, GUARD, world.clock())
            signing = hand.submit(_sign_up, world, Sent(request=asked))
            time.sleep(0.5)
            assert not signing.done()
        again = signing.result(20)
    assert world.place(again).email == EMAIL
    assert world.place(mine).erased_at is not None


def test_there_is_nobody_behind_a_link_to_nothing(world: World) -> None:
    with pytest.raises(LinkExpired):
        _erase(world, 10**9)


def _whole_life(world: World) -> int:
    """Somebody who has left something in every table there is; gives the registration that holds."""
    first, second = world.session(), world.session(17 * DAY)
    with transaction(world.engine) as db:
        story = FormField(key="story", label="Your story", kind=FieldKind.TEXT)
        field = form_fields.add_field(db, world.webinar_id, story, NOON)
    evidence = {"ip": IP, "user_agent": "Firefox of Q", "page": "/w/si-joint-runners"}
    facts = {"first_name": FIRST, "last_name": LAST, "evidence": evidence}
    asked = world.request(first, SERVICE_TEXTS, LESSONS, OFFERS, email=FORMER, phone=OLD_PHONE, **facts)
    touch, story_of_hers = {"utm_campaign": "spring-flyer"}, {field: ("Pain on the stairs.",)}
    made = _sign_up(
        world, Sent(request=asked, answers=story_of_hers, touch=touch, question="Why on the stairs?", ip=IP)
    )
    world.work()
    mine = _correct(world, made, email=EMAIL, phone=PHONE, texts=world.wordings[SERVICE_TEXTS], evidence=evidence)
    again = world.request(second, LESSONS, email=EMAIL, phone=PHONE, **facts)
    _sign_up(world, Sent(request=again, answers=story_of_hers, touch=touch, question="Still on the stairs?", ip=IP))
    world.work()
    _publish(world, _ask(world, mine, "And on the stairs of others?"))
    world.work()
    world.hear(raw=PHONE.encode(), texts=[_text("Pain on the stairs, is that bad?")])
    mail = InboundMail(
        event_id="m1", sender=EMAIL, recipient="class@clinic.example", subject="Hi", text="I am Quintessa"
    )
    world.hear(raw=EMAIL.encode(), mails=[mail], receipts=[world.report(mine, "C0", Kind.DELIVERED)])
    world.apply()
    with transaction(world.engine) as db:
        add(db, Channel.EMAIL, EMAIL, "soft", world.delivery(mine, "C0").id, NOON)
        for number in (PHONE, OLD_PHONE):
            consents.suppress(db, Channel.SMS, number, None, reason="unsubscribed", source="reply", now=NOON)
        consents.lift(db, Channel.SMS, OLD_PHONE, None, NOON)
        consents.suppress(db, Channel.EMAIL, EMAIL, Purpose.MARKETING, reason="unsubscribed", source="link", now=NOON)
        said = consents.Answer(
            channel=Channel.EMAIL, purpose=Purpose.MARKETING, granted=True, address=EMAIL, means="staff",
            evidence={"words": "as she said", "staff": 1},
        )  # fmt: skip
        consents.record(db, world.place(mine).registrant_id, said, NOON)
        db.execute(
            text("INSERT INTO address_hold (channel, address, at) VALUES ('email', :a, :n)"), {"a": EMAIL, "n": NOON}
        )
    return mine


def _traces(world: World) -> set[str]:
    """The columns of the whole database in which anything tells who she was; what is sealed is opened."""
    columns = world.sql(
        "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND t.table_name <> 'template_version'"
    )
    assert len(columns) > 200
    found = set()
    for table, column, kind in columns:
        values = world.sql(f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL')
        said = [_opened(bytes(row[0])) if kind == "bytea" else str(row[0]) for row in values]
        if any(trace.lower() in one.lower() for trace in TRACES for one in said):
            found.add(f"{table}.{column}")
    return found


def _opened(sealed: bytes) -> str:
    try:
        return GUARD.seal.open(sealed).decode()
    except NotFound:
        return sealed.decode("latin-1")


def _everything(world: World) -> dict[str, list[str]]:
    tables = world.sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    return {name: sorted(str(row) for row in world.sql(f'SELECT * FROM "{name}"')) for (name,) in tables}


def _state_of(world: World, registration: int) -> list:
    person = world.place(registration).registrant_id
    queries = (
        "SELECT * FROM registrant WHERE id = :p",
        "SELECT * FROM registration WHERE registrant_id = :p",
        "SELECT * FROM consent WHERE registrant_id = :p",
        "SELECT * FROM permission WHERE registrant_id = :p",
        "SELECT d.* FROM delivery d JOIN registration r ON r.id = d.registration_id WHERE registrant_id = :p",
        "SELECT q.* FROM question q JOIN registration r ON r.id = q.registration_id WHERE registrant_id = :p",
    )
    return [[str(row) for row in world.sql(query, p=person)] for query in queries]


def _erase(world: World, registration: int) -> bool:
    with transaction(world.engine) as db:
        return erase(db, registration, GUARD, world.clock())


def _sign_up(world: World, sent: Sent) -> int:
    with transaction(world.engine) as db:
        return sign_up(db, sent, GUARD, hours(), world.clock(), horizon=HORIZON).registration_id


def _correct(world: World, registration: int, **facts) -> int:
    known = world.place(registration)
    same = {"first_name": known.first_name, "email": known.email, "phone": known.phone, "zone": known.zone}
    with transaction(world.engine) as db:
        wanted = Details(**{**same, **facts})
        return correct(db, registration, wanted, GUARD, hours(), world.clock(), horizon=HORIZON)


def _stop(world: World, registration: int) -> None:
    with transaction(world.engine) as db:
        unsubscribe.stop(db, registration, *LESSONS, hours(), world.clock(), horizon=HORIZON, means="link")


def _switch(world: World, registration: int, session: int) -> None:
    with transaction(world.engine) as db:
        switch(db, registration, session, hours(), world.clock(), horizon=HORIZON)


def _withdraw(world: World, registration: int) -> None:
    with transaction(world.engine) as db:
        withdraw(db, registration, hours(), world.clock(), horizon=HORIZON)


def _ask(world: World, registration: int, words: str) -> int:
    return _ask_as(world, world.place(registration), words)


def _ask_as(world: World, place, words: str = "Is it on the stairs?") -> int:
    with transaction(world.engine) as db:
        return ask(db, Ear(GUARD.seal, GUARD.words), place, words, "page", world.clock()).question_id


def _publish(world: World, question: int) -> None:
    doctor = _member(world)
    with transaction(world.engine) as db:
        draft = answer.write(db, world.webinar_id, Written("Stairs", "It depends.", False, (question,)), doctor, NOON)
        answer.publish(db, draft, doctor, NOON)


def _member(world: World) -> Member:
    with transaction(world.engine) as db:
        staff.add_member(
            db, email="doctor@clinic.example", name="Dr. Ray", role="clinician", password_hash="-", now=NOON
        )
        found = staff.find_account(db, "doctor@clinic.example")
    assert found is not None
    return found.member


def _text(body: str) -> InboundText:
    return InboundText(provider="twilio", event_id=f"SM-{body[:9]}", sender=PHONE, recipient=NUMBER, body=body)


def _import(world: World, session: int, secret: bytes, rows: str, *former: bytes) -> Check:
    options = Options(session, confirm=True, countries=("US",), secrets=(secret, *former))
    file = f"email,first_name,phone\n{rows}".encode()
    with transaction(world.engine) as db:
        check = check_registrants(db, io.BytesIO(file), options, world.clock())
        if check.counts.new:
            apply_registrants(
                db, io.BytesIO(file), options, fingerprint=check.fingerprint, staff_id=None, now=world.clock()
            )
    return check
