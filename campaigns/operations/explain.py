"""What someone will get and has got, and why not: from the functions that plan it, never from a second reckoning.

The thank-you page, the personal page, the staff's page of a registrant and the
rehearsal all show this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from campaigns.domain.audience import Facts
from campaigns.domain.lifecycle import Status
from campaigns.domain.quiet import SendingHours
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import Anchor, Channel, LocalTime, Purpose, Step
from campaigns.domain.timing import Answer, Due, Never, busy_days, due
from campaigns.store.campaigns import steps_of
from campaigns.store.consents import permissions_of, stopped
from campaigns.store.engine import Connection
from campaigns.store.history import Recorded, deliveries_of
from campaigns.store.people import Place

Permissions = Mapping[tuple[Channel, Purpose], bool]

_WAITING: Final = frozenset({Status.PLANNED, Status.QUEUED})
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Milestone:
    """One step in someone's timeline: what the ledger says, or what the plan says where it has no row yet."""

    step: Step
    answer: Answer
    recorded: Recorded | None
    barred: Reason | None
    """Why it would not leave although it is due: no consent, no number, suppressed, or its time is over."""

    @property
    def at(self) -> datetime | None:
        """When it went, or is due; None if that is not known or will never be."""
        if self.recorded is not None:
            return self.recorded.sent_at or self.recorded.due_at
        return self.answer.at if isinstance(self.answer, Due) else None

    @property
    def coming(self) -> bool:
        """Whether it is still to come, as far as anybody knows now: a planned row that would fall is not."""
        if self.recorded is not None and self.recorded.status not in _WAITING:
            return self.recorded.status is Status.SENDING
        return self.barred is None and isinstance(self.answer, Due)

    @property
    def reason(self) -> str | None:
        """Why it did not or will not go, as a word of the ledger."""
        if self.recorded is not None and self.recorded.status not in _WAITING:
            return self.recorded.reason
        if self.barred is not None:
            return self.barred.value
        return self.answer.reason.value if isinstance(self.answer, Never) else None


def timeline(
    db: Connection, place: Place, hours: SendingHours, now: datetime, *, every_round: bool = False
) -> list[Milestone]:
    """Give every step of the campaign for one registration, in the order of time.

    A step that went out for an earlier date of the session appears once more for the new one;
    what was only planned for it has fallen and is not told. So does one that followed an earlier
    asking for texts, or an earlier yes to them, if it went out; with `every_round` also if it was
    skipped for another reason than that a newer one followed.
    A step due in the past that has no row says why: it was useless by the time it could go.
    """
    steps = steps_of(db, place.webinar.id)
    rows: dict[int, list[Recorded]] = {}
    for row in deliveries_of(db, place.registration_id):
        rows.setdefault(row.step_id, []).append(row)
    granted = permissions_of(db, place.registrant_id)
    answers = answers_for(steps, place.facts, hours)
    found = []
    for step in steps:
        current = current_revision(step, place)
        mine = [
            row
            for row in rows.get(step.id, [])
            if row.revision == current or not _fallen(step, row, every_round=every_round)
        ]
        barred = _barred(db, step, place, granted)
        found += [Milestone(step, answers[step.id], row, barred if row.status in _WAITING else None) for row in mine]
        if not any(row.revision == current for row in mine):
            answer = answers[step.id]
            found.append(Milestone(step, answer, None, barred or _gone_by(step, answer, place, now)))
    return sorted(found, key=lambda one: (one.at or _LAST, one.step.key))


def _fallen(step: Step, row: Recorded, *, every_round: bool) -> bool:
    """Say whether a row of an earlier date or round has fallen, and is not told."""
    if row.status in _WAITING:
        return True
    skipped = step.by_round and row.status is Status.SKIPPED
    return skipped and not (every_round and row.reason != Reason.SUPERSEDED.value)


def _gone_by(step: Step, answer: Answer, place: Place, now: datetime) -> Reason | None:
    """Say why a step that has no row will get none any more: it is useless by now, or the planner passes it over."""
    if not isinstance(answer, Due):
        return None
    if answer.expires <= now:
        return Reason.EXPIRED
    return Reason.MOVED_LATE if overtaken(step, answer, place.session.moved_at) else None


def overtaken(step: Step, answer: Due, moved_at: datetime | None) -> bool:
    """Say whether a lesson was due before the session moved: what the old date left no room for is not sent late."""
    by_day = step.anchor is Anchor.REGISTERED and isinstance(step.offset, LocalTime)
    return by_day and moved_at is not None and answer.at <= moved_at


def current_revision(step: Step, place: Place) -> int:
    """Give what the row of a step has for its revision that counts now."""
    if step.by_round:
        return -place.texts_round
    return place.session.revision if step.dated else 0


def forecast(
    steps: Sequence[Step], facts: Facts, hours: SendingHours, granted: Permissions, *, number: bool
) -> list[Milestone]:
    """Give what somebody who registers now, with these boxes ticked, will get; nothing is looked up."""
    answers = answers_for(steps, facts, hours)
    milestones = [Milestone(step, answers[step.id], None, _missing(step, granted, number=number)) for step in steps]
    return sorted(milestones, key=lambda one: (one.at or _LAST, one.step.key))


def answers_for(steps: Sequence[Step], facts: Facts, hours: SendingHours) -> dict[int, Answer]:
    """Ask timing about every step for one registration."""
    busy = busy_days(steps, facts.session, facts.zone, hours)
    return {step.id: due(step, facts, hours, busy) for step in steps}


def _missing(step: Step, granted: Permissions, *, number: bool) -> Reason | None:
    if step.channel is Channel.SMS and not number:
        return Reason.NO_NUMBER
    return Reason.NO_CONSENT if step.needs_consent and not granted.get((step.channel, step.purpose), False) else None


def _barred(db: Connection, step: Step, place: Place, granted: Permissions) -> Reason | None:
    missing = _missing(step, granted, number=place.phone is not None)
    if missing:
        return missing
    address = place.email if step.channel is Channel.EMAIL else place.phone or ""
    return Reason.SUPPRESSED if stopped(db, step.channel, address, step.purpose) else None
