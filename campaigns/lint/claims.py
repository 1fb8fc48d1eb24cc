"""Medical statements: each message lists them, by claims that may be used, and makes no other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from campaigns.domain.steps import Purpose
from campaigns.lint import terms
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, Spot, finding
from campaigns.lint.pages import Page
from campaigns.rendering.claims import Claim, Register

_SHARE: Final = re.compile(r"(?<!\d)(\d+(?:[.,]\d+)?)\s?(?:%|per ?cent\b|por ciento\b)", re.IGNORECASE)


def check(draft: Draft) -> Iterator[Finding]:
    """Find claims that may not be listed, and statements without one."""
    yield from ids(draft.name, draft.claims, draft.register, lambda claim_id: _listing(draft, claim_id))
    listed = [draft.register.claims[one] for one in draft.claims if one in draft.register.claims]
    purpose = draft.table.get("purpose")
    if purpose == Purpose.EDUCATION and not draft.claims:
        says = "a message that teaches lists no claims"
        yield finding("education-without-claims", draft.name, draft.setting("claims"), says)
    elif purpose in (Purpose.EDUCATION, Purpose.MARKETING):
        yield from unlisted(draft.name, draft.own, listed)
    yield from shares(draft.name, draft.own, listed)
    yield from _sources(draft, listed)


def ids(name: str, claims: Sequence[str], register: Register, spot_of: Callable[[str], Spot]) -> Iterator[Finding]:
    """Find ids that are not to be listed; `spot_of` gives the line on which one stands."""
    for claim_id, times in Counter(claims).items():
        spot = spot_of(claim_id)
        claim = register.claims.get(claim_id)
        if claim is None:
            yield finding("unknown-claim", name, spot, f"{claim_id} is not in the claims register")
        elif not claim.usable:
            yield finding("unapproved-claim", name, spot, f"{claim_id} is {claim.status}")
        if times > 1:
            yield finding("claim-twice", name, spot, f"{claim_id} is listed twice")


def _listing(draft: Draft, claim_id: str) -> Spot:
    for number, line in enumerate(draft.toml.split("\n"), start=1):
        if f'"{claim_id}"' in line or f"'{claim_id}'" in line:
            return Spot(draft.setting_file, number)
    return draft.setting("claims")


def unlisted(name: str, pages: Sequence[Page], listed: Sequence[Claim]) -> Iterator[Finding]:
    """Find medical words that stand in none of the claims."""
    statements = " ".join(claim.statement for claim in listed).lower()
    for page in pages:
        for found in terms.MEDICAL.finditer(page.prose):
            if found[0].lower().removesuffix("s") not in statements:
                says = f"“{found[0]}” is in no claim that is listed for it"
                yield finding("medical-words-without-claim", name, page.line_at(found.start()), says)


def shares(name: str, pages: Sequence[Page], listed: Sequence[Claim]) -> Iterator[Finding]:
    """Find percentages that stand in none of the claims."""
    figures = {share for claim in listed for share in _SHARE.findall(claim.statement)}
    for page in pages:
        for found in _SHARE.finditer(page.prose):
            if found[1] not in figures:
                says = f"“{found[0]}” stands in no claim that is listed for it"
                yield finding("percentage-without-reference", name, page.line_at(found.start()), says)


def _sources(draft: Draft, listed: list[Claim]) -> Iterator[Finding]:
    """Find sources that are not those of the claims, each named once."""
    implied = {claim.source for claim in listed if claim.source}
    if sorted(draft.sources) != sorted(implied):
        named = ", ".join(draft.sources) or "none"
        says = f"the claims come from {', '.join(sorted(implied)) or 'no source'}, and sources names {named}"
        yield finding("other-sources", draft.name, draft.setting("sources"), says)
