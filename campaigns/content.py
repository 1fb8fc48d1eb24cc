"""Approve messages from the command line: a clinician's yes to the words as they stand.

The words of a version never change, so an approval never covers words that nobody read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from campaigns.errors import ConfigurationError
from campaigns.operations.words import APPROVED_FOR
from campaigns.runtime import build
from campaigns.settings import Settings
from campaigns.store.approvals import Approval, approve
from campaigns.store.campaigns import current_versions
from campaigns.store.engine import transaction


def approve_messages(
    settings: Settings, say: Callable[[str], None], *, name: str, licence: str, messages: Sequence[str], days: int
) -> int:
    """Approve the newest version of the named messages, or of all; gives 0.

    Raises `ConfigurationError` for a message that is not there and for days beyond a year.
    """
    if not 1 <= days <= APPROVED_FOR.days:
        raise ConfigurationError(f"--days: from 1 to {APPROVED_FOR.days}; an approval lasts a year at most")
    if not name.strip() or not licence.strip():
        raise ConfigurationError("--name and --licence: say who has read the messages, and by which licence")
    with build(settings) as runtime, transaction(runtime.engine) as db:
        now = runtime.clock()
        newest = current_versions(db)
        unknown = sorted(set(messages) - newest.keys())
        if unknown:
            raise ConfigurationError(f"There is no message {unknown[0]}. There are: {', '.join(sorted(newest))}")
        given = Approval(name.strip(), licence.strip(), now + timedelta(days=days))
        for message in sorted(messages or newest):
            approve(db, newest[message], given, now)
            say(f"{message}: version {newest[message]} approved until {given.expires_at:%Y-%m-%d}")
    return 0
