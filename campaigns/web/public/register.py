"""`/w/{slug}`: the landing page, the registration form, and the page of thanks.

The answer is the same whether or not the address is known. What was typed stands in
no address: the page of thanks is told the session, the zone and the boxes only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from campaigns.domain.audience import Facts
from campaigns.domain.steps import Channel, Standing, Step, sends_codes
from campaigns.errors import NotFound, Rejected
from campaigns.language import gettext, known, ngettext, spoken, turn_to
from campaigns.operations import explain, register
from campaigns.operations.explain import Milestone
from campaigns.operations.sign_up import Guard, Sent, sign_up
from campaigns.store import webinars
from campaigns.store.campaigns import steps_of
from campaigns.store.engine import Connection
from campaigns.store.webinars import SessionRow, WebinarRow
from campaigns.web import kinds, touch
from campaigns.web.dependencies import Call, Calling, KnownForm, Posted
from campaigns.web.forms import Typed, Wanted, check, read_typed, text_of
from campaigns.web.languages import FIELD, by_itself, said
from campaigns.web.pace import Pace
from campaigns.web.public import calendar, timeline
from campaigns.web.public.ask import show_safety
from campaigns.web.public.landing import Landing, read_landing, show_form, show_full, show_landing
from campaigns.web.stamps import hesitate, shown_at
from campaigns.web.times import known_zone
from campaigns.web.views import page

router = APIRouter()

_SOON: Final = timedelta(minutes=60)
"""Nearer than this nobody needs a calendar any more."""


@router.get("/")
def front(call: Calling) -> RedirectResponse:
    """Lead to the newest webinar's page, with what brought the visitor; raises `NotFound` where there is none yet."""
    with call.transaction() as db:
        slug = webinars.newest_slug(db)
    if slug is None:
        raise NotFound
    lang = call.request.query_params.get(FIELD, "")
    query = urlencode(touch.carry(call.request.query_params) | ({FIELD: lang} if known(lang) else {}))
    return RedirectResponse(f"/w/{slug}?{query}" if query else f"/w/{slug}", 302)


@router.get("/w/{slug}")
def landing(slug: str, call: Calling, zone: str = "") -> HTMLResponse:
    """Show what the webinar is, and the form."""
    return show_landing(call.request, _read(call, slug), _arrived(call, zone))


@router.get("/w/{slug}/embed")
def embed(slug: str, call: Calling, zone: str = "") -> HTMLResponse:
    """Show the form alone, for a frame in another site's page; `NotFound` unless the settings name such sites."""
    if not call.runtime.settings.embedders:
        raise NotFound
    return show_landing(call.request, _read(call, slug), replace(_arrived(call, zone), embedded=True))


@router.post("/w/{slug}", dependencies=[KnownForm])
def send(slug: str, form: Posted, call: Calling) -> Response:
    """Take a registration, or show the form again with what is wrong and everything that was typed.

    A form that another site sends has no stamp: its visitor sees ours, filled in, and presses once more.
    """
    turn_to(text_of(form, FIELD))
    typed, runtime = read_typed(form), call.runtime
    pace: Pace = call.request.app.state.pace
    wait = pace.wait(call.visitor.ip)
    if wait:
        return _too_fast(call, wait, embedded=typed.embedded)
    found = _read(call, slug)
    if form.get("show"):
        return show_form(call.request, found, typed, {})
    countries = tuple(runtime.settings.sms_countries.split(","))
    wanted, faults = check(form, typed, countries=countries, wordings=found.wordings, fields=found.fields)
    if wanted is None:
        return show_form(call.request, found, typed, faults, status=422)
    takes = runtime.settings.form_takes
    nudge = hesitate(runtime.signer, typed.shown, found.webinar.id, call.now, at_least=takes)
    if nudge:
        return show_form(call.request, found, typed, {}, status=422, nudge=nudge)
    asked = _asked(call, found, wanted, typed, waits=form.get("wait") == "yes")
    sent = Sent(request=asked, answers=wanted.answers, touch=typed.touch, question=wanted.question, ip=call.visitor.ip)
    try:
        with call.transaction() as db:
            made = sign_up(db, sent, runtime.guard, runtime.hours, call.now, horizon=runtime.settings.horizon)
    except Rejected as refusal:
        if refusal.field == "question":
            return show_form(call.request, found, typed, {"question": said(refusal)}, status=422)
        return show_full(call.request, _read(call, slug), typed, refusal)
    thanks = _thank(call, slug, asked, embedded=typed.embedded, waits=made.waits)
    return show_safety(call, thanks.headers["location"], embedded=typed.embedded) if made.urgent else thanks


@router.get("/w/{slug}/thanks")
def thanks(
    slug: str,
    session: Annotated[int, Query(ge=1, le=2**63 - 1)],
    call: Calling,
    zone: str = "",
    boxes: str = "",
    *,
    embedded: str = "",
    waits: str = "",
) -> HTMLResponse:
    """Say that it worked, offer the calendar, and list all that will come."""
    runtime, now = call.runtime, call.now
    zone = zone if known_zone(zone) else runtime.settings.clinic_zone
    ticked = kinds.read_kinds(boxes.split("."))
    with call.transaction() as db:
        webinar, chosen = _session_of(db, slug, session)
        steps = steps_of(db, webinar.id)
    texts, proves = kinds.TEXTS in ticked, runtime.guard.prove_texts and sends_codes(steps)
    standing = Standing.WAITING if waits == "yes" else Standing.HELD
    facts = Facts(session=chosen.facts, zone=ZoneInfo(zone), registered_at=now, texts=texts, standing=standing)
    left = chosen.starts_at - now
    return page(
        call.request,
        "public/thanks.html" if standing is Standing.HELD else "public/thanks-waiting.html",
        personal=True,
        embedded=embedded == "yes",
        webinar=webinar,
        session=chosen,
        zone=zone,
        soon=left <= _SOON,
        running=left <= timedelta(0),
        minutes_left=int(left.total_seconds()) // 60,
        google=calendar.google(runtime, webinar, chosen),
        outlook=calendar.outlook(runtime, webinar, chosen),
        calendar_title=calendar.entry_title(runtime, webinar),
        ticked=_ticked(ticked, runtime.guard, proves_texts=proves),
        texts=texts,
        timeline=timeline.ahead(_coming(call, steps, facts, ticked, proves=proves), chosen, zone, now),
    )


def _coming(
    call: Call, steps: Sequence[Step], facts: Facts, ticked: tuple[kinds.Kind, ...], *, proves: bool
) -> list[Milestone]:
    """Say what will come; of texts that a code has to prove first only the code."""
    given = dict.fromkeys(ticked, True)
    if facts.texts and proves:
        facts = replace(facts, texts=False, asked_at=call.now, unproven=True)
        del given[kinds.TEXTS]
    return explain.forecast(steps, facts, call.runtime.hours, given, number=kinds.TEXTS in ticked)


def _ticked(kind: tuple[kinds.Kind, ...], guard: Guard, *, proves_texts: bool) -> str:
    if not kind:
        return gettext("You ticked no box.")
    said = [gettext("You ticked %(kinds)s.", kinds=kinds.in_words(kind))]
    by_email = [one for one in kind if one[0] is Channel.EMAIL]
    if proves_texts and kinds.TEXTS in kind:
        said.append(
            gettext("Text reminders start once you enter the code we text you: the email has the link to your page.")
        )
    if guard.prove_email and by_email:
        later = gettext("%(kinds)s start once you confirm them: the email says how.", kinds=kinds.in_words(by_email))
        said.append(f"{later[0].upper()}{later[1:]}")
    return " ".join(said)


def _read(call: Call, slug: str) -> Landing:
    with call.transaction() as db:
        return read_landing(db, slug, call.now)


def _arrived(call: Call, zone: str) -> Typed:
    """Give the form of somebody who has just come: empty, but for a zone from the address and what brought them."""
    request, ours = call.request, urlsplit(call.runtime.settings.public_url).netloc
    brought = touch.arrive(request.query_params, request.headers.get("referer", ""), request.url.path, ours)
    return Typed(zone=zone if known_zone(zone) else "", touch=brought)


def _asked(call: Call, found: Landing, wanted: Wanted, typed: Typed, *, waits: bool) -> register.Request:
    zone = typed.shown_zone(call.runtime.settings.clinic_zone)
    return register.Request(
        # Whatever is not on this page is unknown here, be it another webinar's.
        session_id=wanted.session_id if found.lists(wanted.session_id) else 0,
        first_name=wanted.first_name,
        email=wanted.email,
        phone=wanted.phone,
        zone=zone,
        language=spoken(),
        consents={(one.channel, one.purpose): one.id for one in wanted.consents},
        evidence=call.evidence(f"/w/{found.webinar.slug}", zone),
        waits=waits,
        form_shown=shown_at(call.runtime.signer, typed.shown, found.webinar.id),
    )


def _thank(call: Call, slug: str, asked: register.Request, *, embedded: bool, waits: bool) -> RedirectResponse:
    boxes = ".".join(kinds.key(kind) for kind in asked.consents)
    facts = {"session": asked.session_id, "zone": asked.zone, "boxes": boxes}
    facts |= {"embedded": "yes"} if embedded else {}
    facts |= {FIELD: asked.language} if asked.language != by_itself(call.request) else {}
    query = urlencode(facts | {"waits": "yes"} if waits else facts, safe="/")
    return RedirectResponse(f"/w/{slug}/thanks?{query}", status_code=303)


def _session_of(db: Connection, slug: str, session_id: int) -> tuple[WebinarRow, SessionRow]:
    webinar = webinars.webinar_by_slug(db, slug) if "\0" not in slug else None
    session = webinars.read_session(db, session_id)
    if webinar is None or session is None or session.webinar_id != webinar.id:
        raise NotFound
    return webinar.said_in(spoken()), session


def _too_fast(call: Call, wait: int, *, embedded: bool) -> HTMLResponse:
    sentence = ngettext(
        "Too many forms came from your network in the last minute. Wait %(num)d second, then send it again.",
        "Too many forms came from your network in the last minute. Wait %(num)d seconds, then send it again.",
        wait,
    )
    return page(
        call.request,
        "error.html",
        status=429,
        personal=True,
        embedded=embedded,
        headers={"Retry-After": str(wait)},
        sentence=sentence,
        reference="429",
        broken=False,
    )
