"""`/j/{token}`: the way into the class.

Opening the page changes nothing, however often a scanner does it. The button is a POST
that leads to the room, and only while the doors are open.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from campaigns.domain.steps import Standing
from campaigns.domain.tokens import JOIN, Links
from campaigns.domain.watching import DOORS, LAST_ENTRY
from campaigns.store import webinars
from campaigns.store.people import Place
from campaigns.store.webinars import SessionRow
from campaigns.web.dependencies import Call, Calling, OurForm
from campaigns.web.headers import content_policy
from campaigns.web.public.keys import place_of
from campaigns.web.times import time_left
from campaigns.web.views import PERSONAL, page

router = APIRouter()

_NEXT_DATES: Final = 3
_TICKING: Final = timedelta(hours=1)

State = Literal["early", "doors", "running", "over", "cancelled", "withdrawn", "waiting", "offered"]
_IN_LINE: Final = ("waiting", "offered")
"""Without a place: their own page says how things stand."""


@router.get("/j/{token}")
def show(token: str, call: Calling) -> Response:
    """Show where the class stands for this person."""
    return _show(token, call)


@router.post("/j/{token}", dependencies=[OurForm])
def enter(token: str, call: Calling) -> Response:
    """Lead into the room while the doors are open; otherwise show the page as it is now."""
    place, _ = _look_up(token, call)
    target = _target(place, call)
    if state_of(place, call.now) in ("doors", "running") and target:
        return RedirectResponse(target, status_code=303, headers=PERSONAL)
    return _show(token, call)


def state_of(place: Place, now: datetime) -> State:
    """Say where the class stands for this person."""
    session = place.session
    if place.withdrawn_at is not None:
        return "withdrawn"
    if session.cancelled_at is not None:
        return "cancelled"
    if place.standing is not Standing.HELD:
        kept = place.offer_ends_at is not None and now < place.offer_ends_at
        return "offered" if place.standing is Standing.OFFERED and kept else "waiting"
    if now < session.starts_at - DOORS:
        return "early"
    if now < session.starts_at:
        return "doors"
    return "running" if now < session.ends_at + LAST_ENTRY else "over"


def room_of(session: SessionRow) -> str:
    """Give the origin of the room's address; empty while there is no room to go to."""
    parts = urlsplit(session.room_url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""


def minutes_in(session: SessionRow, now: datetime) -> int:
    """Say how many whole minutes the class has been on; 0 before its start."""
    return max(0, int((now - session.starts_at).total_seconds()) // 60)


def reload_after(session: SessionRow, state: State, now: datetime) -> int:
    """Say after how many seconds the page has something new to say, if that is within the hour; else 0.

    A script acts on it; the page itself never reloads under somebody's hands.
    """
    change = {"early": session.starts_at - DOORS, "doors": session.starts_at}.get(state)
    if change is None or change - now > _TICKING:
        return 0
    return max(1, int((change - now).total_seconds()) + 1)


def recording_of(place: Place, links: Links) -> str:
    """Give where the recording is seen once the class is over: on our own page first; empty while there is none."""
    session = place.session
    return urlsplit(links.watch(place.registration_id)).path if session.media_url else session.replay_url


def _target(place: Place, call: Call) -> str:
    """Give where the class takes place: a room elsewhere, or our own watch page; empty while it is neither."""
    if place.session.watched_here:
        return urlsplit(call.runtime.links.watch(place.registration_id)).path
    return place.session.room_url if room_of(place.session) else ""


def _show(token: str, call: Call) -> Response:
    place, others = _look_up(token, call)
    now, session = call.now, place.session
    state = state_of(place, now)
    if state in _IN_LINE:
        return to_own_page(place, call)
    seconds = max(0, int((session.starts_at - now).total_seconds()))
    return page(
        call.request,
        "public/join.html",
        personal=True,
        headers={"Content-Security-Policy": content_policy(f"'self' {room_of(session)}".strip())},
        state=state,
        token=token,
        webinar=place.webinar,
        session=session,
        zone=place.zone,
        place_path=urlsplit(call.runtime.links.manage(place.registration_id)).path,
        has_room=bool(_target(place, call)),
        recording=recording_of(place, call.runtime.links),
        doors_at=session.starts_at - DOORS,
        left=time_left(session.starts_at - now),
        seconds=seconds,
        started_minutes=minutes_in(session, now),
        stride_now=min(9, minutes_in(session, now)),
        reload=reload_after(session, state, now),
        others=others,
    )


def to_own_page(place: Place, call: Call) -> RedirectResponse:
    """Lead somebody who only waits for a place to the page that says so."""
    path = urlsplit(call.runtime.links.manage(place.registration_id)).path
    return RedirectResponse(path, status_code=303, headers=PERSONAL)


def _look_up(token: str, call: Call) -> tuple[Place, list[SessionRow]]:
    (registration_id,) = call.runtime.signer.read(JOIN, token)
    with call.transaction() as db:
        place = place_of(db, registration_id)
        listed = webinars.sessions_of(db, place.webinar.id, ending_after=call.now)
    free = [one.session for one in listed if one.session.cancelled_at is None and not one.full]
    ahead = [one for one in free if one.starts_at > call.now and one.id != place.session.id]
    return place, ahead[:_NEXT_DATES]
