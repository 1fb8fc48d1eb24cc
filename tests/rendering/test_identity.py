"""Every attempt at one message carries the same names, and they give nothing away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import LinkExpired
from campaigns.rendering.identity import message_id, read_send_token, return_path, send_token
from tests.rendering.samples import LETTER, SENDER


def test_a_second_attempt_has_the_same_message_id_although_time_has_passed():
    later = replace(LETTER, now=LETTER.now + timedelta(minutes=7), attempt=2)
    assert message_id(later, SENDER, "hash") == message_id(LETTER, SENDER, "hash")


@pytest.mark.parametrize(
    "other",
    [{"delivery_id": 4712}, {"starts_at": LETTER.starts_at - timedelta(hours=1)}, {"calendar_sequence": 1}],
    ids=lambda facts: next(iter(facts)),
)
def test_another_message_has_another_id(other):
    assert message_id(replace(LETTER, **other), SENDER, "hash") != message_id(LETTER, SENDER, "hash")


def test_other_words_make_another_message():
    assert message_id(LETTER, SENDER, "one") != message_id(LETTER, SENDER, "two")


def test_another_house_writes_other_ids():
    assert message_id(LETTER, replace(SENDER, id_key=b"other"), "hash") != message_id(LETTER, SENDER, "hash")


def test_a_message_id_is_in_brackets_and_in_the_clinic_s_domain():
    written = message_id(LETTER, SENDER, "hash")
    assert written.startswith("<") and written.endswith("@harbour.example>") and "4711" not in written


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_a_bounce_finds_its_delivery_even_in_capitals(delivery_id):
    token = send_token(delivery_id, SENDER)
    assert read_send_token(token, SENDER) == read_send_token(token.upper(), SENDER) == delivery_id


def test_neighbouring_deliveries_have_nothing_in_common():
    one, two = send_token(4711, SENDER), send_token(4712, SENDER)
    assert sum(a == b for a, b in zip(one, two, strict=True)) < len(one) // 2
    assert (4711).to_bytes(8, "big").hex() not in one


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "00",
        "é",
        send_token(1, replace(SENDER, id_key=b"other")),
        send_token(1, SENDER)[:-2],
        send_token(1, SENDER) + "00",
        send_token(1, SENDER)[:2] + " " + send_token(1, SENDER)[2:],
        "0" * 40,
    ],
)
def test_what_we_did_not_write_is_refused(token):
    with pytest.raises(LinkExpired):
        read_send_token(token, SENDER)


def test_every_delivery_has_its_own_return_path():
    token = send_token(4711, SENDER)
    assert return_path(token, SENDER) == f"b+{token}@bounce.harbour.example"
    assert len(return_path(token, SENDER).split("@")[0]) <= 64


def test_what_was_sent_under_a_former_key_is_still_known():
    before = send_token(4711, SENDER)
    after = replace(SENDER, id_key=b"another key", former_id_keys=(SENDER.id_key,))
    assert send_token(4711, after) != before
    assert read_send_token(before, after) == read_send_token(send_token(4711, after), after) == 4711
