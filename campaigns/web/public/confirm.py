"""`/r/{token}/confirm`: the owner of an address says yes to what was ticked for it on a form."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from campaigns.operations.confirm import confirm
from campaigns.web.dependencies import Calling, OurForm
from campaigns.web.public.change import back
from campaigns.web.public.keys import read_place

router = APIRouter()


@router.post("/r/{token}/confirm", dependencies=[OurForm])
def confirm_boxes(token: str, call: Calling) -> Response:
    """Let the boxes count that were ticked at sign-up; pressed again, nothing changes."""
    runtime = call.runtime
    with call.transaction() as db:
        place = read_place(db, runtime, token)
        evidence = call.evidence("/r", place.zone)
        confirm(db, place.registration_id, evidence, runtime.hours, call.now, horizon=runtime.settings.horizon)
    return back(token, "confirmed")
