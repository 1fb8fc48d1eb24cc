"""`/w/{slug}`: the landing page, the registration form, and the page of thanks.

The answer is the same whether or not the address is known. What was typed stands in
no address: the page of thanks is told the session, the zone and the boxes only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from campaigns.domain.audience import Facts
from campaigns.errors import NotFound, Rejected
from campaigns.operations import explain, register
from campaigns.store import webinars
from campaigns.store.campaigns import steps_of
from campaigns.store.engine import Connection
from campaigns.store.webinars import SessionRow, WebinarRow
from campaigns.web import kinds
from campaigns.web.dependencies import Call, Calling, OurForm, Posted
from campaigns.web.forms import Typed, Wanted, check, read_typed
from campaigns.web.pace import Pace
from campaigns.web.public import calendar, timeline
from campaigns.web.public.landing import Landing, read_landing, show_form, show_full, show_landing
from campaigns.web.times import known_zone
from campaigns.web.views import page

router = APIRouter()

_SOON: Final = timedelta(minutes=60)
"""Nearer than this nobody needs a calendar any more."""


@router.get("/")
def front(call: Calling) -> RedirectResponse:
    """Lead to the newest webinar's page; raises `NotFound` where there is none yet."""
    with call.transaction() as db:
        slug = webinars.newest_slug(db)
    if slug is None:
        raise NotFound
    return RedirectResponse(f"/w/{slug}", 302)


@router.get("/w/{slug}")
def landing(slug: str, call: Calling, zone: str = "") -> HTMLResponse:
    """Show what the webinar is, and the form."""
    return show_landing(call.request, _read(call, slug), Typed(zone=zone if known_zone(zone) else ""))


@router.post("/w/{slug}", dependencies=[OurForm])
def send(slug: str, form: Posted, call: Calling) -> Response:
    """Take a registration, or show the form again with what is wrong and everything that was typed."""
    pace: Pace = call.request.app.state.pace
    wait = pace.wait(call.visitor.ip)
    if wait:
        return _too_fast(call, wait)
    typed, found = read_typed(form), _read(call, slug)
    if form.get("show"):
        return show_form(call.request, found, typed, {})
    countries = tuple(call.runtime.settings.sms_countries.split(","))
    wanted, faults = check(form, typed, countries=countries, wordings=found.wordings)
    if wanted is None:
        return show_form(call.request, found, typed, faults, status=422)
    asked = _asked(call, found, wanted, typed)
    try:
        with call.transaction() as db:
            register.register(db, asked, call.runtime.hours, call.now, horizon=call.runtime.settings.horizon)
    except Rejected as refusal:
        return show_full(call.request, _read(call, slug), typed, str(refusal))
    return _thank(slug, asked)


@router.get("/w/{slug}/thanks")
def thanks(
    slug: str,
    session: Annotated[int, Query(ge=1, le=2**63 - 1)],
    call: Calling,
    zone: str = "",
    boxes: str = "",
) -> HTMLResponse:
    """Say that it worked, offer the calendar, and list all that will come."""
    runtime, now = call.runtime, call.now
    zone = zone if known_zone(zone) else runtime.settings.clinic_zone
    ticked = kinds.read_kinds(boxes.split("."))
    with call.transaction() as db:
        webinar, chosen = _session_of(db, slug, session)
        steps = steps_of(db, webinar.id)
    texts = kinds.TEXTS in ticked
    facts = Facts(session=chosen.facts, zone=ZoneInfo(zone), registered_at=now, texts=texts)
    coming = explain.forecast(steps, facts, runtime.hours, dict.fromkeys(ticked, True), number=texts)
    left = chosen.starts_at - now
    return page(
        call.request,
        "public/thanks.html",
        personal=True,
        webinar=webinar,
        session=chosen,
        zone=zone,
        soon=left <= _SOON,
        running=left <= timedelta(0),
        minutes_left=int(left.total_seconds()) // 60,
        google=calendar.google(runtime, webinar, chosen),
        outlook=calendar.outlook(runtime, webinar, chosen),
        calendar_title=calendar.entry_title(runtime, webinar),
        ticked=f"You ticked {kinds.in_words(ticked)}." if ticked else "You ticked no box.",
        texts=texts,
        timeline=timeline.ahead(coming, chosen, zone, now),
    )


def _read(call: Call, slug: str) -> Landing:
    with call.transaction() as db:
        return read_landing(db, slug, call.now)


def _asked(call: Call, found: Landing, wanted: Wanted, typed: Typed) -> register.Request:
    zone = typed.shown_zone(call.runtime.settings.clinic_zone)
    return register.Request(
        # Whatever is not on this page is unknown here, be it another webinar's.
        session_id=wanted.session_id if found.lists(wanted.session_id) else 0,
        first_name=wanted.first_name,
        email=wanted.email,
        phone=wanted.phone,
        zone=zone,
        consents={(one.channel, one.purpose): one.id for one in wanted.consents},
        evidence=call.evidence(f"/w/{found.webinar.slug}", zone),
    )


def _thank(slug: str, asked: register.Request) -> RedirectResponse:
    boxes = ".".join(kinds.key(kind) for kind in asked.consents)
    query = urlencode({"session": asked.session_id, "zone": asked.zone, "boxes": boxes}, safe="/")
    return RedirectResponse(f"/w/{slug}/thanks?{query}", status_code=303)


def _session_of(db: Connection, slug: str, session_id: int) -> tuple[WebinarRow, SessionRow]:
    webinar = webinars.webinar_by_slug(db, slug) if "\0" not in slug else None
    session = webinars.read_session(db, session_id)
    if webinar is None or session is None or session.webinar_id != webinar.id:
        raise NotFound
    return webinar, session


def _too_fast(call: Call, wait: int) -> HTMLResponse:
    sentence = f"Too many forms came from your network in the last minute. Wait {wait} seconds, then send it again."
    return page(
        call.request,
        "error.html",
        status=429,
        personal=True,
        headers={"Retry-After": str(wait)},
        sentence=sentence,
        reference="429",
        broken=False,
    )
