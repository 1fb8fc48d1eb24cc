"""Findings that somebody has decided to let pass: `[[allow]]` tables in `message.toml`, each with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from campaigns.errors import TemplateInvalid
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, Spot, finding
from campaigns.lint.kinds import KINDS
from campaigns.rendering.front_matter import Allowed, read_front_matter

NEVER: Final = frozenset(
    """
    unknown-name unknown-macro unknown-filter unknown-tag not-markdown does-not-compile unknown-key bad-setting
    missing-file missing-subject missing-preheader bad-register unknown-allow allow-without-why never-allowed
    unknown-claim unapproved-claim education-without-claims
    raw-address foreign-link dead-link link-shortener
    no-disclaimer no-help-line no-address no-stop-in-html no-stop-in-text text-without-clinic no-stop-word
    """.split()  # noqa: SIM905  # a table of words reads better than a list of strings
)
"""Kinds that no reason lets pass: what cannot be rendered, what nobody has signed, and what the law asks for."""
_SHORTEST_WHY: Final = 20
_ALLOW: Final = re.compile(r"^[ \t]*\[\[[ \t]*allow[ \t]*\]\]", re.MULTILINE)


def allowed(draft: Draft, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Give the findings of a message: those that it allows as warnings with the reason; and faults of the allowing."""
    try:
        asked = read_front_matter(draft.name, draft.toml).allow
    except TemplateInvalid:
        asked = ()
    reasons = {one.kind: one.why for one in asked if not _fault(one)}
    for found in findings:
        why = reasons.get(found.kind) if found.message_name == draft.name else None
        yield found if why is None else replace(found, severity="warning", says=f"{found.says} (allowed: {_bare(why)})")
    kinds = {found.kind for found in findings if found.message_name == draft.name}
    for one, spot in zip(asked, _spots(draft), strict=False):
        fault = _fault(one) or ("" if one.kind in kinds else "unused-allow")
        if fault:
            yield finding(fault, draft.name, spot, _says(fault, one))


def _fault(one: Allowed) -> str:
    if one.kind not in KINDS:
        return "unknown-allow"
    if one.kind in NEVER:
        return "never-allowed"
    return "allow-without-why" if len(one.why) < _SHORTEST_WHY else ""


def _bare(why: str) -> str:
    return why.rstrip(".")


def _says(fault: str, one: Allowed) -> str:
    if fault == "unknown-allow":
        return f"there is no kind of finding “{one.kind}”"
    if fault == "never-allowed":
        return f"{one.kind} cannot be let pass"
    return f"{one.kind} is let pass for “{one.why}”" if fault == "allow-without-why" else f"nothing here is {one.kind}"


def _spots(draft: Draft) -> Iterator[Spot]:
    for found in _ALLOW.finditer(draft.toml):
        yield Spot(draft.setting_file, draft.toml.count("\n", 0, found.end()) + 1)
