"""A registrant takes another date of the same webinar, and keeps the personal link."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.quiet import SendingHours
from campaigns.errors import Conflict, LinkExpired, NotFound, PageErased, mark
from campaigns.operations.plan import plan_registration
from campaigns.operations.register import ask_for_code, session_with_room
from campaigns.store import asked, erasures, form_fields, people, switches
from campaigns.store.consents import permissions_of
from campaigns.store.engine import Connection
from campaigns.store.people import Place

OTHER_CLASS: Final = mark("This date belongs to another class. Choose one from the list.")
"""To somebody who chose a date that is not on their list."""


def switch(
    db: Connection,
    registration_id: int,
    session_id: int,
    hours: SendingHours,
    now: datetime,
    *,
    horizon: timedelta,
) -> int:
    """Give up a place for one in another session; give the registration that holds from now on.

    A confirmation with the new date is planned, which moves the entry in the calendar. A session
    that is over stays as it was attended; a place that was given up before is simply followed by
    the new one. Asking for where one is already changes nothing.

    Raises `LinkExpired` for a registration that does not exist, `NotFound` for a session of
    another webinar, `RegistrationClosed` and `SessionFull` as registering does, and `Conflict`
    if another date was taken meanwhile; then nothing is written.
    """
    here = current_place(db, registration_id)
    holds = here.withdrawn_at is None
    if here.session.id == session_id and holds:
        return here.registration_id
    over = now >= here.session.ends_at
    session = session_with_room(db, session_id, here.email, now)
    if session.webinar_id != here.webinar.id:
        raise NotFound(OTHER_CLASS, field="session")
    if holds and not over and not people.withdraw(db, here.registration_id, now):
        return _taken_meanwhile(db, here, session_id)
    after, created = _take(db, here, session_id, now)
    form_fields.carry_over(db, here.registration_id, after)
    _take_along_what_waits(db, here, after, now, new=created)
    switches.lead_on(db, here.registration_id, after)
    left = holds and not over
    if created and left:
        switches.take_over_entry(db, here.registration_id, after)
    if left and not created:
        _plan(db, here.registration_id, hours, now, horizon)
    _plan(db, after, hours, now, horizon, only_after=None if created else now)
    return after


def _take_along_what_waits(db: Connection, here: Place, after: int, now: datetime, *, new: bool) -> None:
    """Let what is not confirmed yet wait at the new place; a yes to texts for a new code: one belongs to one place.

    A yes whose code counts no more, or for which no other may go today, waits there as one that has ended.
    """
    if after == here.registration_id:
        return
    asked.ask_for(db, after, asked.take_asked(db, here.registration_id))
    asking = here.asking
    if asking is None or asking.phone != here.phone:
        return
    asked.end_askings(db, here.registrant_id, asking.phone)
    fresh = replace(asking, at=now, tries=0)
    if not (asking.stands(here.phone, now) and ask_for_code(db, after, fresh, new=new)):
        asked.ask_for_texts(db, after, asking.lapsed(now), first=new)


def _take(db: Connection, here: Place, session_id: int, now: datetime) -> tuple[int, bool]:
    return people.save_registration(
        db,
        session_id=session_id,
        registrant_id=here.registrant_id,
        zone=here.zone,
        source=here.source,
        confirm=True,
        now=now,
    )


def current_place(db: Connection, registration_id: int) -> Place:
    """Give the place that a link leads to by now, of somebody who stays until the transaction ends.

    Raises `LinkExpired` if there is none, `PageErased` if they have erased themselves.
    """
    number = switches.newest(db, registration_id)
    found = people.place(db, number) if number is not None else None
    if found is None:
        raise LinkExpired
    if not erasures.stays(db, found.registrant_id):
        raise PageErased
    return found


def _taken_meanwhile(db: Connection, here: Place, session_id: int) -> int:
    """The button was pressed twice at once: fine if it was the same button."""
    after = current_place(db, here.registration_id)
    if after.session.id == session_id and after.withdrawn_at is None:
        return after.registration_id
    raise Conflict(mark("Your place was changed a moment ago. Reload the page to see it as it is now."))


def _plan(
    db: Connection,
    registration_id: int,
    hours: SendingHours,
    now: datetime,
    horizon: timedelta,
    *,
    only_after: datetime | None = None,
) -> None:
    """Plan what the new place is due, or a code if it was there before and a yes to texts has come along.

    Of an old one that a place held before replaces, plan the receipt for leaving it.
    """
    found = people.place(db, registration_id)
    if found is not None:
        granted = permissions_of(db, found.registrant_id)
        plan_registration(db, found, granted, hours, now, horizon=horizon, only_after=only_after)
