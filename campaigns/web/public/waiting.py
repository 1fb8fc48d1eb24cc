"""`/r/{token}/accept`: somebody on the waiting list takes the place that is kept for them."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from campaigns.operations.offer import accept
from campaigns.web.dependencies import Calling, OurForm
from campaigns.web.public.change import back
from campaigns.web.public.keys import read_place

router = APIRouter()


@router.post("/r/{token}/accept", dependencies=[OurForm])
def take_offered_place(token: str, call: Calling) -> Response:
    """Take the place that is kept; pressed again, nothing changes."""
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
        accept(db, place.registration_id, call.runtime.hours, call.now, horizon=call.runtime.settings.horizon)
    return back(token, "accepted")
