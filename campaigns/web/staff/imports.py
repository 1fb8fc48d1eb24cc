"""Lists from outside: registrants and attendance. Upload, look at what it would do, press once.

Nothing is saved before the last button, and that button applies exactly what was
shown: whatever changed in between leads back to the new numbers.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.operations.download import write_sheet
from campaigns.store import imports, reports
from campaigns.store.engine import Connection
from campaigns.web.staff import lists, words
from campaigns.web.staff.attendance_lists import ATTENDANCE
from campaigns.web.staff.desk import Act, Acting, Signed, Visit, go_to
from campaigns.web.staff.registrant_lists import REGISTRANTS

router = APIRouter()

_KINDS: Final = {kind.name: kind for kind in (REGISTRANTS, ATTENDANCE)}
_SHOWN: Final = 50
_RECENT: Final = 20


@router.get("/staff/imports")
def show_imports(visit: Signed, session: int = 0, done: str = "") -> Response:
    """Show the two forms and the lists that were brought in last."""
    return _overview(visit, {"session": session}, done=done if done in _KINDS else "")


@router.post("/staff/imports/import")
def take_registrants(act: Acting) -> Response:
    """Keep a list of registrants and check it."""
    return _take(act, REGISTRANTS)


@router.post("/staff/imports/attendance")
def take_attendance(act: Acting) -> Response:
    """Keep a list of who came and check it."""
    return _take(act, ATTENDANCE)


@router.get("/staff/imports/{token}")
def show_check(visit: Signed, token: str, show: str = "problems") -> Response:
    """Show what a kept list would do."""
    visit.require_editor()
    return _check_page(visit, token, show=show)


@router.post("/staff/imports/{token}/check")
def check_again(act: Acting, token: str) -> Response:
    """Check a kept list with other choices."""
    act.visit.require_editor()
    noted = lists.own(act.visit, token)
    kind = _KINDS[noted["kind"]]
    try:
        lists.look(act.visit, kind, token, noted["name"], kind.choice(act))
    except Rejected as error:
        return _check_page(act.visit, token, wrong={error.field: str(error)}, status=422)
    return go_to(f"/staff/imports/{token}")


@router.post("/staff/imports/{token}/apply")
def apply(act: Acting, token: str) -> Response:
    """Apply a kept list if everything still is as it was shown; else show the new numbers."""
    visit = act.visit
    visit.require_editor()
    noted = lists.own(visit, token)
    kind = _KINDS[noted["kind"]]
    uploads = lists.uploads_of(visit)
    try:
        choice = kind.choice(act)
    except Rejected as error:
        return _check_page(visit, token, wrong={error.field: str(error)}, status=422)
    try:
        with uploads.open(token) as file, visit.transaction() as db:
            kind.apply(visit, db, file, choice, act.text("fingerprint"))
    except (Conflict, Rejected) as error:
        lists.look(visit, kind, token, noted["name"], choice)
        return _check_page(visit, token, wrong={"": str(error)}, status=409 if isinstance(error, Conflict) else 422)
    uploads.forget(token)
    return go_to(f"/staff/imports?done={kind.name}")


@router.post("/staff/imports/{token}/forget")
def forget(act: Acting, token: str) -> Response:
    """Throw a kept list away without applying it."""
    lists.own(act.visit, token)
    lists.uploads_of(act.visit).forget(token)
    return go_to("/staff/imports")


@router.get("/staff/imports/{token}/problems.csv")
def download_problems(visit: Signed, token: str) -> Response:
    """Give the rows that were left out, as a file for a spreadsheet."""
    visit.require_editor()
    noted = lists.own(visit, token)
    rows = ((one["row"], one["column"], one["snippet"], one["sentence"]) for one in noted["problems"]["kept"])
    return StreamingResponse(
        write_sheet(("row", "column", "cell", "what to do"), rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="rows-to-correct.csv"', "Cache-Control": "no-store"},
    )


def _take(act: Act, kind: lists.Kind) -> Response:
    act.visit.require_editor()
    token = ""
    try:
        choice = kind.choice(act)
        token, name = lists.keep(act)
        lists.look(act.visit, kind, token, name, choice)
    except Rejected as error:
        if token:
            lists.uploads_of(act.visit).forget(token)
        wrong = {error.field or "file": str(error)}
        return _overview(act.visit, dict(act.form), wrong=wrong, form=kind.name, status=422)
    return go_to(f"/staff/imports/{token}")


def _overview(
    visit: Visit,
    typed: dict[str, Any],
    *,
    wrong: dict[str, str] | None = None,
    form: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    with visit.transaction() as db:
        choices = _sessions(db, visit.now)
        recent = imports.recent(db, _RECENT)
    rows = [
        {
            **asdict(one),
            "when": words.when(one.at, visit.zone, visit.now),
            "date": words.date(one.starts_at, one.zone, visit.now),
        }
        for one in recent
    ]
    return visit.page(
        "imports.html",
        active="imports",
        status=status,
        choices=choices,
        typed={name: value for name, value in typed.items() if isinstance(value, (str, int))},
        wrong=wrong or {},
        form=form,
        done=done,
        recent=rows,
    )


def _check_page(
    visit: Visit, token: str, *, show: str = "problems", wrong: dict[str, str] | None = None, status: int = 200
) -> Response:
    noted = lists.own(visit, token)
    with visit.transaction() as db:
        choices = _sessions(db, visit.now)
    chosen = next((one for one in choices if one["id"] == noted["choice"]["session"]), None)
    if chosen is None:
        raise NotFound("The session of this list is gone. Upload the list for another one.")
    return visit.page(
        _KINDS[noted["kind"]].template,
        active="imports",
        status=status,
        token=token,
        check=noted,
        read=words.when(datetime.fromisoformat(noted["at"]), visit.zone, visit.now),
        choices=choices,
        chosen=chosen,
        show=show,
        shown=_SHOWN,
        wrong=wrong or {},
    )


def _sessions(db: Connection, now: datetime) -> list[dict[str, Any]]:
    """Give every session, the next one first, then the past ones backwards."""
    webinars = {one.id: one for one in reports.webinars(db)}
    glances = reports.sessions(db, webinars)
    ahead = sorted((one for one in glances if one.session.ends_at > now), key=lambda one: one.session.starts_at)
    past = sorted((one for one in glances if one.session.ends_at <= now), key=lambda one: one.session.starts_at)
    found = []
    for glance in (*ahead, *reversed(past)):
        session, webinar = glance.session, webinars[glance.session.webinar_id]
        at, zone = session.starts_at, webinar.zone
        found.append(
            {
                "id": session.id,
                "slug": webinar.slug,
                "title": webinar.class_title,
                "when": f"{words.when(at, zone, now)} {words.letters(at, zone)}",
                "registered": glance.registered,
                "left": None if session.capacity is None else max(0, session.capacity - glance.registered),
                "open": session.ends_at > now and session.cancelled_at is None,
                "begun": session.starts_at <= now and session.cancelled_at is None,
                "over": session.ends_at <= now,
                "minutes": int((session.ends_at - session.starts_at).total_seconds()) // 60,
            }
        )
    return found
