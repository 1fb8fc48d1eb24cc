"""Words that are found, and words that only look like them."""

from __future__ import annotations

import pytest

from campaigns.language import NAMES
from campaigns.lint.terms import CLAIMS, FOOT, PERSONAL_HEALTH, SHOUTED, SPAM, STOP_LABEL, TELLING, UNWRITTEN
from tests.lint.planting import READ, SURVEY, copied, found_in, plant, said


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("claim-cure", "se puede curar"), ("claim-guarantee", "guaranteed"), ("claim-guarantee", "garantizamos"),
        ("claim-proven", "clinically proven"), ("claim-reverse", "reversing"), ("claim-regenerate", "regenerative"),
        ("claim-miracle", "milagro"), ("claim-risk-free", "sin riesgo"), ("claim-painless", "pain-free"),
        ("claim-no-side-effects", "without any side effects"), ("claim-fda", "FDA registered"),
        ("claim-stem-cell", "stem-cell"), ("claim-stem-cell", "células madre"), ("claim-amniotic", "Wharton's jelly"),
        ("claim-avoid-surgery", "avoid an operation"), ("claim-before-after", "before/after"), ("claim-brand", "Brace®"),
        ("claim-diagnosis", "you have arthritis"), ("claim-diagnosis", "su diagnóstico"),
    ],
)  # fmt: skip
def test_a_claim_is_known_in_its_forms(kind, words):
    assert CLAIMS[kind].search(words)


@pytest.mark.parametrize(
    "words",
    ["a secure page", "the clinic is obscure", "before you run and after it", "improve", "if you have pain", "you have a place",
     "segura", "seguro", "a todos", "the pain is less", "a sharp turn"],
)  # fmt: skip
def test_words_that_only_look_like_claims_are_let_be(words):
    assert [kind for kind, pattern in CLAIMS.items() if pattern.search(words)] == []


def test_the_terms_are_there_in_every_language():
    for words in (TELLING, STOP_LABEL, *FOOT.values()):
        assert words.keys() == NAMES.keys()


def test_a_note_in_capitals_is_no_word_and_the_spanish_for_all_is_one():
    # In pieces, because the house refuses such notes in its own files.
    assert not UNWRITTEN.search("Todos los lugares, " + "to" + "do")
    assert UNWRITTEN.search("TO" + "DO: write") and UNWRITTEN.search("FIX" + "ME")
    assert not SHOUTED.search("MRI of the SI joint, 12 PM") and SHOUTED.search("CALL")
    assert SPAM.search("It is free!!!") and not SPAM.search("It is free.")


@pytest.mark.parametrize(
    "sentence", ["If your pain is new, call us.", "Is it your back?", "Call us when your hip hurts."]
)
def test_what_is_only_supposed_says_nothing_of_the_reader(sentence, tmp_path):
    folder = copied(tmp_path / "templates", SURVEY)
    plant(folder, SURVEY, said("", sentence).edits)
    assert PERSONAL_HEALTH.search(sentence)
    assert found_in(folder) == ()


@pytest.mark.parametrize(
    "sentence",
    ["{% if first_name %}Hello {{ first_name }}.{% endif %}", "{{ greeting }}", "{{ name_after }}",
     "{% if first_name %}{% if attended %}Hi {{ first_name }}.{% endif %}{% else %}Hi.{% endif %}"],
)  # fmt: skip
def test_a_first_name_that_is_asked_for_first_is_let_be(sentence, tmp_path):
    folder = copied(tmp_path / "templates", READ)
    plant(folder, READ, said("", sentence, READ).edits)
    assert "first-name-without-fallback" not in {one.kind for one in found_in(folder)}
