"""`/r/{token}/ask`: a question to the doctor, from the personal page or from beside the talk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from campaigns.errors import NotFound, Rejected
from campaigns.language import gettext
from campaigns.operations.ask import Ear, Source, ask
from campaigns.rendering.variables import paragraphs
from campaigns.store import questions
from campaigns.store.engine import Connection
from campaigns.store.people import Place
from campaigns.web.dependencies import Call, Calling, OurForm, Posted
from campaigns.web.languages import said
from campaigns.web.public.keys import read_place
from campaigns.web.views import PERSONAL, page

router = APIRouter()

_SHOWN: Final = 1200
"""Characters of a question that are shown again; whatever is longer is wrong anyway."""


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """A question as the person who asked it sees it."""

    said: str
    state: Literal["waiting", "answered", "closed"]
    title: str
    answer: Sequence[str]
    """The published answer, paragraph by paragraph; empty while there is none."""


@router.post("/r/{token}/ask", dependencies=[OurForm])
def send(token: str, form: Posted, call: Calling) -> Response:
    """Take a question; with an urgent sign in it, show the safety text at once."""
    with call.transaction() as db:
        place = read_place(db, call.runtime, token)
    return answer_to(call, place, form, "page", f"/r/{token}")


def answer_to(call: Call, place: Place, form: FormData, source: Source, page_path: str) -> Response:
    """Take a question that was sent to `page_path` + `/ask`, and lead back there, or show what is wrong with it."""
    words = form.get("question", "")
    words = words if isinstance(words, str) else ""
    try:
        with call.transaction() as db:
            asked = ask(db, ear_of(call), place, words, source, call.now)
    except Rejected as refusal:
        facts: dict[str, Any] = {"said": words[:_SHOWN], "fault": said(refusal), "urgent": False}
        return page(call.request, "public/ask.html", status=422, personal=True, back=page_path, **facts)
    if asked.urgent:
        return show_safety(call, page_path)
    query = "asked=yes#ask" if source == "watch" else "saved=asked"
    return RedirectResponse(f"{page_path}?{query}", 303, headers=PERSONAL)


def show_safety(call: Call, back: str, *, embedded: bool = False) -> HTMLResponse:
    """Show whom to call in an emergency, and the way back; in another site's frame where the form stands in one."""
    facts: dict[str, Any] = {"back": back, "said": "", "fault": "", "urgent": True}
    return page(call.request, "public/ask.html", personal=True, embedded=embedded, **facts)


def ear_of(call: Call) -> Ear:
    """Give what a question is sealed and understood with."""
    return Ear(call.runtime.seal, call.runtime.inbound_words)


def own_questions(db: Connection, call: Call, place: Place) -> list[OwnQuestion]:
    """List what this person asked about the webinar, the newest first, with the answers that stand."""
    answers = {one.id: one for one in questions.published(db, place.webinar.id)}
    found = []
    for one in questions.asked_by(db, place.registrant_id, place.webinar.id):
        given = answers.get(one.answer_id or 0)
        state: Literal["waiting", "answered", "closed"] = "closed" if one.closed_at else "waiting"
        found.append(
            OwnQuestion(
                said=_opened(call, one.body),
                state="answered" if given else state,
                title=given.title if given else "",
                answer=paragraphs(given.body) if given else (),
            )
        )
    return found


def _opened(call: Call, body: bytes) -> str:
    try:
        return call.runtime.seal.open(body).decode("utf-8", "replace")
    except NotFound:
        return gettext("(not readable any more)")
