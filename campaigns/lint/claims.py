"""Medical statements: each message lists them, by claims that may be used, and makes no other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from campaigns.domain.steps import Purpose
from campaigns.lint import terms
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, Spot, finding
from campaigns.rendering.claims import Claim

_SHARE: Final = re.compile(r"(?<!\d)(\d+(?:[.,]\d+)?)\s?(?:%|per ?cent\b|por ciento\b)", re.IGNORECASE)


def check(draft: Draft) -> Iterator[Finding]:
    """Find claims that may not be listed, and statements without one."""
    yield from _ids(draft)
    listed = [draft.register.claims[one] for one in draft.claims if one in draft.register.claims]
    purpose = draft.table.get("purpose")
    if purpose == Purpose.EDUCATION and not draft.claims:
        says = "a message that teaches lists no claims"
        yield finding("education-without-claims", draft.name, draft.setting("claims"), says)
    elif purpose in (Purpose.EDUCATION, Purpose.MARKETING):
        yield from _unlisted(draft, listed)
    yield from _shares(draft, listed)


def _ids(draft: Draft) -> Iterator[Finding]:
    for claim_id, times in Counter(draft.claims).items():
        spot = _listing(draft, claim_id)
        claim = draft.register.claims.get(claim_id)
        if claim is None:
            yield finding("unknown-claim", draft.name, spot, f"{claim_id} is not in the claims register")
        elif not claim.usable:
            yield finding("unapproved-claim", draft.name, spot, f"{claim_id} is {claim.status}")
        if times > 1:
            yield finding("claim-twice", draft.name, spot, f"{claim_id} is listed twice")


def _listing(draft: Draft, claim_id: str) -> Spot:
    for number, line in enumerate(draft.toml.split("\n"), start=1):
        if f'"{claim_id}"' in line or f"'{claim_id}'" in line:
            return Spot(draft.setting_file, number)
    return draft.setting("claims")


def _unlisted(draft: Draft, listed: list[Claim]) -> Iterator[Finding]:
    statements = " ".join(claim.statement for claim in listed).lower()
    for page in draft.own:
        for found in terms.MEDICAL.finditer(page.prose):
            if found[0].lower().removesuffix("s") not in statements:
                says = f"“{found[0]}” is in no claim that the message lists"
                yield finding("medical-words-without-claim", draft.name, page.line_at(found.start()), says)


def _shares(draft: Draft, listed: list[Claim]) -> Iterator[Finding]:
    figures = {share for claim in listed for share in _SHARE.findall(claim.statement)}
    for page in draft.own:
        for found in _SHARE.finditer(page.prose):
            if found[1] not in figures:
                says = f"“{found[0]}” stands in no claim that the message lists"
                yield finding("percentage-without-reference", draft.name, page.line_at(found.start()), says)
