"""What a registrant answered on the form; answers that may speak of health have a page of their own."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.errors import NotAllowed, NotFound
from campaigns.operations.sign_up import open_answer
from campaigns.store.engine import Connection
from campaigns.store.form_fields import Answered, answers_of
from campaigns.store.people import place
from campaigns.web.staff import words
from campaigns.web.staff.desk import Id, Signed, Visit

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as the page shows it."""

    label: str
    words: str
    when: str


@router.get("/staff/people/{registration_id}/answers")
def show_answers(visit: Signed, registration_id: Id) -> Response:
    """Show the sensitive answers and put on record who looked; raises `NotAllowed` for operations."""
    if visit.login.member.role == "operations":
        raise NotAllowed("Answers that may speak of health are not for operations.")
    with visit.transaction() as db:
        found = place(db, registration_id)
        if found is None:
            raise NotFound
        answers = answers_for(visit, db, registration_id, found.webinar.zone, sensitive=True)
        if answers:
            visit.record(db, "sensitive answers read", f"registration:{registration_id}", answers=len(answers))
    name = f"{found.first_name} {found.last_name}".strip()
    return visit.page("answers.html", active="webinars", place=found, name=name, answers=answers)


def answers_for(visit: Visit, db: Connection, registration_id: int, zone: str, *, sensitive: bool) -> list[Answer]:
    """Open a registrant's answers, to the sensitive fields or to the others."""
    return [
        Answer(one.field.label, _opened(visit, one), words.when(one.at, zone, visit.now))
        for one in answers_of(db, registration_id, sensitive=sensitive)
    ]


def _opened(visit: Visit, one: Answered) -> str:
    try:
        return ", ".join(open_answer(visit.runtime.seal, one.sealed))
    except NotFound as error:
        return str(error)
