"""However a word is dressed up, it is compared bare."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.bare_words import chain_of, first_chain, first_of, normalise, trimmed, without


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("  Stop\t\r\n it ", "stop it"), ("STOP!!!", "stop"), ("🛑 Stop 🙏🏽", "stop"), ("“Stop”", "stop"), ("ＳＴＯＰ", "stop"),
        ("S.T.O.P", "stop"), ("s t o p it", "stop it"), ("stoooop", "stop"), ("s-t-o-o-o-p", "stop"), ("ST\u200bOP", "stop"), ("st\u00adop", "stop"),
        ("don't", "dont"), ("don’t", "dont"), ("don´t", "dont"), ("don`t", "dont"), ("donʼt", "dont"), ("opt-out", "opt out"),
        ("No MÁS", "no mas"), ("cancelación", "cancelacion"), ("an\u0303o", "ano"), ("Straße", "strasse"), ("İ", "i"),
        ("plan b", "plan b"), ("I a", "i a"), ("1 0 0 0", "1 0 0 0"), ("1000", "1000"), ("good feet", "good feet"), ("", ""), ("?!", ""),
    ],
)  # fmt: skip
def test_marks_accents_and_capitals_go(written: str, bare: str) -> None:
    assert normalise(written) == bare


@given(st.text())
def test_bare_words_are_bare_already(text: str) -> None:
    bare = normalise(text)
    assert normalise(bare) == bare
    assert "  " not in bare and bare == bare.strip()


def test_a_phrase_counts_as_whole_words_only() -> None:
    assert first_of(["end"], "the weekend") == ""
    assert first_of(["end"], "the end") == first_of(["end"], "end it") == "end"
    assert first_of(["dont text", "text"], "i dont text") == "dont text"


def test_a_stem_counts_at_the_beginning_of_a_word_only() -> None:
    assert first_of(["stop*"], "no stopping") == "stop*"
    assert first_of(["stop*"], "nonstop") == ""


def test_a_chain_takes_one_piece_of_each_group() -> None:
    chains = [chain_of([["stop", "no more"], ["", "these", "all these"], ["texts", "text"]])]
    assert first_chain(chains, "please stop all these texts now") == "stop all these texts"
    assert first_chain(chains, "no more text") == "no more text"
    assert first_chain(chains, "stop those texts") == ""
    assert first_chain(chains, "nonstop texts") == first_chain(chains, "stop textile") == ""


def test_a_chain_of_one_group_or_of_nothing_more_is_its_first_piece() -> None:
    assert first_chain([chain_of([["stop"], [""]])], "please stop it") == "stop"


def test_a_chain_has_to_begin_with_something() -> None:
    with pytest.raises(ValueError, match="begins"):
        chain_of([["", "stop"], ["it"]])


def test_what_is_taken_out_leaves_a_mark() -> None:
    assert without(["the end"], "stop the end texting") == "stop \0 texting"
    assert without(["a"], "a a a") == "\0 \0 \0"
    assert without(["b"], "a") == "a"


def test_courtesies_are_cut_off_both_ends() -> None:
    assert trimmed(["please", "thank you", "hi"], "hi please stop it thank you please") == "stop it"
    assert trimmed(["please"], "please please") == trimmed(["please"], "") == ""
    assert trimmed(["please"], "stop please it") == "stop please it"
