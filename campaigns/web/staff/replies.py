"""What people wrote to us and nobody has closed; one of them whole, with what may follow from it.

The words are sealed in the ledger and opened here, in the list only their beginning. They
are shown as plain text. Looking at a page changes nothing, not even the record; every press
is put on it, without the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.addresses import mask_email, mask_phone
from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.operations.revoke import Revocation, revoke
from campaigns.store import alerts, inbound, report_channel, staff
from campaigns.store.consents import stopped
from campaigns.store.engine import Connection
from campaigns.store.inbound import Inbound
from campaigns.web.staff import words
from campaigns.web.staff.desk import Acting, Id, Signed, Visit, go_to

router = APIRouter()

_BEGINNING: Final = 80
"""Characters of what somebody wrote that the list shows."""
_MEANINGS: Final = {
    "stop": "says stop",
    "start": "asks for texts again",
    "help": "asks for help",
    "hold": "may mean stop",
    "question": "a question",
    "automatic": "a machine wrote it",
}
_UNREADABLE: Final = "These words were sealed with a secret that is not set any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of the list."""

    id: int
    channel: Channel
    beginning: str
    urgent: bool
    held: bool
    meaning: str
    effect: str
    name: str
    registration_id: int | None
    address: str
    when: str
    closed: str
    """When and by whom; empty while it is open."""


@router.get("/staff/replies")
def show_replies(visit: Signed) -> Response:
    """List what waits to be read, the most pressing first, and what was closed last. Nothing changes."""
    with visit.transaction() as db:
        waiting = _listed(db, visit, inbound.open_ones(db))
        closed = _listed(db, visit, inbound.closed_ones(db))
        total = inbound.count_open(db)
    return visit.page(
        "replies.html",
        active="replies",
        waiting=waiting,
        closed=closed,
        total=total,
        done=visit.request.query_params.get("done", ""),
    )


@router.get("/staff/replies/{reply_id}")
def show_reply(visit: Signed, reply_id: Id) -> Response:
    """Show one with all its words. Nothing changes."""
    with visit.transaction() as db:
        one = _reply(db, reply_id)
        (line,) = _listed(db, visit, [one])
        facts: dict[str, Any] = {
            "silent": bool(one.sender) and stopped(db, one.channel, one.sender, Purpose.SERVICE),
            "acts": [(act, words.when(act.at, visit.zone, visit.now)) for act in staff.acts_on(db, _subject(one))],
        }
    masked = visit.login.member.role == "operations"
    return visit.page(
        "reply.html",
        active="replies",
        one=line,
        said=_opened(visit, one) or _UNREADABLE,
        sender=line.address if masked else one.sender,
        matched=one.matched,
        came=words.hour(one.received_at, visit.zone, seconds=True),
        taken_in=bool(one.effect),
        done=visit.request.query_params.get("done", ""),
        **facts,
    )


@router.post("/staff/replies/{reply_id}/close")
def close_reply(act: Acting, reply_id: Id) -> Response:
    """Put away what was seen to, with its alerts; raises `Conflict` while messages wait because of it."""
    visit = act.visit
    with visit.transaction() as db:
        one = _reply(db, reply_id)
        if not one.effect:
            raise Conflict("This reply is still being taken in. Wait a moment, reload the page, and close it then.")
        if inbound.is_held(db, one.channel, one.sender):
            raise Conflict("Messages to this address wait. First let them go on, or stop them; then close the reply.")
        if not inbound.close(db, reply_id, visit.login.member.id, visit.now):
            raise Conflict("This reply is closed already. Reload the page.")
        for alert_id in report_channel.alerts_about(db, _subject(one)):
            alerts.clear(db, alert_id, visit.login.member.id, visit.now)
        visit.record(db, "reply closed", _subject(one), meaning=one.meaning)
    return go_to("/staff/replies?done=closed")


@router.post("/staff/replies/{reply_id}/go-on")
def let_go_on(act: Acting, reply_id: Id) -> Response:
    """Let messages to the sender go on that waited for this to be read; raises `Conflict` if none wait."""
    visit = act.visit
    with visit.transaction() as db:
        one = _reply(db, reply_id)
        if not inbound.lift_hold(db, one.channel, one.sender, visit.login.member.id, visit.now):
            raise Conflict("Nothing keeps messages to this address any more. Reload the page.")
        visit.record(db, "messages let go on", _subject(one), channel=one.channel)
    return go_to(f"/staff/replies/{reply_id}?done=on")


@router.post("/staff/replies/{reply_id}/stop")
def stop_all(act: Acting, reply_id: Id) -> Response:
    """Stop everything to the sender's address, with what they wrote as the evidence."""
    visit = act.visit
    with visit.transaction() as db:
        one = _reply(db, reply_id)
        if not one.sender:
            raise Rejected("Nobody knows who wrote this, so there is no address to stop.")
        said = Revocation(
            one.channel,
            one.sender,
            None,
            means="staff",
            words=_opened(visit, one),
            now=visit.now,
            staff_id=visit.login.member.id,
        )
        revoke(db, said)
        # What was to be decided is decided: a START later must not find a hold nobody remembers.
        inbound.lift_hold(db, one.channel, one.sender, visit.login.member.id, visit.now)
        visit.record(db, "everything stopped for a reply", _subject(one), channel=one.channel)
    return go_to(f"/staff/replies/{reply_id}?done=stopped")


def _reply(db: Connection, reply_id: int) -> Inbound:
    found = inbound.one(db, reply_id)
    if found is None:
        raise NotFound
    return found


def _subject(one: Inbound) -> str:
    return f"inbound:{one.id}"


def _opened(visit: Visit, one: Inbound) -> str:
    """Give the words as they came, without what no text can hold; empty if no secret of ours opens them."""
    try:
        return visit.runtime.seal.open(one.body).decode("utf-8", "replace").replace("\x00", "")
    except NotFound:
        return ""


def _listed(db: Connection, visit: Visit, found: Iterable[Inbound]) -> list[Listed]:
    found = list(found)
    around: dict[str, Any] = {
        "names": report_channel.names_of(db, (one.registration_id for one in found if one.registration_id)),
        "held": report_channel.held_among(db, ((one.channel, one.sender) for one in found)),
        "closers": report_channel.closers(db, (one.id for one in found if one.closed_at)),
    }
    return [_line(visit, one, **around) for one in found]


def _line(
    visit: Visit,
    one: Inbound,
    names: Mapping[int, str],
    held: set[tuple[Channel, str]],
    closers: Mapping[int, str],
) -> Listed:
    whole = " ".join(_opened(visit, one).split())
    closed = words.when(one.closed_at, visit.zone, visit.now) if one.closed_at else ""
    by = closers.get(one.id, "the service")
    return Listed(
        id=one.id,
        channel=one.channel,
        beginning=(f"{whole[:_BEGINNING]}…" if len(whole) > _BEGINNING else whole) or "(no words)",
        urgent=one.urgent,
        held=(one.channel, one.sender) in held,
        meaning=_MEANINGS[one.meaning],
        effect=one.effect or "not taken in yet",
        name=names.get(one.registration_id or 0, ""),
        registration_id=one.registration_id,
        address=_masked(one),
        when=words.when(one.received_at, visit.zone, visit.now),
        closed=f"{closed} by {by}" if closed else "",
    )


def _masked(one: Inbound) -> str:
    if not one.sender:
        return "sender unknown"
    return mask_email(one.sender) if one.channel is Channel.EMAIL else mask_phone(one.sender)
