"""Questions to the doctor: what waits, the answers in the making, and what was published.

Words of registrants are opened here and nowhere else, and shown as plain text. Looking
changes nothing; every press is put on the record, without the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.errors import NotAllowed, NotFound, Rejected
from campaigns.operations import answer
from campaigns.operations.answer import Written, may_publish
from campaigns.rendering.variables import paragraphs
from campaigns.store import questions, staff
from campaigns.store.engine import Connection
from campaigns.store.questions import DoctorAnswer, Question
from campaigns.web.staff import words
from campaigns.web.staff.desk import Act, Acting, Id, Signed, Visit, go_to

router = APIRouter()

_WRITERS: Final = ("marketing", "clinician", "admin")
_SOURCES: Final = {
    "form": "at sign-up",
    "page": "on their page",
    "watch": "beside the talk",
    "reply": "by reply",
}
_UNREADABLE: Final = "These words were sealed with a secret that is not set any more."
_MOST: Final = 50
"""Questions that one answer may be chosen for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A question as a page shows it."""

    id: int
    said: str
    name: str
    registration_id: int
    urgent: bool
    source: str
    when: str


@router.get("/staff/questions")
def show_questions(visit: Signed) -> Response:
    """List what waits for an answer, what waits for a review, and what was published."""
    with visit.transaction() as db:
        facts: dict[str, Any] = {
            "waiting": _lines(visit, questions.open_ones(db)),
            "drafts": _told(visit, questions.drafts(db)),
            "published": _told(visit, questions.published(db)),
        }
    return visit.page(
        "questions.html",
        active="questions",
        may_write=visit.login.member.role in _WRITERS,
        done=visit.request.query_params.get("done", ""),
        **facts,
    )


@router.post("/staff/questions/{question_id}/close")
def close_question(act: Acting, question_id: Id) -> Response:
    """Put a question away that gets no answer in writing."""
    member = _writer(act.visit)
    reason = act.sentence("reason", "Say why it gets no answer in writing, such as: called back.", most=200)
    with act.visit.transaction() as db:
        answer.close(db, question_id, reason, member, act.visit.now)
    return go_to("/staff/questions?done=closed")


@router.get("/staff/answers/new")
def begin_answer(visit: Signed) -> Response:
    """Show the chosen questions and an empty answer."""
    _writer(visit)
    ids = _ids(visit.request.query_params.getlist("question"))
    with visit.transaction() as db:
        chosen = _chosen(db, ids)
    return _form(visit, chosen, {"title": "", "body": "", "public": ""})


@router.post("/staff/answers")
def write_answer(act: Acting) -> Response:
    """Write a draft, or show the form again with what is wrong and everything that was typed."""
    member = _writer(act.visit)
    ids = _ids(str(value) for value in act.form.getlist("question"))
    with act.visit.transaction() as db:
        chosen = _chosen(db, ids)
    try:
        with act.visit.transaction() as db:
            answer_id = answer.write(db, chosen[0].webinar_id, _written(act, ids), member, act.visit.now)
    except Rejected as refusal:
        return _form(act.visit, chosen, _typed(act), refusal=refusal)
    return go_to(f"/staff/answers/{answer_id}?done=written")


@router.get("/staff/answers/{answer_id}")
def show_answer(visit: Signed, answer_id: Id) -> Response:
    """Show an answer as it will be read, the questions it is for, and what may be done."""
    with visit.transaction() as db:
        found, asked = _read(db, answer_id)
        acts = staff.acts_on(db, f"answer:{answer_id}")
    return visit.page(
        "answer.html",
        active="questions",
        one=found,
        told=_told(visit, [found])[0],
        parts=paragraphs(found.body),
        asked=_lines(visit, asked),
        draft=found.published_at is None and found.withdrawn_at is None,
        may_write=visit.login.member.role in _WRITERS,
        may_publish=may_publish(found, visit.login.member),
        acts=[(act, words.when(act.at, visit.zone, visit.now)) for act in acts],
        done=visit.request.query_params.get("done", ""),
    )


@router.get("/staff/answers/{answer_id}/change")
def begin_change(visit: Signed, answer_id: Id) -> Response:
    """Show a draft to be changed."""
    _writer(visit)
    with visit.transaction() as db:
        found, asked = _read(db, answer_id)
    values = {"title": found.title, "body": found.body, "public": "yes" if found.is_public else ""}
    return _form(visit, asked, values, found=found)


@router.post("/staff/answers/{answer_id}")
def change_answer(act: Acting, answer_id: Id) -> Response:
    """Change a draft; whoever changed it is its writer now."""
    member = _writer(act.visit)
    with act.visit.transaction() as db:
        found, asked = _read(db, answer_id)
    ids = tuple(one.id for one in asked)
    try:
        with act.visit.transaction() as db:
            answer.rewrite(db, answer_id, _written(act, ids), member, act.visit.now)
    except Rejected as refusal:
        return _form(act.visit, asked, _typed(act), found=found, refusal=refusal)
    return go_to(f"/staff/answers/{answer_id}?done=written")


@router.post("/staff/answers/{answer_id}/publish")
def publish_answer(act: Acting, answer_id: Id) -> Response:
    """Publish a reviewed draft: it goes to everybody who asked."""
    with act.visit.transaction() as db:
        answer.publish(db, answer_id, act.visit.login.member, act.visit.now)
    return go_to(f"/staff/answers/{answer_id}?done=published")


@router.post("/staff/answers/{answer_id}/take-back")
def take_answer_back(act: Acting, answer_id: Id) -> Response:
    """Take an answer back; its questions wait again."""
    member = _writer(act.visit)
    with act.visit.transaction() as db:
        answer.take_back(db, answer_id, member, act.visit.now)
    return go_to("/staff/questions?done=back")


def _writer(visit: Visit) -> staff.Member:
    if visit.login.member.role not in _WRITERS:
        raise NotAllowed("Only marketing, clinicians and admin may answer questions. Nothing was changed.")
    return visit.login.member


def _ids(given: Iterable[str]) -> tuple[int, ...]:
    numbers = [one for one in dict.fromkeys(given) if one.isascii() and one.isdecimal() and len(one) < len(str(2**63))]
    return tuple(int(one) for one in numbers[:_MOST])


def _chosen(db: Connection, ids: tuple[int, ...]) -> list[Question]:
    found = [one for one in (questions.one(db, number) for number in ids) if one is not None]
    if not found:
        raise Rejected("Tick at least one question on the page before, then write the answer.", field="question")
    if len({one.webinar_id for one in found}) > 1:
        raise Rejected("These questions belong to different webinars. Answer those of one webinar at a time.")
    return found


def _read(db: Connection, answer_id: int) -> tuple[DoctorAnswer, list[Question]]:
    found = questions.answer(db, answer_id)
    if found is None:
        raise NotFound
    return found, questions.answered_by(db, answer_id)


def _written(act: Act, ids: tuple[int, ...]) -> Written:
    typed = _typed(act)
    return Written(typed["title"], typed["body"], is_public=bool(typed["public"]), question_ids=ids)


def _typed(act: Act) -> dict[str, str]:
    return {name: act.text(name) for name in ("title", "body", "public")}


def _form(
    visit: Visit,
    chosen: Iterable[Question],
    values: Mapping[str, str],
    *,
    found: DoctorAnswer | None = None,
    refusal: Rejected | None = None,
) -> Response:
    return visit.page(
        "answer-form.html",
        active="questions",
        status=422 if refusal else 200,
        asked=_lines(visit, chosen),
        values=values,
        one=found,
        faults={refusal.field or "body": str(refusal)} if refusal else {},
    )


def _lines(visit: Visit, found: Iterable[Question]) -> list[Line]:
    return [
        Line(
            id=one.id,
            said=_opened(visit, one.body),
            name=one.first_name or "No name given",
            registration_id=one.registration_id,
            urgent=one.urgent,
            source=_SOURCES[one.source],
            when=words.when(one.asked_at, visit.zone, visit.now),
        )
        for one in found
    ]


def _opened(visit: Visit, body: bytes) -> str:
    try:
        return visit.runtime.seal.open(body).decode("utf-8", "replace")
    except NotFound:
        return _UNREADABLE


def _told(visit: Visit, found: Iterable[DoctorAnswer]) -> list[tuple[DoctorAnswer, str]]:
    """Give each answer with when and by whom it was last touched."""
    told = []
    for one in found:
        if one.published_at is not None:
            said = f"published {words.when(one.published_at, visit.zone, visit.now)}, reviewed by {one.reviewer}"
        else:
            said = f"written {words.when(one.written_at, visit.zone, visit.now)} by {one.writer}"
        told.append((one, said))
    return told
