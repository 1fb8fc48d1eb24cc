"""Texts with the longest values, and what to write for letters that they cannot carry."""

from __future__ import annotations

import pytest

from campaigns.lint.samples import LONG_SENDER, LONGEST
from campaigns.lint.texts import instead
from tests.lint.planting import copied, found_in, plant


@pytest.mark.parametrize(("letter", "plain"), [("→", "->"), ("½", "1/2"), ("ő", "o"), ("😀", ""), ("走", "")])
def test_each_letter_has_a_plain_one_or_is_left_out(letter, plain):
    assert instead(letter) == plain


def test_the_remedy_names_the_character_and_what_to_write(tmp_path):
    folder = copied(tmp_path / "templates", "moved-sms")
    plant(folder, "moved-sms", (("sms.txt", "cancel:", "cancel 😀 →"),))
    found = {one.says[1]: one for one in found_in(folder) if one.kind == "text-characters"}
    # Both stand on one line: the first of them is said.
    assert found["😀"].remedy == "Leave “😀” out."
    assert "grinning face" in found["😀"].says


def test_the_longest_values_are_as_long_as_they_say():
    assert len(str(LONGEST["first_name"])) == 40
    assert len(LONG_SENDER.clinic_name) == 30


def test_a_text_of_one_part_is_not_found_and_one_of_two_is(tmp_path):
    folder = copied(tmp_path / "templates", "moved-sms")
    assert [one.file for one in found_in(folder) if one.kind == "text-in-two-parts"] == [
        "messages/moved-sms/sms.es.txt",
        "messages/moved-sms/sms.txt",
    ]
    short = "{{ clinic }}: {{ manage_url }}"
    for file in ("sms.txt", "sms.es.txt"):
        plant(folder, "moved-sms", ((file, "{{ clinic }}", lambda _: short),))
    assert found_in(folder) == ()
