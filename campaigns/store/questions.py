"""What registrants ask the doctor, still sealed; and the answers, as they were written, reviewed and published."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, text, update

from campaigns.store.engine import Connection
from campaigns.store.tables import doctor_answer, question, registrant, registration, staff, webinar_session


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question, with the words still sealed."""

    id: int
    registration_id: int
    registrant_id: int
    first_name: str
    webinar_id: int
    session_starts_at: datetime
    source: str
    """`form`, `page`, `watch` or `reply`."""
    body: bytes
    urgent: bool
    answer_id: int | None
    asked_at: datetime
    closed_at: datetime | None
    closed_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorAnswer:
    """An answer in general words; a draft until somebody who may has reviewed and published it."""

    id: int
    webinar_id: int
    title: str
    body: str
    is_public: bool
    written_by: int
    writer: str
    written_at: datetime
    reviewer: str
    published_at: datetime | None
    withdrawn_at: datetime | None
    questions: int
    """How many it answers."""


_QUESTION: Final = (
    question.c.id,
    question.c.registration_id,
    registration.c.registrant_id,
    registrant.c.first_name,
    webinar_session.c.webinar_id,
    webinar_session.c.starts_at.label("session_starts_at"),
    question.c.source,
    question.c.body,
    question.c.urgent,
    question.c.answer_id,
    question.c.asked_at,
    question.c.closed_at,
    question.c.closed_reason,
)
_FROM: Final = (
    question.join(registration, registration.c.id == question.c.registration_id)
    .join(registrant, registrant.c.id == registration.c.registrant_id)
    .join(webinar_session, webinar_session.c.id == registration.c.session_id)
)
_OPEN: Final = question.c.answer_id.is_(None) & question.c.closed_at.is_(None)


def add(
    db: Connection,
    registration_id: int,
    body: bytes,
    *,
    source: str,
    urgent: bool,
    now: datetime,
    inbound_id: int | None = None,
) -> int:
    """Write a question and give its id."""
    statement = insert(question).values(
        registration_id=registration_id, source=source, body=body, urgent=urgent, asked_at=now, inbound_id=inbound_id
    )
    return db.execute(statement.returning(question.c.id)).scalar_one()


def one_at_a_time(db: Connection, registrant_id: int) -> None:
    """Let one question of a person be written at a time; the lock ends with the transaction."""
    db.execute(text("SELECT pg_advisory_xact_lock(7008, :id)"), {"id": registrant_id & 0x7FFFFFFF})


def asked_by(db: Connection, registrant_id: int, webinar_id: int) -> list[Question]:
    """List what a person asked about a webinar, whatever the date they held a place for, the newest first."""
    query = select(*_QUESTION).select_from(_FROM)
    query = query.where(registration.c.registrant_id == registrant_id, webinar_session.c.webinar_id == webinar_id)
    return [_question(row) for row in db.execute(query.order_by(question.c.id.desc()))]


def open_ones(db: Connection, limit: int = 200) -> list[Question]:
    """List what nobody has answered or closed: urgent first, then the longest waiting."""
    query = select(*_QUESTION).select_from(_FROM).where(_OPEN)
    return [_question(row) for row in db.execute(query.order_by(question.c.urgent.desc(), question.c.id).limit(limit))]


def count_open(db: Connection) -> tuple[int, bool]:
    """Count what waits for an answer; say whether one of them is urgent."""
    query = select(func.count(), func.coalesce(func.bool_or(question.c.urgent), False)).where(_OPEN)
    row = db.execute(query).one()
    return row[0], row[1]


def answered_by(db: Connection, answer_id: int) -> list[Question]:
    """List the questions that an answer is for."""
    query = select(*_QUESTION).select_from(_FROM).where(question.c.answer_id == answer_id)
    return [_question(row) for row in db.execute(query.order_by(question.c.id))]


def one(db: Connection, question_id: int) -> Question | None:
    """Read one question."""
    row = db.execute(select(*_QUESTION).select_from(_FROM).where(question.c.id == question_id)).first()
    return _question(row) if row else None


def give_to(db: Connection, answer_id: int, question_ids: Collection[int], webinar_id: int) -> int:
    """Let an answer be for these open questions of its webinar; give how many of them still were."""
    theirs = select(question.c.id).select_from(_FROM).where(webinar_session.c.webinar_id == webinar_id, _OPEN)
    change = update(question).where(question.c.id.in_(list(question_ids)), question.c.id.in_(theirs))
    return db.execute(change.values(answer_id=answer_id)).rowcount


def set_free(db: Connection, answer_id: int) -> None:
    """Let the questions of an answer wait for another one."""
    db.execute(update(question).where(question.c.answer_id == answer_id).values(answer_id=None))


def close(db: Connection, question_id: int, reason: str, staff_id: int, now: datetime) -> bool:
    """Put a question away that gets no answer in writing; False if it does not wait any more."""
    change = update(question).where(question.c.id == question_id, _OPEN)
    return db.execute(change.values(closed_at=now, closed_by=staff_id, closed_reason=reason)).rowcount == 1


def draft(
    db: Connection, webinar_id: int, *, title: str, body: str, is_public: bool, staff_id: int, now: datetime
) -> int:
    """Write a draft of an answer and give its id."""
    values = {"webinar_id": webinar_id, "title": title, "body": body, "is_public": is_public}
    statement = insert(doctor_answer).values(**values, written_by=staff_id, written_at=now)
    return db.execute(statement.returning(doctor_answer.c.id)).scalar_one()


def redraft(
    db: Connection, answer_id: int, *, title: str, body: str, is_public: bool, staff_id: int, now: datetime
) -> bool:
    """Change a draft, whose writer is then whoever changed it; False once it is published or withdrawn."""
    change = update(doctor_answer).where(doctor_answer.c.id == answer_id, _DRAFT)
    values = {"title": title, "body": body, "is_public": is_public, "written_by": staff_id, "written_at": now}
    return db.execute(change.values(values)).rowcount == 1


def publish(db: Connection, answer_id: int, staff_id: int, now: datetime) -> bool:
    """Publish a draft; False if it is none any more. From then on its words never change."""
    change = update(doctor_answer).where(doctor_answer.c.id == answer_id, _DRAFT)
    return db.execute(change.values(reviewed_by=staff_id, published_at=now)).rowcount == 1


def withdraw(db: Connection, answer_id: int, now: datetime) -> bool:
    """Take an answer back, draft or published; what has not left stays here. False if it was taken back before."""
    change = update(doctor_answer).where(doctor_answer.c.id == answer_id, doctor_answer.c.withdrawn_at.is_(None))
    return db.execute(change.values(withdrawn_at=now)).rowcount == 1


_DRAFT: Final = doctor_answer.c.published_at.is_(None) & doctor_answer.c.withdrawn_at.is_(None)
_writer: Final = staff.alias("writer")
_reviewer: Final = staff.alias("reviewer")
_ANSWER: Final = (
    select(
        doctor_answer.c.id,
        doctor_answer.c.webinar_id,
        doctor_answer.c.title,
        doctor_answer.c.body,
        doctor_answer.c.is_public,
        doctor_answer.c.written_by,
        _writer.c.name.label("writer"),
        doctor_answer.c.written_at,
        func.coalesce(_reviewer.c.name, "").label("reviewer"),
        doctor_answer.c.published_at,
        doctor_answer.c.withdrawn_at,
        select(func.count()).where(question.c.answer_id == doctor_answer.c.id).scalar_subquery().label("questions"),
    )
    .join(_writer, _writer.c.id == doctor_answer.c.written_by)
    .outerjoin(_reviewer, _reviewer.c.id == doctor_answer.c.reviewed_by)
)


def answer(db: Connection, answer_id: int) -> DoctorAnswer | None:
    """Read one answer."""
    row = db.execute(_ANSWER.where(doctor_answer.c.id == answer_id)).first()
    return _doctor_answer(row) if row else None


def drafts(db: Connection) -> list[DoctorAnswer]:
    """List the answers that wait for a review, the longest waiting first."""
    rows = db.execute(_ANSWER.where(_DRAFT).order_by(doctor_answer.c.id))
    return [_doctor_answer(row) for row in rows]


def published(db: Connection, webinar_id: int | None = None, *, public: bool = False) -> list[DoctorAnswer]:
    """List what is published and stands, the newest first; of one webinar, or for everybody's eyes only."""
    live = doctor_answer.c.published_at.is_not(None) & doctor_answer.c.withdrawn_at.is_(None)
    query = _ANSWER.where(live)
    if webinar_id is not None:
        query = query.where(doctor_answer.c.webinar_id == webinar_id)
    if public:
        query = query.where(doctor_answer.c.is_public)
    rows = db.execute(query.order_by(doctor_answer.c.published_at.desc()).limit(100)).all()
    return [_doctor_answer(row) for row in rows]


def _question(row: Any) -> Question:
    return Question(**{**row._mapping, "body": bytes(row.body)})  # noqa: SLF001  # SQLAlchemy's public name for it


def _doctor_answer(row: Any) -> DoctorAnswer:
    return DoctorAnswer(**row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it
