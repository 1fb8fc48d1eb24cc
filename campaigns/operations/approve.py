"""Approve a version of a message, or take an approval back.

The gate in front of every message: a clinician says yes to one content hash, by name, and for a year
at most. Whether the yes is in force is asked again in the statement that opens each delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.errors import Conflict, NotAllowed, NotFound, Rejected
from campaigns.store import staff
from campaigns.store.approvals import Approval, approvals_of, approve, withdraw_approvals
from campaigns.store.claims import USABLE, claims_of, hold_claims
from campaigns.store.engine import Connection
from campaigns.store.staff import Member
from campaigns.store.versions import Version, going_versions, versions_of, writers_of

APPROVED_FOR: Final = timedelta(days=365)
"""The longest an approval may last."""
DEMONSTRATION: Final = "Demonstration only: no clinician has read this"
CLINICIAN: Final = "clinician"
_MAY_WITHDRAW: Final = (CLINICIAN, "marketing", "admin")


@dataclass(frozen=True, slots=True)
class Yes:
    """What a clinician fills in."""

    content_hash: str
    """Of the words that were read."""
    licence: str
    """Type, state and number."""
    interests: str
    evidence: str
    days: int
    """From 1 to 365."""


def approve_version(db: Connection, name: str, version_id: int, yes: Yes, *, member: Member, now: datetime) -> None:
    """Record a clinician's yes to one version of a message.

    Raises `NotAllowed` for anybody who is no clinician, or had a hand in it; `Conflict` when the hash is another one;
    `Rejected` naming the field for a form that is not filled in, and for a claim that may not be made.
    """
    if member.role != CLINICIAN:
        raise NotAllowed("Only a clinician approves messages. Nothing was changed.")
    version = version_at(db, name, version_id)
    if member.id in writers_of(db, version_id):
        raise NotAllowed("You had a hand in these words. A second person, a clinician, has to approve them.")
    if version.content_hash != yes.content_hash:
        raise Conflict("These are other words than those you have read. Read this version, then approve it.")
    _filled_in(yes)
    _refuse_passed_over(db, version)
    check_claims(db, version)
    given = Approval(
        name=member.name,
        licence=yes.licence,
        expires_at=now + timedelta(days=yes.days),
        interests=yes.interests,
        evidence=yes.evidence,
        staff_id=member.id,
    )
    approve(db, version_id, given, now)
    _record(db, member, "message approved", version, now, days=yes.days)


def approve_for_demonstration(db: Connection, name: str, version_id: int, *, member: Member, now: datetime) -> None:
    """Let a version go out where messages are captured on this machine, and nowhere else.

    Raises `NotAllowed` for who is no admin, `Rejected` for a claim that may not be made.
    """
    if member.role != "admin":
        raise NotAllowed("Only an admin may let words out for a demonstration. Nothing was changed.")
    version = version_at(db, name, version_id)
    _refuse_passed_over(db, version, demo=True)
    check_claims(db, version)
    approve(db, version_id, Approval(DEMONSTRATION, "", now + APPROVED_FOR, demo=True, staff_id=member.id), now)
    _record(db, member, "message shown in the demonstration", version, now)


def withdraw_approval(db: Connection, name: str, version_id: int, why: str, *, member: Member, now: datetime) -> None:
    """Take back every approval of a version: from now on it does not leave.

    Raises `NotAllowed` for a role that has no part in words, `Rejected` where there is nothing to take back.
    """
    if member.role not in _MAY_WITHDRAW:
        raise NotAllowed("Only a clinician, marketing or an admin may take an approval back. Nothing was changed.")
    version = version_at(db, name, version_id)
    if not withdraw_approvals(db, [version_id], why, now, staff_id=member.id):
        raise Rejected("This version has no approval that could be taken back.")
    _record(db, member, "approval withdrawn", version, now, why=why)


def version_at(db: Connection, name: str, version_id: int) -> Version:
    """Find a version of a message; raises `NotFound`."""
    for version in versions_of(db, name):
        if version.id == version_id:
            return version
    raise NotFound


def check_claims(db: Connection, version: Version) -> None:
    """See that every claim of a version may be made, and keep that from changing until the commit.

    Raises `Rejected` naming the claim.
    """
    standings = hold_claims(db, [one.id for one in claims_of(db, version.id)])
    refuse_unusable(standings)


def refuse_unusable(standings: dict[str, str]) -> None:
    """Raise `Rejected` naming the first claim that may not be made."""
    for claim_id, status in standings.items():
        if status not in USABLE:
            raise Rejected(f"The claim {claim_id} is {status}: no message may make it.", field="claims")


def _refuse_passed_over(db: Connection, version: Version, *, demo: bool = False) -> None:
    """Refuse a yes that would let nothing leave, because a newer version was approved after this one."""
    going = going_versions(db, captured=demo)[version.name]
    if going > version.id and any(demo or not one.approval.demo for one in approvals_of(db, [going])):
        raise Rejected("A newer version has been approved. To go back to these words, publish them again.")


def _filled_in(yes: Yes) -> None:
    needed = (
        ("licence", yes.licence, "Write your licence: type, state and number."),
        ("interests", yes.interests, "Say what you gain from what this message says; “none” is an answer."),
        ("evidence", yes.evidence, "Name what you have looked up: PMID, DOI, a guideline, or the source you checked."),
    )
    for field, value, ask in needed:
        if not value.strip():
            raise Rejected(ask, field=field)
    if not 1 <= yes.days <= APPROVED_FOR.days:
        raise Rejected(f"Write a number of days from 1 to {APPROVED_FOR.days}.", field="days")


def _record(db: Connection, member: Member, act: str, version: Version, now: datetime, **detail: object) -> None:
    told = {"version": version.number, **detail}
    staff.record(db, staff_id=member.id, act=act, subject=f"message:{version.name}", detail=told, now=now)
