"""No pattern that reads what people write goes on for ever, whatever they write.

A pattern that goes back over what it has read takes the square of the length, or more; one that
goes over it once is done a hundred times sooner. The guard only tells the two apart: nothing here
measures speed.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

import campaigns.lint
import campaigns.rendering
from tests.rendering.hostile import unless_it_hangs

LENGTH = 50_000
UNITS = (
    "{{", "}}", "{%", "%}", "{% ", "{%a%}     ", "{%if", "{{ a(", "{#", "#}", "<", "<a", "<a ", "<a>", ">", "</", "[", "]", "[a", "](", "[a](", "[name ",
    "(", ")", "*", "**a ", "_", "`", "\\", "\\[", '"', "'", "'\"", "a", "a ", "A", "AAA ", "aA", "-", "a-", "a'", "’a", " ", "\n", "\n ", " \n", "\t", "\r\n",
    ".", ". ", "a.", "a. ", "?", "!", ":", ": ", ",", ";", "1", "1.", "1.1", "1%", "1 ", "0_", "@", "a@", "a@a.", "#", "# ", "> ", "- ", "1. ", "=", "a=", "a = ",
    "[[", "[[ allow ", "x y", "your ", "your a ", "you have a ", "avoid ", "avoid an ", "sin ", "if a.b ", "no ", "www.", "http://", "https:// ", "http://.",
    "frame.", "body.", "es.", "@media ", "@media{", "a{b}", ".a{", ".a", "h1", "color:", "é", "…", "\u00a0", "\ue0001\ue001", "\x00", "a, line 1: ", "subject: ",
)  # fmt: skip
ENDS = ("", "x", "\n>")
OURS = {
    "campaigns.rendering.frame._NOTE": "reads the frame, which is ours",
    "campaigns.rendering.frame._JINJA": "reads the frame, which is ours",
    "campaigns.lint.features._FUNCTION": "reads styles, which the frame alone has",
    "campaigns.lint.features._UNIT": "reads styles, which the frame alone has",
    "campaigns.lint.html._DARK": "looks for the style sheet of the frame, which comes before all words",
    "campaigns.lint.draft._FAULT": "reads our own refusals, which are short",
    "campaigns.lint.compiling._REFUSAL": "reads our own refusals, which are short",
}
"""Patterns that no words of somebody else reach."""


def patterns() -> Iterator[tuple[str, re.Pattern]]:
    for room in (campaigns.rendering, campaigns.lint):
        for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                yield from _within(f"{module.name}.{name}", value)


def _within(name: str, value: object) -> Iterator[tuple[str, re.Pattern]]:
    if isinstance(value, re.Pattern):
        yield name, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _within(f"{name}[{key}]", one)
    elif isinstance(value, tuple) and not hasattr(value, "_fields"):
        for place, one in enumerate(value):
            yield from _within(f"{name}[{place}]", one)


def ways(name: str) -> set[str]:
    """Give how a pattern is used in its own module: at one place of a text, or to look for all places."""
    module, _, own = name.rpartition(".")
    source = Path(str(importlib.import_module(module).__file__)).read_text("utf-8")
    used = set(re.findall(rf"\b{re.escape(own.partition('[')[0])}\.(\w+)\(", source))
    return {way if way in ("match", "fullmatch") else "finditer" for way in used} or {"finditer"}


FOUND = {name: pattern for name, pattern in patterns() if name not in OURS and isinstance(pattern.pattern, str)}


@pytest.mark.slow
@pytest.mark.parametrize("name", FOUND)
def test_a_pattern_reads_a_text_once(name):
    known = ways(name)
    for unit in UNITS:
        for end in ENDS:
            text = unit * (LENGTH // len(unit)) + end
            with unless_it_hangs(8):
                for way in known:
                    found = getattr(FOUND[name], way)(text)
                    if way == "finditer":
                        deque(found, maxlen=0)


def test_the_patterns_are_found():
    assert len(FOUND) > 60
    assert {"campaigns.rendering.markdown._CONTROL", "campaigns.lint.terms.SPAM"} <= FOUND.keys()
    assert ways("campaigns.rendering.markdown._CONTROL") == {"fullmatch"}
    assert ways("campaigns.lint.phrases._STEP") == ways("campaigns.lint.terms.SPAM") == {"finditer"}
