"""Registrants and their registrations: who has a place in which session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from campaigns.domain.audience import Facts
from campaigns.domain.codes import Asking
from campaigns.domain.local import zone_of
from campaigns.domain.steps import Attendance, Channel, Standing
from campaigns.store.asked import read_asking
from campaigns.store.engine import Connection
from campaigns.store.reach import gets_texts
from campaigns.store.switches import went_to_another
from campaigns.store.tables import registrant, registration
from campaigns.store.webinars import SessionRow, WebinarRow, read_session, webinar_by_id

_PLACE = (
    "registration_id",
    "registrant_id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "zone",
    "language",
    "source",
    "confirm",
    "registered_at",
    "withdrawn_at",
    "readdressed",
    "standing",
    "offered_at",
    "offer_ends_at",
    "attendance",
    "texts",
    "asking",
    "texts_agreed_at",
    "texts_round",
    "erased_at",
)
"""The fields of `Place` in the order in which `place` selects them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A registration with the person, the session and the webinar it belongs to."""

    registration_id: int
    registrant_id: int
    first_name: str
    last_name: str
    email: str
    phone: str | None
    zone: str
    language: str
    source: str
    confirm: bool
    registered_at: datetime
    withdrawn_at: datetime | None
    readdressed: bool
    """The place was not given up: it went over to another email address."""
    standing: Standing
    offered_at: datetime | None
    offer_ends_at: datetime | None
    attendance: Attendance
    texts: bool
    """Gets text reminders: has a number, agreed, and the number is not suppressed."""
    asking: Asking | None
    """A yes to texts that waits for a code."""
    texts_agreed_at: datetime | None
    """When texts were agreed to after registering."""
    texts_round: int
    """How many later times texts were asked for or agreed to."""
    erased_at: datetime | None
    session: SessionRow
    webinar: WebinarRow

    @property
    def facts(self) -> Facts:
        """What timing needs to know of it."""
        return Facts(
            session=self.session.facts,
            zone=zone_of(self.zone, self.webinar.zone),
            registered_at=self.registered_at,
            withdrawn_at=self.withdrawn_at,
            readdressed=self.readdressed,
            standing=self.standing,
            offered_at=self.offered_at,
            attendance=self.attendance,
            asked_at=self.asking.at if self.asking else None,
            agreed_at=self.texts_agreed_at,
            texts=self.texts,
            unproven=self.asking is not None and self.asking.names(self.phone),
            confirm=self.confirm,
        )


def save_registrant(
    db: Connection,
    *,
    email: str,
    first_name: str,
    last_name: str,
    phone: str | None,
    zone: str,
    language: str,
    now: datetime,
) -> int:
    """Write a person under their email address, or bring the one we know up to date; give the id.

    A number that is not given leaves the known one as it is.
    """
    statement = upsert(registrant).values(
        email=email,
        first_name=first_name,
        last_name=last_name,
        phone=phone,
        zone=zone,
        language=language,
        created_at=now,
    )
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=[registrant.c.email],
        set_={
            "first_name": new.first_name,
            "last_name": new.last_name,
            "phone": func.coalesce(new.phone, registrant.c.phone),
            "zone": new.zone,
            "language": new.language,
        },
    )
    found: int = db.execute(statement.returning(registrant.c.id)).scalar_one()
    return found


def correct_registrant(
    db: Connection, registrant_id: int, registration_id: int, details: Mapping[str, str | None]
) -> None:
    """Bring columns of a person up to date, and the zone of one of their places; a number may be taken away."""
    db.execute(update(registrant).where(registrant.c.id == registrant_id).values(**details))
    if "zone" in details:
        theirs = update(registration).where(registration.c.id == registration_id)
        db.execute(theirs.values(zone=details["zone"]))


def phone_of(db: Connection, registrant_id: int) -> str:
    """Give a person's number, empty if none is known."""
    return db.execute(select(registrant.c.phone).where(registrant.c.id == registrant_id)).scalar_one() or ""


def save_registration(
    db: Connection,
    *,
    session_id: int,
    registrant_id: int,
    zone: str,
    source: str,
    confirm: bool,
    now: datetime,
    waits: bool = False,
    form_shown: int | None = None,
) -> tuple[int, bool]:
    """Give the id of the person's live registration in the session, and whether it is new.

    With `waits`, a new one is on the waiting list; one that is there stays what it is.
    """
    statement = upsert(registration).values(
        session_id=session_id,
        registrant_id=registrant_id,
        zone=zone,
        source=source,
        confirm=confirm,
        registered_at=now,
        standing=Standing.WAITING if waits else Standing.HELD,
        waiting_since=now if waits else None,
        form_shown=form_shown,
    )
    row = db.execute(statement.on_conflict_do_nothing().returning(registration.c.id)).first()
    if row:
        return row.id, True
    query = select(registration.c.id).where(
        registration.c.session_id == session_id,
        registration.c.registrant_id == registrant_id,
        registration.c.withdrawn_at.is_(None),
    )
    return db.execute(query).scalar_one(), False


def has_place(db: Connection, session_id: int, email: str, *, form_shown: int | None = None) -> bool:
    """Say whether a place in the session is held, or kept for an offer, under this address.

    With `form_shown`, only if it was given to the very form that was shown then: whoever asks
    anew must not learn from the answer that this address has a place.
    """
    query = (
        select(registration.c.id)
        .join(registrant, registrant.c.id == registration.c.registrant_id)
        .where(
            registration.c.session_id == session_id,
            registrant.c.email == email,
            registration.c.withdrawn_at.is_(None),
            registration.c.standing != Standing.WAITING,
        )
    )
    if form_shown is not None:
        query = query.where(registration.c.form_shown == form_shown)
    return db.execute(query).first() is not None


def withdraw(db: Connection, registration_id: int, now: datetime) -> bool:
    """Give up a place; False if it was given up before."""
    change = (
        update(registration)
        .where(registration.c.id == registration_id, registration.c.withdrawn_at.is_(None))
        .values(withdrawn_at=func.greatest(now, registration.c.registered_at))
    )
    return db.execute(change).rowcount == 1


def place(db: Connection, registration_id: int) -> Place | None:
    """Read a registration with everything around it."""
    query = (
        select(
            registration.c.session_id,
            registration.c.id,
            registrant.c.id,
            registrant.c.first_name,
            registrant.c.last_name,
            registrant.c.email,
            registrant.c.phone,
            registration.c.zone,
            registrant.c.language,
            registration.c.source,
            registration.c.confirm,
            registration.c.registered_at,
            registration.c.withdrawn_at,
            went_to_another(),
            registration.c.standing,
            registration.c.offered_at,
            registration.c.offer_ends_at,
            registration.c.attendance,
            gets_texts(),
            registration.c.texts_asked,
            registration.c.texts_agreed_at,
            registration.c.texts_round,
            registrant.c.erased_at,
        )
        .join(registrant, registrant.c.id == registration.c.registrant_id)
        .where(registration.c.id == registration_id)
    )
    row = db.execute(query).first()
    session = read_session(db, row[0]) if row is not None else None
    if row is None or session is None:
        return None
    webinar = webinar_by_id(db, session.webinar_id)
    facts = dict(zip(_PLACE, row[1:], strict=True))
    facts["attendance"], facts["standing"] = Attendance(facts["attendance"]), Standing(facts["standing"])
    facts["asking"] = read_asking(facts["asking"])
    return Place(**facts, session=session, webinar=webinar)


def zones_in(db: Connection, session_id: int) -> list[str]:
    """List the time zones of a session's live registrations."""
    query = (
        select(registration.c.zone)
        .where(registration.c.session_id == session_id, registration.c.withdrawn_at.is_(None))
        .distinct()
    )
    return list(db.execute(query).scalars())


def add_registrations(db: Connection, rows: list[dict[str, object]]) -> None:
    """Write many registrations at once; used by loaders that have checked them."""
    db.execute(insert(registration), rows)


def registrants_at(db: Connection, channel: Channel, address: str) -> list[int]:
    """List everybody who goes by an email or a number, the longest known first."""
    column = registrant.c.email if channel is Channel.EMAIL else registrant.c.phone
    return list(db.execute(select(registrant.c.id).where(column == address).order_by(registrant.c.id)).scalars())
