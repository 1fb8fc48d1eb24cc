"""What keeps a message from being compiled, as findings: the compiler's own refusals, each at its line."""

from __future__ import annotations

import re
from typing import Final

from campaigns.errors import TemplateInvalid
from campaigns.language import ENGLISH
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, Spot, finding
from campaigns.rendering.environment import Compiled, compile_source, languages_of
from campaigns.rendering.frame import HTML

_REFUSAL: Final = re.compile(
    r"(?P<file>[^:,]+?)(?:: (?P<key>subject|preheader))?(?:, line (?P<line>\d+))?: (?:(?P<language>es): )?(?P<what>.*)",
    re.DOTALL,
)
_KINDS: Final = (
    ("is not a name that templates know", "unknown-name"),
    ("only the frame's macros can be called|things in brackets", "unknown-macro"),
    ("there is no filter", "unknown-filter"),
    ("the tag <", "unknown-tag"),
    ("links come from the list", "raw-address"),
    (r"\b(?:longer|more) than\b|at most", "beyond-limits"),
    ("not a key of a message|belongs to emails only|holds subject and preheader only", "unknown-key"),
    ("^subject must say", "missing-subject"),
    ("^preheader must say", "missing-preheader"),
    (r" must |at line \d+", "bad-setting"),
    (r"^\S+ is missing", "missing-file"),
    ("", "does-not-compile"),
)
"""First match wins."""


def compiled(draft: Draft, found: list[Finding]) -> dict[str, Compiled]:
    """Compile a message in every language that it has words in; a refusal is added to `found` instead."""
    made = {}
    try:
        languages = languages_of(draft.source)
    except TemplateInvalid as refusal:
        found.append(refused(draft, str(refusal), ENGLISH))
        return {}
    for language in languages:
        try:
            made[language] = compile_source(draft.source, language=language)
        except TemplateInvalid as refusal:
            # A frame that did not come to any HTML is a finding of its own.
            if HTML in draft.source.files or f"{HTML} is missing" not in str(refusal):
                found.append(refused(draft, str(refusal), language))
    return made


def refused(draft: Draft, refusal: str, language: str) -> Finding:
    """Make a finding of the words of a `TemplateInvalid`."""
    parts = _REFUSAL.fullmatch(refusal)
    what = parts["what"] if parts else refusal
    kind = next(kind for pattern, kind in _KINDS if re.search(pattern, what))
    return finding(kind, draft.name, _spot(draft, parts, language), what.rstrip("."))


def _spot(draft: Draft, parts: re.Match[str] | None, language: str) -> Spot:
    if parts is None:
        return Spot(draft.setting_file)
    file, what = f"messages/{parts['file']}", parts["what"]
    if parts["key"]:
        return draft.setting(parts["key"], language)
    if parts["line"]:
        return Spot(file, int(parts["line"]))
    if parts["file"] == draft.name:  # what is said of a file begins with its name
        named = what.split()[0]
        return Spot(f"messages/{named}" if named.startswith("frame.") else f"{file}/{named}")
    if line := re.search(r"at line (\d+)", what):
        return Spot(file, int(line[1]))
    if file.endswith("message.toml"):
        return draft.setting(what.split()[0], parts["language"] or ENGLISH)
    return Spot(file)
