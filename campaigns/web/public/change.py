"""`/r/{token}/…`: a change of plan. Cancel, or take another date; each asked for with a button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from campaigns.domain.steps import Standing
from campaigns.errors import Rejected, mark
from campaigns.operations.register import takes_registrations
from campaigns.operations.switch import switch
from campaigns.operations.withdraw import withdraw
from campaigns.store import webinars
from campaigns.store.engine import Connection
from campaigns.store.people import Place
from campaigns.store.webinars import SessionRow
from campaigns.web.dependencies import Calling, OurForm, Posted
from campaigns.web.public.join import state_of
from campaigns.web.public.keys import read_place
from campaigns.web.views import PERSONAL, page

router = APIRouter()

_MOST: Final = 6
"""Other dates that are offered; the page of the webinar lists them all."""


def other_dates(db: Connection, place: Place, call: Calling) -> Sequence[SessionRow]:
    """List the next sessions with room, apart from the one where this person holds a place."""
    listed = webinars.sessions_of(db, place.webinar.id, ending_after=call.now)
    holds = place.withdrawn_at is None and place.session.cancelled_at is None
    free = [
        one.session
        for one in listed
        if not one.full
        and takes_registrations(one.session, call.now)
        and not (holds and one.session.id == place.session.id)
    ]
    return free[:_MOST]


@router.get("/r/{token}/cancel")
def ask_to_cancel(token: str, call: Calling) -> Response:
    """Ask, on a page of its own."""
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
        others = other_dates(db, place, call)
    if place.withdrawn_at is not None:
        return back(token)
    return page(
        call.request,
        "public/cancel.html",
        personal=True,
        token=token,
        session=place.session,
        zone=place.zone,
        others=others,
        holds=place.standing is Standing.HELD,
        offered=state_of(place, call.now) == "offered",
    )


@router.post("/r/{token}/cancel", dependencies=[OurForm])
def cancel(token: str, call: Calling) -> Response:
    """Give up the place; once more changes nothing."""
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
        withdraw(db, place.registration_id, call.runtime.hours, call.now, horizon=call.runtime.settings.horizon)
    return back(token)


@router.post("/r/{token}/switch", dependencies=[OurForm])
def take_other_date(token: str, form: Posted, call: Calling) -> Response:
    """Take the date that was chosen; the link stays the same."""
    chosen = str(form.get("session", ""))
    if not chosen.isdecimal() or not chosen.isascii() or len(chosen) > len(str(2**62)):
        raise Rejected(mark("Choose one of the dates, then press the button. Nothing was changed."), field="session")
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
        switch(
            db,
            place.registration_id,
            int(chosen),
            call.runtime.hours,
            call.now,
            horizon=call.runtime.settings.horizon,
        )
    return back(token, "switched")


def back(token: str, saved: str = "") -> RedirectResponse:
    """Lead back to the personal page, where the change shows."""
    query = f"?saved={saved}" if saved else ""
    return RedirectResponse(f"/r/{token}{query}", status_code=303, headers=PERSONAL)
