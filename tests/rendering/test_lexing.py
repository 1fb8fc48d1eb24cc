"""Templates are counted before they are parsed: what passes reaches no limit of Python's."""

from __future__ import annotations

import pytest
from jinja2 import Environment

from campaigns.errors import TemplateInvalid
from campaigns.rendering.lexing import check_letters, check_signs, quoted
from campaigns.rendering.limits import DIGITS, NESTED, SIGNS, Limit

LIMIT = Limit(2_000, 30)


def check(text):
    check_signs(text, file="f", limit=LIMIT)


def nested(depth):
    return "{% if a %}" * depth + "{% endif %}" * depth


def brackets(depth):
    return f"{{{{ {'(' * depth}a{')' * depth} }}}}"


def signs(number):
    return f"{{{{ {' '.join(['a'] * number)} }}}}"


@pytest.mark.parametrize(
    ("fits", "over", "fault"),
    [
        ("a" * 2_000, "a" * 2_001, "f: longer than 2000 characters; shorten it"),
        ("{{ a }}" * 30, "{{ a }}" * 31, "f, line 1: more than 30 placeholders and conditions; use fewer"),
        (nested(NESTED), f"\n{nested(NESTED + 1)}", "f, line 2: more than 8 deep inside one another; take it apart"),
        (brackets(NESTED), brackets(NESTED + 1), "line 1: more than 8 deep"),
        (signs(SIGNS), signs(SIGNS + 1), "line 1: more than 60 names and signs in one pair of braces; ask for less"),
        (f"{{{{ {'9' * DIGITS} }}}}", f"{{{{ {'9' * DIGITS}9 }}}}", "the number 9999999 is not possible; numbers are"),
        ('{{ "\\"\\\\\'" }}', '{{ "\\n" }}', r"\\n is not possible in quotation marks; write the letter itself"),
        ("{ { } }", '{{ "{{" }}', r"\{\{ is not possible in quotation marks"),
        (
            "a\r\nb\tc",
            "a\n\x0bb",
            r"line 2: a character that cannot be seen \(U\+000B\) is not possible here; type the",
        ),
        ("1.5", "{{ 1.5 }}", "the number 1.5 is not possible"),
    ],
)
def test_each_limit_holds_to_the_one_and_no_further(fits, over, fault):
    check(fits)
    with pytest.raises(TemplateInvalid, match=fault):
        check(over)


def test_what_has_ended_no_longer_counts():
    check(("{% if a %}{{ (a) }}{% elif b %}x{% else %}y{% endif %}\n" * 6)[:-1])


@pytest.mark.parametrize("depth", [1, NESTED])
def test_what_passes_can_be_compiled(depth):
    text = nested(depth).replace("{% endif", "x{% endif", 1).replace("{% if a", f"{brackets(depth)}{{% if a", 1)
    check(text)
    assert Environment(autoescape=True).from_string(text).render(a=1) == "1x"


def test_the_most_conditions_that_pass_can_be_compiled():
    limit = Limit(200_000, 1_000)
    text = "{% if a %}" + "{% elif b %}x" * 998 + "{% endif %}"
    check_signs(text, file="f", limit=limit)
    assert Environment(autoescape=True).from_string(text).render(a=0, b=1) == "x"


def test_letters_of_every_script_are_words():
    check_letters(
        "Zoë, \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645, \U0001f9b4\u200d, ½\u00a0°C\u00ad", file="f", most=99
    )


def test_what_somebody_wrote_is_repeated_on_one_line_and_in_part():
    assert quoted("a\n \x00b") == "a b"
    assert quoted("a" * 41) == "a" * 40 + "…"
    assert quoted("a" * 40) == "a" * 40
