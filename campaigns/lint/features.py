"""Which features of HTML and CSS an email uses, by the names under which the table of mail programs has them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Final

from campaigns.lint.css import declared, rules
from campaigns.lint.html import Seen

_GROUPS: Final = {
    "html-h1-h6": "h1 h2 h3 h4 h5 h6",
    "html-lists": "ul ol li dl dt dd",
    "html-table": "table thead tbody tfoot tr td th caption colgroup col",
    "html-semantics": "article aside details figcaption figure footer header main mark nav section summary time",
}
_GROUP_OF: Final = {tag: slug for slug, tags in _GROUPS.items() for tag in tags.split()}
_FUNCTION: Final = re.compile(r"([a-z][a-z-]*)\(")
_UNIT: Final = re.compile(r"(?<![\w#.])\d*\.?\d+([a-z]+|%)")
_SYSTEM_FONT: Final = re.compile(r"\b(?:system-ui|ui-[a-z]+)")
_MEDIA: Final = re.compile(r"\(\s*([a-z-]+)")
_WIDTHS: Final = ("width", "min-width", "max-width")
"""What every program looks at that looks at media at all."""
_SELECTORS: Final = (
    ("type", re.compile(r"(?<![\w.#:\[-])[a-z]")),
    ("class", re.compile(r"\.[\w-]")),
    ("id", re.compile(r"#[\w-]")),
    ("attribute", re.compile(r"\[")),
    ("universal", re.compile(r"\*")),
    ("chaining", re.compile(r"[\w-]\.[\w-]")),
    ("child", re.compile(r">")),
    ("adjacent-sibling", re.compile(r"\+")),
    ("general-sibling", re.compile(r"~")),
    ("descendant", re.compile(r"[\w\])-]\s+[\w.#:\[*]")),
)
_PSEUDO: Final = re.compile(r"(::?)([a-z-]+)")


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a feature."""

    feature: str
    """As the table names it, `css-border-radius`; what it does not know by a word for its kind: `property zoom`."""
    source: str
    """A pattern by which the place is found where somebody wrote it."""


def features(seen: Seen, known: Container[str]) -> Iterator[Use]:
    """Give what a page uses, some of it more than once; `known` are the names of the table."""
    for tag, attributes in seen.tags.items():
        yield Use(_first(known, _GROUP_OF.get(tag, f"html-{tag}"), f"element {tag}"), rf"<{tag}\b")
        for name, value in attributes:
            yield from _attribute(tag, name, value, known)
    for sheet in seen.sheets:
        yield from _sheet(sheet, known)


def _attribute(tag: str, name: str, value: str, known: Container[str]) -> Iterator[Use]:
    if name == "style":
        yield Use("attribute style", r"\sstyle=")
        yield from _style(value, known)
        return
    yield Use(_first(known, f"html-{name}", f"attribute {name}"), rf"<[^<>]*\s{re.escape(name)}(?=[\s=>/])")
    if tag == "meta" and name == "name":
        yield Use(_first(known, f"html-meta-{value}", f"meta {value}"), rf'<meta name="{re.escape(value)}"')


def _sheet(sheet: str, known: Container[str]) -> Iterator[Use]:
    for rule in rules(sheet):
        for at in rule.at:
            yield from _at(at, known)
        if len(rule.selectors) > 1:
            yield Use("css-selector-grouping", re.escape(",".join(rule.selectors[:2])))
        for selector in rule.selectors:
            yield from _selector(selector, known)
        yield from _style(rule.style, known)


def _at(at: str, known: Container[str]) -> Iterator[Use]:
    name = at[1:].split(maxsplit=1)[0]
    yield Use(_first(known, f"css-at-{name}", f"at-rule @{name}"), rf"@{name}\b")
    if name == "media":
        for asked in _MEDIA.findall(at):
            if asked not in _WIDTHS:
                yield Use(_first(known, f"css-at-media-{asked}", f"media feature {asked}"), rf"@media[^{{]*{asked}")


def _selector(selector: str, known: Container[str]) -> Iterator[Use]:
    source = re.escape(selector)
    for kind, pattern in _SELECTORS:
        if pattern.search(selector):
            yield Use(f"css-selector-{kind}", source)
    for colons, name in _PSEUDO.findall(selector):
        kind = "element" if len(colons) > 1 else "class"
        yield Use(_first(known, f"css-pseudo-{kind}-{name}", f"selector {colons}{name}"), source)


def _style(style: str, known: Container[str]) -> Iterator[Use]:
    for name, value in declared(style).items():
        yield Use(_property(name, known), rf"(?<![\w-]){re.escape(name)}\s*[:=]")
        yield from _value(name, value, known)
    if "!important" in style:
        yield Use("css-important", "!important")


def _property(name: str, known: Container[str]) -> str:
    """Name a property, or the shorter one that it is a side of: `padding-left` is `css-padding`."""
    if name.startswith("mso-"):
        return "property mso-*"
    parts = name.split("-")
    shorter = (f"css-{'-'.join(parts[:length])}" for length in range(len(parts), 0, -1))
    return _first(known, *shorter, f"property {name}")


def _value(name: str, value: str, known: Container[str]) -> Iterator[Use]:
    source = rf"(?<![\w-]){re.escape(name)}\s*[:=]"
    for function in _FUNCTION.findall(value):
        ways = (f"css-function-{function}", f"css-unit-{function}", f"css-{function}")
        named = "css-variables" if function == "var" else _first(known, *ways, f"function {function}()")
        yield Use(named, rf"\b{function}\(")
    for unit in _UNIT.findall(value):
        named = "css-unit-percent" if unit == "%" else _first(known, f"css-unit-{unit}", f"unit {unit}")
        yield Use(named, rf"(?<![\w-]){re.escape(name)}\s*[:=][^;]*\d{unit}")
    if name == "display" and f"css-display-{value}" in known:
        yield Use(f"css-display-{value}", rf"display\s*[:=][\s\"]*{re.escape(value)}")
    if name.startswith("font") and _SYSTEM_FONT.search(value):
        yield Use("css-sytem-ui", source)  # spelt so in the table
    if value == "initial":
        yield Use("css-unit-initial", source)


def _first(known: Container[str], *names: str) -> str:
    """Give the first name that the table has; the last one if it has none."""
    return next((name for name in names if name in known), names[-1])
