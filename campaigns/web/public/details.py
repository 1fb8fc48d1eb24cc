"""`/r/{token}/details`: a registrant's own name, email, mobile number, time zone and language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from campaigns.domain.names import clean_name
from campaigns.domain.steps import Channel
from campaigns.errors import Rejected
from campaigns.language import ENGLISH, gettext, known
from campaigns.language import NAMES as LANGUAGES
from campaigns.operations.addresses import parse_email, parse_phone
from campaigns.operations.correct import Details, correct
from campaigns.store import people
from campaigns.store.consents import Wording, current_wordings
from campaigns.store.people import Place
from campaigns.web.dependencies import Call, Calling, OurForm, Posted
from campaigns.web.forms import countries_named, number_needed, text_of, tried
from campaigns.web.languages import FIELD, said
from campaigns.web.public.change import back
from campaigns.web.public.keys import read_place
from campaigns.web.times import OFFERED, known_zone
from campaigns.web.views import PERSONAL, page, telephone

router = APIRouter()

_FIELDS: Final = ("first_name", "email", "phone", "zone", "language", "texts")


@dataclass(frozen=True, slots=True)
class Shown:
    """The form as it stands on the page."""

    values: Mapping[str, str]
    faults: Mapping[str, str]


@router.get("/r/{token}/details")
def show(token: str, call: Calling) -> HTMLResponse:
    """Show what we know, to be changed."""
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
        box = _texts_box(current_wordings(db, place.language))
    values = {
        "first_name": place.first_name,
        "email": place.email,
        "phone": telephone(place.phone or ""),
        "zone": place.zone,
        "language": place.language if known(place.language) else ENGLISH,
        "texts": "",
    }
    return _page(call, token, place, box, Shown(values, {}))


@router.post("/r/{token}/language", dependencies=[OurForm])
def speak(token: str, form: Posted, call: Calling) -> Response:
    """Write to this person, and show their page, in another language from now on; an unknown one changes nothing."""
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
        code = text_of(form, FIELD)
        if known(code):
            people.correct_registrant(db, place.registrant_id, place.registration_id, {"language": code})
    return back(token)


@router.post("/r/{token}/details", dependencies=[OurForm])
def save(token: str, form: Posted, call: Calling) -> Response:
    """Save what was changed, or show the form again with what is wrong and everything that was typed."""
    values = {name: text_of(form, name) for name in _FIELDS}
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
        box = _texts_box(current_wordings(db, place.language))
    values["language"] = values["language"] or place.language
    wanted, faults = _check(call, place, box, values)
    if wanted is None:
        return _page(call, token, place, box, Shown(values, faults), status=422)
    try:
        with call.transaction() as db:
            after = correct(
                db,
                place.registration_id,
                wanted,
                call.runtime.guard,
                call.runtime.hours,
                call.now,
                horizon=call.runtime.settings.horizon,
            )
    except Rejected as refusal:
        field = refusal.field if refusal.field in _FIELDS else "email"
        return _page(call, token, place, box, Shown(values, {field: said(refusal)}), status=422)
    if wanted.email == place.email:
        return back(token, "details")
    path = urlsplit(call.runtime.links.manage(after)).path
    return RedirectResponse(f"{path}?saved=email", status_code=303, headers=PERSONAL)


def _check(
    call: Call, place: Place, box: Wording | None, values: Mapping[str, str]
) -> tuple[Details | None, dict[str, str]]:
    faults: dict[str, str] = {}
    countries = tuple(call.runtime.settings.sms_countries.split(","))
    first_name = tried(faults, "first_name", lambda: clean_name(values["first_name"], field="first_name"))
    email = tried(faults, "email", lambda: parse_email(values["email"]))
    phone: str | None = None
    if values["phone"].strip():
        # A number that we know is not judged afresh: rules may have changed since it was given.
        same = values["phone"].strip() == telephone(place.phone or "")
        phone = place.phone if same else tried(faults, "phone", lambda: parse_phone(values["phone"], countries))
    if not known_zone(values["zone"]):
        faults["zone"] = gettext("This is not a time zone we know. Choose one from the list.")
    if not known(values["language"]):
        faults["language"] = gettext("We do not write in this language. Choose one from the list.")
    if values["texts"] and (box is None or values["texts"] != str(box.id)):
        faults["texts"] = gettext(
            "The words beside the box have changed since you opened the page. Read them, then tick again."
        )
    if values["texts"] and not phone:
        faults.setdefault("phone", number_needed())
    if faults or first_name is None or email is None:
        return None, {name: faults[name] for name in _FIELDS if name in faults}
    return Details(
        first_name=first_name,
        email=email,
        phone=phone,
        zone=values["zone"],
        language=values["language"],
        texts=int(values["texts"]) if values["texts"] else None,
        evidence=call.evidence("/r/details", values["zone"]),
    ), {}


def _page(
    call: Call, token: str, place: Place, box: Wording | None, shown: Shown, *, status: int = 200
) -> HTMLResponse:
    zone = shown.values["zone"]
    return page(
        call.request,
        "public/details.html",
        status=status,
        personal=True,
        token=token,
        place=place,
        values=shown.values,
        faults=shown.faults,
        zones=OFFERED if zone in OFFERED or not known_zone(zone) else (zone, *OFFERED),
        box=box,
        languages=LANGUAGES,
        countries=countries_named(call.runtime.settings.sms_countries),
    )


def _texts_box(boxes: list[Wording]) -> Wording | None:
    return next((box for box in boxes if box.channel is Channel.SMS), None)
