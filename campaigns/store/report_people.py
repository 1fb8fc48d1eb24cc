"""What the staff pages read about one person: what they agreed to, what stops us, and their other sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from campaigns.domain.steps import Attendance, Channel, Purpose
from campaigns.store.engine import Connection
from campaigns.store.tables import (
    consent,
    consent_wording,
    permission,
    registration,
    suppression,
    webinar,
    webinar_session,
)


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """The current answer to one kind of message, and where it comes from."""

    channel: Channel
    purpose: Purpose
    granted: bool
    at: datetime
    means: str
    """`form`, `link`, `one_click`, `staff`, `import` or `reply`."""
    wording_id: int | None
    wording_title: str
    wording_text: str


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """Why an address is not written to."""

    channel: Channel
    purpose: Purpose | None
    """None: for any purpose."""
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OtherPlace:
    """Another registration of the same person."""

    registration_id: int
    class_title: str
    zone: str
    starts_at: datetime
    withdrawn_at: datetime | None
    attendance: Attendance


def consents_of(db: Connection, registrant_id: int) -> list[ConsentRow]:
    """List the current answers of a person with the wording they saw."""
    query = (
        select(
            permission.c.channel,
            permission.c.purpose,
            permission.c.granted,
            consent.c.at,
            consent.c.means,
            consent.c.wording_id,
            consent_wording.c.title,
            consent_wording.c.text,
        )
        .join(consent, consent.c.id == permission.c.consent_id)
        .outerjoin(consent_wording, consent_wording.c.id == consent.c.wording_id)
        .where(permission.c.registrant_id == registrant_id)
        .order_by(permission.c.channel.desc(), permission.c.purpose)
    )
    return [
        ConsentRow(Channel(row[0]), Purpose(row[1]), *row[2:6], row.title or "", row.text or "")
        for row in db.execute(query)
    ]


def suppressions_of(db: Connection, email: str, phone: str | None) -> list[SuppressionRow]:
    """List what stops us from writing to this email address or number."""
    same = or_(
        and_(suppression.c.channel == Channel.EMAIL, suppression.c.address == email),
        and_(suppression.c.channel == Channel.SMS, suppression.c.address == (phone or "")),
    )
    query = (
        select(suppression.c.channel, suppression.c.purpose, suppression.c.reason, suppression.c.at)
        .where(same, suppression.c.lifted_at.is_(None))
        .order_by(suppression.c.at)
    )
    return [
        SuppressionRow(Channel(row.channel), Purpose(row.purpose) if row.purpose else None, row.reason, row.at)
        for row in db.execute(query)
    ]


def other_places(db: Connection, registrant_id: int, registration_id: int, limit: int = 10) -> list[OtherPlace]:
    """List a person's other registrations, the latest session first."""
    query = (
        select(
            registration.c.id,
            webinar.c.class_title,
            webinar.c.zone,
            webinar_session.c.starts_at,
            registration.c.withdrawn_at,
            registration.c.attendance,
        )
        .join(webinar_session, webinar_session.c.id == registration.c.session_id)
        .join(webinar, webinar.c.id == webinar_session.c.webinar_id)
        .where(registration.c.registrant_id == registrant_id, registration.c.id != registration_id)
        .order_by(webinar_session.c.starts_at.desc(), registration.c.id.desc())
        .limit(limit)
    )
    return [OtherPlace(*row[:5], Attendance(row.attendance)) for row in db.execute(query)]
