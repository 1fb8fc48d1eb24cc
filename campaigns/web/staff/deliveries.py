"""The ledger in lists, and one delivery with all that happened to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.addresses import mask_email, mask_phone
from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel, Step
from campaigns.errors import NotFound, Rejected
from campaigns.operations import resolve
from campaigns.store import campaigns, receipts, report_channel, webinars
from campaigns.store import report_deliveries as report
from campaigns.store.engine import Connection
from campaigns.store.report_deliveries import PAGE, DeliveryFacts, DeliveryRow, Filter
from campaigns.web.staff import stopped, words
from campaigns.web.staff.desk import Acting, Id, Signed, Visit, go_to
from campaigns.web.staff.history import Kept, history
from campaigns.web.staff.webinars import webinar_at

router = APIRouter()

GROUPS: Final = {
    "ahead": (Status.PLANNED, Status.QUEUED, Status.SENDING),
    "left": (Status.SENT, Status.DELIVERED),
    "problems": (Status.FAILED, Status.BOUNCED, Status.UNKNOWN),
}
"""Words in an address that stand for several states, as the columns of a campaign do."""
_GROUP_WORDS: Final = {"ahead": "not gone yet", "left": "gone", "problems": "problems"}
_CHANNELS: Final = (("", "All"), (Channel.EMAIL, "Email"), (Channel.SMS, "Text"))


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter above a list."""

    name: str
    count: int
    href: str
    chosen: bool


@router.get("/staff/deliveries")
def show_deliveries(visit: Signed, state: str = "", step: int = 0, channel: str = "", before: int = 0) -> Response:
    """List the ledger, whatever the session."""
    wanted = _filter(state, step, channel)
    return _list(visit, wanted, state, before, "/staff/deliveries", {})


@router.get("/staff/webinars/{slug}/sessions/{session_id}/deliveries")
def show_session_deliveries(  # one argument per part of the address
    visit: Signed, slug: str, session_id: int, state: str = "", step: int = 0, *, channel: str = "", before: int = 0
) -> Response:
    """List the ledger of one session."""
    wanted = replace(_filter(state, step, channel), session_id=session_id)
    with visit.transaction() as db:
        webinar = webinar_at(db, slug)
        session = webinars.read_session(db, session_id)
    if session is None or session.webinar_id != webinar.id:
        raise NotFound
    title = f"{words.date(session.starts_at, webinar.zone, visit.now)}, {words.hour(session.starts_at, webinar.zone)}"
    address = f"/staff/webinars/{slug}/sessions/{session_id}/deliveries"
    return _list(visit, wanted, state, before, address, {"webinar": webinar, "session": session, "date": title})


@router.get("/staff/deliveries/{delivery_id}")
def show_delivery(visit: Signed, delivery_id: Id) -> Response:
    """Show one delivery: its state in words, the decision it waits for, what happened, and the plan behind it."""
    with visit.transaction() as db:
        facts = _facts(db, delivery_id)
        near = report.near_it(db, facts.row)
        step = campaigns.all_steps(db)[facts.row.step_id]
        kept = _kept(db, facts, step)
    row = facts.row
    return visit.page(
        "delivery.html",
        active="deliveries",
        facts=facts,
        row=row,
        meaning=words.STATES[row.status.name.lower()],
        reason=words.reason(row.reason),
        address=masked(row),
        rule=f"{words.rule(step)}; for {words.audience(step)}",
        history=history(kept, visit.now),
        text=kept.text,
        near=[_listed(one, visit) for one in near],
        due=words.when(row.due_at, row.zone, visit.now),
        theirs=words.when(row.due_at, facts.person_zone, visit.now),
        expires=words.when(row.expires_at, row.zone, visit.now),
        left=words.distance(row.expires_at, visit.now),
        useless=visit.now >= row.expires_at,
        session=words.when(row.starts_at, row.zone, visit.now),
        now_words=f"{words.date(visit.now, row.zone, visit.now)} {words.hour(visit.now, row.zone)}",
        letters=words.letters(visit.now, row.zone),
        written=words.when(facts.template_written_at, row.zone, visit.now) if facts.template_written_at else "",
        captured=_captured_name(visit, facts),
        done=visit.request.query_params.get("done", ""),
    )


@router.post("/staff/deliveries/{delivery_id}/decision")
def decide(act: Acting, delivery_id: Id) -> Response:
    """Send an unknown delivery once more, or leave it, and put the decision on record."""
    visit, choice = act.visit, act.text("choice")
    if choice not in ("again", "leave"):
        raise Rejected("Choose one of the two: send once more, or leave.", field="choice")
    with visit.transaction() as db:
        facts = _facts(db, delivery_id)
        staff_id = visit.login.member.id
        if choice == "again":
            resolve.send_once_more(db, delivery_id, staff_id, visit.now)
        else:
            resolve.leave(db, delivery_id, staff_id, visit.now)
        was = {"channel": facts.row.channel, "attempts": facts.attempt}
        visit.record(db, "sent once more" if choice == "again" else "left unsent", f"delivery:{delivery_id}", **was)
    return go_to(f"/staff/deliveries/{delivery_id}?done={choice}")


def masked(row: DeliveryRow) -> str:
    """Give an address that tells people apart without telling who they are."""
    if not row.address:
        return "no number"
    return mask_email(row.address) if row.channel is Channel.EMAIL else mask_phone(row.address)


def _kept(db: Connection, facts: DeliveryFacts, step: Step) -> Kept:
    row = facts.row
    return Kept(
        facts,
        report.attempts_of(db, row.id),
        receipts.receipts_of(db, row.id),
        report_channel.text_facts(db, row.id),
        report_channel.staff_names(db),
        [one.reason for one in stopped.reaching(db, row.session_id, step.purpose)],
    )


def _facts(db: Connection, delivery_id: int) -> DeliveryFacts:
    facts = report.delivery_facts(db, delivery_id)
    if facts is None:
        raise NotFound
    return facts


def _filter(state: str, step: int, channel: str) -> Filter:
    one = Status[state.upper()] if state.upper() in Status.__members__ else None
    statuses = GROUPS.get(state, (one,) if one is not None else ())
    return Filter(step_id=step, channel=channel if channel in list(Channel) else "", statuses=statuses)


def _list(visit: Visit, wanted: Filter, state: str, before: int, address: str, around: dict[str, Any]) -> Response:
    with visit.transaction() as db:
        rows = report.deliveries(db, wanted, before=before)
        counts = report.count_by_status(db, wanted)
        step_name = report.step_name(db, wanted.step_id) if wanted.step_id else ""
    total = sum(counts.get(status, 0) for status in wanted.statuses or Status)
    kept = {"state": state if wanted.statuses else "", "step": wanted.step_id, "channel": wanted.channel}

    def link(**changes: object) -> str:
        query = urlencode({key: value for key, value in {**kept, **changes}.items() if value})
        return f"{address}?{query}" if query else address

    more = rows[PAGE - 1].id if len(rows) > PAGE else 0
    return visit.page(
        "deliveries.html",
        active="deliveries",
        rows=[_listed(row, visit) for row in rows[:PAGE]],
        states=_state_chips(counts, state, link),
        channels=[(name, link(channel=key), wanted.channel == key) for key, name in _CHANNELS],
        step_name=step_name,
        without_step=link(step=0),
        total=total,
        first=link() if before else "",
        next=link(before=more) if more else "",
        **{"webinar": None, "session": None, "date": "", **around},
    )


def _listed(row: DeliveryRow, visit: Visit) -> dict[str, object]:
    late = row.status is Status.PLANNED and row.due_at < visit.now
    return {
        "id": row.id,
        "registration_id": row.registration_id,
        "name": f"{row.first_name} {row.last_name}".strip(),
        "address": masked(row),
        "channel": row.channel,
        "step": row.step_name,
        "session": f"{row.class_title}, {words.when(row.starts_at, row.zone, visit.now)}",
        "state": row.status.name.lower(),
        "reason": words.reason(row.reason),
        "due": words.when(row.due_at, row.zone, visit.now),
        "hour": words.hour(row.due_at, row.zone),
        "sent": words.when(row.sent_at, row.zone, visit.now) if row.sent_at else "",
        "late": late,
    }


def _state_chips(counts: dict[Status, int], state: str, link: Callable[..., str]) -> list[Chip]:
    chips = [Chip("All", sum(counts.values()), link(state=""), not state)]
    if state in GROUPS:
        chips.append(Chip(_GROUP_WORDS[state], sum(counts.get(one, 0) for one in GROUPS[state]), link(), chosen=True))
    for status in Status:
        name = status.name.lower()
        if counts.get(status) or state == name:
            chips.append(Chip(name, counts.get(status, 0), link(state=name), state == name))
    return chips


def _captured_name(visit: Visit, facts: DeliveryFacts) -> str:
    """Give the name under which the outbox holds the exact words; empty if a real provider took them."""
    settings = visit.runtime.settings
    used = settings.email_by if facts.row.channel is Channel.EMAIL else settings.sms_by
    return facts.provider_id or "" if used == "folder" else ""
