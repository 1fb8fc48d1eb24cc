"""A registrant gives up their place."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.domain.quiet import SendingHours
from campaigns.errors import LinkExpired, PageErased, Rejected, mark
from campaigns.operations.plan import plan_registration
from campaigns.store import erasures, people
from campaigns.store.consents import permissions_of
from campaigns.store.engine import Connection


def withdraw(db: Connection, registration_id: int, hours: SendingHours, now: datetime, *, horizon: timedelta) -> bool:
    """Cancel a place and plan the receipt; False if it was cancelled before, and then nothing changes.

    What is planned for the place falls when it is claimed. Raises `LinkExpired` for a
    registration that does not exist, `PageErased` if its person has erased themselves, and
    `Rejected` once the session is over.
    """
    found = people.place(db, registration_id)
    if found is None:
        raise LinkExpired
    if not erasures.stays(db, found.registrant_id):
        raise PageErased
    if found.withdrawn_at is None and now >= found.session.ends_at:
        raise Rejected(mark("This class is over, so there is no place left to cancel."))
    if not people.withdraw(db, registration_id, now):
        return False
    after = people.place(db, registration_id)
    if after is not None and after.session.cancelled_at is None:
        plan_registration(db, after, permissions_of(db, after.registrant_id), hours, now, horizon=horizon)
    return True
