"""Masks show enough to recognise an address, and too little to use it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.addresses import mask_email, mask_phone


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sam@example.com", "s…@e….com"),
        ("SAM.SMITH+class@mail.example.co.uk", "S…@m….uk"),
        ("a@b.c", "a…@b….c"),
        ('"odd@local"@example.org', '"…@e….org'),
        ("sam@localhost", "s…@l…"),
    ],
)
def test_an_email_address_keeps_its_first_letters_and_its_ending(address: str, shown: str) -> None:
    assert mask_email(address) == shown


@pytest.mark.parametrize("text", ["", "sam", "@", "sam@", "@example.com"])
def test_what_is_no_email_address_is_hidden_whole(text: str) -> None:
    assert mask_email(text) == "…"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+12075550123", "+1…0123"), ("+79161234567", "+7…4567"), ("+447700900123", "+44…0123")],
)
def test_a_number_keeps_its_country_and_last_four_digits(number: str, shown: str) -> None:
    assert mask_phone(number) == shown


@pytest.mark.parametrize("text", ["", "+", "12075550123", "+1207555", "+1207555012x", "(207) 555-0123"])
def test_what_is_not_in_international_form_is_hidden_whole(text: str) -> None:
    assert mask_phone(text) == "…"


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(min_size=3, alphabet="abcdefgh"), st.text(min_size=3, alphabet="ijklmnop"))
def test_neither_part_of_an_email_address_survives_the_mask(local: str, domain: str) -> None:
    shown = mask_email(f"{local}@{domain}.com")
    assert local not in shown
    assert domain not in shown
