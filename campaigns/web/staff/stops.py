"""What staff note about one person: that they said stop, and whether they came.

Somebody said stop to a person at the desk: it is noted here, and nothing goes out from then on.

A word said on the telephone revokes consent as much as a reply does, so what was said is
kept as it was said, beside who heard it.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.steps import Attendance, Channel
from campaigns.errors import NotFound, Rejected
from campaigns.operations.attend_one import attend_one
from campaigns.operations.revoke import Revocation, revoke
from campaigns.store.engine import Connection
from campaigns.store.people import Place, place
from campaigns.web.staff.desk import Act, Acting, Id, go_to
from campaigns.web.staff.people import person_page

router = APIRouter()

_WHAT: Final = {
    "texts": (Channel.SMS,),
    "emails": (Channel.EMAIL,),
    "both": (Channel.SMS, Channel.EMAIL),
}
_MOST: Final = 1000
_ASK: Final = "Write what the person said, in their own words."


@router.post("/staff/people/{registration_id}/stop")
def note_stop(act: Acting, registration_id: Id) -> Response:
    """Stop texts, emails or both to a person's addresses, with what they said as the evidence."""
    visit = act.visit
    try:
        with visit.transaction() as db:
            person = _person(db, registration_id)
            addresses = _addresses(act, person)
            said = act.sentence("words", _ASK, most=_MOST)
            for channel, address in addresses:
                stop = Revocation(
                    channel, address, None, means="staff", words=said, now=visit.now, staff_id=visit.login.member.id
                )
                revoke(db, stop)
            what = [channel.value for channel, _ in addresses]
            visit.record(db, "stop noted", f"registration:{registration_id}", channels=" and ".join(what))
    except NotFound:
        raise
    except Rejected as wrong:
        return person_page(visit, registration_id, wrong, {"what": act.text("what"), "words": act.text("words")[:2000]})
    return go_to(f"/staff/people/{registration_id}?done=stopped")


@router.post("/staff/people/{registration_id}/attendance")
def set_attendance(act: Acting, registration_id: Id) -> Response:
    """Say that one person came, left early or missed it, with the reason."""
    visit = act.visit
    visit.require_editor()
    finding, why = act.text("finding"), act.text("why")
    try:
        known = finding in (Attendance.ATTENDED, Attendance.LEFT_EARLY, Attendance.MISSED)
        chosen = Attendance(finding) if known else Attendance.UNKNOWN
        with visit.transaction() as db:
            attend_one(db, registration_id, chosen, why, staff_id=visit.login.member.id, now=visit.now)
    except NotFound:
        raise
    except Rejected as wrong:
        return person_page(visit, registration_id, wrong, {"finding": finding, "why": why[:2000]})
    return go_to(f"/staff/people/{registration_id}?done=attendance")


def _person(db: Connection, registration_id: int) -> Place:
    found = place(db, registration_id)
    if found is None:
        raise NotFound
    return found


def _addresses(act: Act, person: Place) -> list[tuple[Channel, str]]:
    """Give the addresses that the chosen channels have; raises `Rejected` where nothing is chosen, or none is known."""
    channels = _WHAT.get(act.text("what"))
    if channels is None:
        raise Rejected("Choose what is to stop: texts, emails or both.", field="what")
    known = {Channel.EMAIL: person.email, Channel.SMS: person.phone}
    found = [(channel, address) for channel in channels if (address := known[channel])]
    if not found:
        raise Rejected("No mobile number is known of this person, so no text goes to them.", field="what")
    return found
