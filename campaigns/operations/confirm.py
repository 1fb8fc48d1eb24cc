"""Double opt-in: what was ticked on a form counts once the owner of the address has pressed a button.

The button stands on the personal page, whose link only goes to the address itself. Until
then nothing but the emails about the class is sent, which whoever signed up has asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Channel, Purpose
from campaigns.operations.switch import current_place
from campaigns.operations.unsubscribe import resume
from campaigns.store import asked
from campaigns.store.engine import Connection


def confirm(
    db: Connection,
    registration_id: int,
    evidence: Mapping[str, object],
    hours: SendingHours,
    now: datetime,
    *,
    horizon: timedelta,
) -> tuple[Purpose, ...]:
    """Record the consents that wait for this, each with the words that were shown; give their purposes.

    Once more changes nothing. What was due meanwhile stays unsent. Raises `LinkExpired` for a
    registration that does not exist.
    """
    here = current_place(db, registration_id)
    ticked = asked.take_asked(db, here.registration_id)
    for purpose, wording_id in ticked.items():
        resume(
            db,
            here.registration_id,
            Channel.EMAIL,
            purpose,
            hours,
            now,
            horizon=horizon,
            means="link",
            wording_id=wording_id,
            evidence={**evidence, "why": "ticked at sign-up, confirmed from the address itself"},
        )
    return tuple(ticked)
