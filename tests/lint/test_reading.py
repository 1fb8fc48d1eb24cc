"""The reading grades against numbers worked out by hand from the published formulas."""

from __future__ import annotations

import pytest

from campaigns.lint.reading import Counts, counts, flesch_kincaid, grade, smog, words


@pytest.mark.parametrize(
    ("many", "sentences", "syllables", "expected"),
    [(6, 1, 6, -1.45), (100, 8, 140, 5.805), (100, 10, 150, 6.01)],
)
def test_flesch_kincaid_is_that_of_kincaid_1975(many, sentences, syllables, expected):
    assert flesch_kincaid(many, sentences, syllables) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("long", "sentences", "expected"), [(9, 30, 6.2581), (0, 30, 3.1291), (4, 1, 14.5546)])
def test_smog_is_that_of_mclaughlin_1969(long, sentences, expected):
    assert smog(long, sentences) == pytest.approx(expected, abs=5e-5)


def test_a_text_is_counted_by_words_sentences_and_syllables():
    assert counts("The cat sat on the mat.") == Counts(6, 1, 6, 0)
    assert grade("The cat sat on the mat.") == pytest.approx(-1.45)
    assert counts("Sacroiliac. Operation. Rest.").polysyllables == 2


def test_addresses_and_numbers_are_no_words():
    assert words("Open <https://a.example/b> by 5 PM, señor: it’s a two-minute read.") == [
        "Open", "by", "PM", "señor", "it’s", "a", "two-minute", "read",
    ]  # fmt: skip


def test_nothing_has_no_grade():
    assert (counts("").grade, counts("").smog) == (0.0, 0.0)
