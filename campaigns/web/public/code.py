"""`/r/{token}/code`: the code from our text comes back, and with it the yes to texts counts."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from campaigns.errors import Rejected
from campaigns.language import gettext
from campaigns.operations.prove import Entered, enter_code, send_another
from campaigns.web.dependencies import Calling, OurForm, Posted
from campaigns.web.forms import text_of
from campaigns.web.languages import said
from campaigns.web.public.change import back
from campaigns.web.public.keys import read_place
from campaigns.web.public.place import show_place

router = APIRouter()


@router.post("/r/{token}/code", dependencies=[OurForm])
def enter(token: str, form: Posted, call: Calling) -> Response:
    """Take the code; a wrong one leads back to its field."""
    runtime = call.runtime
    try:
        with call.transaction() as db:
            place = read_place(db, runtime, token)
            found = enter_code(
                db,
                place.registration_id,
                text_of(form, "code"),
                runtime.signer,
                call.evidence("/r", place.zone),
                runtime.hours,
                call.now,
                horizon=runtime.settings.horizon,
            )
    except Rejected as refusal:
        return show_place(token, call, fault=said(refusal), status=422)
    if found is Entered.RIGHT:
        return back(token, "code")
    if found is Entered.OVER:
        return show_place(token, call, fault=gettext("This code does not count any more. Send a new one."), status=422)
    fault = gettext("This is not the code. Look at our newest text and type its six digits.")
    return show_place(token, call, fault=fault, status=422)


@router.post("/r/{token}/code/again", dependencies=[OurForm])
def send_again(token: str, call: Calling) -> Response:
    """Send a new code in the place of the one before."""
    runtime = call.runtime
    try:
        with call.transaction() as db:
            place = read_place(db, runtime, token)
            send_another(
                db,
                place.registration_id,
                runtime.guard,
                runtime.hours,
                call.now,
                horizon=runtime.settings.horizon,
                ip=call.visitor.ip,
            )
    except Rejected as refusal:
        return show_place(token, call, fault=said(refusal), status=422)
    return back(token, "sent")
