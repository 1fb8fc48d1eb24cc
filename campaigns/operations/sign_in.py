"""Signing in and out, and new accounts.

An unknown address, a wrong password and a disabled account are one answer and cost
the same time. Every try is counted, and the count committed, before the password is
looked at, so that guesses sent in parallel count as well. Of the token in the cookie
only its SHA-256 is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from campaigns.errors import Conflict, Rejected
from campaigns.store import staff
from campaigns.store.engine import Connection, Engine, transaction

LOGIN_LASTS: Final = timedelta(hours=12)
WAIT: Final = timedelta(minutes=15)
TRIES_PER_ACCOUNT: Final = 5
TRIES_PER_ADDRESS: Final = 40
"""Per IP address: a whole clinic may sit behind one."""
ROLES: Final = ("marketing", "operations", "clinician", "admin")
_SHORTEST: Final = 12
_LONGEST: Final = 1024
"""Characters; longer ones only cost the hash its time."""

_passwords: Final = PasswordHash((Argon2Hasher(),))
_DUMMY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$bm90IGEgcGFzc3dvcmQgb2YgYW55b25l$rQIF0J5V2P6eE3X4d9R2Yw6mY3m1o3y3c8c2c0wq0xE"
)
"""A hash that nothing matches, of the same cost as a real one."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The way is open."""

    member: staff.Member
    token: str
    """For the cookie, and for nothing else."""
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Declined:
    """No, in words for the person; they never say which of the two was wrong."""

    sentence: str
    wait: bool
    """Whether only waiting helps now."""


def sign_in(engine: Engine, *, email: str, password: str, ip: str, secret: bytes, now: datetime) -> SignedIn | Declined:
    """Open a login for whoever knows the password, and put it on record."""
    email = email.strip().lower()
    account_key, address_key = _key(secret, "account", email), _key(secret, "ip", ip)
    with transaction(engine) as db:
        tries = staff.note_failures(db, (account_key, address_key), now, since=now - WAIT)
        account = staff.find_account(db, email)
    left = min(TRIES_PER_ACCOUNT - tries[account_key], TRIES_PER_ADDRESS - tries[address_key])
    if left < 0:
        return Declined("Too many tries. Wait 15 minutes, then try again.", wait=True)
    usable = account is not None and not account.disabled
    matches = _matches(password, account.password_hash if account and usable else _DUMMY)
    if account is None or not matches:
        return _declined(left)
    token = secrets.token_urlsafe(32)
    with transaction(engine) as db:
        staff.forgive(db, (account_key,))
        staff.open_login(
            db,
            token_hash=_digest(token),
            staff_id=account.member.id,
            csrf=secrets.token_urlsafe(24),
            now=now,
            expires_at=now + LOGIN_LASTS,
        )
        _on_record(db, account.member.id, "signed in", now)
    return SignedIn(account.member, token, LOGIN_LASTS)


def who(db: Connection, token: str, now: datetime) -> staff.Login | None:
    """Say who is signed in with this token."""
    return staff.find_login(db, _digest(token), now) if token else None


def sign_out(db: Connection, token: str, now: datetime) -> None:
    """End the login of this token."""
    found = who(db, token, now)
    if found:
        staff.close_login(db, _digest(token))
        _on_record(db, found.member.id, "signed out", now)


def enrol(db: Connection, *, email: str, name: str, role: str, password: str, now: datetime) -> None:
    """Add a member of staff.

    Raises `Rejected` for a role or password that will not do, `Conflict` for an address that is taken.
    """
    if role not in ROLES:
        raise Rejected(f"The role must be one of {', '.join(ROLES)}.", field="role")
    email = email.strip().lower()
    added = staff.add_member(db, email=email, name=name.strip(), role=role, password_hash=_hash(password), now=now)
    if not added:
        raise Conflict("There is an account with this address already.")


def change_password(db: Connection, *, email: str, password: str) -> bool:
    """Give a member a new password, which also ends their logins; False if there is no such account."""
    return staff.change_password(db, email.strip().lower(), _hash(password))


def new_password() -> str:
    """Make a password that can be read out over the telephone: five groups of four, 100 bits."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(5))


def _declined(left: int) -> Declined:
    if left == 0:
        return Declined("Email and password do not match. Wait 15 minutes before the next try.", wait=True)
    tries = "1 try is" if left == 1 else f"{left} tries are"
    return Declined(f"Email and password do not match. {tries} left before a 15-minute wait.", wait=False)


def _matches(password: str, hashed: str) -> bool:
    return _passwords.verify(password[:_LONGEST], hashed)


def _hash(password: str) -> str:
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise Rejected(f"A password needs {_SHORTEST} to {_LONGEST} characters.", field="password")
    return _passwords.hash(password)


def _key(secret: bytes, kind: str, value: str) -> str:
    return hmac.new(secret, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _on_record(db: Connection, staff_id: int, act: str, now: datetime) -> None:
    staff.record(db, staff_id=staff_id, act=act, subject=f"staff:{staff_id}", detail={}, now=now)
