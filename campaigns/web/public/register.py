"""`/w/{slug}`: the landing page, the registration form, and the page of thanks.

The answer is the same whether or not the address is known. What was typed stands in
no address: the page of thanks is told the session, the zone and the boxes only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from campaigns.domain.audience import Facts
from campaigns.domain.steps import Channel
from campaigns.errors import NotFound, Rejected
from campaigns.operations import explain, register
from campaigns.runtime import Runtime
from campaigns.store import webinars
from campaigns.store.campaigns import steps_of
from campaigns.store.consents import current_wordings
from campaigns.store.engine import Connection, transaction
from campaigns.store.webinars import SessionRow, WebinarRow
from campaigns.web import kinds
from campaigns.web.dependencies import From, Now, OurForm, Posted, RuntimeOf, Visitor
from campaigns.web.forms import Typed, Wanted, check, read_typed
from campaigns.web.pace import Pace
from campaigns.web.public import calendar, timeline
from campaigns.web.public.landing import Landing, read_landing, show_form, show_full, show_landing
from campaigns.web.times import known_zone
from campaigns.web.views import page

router = APIRouter()

_SOON: Final = timedelta(minutes=60)
"""Nearer than this nobody needs a calendar any more."""


@router.get("/w/{slug}")
def landing(request: Request, slug: str, runtime: RuntimeOf, now: Now, zone: str = "") -> HTMLResponse:
    """Show what the webinar is, and the form."""
    with transaction(runtime.engine) as db:
        found = read_landing(db, slug, now)
    return show_landing(request, found, Typed(zone=zone if known_zone(zone) else ""))


@router.post("/w/{slug}", dependencies=[OurForm])
def send(request: Request, slug: str, form: Posted, visitor: From, runtime: RuntimeOf, now: Now) -> Response:
    """Take a registration, or show the form again with what is wrong and everything that was typed."""
    pace: Pace = request.app.state.pace
    wait = pace.wait(visitor.ip)
    if wait:
        return _too_fast(request, wait)
    typed = read_typed(form)
    with transaction(runtime.engine) as db:
        found = read_landing(db, slug, now)
    if form.get("show"):
        return show_form(request, found, typed, {})
    countries = tuple(runtime.settings.sms_countries.split(","))
    wanted, faults = check(form, typed, countries=countries, wordings=found.wordings)
    if wanted is None:
        return show_form(request, found, typed, faults, status=422)
    try:
        with transaction(runtime.engine) as db:
            _register(db, runtime, found, wanted, typed, visitor, now)
    except Rejected as refusal:
        if refusal.field != "session":
            raise
        return _session_refused(request, runtime, slug, typed, refusal, now)
    return _thank(runtime, slug, wanted, typed)


@router.get("/w/{slug}/thanks")
def thanks(  # noqa: PLR0913  # the page and what its address says
    request: Request,
    slug: str,
    session: Annotated[int, Query(ge=1, le=2**63 - 1)],
    runtime: RuntimeOf,
    now: Now,
    *,
    zone: str = "",
    boxes: str = "",
) -> HTMLResponse:
    """Say that it worked, offer the calendar, and list all that will come."""
    zone = zone if known_zone(zone) else runtime.settings.clinic_zone
    ticked = kinds.read_kinds(boxes.split("."))
    with transaction(runtime.engine) as db:
        webinar, chosen = _session_of(db, slug, session)
        steps = steps_of(db, webinar.id)
    texts = kinds.TEXTS in ticked
    facts = Facts(session=chosen.facts, zone=ZoneInfo(zone), registered_at=now, texts=texts)
    coming = explain.forecast(steps, facts, runtime.hours, dict.fromkeys(ticked, True), number=texts)
    left = chosen.starts_at - now
    return page(
        request,
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


def _register(  # noqa: PLR0913, PLR0917  # the form, who sent it, and where it goes
    db: Connection, runtime: Runtime, found: Landing, wanted: Wanted, typed: Typed, visitor: Visitor, now: datetime
) -> None:
    if wanted.session_id not in {one.session.id for one in found.listed}:
        # Whatever is not on this page is unknown here, be it another webinar's.
        raise NotFound("We do not know this class. Pick a time from the list.", field="session")
    zone = typed.shown_zone(runtime.settings.clinic_zone)
    evidence = {"ip": visitor.ip, "user_agent": visitor.user_agent, "page": f"/w/{found.webinar.slug}", "zone": zone}
    asked = register.Request(
        session_id=wanted.session_id,
        first_name=wanted.first_name,
        email=wanted.email,
        phone=wanted.phone,
        zone=zone,
        consents={(one.channel, one.purpose): one.id for one in wanted.consents},
        evidence=evidence,
    )
    register.register(db, asked, runtime.hours, now, horizon=runtime.settings.horizon)


def _thank(runtime: Runtime, slug: str, wanted: Wanted, typed: Typed) -> RedirectResponse:
    boxes = ".".join(kinds.key((one.channel, one.purpose)) for one in wanted.consents)
    zone = typed.shown_zone(runtime.settings.clinic_zone)
    query = urlencode({"session": wanted.session_id, "zone": zone, "boxes": boxes}, safe="/")
    return RedirectResponse(f"/w/{slug}/thanks?{query}", status_code=303)


def _session_refused(
    request: Request, runtime: Runtime, slug: str, typed: Typed, refusal: Rejected, now: datetime
) -> HTMLResponse:
    with transaction(runtime.engine) as db:
        found = read_landing(db, slug, now)
    return show_full(request, found, typed, str(refusal))


def _session_of(db: Connection, slug: str, session_id: int) -> tuple[WebinarRow, SessionRow]:
    webinar = webinars.webinar_by_slug(db, slug)
    session = webinars.read_session(db, session_id)
    if webinar is None or session is None or session.webinar_id != webinar.id:
        raise NotFound
    return webinar, session


def _too_fast(request: Request, wait: int) -> HTMLResponse:
    sentence = f"Too many registrations came from your network in the last minute. Wait {wait} seconds, then send it again."
    return page(
        request, "error.html", status=429, personal=True, headers={"Retry-After": str(wait)},
        sentence=sentence, reference="429", broken=False,
    )  # fmt: skip
