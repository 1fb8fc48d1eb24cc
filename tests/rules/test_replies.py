"""The tables of answers are files: what they say is what is judged, and a fault in one is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.rulings import Act, Strikes, ToAddress, ToStream, judge_code, judge_reply
from campaigns.errors import ConfigurationError
from campaigns.rules.replies import FOLDER, read_smtp_replies, read_twilio_codes

GOOD = """
source = "RFC 5321"
reviewed_on = 2026-11-28
[strikes.soft]
count = 3
span_days = 7
[[row]]
key = "full"
match = [{ code = ["452"], enhanced = ["4.2.2", "4.3.x"], says = ["Mailbox full"] }, { enhanced = ["5.2.2"], final = true }]
words = "The mailbox is full"
act = "retry"
wait_minutes = 5
address = "soft"
[[row]]
key = "apart"
match = []
words = "No reply"
act = "refuse"
[[row]]
key = "rest"
match = [{}]
words = "Something else"
act = "refuse"
"""
TEXTS = """
source = "Twilio"
reviewer = "A. Reader"
reviewed_on = 2026-11-28
[[row]]
key = "day"
match = [{ code = ["21610", "21xxx"], callback = false }, { status = ["429"] }]
words = "Later"
act = "retry"
[[row]]
key = "rest"
match = [{}]
words = "Something else"
act = "unknown"
"""


def test_a_row_becomes_a_ruling(tmp_path):
    found = read_smtp_replies(written(tmp_path, GOOD))
    full = judge_reply(found, 452, "4.2.2", "the MAILBOX, full")
    assert (full.key, full.words, full.act, full.address) == ("full", "The mailbox is full", Act.RETRY, ToAddress.SOFT)
    assert full.wait is not None and full.wait.total_seconds() == 300
    assert full.strikes is not None and (full.strikes.count, full.strikes.span.days) == (3, 7)
    assert judge_reply(found, 552, "5.2.2", "", final=True).key == "full"
    assert judge_reply(found, 552, "5.2.2", "").key == "rest"
    assert judge_reply(found, 452, "4.2.2", "no").key == "rest"
    assert found.named("apart").strikes is None


def test_a_code_of_twilio_is_read_as_well(tmp_path):
    found = read_twilio_codes(written(tmp_path, TEXTS))
    asked = [(21610, 400, False), (21610, None, True), (None, 429, False), (None, 500, False)]
    assert [judge_code(found, a, b, callback=c).key for a, b, c in asked] == ["day", "rest", "day", "rest"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (GOOD, ""), ("2026-11-28", '"yesterday"'), ("2026-11-28", "2026-11-28T10:00:00"), ('source = "RFC 5321"', ""),
        ("[[row]]", "[[rows]]"), ("[strikes.soft]", "[strikes.hard]"), ("[strikes.soft]", "[strikes.second]"), ("count = 3", "cout = 3"),
        ("count = 3", ""), ("count = 3", "count = 0"), ("span_days = 7", 'span_days = "7"'), ("span_days = 7", "span_days = true"),
    ],
)  # fmt: skip
def test_a_fault_of_the_file_names_the_file(tmp_path, before, after):
    assert before in GOOD
    with pytest.raises(ConfigurationError, match=r"^table\.toml: "):
        read_smtp_replies(written(tmp_path, GOOD.replace(before, after, 1)))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('key = "full"', "", "row 1: 'key' is missing"), ('key = "full"', "key = 3", "row 3: key: 3 is no text"),
        ('key = "full"', 'key = "Full!"', "row Full!: key: 'Full!' is no name of small letters"),
        ('words = "The mailbox is full"', "", "row full: 'words' is missing"),
        ('words = "The mailbox is full"', 'words = " "', "row full: words: must be one line of at most 120 letters"),
        ('words = "The mailbox is full"', 'words = "a\\nb"', "row full: words: must be one line of at most 120 letters"),
        ('words = "The mailbox is full"', f'words = "{"a" * 121}"', "row full: words: must be one line of at most 120 letters"),
        ('act = "retry"', "", "row full: 'act' is missing"), ('act = "retry"', 'act = "wait"', "row full: act: 'wait' is none of retry, refuse"),
        ('act = "retry"', 'act = "unknown"', "row full: act: 'unknown' is none of retry, refuse"),
        ('act = "retry"', 'act = "refuse"', "row full: only what is tried again can wait"),
        ('act = "retry"', "act = []", "row full: act: [] is none of retry, refuse"),
        ("wait_minutes = 5", "wait_minutes = 0.5", "row full: wait_minutes: 0.5 is no whole number from 1 to 10000"),
        ("wait_minutes = 5", "once = 1", "row full: once: 1 is neither true nor false"), ("wait_minutes = 5", "slow = -1", "row full: slow: -1 is no whole number from 1 to 10000"),
        ("wait_minutes = 5", 'alert = "all"', "row full: alert: 'all' is none of bug, template, config, page, review"),
        ("wait_minutes = 5", "adress = 1", "row full: 'adress' is not known here"),
        ('address = "soft"', 'address = "incapable"', "row full: address: 'incapable' is none of keep, suppress, soft, second"),
        ('address = "soft"', 'address = "second"', "row full: the file does not say how many are too many, in [strikes.second]"),
        ('address = "soft"', 'stream = "stop"', "row full: stream: 'stop' is none of keep, slow, pause_domain, pause"),
        ("match = []", 'match = "x"', "row apart: match: 'x' is no list"), ("match = []", "match = [3]", "row apart: 3 is no table"),
        ("match = []", 'match = [{ code = "550" }]', "row apart: code: '550' is no list"), ("match = []", "match = [{ code = [550] }]", "row apart: code: 550 is no text"),
        ("match = []", "match = [{ code = [] }]", "row apart: code: is empty"), ("match = []", 'match = [{ code = ["55"] }]', "row apart: code: '55' is no code"),
        ("match = []", 'match = [{ code = ["x50"] }]', "row apart: code: 'x50' is no code"), ("match = []", 'match = [{ enhanced = ["5.8.1"] }]', "row apart: enhanced: '5.8.1' is no code"),
        ("match = []", 'match = [{ says = ["..."] }]', "row apart: says: '...' has no letters"), ("match = []", "match = [{ final = 1 }]", "row apart: final: 1 is neither true nor false"),
        ("match = []", 'match = [{ status = ["500"] }]', "row apart: 'status' is not known here"), ("match = []", "match = [{ callback = true }]", "row apart: 'callback' is not known here"),
        ('key = "apart"', 'key = "full"', "row full: another row has this key"),
        ("match = []", 'match = [{ enhanced = ["4.4.1", "5.2.2"], final = true }]', "row apart: 5.2.2 never gets here, row full takes it"),
        ("match = []", 'match = [{ code = ["452"], enhanced = ["4.3.1"], says = ["the mailbox full"] }]', "row apart: 452 4.3.1 the mailbox full never gets here, row full takes it"),
        ("match = []", "match = [{}]", "row rest: everything else never gets here, row apart takes it"),
        ("match = [{}]", 'match = [{ code = ["5xx"] }]', "the last row must take every answer: match = [{}]"),
        ("match = [{}]", "match = []", "the last row must take every answer: match = [{}]"),
    ],
)  # fmt: skip
def test_a_fault_of_a_row_is_said_with_its_row(tmp_path, before, after, said):
    assert GOOD.count(before) == 1
    with pytest.raises(ConfigurationError) as caught:
        read_smtp_replies(written(tmp_path, GOOD.replace(before, after, 1)))
    assert str(caught.value) == f"table.toml: {said}"


@pytest.mark.parametrize(
    "match", ['{ code = ["452"] }', '{ enhanced = ["5.2.2"], final = false }', '{ enhanced = ["5.2.2"] }', '{ says = ["full"] }', '{ code = ["4xx"] }'],
)  # fmt: skip
def test_a_row_that_is_reached_by_some_answers_is_let_through(tmp_path, match):
    assert len(read_smtp_replies(written(tmp_path, GOOD.replace("match = []", f"match = [{match}]"))).rows) == 3


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('status = ["429"]', 'status = ["4290"]', "row day: status: '4290' is no code"), ('"21xxx"', '"21xxxx"', "row day: code: '21xxxx' is no code"),
        ('"21xxx"', '"2x1xx"', "row day: code: '2x1xx' is no code"), ("callback = false", "final = false", "row day: 'final' is not known here"),
        ('act = "retry"', 'act = "retry"\nstream = "pause_domain"', "row day: stream: 'pause_domain' is none of keep, slow, pause"),
        ("[[row]]", "row = 3", "row: 3 is no list"), ("[[row]]", "row = [3]", "row 1: 3 is no table"),
        ('"21610", "21xxx"', '"21xxx"', ""),
    ],
)  # fmt: skip
def test_a_fault_of_a_row_for_texts_is_said_with_its_row(tmp_path, before, after, said):
    content = TEXTS.replace(before, after, 1) if "row =" not in after else TEXTS.partition("[[row]]")[0] + after
    if not said:
        assert read_twilio_codes(written(tmp_path, content))
        return
    with pytest.raises(ConfigurationError) as caught:
        read_twilio_codes(written(tmp_path, content))
    assert str(caught.value) == f"table.toml: {said}"


def test_a_file_without_rows_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="the last row must take every answer"):
        read_twilio_codes(written(tmp_path, TEXTS.partition("[[row]]")[0] + "row = []"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.toml"):
        read_twilio_codes(tmp_path / "none.toml")


@given(place=st.integers(0, len(GOOD)), cut=st.integers(0, 40), put=st.binary(max_size=20))
def test_no_damage_raises_anything_but_the_documented_error(tmp_path_factory, place, cut, put):
    path = tmp_path_factory.getbasetemp() / "damaged.toml"
    path.write_bytes(GOOD.encode()[:place] + put + GOOD.encode()[place + cut :])
    try:
        found = read_smtp_replies(path)
    except ConfigurationError:
        return
    assert judge_reply(found, 999, "", "")


def test_a_file_that_is_nested_too_deep_is_refused(tmp_path):
    with pytest.raises(ConfigurationError):
        read_smtp_replies(written(tmp_path, "source = " + "[" * 100_000))


def test_changing_a_row_of_the_shipped_replies_changes_the_judgement_without_code(tmp_path):
    shipped = (FOLDER / "smtp_replies.toml").read_text(encoding="utf-8")
    head, mark, tail = shipped.partition('key = "no_mailbox"')
    changed = tail.replace('act = "refuse"', 'act = "retry"', 1).replace('address = "suppress"', 'stream = "pause"', 1)
    found = judge_reply(read_smtp_replies(written(tmp_path, head + mark + changed)), 550, "5.1.1", "")
    assert (found.act, found.address, found.stream) == (Act.RETRY, ToAddress.KEEP, ToStream.PAUSE)


def test_changing_the_count_in_the_shipped_codes_changes_when_a_number_is_suppressed(tmp_path):
    shipped = (FOLDER / "twilio_codes.toml").read_text(encoding="utf-8")
    assert "count = 3\n" in shipped
    found = read_twilio_codes(written(tmp_path, shipped.replace("count = 3\n", "count = 9\ndifferent_days = 2\n")))
    strikes = judge_code(found, 30003, None, callback=True).strikes
    assert isinstance(strikes, Strikes) and (strikes.count, strikes.days) == (9, 2)


def written(folder, content: str):
    path = folder / "table.toml"
    path.write_text(content, encoding="utf-8")
    return path
