"""`/calendar/{session}.ics`: the entry anybody may download; it names no person and no condition."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Response

from campaigns.errors import NotFound, mark
from campaigns.language import gettext, pgettext, spoken
from campaigns.rendering.calendar import publication
from campaigns.runtime import Runtime
from campaigns.store import webinars
from campaigns.store.webinars import SessionRow, WebinarRow
from campaigns.web.dependencies import Calling

router = APIRouter()

SessionId = Annotated[int, Path(ge=1, le=2**63 - 1)]
_DETAILS: Final = mark("Your way in is in the email you got when you signed up.")
_STAMP: Final = "%Y%m%dT%H%M%SZ"


@router.get("/calendar/{session_id}.ics")
def download(session_id: SessionId, call: Calling) -> Response:
    """Give the calendar file of a session; of a cancelled one it says so."""
    with call.transaction() as db:
        session = webinars.read_session(db, session_id)
        webinar = webinars.webinar_by_id(db, session.webinar_id) if session else None
    if session is None or webinar is None:
        raise NotFound
    entry = publication(
        session_id=session.id,
        class_title=webinar.said_in(spoken()).class_title,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        sequence=session.revision - 1,
        cancelled=session.cancelled_at is not None,
        now=call.now,
        sender=call.runtime.sender,
    )
    return Response(
        entry,
        media_type="text/calendar; charset=utf-8; method=PUBLISH",
        headers={"Content-Disposition": 'attachment; filename="class.ics"', "Cache-Control": "no-cache"},
    )


def entry_title(runtime: Runtime, webinar: WebinarRow) -> str:
    """Give the title a calendar shows: the discreet one, as in the file."""
    return f"{webinar.class_title} - {runtime.settings.clinic_name}"


def google(runtime: Runtime, webinar: WebinarRow, session: SessionRow) -> str:
    """Give the address that offers the entry to Google Calendar; it becomes a copy that we cannot update."""
    when = f"{session.starts_at.strftime(_STAMP)}/{session.ends_at.strftime(_STAMP)}"
    query = {
        "action": "TEMPLATE",
        "text": entry_title(runtime, webinar),
        "dates": when,
        "location": pgettext("where", "Online"),
        "details": gettext(_DETAILS),
    }
    return f"https://calendar.google.com/calendar/render?{urlencode(query)}"


def outlook(runtime: Runtime, webinar: WebinarRow, session: SessionRow) -> str:
    """Give the address that offers the entry to Outlook.com; it becomes a copy that we cannot update."""
    query = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": entry_title(runtime, webinar),
        "startdt": session.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "enddt": session.ends_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "location": pgettext("where", "Online"),
        "body": gettext(_DETAILS),
    }
    return f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(query)}"
