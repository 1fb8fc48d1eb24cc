"""Staff answer questions; the answer is reviewed and goes to everybody who asked."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from sqlalchemy import text

from campaigns.errors import Conflict, NotAllowed, NotFound, Rejected
from campaigns.operations import answer
from campaigns.operations.answer import Written
from campaigns.operations.switch import switch
from campaigns.operations.withdraw import withdraw
from campaigns.store import questions, staff
from campaigns.store.engine import transaction
from campaigns.store.staff import Member
from campaigns.store.webinars import cancel_session
from tests.factories import DAY, HORIZON, HOUR, MINUTE, NOON, World, hours
from tests.operations.test_ask import _ask

BODY = "It depends on how it feels.\n\nBegin on flat ground."


def test_one_answer_goes_to_everybody_who_asked_much_the_same(world: World) -> None:
    first, second, third = _three(world)
    asked = [_ask(world, one, f"Hills, {one}?").question_id for one in (first, second)]
    other = _ask(world, third, "Shoes?").question_id
    _publish(world, _write(world, *asked))
    world.work()
    got = [one.recipient for one in world.email.seen if b"has an answer" in one.raw]
    assert got == [world.place(first).email, world.place(second).email]
    with transaction(world.engine) as db:
        assert [one.id for one in questions.open_ones(db)] == [other]


def test_the_mail_holds_the_answer_and_nobody_s_own_words(world: World) -> None:
    mine = world.registration(world.session())
    _publish(world, _write(world, _ask(world, mine, "My own SECRET story?").question_id))
    world.work()
    mail = message_from_bytes(world.email.seen[-1].raw, policy=policy.default)
    plain, html = (mail.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))
    assert mail["Subject"] == "Your question to the runners' class has an answer"
    for part in (plain, html):
        assert "Can I run hills?" in part and "It depends on how it feels." in part and "SECRET" not in part
    assert plain.index("It depends") < plain.index("\n\nBegin on flat ground.")
    assert "Begin on flat ground.</p>" in html


def test_each_answer_is_a_message_of_its_own(world: World) -> None:
    mine = world.registration(world.session())
    for number in range(2):
        _publish(world, _write(world, _ask(world, mine, f"Number {number}?").question_id))
    world.work()
    assert world.ledger(mine) == [("C0", "sent"), ("Q1", "sent"), ("Q1", "sent")]


def test_nothing_leaves_before_somebody_else_has_reviewed_it(world: World) -> None:
    mine = world.registration(world.session())
    draft = _write(world, _ask(world, mine, "Hills?").question_id)
    world.live(NOON + HOUR, step=20 * MINUTE)
    assert "Q1" not in dict(world.ledger(mine))
    writer = _member(world, "marketing")
    admin, clinician = _member(world, "admin"), _member(world, "clinician")
    with transaction(world.engine) as db:
        found = questions.answer(db, draft)
        assert [answer.may_publish(found, one) for one in (writer, admin, clinician)] == [False, True, True]
    with pytest.raises(NotAllowed), transaction(world.engine) as db:
        answer.publish(db, draft, writer, world.clock())


def test_an_administrator_does_not_review_what_they_wrote_and_a_clinician_may(world: World) -> None:
    mine = world.registration(world.session())
    for role, may in (("admin", False), ("clinician", True)):
        own = _write(world, _ask(world, mine, f"{role}?").question_id, role=role)
        with transaction(world.engine) as db:
            assert answer.may_publish(questions.answer(db, own), _member(world, role)) is may


def test_an_answer_taken_back_after_it_was_planned_does_not_leave(world: World) -> None:
    mine = world.registration(world.session())
    answer_id = _write(world, _ask(world, mine, "Hills?").question_id)
    _publish(world, answer_id)
    world.dispatch()
    with transaction(world.engine) as db:
        answer.take_back(db, answer_id, _member(world, "admin"), world.clock())
    world.live(NOON + HOUR, step=20 * MINUTE)
    assert dict(world.ledger(mine))["Q1"].startswith("skipped")
    with transaction(world.engine) as db:
        assert len(questions.open_ones(db)) == 1


def test_an_answer_taken_back_while_it_is_rendered_does_not_leave(world: World) -> None:
    """The database looks once more in the statement that opens it."""
    mine = world.registration(world.session())
    answer_id = _write(world, _ask(world, mine, "Hills?").question_id)
    _publish(world, answer_id)
    world.sql("UPDATE doctor_answer SET reviewed_by = NULL, published_at = NULL")
    world.live(NOON + HOUR, step=20 * MINUTE)
    assert dict(world.ledger(mine))["Q1"] != "sent"


def test_who_switched_gets_the_answer_with_the_new_place(world: World) -> None:
    mine = world.registration(world.session())
    asked = _ask(world, mine, "Hills?").question_id
    with transaction(world.engine) as db:
        after = switch(db, mine, world.session(17 * DAY), hours(), world.clock(), horizon=HORIZON)
    _publish(world, _write(world, asked))
    world.work()
    assert ("Q1", "sent") in world.ledger(after) and "Q1" not in dict(world.ledger(mine))


def test_who_gave_up_the_place_is_not_written_to(world: World) -> None:
    mine = world.registration(world.session())
    asked = _ask(world, mine, "Hills?").question_id
    with transaction(world.engine) as db:
        withdraw(db, mine, hours(), world.clock(), horizon=HORIZON)
    assert _publish(world, _write(world, asked)) == 0
    world.work()
    assert "Q1" not in dict(world.ledger(mine))


def test_an_answer_comes_also_after_the_class_or_when_it_is_cancelled(world: World) -> None:
    over, gone = world.session(), world.session(30 * DAY)
    mine, other = world.registration(over), world.registration(gone)
    asked = [_ask(world, one, "Hills?").question_id for one in (mine, other)]
    world.clock.forward(days=20)
    with transaction(world.engine) as db:
        cancel_session(db, gone, "", world.clock())
    _publish(world, _write(world, *asked))
    world.work()
    assert ("Q1", "sent") in world.ledger(mine) and ("Q1", "sent") in world.ledger(other)


def test_published_words_do_not_change_any_more(world: World) -> None:
    mine = world.registration(world.session())
    answer_id = _write(world, _ask(world, mine, "Hills?").question_id)
    _publish(world, answer_id)
    for act in (
        lambda db: answer.rewrite(db, answer_id, _words(1), _member(world, "marketing"), NOON),
        lambda db: answer.publish(db, answer_id, _member(world, "clinician"), NOON),
    ):
        with pytest.raises(Conflict), transaction(world.engine) as db:
            act(db)
    world.work()
    assert [key for key, _ in world.ledger(mine)].count("Q1") == 1


def test_a_question_that_was_answered_meanwhile_cannot_be_answered_again(world: World) -> None:
    asked = _ask(world, world.registration(world.session()), "Hills?").question_id
    _write(world, asked)
    with pytest.raises(Conflict):
        _write(world, asked)
    assert world.one("SELECT count(*) FROM doctor_answer") == 1


def test_a_draft_changes_its_words_and_its_writer(world: World) -> None:
    asked = _ask(world, world.registration(world.session()), "Hills?").question_id
    draft = _write(world, asked)
    with transaction(world.engine) as db:
        words = Written("Other words", "Other body", is_public=True, question_ids=(asked,))
        answer.rewrite(db, draft, words, _member(world, "admin"), NOON)
        found = questions.answer(db, draft)
    assert (found.title, found.writer, found.questions) == ("Other words", "admin", 1)


def test_an_answer_to_nothing_is_refused(world: World) -> None:
    with pytest.raises(Rejected) as refusal:
        _write(world)
    assert refusal.value.field == "question"
    with pytest.raises(NotFound), transaction(world.engine) as db:
        answer.publish(db, 10**9, _member(world, "clinician"), NOON)


def test_a_question_is_closed_with_a_reason_once(world: World) -> None:
    asked = _ask(world, world.registration(world.session()), "I cannot hold my urine. Is that normal?").question_id
    member = _member(world, "marketing")
    with pytest.raises(Rejected), transaction(world.engine) as db:
        answer.close(db, asked, "  ", member, NOON)
    with transaction(world.engine) as db:
        answer.close(db, asked, "called back", member, NOON)
    with pytest.raises(Conflict), transaction(world.engine) as db:
        answer.close(db, asked, "called back", member, NOON)
    assert world.one("SELECT count(*) FROM alert WHERE cleared_at IS NULL") == 0


def _three(world: World) -> list[int]:
    session = world.session()
    return [world.registration(session) for _ in range(3)]


def _words(*asked: int) -> Written:
    return Written("Can I run hills?", BODY, is_public=False, question_ids=asked)


def _write(world: World, *asked: int, role: str = "marketing") -> int:
    with transaction(world.engine) as db:
        return answer.write(db, world.webinar_id, _words(*asked), _member(world, role), world.clock())


def _publish(world: World, answer_id: int) -> int:
    with transaction(world.engine) as db:
        return answer.publish(db, answer_id, _member(world, "clinician"), world.clock())


def _member(world: World, role: str) -> Member:
    email = f"{role}@clinic.example"
    with transaction(world.engine) as db:
        staff.add_member(db, email=email, name=role, role=role, password_hash="x", now=NOON)
        number = db.execute(text("SELECT id FROM staff WHERE email = :email"), {"email": email}).scalar_one()
    return Member(number, email, role, role)


@pytest.fixture
def world(engine) -> World:
    return World(engine)
