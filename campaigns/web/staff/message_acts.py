"""What is pressed on the page of a message: approve, show in the demonstration, withdraw, publish, throw away."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.errors import Conflict, NotAllowed, NotFound, Rejected
from campaigns.operations.approve import (
    APPROVED_FOR,
    Yes,
    approve_for_demonstration,
    approve_version,
    withdraw_approval,
)
from campaigns.operations.publish import publish_draft
from campaigns.store.drafts import drop_draft
from campaigns.store.engine import Connection
from campaigns.web.staff.desk import Act, Acting, Id, Name, go_to, number
from campaigns.web.staff.messages import message_page

router = APIRouter()

_TYPED = ("licence", "interests", "evidence", "days", "why")


@router.post("/staff/messages/{name}/versions/{version_id}/approve")
def take_approval(act: Acting, name: Name, version_id: Id) -> Response:
    """Record a clinician's yes to the version whose hash the form carries."""

    def approve(db: Connection) -> None:
        yes = Yes(
            content_hash=act.text("hash"),
            licence=act.sentence("licence", "Write your licence: type, state and number."),
            interests=act.sentence("interests", "Say what you gain from what this message says; “none” is an answer."),
            evidence=act.sentence("evidence", "Name what you have looked up, or the source you checked.", most=2000),
            days=_days(act.text("days")),
        )
        approve_version(db, name, version_id, yes, member=act.visit.login.member, now=act.visit.now)

    return _take(act, name, version_id, approve, "approved")


@router.post("/staff/messages/{name}/versions/{version_id}/show")
def take_showing(act: Acting, name: Name, version_id: Id) -> Response:
    """Let a version out for the demonstration on this machine."""

    def show(db: Connection) -> None:
        approve_for_demonstration(db, name, version_id, member=act.visit.login.member, now=act.visit.now)

    return _take(act, name, version_id, show, "shown")


@router.post("/staff/messages/{name}/versions/{version_id}/withdraw")
def take_withdrawal(act: Acting, name: Name, version_id: Id) -> Response:
    """Take every approval of a version back."""

    def withdraw(db: Connection) -> None:
        why = act.sentence("why", "Say why; it is kept on record.")
        withdraw_approval(db, name, version_id, why, member=act.visit.login.member, now=act.visit.now)

    return _take(act, name, version_id, withdraw, "withdrawn")


@router.post("/staff/messages/{name}/publish")
def take_publication(act: Acting, name: Name) -> Response:
    """Write the draft as a new version; what went out before goes on until this one is approved."""
    visit = act.visit
    visit.require_editor()

    def publish(db: Connection) -> None:
        folder = visit.runtime.templates / "messages"
        publish_draft(db, name, folder, seen=number(act.text("seen")), member=visit.login.member, now=visit.now)

    return _take(act, name, 0, publish, "published")


@router.post("/staff/messages/{name}/discard")
def take_discarding(act: Acting, name: Name) -> Response:
    """Throw the draft away."""
    visit = act.visit
    visit.require_editor()

    def discard(db: Connection) -> None:
        drop_draft(db, name, seen=number(act.text("seen")))
        visit.record(db, "draft thrown away", f"message:{name}")

    return _take(act, name, 0, discard, "discarded")


def _take(act: Act, name: str, version_id: int, change: Callable[[Connection], None], done: str) -> Response:
    try:
        with act.visit.transaction() as db:
            change(db)
    except (NotAllowed, NotFound):
        raise
    except Conflict as changed:
        return message_page(act.visit, name, version_id, Rejected(str(changed)), _typed(act))
    except Rejected as wrong:
        return message_page(act.visit, name, version_id, wrong, _typed(act))
    shown = f"version={version_id}&" if version_id else ""
    return go_to(f"/staff/messages/{name}?{shown}done={done}")


def _typed(act: Act) -> dict[str, str]:
    return {name: act.text(name) for name in _TYPED}


def _days(words: str) -> int:
    if not (words.isascii() and words.isdigit() and len(words) < 5):  # noqa: PLR2004  # digits of a number of days
        raise Rejected(f"Write a number of days from 1 to {APPROVED_FOR.days}.", field="days")
    return int(words)
