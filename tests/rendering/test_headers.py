"""Header fields survive every text that people can type, and hold exactly one field."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import AddressInvalid
from campaigns.rendering import headers
from campaigns.rendering.variables import one_line

HOSTILE = [
    "Jo\r\nBcc: spy@example.com",
    "Jo\nX: y",
    "Jo\x00",
    'Jo "the runner" <x@example.com>, spy@example.com',
    "\u202eoJ",
    "👟" * 80,
    "a" * 300,
    "word " * 80,
    "ß" * 300,
    "=?utf-8?q?spoof?=",
    "back\\slash",
    "",
    "   ",
    "Runners’ class",
]
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=200))


@given(TEXT)
def test_a_subject_comes_back_as_it_was_meant(text):
    raw = headers.text_field("Subject", text)
    message = email.message_from_string(raw + "\r\n", policy=email.policy.default)
    assert message.keys() == ["Subject"]
    assert message["Subject"] == one_line(text)
    assert not message["Subject"].defects


@given(TEXT)
def test_a_subject_is_ascii_and_folded(text):
    raw = headers.text_field("Subject", text)
    assert raw.isascii() and raw.endswith("\r\n")
    lines = raw.removesuffix("\r\n").split("\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert all(line.startswith(" ") and line.strip() for line in lines[1:])


@given(TEXT)
def test_a_display_name_cannot_name_a_second_mailbox(name):
    raw = headers.mailbox_field("From", name, "class@harbour.example")
    message = email.message_from_string(raw + "\r\n", policy=email.policy.default)
    assert message.keys() == ["From"]
    (mailbox,) = message["From"].addresses
    assert mailbox.addr_spec == "class@harbour.example"
    # The parser of Python 3.11 puts a blank between two encoded words of a phrase, where there is none.
    assert mailbox.display_name.replace(" ", "") == one_line(name).replace(" ", "")
    assert all(len(line) <= 998 for line in raw.split("\r\n"))


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\n", "ä", "a\x00", "a" * 999])
def test_a_value_of_ours_that_is_built_wrongly_is_an_error(value):
    with pytest.raises(ValueError, match="List-Id"):
        headers.field("List-Id", value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jo",
        "jo@",
        "@example.com",
        "jo@example.com\r\nBcc: x@example.com",
        "jo@example.com>",
        "jo, x@example.com",
        '"jo x"@example.com',
        "zoë@example.com",
        "jo@exa mple.com",
        "j" * 65 + "@example.com",
        "jo@" + "ä" * 80 + ".example",
    ],
)
def test_an_address_that_no_header_can_carry_is_refused(address):
    with pytest.raises(AddressInvalid):
        headers.header_address(address)


def test_an_international_domain_travels_in_its_ascii_form():
    assert headers.header_address("jo@bücher.example") == "jo@xn--bcher-kva.example"


def test_a_date_is_written_in_utc_whatever_its_zone():
    moment = datetime(2026, 7, 4, 9, 3, 1, tzinfo=ZoneInfo("America/Chicago"))
    assert headers.date(moment) == "Sat, 04 Jul 2026 14:03:01 +0000"


@given(st.integers(min_value=0, max_value=2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_a_date_is_read_back_as_the_same_second(moment):
    message = email.message_from_string(f"Date: {headers.date(moment)}\r\n\r\n", policy=email.policy.default)
    assert message["Date"].datetime == moment
