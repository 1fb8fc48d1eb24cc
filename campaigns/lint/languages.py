"""The same message in every language, with the same values and links; and words of the frame that nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from campaigns.domain.steps import Purpose
from campaigns.errors import TemplateInvalid
from campaigns.language import ENGLISH, NAMES
from campaigns.lint.draft import Draft
from campaigns.lint.finding import FRAME, Finding, finding
from campaigns.lint.pages import holes
from campaigns.rendering.environment import languages_of

_NAME: Final = re.compile(r"[a-z_]+")
_MACRO: Final = re.compile(r"{%-?\s*macro\s+(\w+)")


def check(draft: Draft) -> Iterator[Finding]:
    """Find what a translation lacks, or has too much."""
    try:
        written = languages_of(draft.source)
    except TemplateInvalid:
        return
    spoken = _names(draft, ENGLISH)
    for language in NAMES:
        if language not in written and draft.table.get("purpose") == Purpose.SERVICE:
            says = f"there is no {NAMES[language]} for a message of the service"
            yield finding("missing-translation", draft.name, draft.body(ENGLISH), says)
        if language != ENGLISH and language in written:
            other = _names(draft, language)
            if differing := sorted(spoken ^ other):
                first = differing[0]
                there = language if first in other else ENGLISH
                spot = next(
                    (spot for page in draft.own if page.language == there and (spot := page.line_with(first))),
                    draft.body(there),
                )
                says = f"only one of {NAMES[ENGLISH]} and {NAMES[language]} has {', '.join(differing)}"
                yield finding("other-placeholders", draft.name, spot, says)


def check_frame(drafts: Sequence[Draft]) -> Iterator[Finding]:
    """Find words of the frame that neither the frame nor a message uses."""
    for words in drafts[0].frame if drafts else ():
        for macro in _MACRO.finditer(words.raw) if words.file.endswith(".words") else ():
            pages = (*drafts[0].frame, *(page for draft in drafts for page in draft.own))
            used = re.compile(rf"(?<!macro )\b{macro[1]}\(")
            if not any(used.search(page.raw) for page in pages):
                says = f"{macro[1]} is used nowhere"
                yield finding("unused-words", FRAME, words.line_at_raw(macro.start()), says)


def _names(draft: Draft, language: str) -> set[str]:
    """List the names that the bodies of a language use; subjects may be built otherwise."""
    bodies = [page.raw for page in draft.own if page.language == language and not page.file.endswith(".toml")]
    return {name for body in bodies for hole in holes(body) for name in _NAME.findall(hole)}
