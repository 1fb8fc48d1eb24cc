"""The kinds of message a registrant chooses between, as they stand in forms and addresses: `email-education`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import mark
from campaigns.language import gettext

Kind = tuple[Channel, Purpose]

CLASS_EMAILS: Final = (Channel.EMAIL, Purpose.SERVICE)
TEXTS: Final = (Channel.SMS, Purpose.SERVICE)
READS: Final = (Channel.EMAIL, Purpose.EDUCATION)
NEWS: Final = (Channel.EMAIL, Purpose.MARKETING)

KINDS: Final[tuple[Kind, ...]] = (CLASS_EMAILS, TEXTS, READS, NEWS)
"""All that this service sends; texts with lessons or offers do not exist."""

TITLES: Final = {
    CLASS_EMAILS: mark("the emails about your class"),
    TEXTS: mark("the text reminders"),
    READS: mark("the short reads"),
    NEWS: mark("news and offers"),
}
"""As they stand inside a sentence."""


def key(kind: Kind) -> str:
    """Write a kind as it stands in a form."""
    channel, purpose = kind
    return f"{channel.value}-{purpose.value}"


def read_kinds(words: Iterable[str]) -> tuple[Kind, ...]:
    """Read kinds back, each once and in our order; what is none is passed over."""
    given = set(words)
    return tuple(kind for kind in KINDS if key(kind) in given)


def in_words(kinds: Iterable[Kind]) -> str:
    """List kinds as a sentence does: `the short reads and news and offers` reads ill, so the last gets a comma."""
    titles = [gettext(TITLES[kind]) for kind in kinds]
    if len(titles) == 1:
        return titles[0]
    return gettext("%(list)s, and %(last)s", list=", ".join(titles[:-1]), last=titles[-1])
