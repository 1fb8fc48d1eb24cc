"""What the page of a person says of their presence: what was watched, and whether staff may set it."""

from __future__ import annotations

from campaigns.domain.steps import Standing
from campaigns.domain.watching import Mode, find
from campaigns.store.attendance import reason_of_staff
from campaigns.store.engine import Connection
from campaigns.store.people import Place
from campaigns.store.viewings import Viewing
from campaigns.web.staff import words
from campaigns.web.staff.desk import Visit


def attendance_form(db: Connection, visit: Visit, found: Place) -> dict[str, object]:
    """Give what the form to set it needs: whether it is there, and the reason of whoever set it before."""
    session = found.session
    has_place = found.withdrawn_at is None and found.standing is Standing.HELD
    may_have_come = has_place and session.cancelled_at is None and visit.now >= session.starts_at
    return {
        "may_set_attendance": visit.may_edit and may_have_come,
        "set_by_staff": reason_of_staff(db, found.registration_id),
    }


def watched(one: Viewing, found: Place, visit: Visit) -> str:
    """Say how much of the talk somebody has seen, and when last."""
    finding = find(one.seconds, found.session.talk, visit.runtime.settings.shares)
    what = "with the class" if one.mode is Mode.LIVE else "of the recording"
    of = int(found.session.talk.total_seconds())
    length = f"{one.seconds // 60}:{one.seconds % 60:02} of {of // 60}:{of % 60:02} {what}"
    ended = ", all of it" if finding.completed else ""
    return f"{length}{ended}; last {words.when(one.last_at, found.webinar.zone, visit.now)}"
