"""The registration page in its states: whole, the form alone with faults, and "this class is full"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from fastapi import Request
from fastapi.responses import HTMLResponse

from campaigns.domain.form_fields import CHOOSING, FormField
from campaigns.domain.sections import Section, citations, shown
from campaigns.domain.waiting import takes_more
from campaigns.errors import NotFound, Rejected, SessionFull, mark
from campaigns.language import gettext, pgettext, spoken
from campaigns.operations.register import CANCELLED, OVER, takes_registrations
from campaigns.rendering.variables import paragraphs
from campaigns.store import webinars
from campaigns.store.claims import unusable_claims
from campaigns.store.consents import Wording, current_wordings
from campaigns.store.engine import Connection
from campaigns.store.form_fields import fields_of
from campaigns.store.questions import DoctorAnswer, published
from campaigns.store.sections import sections_of
from campaigns.store.talks import has_recording
from campaigns.store.webinars import OpenSession, SessionRow, WebinarRow
from campaigns.web.dependencies import runtime_of
from campaigns.web.forms import Faults, Typed, countries_named
from campaigns.web.languages import said
from campaigns.web.stamps import keep_or_renew
from campaigns.web.times import OFFERED, known_zone
from campaigns.web.views import page

_INITIALS: Final = 2

_HEADINGS: Final = {
    SessionFull.default: mark("This class is full."),
    CANCELLED: mark("This class was cancelled."),
    OVER: mark("This class is over."),
}
"""What a refusal comes to where other dates stand below it."""

Shut = Literal["", "Cancelled", "Closed", "Full"]
"""Why a session cannot be chosen; empty if it can."""


@dataclass(frozen=True, slots=True)
class Landing:
    """What the page shows, as it was read in one transaction."""

    webinar: WebinarRow
    listed: Sequence[OpenSession]
    """Sessions that are not over, the earliest first."""
    boxes: Sequence[Wording]
    fields: Sequence[FormField]
    """What this webinar asks beyond name and address."""
    answers: Sequence[DoctorAnswer]
    """What people asked before, and what was answered for everybody to read."""
    recorded: bool
    """Whether an earlier class can be seen by those who signed up for it."""
    sections: Sequence[Section]
    """What there is to read, without what makes a withdrawn claim."""
    now: datetime

    @property
    def wordings(self) -> Mapping[int, Wording]:
        """The boxes by the id of their words."""
        return {box.id: box for box in self.boxes}

    @property
    def open(self) -> list[SessionRow]:
        """Sessions with room."""
        return [one.session for one in self.listed if self.shut(one) == ""]

    def lists(self, session_id: int) -> bool:
        """Say whether a session stands on the page, open or not."""
        return any(one.session.id == session_id for one in self.listed)

    def waits(self, one: OpenSession) -> bool:
        """Say whether a session is full and its waiting list open."""
        return self.shut(one) == "Full" and takes_more(self.now, one.session.starts_at)

    def shut(self, one: OpenSession) -> Shut:
        """Say why a session cannot be chosen."""
        if one.session.cancelled_at is not None:
            return "Cancelled"
        if not takes_registrations(one.session, self.now):
            return "Closed"
        return "Full" if one.full else ""


@dataclass(frozen=True, slots=True)
class Card:
    """A session in the picker."""

    id: int
    starts_at: datetime
    says: str
    """Why no place can be had; empty if one can."""
    waits: bool
    """The waiting list can be chosen."""


def read_landing(db: Connection, slug: str, now: datetime) -> Landing:
    """Read everything the page needs; raises `NotFound` for an unknown webinar."""
    webinar = webinars.webinar_by_slug(db, slug) if "\0" not in slug else None
    if webinar is None:
        raise NotFound
    listed = webinars.sessions_of(db, webinar.id, ending_after=now)
    recorded = has_recording(db, webinar.id, now)
    answers = published(db, webinar.id, public=True)
    boxes = current_wordings(db, spoken())
    sections = shown(sections_of(db, webinar.id), withdrawn=unusable_claims(db))
    fields = fields_of(db, webinar.id)
    return Landing(webinar.said_in(spoken()), listed, boxes, fields, answers, recorded, sections, now)


def show_landing(request: Request, found: Landing, typed: Typed) -> HTMLResponse:
    """Show the whole page, or the form alone in another site's frame, as somebody sees it who has typed nothing yet."""
    if len(found.open) == 1:
        typed = replace(typed, session=str(found.open[0].id))
    return _page(request, found, typed, {}, form_only=typed.embedded, status=200)


def show_form(
    request: Request, found: Landing, typed: Typed, faults: Faults, *, status: int = 200, nudge: str = ""
) -> HTMLResponse:
    """Show the form alone, with what was typed and what is wrong with it, or with a `nudge` to send it once more."""
    return _page(request, found, typed, faults, form_only=True, status=status, nudge=nudge)


def show_full(request: Request, found: Landing, typed: Typed, refusal: Rejected) -> HTMLResponse:
    """Say that the class cannot be chosen any more, with what is free; everything typed travels along."""
    runtime = runtime_of(request)
    listed = next((one for one in found.listed if str(one.session.id) == typed.session), None)
    waits = listed is not None and found.waits(listed)
    if listed is None or not (found.open or waits):
        return show_form(request, found, typed, {"session": said(refusal)}, status=422)
    wanted = listed.session
    heading = _HEADINGS.get(refusal.message)
    closest = min(found.open, key=lambda one: abs(one.starts_at - wanted.starts_at), default=None)
    return page(
        request,
        "public/full.html",
        status=409,
        personal=True,
        embedded=typed.embedded,
        webinar=found.webinar,
        wanted=wanted,
        sentence=gettext(heading) if heading else said(refusal),
        waits=waits,
        closest=closest,
        others=[one for one in found.open if one != closest],
        zone=typed.shown_zone(runtime.settings.clinic_zone),
        values=typed,
        shown=keep_or_renew(runtime.signer, typed.shown, found.webinar.id, found.now),
    )


def _page(
    request: Request,
    found: Landing,
    typed: Typed,
    faults: Faults,
    *,
    form_only: bool,
    status: int,
    nudge: str = "",
) -> HTMLResponse:
    runtime = runtime_of(request)
    settings = runtime.settings
    zone = typed.shown_zone(settings.clinic_zone)
    return page(
        request,
        "public/landing.html",
        status=status,
        personal=form_only,
        embedded=typed.embedded,
        webinar=found.webinar,
        initials=_initials(found.webinar.host_name),
        **_dates(found),
        zone=zone,
        zone_known=typed.zone_known,
        zones=OFFERED if typed.zone in OFFERED or not known_zone(typed.zone) else (typed.zone, *OFFERED),
        values=typed,
        shown=keep_or_renew(runtime.signer, typed.shown, found.webinar.id, found.now),
        nudge=nudge,
        fields=found.fields,
        answers=[(one.title, paragraphs(one.body)) for one in found.answers],
        recorded=found.recorded,
        sections=found.sections,
        cited=citations(found.sections),
        faults=faults,
        anchors=_anchors(found, faults),
        boxes=found.boxes,
        countries=countries_named(settings.sms_countries),
        form_only=form_only,
    )


def _dates(found: Landing) -> dict[str, Any]:
    return {
        "next": next(iter(found.open), None),
        "sessions": [
            Card(one.session.id, one.session.starts_at, _in_a_word(found.shut(one)), found.waits(one))
            for one in found.listed
        ],
        "open_sessions": any(_choosable(found, one) for one in found.listed),
        "any_room": bool(found.open),
    }


def _in_a_word(shut: Shut) -> str:
    words = {
        "": "",
        "Cancelled": pgettext("class", "Cancelled"),
        "Closed": pgettext("class", "Closed"),
        "Full": pgettext("class", "Full"),
    }
    return words[shut]


def _anchors(found: Landing, faults: Faults) -> dict[str, str]:
    """Say for each fault which control on the page is meant."""
    special = {
        "session": next((f"session-{one.session.id}" for one in found.listed if _choosable(found, one)), "form"),
        "consent": f"consent-{found.boxes[0].id}" if found.boxes else "form",
        "leave_empty": "form",
        **{one.name: f"{one.name}-1" for one in found.fields if one.kind in CHOOSING},
    }
    return {name: special.get(name, name) for name in faults}


def _choosable(found: Landing, one: OpenSession) -> bool:
    return found.shut(one) == "" or found.waits(one)


def _initials(name: str) -> str:
    """Give two letters of a person's name, titles left out; nothing for words that are not a name."""
    letters = [word[0] for word in name.split() if word[0].isupper() and not word.endswith(".")]
    return "".join((letters[0], letters[-1])) if len(letters) >= _INITIALS else ""
