"""`/r/{token}`: a person's own page: their place, their messages, what we may send.

The token is all the key there is, so a page shows one registration and nothing of
anybody else, and stays out of caches, indexes and other sites' logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from campaigns.domain.steps import Channel, Purpose, Standing
from campaigns.domain.waiting import takes_more
from campaigns.domain.watching import DOORS
from campaigns.errors import Conflict, Rejected, mark
from campaigns.language import gettext, pgettext
from campaigns.operations import explain, prove, unsubscribe
from campaigns.store import asked, waiting
from campaigns.store.consents import Wording, current_wordings, permissions_of, stopped
from campaigns.store.engine import Connection
from campaigns.store.people import Place
from campaigns.web.dependencies import Call, Calling, OurForm, Posted
from campaigns.web.kinds import CLASS_EMAILS, KINDS, NEWS, READS, TEXTS, Kind, in_words, key, read_kinds
from campaigns.web.languages import said
from campaigns.web.public import timeline
from campaigns.web.public.ask import own_questions
from campaigns.web.public.change import other_dates
from campaigns.web.public.join import minutes_in, recording_of, state_of
from campaigns.web.public.keys import read_place
from campaigns.web.times import time_left
from campaigns.web.views import PERSONAL, page, telephone

router = APIRouter()

_NOTES: Final = {
    "choices": mark("Saved. This is what we send from now on."),
    "switched": mark("Your new time is saved. A confirmation is on its way."),
    "accepted": mark("The place is yours. A confirmation with your link to join is on its way."),
    "code": mark("Thank you. The number is yours, and text reminders are on."),
    "sent": mark("A new code is on its way. The one before does not count any more."),
    "confirmed": mark("Thank you. The emails you ticked start from now on."),
    "asked": mark("Your question is with the doctor. The answer comes by email, in general words."),
    "details": mark("Your details are saved."),
    "email": mark(
        "Saved. A confirmation with a new link is on its way to the new address. This page is yours from now on."
    ),
}
_SHOWN: Final = 4
"""Digits of a number that stay."""
_ROWS: Final = (
    (mark("This class"), mark("Your link, reminders, changes, recording"), (CLASS_EMAILS, TEXTS)),
    (mark("Short reads"), mark("Short lessons that go with the class"), (READS, None)),
    (mark("News and offers"), mark("Other classes, appointments, services"), (NEWS, None)),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a row of purposes and a column of channels meet."""

    name: str
    """Empty where there is nothing to choose."""
    by: str = ""
    on: bool = False
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One purpose."""

    title: str
    hint: str
    cells: tuple[Cell, ...]


@router.get("/r/{token}")
def show(token: str, call: Calling, saved: str = "") -> HTMLResponse:
    """Show the place as it is; opening the page changes nothing."""
    return show_place(token, call, saved=gettext(_NOTES[saved]) if saved in _NOTES else "")


def show_place(token: str, call: Call, *, saved: str = "", fault: str = "", status: int = 200) -> HTMLResponse:
    """Show the place, with what was saved just now, or what is wrong with a code, or was refused."""
    now, links = call.now, call.runtime.links
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
        milestones = explain.timeline(db, place, call.runtime.hours, now)
        on = flowing(db, place)
        boxes = current_wordings(db, place.language)
        others = other_dates(db, place, call)
        own = own_questions(db, call, place)
        unconfirmed = asked.asked_for(db, place.registration_id)
        ahead = waiting.ahead_of(db, place.registration_id) if place.standing is Standing.WAITING else 0
    return page(
        call.request,
        "public/place.html",
        status=status,
        personal=True,
        token=token,
        place=place,
        session=place.session,
        webinar=place.webinar,
        zone=place.zone,
        **_standing(place, now),
        saved=saved,
        waits_for_code=_waits_for_code(place, now),
        number=masked(place.phone or ""),
        faults={"code": fault} if fault else {},
        others=others,
        ahead=ahead,
        questions=own,
        recording=recording_of(place, links),
        join_path=urlsplit(links.join(place.registration_id)).path,
        stop_path=urlsplit(links.stop(place.registration_id, Channel.EMAIL, Purpose.SERVICE)).path,
        choices=_choices(place, on),
        asked=[box for box in boxes if not on.get((box.channel, box.purpose), True)],
        unconfirmed=in_words((Channel.EMAIL, one) for one in unconfirmed) if unconfirmed else "",
        key=key,
        timeline=timeline.whole(milestones, place, now),
    )


def _waits_for_code(place: Place, now: datetime) -> str:
    """Say whether a code is waited for: `open`, `ended` if only a new one would count, or empty."""
    gone = place.withdrawn_at is not None or place.session.cancelled_at is not None or now >= place.session.ends_at
    if place.asking is None or place.texts or gone or place.asking.phone != place.phone:
        return ""
    return "open" if place.asking.stands(place.phone, now) else "ended"


def masked(number: str) -> str:
    """Write a number so that its owner knows it, and nobody else learns it: `(•••) •••-0142`."""
    shown = telephone(number)
    return "".join("•" if one.isdecimal() else one for one in shown[:-_SHOWN]) + shown[-_SHOWN:]


def _standing(place: Place, now: datetime) -> dict[str, Any]:
    """Say how things stand for the place: the ticket at the top of the page, and what can still be done."""
    session, state = place.session, state_of(place, now)
    return {
        "state": "registered" if state == "early" else state,
        "left": time_left(session.starts_at - now),
        "doors_at": session.starts_at - DOORS,
        "stride_now": min(9, minutes_in(session, now)),
        "can_cancel": place.withdrawn_at is None and session.cancelled_at is None and now < session.ends_at,
        "holds": place.standing is Standing.HELD,
        "too_late": not takes_more(now, session.starts_at),
    }


@router.post("/r/{token}/choices", dependencies=[OurForm])
def choose(token: str, form: Posted, call: Calling) -> Response:
    """Turn kinds of message on and off; only what differs from how it was is written.

    Whatever is to stop has stopped before anything is to start: a kind that is refused takes no stop back.
    """
    wanted = read_kinds(str(value) for value in form.getlist("send"))
    shown = {str(value) for value in form.getlist("wording")}
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
        on = flowing(db, place)
        for kind in KINDS:
            if on[kind] and kind not in wanted:
                unsubscribe.stop(
                    db,
                    place.registration_id,
                    *kind,
                    call.runtime.hours,
                    call.now,
                    horizon=call.runtime.settings.horizon,
                    means="link",
                )
    fault = ""
    for kind in KINDS:
        if kind in wanted and not on[kind]:
            try:
                with call.transaction() as db:
                    _agree(db, call, place, kind, shown)
            except Rejected as refusal:
                fault = said(refusal)
    if fault:
        return show_place(token, call, fault=fault, status=422)
    return RedirectResponse(f"/r/{token}?saved=choices", status_code=303, headers=PERSONAL)


def _agree(db: Connection, call: Call, place: Place, kind: Kind, shown: set[str]) -> None:
    boxes = {(box.channel, box.purpose): box for box in current_wordings(db, place.language)}
    prove.switch_on(
        db,
        place.registration_id,
        kind,
        call.runtime.guard,
        call.runtime.hours,
        call.now,
        horizon=call.runtime.settings.horizon,
        wording_id=_words_shown(boxes.get(kind), shown),
        evidence=call.evidence("/r", place.zone),
    )


def flowing(db: Connection, place: Place) -> Mapping[Kind, bool]:
    """Say for each kind whether it goes to this person now."""
    granted = permissions_of(db, place.registrant_id)
    return {
        CLASS_EMAILS: not stopped(db, *_to(place, CLASS_EMAILS)),
        TEXTS: place.texts,
        **{kind: granted.get(kind, False) and not stopped(db, *_to(place, kind)) for kind in (READS, NEWS)},
    }


def _to(place: Place, kind: Kind) -> tuple[Channel, str, Purpose]:
    return kind[0], place.email, kind[1]


def _words_shown(box: Wording | None, shown: set[str]) -> int | None:
    if box is None:
        return None
    if str(box.id) not in shown:
        raise Conflict(
            mark("The words beside your choice have changed. Reload your page, read them, and choose again.")
        )
    return box.id


def _choices(place: Place, on: Mapping[Kind, bool]) -> list[Row]:
    return [
        Row(gettext(title), gettext(hint), tuple(_cell(kind, place, on) for kind in kinds))
        for title, hint, kinds in _ROWS
    ]


def _cell(kind: Kind | None, place: Place, on: Mapping[Kind, bool]) -> Cell:
    if kind is None:
        return Cell("", instead=pgettext("choice", "not sent"))
    if kind == TEXTS and place.phone is None:
        return Cell("", instead=pgettext("choice", "no number"))
    by = pgettext("channel", "email") if kind[0] is Channel.EMAIL else pgettext("channel", "text")
    return Cell(key(kind), by, on[kind])
