"""Approve messages from the command line: a clinician's yes to the words as they stand.

The words of a version never change, so an approval never covers words that nobody read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.errors import ConfigurationError, Rejected
from campaigns.operations.approve import APPROVED_FOR, check_claims
from campaigns.runtime import build
from campaigns.settings import Settings
from campaigns.store.approvals import Approval, approve, waiting_versions
from campaigns.store.engine import Connection, transaction
from campaigns.store.staff import record
from campaigns.store.versions import Version, current_versions, versions_of, writers_of

_SHOWN: Final = 12
"""Digits of a hash that are shown, and asked for."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said on the command line about a clinician's yes."""

    name: str
    licence: str
    interests: str
    evidence: str
    days: int


def approve_messages(settings: Settings, say: Callable[[str], None], said: Said, messages: Sequence[str]) -> int:
    """Approve the newest versions of messages, each named `message@hash` with the hash that was read; gives 0.

    Without any it lists what there is, with its hashes. Raises `ConfigurationError` for a message that is not
    there, for another hash than the newest version's, for days beyond a year, for what is left empty, for a claim
    that may not be made, and for whoever wrote the words; then none is approved.
    """
    with build(settings) as runtime, transaction(runtime.engine) as db:
        newest = {name: versions_of(db, name)[0] for name in current_versions(db)}
        if not messages:
            waiting = {name for name, _ in waiting_versions(db, runtime.clock())}
            for name, version in sorted(newest.items()):
                mark = "waits for an approval" if name in waiting else "approved"
                say(f"{name}@{version.content_hash[:_SHOWN]}  version {version.number}, {mark}")
            return 0
        _check(said)
        for version in [_asked_for(one, newest) for one in messages]:
            _approve(db, version, said, runtime.clock())
            say(f"{version.name}: version {version.number} approved for {said.days} days")
    return 0


def _asked_for(words: str, newest: Mapping[str, Version]) -> Version:
    name, _, read = words.partition("@")
    version = newest.get(name)
    if version is None:
        raise ConfigurationError(f"There is no message {name}. There are: {', '.join(sorted(newest))}")
    if len(read) < _SHOWN or not version.content_hash.startswith(read):
        raise ConfigurationError(
            f"{name}: say which words were read, by their hash. The newest are {name}@{version.content_hash[:_SHOWN]}"
        )
    return version


def _approve(db: Connection, version: Version, said: Said, now: datetime) -> None:
    for writer in writers_of(db, version.id).values():
        if writer.casefold() == said.name.strip().casefold():
            raise ConfigurationError(
                f"{version.name}: {writer} had a hand in these words; somebody else has to approve them"
            )
    try:
        check_claims(db, version)
    except Rejected as wrong:
        raise ConfigurationError(f"{version.name}: {wrong}") from None
    until = now + timedelta(days=said.days)
    given = Approval(said.name.strip(), said.licence, until, interests=said.interests, evidence=said.evidence)
    approve(db, version.id, given, now)
    detail = {"version": version.number, "days": said.days, "by": said.name.strip(), "on": "the command line"}
    record(db, staff_id=None, act="message approved", subject=f"message:{version.name}", detail=detail, now=now)


def _check(said: Said) -> None:
    if not 1 <= said.days <= APPROVED_FOR.days:
        raise ConfigurationError(f"--days: from 1 to {APPROVED_FOR.days}; an approval lasts a year at most")
    if not said.name.strip() or not said.licence.strip():
        raise ConfigurationError("--name and --licence: say who has read the messages, and by which licence")
    if not said.interests.strip() or not said.evidence.strip():
        raise ConfigurationError("--interests and --references: say what the clinician gains, and what was looked up")
