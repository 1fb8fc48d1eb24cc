"""The claims register: every medical statement a message makes, with its source and its standing.

A message lists the claims it uses, so that withdrawing one shows at once which messages fall.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from campaigns.errors import TemplateInvalid

_USABLE: Final = ("sourced", "reviewed")


@dataclass(frozen=True, slots=True)
class Claim:
    """One medical statement in our own words."""

    id: str
    statement: str
    source: str
    """Key of a source, or empty where there is none yet."""
    status: str
    """`sourced` or `reviewed`: may be used. `unapproved`, `withdrawn`: no message may use it."""
    note: str = ""

    @property
    def usable(self) -> bool:
        """Whether a message may make it."""
        return self.status in _USABLE


@dataclass(frozen=True, slots=True)
class Register:
    """All claims, and how each source is cited at the foot of a mail."""

    claims: dict[str, Claim]
    citations: dict[str, str]

    def cite(self, ids: tuple[str, ...], *, message: str) -> str:
        """Give the sources of some claims as one sentence part, each once; empty for no claims.

        Raises `TemplateInvalid` for a claim the register does not hold or does not allow.
        """
        cited: dict[str, None] = {}
        for claim_id in ids:
            claim = self.claims.get(claim_id)
            if claim is None:
                raise TemplateInvalid(f"{message}/message.toml: claims: {claim_id} is not in the claims register")
            if not claim.usable:
                raise TemplateInvalid(f"{message}/message.toml: claims: {claim_id} is {claim.status}, not to be used")
            if claim.source not in self.citations:
                raise TemplateInvalid(f"{message}/message.toml: claims: {claim_id} names no source; give it one")
            cited[self.citations[claim.source]] = None
        return "; ".join(cited)


def read_register(path: Path) -> Register:
    """Read `claims.toml`; raises `TemplateInvalid` where it is incomplete."""
    table = tomllib.loads(path.read_text("utf-8"))
    try:
        citations = {key: source["cite"] for key, source in table["sources"].items()}
        claims = {
            key: Claim(key, claim["statement"], claim["source"], claim["status"], claim.get("note", ""))
            for key, claim in table["claims"].items()
        }
    except KeyError as missing:
        raise TemplateInvalid(f"{path.name}: {missing.args[0]} is missing") from None
    for claim in claims.values():
        if claim.usable and claim.source not in citations:
            raise TemplateInvalid(f"{path.name}: {claim.id}: source {claim.source!r} is not described under [sources]")
    return Register(claims, citations)
