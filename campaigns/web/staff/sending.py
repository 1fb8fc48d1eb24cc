"""What staff press on the health page: the pace and pause of a way out, and kill switches.

Everything here counts from the next hand-off on, and is put on record with its reason.
What is asked wrongly is shown again on the page, with what was typed.
"""

from __future__ import annotations

import re
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.steps import Purpose
from campaigns.domain.streams import Stream
from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.store import kill_switches, report_channel, streams
from campaigns.store.engine import Connection
from campaigns.web.staff import ways_out
from campaigns.web.staff.desk import Act, Acting, Id, go_to
from campaigns.web.staff.health import health_page
from campaigns.web.staff.stopped import scope

router = APIRouter()

_NUMBER: Final = re.compile(r"\d{1,18}", re.ASCII)
_WHATS: Final = ("everything", "session", "purpose")
_WHY_PAUSE: Final = "Write why it is paused: everybody here reads it."
_WHY_STOP: Final = "Write why: everybody here reads it, and whoever lets it go on needs it."
_SWITCHED: Final = "This switch is not thrown any more. Reload the page."


@router.post("/staff/streams/{stream_id}/pace")
def change_pace(act: Acting, stream_id: Id) -> Response:
    """Change how fast a stream may run, or lift the limit; counts from the next message on."""
    visit = act.visit
    try:
        rate = ways_out.read_rate(act.text("rate"))
    except Rejected as wrong:
        return _again(act, wrong, stream_id)
    with visit.transaction() as db:
        stream = _stream(db, stream_id)
        streams.set_rate(db, stream_id, rate)
        channel = stream.name.channel
        paces = {"was": ways_out.pace(channel, stream.rate), "now": ways_out.pace(channel, rate)}
        visit.record(db, "pace changed", f"stream:{stream_id}", **paces)
    return go_to(f"/staff/health?done=pace#way-{stream_id}")


@router.post("/staff/streams/{stream_id}/pause")
def pause_stream(act: Acting, stream_id: Id) -> Response:
    """Let nothing more out by a stream until somebody lets it run; raises `Conflict` if it is paused."""
    visit = act.visit
    try:
        reason = act.sentence("reason", _WHY_PAUSE)
    except Rejected as wrong:
        return _again(act, wrong, stream_id)
    with visit.transaction() as db:
        _stream(db, stream_id)
        if not streams.pause(db, stream_id, reason, visit.now):
            raise Conflict("This way out is paused already. Reload the page.")
        visit.record(db, "paused", f"stream:{stream_id}", reason=reason)
    return go_to(f"/staff/health?done=paused#way-{stream_id}")


@router.post("/staff/streams/{stream_id}/lift")
def lift_stream(act: Acting, stream_id: Id) -> Response:
    """Let a paused stream run again; raises `Conflict` if it runs."""
    visit = act.visit
    with visit.transaction() as db:
        _stream(db, stream_id)
        if not streams.lift_pause(db, stream_id):
            raise Conflict("This way out is not paused any more. Reload the page.")
        visit.record(db, "let run again", f"stream:{stream_id}")
    return go_to(f"/staff/health?done=runs#way-{stream_id}")


@router.post("/staff/domains/{pause_id}/lift")
def lift_domain(act: Acting, pause_id: Id) -> Response:
    """Write to a mail domain again before its time; raises `Conflict` if nothing keeps us."""
    visit = act.visit
    with visit.transaction() as db:
        if not streams.lift_domain_pause(db, pause_id, visit.now):
            raise Conflict("This mail domain is not left alone any more. Reload the page.")
        visit.record(db, "mail domain written to again", f"domain_pause:{pause_id}")
    return go_to("/staff/health?done=domain#ways-out")


@router.post("/staff/kill-switches")
def throw_switch(act: Acting) -> Response:
    """Hold back everything, one session or one purpose, with a reason; raises `Conflict` if that is so already."""
    visit = act.visit
    try:
        with visit.transaction() as db:
            session_id, purpose = _wanted(db, act)
            reason = act.sentence("why", _WHY_STOP)
            titles = report_channel.session_titles(db, [session_id] if session_id else [])
            what = scope(session_id, purpose, titles, visit.now)
            if not kill_switches.throw(
                db,
                session_id=session_id,
                purpose=purpose,
                reason=reason,
                staff_id=visit.login.member.id,
                now=visit.now,
            ):
                raise Conflict("This is held back already. Reload the page.")
            visit.record(db, "kill switch thrown", _subject(session_id, purpose), what=what, reason=reason)
    except Rejected as wrong:
        return _again(act, wrong)
    return go_to("/staff/health?done=thrown#stop")


@router.post("/staff/kill-switches/{switch_id}/lift")
def lift_switch(act: Acting, switch_id: Id) -> Response:
    """Let go what a switch holds back; raises `Conflict` if it is not thrown."""
    visit = act.visit
    with visit.transaction() as db:
        found = next((one for one in kill_switches.thrown(db) if one.id == switch_id), None)
        if found is None or not kill_switches.lift(db, switch_id, visit.login.member.id, visit.now):
            raise Conflict(_SWITCHED)
        visit.record(db, "kill switch lifted", _subject(found.session_id, found.purpose), thrown_for=found.reason)
    return go_to("/staff/health?done=lifted#stop")


def _stream(db: Connection, stream_id: int) -> Stream:
    found = next((one for one in streams.all_streams(db) if one.id == stream_id), None)
    if found is None:
        raise NotFound
    return found


def _wanted(db: Connection, act: Act) -> tuple[int | None, Purpose | None]:
    """Read what is to be held back; raises `Rejected` with the field at fault."""
    what, session, purpose = (act.text(name) for name in ("what", "session", "purpose"))
    if what not in _WHATS:
        raise Rejected("Choose what is to be held back.", field="what")
    if what == "everything":
        return None, None
    if what == "purpose":
        if purpose not in list(Purpose):
            raise Rejected("Choose a kind of message from the list.", field="purpose")
        return None, Purpose(purpose)
    session_id = int(session) if _NUMBER.fullmatch(session) else 0
    if not report_channel.session_titles(db, [session_id]):
        raise Rejected("Choose a session from the list.", field="session")
    return session_id, None


def _subject(session_id: int | None, purpose: Purpose | None) -> str:
    if session_id is not None:
        return f"session:{session_id}"
    return f"purpose:{purpose.value}" if purpose else "everything"


def _again(act: Act, wrong: Rejected, stream_id: int = 0) -> Response:
    """Show the page with what is wrong beside its field; several streams have a field of one name."""
    names = ("rate", "reason", "what", "session", "purpose", "why")
    typed = {_field(name, stream_id): act.text(name)[:1000] for name in names}
    return health_page(act.visit, Rejected(str(wrong), field=_field(wrong.field, stream_id)), typed)


def _field(name: str, stream_id: int) -> str:
    return f"{name}-{stream_id}" if stream_id else name
