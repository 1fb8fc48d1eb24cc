"""A delivery to somebody invented: what the ledger would hold if they had registered, and had done what the step needs.

The class is a real one where there is one; only what the step waits for is made up, such as
that it was moved, so that the message can be seen before that ever happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from campaigns.domain.audience import Facts, SessionFacts
from campaigns.domain.local import zone_of
from campaigns.domain.personas import ANSWER_PARAGRAPHS, ANSWER_TITLE, CANCELLED_REASON, PHONE, Persona
from campaigns.domain.steps import Anchor, Attendance, Audience, Channel, Standing, Step
from campaigns.domain.waiting import offer_ends
from campaigns.store.letters import About, Item
from campaigns.store.previews import STAND_IN
from campaigns.store.webinars import WebinarRow

_AHEAD: Final = timedelta(days=14)
_LASTS: Final = timedelta(minutes=30)
_CHANGE: Final = timedelta(days=5)
"""So long before the start the session is moved or cancelled, or the place given back."""
_FORMERLY: Final = timedelta(days=3)
"""So long before the new start the old one was."""
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


def timeless(step: Step) -> Step:
    """Give a step as it is for people who come after it was written."""
    return replace(step, active_from=_EPOCH)


def invented_class(webinar: WebinarRow, now: datetime) -> About:
    """Give a session in two weeks of a webinar that has none."""
    starts_at = (now + _AHEAD).replace(minute=0, second=0, microsecond=0)
    return About(
        session_id=STAND_IN,
        webinar_id=webinar.id,
        current_revision=1,
        session=SessionFacts(starts_at=starts_at, ends_at=starts_at + _LASTS),
        webinar_slug=webinar.slug,
        webinar_title=webinar.title,
        class_title=webinar.class_title,
        host_name=webinar.host_name,
        host_role=webinar.host_role,
        class_language=webinar.language,
        translations=webinar.translations,
        session_zone=webinar.zone,
        has_room=True,
        replay_url="",
        replay_here=False,
        has_answers=False,
        cancelled_reason="",
        next_session_starts_at=None,
        stopped=frozenset(),
        mark="invented",
    )


def pretend(persona: Persona, step: Step, about: About) -> Item:
    """Give the delivery of a step to an invented person in this session.

    Its number and the registration's are `STAND_IN`, so that its links lead nowhere. It is due at the
    session's start until somebody says better.
    """
    about = _as_needed(about, persona, step)
    facts = _facts(persona, step, about)
    starts_at = about.session.starts_at
    answers = step.anchor is Anchor.ANSWERED
    return Item(
        about=about,
        delivery_id=STAND_IN,
        registration_id=STAND_IN,
        step_id=step.id,
        revision=about.current_revision if step.dated else 0,
        due_at=starts_at,
        expires_at=starts_at + _AHEAD,
        email=persona.email,
        phone=PHONE if persona.texts or facts.unproven else None,
        first_name=persona.first_name,
        zone=facts.zone.key,
        language=persona.language,
        facts=facts,
        permitted=persona.texts or step.channel is not Channel.SMS,
        calendar_id=STAND_IN,
        offer_ends_at=_offer_ends(facts, starts_at),
        answer_title=ANSWER_TITLE if answers else None,
        answer="\n\n".join(ANSWER_PARAGRAPHS) if answers else None,
        **_NOTHING_BEFORE,
    )


_NOTHING_BEFORE: Final[Mapping[str, Any]] = {
    "attempt": 0,
    "doubts": 0,
    "suppressed": False,
    "on_hold": False,
    "domain_paused_until": None,
    "last_sent_at": None,
    "told_at": None,
    "had_before": False,
    "nearer_due_at": None,
    "calendar_base": 0,
    "asks": False,
    "answer_id": None,
    "sign_ups_before": 0,
    "proven": True,
    "texts_round": 0,
}
"""Of somebody who has got no message yet."""


def _as_needed(about: About, persona: Persona, step: Step) -> About:
    """Make up of a session what the step waits for, where it has not happened."""
    session, reason = about.session, about.cancelled_reason
    at = session.starts_at - (step.near / 2 if step.near else _CHANGE)
    if step.anchor is Anchor.MOVED and session.moved_at is None:
        session = replace(session, moved_at=at, moved_from=session.starts_at - _FORMERLY)
    if step.anchor is Anchor.CANCELLED and not step.parting and session.cancelled_at is None:
        session, reason = replace(session, cancelled_at=at), CANCELLED_REASON
    if step.needs_attendance or persona.attendance is not Attendance.UNKNOWN:
        session = replace(session, attendance_final=True)
    return replace(about, session=session, cancelled_reason=reason)


def _facts(persona: Persona, step: Step, about: About) -> Facts:
    starts_at, ends_at = about.session.starts_at, about.session.ends_at
    waits = persona.waits and step.audience is Audience.WAITING
    offered = waits and step.anchor is Anchor.OFFERED
    unproven = step.audience is Audience.UNPROVEN
    registered_at = starts_at - persona.registers
    held = Standing.WAITING if persona.waits else Standing.HELD
    return Facts(
        session=about.session,
        zone=zone_of(persona.zone_near(about.session_zone), about.session_zone),
        registered_at=registered_at,
        withdrawn_at=max(registered_at, starts_at - _CHANGE) if step.parting else None,
        readdressed=step.audience is Audience.READDRESSED,
        answered_at=ends_at + timedelta(days=1) if step.anchor is Anchor.ANSWERED else None,
        standing=Standing.OFFERED if offered else held,
        offered_at=starts_at - _CHANGE if offered else None,
        asked_at=registered_at if unproven else None,
        unproven=unproven,
        attendance=persona.attendance,
        texts=persona.texts and not unproven,
    )


def _offer_ends(facts: Facts, starts_at: datetime) -> datetime | None:
    return None if facts.offered_at is None else offer_ends(facts.offered_at, starts_at, facts.zone)
