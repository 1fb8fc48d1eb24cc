"""Staff answer questions in general words; somebody who may reviews the answer, and it goes to everybody who asked.

A published answer never changes: its words were reviewed, and are in people's mailboxes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from campaigns.domain.questions import clean_answer
from campaigns.domain.steps import Anchor, Step
from campaigns.domain.timing import expiry
from campaigns.errors import Conflict, NotAllowed, NotFound, Rejected
from campaigns.store import alerts, people, questions, report_channel, staff, switches
from campaigns.store.campaigns import steps_of
from campaigns.store.engine import Connection
from campaigns.store.ledger_plan import Entry, insert_entries
from campaigns.store.people import Place
from campaigns.store.questions import DoctorAnswer, Question
from campaigns.store.staff import Member

REVIEWERS: Final = ("clinician", "admin")


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote as an answer."""

    title: str
    """The question in general words: nobody's own."""
    body: str
    is_public: bool
    question_ids: tuple[int, ...]


def write(db: Connection, webinar_id: int, written: Written, member: Member, now: datetime) -> int:
    """Write a draft for some open questions of one webinar; give its id.

    Raises `Rejected` naming the field, `Conflict` if one of the questions is not open any more.
    """
    title, body = clean_answer(written.title, written.body)
    if not written.question_ids:
        raise Rejected("Tick at least one question that this answers.", field="question")
    answer_id = questions.draft(
        db, webinar_id, title=title, body=body, is_public=written.is_public, staff_id=member.id, now=now
    )
    _take(db, answer_id, written.question_ids, webinar_id)
    staff.record(
        db,
        staff_id=member.id,
        act="answer written",
        subject=f"answer:{answer_id}",
        detail={"questions": sorted(written.question_ids)},
        now=now,
    )
    return answer_id


def rewrite(db: Connection, answer_id: int, written: Written, member: Member, now: datetime) -> None:
    """Change a draft; whoever changes it is its writer from then on. Raises as `write` does."""
    title, body = clean_answer(written.title, written.body)
    found = _answer(db, answer_id)
    if not questions.redraft(
        db, answer_id, title=title, body=body, is_public=written.is_public, staff_id=member.id, now=now
    ):
        raise Conflict("This answer is published or taken back, so its words stay as they are. Write another one.")
    questions.set_free(db, answer_id)
    _take(db, answer_id, written.question_ids, found.webinar_id)
    staff.record(db, staff_id=member.id, act="answer changed", subject=f"answer:{answer_id}", detail={}, now=now)


def may_publish(found: DoctorAnswer, member: Member) -> bool:
    """Say whether somebody may review this answer: a clinician any, an administrator what somebody else wrote."""
    own = found.written_by == member.id
    return member.role in REVIEWERS and (member.role == "clinician" or not own)


def publish(db: Connection, answer_id: int, member: Member, now: datetime) -> int:
    """Publish a reviewed draft and plan its delivery to everybody who asked; give the number of deliveries.

    Whoever has given up their place is not written to: the answer stands on their page. Raises
    `NotAllowed` for somebody who may not review it, `Conflict` if it is no draft any more.
    """
    found = _answer(db, answer_id)
    if not may_publish(found, member):
        raise NotAllowed("A clinician, or an administrator who did not write it, has to review this answer.")
    if not questions.publish(db, answer_id, member.id, now):
        raise Conflict("This answer was published or taken back already. Reload the page.")
    asked = questions.answered_by(db, answer_id)
    step = next((one for one in steps_of(db, found.webinar_id) if one.anchor is Anchor.ANSWERED), None)
    planned = 0
    if step is not None and not step.paused:
        places = {place.registration_id: place for one in asked if (place := _holds(db, one))}
        planned = insert_entries(db, [_entry(step, place, answer_id, now) for place in places.values()])
    for one in asked:
        for alert_id in report_channel.alerts_about(db, f"question:{one.id}"):
            alerts.clear(db, alert_id, member.id, now)
    staff.record(
        db,
        staff_id=member.id,
        act="answer published",
        subject=f"answer:{answer_id}",
        detail={"planned": planned, "questions": len(asked)},
        now=now,
    )
    return planned


def take_back(db: Connection, answer_id: int, member: Member, now: datetime) -> None:
    """Take an answer back: what has not left stays, and its page no longer shows it; a draft's questions wait again."""
    found = _answer(db, answer_id)
    if not questions.withdraw(db, answer_id, now):
        raise Conflict("This answer was taken back already. Reload the page.")
    questions.set_free(db, answer_id)
    staff.record(
        db,
        staff_id=member.id,
        act="answer taken back",
        subject=f"answer:{answer_id}",
        detail={"published": found.published_at is not None},
        now=now,
    )


def close(db: Connection, question_id: int, reason: str, member: Member, now: datetime) -> None:
    """Put a question away that gets no answer in writing, with the reason. Raises `Rejected`, `Conflict`."""
    reason = " ".join(reason.split())[:200]
    if not reason:
        raise Rejected("Say why it gets no answer in writing, such as: called back.", field="reason")
    if not questions.close(db, question_id, reason, member.id, now):
        raise Conflict("This question does not wait any more. Reload the page.")
    for alert_id in report_channel.alerts_about(db, f"question:{question_id}"):
        alerts.clear(db, alert_id, member.id, now)
    staff.record(
        db,
        staff_id=member.id,
        act="question closed",
        subject=f"question:{question_id}",
        detail={"reason": reason},
        now=now,
    )


def _answer(db: Connection, answer_id: int) -> DoctorAnswer:
    found = questions.answer(db, answer_id)
    if found is None:
        raise NotFound
    return found


def _take(db: Connection, answer_id: int, question_ids: Collection[int], webinar_id: int) -> None:
    if questions.give_to(db, answer_id, question_ids, webinar_id) != len(set(question_ids)):
        raise Conflict(
            "One of these questions has been answered or closed meanwhile. Reload the page and choose again."
        )


def _holds(db: Connection, asked: Question) -> Place | None:
    number = switches.newest(db, asked.registration_id)
    place = people.place(db, number) if number is not None else None
    return place if place is not None and place.withdrawn_at is None else None


def _entry(step: Step, place: Place, answer_id: int, now: datetime) -> Entry:
    return Entry(
        registration_id=place.registration_id,
        session_id=place.session.id,
        step=step,
        revision=0,
        due_at=now,
        expires_at=expiry(step.expires, place.session.facts, now),
        answer_id=answer_id,
    )
