"""When a form was shown: a signed moment that travels in the form, so that haste can be seen without a cookie.

A robot sends a form at once, or one that it kept from long ago. Whoever is stopped here
may be a person with a quick browser or a slow day: the page keeps everything, says so
kindly, and brings a fresh stamp.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from campaigns.domain.tokens import FORM, Signer
from campaigns.errors import LinkExpired, mark
from campaigns.language import gettext

LASTS: Final = timedelta(hours=24)
_NO_TIME: Final = timedelta(0)
_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_QUICK: Final = mark("That was quick, so nothing is saved yet. Look over what you typed, then press the button again.")
_OLD: Final = mark(
    "This page was open for long, so nothing is saved yet. Look over what you typed, then press the button again."
)
_NONE: Final = mark("Nothing is saved yet. Look over what you typed, then press the button once more.")


def stamp(signer: Signer, webinar_id: int, now: datetime) -> str:
    """Write the moment at which the form of a webinar is shown."""
    return signer.sign(FORM, webinar_id, (now - _EPOCH) // _MILLISECOND)


def keep_or_renew(signer: Signer, written: str, webinar_id: int, now: datetime) -> str:
    """Give the stamp that a form came with, or a fresh one where that is not ours or too old.

    Kept, because whoever corrects a field or takes another date has been there for a while already.
    """
    age = _age(signer, written, webinar_id, now)
    return written if age is not None and _NO_TIME <= age <= LASTS else stamp(signer, webinar_id, now)


def hesitate(signer: Signer, written: str, webinar_id: int, now: datetime, *, at_least: timedelta) -> str:
    """Say in a sentence for the visitor why this form is shown once more; empty if it may be taken."""
    age = _age(signer, written, webinar_id, now)
    if age is None:
        return gettext(_NONE)
    if age < at_least:
        return gettext(_QUICK)
    return gettext(_OLD) if age > LASTS else ""


def shown_at(signer: Signer, written: str, webinar_id: int) -> int | None:
    """Say when the form of a webinar was shown: milliseconds since 1970; None if the stamp is not ours or another's."""
    try:
        numbers = signer.read(FORM, written)
    except LinkExpired:
        return None
    return numbers[1] if len(numbers) == 2 and numbers[0] == webinar_id else None  # noqa: PLR2004  # as `stamp` writes it


def _age(signer: Signer, written: str, webinar_id: int, now: datetime) -> timedelta | None:
    """Say how long ago the form of this webinar was shown; None if the stamp is not ours or another's."""
    shown = shown_at(signer, written, webinar_id)
    return None if shown is None else now - _EPOCH - shown * _MILLISECOND
