"""One registrant: everything ahead and behind, also what never went and why, and what she agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.addresses import mask_email, mask_phone
from campaigns.domain.audience import Awaited
from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Attendance, Audience, Channel, Purpose, Standing, Step
from campaigns.domain.timing import Due, Wait
from campaigns.errors import NotFound, Rejected
from campaigns.operations import explain
from campaigns.operations.explain import Milestone
from campaigns.store import report_channel, report_people
from campaigns.store.form_fields import answers_of
from campaigns.store.people import Place, place
from campaigns.store.viewings import viewings_of
from campaigns.web.staff import presence, words
from campaigns.web.staff.answers import answers_for
from campaigns.web.staff.desk import Id, Signed, Visit

router = APIRouter()

_ATTENDANCE: Final = {
    Attendance.UNKNOWN: ("waits", "not known yet"),
    Attendance.ATTENDED: ("done", "attended"),
    Attendance.LEFT_EARLY: ("held", "left early"),
    Attendance.MISSED: ("missed", "missed"),
}
_YES: Final = {
    "form": "box ticked",
    "link": "by their own link",
    "one_click": "by one click",
    "staff": "told staff",
    "import": "by an imported list",
    "reply": "by reply",
    "provider": "at the provider",
}
_NO: Final = {
    "form": "box not ticked",
    "link": "stopped by their own link",
    "one_click": "stopped by one click in the mail program",
    "staff": "said stop to staff",
    "import": "no in an imported list",
    "reply": "stopped by reply",
    "provider": "stopped at the provider, or called spam",
}
_CHANNELS: Final = {Channel.EMAIL: "Emails", Channel.SMS: "Texts"}
_WAITING: Final = (Status.PLANNED, Status.QUEUED)
_IF_IT_HAPPENS: Final = (
    Awaited.MOVE,
    Awaited.CANCELLATION,
    Awaited.WITHDRAWAL,
    Awaited.ANSWER,
    Awaited.OFFER,
    Awaited.ASKING,
)
_KINDS: Final = {
    (Channel.SMS, Purpose.SERVICE): "Texts",
    (Channel.EMAIL, Purpose.EDUCATION): "Education",
    (Channel.EMAIL, Purpose.MARKETING): "Marketing",
}
_SOURCES: Final = {
    "web": "on the registration page",
    "import": "from an imported list",
    "staff": "by staff",
    "rehearsal": "in a rehearsal",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline."""

    at: datetime | None
    when: str
    channel: Channel | None
    """None for what the person did."""
    name: str
    plain: str
    state: str
    state_words: str
    delivery_id: int
    step: Step | None = None


@router.get("/staff/people/{registration_id}")
def show_person(visit: Signed, registration_id: Id) -> Response:
    """Show one registration and the person behind it."""
    return person_page(visit, registration_id)


def person_page(
    visit: Visit, registration_id: int, wrong: Rejected | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    """Give the page; after a form that was declined with what is wrong and with what was `typed` into it."""
    with visit.transaction() as db:
        found = place(db, registration_id)
        if found is None:
            raise NotFound
        milestones = explain.timeline(db, found, visit.runtime.hours, visit.now, every_round=True)
        consents = report_people.consents_of(db, found.registrant_id)
        stops = report_people.suppressions_of(db, found.email, found.phone)
        holds = report_channel.holds_of(db, found.email, found.phone)
        others = report_people.other_places(db, found.registrant_id, registration_id)
        seen = viewings_of(db, registration_id)
        answers = answers_for(visit, db, registration_id, found.webinar.zone, sensitive=False)
        sensitive = len(answers_of(db, registration_id, sensitive=True))
        attendance = presence.attendance_form(db, visit, found)
    zone = found.webinar.zone
    lines = [_line(one, found, visit.now) for one in milestones if not _only_if_it_happens(one)]
    return visit.page(
        "person.html",
        active="webinars",
        status=422 if wrong else 200,
        **_about(found, visit),
        ahead=[line for line in reversed(lines) if _is_ahead(line, visit.now)],
        behind=_behind(lines, found, visit.now),
        never=[line for line in lines if line.at is None and line.state != "waits"],
        consents=[_consent(one, zone, visit.now) for one in consents],
        missing=[name for kind, name in _KINDS.items() if kind not in {(one.channel, one.purpose) for one in consents}],
        stops=[_stop(one, zone, visit.now) for one in stops],
        watched=[presence.watched(one, found, visit) for one in seen],
        holds=[(_CHANNELS[one.channel], words.when(one.at, zone, visit.now), one.inbound_id) for one in holds],
        others=[(one, words.when(one.starts_at, one.zone, visit.now), _ATTENDANCE[one.attendance]) for one in others],
        answers=answers,
        sensitive=sensitive,
        **attendance,
        wrong=wrong,
        typed=typed or {},
        done=visit.request.query_params.get("done", ""),
    )


def _about(found: Place, visit: Visit) -> dict[str, object]:
    zone, masked = found.webinar.zone, visit.login.member.role == "operations"
    here = words.when(found.session.starts_at, zone, visit.now)
    return {
        "place": found,
        "name": f"{found.first_name} {found.last_name}".strip(),
        "email": mask_email(found.email) if masked else found.email,
        "phone": "" if found.phone is None else mask_phone(found.phone) if masked else found.phone,
        "erased": words.when(found.erased_at, zone, visit.now) if found.erased_at else "",
        "coming": _coming(found, here, visit.now),
        "registered": words.when(found.registered_at, zone, visit.now),
        "source": _SOURCES[found.source],
        "attendance": _ATTENDANCE[found.attendance],
        "asked": _asked(found, zone, visit.now),
        "now_words": _now_words(visit.now, zone, found.zone),
    }


def _asked(found: Place, zone: str, now: datetime) -> str:
    """Say since when a yes to texts waits for a code, and whether one still counts; empty if none waits."""
    asking = found.asking
    if asking is None or found.texts or asking.phone != found.phone:
        return ""
    wrong = f", {asking.tries} wrong {'code' if asking.tries == 1 else 'codes'}" if asking.tries else ""
    return f"asked {words.when(asking.at, zone, now)}{wrong}{'' if asking.stands(found.phone, now) else ', ended'}"


def _only_if_it_happens(one: Milestone) -> bool:
    if one.recorded is not None:
        return False
    if one.step.audience is Audience.WAITING:
        return True
    return isinstance(one.answer, Wait) and one.answer.awaits in _IF_IT_HAPPENS


def _line(one: Milestone, found: Place, now: datetime) -> Line:
    zone = found.webinar.zone
    state, state_words = _state(one, now)
    when = words.when(one.at, zone, now) if one.at else "not known yet" if isinstance(one.answer, Wait) else ""
    delivery_id = one.recorded.delivery_id if one.recorded else 0
    plain = _plain(one, found, now)
    return Line(one.at, when, one.step.channel, one.step.name, plain, state, state_words, delivery_id, one.step)


def _state(one: Milestone, now: datetime) -> tuple[str, str]:
    row = one.recorded
    if row is not None and (row.status not in _WAITING or one.reason is None):
        name = row.status.name.lower()
        return ("held", "waits") if _held(one) else (name, name)
    if one.reason is not None:
        return "skipped", "will skip" if _lies_ahead(one, now) else "skipped"
    return ("waits", "waits") if isinstance(one.answer, Wait) else ("planned", "planned")


def _held(one: Milestone) -> bool:
    """Say whether a planned row was given back to the plan for a reason that still stands beside it."""
    row = one.recorded
    return row is not None and row.status is Status.PLANNED and bool(row.reason) and one.reason is None


def _plain(one: Milestone, found: Place, now: datetime) -> str:
    row, zone = one.recorded, found.webinar.zone
    if row is not None and row.sent_at is not None and row.status in (Status.SENT, Status.DELIVERED):
        late = words.span(max(row.sent_at - row.due_at, timedelta(0)))
        return f"Sent {words.hour(row.sent_at, zone, seconds=True)}, {late} after due."
    if row is not None and _held(one):
        return f"Waits: {words.reason(row.reason)}. {_theirs(one, found, now)}"
    if one.reason is not None:
        return f"{_verdict(one, now)}: {words.reason(one.reason)}."
    if row is None and isinstance(one.answer, Wait):
        return f"Waits for {words.reason(one.answer.awaits)}."
    return _theirs(one, found, now)


def _verdict(one: Milestone, now: datetime) -> str:
    row = one.recorded
    if row is not None and row.status not in (*_WAITING, Status.SKIPPED):
        return row.status.name.capitalize()
    return "Will not go" if _lies_ahead(one, now) else "Not sent"


def _lies_ahead(one: Milestone, now: datetime) -> bool:
    """Say whether a step that will not go has its time still before it."""
    if one.recorded is not None:
        return one.recorded.status in _WAITING
    return one.at is not None and one.at > now


def _theirs(one: Milestone, found: Place, now: datetime) -> str:
    parts = []
    if one.at is not None and found.zone != found.webinar.zone:
        parts.append(f"{words.hour(one.at, found.zone)} their time.")
    expiries = [answer.expires for answer in (one.answer,) if isinstance(answer, Due)]
    expiries = [one.recorded.expires_at] if one.recorded else expiries
    parts += [f"No use after {words.when(expires, found.webinar.zone, now)}." for expires in expiries]
    return " ".join(parts)


def _is_ahead(line: Line, now: datetime) -> bool:
    if line.at is None:
        return line.state == "waits"
    return line.at > now or line.state in ("planned", "queued", "sending", "held")


def _behind(lines: list[Line], found: Place, now: datetime) -> list[Line]:
    """List what lies behind, the newest first: what went, what did not, and what the person did."""
    zone = found.webinar.zone
    dated = [line for line in lines if line.at is not None and not _is_ahead(line, now)]
    session = words.when(found.session.starts_at, zone, now)
    held = found.standing is Standing.HELD
    did_what = "Registered" if held else "Joined the waiting list"
    acts = [(found.registered_at, did_what, f"For {session}, {_SOURCES[found.source]}.")]
    if found.offered_at is not None and found.offer_ends_at is not None:
        kept = f"Kept until {words.when(found.offer_ends_at, zone, now)}."
        acts.append((found.offered_at, "Was offered a place", kept))
    if found.withdrawn_at is not None:
        acts.append((found.withdrawn_at, "Gave the place back" if held else "Left the waiting list", ""))
    did = [Line(at, words.when(at, zone, now), None, bold, plain, "", "", 0) for at, bold, plain in acts]
    return sorted([*dated, *did], key=lambda line: line.at or now, reverse=True)


def _coming(found: Place, here: str, now: datetime) -> str:
    session, zone = found.session, found.webinar.zone
    letters = words.letters(session.starts_at, zone)
    same = words.hour(session.starts_at, zone) == words.hour(session.starts_at, found.zone)
    theirs = "" if same else f" ({words.hour(session.starts_at, found.zone)} theirs)"
    held = found.standing is Standing.HELD
    if found.withdrawn_at is not None:
        return (
            f"{'gave the place back' if held else 'left the waiting list'}, {words.when(found.withdrawn_at, zone, now)}"
        )
    if not held:
        place = "is offered a place" if found.standing is Standing.OFFERED else "waits for a place"
        return f"{place} {here} {letters}{theirs}{': cancelled' if session.cancelled_at else ''}"
    verb = "was to come" if session.cancelled_at else "had a place" if now >= session.ends_at else "coming"
    return f"{verb} {here} {letters}{theirs}{': cancelled' if session.cancelled_at else ''}"


def _now_words(now: datetime, zone: str, theirs: str) -> str:
    other = words.hour(now, theirs)
    here = words.hour(now, zone)
    return f"{words.day(now, zone)}, {here} here{'' if other == here else f', {other} theirs'}"


def _consent(one: report_people.ConsentRow, zone: str, now: datetime) -> dict[str, object]:
    wording = f"wording {one.wording_id}, " if one.wording_id else ""
    return {
        "name": _KINDS.get((one.channel, one.purpose), f"{one.channel} {one.purpose}"),
        "granted": one.granted,
        "plain": f"{words.when(one.at, zone, now)}, {wording}{(_YES if one.granted else _NO)[one.means]}",
        "title": one.wording_title,
        "text": one.wording_text,
    }


def _stop(one: report_people.SuppressionRow, zone: str, now: datetime) -> tuple[str, str]:
    purpose = f" ({one.purpose})" if one.purpose else ""
    return f"{_CHANNELS[one.channel]}{purpose}", f"{words.SUPPRESSED[one.reason]}, {words.when(one.at, zone, now)}"
