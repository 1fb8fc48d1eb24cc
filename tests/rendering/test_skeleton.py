"""A message filled in from another person's skeleton is the very message rendered for its own person."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from campaigns.domain.messages import Email
from campaigns.rendering.email import cast, person_of, render_email
from tests.rendering.samples import EMAILS, LIBRARY, LINKS, SENDER, letter_for, letters_for

OTHERS = ["Ines", "Mary Ann", "Åsa", "O'Neil & <Sons>", '"Q"', "x" * 120, ".dot", "=20", "名前", "a=b"]


@pytest.mark.parametrize("name", EMAILS)
def test_everybody_of_a_kind_gets_what_would_have_been_rendered_for_them_alone(name):
    for letter in letters_for(name):
        skeleton = cast(LIBRARY[name], letter, SENDER, LINKS)
        for place, first_name in enumerate(OTHERS if letter.first_name else [""]):
            other = replace(
                letter,
                delivery_id=100_000 + place,
                registration_id=9 + 130 * place,
                calendar_uid=f"reg-{9 + 130 * place}",
                recipient=f"p{place}@example.net",
                first_name=first_name,
            )
            assert skeleton.fill(person_of(other), other.now) == render_email(LIBRARY[name], other, SENDER, LINKS)


@given(st.text(min_size=1, max_size=400))
@example("a" * 72 + ".")
@example("ö" * 30 + ".x" * 40)
def test_no_name_breaks_a_line_of_the_message(first_name):
    letter = letter_for("confirmation", first_name="Jo")
    filled = cast(LIBRARY["confirmation"], letter, SENDER, LINKS).fill(
        person_of(replace(letter, first_name=first_name)), letter.now
    )
    _fit_for_the_wire(filled)


@pytest.mark.parametrize("name", EMAILS)
def test_what_is_called_ready_for_the_wire_is(name):
    for letter in letters_for(name):
        _fit_for_the_wire(render_email(LIBRARY[name], letter, SENDER, LINKS))


def test_a_template_that_does_more_with_a_name_than_print_it_is_rendered_for_each_person_alone():
    compiled = replace(LIBRARY["week-before"], shared=False)
    letter = letter_for("week-before", first_name="Jo")
    skeleton = cast(compiled, letter, SENDER, LINKS)
    assert not any(gap.startswith(("html:", "plain:")) for gap in skeleton.gaps)
    assert b"Hello Jo," in skeleton.fill(person_of(letter), letter.now).raw


def _fit_for_the_wire(message: Email) -> None:
    assert message.wire
    assert message.raw.endswith(b"\r\n")
    assert message.raw.count(b"\r\n") == message.raw.count(b"\n") == message.raw.count(b"\r")
    lines = message.raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    body = lines[lines.index(b"") :]
    assert max(map(len, body)) <= 77
    assert not [line for line in lines if line.startswith(b".")]
