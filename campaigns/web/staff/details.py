"""Add a session to a webinar; say where one takes place, where its recording is, and what its watch page shows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.errors import NotFound, Rejected
from campaigns.operations import links, schedule
from campaigns.operations.set_talk import set_talk
from campaigns.store.talks import Talk, talk_of
from campaigns.web.staff import change
from campaigns.web.staff.desk import Act, Acting, Signed, Visit, go_to
from campaigns.web.staff.sessions import Wish, found
from campaigns.web.staff.webinars import webinar_at

router = APIRouter()
_LENGTH: Final = re.compile(r"([0-9]{1,3})(?::([0-5][0-9]))?")
_FIELDS: Final = ("day", "start", "zone", "minutes", "capacity")


@router.get("/staff/webinars/{slug}/sessions/new")
def show_new(visit: Signed, slug: str) -> Response:
    """Show the form for a new session. Nothing changes."""
    visit.require_editor()
    return _new_page(visit, slug, dict.fromkeys(_FIELDS, "") | {"start": "18:00", "minutes": "30"})


@router.post("/staff/webinars/{slug}/sessions/new")
def take_new(act: Acting, slug: str) -> Response:
    """Add the session, or show the form again with what is wrong and everything that was typed."""
    visit = act.visit
    visit.require_editor()
    typed = {name: act.text(name) for name in _FIELDS}
    try:
        with visit.transaction() as db:
            session_id = schedule.add(
                db,
                webinar_at(db, slug).id,
                Wish(typed["day"], typed["start"], typed["zone"]).starts_at(),
                timedelta(minutes=_number(typed["minutes"], "minutes") or 0),
                _number(typed["capacity"], "capacity"),
                staff_id=visit.login.member.id,
                now=visit.now,
            )
    except NotFound:
        raise
    except Rejected as wrong:
        return _new_page(visit, slug, typed, wrong)
    return go_to(f"/staff/webinars/{slug}?session={session_id}&done=added")


@router.get("/staff/webinars/{slug}/sessions/{session_id}/links")
def show_links(visit: Signed, slug: str, session_id: int) -> Response:
    """Show where the session takes place, where its recording is, and the talk of its watch page. Nothing changes."""
    visit.require_editor()
    return _links_page(visit, slug, session_id)


@router.post("/staff/webinars/{slug}/sessions/{session_id}/links")
def take_links(act: Acting, slug: str, session_id: int) -> Response:
    """Set the addresses and the talk, or show the form again with what is wrong and everything that was typed."""
    visit = act.visit
    visit.require_editor()
    try:
        with visit.transaction() as db:
            found(db, slug, session_id)
            links.set_links(
                db,
                session_id,
                room_url=act.text("room_url"),
                replay_url=act.text("replay_url"),
                staff_id=visit.login.member.id,
                now=visit.now,
            )
            set_talk(
                db,
                session_id,
                _talk(act),
                visit.runtime.settings.shares,
                staff_id=visit.login.member.id,
                now=visit.now,
            )
    except NotFound:
        raise
    except Rejected as wrong:
        return _links_page(visit, slug, session_id, act, wrong)
    return go_to(f"/staff/webinars/{slug}?session={session_id}&done=links")


def _new_page(visit: Visit, slug: str, typed: dict[str, str], wrong: Rejected | None = None) -> Response:
    with visit.transaction() as db:
        webinar = webinar_at(db, slug)
    return visit.page(
        "session-new.html",
        active="webinars",
        status=422 if wrong else 200,
        webinar=webinar,
        typed=typed,
        zones=change.zones_offered(webinar.zone),
        wrong=wrong,
    )


def _links_page(
    visit: Visit, slug: str, session_id: int, act: Act | None = None, wrong: Rejected | None = None
) -> Response:
    with visit.transaction() as db:
        webinar, session = found(db, slug, session_id)
        talk = talk_of(db, session_id)
    known = {
        "room_url": session.room_url,
        "replay_url": session.replay_url,
        "media_url": talk.media_url,
        "captions_url": talk.captions_url,
        "talk": "" if talk.talk_seconds is None else f"{talk.talk_seconds // 60}:{talk.talk_seconds % 60:02}",
        "transcript": talk.transcript,
    }
    return visit.page(
        "session-links.html",
        active="webinars",
        status=422 if wrong else 200,
        webinar=webinar,
        session=session,
        typed={name: act.text(name) for name in known} if act else known,
        wrong=wrong,
    )


def _talk(act: Act) -> Talk:
    length = act.text("talk")
    found = _LENGTH.fullmatch(length)
    if length and found is None:
        raise Rejected("Write the length in minutes and seconds, such as 9:40.", field="talk")
    return Talk(
        media_url=act.text("media_url"),
        captions_url=act.text("captions_url"),
        transcript=act.text("transcript"),
        talk_seconds=int(found[1]) * 60 + int(found[2] or 0) if found else None,
    )


def _number(words: str, field: str) -> int | None:
    if not words:
        return None
    if not (words.isascii() and words.isdigit()):
        raise Rejected("Write a whole number in digits.", field=field)
    return int(words[:9])
