"""`/r/{token}/data` and `/r/{token}/erase`: take with you what we hold about you, and erase it.

The file comes for a POST only: a browser or mail scanner that follows links ahead gets
nothing. Erasing is asked on a page of its own, with a box to tick and a button.
"""

from __future__ import annotations

import json
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from campaigns.errors import PageErased, mark
from campaigns.language import gettext
from campaigns.operations.erase import erase
from campaigns.operations.own_data import own_data
from campaigns.web.dependencies import Call, Calling, OurForm, Posted
from campaigns.web.public.keys import read_place
from campaigns.web.views import PERSONAL, page

router = APIRouter()

_FILE: Final = {**PERSONAL, "Content-Disposition": 'attachment; filename="my-data.json"'}
_TICK: Final = mark("Tick the box if you are sure, then press the button. Nothing has been erased.")


@router.post("/r/{token}/data", dependencies=[OurForm])
def download(token: str, call: Calling) -> Response:
    """Give everything we hold about the person as one file."""
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
        found = own_data(db, place.registrant_id, call.runtime.seal, call.now)
    words = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    return Response(words, media_type="application/json", headers=_FILE)


@router.get("/r/{token}/erase")
def ask_to_erase(token: str, call: Calling) -> HTMLResponse:
    """Say what goes and what stays, and ask; afterwards, say that it is done."""
    try:
        return _ask(token, call)
    except PageErased:
        return page(call.request, "public/erased.html", personal=True)


@router.post("/r/{token}/erase", dependencies=[OurForm])
def erase_all(token: str, form: Posted, call: Calling) -> Response:
    """Erase the person; once more changes nothing."""
    try:
        if form.get("sure") != "yes":
            return _ask(token, call, fault=gettext(_TICK))
        with call.transaction() as db:
            place = read_place(db, call.runtime, token)
            erase(db, place.registration_id, call.runtime.guard, call.now)
    except PageErased:
        pass  # the button was pressed twice
    return RedirectResponse(f"/r/{token}/erase", status_code=303, headers=PERSONAL)


def _ask(token: str, call: Call, *, fault: str = "") -> HTMLResponse:
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
    return page(
        call.request,
        "public/erase.html",
        status=422 if fault else 200,
        personal=True,
        token=token,
        place=place,
        faults={"sure": fault} if fault else {},
    )
