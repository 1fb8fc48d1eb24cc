"""`/watch/{token}`: the talk on our own page, with the class or after it.

Opening the page changes nothing. It is handed a ticket, and while the talk plays a small
script sends beats with it: which seconds have just been played. The page works without the
script: the video plays and the transcript stands below, only nobody learns that it was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from campaigns.domain.tokens import VIEWING, WATCH
from campaigns.domain.watching import DOORS, TICKET_LASTS, Mode, read_spans
from campaigns.errors import LinkExpired, Rejected
from campaigns.operations.watch import keep_beat
from campaigns.store import talks, viewings
from campaigns.store.people import Place
from campaigns.store.talks import Talk
from campaigns.store.viewings import Beat, Viewing
from campaigns.web.dependencies import (
    Call,
    Calling,
    OurForm,
    Posted,
    call_of,
    from_our_pages,
    now_of,
    runtime_of,
    visitor,
)
from campaigns.web.headers import content_policy, origin_of
from campaigns.web.pace import Pace
from campaigns.web.public.ask import answer_to, own_questions
from campaigns.web.public.join import State, minutes_in, reload_after, state_of, to_own_page
from campaigns.web.public.keys import place_of
from campaigns.web.times import time_left
from campaigns.web.views import PERSONAL, page

router = APIRouter()

_NEAR_THE_END: Final = 10
"""Seconds: whoever left that close to it begins again."""


@dataclass(frozen=True, slots=True)
class Showing:
    """The video as the page shows it."""

    source: str
    """With the second to begin at, which browsers read from the address."""
    begins: int
    recorded: bool
    """A file is a recording and is called one; a stream may be the class itself."""
    foreign_captions: bool
    """They come from another site, which browsers only allow if it is asked to allow it."""


@router.get("/watch/{token}")
def show(token: str, call: Calling, start: str = "", asked: str = "") -> Response:
    """Show the talk, or why there is none to be shown now; `start=0` begins at the beginning."""
    (holder,) = call.runtime.signer.read(WATCH, token)
    with call.transaction() as db:
        place = place_of(db, holder)
        if place.registration_id != holder:
            # A switch: beats are signed for the place that holds now.
            path = urlsplit(call.runtime.links.watch(place.registration_id)).path
            return RedirectResponse(path, 302, headers=PERSONAL)
        talk, seen = talks.talk_of(db, place.session.id), viewings.viewings_of(db, holder)
        own = own_questions(db, call, place)
    now, session = call.now, place.session
    state = state_of(place, now)
    if state in ("waiting", "offered"):
        return to_own_page(place, call)
    showing = _showing(place, talk, seen, state, from_start=start == "0")
    return page(
        call.request,
        "public/watch.html",
        personal=True,
        headers={"Content-Security-Policy": content_policy(media_sources=_sources(talk) if showing else "")},
        state=state,
        token=token,
        webinar=place.webinar,
        session=session,
        zone=place.zone,
        place_path=urlsplit(call.runtime.links.manage(place.registration_id)).path,
        join_path=urlsplit(call.runtime.links.join(place.registration_id)).path,
        showing=showing,
        captions=talk.captions_url,
        paragraphs=talk.transcript.split("\n\n") if talk.transcript else [],
        ticket=call.runtime.signer.sign(VIEWING, place.registration_id, session.id, int(now.timestamp())),
        questions=own,
        asked=bool(asked),
        left=time_left(session.starts_at - now),
        started_minutes=minutes_in(session, now),
        doors_at=session.starts_at - DOORS,
        reload=reload_after(session, state, now) if state == "early" else 0,
    )


@router.post("/watch/{token}/ask", dependencies=[OurForm])
def take_question(token: str, form: Posted, call: Calling) -> Response:
    """Take a question from beside the talk, and lead back to it."""
    (holder,) = call.runtime.signer.read(WATCH, token)
    with call.transaction() as db:
        place = place_of(db, holder)
    return answer_to(call, place, form, "watch", f"/watch/{token}")


@router.post("/watch/{token}/beat")
def beat(token: str, form: Posted, request: Request) -> Response:
    """Keep what has been played; 204. A beat that is declined says why in one plain line, with a 4xx."""
    # Asked for one by one, these would be looked up on a thread each, which costs more than the beat.
    from_our_pages(request)
    call = call_of(request, runtime_of(request), now_of(request), visitor(request))
    try:
        said = _read(token, form, call)
        pace: Pace = request.app.state.beats
        wait = pace.wait(str(said.registration_id))
        if wait:
            return PlainTextResponse(
                "Too many beats. Send them together, a little later.\n", 429, {"Retry-After": str(wait), **PERSONAL}
            )
        with call.transaction() as db:
            keep_beat(db, said, call.runtime.settings.shares, call.now)
    except Rejected as error:
        return PlainTextResponse(f"{error}\n", 404 if isinstance(error, LinkExpired) else 422, PERSONAL)
    return Response(status_code=204, headers=PERSONAL)


def _read(token: str, form: FormData, call: Call) -> Beat:
    (holder,) = call.runtime.signer.read(WATCH, token)
    registration_id, session_id, issued = call.runtime.signer.read(VIEWING, str(form.get("ticket", "")))
    issued_at = datetime.fromtimestamp(issued, UTC)
    if registration_id != holder:
        raise LinkExpired
    if call.now - issued_at > TICKET_LASTS:
        raise Rejected("This page has been open for too long. Reload it, and go on from there.")
    spans = read_spans([str(value) for value in form.getlist("from")], [str(value) for value in form.getlist("to")])
    return Beat(registration_id, session_id, issued_at, spans)


def _showing(place: Place, talk: Talk, seen: list[Viewing], state: State, *, from_start: bool) -> Showing | None:
    session = place.session
    here = session.watched_here if state in ("doors", "running") else state == "over" and bool(session.media_url)
    if not here:
        return None
    left_at = _left_at(seen, session.talk, Mode.REPLAY if state == "over" else Mode.LIVE)
    begins = 0 if from_start else left_at
    plain = talk.media_url.partition("#")[0]
    return Showing(
        source=f"{plain}#t={begins}" if begins else plain,
        begins=begins,
        recorded=state == "over" or not urlsplit(plain).path.lower().endswith(".m3u8"),
        foreign_captions=bool(origin_of(talk.captions_url)),
    )


def _left_at(seen: list[Viewing], talk: timedelta, mode: Mode) -> int:
    """Give the second at which somebody left: in this mode, or else in the other one."""
    of_mode = sorted(seen, key=lambda one: one.mode is not mode)
    position = of_mode[0].position if of_mode else 0
    return position if position < talk.total_seconds() - _NEAR_THE_END else 0


def _sources(talk: Talk) -> str:
    return " ".join(["'self'", *sorted({origin_of(talk.media_url), origin_of(talk.captions_url)} - {""})])
