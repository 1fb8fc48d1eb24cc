"""Templates are words with holes: what else they try is refused with file, line and name."""

from __future__ import annotations

import pytest
from jinja2 import Environment

from campaigns.errors import TemplateInvalid
from campaigns.rendering.checks import check_frame, check_tags, check_words

ENVIRONMENT = Environment(autoescape=True)
NAMES = frozenset({"first_name", "join_url", "is_soon", "minutes_left"})


def check(text: str) -> None:
    check_words(ENVIRONMENT, text, file="m/body.html", names=NAMES, macros={"button": 2})


@pytest.mark.parametrize(
    "text",
    [
        "Hello {{ first_name }}",
        '{{ button("Join", join_url) }}',
        "{% if is_soon and not minutes_left > 5 or minutes_left == 9 %}a{% elif is_soon %}b{% else %}c{% endif %}",
        '{{ "a" if is_soon else "b" }}',
        "{{ first_name|upper }}",
    ],
)
def test_words_questions_and_the_frame_s_macros_are_fine(text):
    check(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a\n\n{{ phone_number }}", r"m/body\.html, line 3: phone_number is not a name that templates know"),
        ("{{ first_name.__class__ }}", "line 1: Getattr is not possible"),
        ("{{ first_name['x'] }}", "Getitem is not possible"),
        ("{{ first_name() }}", "only the frame's macros can be called: button"),
        ("{{ range(9) }}", "only the frame's macros can be called"),
        ('{{ button("Join") }}', "button takes 2 things in brackets"),
        ('{{ button(label="Join", url=join_url) }}', "button takes 2 things in brackets"),
        ("{{ first_name|sift }}", "line 1: there is no filter sift"),
        ("{{ button.x() }}", "only the frame's macros|Getattr is not possible"),
        ("{{ button }}", "button is not a name"),
        ("{% for x in first_name %}{% endfor %}", "For is not possible"),
        ("{% set x = 1 %}", "Assign is not possible"),
        ("{% include 'x' %}", "Include is not possible"),
        ("{% macro x() %}{% endmacro %}", "Macro is not possible"),
        ("{{ 'a' * 10 ** 10 }}", "Mul is not possible"),
        ("{{ 'a' ~ 'b' }}", "Concat is not possible"),
        ("{{ [1] }}", "List is not possible"),
        ("{% autoescape false %}{% endautoescape %}", "is not possible"),
        ("a\n{% if %}", r"m/body\.html, line 2: Expected an expression"),
        ("Go to https://x.example", "links come from the list of names"),
        ("<p onclick='JavaScript:x'>", "links come from the list of names"),
        ("a" * 120_001, "longer than 120000 characters; shorten it"),
    ],
)
def test_everything_else_is_refused(text, fault):
    with pytest.raises(TemplateInvalid, match=fault):
        check(text)


def test_a_frame_may_loop_define_macros_and_use_its_own_names():
    text = "{% macro button(label) %}{{ label }}{% endmacro %}{% for n in first_name %}{{ n }}{% endfor %}"
    assert check_frame(ENVIRONMENT, text, file="frame.html", names=NAMES, macros={"was": 0}) == {"was": 0, "button": 1}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{{ secret }}", r"frame\.html, line 1: secret is not a name"),
        ("{% set x = 1 %}", "Assign is not possible"),
    ],
)
def test_a_frame_keeps_to_the_list_too(text, fault):
    with pytest.raises(TemplateInvalid, match=fault):
        check_frame(ENVIRONMENT, text, file="frame.html", names=NAMES, macros={})


def test_the_frame_s_tags_are_fine_with_and_without_their_class():
    check_tags('<h1>a</h1>\n<p class="note">b</p>', file="f", tags=frozenset({"h1", "p", 'p class="note"'}))


@pytest.mark.parametrize("tag", ["<script>", "</script>", "<p onclick='x'>", '<img src="x">', "<P>", "<a>"])
def test_other_tags_are_refused(tag):
    with pytest.raises(TemplateInvalid, match=r"f, line 2: the tag <.+> is not one of the frame's"):
        check_tags(f"<p>a</p>\n{tag}", file="f", tags=frozenset({"p"}))
