"""A body in Markdown becomes both parts of an email, or says which line it cannot be read at."""

from __future__ import annotations

from contextlib import suppress

import pytest

from campaigns.errors import TemplateInvalid
from campaigns.rendering.markdown import bodies_of

WHOLE = """# Your place{{ name_after }}

{{ times() }}
{% if switched %}
It replaces the time you had before.
{% elif asks %}
Or not.
{% endif %}
You **can** [pick another date](manage_url){% if has_texts %}, by text{% endif %}. 2 < 3 & "so" on,
in one paragraph.

- one **strong** item
- [two](join_url)

1. first
2. second

[Open my link](join_url)

> Small print.
"""


def test_every_block_comes_in_both_forms() -> None:
    both = bodies_of(WHOLE, file="a/body.md")
    assert both.html.splitlines() == [
        "<h1>Your place{{ name_after }}</h1>",
        "{{ times() }}",
        "{% if switched %}",
        "<p>It replaces the time you had before.</p>",
        "{% elif asks %}",
        "<p>Or not.</p>",
        "{% endif %}",
        (
            '<p>You <strong>can</strong> {{ link("pick another date", manage_url) }}{% if has_texts %}, by text{% endif %}.'
            ' 2 &lt; 3 &amp; "so" on, in one paragraph.</p>'
        ),
        "<ul>",
        "<li>one <strong>strong</strong> item</li>",
        '<li>{{ link("two", join_url) }}</li>',
        "</ul>",
        "<ol>",
        "<li>first</li>",
        "<li>second</li>",
        "</ol>",
        '{{ button("Open my link", join_url) }}',
        '<p class="note">Small print.</p>',
    ]
    assert [line for line in both.plain.splitlines() if line] == [
        "Your place{{ name_after }}",
        "{{ times() }}",
        "{% if switched %}",
        "It replaces the time you had before.",
        "{% elif asks %}",
        "Or not.",
        "{% endif %}",
        (
            'You can {{ link("pick another date", manage_url) }}{% if has_texts %}, by text{% endif %}.'
            ' 2 < 3 & "so" on, in one paragraph.'
        ),
        "- one strong item",
        '- {{ link("two", join_url) }}',
        "1. first",
        "2. second",
        '{{ button("Open my link", join_url) }}',
        "Small print.",
    ]


def test_a_condition_with_its_words_on_one_line_is_a_paragraph() -> None:
    assert bodies_of("{% if a %}Words.{% endif %}\n", file="f").html == "<p>{% if a %}Words.{% endif %}</p>\n"


def test_quotes_in_the_words_of_a_link_stay_words() -> None:
    assert bodies_of('[the "best" one](join_url)', file="f").html == '{{ button("the \\"best\\" one", join_url) }}\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("# One\n\n## Two", r"m/body\.md, line 3: a message has one heading"),
        ("a\n\n<b>c</b>", r"line 3: <b> - HTML is not possible"),
        ("a\n\n<!-- c -->", "line 3: <!-- c --> - HTML"),
        ("[here](https://elsewhere.example)", r"line 1: \(https://elsewhere\.example\) is no target"),
        ("[here](javascript:alert)", "line 1: this link cannot be read"),
        ("{% if a %}\n[**here**](join_url) and more\n{% endif %}", "line 2: the words of a link are plain"),
        ("so [a {{ b }}](join_url)", "line 1: the words of a link are plain"),
        ("so *thin*", r"line 1: only \*\*strong\*\* words"),
        ("- a\n  - b", "line 1: an item of a list is one paragraph"),
        ("a\n\ue0009\ue001", r"line 2: a character that cannot be seen \(U\+E000\)"),
        ("a\n\n{% raw %}{{ <script\n>x</script\n> }}{% endraw %}", "line 3: {% raw is not possible"),
        ("a {# unseen #}", "line 1: {# is not possible"),
        ("a <script\n>b", "line 1: <script - HTML"),
        ("> a\n>\n> b", "line 1: small print is one paragraph"),
    ],
)
def test_a_fault_names_the_line_and_what_is_possible(text: str, fault: str) -> None:
    with pytest.raises(TemplateInvalid, match=fault):
        bodies_of(text, file="m/body.md")


@pytest.mark.parametrize(
    "text", ["", "\n\n", "a" * 200_000, "[" * 5_000, "> " * 2_000 + "a", "- " * 500 + "a", "*" * 20_000]
)
def test_hostile_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    with suppress(TemplateInvalid):
        bodies_of(text, file="f")
