"""Staff, their logins, failed tries, and the record of what they did.

Passwords are hashed and tokens made one floor up, in `operations/sign_in.py`; this
room never sees either in the clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from campaigns.store.engine import Connection
from campaigns.store.tables import audit, login, login_failure, staff


@dataclass(frozen=True, slots=True)
class Member:
    """Someone who works here."""

    id: int
    email: str
    name: str
    role: str
    """`marketing`, `operations`, `clinician` or `admin`."""


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in is decided on."""

    member: Member
    password_hash: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Login:
    """A member who is signed in."""

    member: Member
    csrf: str
    """Goes into every form of this login."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the record."""

    at: datetime
    name: str
    """Who; empty for the service itself."""
    act: str
    subject: str
    detail: Mapping[str, object]


def add_member(db: Connection, *, email: str, name: str, role: str, password_hash: str, now: datetime) -> bool:
    """Add someone; False if the address is taken, and nothing is changed then."""
    row = {"email": email, "name": name, "role": role, "password_hash": password_hash, "created_at": now}
    added = db.execute(upsert(staff).values(row).on_conflict_do_nothing().returning(staff.c.id))
    return added.first() is not None


def change_password(db: Connection, email: str, password_hash: str) -> bool:
    """Give someone a new password and end their logins; False if there is no such account."""
    found = db.execute(
        update(staff).where(staff.c.email == email).values(password_hash=password_hash).returning(staff.c.id)
    ).scalar_one_or_none()
    if found is None:
        return False
    db.execute(delete(login).where(login.c.staff_id == found))
    return True


def find_account(db: Connection, email: str) -> Account | None:
    """Find the account of an address in lower case."""
    row = db.execute(select(staff).where(staff.c.email == email)).one_or_none()
    if row is None:
        return None
    return Account(Member(row.id, row.email, row.name, row.role), row.password_hash, row.disabled_at is not None)


def open_login(
    db: Connection, *, token_hash: str, staff_id: int, csrf: str, now: datetime, expires_at: datetime
) -> None:
    """Remember a login, and forget those that have run out."""
    db.execute(delete(login).where(login.c.expires_at <= now))
    row = {"token_hash": token_hash, "staff_id": staff_id, "csrf": csrf, "created_at": now, "expires_at": expires_at}
    db.execute(insert(login).values(row))


def find_login(db: Connection, token_hash: str, now: datetime) -> Login | None:
    """Find a login that is still good, of an account that is still enabled."""
    row = db.execute(
        select(login.c.csrf, login.c.expires_at, staff.c.id, staff.c.email, staff.c.name, staff.c.role)
        .join(staff, staff.c.id == login.c.staff_id)
        .where(login.c.token_hash == token_hash, login.c.expires_at > now, staff.c.disabled_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return Login(Member(row.id, row.email, row.name, row.role), row.csrf, row.expires_at)


def close_login(db: Connection, token_hash: str) -> None:
    """Forget a login; closing it twice changes nothing."""
    db.execute(delete(login).where(login.c.token_hash == token_hash))


def note_failures(db: Connection, keys: Sequence[str], now: datetime, *, since: datetime) -> dict[str, int]:
    """Note one try per key, forget those before `since`, and say how many each key has, this one included."""
    db.execute(delete(login_failure).where(login_failure.c.at < since))
    db.execute(insert(login_failure), [{"key": key, "at": now} for key in keys])
    rows = db.execute(
        select(login_failure.c.key, func.count().label("tries"))
        .where(login_failure.c.key.in_(keys), login_failure.c.at >= since)
        .group_by(login_failure.c.key)
    )
    return {row.key: row.tries for row in rows}


def forgive(db: Connection, keys: Sequence[str]) -> None:
    """Forget the tries of these keys: the person has shown who they are."""
    db.execute(delete(login_failure).where(login_failure.c.key.in_(keys)))


def record(
    db: Connection, *, staff_id: int | None, act: str, subject: str, detail: Mapping[str, object], now: datetime
) -> None:
    """Write one line of the record. `detail` holds counts and reasons, never an address."""
    db.execute(insert(audit).values(staff_id=staff_id, act=act, subject=subject, detail=dict(detail), at=now))


def acts_on(db: Connection, subject: str, limit: int = 20) -> list[Act]:
    """List what was done to a subject such as `session:12`, newest first."""
    rows = db.execute(
        select(audit.c.at, staff.c.name, audit.c.act, audit.c.subject, audit.c.detail)
        .outerjoin(staff, staff.c.id == audit.c.staff_id)
        .where(audit.c.subject == subject)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return [Act(row.at, row.name or "", row.act, row.subject, row.detail) for row in rows]


def recent_acts(db: Connection, limit: int = 20) -> list[Act]:
    """List what people did, newest first."""
    rows = db.execute(
        select(audit.c.at, staff.c.name, audit.c.act, audit.c.subject, audit.c.detail)
        .outerjoin(staff, staff.c.id == audit.c.staff_id)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return [Act(row.at, row.name or "", row.act, row.subject, row.detail) for row in rows]
