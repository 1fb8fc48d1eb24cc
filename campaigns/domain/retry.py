"""When to try again after a provider said "not now"."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.rulings import Ruling

STEPS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (30, 120, 300, 900, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600)
)
"""Waits after the first, second, … refusal; the last one repeats (after RFC 5321 §4.5.4.1, quicker at first)."""

_SPREAD: Final = 0.2
_PRIME: Final = 7919


def next_try(
    delivery_id: int,
    attempt: int,
    now: datetime,
    expires: datetime,
    asked: timedelta | None,
    ruling: Ruling | None = None,
) -> datetime | None:
    """Give the next instant to try, or None when the message would be useless by then.

    `attempt` counts from 1. Waits are spread by up to a fifth either way, the same for the
    same delivery and attempt, so that a refused crowd does not come back as one. Never
    sooner than the provider `asked` for, or than the `ruling` on its answer wants.
    """
    if ruling is not None and ruling.once and attempt > 1:
        return None
    wait = STEPS[min(attempt, len(STEPS)) - 1]
    if ruling is not None:
        wait = wait * ruling.slow
    lot = (delivery_id * _PRIME + attempt * 104_729) % 1000 / 999
    at = now + wait * (1 - _SPREAD + 2 * _SPREAD * lot)
    for least in (asked, ruling.wait if ruling is not None else None):
        if least is not None:
            at = max(at, now + least)
    return at if at < expires else None
