"""A place becomes free: whoever has waited longest is offered it for some hours, and may take it with one press."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.domain.local import zone_of
from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Anchor, Standing, Step
from campaigns.domain.waiting import offer_ends
from campaigns.errors import Conflict, mark
from campaigns.operations.explain import Permissions
from campaigns.operations.plan import may_get, plan_registration
from campaigns.operations.switch import current_place
from campaigns.store import people, places, waiting
from campaigns.store.campaigns import steps_of
from campaigns.store.consents import permissions_of
from campaigns.store.engine import Connection, Engine, transaction
from campaigns.store.ledger_plan import Entry, insert_entries
from campaigns.store.people import Place
from campaigns.store.webinars import SessionRow, session_for_intake


def offer_places(engine: Engine, now: datetime) -> int:
    """End the offers that nobody took, and offer what is free to those next in line; give the number of both.

    Each session has a transaction of its own. Two schedulers may run: a place is counted under the
    lock that registering takes as well, and nobody is offered two.
    """
    with transaction(engine) as db:
        waited_for = waiting.sessions_waited_for(db, now)
    changed = 0
    for session_id in waited_for:
        with transaction(engine) as db:
            session = session_for_intake(db, session_id)
            if session is not None and session.cancelled_at is None:
                changed += waiting.end_offers(db, session_id, now) + _offer(db, session, now)
    return changed


def _offer(db: Connection, session: SessionRow, now: datetime) -> int:
    steps = [one for one in steps_of(db, session.webinar_id) if one.anchor is Anchor.OFFERED and not one.paused]
    free = None if session.capacity is None else session.capacity - places.places_kept(db, session.id)
    if not steps or (free is not None and free <= 0):
        return 0  # an offer that nobody is told of would only keep the place from others
    offered = 0
    for registration_id in waiting.first_in_line(db, session.id, free):
        place = people.place(db, registration_id)
        ends_at = offer_ends(now, session.starts_at, zone_of(place.zone, place.webinar.zone)) if place else None
        if place is not None and ends_at is not None:
            waiting.keep_place(db, registration_id, now, ends_at)
            insert_entries(db, _entries(steps, place, permissions_of(db, place.registrant_id), now, ends_at))
            offered += 1
    return offered


def _entries(steps: list[Step], place: Place, granted: Permissions, now: datetime, ends_at: datetime) -> list[Entry]:
    return [
        Entry(
            registration_id=place.registration_id,
            session_id=place.session.id,
            step=step,
            revision=0,
            due_at=now,
            expires_at=ends_at,
        )
        for step in steps
        if may_get(step, place, granted)
    ]


def accept(db: Connection, registration_id: int, hours: SendingHours, now: datetime, *, horizon: timedelta) -> int:
    """Take the place that is kept for somebody; give the registration. Once more changes nothing.

    From now on it is a place like any other: what counts from registering counts from this moment.
    Raises `LinkExpired` for a registration that does not exist, `Conflict` if no place is kept any more.
    """
    here = current_place(db, registration_id)
    if here.standing is Standing.HELD and here.withdrawn_at is None:
        return here.registration_id
    if here.session.cancelled_at is not None or not waiting.take_place(db, here.registration_id, now):
        raise Conflict(mark("The offer has ended, and the place went to the next in line. Choose another date."))
    place = people.place(db, here.registration_id)
    if place is not None:
        plan_registration(db, place, permissions_of(db, place.registrant_id), hours, now, horizon=horizon)
    return here.registration_id
