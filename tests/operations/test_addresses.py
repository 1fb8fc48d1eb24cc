"""Addresses as people type them become the form we store, or a sentence with a remedy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.errors import AddressInvalid
from campaigns.operations.addresses import parse_email, parse_phone


def email_refusal(raw: str) -> str:
    with pytest.raises(AddressInvalid) as caught:
        parse_email(raw)
    assert caught.value.field == "email"
    return str(caught.value)


def phone_refusal(raw: str, countries: tuple[str, ...] = ("US",)) -> str:
    with pytest.raises(AddressInvalid) as caught:
        parse_phone(raw, countries)
    assert caught.value.field == "phone"
    return str(caught.value)


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("  SAM@Example.COM ", "sam@example.com"),
        ("sam+class@example.com", "sam+class@example.com"),
        ("o'neil@clinic.example", "o'neil@clinic.example"),
        ("sam@bücher.de", "sam@xn--bcher-kva.de"),
        ("sam@XN--bcher-kva.de", "sam@xn--bcher-kva.de"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_address_is_stored_in_lower_case_ascii(raw: str, stored: str) -> None:
    assert parse_email(raw) == stored
    assert parse_email(stored) == stored


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("sam", "has no @"),
        ("sam@", "nothing after the @"),
        ("@example.com", "nothing before the @"),
        ("sam@example", "ends too soon"),
        ("sam @example.com", "has a space"),
        ("sam@exam ple.com", "has a space"),
        ("sam@example.com, ann@example.com", "two addresses"),
        ("sam@example.com;ann", "two addresses"),
        ("sam@@example.com", "two addresses"),
        ("sam@example.com\r\nBcc: ann@example.com", "line break"),
        ("sam@example.com\n", "line break"),
        ("sam\0@example.com", "hidden character"),
        ("sam\u200b@example.com", "hidden character"),
        ("sam\u202e@example.com", "hidden character"),
        ("a" * 65 + "@example.com", "too long"),
        ("sam@" + ("a" * 60 + ".") * 5 + "com", "too long"),
        ("jürgen@example.com", "many mail servers"),
        ("Sam<sam@example.com>", "does not look right"),
        ("sam..x@example.com", "does not look right"),
        ("sam@example..com", "does not look right"),
        ("sam@exa_mple.com", "does not look right"),
        ("sam@[127.0.0.1]", "does not look right"),
        ("sam@127.0.0.1", "does not look right"),
        ("sam@example.invalid", "does not look right"),
        ('"sam"@example.com', "does not look right"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_its_fault(raw: str, part: str) -> None:
    assert part in email_refusal(raw)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.tuples(st.text(max_size=10), st.text(max_size=20)).map("@".join) | st.emails())
def test_whatever_passes_is_one_plain_line_and_stays_as_it_is(raw: str) -> None:
    try:
        stored = parse_email(raw)
    except AddressInvalid:
        return
    assert stored.isascii()
    assert stored.isprintable()
    assert stored == stored.lower()
    assert stored.count("@") == 1
    assert not set(stored) & set(' ,;<>"\\')
    assert parse_email(stored) == stored


@pytest.mark.parametrize(
    "raw",
    ["(207) 555-0123", "207-555-0123", "207.555.0123", "2075550123", "+1 207 555 0123", "1 (207) 555-0123",
     " +12075550123 ", "207\u2013555\u20110123", "207\u00a0555\u00a00123", "２０７５５５０１２３"],
)  # fmt: skip
def test_an_american_number_is_understood_in_every_usual_form(raw: str) -> None:
    assert parse_phone(raw, ("US",)) == "+12075550123"


@pytest.mark.parametrize("line", range(100, 200))
def test_numbers_kept_for_fiction_pass(line: int) -> None:
    assert parse_phone(f"(207) 555-0{line}", ("US",)) == f"+12075550{line}"


@pytest.mark.parametrize(
    "raw",
    ["+1 876 555 0123", "876-555-0123", "242-322-1234", "+1 809 555 0123", "787-555-0123", "+1 416 555 0123",
     "+44 7400 123456", "+33 6 12 34 56 78", "+1 671 555 0123"],
)  # fmt: skip
def test_a_number_of_another_country_is_refused_although_it_may_begin_with_1(raw: str) -> None:
    assert "in the United States only" in phone_refusal(raw)


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("", "missing"),
        ("(800) 555-0199", "toll-free"),
        ("+1 888 555 1234", "toll-free"),
        ("900-555-1234", "costs callers extra"),
        ("500-555-1212", "forwarding number"),
        ("911", "too short"),
        ("40404", "too short"),
        ("555-0123", "too short"),
        ("5", "not a complete number"),
        ("+999 12345678", "not a complete number"),
        ("2075550123 2075550124", "too many digits"),
        ("207555012345", "too many digits"),
        ("(555) 555-0123", "no such number"),
        ("(207) 155-0123", "no such number"),
        ("1-800-FLOWERS", "letters"),
        ("2075550123 x12", "letters"),
        ("2075550123, 2075550124", "letters"),
        ("2075550123\n", "letters"),
        ("207555\n0123", "letters"),
        ("207555\u202e0123", "letters"),
        ("2" * 41, "too long"),
    ],
)
def test_a_number_that_texts_cannot_reach_is_refused_with_its_fault(raw: str, part: str) -> None:
    sentence = phone_refusal(raw)
    assert part in sentence
    assert "(201) 555-0123" in sentence


def test_a_landline_is_refused_where_the_numbering_plan_can_tell() -> None:
    assert "This is a landline" in phone_refusal("020 7946 0123", ("GB",))


def test_countries_are_a_setting() -> None:
    assert parse_phone("+1 416 555 0123", ("US", "CA")) == "+14165550123"
    assert parse_phone("07400 123456", ("GB",)) == "+447400123456"
    assert "in the United Kingdom or FR only" in phone_refusal("+1 207 555 0123", ("GB", "FR"))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789+-(). x\n\0", max_size=20) | st.text(max_size=20))
def test_whatever_number_passes_is_american_and_stays_as_it_is(raw: str) -> None:
    try:
        stored = parse_phone(raw, ("US",))
    except AddressInvalid:
        return
    assert stored.startswith("+1")
    assert len(stored) == len("+12075550123")
    assert parse_phone(stored, ("US",)) == stored
