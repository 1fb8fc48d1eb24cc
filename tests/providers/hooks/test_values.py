"""Values come out of JSON of any shape, can be stored, and name nobody where staff sees them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.receipts import LONGEST_DETAIL, Kind, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import Malformed
from campaigns.providers.hooks import values
from tests.providers.hooks.posts import ADDRESS, DEEP, FUZZ, JSON, NUMBER

RECEIPT = Receipt(provider="ses", event_id="one", kind=Kind.BOUNCED, channel=Channel.EMAIL)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff{}", "{}".encode("utf-16"), b"[NaN]", b"[-Infinity]", b"9" * 5_000, b"[" * 200_000, DEEP]
)
def test_what_is_no_json_of_utf_8_cannot_be_read(body):
    with pytest.raises(Malformed):
        values.read_json(body)


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "words", []])
def test_only_an_object_has_fields(value):
    with pytest.raises(Malformed):
        values.as_fields(value)
    assert values.inner({"a": value}, "a") == {}


def test_fields_of_the_wrong_shape_are_as_good_as_missing():
    fields = {"object": {"b": 1}, "list": [1, "two"], "words": "x"}
    assert values.as_fields(fields) is fields
    assert values.inner(fields, "object") == {"b": 1}
    assert values.inner(fields, "absent") == {}
    assert values.listed(fields, "list") == [1, "two"]
    assert values.listed(fields, "words") == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" words ", "words"),
        (550, "550"),
        (1.5, "1.5"),
        (True, ""),
        (None, ""),
        (["x"], ""),
        ("a\0b\ud800c", "abc"),
        ("x" * 400, "x" * 320),
    ],
)
def test_words_and_numbers_become_words_that_can_be_stored(value, expected):
    assert values.words(value) == expected


def test_the_first_field_that_says_something_counts():
    assert values.text({"a": "", "b": [], "c": "third", "d": "fourth"}, "a", "b", "c", "d") == "third"
    assert values.text({}, "a") == ""
    assert values.text({"a": "abcdef"}, "a", limit=3) == "abc"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2017-08-05T00:41:02.669Z", datetime(2017, 8, 5, 0, 41, 2, 669_000, UTC)),
        ("2014-08-01T13:28:10.2735393-04:00", datetime(2014, 8, 1, 17, 28, 10, 273_539, UTC)),
        (1_600_112_492, datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC)),
        ("1600112492", datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC)),
        ("2017-08-05T00:41:02", None),
        ("yesterday", None),
        (0, None),
        (1_600_112_492_000, None),
        (1e17, None),
        (1e400, None),
        (float("nan"), None),
        (True, None),
        (None, None),
        ("9999-12-31T23:59:59-23:59", None),
        ("0001-01-01T00:00:00+23:59", None),
    ],
)
def test_a_time_is_read_if_it_names_its_zone_and_lies_in_our_days(written, expected):
    assert values.instant(written) == expected


def test_a_provider_s_own_id_is_kept():
    assert values.event_id("evt_1:delivered", {}) == "evt_1:delivered"
    assert values.event_id("x" * 200, {}) == "x" * 200


@pytest.mark.parametrize("given", ["", "x" * 201, "two words", "zwölf", "a\0b", "\ud800"])
def test_an_id_that_is_missing_or_cannot_be_kept_becomes_a_digest_of_the_event(given):
    one = values.event_id(given, {"a": 1, "b": 2})
    assert one.startswith("sha256:") and len(one) == 71
    assert one == values.event_id(given, {"b": 2, "a": 1})
    assert one != values.event_id(given, {"a": 1, "b": 3})
    assert one != values.event_id(f"{given}é", {"a": 1, "b": 2})


def test_an_event_too_deep_to_be_written_down_cannot_be_read():
    event = deep = []
    for _ in range(100_000):
        deep.append([])
        deep = deep[0]
    with pytest.raises(Malformed):
        values.event_id("", event)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (f"550 5.1.1 <{ADDRESS}>: unknown", "550 5.1.1 (address) unknown"),
        ("no jane.secret here", "no (address) here"),
        (f"cannot reach {NUMBER}.", "cannot reach (number)."),
        ("to:12075550142", "to:(number)"),
        ("to+12075550142", "to+(number)"),
        ("call (207) 555-0142 or 207.555.0142", "call (number) or (number)"),
        ("+44 20 7946 0958 and 0049 170 1234567", "(number) and (number)"),
        ("local 555-0142", "local (number)"),
        (f"{NUMBER}@sms.example", "(address)"),
        ("+1207\x00555\n0142", "(number)"),
        ("550-5.7.26 from 192.168.100.200 is late", "550-5.7.26 from 192.168.100.200 is late"),
        ("421 4.7.0 [TS01] see 30003", "421 4.7.0 [TS01] see 30003"),
        ("x " * 400, ("x " * 150).strip()),
    ],
)
def test_what_a_provider_says_becomes_a_line_that_names_nobody(said, line):
    assert values.detail(said, ADDRESS) == line


@given(st.text(max_size=400))
@FUZZ
def test_any_words_become_one_line_without_an_address(said):
    line = values.detail(f"{said} {ADDRESS} {NUMBER}", ADDRESS)
    assert ADDRESS not in line and NUMBER not in line and "\n" not in line
    assert len(line) <= LONGEST_DETAIL


def test_facts_that_say_nothing_are_left_out():
    assert values.facts(type="Permanent", subtype="", who=ADDRESS, long="y " * 200) == {
        "type": "Permanent",
        "who": "(address)",
        "long": ("y " * 50).strip(),
    }


@pytest.mark.parametrize(
    ("status", "said", "otherwise", "code"),
    [
        ("5.1.1", "550 5.7.1 no", "5.2.2", "5.1.1"),
        ("5.0.0", "550 5.7.1 no", "5.2.2", "5.7.1"),
        ("5.0.0", "450 4.2.2 no", "", "5.0.0"),
        ("5.0.0", "550 no", "5.2.2", "5.2.2"),
        ("", "smtp; 550-5.1.1 no", "5.2.2", "5.1.1"),
        ("", "550 5.0.0 no", "5.1.1", "5.1.1"),
        ("", "550 5.0.0 no", "", "5.0.0"),
        ("nonsense", "no", "5.1.1", "5.1.1"),
        ("", "", "", ""),
    ],
)
def test_the_code_that_says_most_is_given(status, said, otherwise, code):
    assert values.status_code(status, said, otherwise) == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("550 5.1.1 no such user", 550),
        ("550-5.1.1 no such user", 550),
        ("smtp;550 no", 550),
        ("smtp; 452 4.2.2 full", 452),
        ("host mx.example said: 554 5.7.1 no", 554),
        ("550", 550),
        ("605", None),
        ("5501 things", None),
        ("550.1", None),
        ("called at 250 o'clock", None),
        ("", None),
        ("9" * 100_000, None),
    ],
)
def test_the_three_digits_of_a_reply_are_found(said, code):
    assert values.reply_code(said) == code


@pytest.mark.parametrize(
    ("value", "code"), [("30003", "30003"), ("0", ""), ("", ""), ("3000345", ""), ("٣٣", ""), ("30x", "")]
)
def test_twilio_s_code_is_a_number(value, code):
    assert values.twilio_code(value) == code


def test_a_receipt_has_a_second_one_beside_it_where_it_tells_of_a_stop():
    assert values.and_also(RECEIPT, None) == (RECEIPT,)
    first, second = values.and_also(RECEIPT, Kind.UNSUBSCRIBED)
    assert first is RECEIPT
    assert (second.event_id, second.kind) == ("one:unsubscribed", Kind.UNSUBSCRIBED)


@given(JSON)
@FUZZ
def test_any_json_becomes_values_that_can_be_stored(value):
    read = values.read_json(json.dumps(value))
    assert "\0" not in values.words(read).encode().decode()
    assert len(values.event_id(values.words(read), read)) <= 200
    values.instant(read)
