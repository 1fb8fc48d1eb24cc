"""What a preview is made from: who uses a message, and one delivery as a worker would load it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select, text

from campaigns.domain.steps import Step
from campaigns.store.campaigns import steps_of
from campaigns.store.engine import Connection
from campaigns.store.letters import AROUND, KNOWN, SESSIONS, About, Item, about_in, items_in
from campaigns.store.sent import texts_sent
from campaigns.store.tables import campaign, registration, step, webinar, webinar_session

STAND_IN: Final = 0
"""The number of a delivery that is in no ledger; rows are numbered from one."""


@dataclass(frozen=True, slots=True)
class Use:
    """One step that sends the message, and the webinar whose campaign it belongs to."""

    webinar_id: int
    slug: str
    title: str
    step: Step


@dataclass(frozen=True, slots=True)
class Asked:
    """One step for one registration."""

    registration_id: int
    step_id: int
    revision: int
    delivery_id: int = STAND_IN
    """Its row in the ledger, if it has one."""


def uses_of(db: Connection, name: str) -> list[Use]:
    """List the steps that send a message, by webinar and key."""
    query = (
        select(webinar.c.id, webinar.c.slug, webinar.c.title)
        .join(campaign, campaign.c.webinar_id == webinar.c.id)
        .join(step, step.c.campaign_id == campaign.c.id)
        .where(step.c.template == name)
        .group_by(webinar.c.id)
        .order_by(webinar.c.id)
    )
    return [Use(*row, one) for row in db.execute(query).all() for one in steps_of(db, row.id) if one.template == name]


def next_session(db: Connection, webinar_id: int, now: datetime) -> int | None:
    """Give the next session of a webinar that takes place; without one ahead, the last; None if there is none."""
    held = select(webinar_session.c.id).where(webinar_session.c.webinar_id == webinar_id)
    ahead = held.where(webinar_session.c.starts_at > now, webinar_session.c.cancelled_at.is_(None))
    found: int | None = db.execute(ahead.order_by(webinar_session.c.starts_at).limit(1)).scalar()
    return found or db.execute(held.order_by(webinar_session.c.starts_at.desc()).limit(1)).scalar()


def newest_place(db: Connection, registrants: Collection[int]) -> int | None:
    """Give the newest registration of any of these people, one that holds if there is one; None without any."""
    query = (
        select(registration.c.id)
        .where(registration.c.registrant_id.in_(registrants))
        .order_by(registration.c.withdrawn_at.is_not(None), registration.c.id.desc())
    )
    return db.execute(query.limit(1)).scalar()


def about_session(db: Connection, session_id: int, now: datetime) -> About:
    """Read what the messages of a session that exists speak about at this moment."""
    return about_in(db.execute(_ONE_SESSION, {"session": session_id, "now": now}).one())


def read_item(db: Connection, asked: Asked, now: datetime) -> Item | None:
    """Read a delivery with all that a worker would know about it at this moment, whatever its state.

    One that is in no ledger carries the number `STAND_IN`, is due now, and brings the newest answer
    that was published to this person. None if the registration or the step does not exist.
    """
    values = {
        "delivery": asked.delivery_id,
        "registration": asked.registration_id,
        "step": asked.step_id,
        "revision": asked.revision,
        "now": now,
        "stream": 0,
    }
    found = items_in(db.execute(_ONE, values), lambda: db.execute(_ITS_SESSION, values))
    if not found:
        return None
    (item,) = found
    had = texts_sent(db, {item.phone}) if item.phone else {}
    return replace(item, sent=had.get(item.phone or "", ()))


_ONE_SESSION: Final = text(SESSIONS + " WHERE s.id = :session")
_THEIRS: Final = " WHERE s.id = (SELECT r.session_id FROM registration r WHERE r.id = :registration)"
_ITS_SESSION: Final = text(SESSIONS + _THEIRS)
_ONE: Final = text(f"""{KNOWN} FROM (
  SELECT e.id, e.registration_id, e.session_id, e.step_id, e.revision, e.attempt, e.doubts, e.due_at, e.expires_at,
    e.channel, e.answer_id
  FROM delivery e WHERE e.id = :delivery AND e.registration_id = :registration AND e.step_id = :step
  UNION ALL
  SELECT {STAND_IN}, g.id, g.session_id, p.id, :revision, 0, 0, CAST(:now AS timestamptz),
    CAST(:now AS timestamptz) + interval '1 day', p.channel,
    (SELECT w.id FROM question v JOIN doctor_answer w ON w.id = v.answer_id
     WHERE v.registration_id = g.id AND p.anchor = 'answered' AND w.published_at IS NOT NULL AND w.withdrawn_at IS NULL
     ORDER BY w.published_at DESC LIMIT 1)
  FROM registration g CROSS JOIN step p WHERE g.id = :registration AND p.id = :step AND :delivery = {STAND_IN}
) d {AROUND}""")  # noqa: S608  # the number is our own
