"""Webinars with their sessions, and one webinar's campaign around a session."""

from __future__ import annotations

from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.steps import Step
from campaigns.domain.timing import Due, busy_days, due_for_class
from campaigns.errors import NotFound
from campaigns.runtime import Runtime
from campaigns.store import campaigns, reports, touches, viewings, waiting, webinars
from campaigns.store.engine import Connection
from campaigns.store.session_counts import counts_by_step
from campaigns.store.webinars import SessionRow, WebinarRow
from campaigns.web.staff import words
from campaigns.web.staff.desk import Signed, Visit
from campaigns.web.staff.timeline import Around, lay_out

router = APIRouter()


@router.get("/staff")
def show_webinars(visit: Signed) -> Response:
    """List every webinar with its sessions: state, places, and what goes out next."""
    with visit.transaction() as db:
        found = reports.webinars(db)
        glances = reports.sessions(db, [one.id for one in found])
        soonest = reports.next_out(db, [glance.session.id for glance in glances])
        steps = {one.id: campaigns.steps_of(db, one.id) for one in found}
    rows: dict[int, list[dict[str, object]]] = {one.id: [] for one in found}
    zones = {one.id: one.zone for one in found}
    for glance in glances:
        session, zone = glance.session, zones[glance.session.webinar_id]
        out = soonest.get(session.id)
        following = _ahead(visit.runtime, steps[session.webinar_id], session, zone, visit.now) if out is None else None
        rows[session.webinar_id].append(
            {
                **session_facts(glance, zone, visit.now),
                "next": _next(out, following, zone, visit.now),
            }
        )
    entries = [{"webinar": one, "sessions": rows[one.id]} for one in found]
    return visit.page("webinars.html", active="webinars", webinars=entries)


@router.get("/staff/webinars/{slug}")
def show_webinar(visit: Signed, slug: str, session: int = 0, channel: str = "") -> Response:
    """Show one webinar's campaign around the chosen session, the next one if none is chosen."""
    with visit.transaction() as db:
        webinar = webinar_at(db, slug)
        glances = reports.sessions(db, [webinar.id])
        chosen = _chosen(glances, session, visit.now)
        steps = campaigns.steps_of(db, webinar.id)
        shown = [step for step in steps if channel in ("", step.channel)]
        timeline = lay_out(shown, _around(db, visit, webinar.zone, chosen)) if chosen else None
        sources = touches.sources(db, chosen.session.id) if chosen else []
        line = waiting.counts(db, chosen.session.id) if chosen else None
        watched = _watched(db, visit, chosen.session) if chosen else None
    strip = [session_facts(glance, webinar.zone, visit.now) for glance in glances]
    facts = session_facts(chosen, webinar.zone, visit.now) if chosen else None
    return visit.page(
        "webinar.html",
        active="webinars",
        webinar=webinar,
        strip=strip,
        chosen=facts,
        session=chosen.session if chosen else None,
        day=words.day(chosen.session.starts_at, webinar.zone) if chosen else "",
        timeline=timeline,
        sources=sources,
        line=line,
        watched=watched,
        snippet=_snippet(visit.runtime, webinar),
        channel=channel,
        now_words=words.hour(visit.now, webinar.zone),
        over=chosen is not None and visit.now >= chosen.session.ends_at,
        begun=chosen is not None and visit.now >= chosen.session.starts_at,
        done=visit.request.query_params.get("done", ""),
    )


def _watched(db: Connection, visit: Visit, session: SessionRow) -> viewings.Counts | None:
    if not session.media_url or visit.now < session.starts_at:
        return None
    return viewings.counts(db, session.id, session.talk * visit.runtime.settings.shares.completed)


def _snippet(runtime: Runtime, webinar: WebinarRow) -> str:
    """Give the HTML that shows the form in another site's page; empty where the settings name no such site."""
    if not runtime.settings.embedders:
        return ""
    address = f"{runtime.links.landing(webinar.slug)}/embed"
    title = escape(f"Sign up: {webinar.class_title}")
    frame = f'<iframe src="{address}" title="{title}" width="100%" height="1500" loading="lazy"'
    return f'{frame} style="border: 0"></iframe>'


def webinar_at(db: Connection, slug: str) -> WebinarRow:
    """Find a webinar; raises `NotFound`."""
    found = webinars.webinar_by_slug(db, slug)
    if found is None:
        raise NotFound
    return found


def _chosen(glances: list[reports.SessionGlance], wanted: int, now: datetime) -> reports.SessionGlance | None:
    named = [glance for glance in glances if glance.session.id == wanted]
    if wanted and not named:
        raise NotFound
    live = [one for one in glances if one.session.ends_at > now and one.session.cancelled_at is None]
    return next(iter([*named, *live, *reversed(glances)]), None)


def _around(db: Connection, visit: Visit, zone: str, chosen: reports.SessionGlance) -> Around:
    return Around(
        chosen.session,
        zone,
        visit.runtime.hours,
        visit.now,
        counts_by_step(db, chosen.session.id),
        reports.audiences(db, chosen.session.id),
    )


def session_facts(glance: reports.SessionGlance, zone: str, now: datetime) -> dict[str, object]:
    """Give what a list or the strip shows of a session."""
    session = glance.session
    state, state_words = _state(session, now)
    letters = words.letters(session.starts_at, zone)
    return {
        "id": session.id,
        "date": words.date(session.starts_at, zone, now),
        "hours": f"{words.hour(session.starts_at, zone)}–{words.hour(session.ends_at, zone)} {letters}",
        "hour": words.hour(session.starts_at, zone),
        "state": state,
        "state_words": state_words,
        "registered": glance.registered,
        "came": glance.came,
        "capacity": session.capacity,
        "attendance_final": session.attendance_final_at is not None,
    }


def _state(session: SessionRow, now: datetime) -> tuple[str, str]:
    if session.cancelled_at is not None:
        return "none", "cancelled"
    if now >= session.ends_at:
        return "done", "ended"
    if now >= session.starts_at:
        return "sending", "running now"
    moved = ", moved" if session.moved_at is not None else ""
    return "ahead", words.distance(session.starts_at, now) + moved


def _ahead(
    runtime: Runtime, steps: tuple[Step, ...], session: SessionRow, zone: str, now: datetime
) -> tuple[datetime, Step] | None:
    """Ask the planner's own rules what comes next, in the clinic's zone, where the ledger does not reach yet."""
    here = ZoneInfo(zone)
    busy = busy_days(steps, session.facts, here, runtime.hours)
    answers = ((due_for_class(step, session.facts, here, runtime.hours, busy), step) for step in steps if step.dated)
    coming = [(answer.at, step) for answer, step in answers if isinstance(answer, Due) and answer.at > now]
    return min(coming, key=lambda pair: pair[0], default=None)


def _next(
    out: reports.NextOut | None, following: tuple[datetime, Step] | None, zone: str, now: datetime
) -> dict[str, object] | None:
    if out is not None:
        when = words.when(out.due_at, zone, now)
        return {"channel": out.channel, "name": out.step_name, "when": when, "count": out.count}
    if following is not None:
        at, step = following
        return {"channel": step.channel, "name": step.name, "when": words.when(at, zone, now), "count": 0}
    return None
