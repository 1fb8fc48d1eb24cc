"""An answer is judged by the first row that fits, and by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.rulings import (
    Act,
    Match,
    Row,
    Ruling,
    SmtpTable,
    Strikes,
    ToAddress,
    ToStream,
    TwilioTable,
    enhanced_of,
    judge_code,
    judge_reply,
    spelt,
    suppress_now,
)
from campaigns.domain.steps import Channel

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


def row(key: str, *matches: Match, act: Act = Act.REFUSE, **more: object) -> Row:
    return Row(matches, Ruling(key=key, words=f"It is {key}", act=act, **more))


def table(*rows: Row) -> SmtpTable:
    return SmtpTable((*rows, row("rest", Match())))


def test_the_first_row_that_fits_counts():
    rows = (row("special", Match(code=("550",))), row("general", Match(code=("5xx",))))
    assert [judge_reply(table(*rows), code, "", "").key for code in (550, 551, 450)] == ["special", "general", "rest"]
    assert judge_reply(table(*reversed(rows)), 550, "", "").key == "general"


@pytest.mark.parametrize(
    ("match", "fitting", "other"),
    [
        (Match(code=("450", "451")), ["450", "451 4.1.1"], ["452", "45", "4500", "550"]),
        (Match(code=("45x",)), ["450", "459"], ["460", "45"]),
        (Match(code=("4xx",)), ["450", "499"], ["550", "45", "4500"]),
        (Match(enhanced=("5.1.1",)), ["550 5.1.1", "551 5.1.1"], ["550 5.1.10", "550", "550 5.1.0"]),
        (Match(enhanced=("5.7.x",)), ["550 5.7.1", "550 5.7.515"], ["550 5.6.1", "550"]),
        (Match(enhanced=("none",)), ["550", "450"], ["550 5.0.0", "550 4.1.1", "550 5.9.9"]),
        (Match(says=(" rate",)), ["450 Rate-limited", "450 too high a rate"], ["450 temporary", "450 separate", "450"]),
        (Match(says=(" at a rate",)), ["450 at\na  RATE"], ["450 rate", "450 that a rate"]),
        (Match(code=("450",), enhanced=("4.7.1",)), ["450 4.7.1"], ["450 4.7.0", "451 4.7.1"]),
    ],
)  # fmt: skip
def test_a_match_fits_if_all_its_conditions_do(match, fitting, other):
    one = table(row("hit", match))
    assert [reply for reply in fitting if judged(one, reply) != "hit"] == []
    assert [reply for reply in other if judged(one, reply) == "hit"] == []


def test_one_of_several_matches_is_enough():
    one = table(row("hit", Match(code=("450",)), Match(enhanced=("5.1.1",))))
    assert [judged(one, reply) for reply in ("450", "550 5.1.1", "550")] == ["hit", "hit", "rest"]


def test_a_row_without_matches_fits_nothing_and_is_found_by_its_key():
    one = table(row("apart"))
    assert judged(one, "550") == "rest"
    assert one.named("apart").words == "It is apart"
    with pytest.raises(KeyError):
        one.named("gone")


def test_what_no_row_fits_falls_to_the_last():
    rows = (row("first", Match(code=("450",))), row("last", Match(code=("550",))))
    assert judge_reply(SmtpTable(rows), 250, "", "").key == "last"


def test_an_enhanced_code_of_another_class_is_passed_over():
    one = table(row("gone", Match(enhanced=("5.1.1",))), row("bare", Match(enhanced=("none",))))
    assert judge_reply(one, 550, "5.1.1", "").key == "gone"
    assert judge_reply(one, 450, "5.1.1", "").key == "rest"


def test_in_a_failed_dsn_the_enhanced_code_goes_before_the_reply():
    one = table(
        row("hello", Match(code=("421",))), row("gone", Match(enhanced=("5.1.1",))), row("five", Match(code=("5xx",)))
    )
    assert judge_reply(one, 421, "5.1.1", "", final=True).key == "gone"
    assert judge_reply(one, 421, "5.1.2", "", final=True).key == "five"
    assert judge_reply(one, 421, "4.1.1", "", final=True).key == "hello"


def test_nothing_is_tried_again_after_a_failed_dsn():
    retry = {"act": Act.RETRY, "wait": timedelta(hours=1), "once": True, "slow": 4, "stream": ToStream.PAUSE}
    one = table(row("later", Match(code=("450",)), **retry))
    assert judge_reply(one, 450, "", "").act is Act.RETRY
    found = judge_reply(one, 450, "", "", final=True)
    assert found == Ruling(key="later", words="It is later", act=Act.REFUSE, stream=ToStream.PAUSE)


def test_a_row_may_wait_for_the_dsn_or_for_the_hand_off():
    one = table(row("dsn", Match(code=("450",), later=True)), row("call", Match(code=("450",), later=False)))
    assert judge_reply(one, 450, "", "", final=True).key == "dsn"
    assert judge_reply(one, 450, "", "").key == "call"


def test_a_reply_to_ourselves_costs_no_recipient_anything():
    one = table(
        row(
            "hit",
            Match(),
            address=ToAddress.SUPPRESS,
            stream=ToStream.PAUSE_DOMAIN,
            alert="page",
            strikes=Strikes(count=1),
        )
    )
    found = judge_reply(one, 550, "", "", ours=True)
    assert found == Ruling(key="hit", words="It is hit", act=Act.REFUSE, alert="page")
    slow = table(row("hit", Match(), stream=ToStream.PAUSE))
    assert judge_reply(slow, 550, "", "", ours=True).stream is ToStream.PAUSE


def test_a_code_of_twilio_is_judged_with_its_status_and_moment():
    rows = (
        row("failed", Match(status=("5xx",))), row("later", Match(code=("3xxxx",), later=True)),
        row("code", Match(code=("21610",))), row("client", Match(status=("4xx",))), row("rest", Match()),
    )  # fmt: skip
    asked = [(21610, 400), (21610, 503), (30007, 400), (None, 404), (None, None), (10**6, 10**6), (-1, -1)]
    found = [judge_code(TwilioTable(rows), *one, callback=False).key for one in asked]
    assert found == ["code", "failed", "client", "client", "rest", "rest", "rest"]
    assert judge_code(TwilioTable(rows), 30007, None, callback=True).key == "later"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5.1.1 no such user", "5.1.1"), ("550 5.1.1 no", "5.1.1"), ("550-5.1.1 no", "5.1.1"), ("smtp; 550 5.7.515 no", "5.7.515"),
        ("no (#5.1.1)", "5.1.1"), ("Sorry. (5.7.001)", "5.7.1"), ("at the end 4.2.2.", "4.2.2"), ("", ""), ("550 no", ""),
        ("4.96.2 is a version", ""), ("3.1.1", ""), ("1.5.1.1", ""), ("5.1.1.9", ""), ("15.1.1", ""), ("v5.1.1", ""),
        ("5.1.1st", ""), ("4.7.2026", ""), ("5.1", ""), ("550 4.1.1 then 5.1.1", "5.1.1"), ("550 4.1.1", ""),
        ("5.1.1 before 5.2.2", "5.1.1"), ("٥.١.١", ""),
    ],
)  # fmt: skip
def test_an_enhanced_code_is_told_from_other_numbers(text, found):
    assert enhanced_of(text) == found


def test_an_enhanced_code_has_the_class_of_the_reply_that_is_given():
    assert enhanced_of("4.2.2 or 5.1.1", 550) == "5.1.1"
    assert enhanced_of("4.2.2 or 5.1.1", 450) == "4.2.2"
    assert enhanced_of("4.2.2 or 5.1.1", 10**6) == "4.2.2"
    assert enhanced_of("4.2.2", 550) == ""


@given(st.text(), st.none() | st.integers())
def test_what_is_found_can_be_judged(text, code):
    found = enhanced_of(text, code)
    assert found == "" or enhanced_of(found) == found


def test_words_are_compared_without_capitals_and_punctuation():
    assert spelt("Rate-Limited: 4,000_per\tHOUR!") == " rate limited 4 000 per hour"
    assert spelt("…") == ""
    assert len(spelt("a" * 10_000)) < 3_000


@pytest.mark.parametrize("effect", [ToAddress.SUPPRESS, ToAddress.INCAPABLE])
def test_some_failures_suppress_at_once(effect):
    assert suppress_now(effect, Channel.SMS, [])


def test_what_keeps_an_address_never_suppresses():
    assert not suppress_now(ToAddress.KEEP, Channel.EMAIL, [NOON - timedelta(days=day) for day in range(99)])


@pytest.mark.parametrize(
    ("channel", "days", "verdict"),
    [
        (Channel.EMAIL, [], False), (Channel.EMAIL, [0, 1, 2], False), (Channel.EMAIL, [0, 7], False), (Channel.EMAIL, [7, 0, 1], True),
        (Channel.SMS, [], False), (Channel.SMS, [0, 1], False), (Channel.SMS, [0, 0, 0], True), (Channel.SMS, [0, 7.5, 8], False),
        (Channel.SMS, [9, 0, 5, 3], True),
    ],
)  # fmt: skip
def test_soft_failures_are_counted_as_usual_where_no_table_says_otherwise(channel, days, verdict):
    assert suppress_now(ToAddress.SOFT, channel, [NOON + timedelta(days=day) for day in days]) is verdict


def test_a_second_failure_counts_on_another_day_by_utc():
    tokyo = timezone(timedelta(hours=9))
    same = [NOON, NOON.astimezone(tokyo) + timedelta(hours=11)]
    assert not suppress_now(ToAddress.SECOND, Channel.EMAIL, same)
    assert suppress_now(ToAddress.SECOND, Channel.EMAIL, [*same, NOON + timedelta(hours=12)])


def test_a_table_may_count_otherwise():
    strikes = Strikes(count=2, within=timedelta(hours=1))
    assert suppress_now(ToAddress.SOFT, Channel.EMAIL, [NOON, NOON + timedelta(hours=1)], strikes)
    assert not suppress_now(ToAddress.SOFT, Channel.EMAIL, [NOON, NOON + timedelta(hours=1.1)], strikes)


@given(st.sampled_from(ToAddress), st.sampled_from(Channel), st.lists(st.datetimes(timezones=st.just(UTC))))
def test_counting_never_raises_and_knows_no_order(effect, channel, times):
    assert suppress_now(effect, channel, times) is suppress_now(effect, channel, times[::-1])


def judged(one: SmtpTable, reply: str) -> str:
    digits, _, words = reply.partition(" ")
    enhanced = words if "." in words else ""
    return judge_reply(one, int(digits), enhanced, words).key
