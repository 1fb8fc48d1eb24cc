"""Requirements 10, 14 and 15: the second attempt is the same message, ends at the deadline, and is made once when in doubt."""

from __future__ import annotations

from datetime import datetime

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.operations.recover import recover
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import Source, compile_source, load_sources
from campaigns.rendering.identity import message_id_of
from tests.compliance.mailing import BRIEF, Mailing, mailing
from tests.factories import DAY, GRACE, HOUR, MINUTE, NOON
from tests.rendering.samples import LIBRARY, LINKS, MESSAGES, SENDER, letter_for, parse
from tests.servers.smtp_server import FAULTS, Rule, SmtpServer

MANY = 100_000


def ids(post: Mailing) -> list[str]:
    return [str(parse(one.raw)["Message-ID"]) for one in post.server.messages]


# 10: the same message has the same id


def test_e10_two_attempts_at_one_delivery_carry_the_same_id(post: Mailing) -> None:
    mine = post.registration(post.session())
    post.server.script(Rule(**FAULTS["defer after"], keep=True, times=2))
    post.work()
    for _ in range(2):
        post.later(minutes=20)
    assert post.delivery(mine, "C0").attempt == len(ids(post)) == 3
    assert len(set(ids(post))) == 1
    dates = {str(parse(one.raw)["Date"]) for one in post.server.messages}
    assert len(dates) == 3  # each was rendered for itself


def test_e10_another_worker_that_knows_nothing_of_the_first_writes_the_same_id(post: Mailing) -> None:
    post.registration(post.session())
    post.server.script(Rule(**FAULTS["defer after"], keep=True, times=1))
    post.work()
    post.hang_up()
    post.later(minutes=20)
    first, second = ids(post)
    assert first == second


def test_e10_edited_words_make_another_message(post: Mailing) -> None:
    mine = post.registration(post.session())
    post.server.script(Rule(**FAULTS["defer after"], keep=True, times=1))
    post.work()
    post.reworded("confirmation", "You have a place", "You have got a place")
    post.later(minutes=20)
    assert post.delivery(mine, "C0").status == Status.SENT
    first, second = ids(post)
    assert first != second
    assert [b"You have got a place" in one.raw for one in post.server.messages] == [False, True]


def test_e10_one_changed_character_is_enough() -> None:
    source = load_sources(MESSAGES)["confirmation"]
    edited = Source(source.name, {**source.files, "body.txt": source.files["body.txt"] + " "}, source.sources)
    letter = letter_for("confirmation")
    one, other = (
        render_email(compiled, letter, SENDER, LINKS) for compiled in (compile_source(source), compile_source(edited))
    )
    assert one.message_id != other.message_id
    assert str(parse(one.raw)["Message-ID"]) == one.message_id


def test_e10_a_hundred_thousand_messages_have_as_many_ids_and_name_nobody() -> None:
    about = (LIBRARY["confirmation"].content_hash, NOON.timestamp(), 0)
    written = [message_id_of(number, about, SENDER) for number in range(1, MANY + 1)]
    assert len(set(written)) == len({one.lower() for one in written}) == MANY
    assert all(one.endswith("@harbour.example>") for one in written)
    assert {len(one) for one in written} == {len(written[0])}


def test_e10_people_of_one_batch_have_ids_of_their_own(post: Mailing) -> None:
    session = post.session()
    people = [post.registration(session) for _ in range(40)]
    post.work()
    assert len(set(ids(post))) == len(people)


# 14: nothing is sent after its deadline


def reminded(post: Mailing) -> tuple[int, datetime]:
    """Somebody whose class starts in twenty minutes, for whom a reminder is due now; and when the class starts."""
    starts_at = post.clock() + 20 * MINUTE
    mine = post.import_quietly(post.session(20 * MINUTE), registered_at=post.clock() - 3 * DAY, confirm=False)
    post.plan()
    assert post.ledger(mine) == [("B6", "planned")]
    assert post.due(mine, "B6") == post.clock()
    assert post.delivery(mine, "B6").expires_at == starts_at
    return mine, starts_at


def test_e14_a_reminder_that_is_always_put_off_ends_with_its_deadline(post: Mailing) -> None:
    mine, starts_at = reminded(post)
    post.server.script(Rule(at="dot", reply="451 4.3.0 Not now", keep=True))
    post.live(starts_at, step=MINUTE)
    post.live(starts_at + 2 * HOUR, step=30 * MINUTE)
    row = post.delivery(mine, "B6")
    assert (row.status, row.reason) == (Status.FAILED, "given up before it became useless: 451 4.3.0 Not now")
    tried = [datetime.fromisoformat(one.virtual) for one in post.server.messages]
    assert len(tried) == row.attempt >= 3
    assert max(tried) < starts_at
    post.server.script()
    post.live(starts_at + 26 * HOUR, step=8 * HOUR)
    assert len(post.server.messages) == row.attempt


def test_e14_a_server_that_is_well_again_after_the_deadline_gets_nothing(post: Mailing) -> None:
    mine, starts_at = reminded(post)
    post.server.script(Rule(at="rcpt", reply="451 4.7.1 Greylisted"))
    post.live(starts_at - MINUTE, step=2 * MINUTE)
    post.server.script()
    post.clock.now = starts_at
    post.live(starts_at + HOUR, step=10 * MINUTE)
    assert post.server.messages == []
    assert post.delivery(mine, "B6").status in (Status.FAILED, Status.SKIPPED)


def test_e14_what_nobody_carried_in_time_has_expired(post: Mailing) -> None:
    mine, starts_at = reminded(post)
    post.clock.now = starts_at
    post.later(seconds=0)
    assert post.ledger(mine) == [("B6", "skipped: expired")]
    assert post.server.messages == []


def test_e14_a_batch_that_was_claimed_in_time_and_is_carried_too_late_has_expired(post: Mailing) -> None:
    mine, starts_at = reminded(post)
    assert post.dispatch() == 1
    post.clock.now = starts_at
    assert post.answer_bells() == 0
    assert post.ledger(mine) == [("B6", "skipped: expired")]
    assert post.server.messages == []


def test_e14_what_is_in_doubt_at_its_deadline_is_not_sent_again(post: Mailing) -> None:
    mine, starts_at = reminded(post)
    post.server.script(Rule(**FAULTS["close after"], times=1))
    post.work()
    post.clock.now = starts_at
    recover(post.engine, post.clock(), grace=GRACE)
    post.live(starts_at + HOUR, step=10 * MINUTE)
    assert len(post.server.messages) == 1
    assert post.delivery(mine, "B6").status == Status.UNKNOWN


# 15: drop after the final dot


@pytest.mark.parametrize("fault", ["close after", "close before", "hang and keep"])
def test_e15_after_a_lost_answer_the_same_message_goes_once_more(engine, fault: str) -> None:
    with mailing(engine, **({"timeout": BRIEF} if fault.startswith("hang") else {})) as post:
        mine = post.registration(post.session())
        post.server.script(Rule(**FAULTS[fault], times=1))
        seen = Noting(post.server)
        post.work()
        assert (post.delivery(mine, "C0").status, post.delivery(mine, "C0").doubts) == (Status.UNKNOWN, 1)
        for _ in range(4):
            post.later(minutes=5)
        assert (post.delivery(mine, "C0").status, len(seen.ids)) == (Status.SENT, 2)
        assert seen.ids[0] == seen.ids[1]
        assert post.attempts(mine) == [("C0", 1, "unknown")]


@pytest.mark.parametrize("fault", ["close after", "close before"])
def test_e15_it_goes_once_more_and_never_a_third_time(engine, fault: str) -> None:
    with mailing(engine) as post:
        mine = post.registration(post.session())
        post.server.script(Rule(**FAULTS[fault]))
        seen = Noting(post.server)
        post.work()
        for _ in range(8):
            post.later(hours=3)
        assert len(seen.ids) == 2 and len(set(seen.ids)) == 1
        assert post.delivery(mine, "C0").status == Status.UNKNOWN
        assert post.attempts(mine) == [("C0", 1, "unknown"), ("C0", 2, "unknown")]
        assert post.suppressions() == set()


def test_e15_a_doubt_that_is_put_off_the_second_time_is_the_same_message_to_the_end(post: Mailing) -> None:
    mine = post.registration(post.session())
    post.server.script(Rule(**FAULTS["close after"], times=1), Rule(**FAULTS["defer after"], keep=True, times=1))
    post.work()
    for _ in range(4):
        post.later(minutes=20)
    assert post.delivery(mine, "C0").status == Status.SENT
    assert len(ids(post)) == 3 and len(set(ids(post))) == 1


class Noting:
    """Notes the Message-ID of every message whose final dot reached the server, whatever became of it."""

    def __init__(self, server: SmtpServer) -> None:
        self.ids: list[str] = []
        usual = server.rule

        def rule(at, about):
            if at == "dot":
                (dialogue,) = [one for one in server.open if getattr(one, "raw", b"")]
                self.ids.append(str(parse(dialogue.raw)["Message-ID"]))
            return usual(at, about)

        server.rule = rule


@pytest.fixture
def post(engine):
    with mailing(engine) as world:
        yield world
