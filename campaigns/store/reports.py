"""What the staff pages read about webinars, sessions and steps: counts, grouped once, never per row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, FromClause, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Attendance, Audience, Channel, Purpose, Step
from campaigns.store.engine import Connection
from campaigns.store.places import holds_place
from campaigns.store.tables import delivery, permission, registrant, registration, step, webinar, webinar_session
from campaigns.store.webinars import SessionRow, WebinarRow

_WEBINAR: Final = tuple(webinar.c[name] for name in WebinarRow.__dataclass_fields__)
_SESSION: Final = tuple(webinar_session.c[name] for name in SessionRow.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class SessionGlance:
    """A session with what a glance at it should tell."""

    session: SessionRow
    registered: int
    """People who hold a place."""
    came: int
    """Of those, how many attended or left early."""


@dataclass(frozen=True, slots=True)
class NextOut:
    """The next deliveries of a session that are in the ledger."""

    session_id: int
    due_at: datetime
    step_name: str
    channel: str
    count: int


def is_in(status: Status) -> ColumnElement[bool]:
    """Compare with a status in a way that its partial index answers: the number stands in the statement itself."""
    return delivery.c.status == literal(int(status), literal_execute=True)


def count_in(db: Connection, status: Status) -> int:
    """Count the deliveries in a state that has an index of its own."""
    return db.execute(select(func.count()).select_from(delivery).where(is_in(status))).scalar_one()


def webinars(db: Connection) -> list[WebinarRow]:
    """List all webinars by title."""
    rows = db.execute(select(*_WEBINAR).order_by(webinar.c.title, webinar.c.id))
    return [WebinarRow(*row) for row in rows]


def sessions(db: Connection, webinar_ids: Iterable[int]) -> list[SessionGlance]:
    """List the sessions of these webinars in order of their start, with the number of places taken."""
    places = (
        select(
            registration.c.session_id,
            func.count().label("registered"),
            func.count().filter(registration.c.attendance.in_(("attended", "left_early"))).label("came"),
        )
        .where(holds_place())
        .group_by(registration.c.session_id)
        .subquery()
    )
    rows = db.execute(
        select(*_SESSION, func.coalesce(places.c.registered, 0), func.coalesce(places.c.came, 0))
        .outerjoin(places, places.c.session_id == webinar_session.c.id)
        .where(webinar_session.c.webinar_id.in_(tuple(webinar_ids)))
        .order_by(webinar_session.c.starts_at, webinar_session.c.id)
    )
    return [SessionGlance(SessionRow(*row[:-2]), row[-2], row[-1]) for row in rows]


def next_out(db: Connection, session_ids: Iterable[int]) -> dict[int, NextOut]:
    """Give, per session, the earliest planned deliveries of the ledger: one step at one instant, with their number."""
    rows = db.execute(
        select(
            delivery.c.session_id,
            delivery.c.due_at,
            step.c.name,
            step.c.channel,
            func.count().label("number"),
        )
        .join(step, step.c.id == delivery.c.step_id)
        .where(is_in(Status.PLANNED), delivery.c.session_id.in_(tuple(session_ids)))
        .group_by(delivery.c.session_id, delivery.c.due_at, step.c.id)
        .order_by(delivery.c.session_id, delivery.c.due_at, func.count().desc())
        .ext(distinct_on(delivery.c.session_id))
    )
    return {row.session_id: NextOut(row.session_id, row.due_at, row.name, row.channel, row.number) for row in rows}


@dataclass(frozen=True, slots=True)
class Audiences:
    """How many people of a session a step would speak to, as far as consent and attendance are known today."""

    everyone: int
    texts: int
    """Hold a number and have agreed to texts."""
    education: int
    marketing: int
    attended: int
    left_early: int
    missed: int

    def of(self, step: Step) -> int:
        """Reckon the size of a step's audience; a share of it where two conditions meet."""
        size = self._by_presence(step.audience)
        for agreed, applies in (
            (self.texts, step.channel is Channel.SMS),
            (self.education, step.purpose is Purpose.EDUCATION),
            (self.marketing, step.purpose is Purpose.MARKETING),
        ):
            if applies:
                size = agreed if size == self.everyone else round(size * agreed / max(1, self.everyone))
        return size

    def _by_presence(self, audience: Audience) -> int:
        sizes = {
            Audience.EVERYONE: self.everyone,
            Audience.WITHOUT_TEXTS: self.everyone - self.texts,
            Audience.ATTENDED: self.attended,
            Audience.CAME: self.attended + self.left_early,
            Audience.MISSED: self.missed,
        }
        return sizes.get(audience, 0)


def audiences(db: Connection, session_id: int) -> Audiences:
    """Count a session's people by what they agreed to and whether they came, in one pass."""
    agreed = {kind: permission.alias(f"agreed_{kind}") for kind in ("texts", "education", "marketing")}
    kinds = {
        "texts": (Channel.SMS, Purpose.SERVICE),
        "education": (Channel.EMAIL, Purpose.EDUCATION),
        "marketing": (Channel.EMAIL, Purpose.MARKETING),
    }
    source: FromClause = registration.join(registrant, registrant.c.id == registration.c.registrant_id)
    for kind, table in agreed.items():
        channel, purpose = kinds[kind]
        same = (table.c.registrant_id == registrant.c.id) & (table.c.channel == channel) & (table.c.purpose == purpose)
        source = source.outerjoin(table, same & table.c.granted)
    row = db.execute(
        select(
            func.count(),
            func.count().filter(agreed["texts"].c.granted, registrant.c.phone.is_not(None)),
            func.count(agreed["education"].c.granted),
            func.count(agreed["marketing"].c.granted),
            *(
                func.count().filter(registration.c.attendance == seen)
                for seen in (Attendance.ATTENDED, Attendance.LEFT_EARLY, Attendance.MISSED)
            ),
        )
        .select_from(source)
        .where(registration.c.session_id == session_id, holds_place())
    ).one()
    return Audiences(*(int(number) for number in row))
