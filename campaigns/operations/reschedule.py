"""Move or cancel a session: one row, whatever the number of registrations, and a preview of what that does."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from campaigns.domain.audience import SessionFacts
from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Anchor, Audience, Step
from campaigns.domain.timing import Answer, busy_days, due_for_class
from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.store.campaigns import steps_of
from campaigns.store.engine import Connection
from campaigns.store.places import places_held
from campaigns.store.session_counts import StepCounts, counts_by_step, people_by_zone
from campaigns.store.staff import record
from campaigns.store.webinars import (
    SessionRow,
    cancel_session,
    move_session,
    read_session,
    session_for_change,
)


@dataclass(frozen=True, slots=True)
class StepChange:
    """What a change of the date does to one step, told for the webinar's own zone."""

    step: Step
    before: Answer
    after: Answer
    counts: StepCounts

    @property
    def changed(self) -> bool:
        """Whether the answer differs."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Preview:
    """What moving or cancelling would do, counted."""

    session: SessionRow
    starts_at: datetime | None
    """The new start; None when cancelling."""
    ends_at: datetime | None
    people: int
    """Live registrations."""
    zones: dict[str, int]
    """How many of them live in which time zone."""
    changes: tuple[StepChange, ...]
    fingerprint: str
    """Of the counts and dates shown: the change is refused if they are no longer true."""


def preview_move(
    db: Connection, session_id: int, starts_at: datetime, ends_at: datetime, hours: SendingHours, now: datetime
) -> Preview:
    """Say what moving a session to these instants would do; nothing changes.

    Raises `NotFound`, or `Rejected` naming the field when the session cannot be moved there.
    """
    session = _session(read_session(db, session_id))
    _check_move(session, starts_at, ends_at, now)
    return _preview(db, session, starts_at, ends_at, hours, now)


def move(
    db: Connection,
    session_id: int,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    *,
    fingerprint: str,
    staff_id: int,
) -> int:
    """Move a session and give its new revision; raises `Conflict` if the preview is no longer true."""
    session = _session(session_for_change(db, session_id))
    _check_move(session, starts_at, ends_at, now)
    people = _confirmed(db, session, starts_at, ends_at, fingerprint)
    revision = move_session(db, session_id, starts_at, ends_at, now)
    detail = {
        "from": session.starts_at.isoformat(),
        "to": starts_at.isoformat(),
        "people": people,
        "revision": revision,
    }
    subject = f"session:{session_id}"
    record(db, staff_id=staff_id, act="session moved", subject=subject, detail=detail, now=now)
    return revision


def preview_cancel(db: Connection, session_id: int, hours: SendingHours, now: datetime) -> Preview:
    """Say what cancelling a session would do; nothing changes. Raises `NotFound` or `Rejected`."""
    session = _session(read_session(db, session_id))
    _check_live(session, now)
    return _preview(db, session, None, None, hours, now)


def cancel(
    db: Connection,
    session_id: int,
    reason: str,
    now: datetime,
    *,
    fingerprint: str,
    staff_id: int,
) -> int:
    """Cancel a session and give its new revision; raises `Conflict` if the preview is no longer true."""
    session = _session(session_for_change(db, session_id))
    _check_live(session, now)
    people = _confirmed(db, session, None, None, fingerprint)
    revision = cancel_session(db, session_id, reason, now)
    detail = {"starts_at": session.starts_at.isoformat(), "people": people, "reason": reason}
    subject = f"session:{session_id}"
    record(db, staff_id=staff_id, act="session cancelled", subject=subject, detail=detail, now=now)
    return revision


def _session(found: SessionRow | None) -> SessionRow:
    if found is None:
        raise NotFound("This session does not exist.")
    return found


def _check_live(session: SessionRow, now: datetime) -> None:
    if session.cancelled_at is not None:
        raise Rejected("This session is cancelled already.")
    if session.ends_at <= now:
        raise Rejected("This session is over; what has happened cannot be moved or cancelled.")


def _check_move(session: SessionRow, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    _check_live(session, now)
    if starts_at <= now:
        raise Rejected("The new start lies in the past. Choose a later date or hour.", field="starts")
    if ends_at <= starts_at:
        raise Rejected("The end must come after the start.", field="ends")
    if (starts_at, ends_at) == (session.starts_at, session.ends_at):
        raise Rejected("This is the date it has already. Choose another one.", field="starts")


def _preview(
    db: Connection,
    session: SessionRow,
    starts_at: datetime | None,
    ends_at: datetime | None,
    hours: SendingHours,
    now: datetime,
) -> Preview:
    zones = people_by_zone(db, session.id)
    steps = [
        step for step in steps_of(db, session.webinar_id) if not step.parting and step.audience is not Audience.WAITING
    ]
    counts = counts_by_step(db, session.id)
    after = _changed(session.facts, starts_at, ends_at, now)
    zone = _common_zone(zones)
    changes = tuple(
        StepChange(
            step,
            _answer(step, steps, session.facts, zone, hours),
            _answer(step, steps, after, zone, hours),
            counts.get(step.id, StepCounts(Counter())),
        )
        for step in steps
        if step.anchor is not Anchor.REGISTERED and not step.by_round
    )
    people = sum(zones.values())
    fingerprint = _fingerprint(session, starts_at, ends_at, people)
    return Preview(session, starts_at, ends_at, people, zones, changes, fingerprint)


def _confirmed(
    db: Connection, session: SessionRow, starts_at: datetime | None, ends_at: datetime | None, fingerprint: str
) -> int:
    """Count the people once more and compare with what was shown; the only work done while the row is locked."""
    people = places_held(db, session.id)
    if _fingerprint(session, starts_at, ends_at, people) != fingerprint:
        raise Conflict("The numbers changed while you were looking. Read the new preview and confirm again.")
    return people


def _fingerprint(session: SessionRow, starts_at: datetime | None, ends_at: datetime | None, people: int) -> str:
    starts, ends = (at.isoformat() if at else "" for at in (starts_at, ends_at))
    shown = f"{session.id} {session.revision} {starts} {ends} {people}"
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _changed(facts: SessionFacts, starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> SessionFacts:
    if starts_at is None or ends_at is None:
        return replace(facts, cancelled_at=now)
    return replace(facts, starts_at=starts_at, ends_at=ends_at, moved_at=now, moved_from=facts.starts_at)


def _common_zone(zones: dict[str, int]) -> ZoneInfo:
    return ZoneInfo(max(zones, key=lambda name: (zones[name], name)) if zones else "UTC")


def _answer(step: Step, steps: Sequence[Step], facts: SessionFacts, zone: ZoneInfo, hours: SendingHours) -> Answer:
    return due_for_class(step, facts, zone, hours, busy_days(steps, facts, zone, hours))
