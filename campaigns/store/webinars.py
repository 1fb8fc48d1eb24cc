"""Read and write webinars and their sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from campaigns.domain.audience import SessionFacts
from campaigns.store.engine import Connection
from campaigns.store.tables import registration, webinar, webinar_session

_PLACES: Final = 7003
_INTAKE: Final = 7005
"""First keys of our advisory locks on sessions: who counts places, and who registers while nobody changes the date."""
TRANSLATED: Final = (
    "title", "class_title", "promise", "summary", "points", "host_name", "host_role", "host_disclosure",
)  # fmt: skip
"""What of a webinar comes in other languages."""


@dataclass(frozen=True, slots=True)
class WebinarRow:
    """A webinar as stored."""

    id: int
    slug: str
    title: str
    class_title: str
    promise: str
    summary: str
    points: Sequence[Sequence[str]]
    host_name: str
    host_role: str
    host_disclosure: str
    zone: str
    language: str = "en"
    """Of the talk."""
    translations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The words above in other languages, as far as there are any."""

    def said_in(self, language: str) -> WebinarRow:
        """Give the webinar with its words in a language; what is not translated stays as it is."""
        said = self.translations.get(language, {})
        return replace(self, **{name: value for name, value in said.items() if name in TRANSLATED})

    def speaks(self, language: str) -> bool:
        """Say whether the words above are in this language."""
        return language == self.language or "promise" in self.translations.get(language, {})


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as stored; instants in UTC."""

    id: int
    webinar_id: int
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    room_url: str
    replay_url: str
    revision: int
    planned_until: datetime | None
    moved_at: datetime | None
    moved_from: datetime | None
    cancelled_at: datetime | None
    cancelled_reason: str
    attendance_final_at: datetime | None
    media_url: str = ""
    """The talk for our own watch page; empty: there is none."""
    talk_seconds: int | None = None
    """Length of the talk; None: the whole session."""

    @property
    def talk(self) -> timedelta:
        """How long the talk is: what shares of it are taken of."""
        known = self.talk_seconds
        return self.ends_at - self.starts_at if known is None else timedelta(seconds=known)

    @property
    def watched_here(self) -> bool:
        """Whether the class itself takes place on our watch page; a room elsewhere comes first."""
        return bool(self.media_url) and not self.room_url

    @property
    def facts(self) -> SessionFacts:
        """What timing needs to know of it."""
        return SessionFacts(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            moved_at=self.moved_at,
            moved_from=self.moved_from,
            cancelled_at=self.cancelled_at,
            attendance_final=self.attendance_final_at is not None,
            has_replay=bool(self.replay_url or self.media_url),
        )


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as the registration page shows it."""

    session: SessionRow
    claimed: int
    """Places that are held, kept for an offer, or waited for."""

    @property
    def full(self) -> bool:
        """Whether nobody else can have a place: each is taken, or somebody waits for it."""
        return self.session.capacity is not None and self.claimed >= self.session.capacity


_WEBINAR = tuple(webinar.c[name] for name in WebinarRow.__dataclass_fields__)
SESSION = tuple(webinar_session.c[name] for name in SessionRow.__dataclass_fields__)


def session_row(row: Sequence[Any]) -> SessionRow:
    """Read a row that begins with the columns of `SESSION`."""
    return SessionRow(*row[: len(SESSION)])


def webinar_by_slug(db: Connection, slug: str) -> WebinarRow | None:
    """Find a webinar by the last part of its address."""
    row = db.execute(select(*_WEBINAR).where(webinar.c.slug == slug)).first()
    return WebinarRow(*row) if row else None


def newest_slug(db: Connection) -> str | None:
    """Give the last part of the newest webinar's address; None if there is no webinar."""
    return db.execute(select(webinar.c.slug).order_by(webinar.c.id.desc()).limit(1)).scalar()


def webinar_by_id(db: Connection, webinar_id: int) -> WebinarRow:
    """Read a webinar that exists."""
    return WebinarRow(*db.execute(select(*_WEBINAR).where(webinar.c.id == webinar_id)).one())


def sessions_of(db: Connection, webinar_id: int, *, ending_after: datetime | None = None) -> list[OpenSession]:
    """List the sessions of a webinar with the places that are claimed, the earliest first."""
    claimed = (
        select(func.count())
        .where(registration.c.session_id == webinar_session.c.id, registration.c.withdrawn_at.is_(None))
        .scalar_subquery()
    )
    query = select(*SESSION, claimed).where(webinar_session.c.webinar_id == webinar_id)
    if ending_after is not None:
        query = query.where(webinar_session.c.ends_at > ending_after)
    rows = db.execute(query.order_by(webinar_session.c.starts_at))
    return [OpenSession(session_row(row), row[-1]) for row in rows]


def read_session(db: Connection, session_id: int) -> SessionRow | None:
    """Read a session as it is now."""
    row = db.execute(select(*SESSION).where(webinar_session.c.id == session_id)).first()
    return session_row(row) if row else None


def session_for_intake(db: Connection, session_id: int) -> SessionRow | None:
    """Read a session and keep it from moving until the transaction ends.

    With a capacity other registrations wait as well, so that the last place is given once;
    without one registrations do not wait for each other.
    """
    # Not a lock on the row: shared ones may keep a change waiting for ever, and the planner with it.
    _lock(db, "pg_advisory_xact_lock_shared", _INTAKE, session_id)
    found = read_session(db, session_id)
    if found is not None and found.capacity is not None:
        _lock(db, "pg_advisory_xact_lock", _PLACES, session_id)
    return found


def session_for_change(db: Connection, session_id: int) -> SessionRow | None:
    """Read a session and lock it for a change by staff; waits for registrations in flight, and new ones for it."""
    _lock(db, "pg_advisory_xact_lock", _INTAKE, session_id)
    row = db.execute(select(*SESSION).where(webinar_session.c.id == session_id).with_for_update()).first()
    return session_row(row) if row else None


def hold_still(db: Connection, session_id: int) -> None:
    """Keep a session from being moved, closed or given a list until the transaction ends; holders do not wait."""
    _lock(db, "pg_advisory_xact_lock_shared", _INTAKE, session_id)


def move_session(db: Connection, session_id: int, starts_at: datetime, ends_at: datetime, now: datetime) -> int:
    """Give a session another date and say its new revision: one row, whatever the number of registrations.

    Ledger rows of the old revision die when they are claimed; the planner fills in the new ones.
    """
    change = (
        update(webinar_session)
        .where(webinar_session.c.id == session_id)
        .values(
            moved_from=webinar_session.c.starts_at,
            moved_at=now,
            starts_at=starts_at,
            ends_at=ends_at,
            revision=webinar_session.c.revision + 1,
            planned_until=None,
        )
        .returning(webinar_session.c.revision)
    )
    return db.execute(change).scalar_one()


def cancel_session(db: Connection, session_id: int, reason: str, now: datetime) -> int:
    """Cancel a session and say its new revision."""
    change = (
        update(webinar_session)
        .where(webinar_session.c.id == session_id)
        .values(
            cancelled_at=now,
            cancelled_reason=reason,
            revision=webinar_session.c.revision + 1,
            planned_until=None,
        )
        .returning(webinar_session.c.revision)
    )
    return db.execute(change).scalar_one()


def set_links(db: Connection, session_id: int, *, room_url: str, replay_url: str) -> None:
    """Set where the join link leads and where the recording is; the planner looks again."""
    db.execute(
        update(webinar_session)
        .where(webinar_session.c.id == session_id)
        .values(room_url=room_url, replay_url=replay_url, planned_until=None)
    )


def finish_attendance(db: Connection, session_id: int, now: datetime) -> None:
    """Declare the attendance list final; the planner looks again."""
    db.execute(
        update(webinar_session)
        .where(webinar_session.c.id == session_id)
        .values(attendance_final_at=now, planned_until=None)
    )


def plan_again(db: Connection, session_id: int) -> None:
    """Make the planner look at the whole session again at its next tick."""
    db.execute(update(webinar_session).where(webinar_session.c.id == session_id).values(planned_until=None))


def plan_final_again(db: Connection, session_id: int) -> None:
    """Make the planner look again at a session whose attendance is final: somebody turned out to have come."""
    final = webinar_session.c.attendance_final_at.is_not(None)
    db.execute(update(webinar_session).where(webinar_session.c.id == session_id, final).values(planned_until=None))


def _lock(db: Connection, how: str, kind: int, session_id: int) -> None:
    db.execute(text(f"SELECT {how}(:kind, :id)"), {"kind": kind, "id": session_id & 0x7FFFFFFF})


def add_webinar(db: Connection, values: dict[str, Any], now: datetime) -> int:
    """Write a webinar under its slug and give its id.

    One that is there is translated if nobody has done so, and its page teaches what `values` have.
    """
    statement = upsert(webinar).values(**values, created_at=now)
    known = func.coalesce(func.nullif(webinar.c.translations, text("'{}'")), statement.excluded.translations)
    changes = {"translations": known, "sections": statement.excluded.sections}
    written = statement.on_conflict_do_update(index_elements=["slug"], set_=changes).returning(webinar.c.id)
    return db.execute(written).scalar_one()


def add_session(
    db: Connection,
    webinar_id: int,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    *,
    capacity: int | None = None,
    room_url: str = "",
    replay_url: str = "",
) -> int:
    """Write a new session and give its id."""
    statement = insert(webinar_session).values(
        webinar_id=webinar_id,
        starts_at=starts_at,
        ends_at=ends_at,
        capacity=capacity,
        room_url=room_url,
        replay_url=replay_url,
        created_at=now,
    )
    return db.execute(statement.returning(webinar_session.c.id)).scalar_one()
