"""Approve messages from the command line: a clinician's yes to the words as they stand.

The words of a version never change, so an approval never covers words that nobody read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from campaigns.errors import ConfigurationError, Rejected
from campaigns.operations.approve import APPROVED_FOR, check_claims
from campaigns.runtime import build
from campaigns.settings import Settings
from campaigns.store.approvals import Approval, approve
from campaigns.store.engine import transaction
from campaigns.store.versions import current_versions, versions_of


@dataclass(frozen=True, slots=True)
class Said:
    """What is said on the command line about a clinician's yes."""

    name: str
    licence: str
    interests: str
    evidence: str
    days: int


def approve_messages(settings: Settings, say: Callable[[str], None], said: Said, messages: Sequence[str]) -> int:
    """Approve the newest version of the named messages, or of all; gives 0.

    Raises `ConfigurationError` for a message that is not there, for days beyond a year, for what is left empty,
    and for a claim that may not be made; then none is approved.
    """
    _check(said)
    with build(settings) as runtime, transaction(runtime.engine) as db:
        now = runtime.clock()
        newest = {name: versions_of(db, name)[0] for name in current_versions(db)}
        unknown = sorted(set(messages) - newest.keys())
        if unknown:
            raise ConfigurationError(f"There is no message {unknown[0]}. There are: {', '.join(sorted(newest))}")
        until = now + timedelta(days=said.days)
        given = Approval(said.name.strip(), said.licence, until, interests=said.interests, evidence=said.evidence)
        for message in sorted(messages or newest):
            try:
                check_claims(db, newest[message])
            except Rejected as wrong:
                raise ConfigurationError(f"{message}: {wrong}") from None
            approve(db, newest[message].id, given, now)
            say(f"{message}: version {newest[message].number} approved until {until:%Y-%m-%d}")
    return 0


def _check(said: Said) -> None:
    if not 1 <= said.days <= APPROVED_FOR.days:
        raise ConfigurationError(f"--days: from 1 to {APPROVED_FOR.days}; an approval lasts a year at most")
    if not said.name.strip() or not said.licence.strip():
        raise ConfigurationError("--name and --licence: say who has read the messages, and by which licence")
    if not said.interests.strip() or not said.evidence.strip():
        raise ConfigurationError("--interests and --references: say what the clinician gains, and what was looked up")
