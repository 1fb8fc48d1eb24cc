"""What mail programs do not understand: every feature of an email against a published table, and against our reasons.

`clients.toml` says which program lacks what; `harmless.toml` says without which features an email
still reads as well, in which programs, and why. Anything else that a program lacks, or that
nobody has tested, is a finding.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from campaigns.lint.draft import Draft
from campaigns.lint.features import Use, features
from campaigns.lint.finding import Finding, finding
from campaigns.lint.rendered import Mail

_PAGE: Final = "https://www.caniemail.com/features/{}/"


@dataclass(frozen=True, slots=True)
class Table:
    """What programs lack, and what they may."""

    clients: Mapping[str, str]
    """Program → its name for people."""
    lacking: Mapping[str, Mapping[str, Sequence[str]]]
    """Feature → `no` and `partly` → programs."""
    harmless: Mapping[str, Sequence[str]]
    """Feature → programs, or families of them, in which an email reads as well without it."""
    untested: frozenset[str]
    """Features that the table does not have, each with a reason why it may be used."""

    def unfit(self, feature: str, how: str) -> list[str]:
        """Name the programs that lack a feature, `no` or `partly`, and may not."""
        fine = tuple(self.harmless.get(feature, ()))
        return [self.clients[one] for one in self.lacking[feature].get(how, ()) if not one.startswith(fine or ("-",))]


@cache
def table() -> Table:
    """Read the two files."""
    told, ours = (
        tomllib.loads(Path(__file__).with_name(name).read_text("utf-8")) for name in ("clients.toml", "harmless.toml")
    )
    harmless = {feature: entry["without"] for feature, entry in ours["harmless"].items()}
    return Table(told["clients"], told["features"], harmless, frozenset(ours["untested"]))


def check(draft: Draft, mails: Sequence[Mail]) -> Iterator[Finding]:
    """Find features that some mail program does not understand, and nobody has said that this does no harm."""
    known = table()
    used: dict[str, Use] = {}
    for mail in mails:
        for use in features(mail.seen, known.lacking):
            used.setdefault(use.feature, use)
    for feature, use in sorted(used.items()):
        if feature not in known.lacking:
            if feature not in known.untested:
                says = f"nobody has tested the {feature}"
                yield finding("untested-feature", draft.name, draft.found(use.source), says)
            continue
        without, partly = known.unfit(feature, "no"), known.unfit(feature, "partly")
        lacks = [
            *([f"is not understood by {', '.join(without)}"] if without else []),
            *([f"only in part by {', '.join(partly)}"] if partly else []),
        ]
        if lacks:
            says = f"{feature} {', '.join(lacks)} ({_PAGE.format(feature)})"
            yield finding("unsupported-feature", draft.name, draft.found(use.source), says)
