"""Approvals: a named clinician's yes to one version of a template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from campaigns.store.engine import Connection
from campaigns.store.tables import approval, template_version


@dataclass(frozen=True, slots=True)
class Approval:
    """Who says yes, and for how long."""

    name: str
    licence: str
    expires_at: datetime
    demo: bool = False
    """Counts only where messages are captured on this machine."""


def approve(db: Connection, version_id: int, given: Approval, now: datetime) -> None:
    """Write an approval of a version."""
    values = {
        "template_version_id": version_id,
        "name": given.name,
        "licence": given.licence,
        "demo": given.demo,
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


def unapproved(db: Connection, now: datetime, *, captured: bool) -> list[tuple[str, int]]:
    """List (template, newest version) of the templates whose newest version may not leave."""
    newest = select(template_version.c.name, template_version.c.id).ext(distinct_on(template_version.c.name))
    query = newest.order_by(template_version.c.name, template_version.c.id.desc())
    allowed = approved_versions(db, now, captured=captured)
    return [(row.name, row.id) for row in db.execute(query) if row.id not in allowed]
