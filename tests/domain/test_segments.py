"""Texts are counted as carriers bill them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.segments import Segments, count, offending

EXAMPLES = [
    ("a" * 160, "GSM-7", 160, 1),
    ("a" * 161, "GSM-7", 161, 2),
    ("a" * 306, "GSM-7", 306, 2),
    ("a" * 307, "GSM-7", 307, 3),
    ("€" * 80, "GSM-7", 160, 1),
    ("€" * 81, "GSM-7", 162, 2),
    ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
    ("ç", "UCS-2", 1, 1),
    ("Ç" * 160, "GSM-7", 160, 1),
    ("’" + "a" * 69, "UCS-2", 70, 1),
    ("’" + "a" * 70, "UCS-2", 71, 2),
    ("😀" * 35, "UCS-2", 70, 1),
    ("😀" * 36, "UCS-2", 72, 2),
    ("a" * 66 + "😀" + "a" * 66, "UCS-2", 134, 3),
    ("`", "UCS-2", 1, 1),
    ("\t", "UCS-2", 1, 1),
    ("", "GSM-7", 0, 0),
]
"""The golden rows of the compliance sheet, section 6, and the empty text."""


@pytest.mark.parametrize(("text", "encoding", "units", "parts"), EXAMPLES)
def test_the_golden_rows_are_counted_as_the_providers_do(text: str, encoding: str, units: int, parts: int) -> None:
    counted = count(text)
    assert (counted.encoding, counted.units, counted.parts) == (encoding, units, parts)


@pytest.mark.parametrize("character", "^{}\\[~]|€\f")
def test_an_escaped_character_costs_two_units(character: str) -> None:
    assert count(character) == Segments("GSM-7", 2, 1)


@pytest.mark.parametrize("character", "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà")
def test_the_letters_of_the_basic_table_cost_one_unit(character: str) -> None:
    assert count(character) == Segments("GSM-7", 1, 1)


def test_the_basic_table_has_all_its_127_characters_without_the_escape() -> None:
    every = [chr(code) for code in range(0x500)]
    assert sum(count(character) == Segments("GSM-7", 1, 1) for character in every) == 127
    assert offending("\x1b") == ("\x1b",)


def test_what_spoils_the_short_alphabet_is_named_once_in_order() -> None:
    assert offending("it’s – 18:00 – it’s") == ("’", "–")
    assert offending("Tomorrow 18:00 [link] €") == ()


def replayed(text: str, encoding: str) -> list[int]:
    """Cut a text into parts character by character, with codecs instead of tables."""
    alone, joined = (160, 153) if encoding == "GSM-7" else (70, 67)
    sizes = [
        (2 if character in "^{}\\[~]|€\f" else 1) if encoding == "GSM-7" else len(character.encode("utf-16-be")) // 2
        for character in text
    ]
    if sum(sizes) <= alone:
        return [sum(sizes)] if text else []
    parts: list[int] = []
    while sizes:
        used = 0
        while sizes and used + sizes[0] <= joined:
            used += sizes.pop(0)
        parts.append(used)
    return parts


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(alphabet="ab€[ç😀\n", max_size=400) | st.text(alphabet="ab€[", min_size=140, max_size=500))
def test_parts_agree_with_cutting_the_text_by_hand(text: str) -> None:
    counted = count(text)
    parts = replayed(text, counted.encoding)
    assert (counted.units, counted.parts) == (sum(parts), len(parts))
    assert (counted.encoding == "GSM-7") == (not offending(text))
