"""Approvals: a named clinician's yes to one version of a template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Row, func, insert, literal, or_, select, update

from campaigns.store.engine import Connection
from campaigns.store.tables import approval, template_version
from campaigns.store.versions import going_versions

RENEWED_BEFORE: Final = timedelta(days=30)
"""So long before an approval runs out a clinician is asked to read the words again."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Who says yes, and for how long."""

    name: str
    licence: str
    expires_at: datetime
    demo: bool = False
    """Counts only where messages are captured on this machine."""
    interests: str = ""
    """What the clinician gains from what the message says; "none" is a statement too."""
    evidence: str = ""
    """The references that the clinician has looked up."""
    staff_id: int | None = None
    """The account; None for an approval from the command line."""


@dataclass(frozen=True, slots=True)
class Given:
    """An approval as it stands in the record."""

    id: int
    version_id: int
    approval: Approval
    approved_at: datetime
    withdrawn_at: datetime | None
    withdrawn_why: str

    def holds(self, now: datetime) -> bool:
        """Say whether it is in force."""
        return self.withdrawn_at is None and self.approval.expires_at > now


def approve(db: Connection, version_id: int, given: Approval, now: datetime) -> None:
    """Write an approval of a version. It asks no questions; `operations/approve.py` does."""
    values = {
        "template_version_id": version_id,
        "name": given.name,
        "licence": given.licence,
        "demo": given.demo,
        "interests": given.interests,
        "evidence": given.evidence,
        "staff_id": given.staff_id,
        "approved_at": now,
        "expires_at": given.expires_at,
    }
    db.execute(insert(approval).values(values))


def approved_versions(db: Connection, now: datetime, *, captured: bool) -> frozenset[int]:
    """Give the versions that may leave now; `captured` says whether a demonstration's approval counts."""
    query = select(approval.c.template_version_id).where(
        approval.c.withdrawn_at.is_(None), approval.c.expires_at > now, or_(~approval.c.demo, literal(captured))
    )
    return frozenset(db.execute(query).scalars())


def demonstrations(db: Connection, now: datetime) -> frozenset[int]:
    """Give the versions that no clinician has approved: only a demonstration lets them leave."""
    return approved_versions(db, now, captured=True) - approved_versions(db, now, captured=False)


def approvals_of(db: Connection, version_ids: Iterable[int]) -> list[Given]:
    """List the approvals of some versions, the newest first."""
    query = select(approval).where(approval.c.template_version_id.in_(list(version_ids)))
    return [_given(row) for row in db.execute(query.order_by(approval.c.id.desc()))]


def going_approvals(db: Connection, *, captured: bool) -> dict[str, Given | None]:
    """Give for each template the approval of the version that goes out, of several the strongest; None: none."""
    going = going_versions(db, captured=captured)
    found: dict[int, Given] = {}
    for one in approvals_of(db, going.values()):
        if one.approval.demo and not captured:
            continue
        best = found.get(one.version_id)
        if best is None or _standing(one) > _standing(best):
            found[one.version_id] = one
    return {name: found.get(version_id) for name, version_id in going.items()}


def withdraw_approvals(
    db: Connection, version_ids: Iterable[int], why: str, now: datetime, *, staff_id: int | None
) -> int:
    """Take back every approval of some versions that is not taken back yet; give how many were."""
    statement = (
        update(approval)
        .where(approval.c.template_version_id.in_(list(version_ids)), approval.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_why=why, withdrawn_by=staff_id)
    )
    return len(db.execute(statement.returning(approval.c.id)).all())


def unapproved(db: Connection, now: datetime, *, captured: bool) -> list[tuple[str, int]]:
    """List (template, version) of the templates of which nothing may leave; the version is the one that would."""
    allowed = approved_versions(db, now, captured=captured)
    going = going_versions(db, captured=captured)
    return sorted((name, version_id) for name, version_id in going.items() if version_id not in allowed)


def waiting_versions(db: Connection, now: datetime) -> list[tuple[str, int]]:
    """List (template, newest version) of the templates that want a clinician: no approval of the newest version holds.

    One that runs out within `RENEWED_BEFORE` counts as one that does not hold, so that nothing stops by surprise.
    """
    newest = select(func.max(template_version.c.id)).group_by(template_version.c.name)
    real = select(approval.c.id).where(
        approval.c.template_version_id == template_version.c.id,
        ~approval.c.demo,
        approval.c.withdrawn_at.is_(None),
        approval.c.expires_at > now + RENEWED_BEFORE,
    )
    query = select(template_version.c.name, template_version.c.id).where(
        template_version.c.id.in_(newest), ~real.exists()
    )
    return [(row.name, row.id) for row in db.execute(query.order_by(template_version.c.name))]


def _given(row: Row[tuple[object, ...]]) -> Given:
    said = Approval(row.name, row.licence, row.expires_at, row.demo, row.interests, row.evidence, row.staff_id)
    return Given(row.id, row.template_version_id, said, row.approved_at, row.withdrawn_at, row.withdrawn_why)


def _standing(one: Given) -> tuple[bool, bool, datetime]:
    """Rank approvals of one version: one that is not taken back first, a clinician's before a demonstration's."""
    return one.withdrawn_at is None, not one.approval.demo, one.approval.expires_at
