"""Words and signs that a message must not have, read from its source files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from campaigns.lint import terms
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, finding
from campaigns.lint.pages import Page

_PLAIN: Final = (
    *((kind, pattern, "“{}” claims what must not be claimed") for kind, pattern in terms.CLAIMS.items()),
    ("exclamation", re.compile(r"[!¡]"), "“{}” shouts"),
    ("spam-words", terms.SPAM, "“{}” is what spam says"),
    ("placeholder-text", terms.UNWRITTEN, "“{}” is yet to be written"),
    ("link-label", terms.CLICKING, "“{}” does not say what is behind the link"),
    ("link-shortener", terms.SHORTENERS, "{} shortens links"),
    (
        "raw-address",
        re.compile(r"\bhttps?://[^\s<>]*|\bwww\.[^\s<>]*", re.IGNORECASE),
        "{} is an address in the source",
    ),
)
_TWO_BLANKS: Final = re.compile(r"(?<=\S) {2,}(?=\S)")
_BEFORE_STOP: Final = re.compile(r"(?<=[\w})’”\"]) +[.,;:?](?=[\s<]|$)", re.MULTILINE)
_CURLY: Final = re.compile("[“”‘’«»]")
_STRAIGHT: Final = re.compile("[\"']")
_SENTENCE: Final = re.compile(r"[.?!]\s|\n|[.?!]$")
_STEP: Final = re.compile(r"{%-?\s*+(if|elif|else|endif)\b((?:(?!{%|%}).)*+)%}|{{((?:(?!{{|}}).)*+)}}", re.DOTALL)
_SENTENCE_LENGTH: Final = 1_000
"""Characters; what stands further off belongs to another one."""


def check(draft: Draft) -> Iterator[Finding]:
    """Find them in a message's own files and in the words of the frame."""
    for page in (*draft.own, *draft.frame):
        for kind, pattern, says in _PLAIN:
            for found in pattern.finditer(page.prose):
                yield finding(kind, draft.name, page.line_at(found.start()), says.format(found[0]))
        yield from _shouting(draft, page)
        yield from _statements(draft, page)
    for page in draft.own:
        yield from _blanks(draft, page)
        yield from _unnamed(draft, page)
    yield from _quotes(draft)


def _shouting(draft: Draft, page: Page) -> Iterator[Finding]:
    for found in terms.SHOUTED.finditer(page.prose):
        if not terms.CAPITALS.issuperset(found[0].split()) and not terms.UNWRITTEN.search(found[0]):
            yield finding("shouting", draft.name, page.line_at(found.start()), f"“{found[0]}” is all in capitals")


def _statements(draft: Draft, page: Page) -> Iterator[Finding]:
    """Find what is said of the reader's own health, unless the sentence only asks or supposes it."""
    for found in terms.PERSONAL_HEALTH.finditer(page.prose):
        before = _SENTENCE.split(page.prose[max(0, found.start() - _SENTENCE_LENGTH) : found.start()])[-1]
        end = _SENTENCE.search(page.prose, found.end())
        asked = bool(end and end[0].startswith("?"))
        if not asked and not terms.SUPPOSING.search(before):
            says = f"“{found[0]}” takes it as known what the reader suffers from"
            yield finding("health-statement", draft.name, page.line_at(found.start()), says)


def _blanks(draft: Draft, page: Page) -> Iterator[Finding]:
    for found in _TWO_BLANKS.finditer(page.raw):
        yield finding("two-blanks", draft.name, page.line_at_raw(found.start()), "there are two blanks in a row")
    for found in _BEFORE_STOP.finditer(page.raw):
        says = f"there is a blank before “{found[0].strip()}”"
        yield finding("blank-before-period", draft.name, page.line_at_raw(found.start()), says)


def _unnamed(draft: Draft, page: Page) -> Iterator[Finding]:
    """Find a first name that is printed where there may be none."""
    asked: list[str] = []
    for found in _STEP.finditer(page.raw):
        word, condition, value = found[1], found[2], found[3]
        if word == "if":
            asked.append(condition)
        elif word in ("elif", "else") and asked:
            asked[-1] = condition
        elif word == "endif" and asked:
            asked.pop()
        elif value and re.search(r"\bfirst_name\b", value) and not any(map(_named, asked)):
            says = "the sentence reads badly for somebody without a first name"
            yield finding("first-name-without-fallback", draft.name, page.line_at_raw(found.start()), says)


def _named(condition: str) -> bool:
    return bool(re.search(r"(?<!not )\bfirst_name\b", condition))


def _quotes(draft: Draft) -> Iterator[Finding]:
    for language in {page.language for page in draft.own}:
        pages = [page for page in draft.own if page.language == language]
        curly = any(map(_CURLY.search, (page.prose for page in pages)))
        for page, found in chain.from_iterable(_straight(page) for page in pages) if curly else ():
            says = f"a straight {found[0]} stands among curly ones"
            yield finding("mixed-quotes", draft.name, page.line_at(found.start()), says)


def _straight(page: Page) -> Iterator[tuple[Page, re.Match[str]]]:
    for found in _STRAIGHT.finditer(page.prose):
        yield page, found
