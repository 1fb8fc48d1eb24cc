"""`/o/{token}`: stop messages, as a mail program does it with one click and as a person does it on a page.

The one-click POST (RFC 8058) comes from the mail provider's servers, without cookies,
often doubled: it is answered with 200 whatever its body, never redirected, never
slowed down. The page needs its own button; opening it changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from campaigns.domain.addresses import mask_email, mask_phone
from campaigns.domain.steps import Channel
from campaigns.domain.tokens import CHANNELS, PURPOSES, STOP
from campaigns.errors import LinkExpired, PageErased, Rejected, mark
from campaigns.language import gettext
from campaigns.operations import prove, unsubscribe
from campaigns.runtime import Runtime
from campaigns.store import people
from campaigns.store.consents import permissions_of
from campaigns.store.engine import Connection
from campaigns.store.people import Place
from campaigns.web.dependencies import Call, Calling, OurForm, Posted
from campaigns.web.kinds import CLASS_EMAILS, KINDS, NEWS, READS, TEXTS, Kind, in_words, key, read_kinds
from campaigns.web.public.keys import spoken_to
from campaigns.web.public.place import flowing
from campaigns.web.views import PERSONAL, page

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Choice:
    """How much should stop; its words are English until they are shown."""

    scope: str
    title: str
    says: str
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    touched: tuple[Kind, ...]
    on: list[Kind]
    """What still goes to the person."""
    undone: bool


_UNREMINDED: Final = mark("Your place is kept, but we cannot remind you or send the recording.")
_EVERYTHING: Final = Choice("everything", mark("Every email and text from us"), _UNREMINDED, KINDS)
_BOTH: Final = Choice(
    "extras",
    mark("The short reads, news and offers"),
    mark("Only messages about a class you signed up for."),
    (READS, NEWS),
)
_REMINDED: Final = mark("You still get your link and reminders for your class.")
_BY_EMAIL: Final = mark("Your link and reminders still come by email.")
_AFTERWARDS: Final = {
    _UNREMINDED: mark("We cannot send you the recording, or what the doctor answers."),
    _REMINDED: mark("You still get what belongs to your class, such as the recording."),
    _BY_EMAIL: mark("What belongs to your class still comes by email, such as the recording."),
}
"""What is said instead once the class is over: there is nothing to remind of."""
_NARROW: Final = {
    CLASS_EMAILS: Choice("kind", mark("The emails about your class"), _UNREMINDED, (CLASS_EMAILS,)),
    TEXTS: Choice("kind", mark("The text reminders"), _BY_EMAIL, (TEXTS,)),
    READS: Choice("kind", mark("The short reads"), _REMINDED, (READS,)),
    NEWS: Choice("kind", mark("News and offers"), _REMINDED, (NEWS,)),
}


@router.post("/o/{token}")
def one_click(token: str, call: Calling) -> PlainTextResponse:
    """Stop the kind of message that the link stood in; once more changes nothing.

    The body is not even read: the address says everything, and some senders leave it out.
    """
    registration_id, kind = _read(call.runtime, token)
    try:
        with call.transaction() as db:
            unsubscribe.stop(
                db,
                registration_id,
                *kind,
                call.runtime.hours,
                call.now,
                horizon=call.runtime.settings.horizon,
                means="one_click",
            )
    except PageErased:
        # A mail program asks for a message that is older than the erasure. Nothing leaves for this record any more.
        return PlainTextResponse("This registration has been erased. Nothing is sent for it.\n")
    return PlainTextResponse("Stopped. You get no more of these messages.\n")


@router.get("/o/{token}")
def ask(token: str, call: Calling, done: str = "", undone: str = "") -> HTMLResponse:
    """Offer what can stop, the narrowest chosen; or say what has been stopped."""
    registration_id, kind = _read(call.runtime, token)
    with call.transaction() as db:
        place = _place(db, registration_id)
        on = flowing(db, place)
    touched = read_kinds((done or undone).split("."))
    if touched:
        change = _Change(touched, [one for one in KINDS if on[one]], undone=bool(undone))
        return _afterwards(call, token, place, change)
    return page(
        call.request,
        "public/stop.html",
        personal=True,
        token=token,
        stopped="",
        kind_words=in_words((kind,)),
        masked=mask_email(place.email) if kind[0] is Channel.EMAIL else mask_phone(place.phone or ""),
        offered=[_said(one, over=call.now >= place.session.ends_at) for one in _offered(kind)],
        place_path=_place_path(call, place),
    )


@router.post("/o/{token}/choose", dependencies=[OurForm])
def choose(token: str, form: Posted, call: Calling) -> Response:
    """Stop what was chosen on the page."""
    registration_id, kind = _read(call.runtime, token)
    chosen = next((one for one in _offered(kind) if one.scope == form.get("scope")), None)
    if chosen is None:
        raise Rejected(mark("Choose what should stop, then press the button. Nothing was changed."), field="scope")
    with call.transaction() as db:
        before = flowing(db, _place(db, registration_id))
        for one in chosen.kinds:
            unsubscribe.stop(
                db,
                registration_id,
                *one,
                call.runtime.hours,
                call.now,
                horizon=call.runtime.settings.horizon,
                means="link",
            )
    touched = [one for one in chosen.kinds if before[one]] or [kind]
    return _onward(token, "done", touched)


@router.post("/o/{token}/undo", dependencies=[OurForm])
def undo(token: str, form: Posted, call: Calling) -> Response:
    """Let flow again what was stopped; never more than the person had asked for before.

    Emails flow again first, also to an address that the place has left: texts that are refused take nothing back.
    """
    registration_id, _ = _read(call.runtime, token)
    wanted = read_kinds(str(value) for value in form.getlist("kind"))
    with call.transaction() as db:
        place = _place(db, registration_id)
        asked_for = permissions_of(db, place.registrant_id)
        again = [one for one in wanted if one == CLASS_EMAILS or one in asked_for]
        by_email = [one for one in again if one != TEXTS]
        for one in by_email:
            unsubscribe.resume(
                db,
                registration_id,
                *one,
                call.runtime.hours,
                call.now,
                horizon=call.runtime.settings.horizon,
                means="link",
                evidence=call.evidence("/o", place.zone),
            )
    try:
        if TEXTS in again:
            _texts_again(call, registration_id, place.zone)
    except LinkExpired:
        if not by_email:
            raise
        again = by_email
    return _onward(token, "undone", again)


def _texts_again(call: Call, registration_id: int, zone: str) -> None:
    with call.transaction() as db:
        prove.switch_on(
            db,
            registration_id,
            TEXTS,
            call.runtime.guard,
            call.runtime.hours,
            call.now,
            horizon=call.runtime.settings.horizon,
            evidence=call.evidence("/o", zone),
        )


def _read(runtime: Runtime, token: str) -> tuple[int, Kind]:
    numbers = runtime.signer.read(STOP, token)
    registration_id, channel, purpose = numbers
    kind = (CHANNELS[channel], PURPOSES[purpose])
    if kind not in KINDS:
        raise LinkExpired
    return registration_id, kind


def _place(db: Connection, registration_id: int) -> Place:
    place = people.place(db, registration_id)
    if place is None:
        raise LinkExpired
    if place.erased_at is not None:
        raise PageErased
    return spoken_to(place)


def _said(one: Choice, *, over: bool) -> Choice:
    says = _AFTERWARDS.get(one.says, one.says) if over else one.says
    return replace(one, title=gettext(one.title), says=gettext(says))


def _offered(kind: Kind) -> tuple[Choice, ...]:
    return (_NARROW[kind], _BOTH, _EVERYTHING) if kind in _BOTH.kinds else (_NARROW[kind], _EVERYTHING)


def _afterwards(call: Call, token: str, place: Place, change: _Change) -> HTMLResponse:
    touched, on, undone = change.touched, change.on, change.undone
    off = [one for one in touched if one not in on]
    return page(
        call.request,
        "public/stop.html",
        personal=True,
        token=token,
        stopped=gettext("You get %(kinds)s again.", kinds=in_words(touched))
        if undone
        else gettext("You get no more of %(kinds)s.", kinds=in_words(off or touched)),
        undone=undone,
        still=gettext("You still get %(kinds)s.", kinds=in_words(on)) if on else gettext("Nothing else comes from us."),
        kinds=[key(one) for one in touched],
        place_path=_place_path(call, place),
    )


def _place_path(call: Call, place: Place) -> str:
    return urlsplit(call.runtime.links.manage(place.registration_id)).path


def _onward(token: str, what: str, touched: list[Kind]) -> RedirectResponse:
    query = f"?{what}={'.'.join(key(one) for one in touched)}" if touched else ""
    return RedirectResponse(f"/o/{token}{query}", status_code=303, headers=PERSONAL)
