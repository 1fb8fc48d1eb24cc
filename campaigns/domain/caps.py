"""How many texts one number may get, whoever is registered with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.steps import Purpose

DAY: Final = timedelta(hours=24)
MONTH: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits per number, from `campaigns/rules/caps.toml`; days are rolling ones of 24 hours."""

    texts_a_day: int
    """Of every purpose; codes count by themselves, up to as many."""
    offers_a_day: int
    """Of education and marketing together."""
    offers_a_month: int
    """Within 30 days."""
    sign_ups_an_hour: int
    """Texts that confirm a sign-up, to numbers typed in from one network address."""
    confirmations_ever: int
    """Texts that confirm a sign-up, to one number."""
    codes_ever: int
    """Texts with a code, to one number."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A text that has gone to a number, or may have, within the last 30 days."""

    at: datetime
    purpose: Purpose
    step_id: int
    session_id: int
    revision: int
    confirms: bool
    """Confirms a sign-up, or a yes to texts."""
    code: bool = False
    """Carries a code that shows whose the number is."""


def over_the_cap(purpose: Purpose, sent: Sequence[Sent], caps: Caps, now: datetime, *, code: bool = False) -> bool:
    """Say whether one more text of this purpose, or one more code, would be too many for the number that got `sent`.

    Codes count for codes alone: whoever needs a second one still gets the reminders.
    """
    today = [one for one in sent if now - one.at < DAY and one.code is code]
    if len(today) >= caps.texts_a_day:
        return True
    if purpose is Purpose.SERVICE:
        return False
    offers = [one for one in sent if one.purpose is not Purpose.SERVICE and now - one.at < MONTH]
    today_s = sum(now - one.at < DAY for one in offers)
    return today_s >= caps.offers_a_day or len(offers) >= caps.offers_a_month


def shared_already(step_id: int, session_id: int, revision: int, sent: Sequence[Sent]) -> bool:
    """Say whether the number has had this very text for another person registered with it."""
    return any((one.step_id, one.session_id, one.revision) == (step_id, session_id, revision) for one in sent)


def pumped(sent: Sequence[Sent], sign_ups_before: int, caps: Caps, now: datetime) -> bool:
    """Say whether a text that confirms a sign-up looks like one of a robot's.

    `sign_ups_before` counts those with a number from the same network address in the hour
    before. One confirmation a number within 24 hours, and a few in all.
    """
    confirmations = [one for one in sent if one.confirms]
    again = any(now - one.at < DAY for one in confirmations)
    return again or len(confirmations) >= caps.confirmations_ever or sign_ups_before >= caps.sign_ups_an_hour


def pumped_for_codes(sent: Sequence[Sent], askings_before: int, caps: Caps) -> bool:
    """Say whether a text with a code looks like one of a robot's, or the number has had as many as it may.

    `askings_before` counts the other numbers that were typed in from the same network address in the
    hour before. A second and a third within a day are nothing odd: the first may not have come.
    """
    return sum(one.code for one in sent) >= caps.codes_ever or askings_before >= caps.sign_ups_an_hour
