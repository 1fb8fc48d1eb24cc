"""When to try again after a provider said "not now"."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

STEPS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (30, 120, 300, 900, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600)
)
"""Waits after the first, second, … refusal; the last one repeats (after RFC 5321 §4.5.4.1, quicker at first)."""

_SPREAD: Final = 0.2
_PRIME: Final = 7919


def next_try(
    delivery_id: int, attempt: int, now: datetime, expires: datetime, asked: timedelta | None
) -> datetime | None:
    """Give the next instant to try, or None when the message would be useless by then.

    `attempt` counts from 1. Waits are spread by up to a fifth either way, the same for the
    same delivery and attempt, so that a refused crowd does not come back as one. Never
    sooner than the provider `asked` for.
    """
    wait = STEPS[min(attempt, len(STEPS)) - 1]
    lot = (delivery_id * _PRIME + attempt * 104_729) % 1000 / 999
    at = now + wait * (1 - _SPREAD + 2 * _SPREAD * lot)
    if asked is not None:
        at = max(at, now + asked)
    return at if at < expires else None
