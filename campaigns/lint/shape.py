"""The HTML of an email: fit for screen readers, for poor eyes, for the dark, and for Gmail."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Final

from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, Spot, finding
from campaigns.lint.html import Look, contrast
from campaigns.lint.rendered import ADDRESS, Mail

_LEAST_CONTRAST: Final = 4.5
"""WCAG 2.2, AA."""
_SMALLEST: Final = 14
_SMALLEST_BODY: Final = 16
MOST_BYTES: Final = 100_000
"""Gmail clips at 102 KB."""
_NUMBERED: Final = re.compile(r"(?m)^\d+\. ")
_POINTED: Final = re.compile(r"<[^<>\s]+>")
"""Where a link of the plain body leads; the HTML hides it behind the label."""
_WORD: Final = re.compile(r"[\w’']+")


def check(draft: Draft, mails: Sequence[Mail]) -> Iterator[Finding]:
    """Find what is wrong with the HTML of emails, and what it says that the plain body does not."""
    for mail in mails:
        yield from _headings(draft, mail)
        yield from _tags(draft, mail)
        yield from _sizes(draft, mail)
        yield from _colours(draft, mail)
        yield from _difference(draft, mail)


def _headings(draft: Draft, mail: Mail) -> Iterator[Finding]:
    headings = mail.seen.headings
    first = [heading for heading in headings if heading.level == 1]
    if not first:
        spot = draft.body(mail.language, ".html")
        yield finding("no-heading", draft.name, spot, "there is no first-level heading")
    if len(first) > 1:
        spot = draft.where(first[1].words, mail.language, ".html")
        yield finding("two-headings", draft.name, spot, f"“{first[1].words}” is a second first-level heading")
    for one, other in pairwise(headings):
        if other.level > one.level + 1:
            spot = draft.where(other.words, mail.language, ".html")
            says = f"“{other.words}” is of level {other.level} below one of level {one.level}"
            yield finding("skipped-heading", draft.name, spot, says)


def _tags(draft: Draft, mail: Mail) -> Iterator[Finding]:
    seen, size = mail.seen, len(mail.html.encode())
    if seen.unlabelled:
        yield finding("image-without-alt", draft.name, draft.found(r"<img(?![^>]*\balt=)"), "a picture has no alt")
    if seen.roleless:
        spot = draft.found(r'<table(?![^>]*role="presentation")')
        yield finding("table-without-role", draft.name, spot, "screen readers take a table for one of figures")
    if seen.lang != mail.language:
        says = f"the HTML says it is in “{seen.lang}”, and is in {mail.language}"
        yield finding("missing-lang", draft.name, draft.found(r"<(?:html|mjml)\b"), says)
    if not seen.title.strip():
        yield finding("missing-title", draft.name, draft.found("<(?:mj-)?title"), "the HTML has no title")
    if size > MOST_BYTES:
        spot = draft.body(mail.language, ".html")
        yield finding("too-big", draft.name, spot, f"the HTML has {size:,} bytes")


def _sizes(draft: Draft, mail: Mail) -> Iterator[Finding]:
    for run in mail.seen.visible:
        if run.look.size < _SMALLEST:
            says = f"“{_short(run.words)}” is {run.look.size:g}px"
            yield finding("small-text", draft.name, _sized(draft, run.look), says)
    letters: Counter[float] = Counter()
    for run in mail.own_runs:
        letters[run.look.size] += len(run.words.strip())
    for most, _ in letters.most_common(1):
        if _SMALLEST <= most < _SMALLEST_BODY:
            look = next(run.look for run in mail.own_runs if run.look.size == most)
            yield finding("small-body", draft.name, _sized(draft, look), f"most of the message is {most:g}px")


def _colours(draft: Draft, mail: Mail) -> Iterator[Finding]:
    for run in mail.seen.visible:
        look = run.look
        for kind, ink, ground in (
            ("contrast", look.ink, look.ground),
            ("contrast-dark", look.dark_ink, look.dark_ground),
        ):
            if (found := contrast(ink, ground)) < _LEAST_CONTRAST:
                says = f"{ink} on {ground} has a contrast of {found:.2f}: “{_short(run.words)}”"
                yield finding(kind, draft.name, _inked(draft, ink, ground), says)


def _difference(draft: Draft, mail: Mail) -> Iterator[Finding]:
    """Find the first word at which the two bodies part."""
    page = _words(" ".join(run.words for run in mail.seen.visible))
    plain = _words(_POINTED.sub(" ", _NUMBERED.sub("", mail.plain)))
    for place, (one, other) in enumerate(zip_longest(page, plain)):
        if one != other:
            around = slice(max(0, place - 2), place + 4)
            html, text = " ".join(page[around]), " ".join(plain[around])
            says = f"the HTML says “{html}” where the plain text says “{text}”"
            yield finding("parts-differ", draft.name, draft.where(html or text, mail.language, ".html"), says)
            return


def _words(text: str) -> list[str]:
    return _WORD.findall(ADDRESS.sub(" ", text))


def _sized(draft: Draft, look: Look) -> Spot:
    # MJML has an attribute for it; in HTML what follows it tells one declaration from the others.
    return draft.found(re.escape(look.sized) or "<body", rf'font-size="{look.size:g}px"')


def _inked(draft: Draft, ink: str, ground: str) -> Spot:
    """Give the line that sets the ink of a pair, or its ground: a pair that differs in one from all others."""
    for colour in (ink, ground):
        for page in (*draft.own, *draft.frame):
            if found := re.search(
                rf"(?<![-\w])color:\s*{colour}|background-color:\s*{colour}", page.raw, re.IGNORECASE
            ):
                return page.line_at_raw(found.start())
    return Spot("messages/frame.mjml")


def _short(words: str) -> str:
    return " ".join(words.split()[:5])
