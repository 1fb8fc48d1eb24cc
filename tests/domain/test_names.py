"""Names of every script pass; what a name cannot need is refused with a remedy."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.names import LONGEST, clean_name
from campaigns.errors import Rejected


def refusal(raw: str, field: str = "first_name") -> str:
    with pytest.raises(Rejected) as caught:
        clean_name(raw, field=field)
    assert caught.value.field == field
    return str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "Ann", "O'Neil", "D’Angelo", "Jean-Luc", "Nguyễn Thị Ánh", "李小龍", "Ольга", "محمد", "עדי", "อรทัย", "Ðóra",
        "J. R. R. Tolkien", "St. John", "X Æ", "Ann (she/her)", "Ph.D. Company", "1st Lt. Ann", "🏃 Ann",
        "علی\u200cرضا", "ශ්\u200dරී",
    ],
)  # fmt: skip
def test_names_of_every_script_come_back_unchanged(name: str) -> None:
    assert clean_name(name, field="first_name") == unicodedata.normalize("NFC", name)


def test_blanks_around_and_inside_are_tidied() -> None:
    assert clean_name("  Mary \u00a0 Ann\u2003Lee ", field="name") == "Mary Ann Lee"


def test_letters_and_accents_are_composed() -> None:
    assert clean_name("Jose\u0301", field="name") == "José"


@pytest.mark.parametrize("raw", ["Ann\r\nBcc: x@example.com", "Ann\n", "\rAnn", "Ann\u2028Lee", "Ann\x85", "A\x0bB"])
def test_a_line_break_is_refused_even_at_the_end(raw: str) -> None:
    assert refusal(raw) == "The first name has a line break in it. Write it on one line."


@pytest.mark.parametrize(
    "raw",
    ["An\0n", "Ann\t", "\x1b[31mAnn", "An\u200bn", "\ufeffAnn", "A\u00adnn", "\u2060", "Ann\u200d", "An\u200cn",
     "\u200c", "\u3164", "\u2800", "Ann\U000e0041", "\ud800", "\ue000", "\u0378"],
)  # fmt: skip
def test_a_character_that_cannot_be_seen_is_refused(raw: str) -> None:
    assert "cannot be seen" in refusal(raw)


@pytest.mark.parametrize("mark", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_a_mark_that_turns_the_reading_direction_is_refused(mark: str) -> None:
    assert "reading direction" in refusal(f"Ann{mark}Lee")


@pytest.mark.parametrize("raw", ["<b>Ann</b>", "Ann<", ">"])
def test_markup_is_refused(raw: str) -> None:
    assert "< or >" in refusal(raw)


@pytest.mark.parametrize(
    "raw",
    ["http://example.org", "Win at HTTPS://x", "www.example", "Ann WWW.Example", "free.example.com", "bit.ly/3xYz",
     "ｗｗｗ．example", "cheap-pills.shop now"],
)  # fmt: skip
def test_a_web_address_is_refused(raw: str) -> None:
    assert "web address" in refusal(raw)


@pytest.mark.parametrize("raw", ["", "   ", "\u00a0"])
def test_an_empty_name_is_refused_with_the_name_of_its_field(raw: str) -> None:
    assert refusal(raw, "last_name") == "The last name is missing. Write it as we should greet you."


def test_an_empty_name_passes_where_it_is_not_required() -> None:
    assert clean_name("  ", field="last_name", required=False) == ""


def test_a_name_may_have_eighty_characters_and_no_more() -> None:
    assert clean_name(" " + "a" * LONGEST + " ", field="name") == "a" * LONGEST
    assert "80 characters" in refusal("a" * (LONGEST + 1))


@settings(derandomize=True, max_examples=400, deadline=None)
@given(st.text(max_size=100))
def test_whatever_passes_is_one_visible_line_and_stays_as_it_is(raw: str) -> None:
    try:
        name = clean_name(raw, field="name")
    except Rejected:
        return
    assert 0 < len(name) <= LONGEST
    assert len(name.splitlines()) == 1
    assert not set(name) & set("<>\0\r\n\u202e")
    assert clean_name(name, field="name") == name
