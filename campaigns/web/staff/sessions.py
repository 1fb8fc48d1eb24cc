"""Move or cancel a session: a form, a preview that counts, a tick, and one press.

The preview carries a fingerprint of what it says. If that is no longer true when the
button is pressed, nothing happens and the new preview is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.local import instant_of
from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.operations import reschedule
from campaigns.operations.reschedule import Preview
from campaigns.store import reports, webinars
from campaigns.store.engine import Connection
from campaigns.store.places import places_held
from campaigns.store.webinars import SessionRow, WebinarRow
from campaigns.web import times
from campaigns.web.staff import change, words
from campaigns.web.staff.desk import Acting, Signed, Visit, go_to
from campaigns.web.staff.webinars import webinar_at

router = APIRouter()
_LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Wish:
    """The date a form asks for, as it was typed."""

    day: str = ""
    start: str = ""
    zone: str = ""

    def starts_at(self) -> datetime:
        """Read the instant; raises `Rejected` naming the field for a day or hour that does not exist."""
        if not times.known_zone(self.zone):
            raise Rejected("Choose a zone from the list.", field="zone")
        try:
            day = date.fromisoformat(self.day)
        except ValueError:
            raise Rejected("Write the day as year-month-day, such as 2026-03-19.", field="day") from None
        try:
            start = time.fromisoformat(self.start)
        except ValueError:
            raise Rejected("Write the hour on a 24-hour clock, such as 18:00.", field="start") from None
        zone = ZoneInfo(self.zone)
        at = instant_of(day, start.replace(second=0, microsecond=0, tzinfo=None), zone)
        if at.astimezone(zone).time() != start.replace(second=0, microsecond=0, tzinfo=None):
            raise Rejected("This hour is skipped on that day, when clocks go forward. Choose another.", field="start")
        return at


@router.get("/staff/webinars/{slug}/sessions/{session_id}/move")
def show_move(  # one argument per part of the address
    visit: Signed, slug: str, session_id: int, day: str = "", start: str = "", *, zone: str = ""
) -> Response:
    """Show the form; with a date in the address, also what moving there would do. Nothing changes."""
    visit.require_editor()
    return _move_page(visit, slug, session_id, Wish(day, start, zone), asked=bool(day or start))


@router.post("/staff/webinars/{slug}/sessions/{session_id}/move")
def take_move(act: Acting, slug: str, session_id: int) -> Response:
    """Move the session, if the sentence is ticked and the preview is still true; else show it again."""
    visit = act.visit
    visit.require_editor()
    wish = Wish(act.text("day"), act.text("start"), act.text("zone"))
    if not act.text("confirm"):
        return _move_page(visit, slug, session_id, wish, asked=True, unticked=True)
    try:
        with visit.transaction() as db:
            _, session = found(db, slug, session_id)
            starts_at = wish.starts_at()
            reschedule.move(
                db,
                session_id,
                starts_at,
                starts_at + (session.ends_at - session.starts_at),
                visit.now,
                fingerprint=act.text("fingerprint"),
                staff_id=visit.login.member.id,
            )
    except Conflict as error:
        return _move_page(visit, slug, session_id, wish, asked=True, changed=str(error))
    except NotFound:
        raise
    except Rejected:
        return _move_page(visit, slug, session_id, wish, asked=True)
    return go_to(f"/staff/webinars/{slug}?session={session_id}&done=moved")


@router.get("/staff/webinars/{slug}/sessions/{session_id}/cancel")
def show_cancel(visit: Signed, slug: str, session_id: int) -> Response:
    """Show what cancelling would do. Nothing changes."""
    visit.require_editor()
    return _cancel_page(visit, slug, session_id, "")


@router.post("/staff/webinars/{slug}/sessions/{session_id}/cancel")
def take_cancel(act: Acting, slug: str, session_id: int) -> Response:
    """Cancel the session, if the sentence is ticked and the preview is still true; else show it again."""
    visit = act.visit
    visit.require_editor()
    reason = " ".join(act.text("reason").split())
    wrong = _reason_wrong(reason)
    if wrong or not act.text("confirm"):
        return _cancel_page(visit, slug, session_id, reason, wrong=wrong, unticked=not act.text("confirm"))
    try:
        with visit.transaction() as db:
            found(db, slug, session_id)
            reschedule.cancel(
                db,
                session_id,
                reason,
                visit.now,
                fingerprint=act.text("fingerprint"),
                staff_id=visit.login.member.id,
            )
    except Conflict as error:
        return _cancel_page(visit, slug, session_id, reason, changed=str(error))
    return go_to(f"/staff/webinars/{slug}?session={session_id}&done=cancelled")


def _move_page(  # the states of one page, by name
    visit: Visit, slug: str, session_id: int, wish: Wish, *, asked: bool, unticked: bool = False, changed: str = ""
) -> Response:
    wrong: Rejected | None = None
    facts: dict[str, object] = {}
    with visit.transaction() as db:
        webinar, session = found(db, slug, session_id)
        if asked:
            try:
                facts = _move_facts(db, visit, session, webinar, wish)
            except Rejected as error:
                wrong = error
        people = places_held(db, session_id)
    local = session.starts_at.astimezone(ZoneInfo(webinar.zone))
    status = 422 if wrong or unticked else 409 if changed else 200
    return visit.page(
        "move.html",
        active="webinars",
        status=status,
        people=people,
        wish=wish if asked else Wish(f"{local:%Y-%m-%d}", f"{local:%H:%M}", webinar.zone),
        zones=change.zones_offered(webinar.zone),
        wrong=wrong,
        unticked=unticked,
        changed=changed,
        **{**_NOTHING, **facts},
        **_around(visit, webinar, session),
    )


_NOTHING: Final[dict[str, object]] = {
    "preview": None,
    "rows": [],
    "told": None,
    "clocks": [],
    "sentence": ("", ""),
    "minutes": 0,
}


def _move_facts(
    db: Connection, visit: Visit, session: SessionRow, webinar: WebinarRow, wish: Wish
) -> dict[str, object]:
    starts_at = wish.starts_at()
    length = session.ends_at - session.starts_at
    preview = reschedule.preview_move(db, session.id, starts_at, starts_at + length, visit.runtime.hours, visit.now)
    clocks = change.elsewhere(preview, starts_at, webinar.zone)
    return {
        **_counted(db, visit, preview, webinar.zone, moving=True),
        "clocks": clocks,
        "sentence": change.sentence(starts_at, webinar.zone, clocks),
        "minutes": length // timedelta(minutes=1),
    }


def _cancel_page(
    visit: Visit, slug: str, session_id: int, reason: str, *, wrong: str = "", unticked: bool = False, changed: str = ""
) -> Response:
    with visit.transaction() as db:
        webinar, session = found(db, slug, session_id)
        preview = reschedule.preview_cancel(db, session_id, visit.runtime.hours, visit.now)
        facts = _counted(db, visit, preview, webinar.zone, moving=False)
    return visit.page(
        "cancel.html",
        active="webinars",
        status=422 if wrong or unticked else 409 if changed else 200,
        reason=reason,
        longest=_LONGEST_REASON,
        wrong=wrong,
        unticked=unticked,
        changed=changed,
        **facts,
        **_around(visit, webinar, session),
    )


def _counted(db: Connection, visit: Visit, preview: Preview, zone: str, *, moving: bool) -> dict[str, object]:
    audiences = reports.audiences(db, preview.session.id)
    return {
        "preview": preview,
        "rows": change.rows(preview, audiences, zone, visit.now),
        "told": change.told(preview, audiences, moving=moving),
    }


def _around(visit: Visit, webinar: WebinarRow, session: SessionRow) -> dict[str, object]:
    zone = webinar.zone
    hours = f"{words.hour(session.starts_at, zone)}–{words.hour(session.ends_at, zone)}"
    return {
        "webinar": webinar,
        "session": session,
        "from_words": f"{words.full_date(session.starts_at, zone)}, {hours} {words.letters(session.starts_at, zone)}",
        "distance": words.distance(session.starts_at, visit.now),
        "checked": words.hour(visit.now, zone, seconds=True),
    }


def found(db: Connection, slug: str, session_id: int) -> tuple[WebinarRow, SessionRow]:
    """Give a session under its webinar's address; raises `NotFound` if it is not one of that webinar's."""
    webinar = webinar_at(db, slug)
    session = webinars.read_session(db, session_id)
    if session is None or session.webinar_id != webinar.id:
        raise NotFound
    return webinar, session


def _reason_wrong(reason: str) -> str:
    if len(reason) > _LONGEST_REASON:
        return f"Keep it under {_LONGEST_REASON} characters; it stands in the email."
    if set(reason) & set("<>{}") or not reason.isprintable():
        return "Write plain words, without < > { } or control characters; they stand in the email as they are."
    return ""
