"""Staff know better than the evidence whether one person came; what they say stands, with their reason."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from campaigns.domain.steps import Attendance, Standing
from campaigns.errors import NotFound, Rejected
from campaigns.store import attendance, people, staff, webinars
from campaigns.store.engine import Connection

LONGEST: Final = 300
"""Characters of a reason."""


def attend_one(
    db: Connection, registration_id: int, finding: Attendance, why: str, *, staff_id: int, now: datetime
) -> None:
    """Set one person's attendance, up or down, and have their follow-up planned anew.

    Watching does not change it afterwards; a list that staff upload later may. What was known
    before is kept beside it. Raises `NotFound` for a registration that does not exist, and
    `Rejected` naming the field: for a class that has not begun or is cancelled, somebody without
    a place, or no reason.
    """
    why = " ".join(why.split())
    if not why or len(why) > LONGEST:
        raise Rejected(f"Say in up to {LONGEST} characters how you know.", field="why")
    if finding is Attendance.UNKNOWN:
        raise Rejected("Choose whether they came.", field="finding")
    place = people.place(db, registration_id)
    if place is None:
        raise NotFound
    session = webinars.session_for_change(db, place.session.id)
    if session is None:
        raise NotFound
    if session.cancelled_at is not None or now < session.starts_at:
        raise Rejected("This class has not begun, or is cancelled: nobody can have come.", field="finding")
    if place.withdrawn_at is not None or place.standing is not Standing.HELD:
        raise Rejected("This person has no place in the class. Register them first.", field="finding")
    before = attendance.set_one(
        db, registration_id, finding, {"by": "staff", "staff": staff_id, "at": now.isoformat(), "why": why}
    )
    webinars.plan_again(db, session.id)
    staff.record(
        db,
        staff_id=staff_id,
        act="attendance set",
        subject=f"registration:{registration_id}",
        detail={"before": before.value, "after": finding.value},
        now=now,
    )
