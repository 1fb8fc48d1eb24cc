"""The claims register in the database: what may be said, who ruled on it, and what a ruling touches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from campaigns.domain.lifecycle import Status
from campaigns.store.engine import Connection
from campaigns.store.tables import claim, delivery, step, template_version, version_claim, webinar_session

USABLE: Final = ("sourced", "reviewed")
"""The standings in which a message may make a claim."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One claim, and whether it may be made."""

    id: str
    statement: str
    source: str
    """Key of its source; empty: none."""
    citation: str
    """How messages name the source."""
    note: str
    status: str
    """`sourced`, `reviewed`, `unapproved` or `withdrawn`."""
    reviewer: str = ""
    ruled_at: datetime | None = None
    why: str = ""
    """Of the last ruling."""

    @property
    def usable(self) -> bool:
        """Whether a message may make it."""
        return self.status in USABLE


@dataclass(frozen=True, slots=True)
class Claiming:
    """A template version that makes a claim."""

    name: str
    version_id: int


@dataclass(frozen=True, slots=True)
class Touched:
    """Deliveries of one step and session that have not left yet."""

    step_id: int
    step_name: str
    template: str
    session_id: int
    starts_at: datetime
    count: int
    next_due_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """One delivery that has not left yet."""

    id: int
    step_name: str
    due_at: datetime
    registration_id: int


_version: Final = version_claim.c.template_version_id
_COLUMNS: Final = tuple(claim.c[name] for name in Standing.__dataclass_fields__)


def load_claims(db: Connection, claims: Iterable[Standing]) -> None:
    """Write the claims that came with the program; one that somebody has ruled on stays as they left it."""
    rows = [
        {name: getattr(one, name) for name in ("id", "statement", "source", "citation", "note", "status")}
        for one in sorted(claims, key=lambda one: one.id)  # the order in which others hold them
    ]
    if not rows:
        return
    new = upsert(claim).values(rows)
    told = {name: new.excluded[name] for name in ("statement", "source", "citation", "note", "status")}
    db.execute(new.on_conflict_do_update(index_elements=[claim.c.id], set_=told, where=claim.c.ruled_at.is_(None)))


def read_claims(db: Connection) -> list[Standing]:
    """List all claims in the order of their ids."""
    return [Standing(*row) for row in db.execute(select(*_COLUMNS).order_by(claim.c.id))]


def unusable_claims(db: Connection) -> frozenset[str]:
    """Name the claims that nothing may say."""
    return frozenset(db.execute(select(claim.c.id).where(claim.c.status.not_in(USABLE))).scalars())


def find_claim(db: Connection, claim_id: str, *, to_rule: bool = False) -> Standing | None:
    """Find a claim; `to_rule` keeps everybody else from publishing or approving what makes it, until the commit."""
    query = select(*_COLUMNS).where(claim.c.id == claim_id)
    row = db.execute(query.with_for_update() if to_rule else query).first()
    return Standing(*row) if row else None


def hold_claims(db: Connection, claim_ids: Iterable[str]) -> dict[str, str]:
    """Give the standing of claims by id, and keep it from changing until the commit."""
    query = select(claim.c.id, claim.c.status).where(claim.c.id.in_(list(claim_ids))).order_by(claim.c.id)
    return dict(db.execute(query.with_for_update(read=True)).all())


def rule_on(  # a ruling has so many parts
    db: Connection, claim_id: str, status: str, *, reviewer: str, why: str, staff_id: int, now: datetime
) -> None:
    """Write the standing that somebody gave to a claim."""
    values = {"status": status, "reviewer": reviewer, "why": why, "ruled_by": staff_id, "ruled_at": now}
    db.execute(update(claim).where(claim.c.id == claim_id).values(values))


def cite_anew(db: Connection, claim_id: str, source: str, citation: str) -> None:
    """Give a claim another source, under a key of its own."""
    db.execute(update(claim).where(claim.c.id == claim_id).values(source=source, citation=citation))


def claims_of(db: Connection, version_id: int) -> list[Standing]:
    """List the claims that a version makes."""
    query = select(*_COLUMNS).join(version_claim, version_claim.c.claim_id == claim.c.id)
    return [Standing(*row) for row in db.execute(query.where(_version == version_id).order_by(claim.c.id))]


def versions_of_claims(db: Connection, claim_ids: Iterable[str]) -> list[int]:
    """List the versions of any age that make one of these claims."""
    query = select(_version).where(version_claim.c.claim_id.in_(list(claim_ids))).distinct()
    return list(db.execute(query).scalars())


def versions_claiming(db: Connection, claim_id: str) -> list[Claiming]:
    """List the versions that make a claim, by template, the newest of each first."""
    query = (
        select(template_version.c.name, template_version.c.id)
        .join(version_claim, _version == template_version.c.id)
        .where(version_claim.c.claim_id == claim_id)
        .order_by(template_version.c.name, template_version.c.id.desc())
    )
    return [Claiming(*row) for row in db.execute(query)]


def uses(db: Connection, version_ids: Iterable[int]) -> dict[str, int]:
    """Count for each claim the versions among these that make it."""
    query = select(version_claim.c.claim_id, func.count()).where(_version.in_(list(version_ids)))
    return dict(db.execute(query.group_by(version_claim.c.claim_id)).all())


def touched(db: Connection, templates: Sequence[str]) -> list[Touched]:
    """Count what is planned or claimed of some templates, by step and session, the next due first."""
    due = func.min(delivery.c.due_at)
    query = (
        _waiting(
            select(
                step.c.id, step.c.name, step.c.template, delivery.c.session_id, webinar_session.c.starts_at,
                func.count(), due,
            ),
            templates,
        )
        .group_by(step.c.id, delivery.c.session_id, webinar_session.c.starts_at)
        .order_by(due, step.c.id)
    )  # fmt: skip
    return [Touched(*row) for row in db.execute(query)]


def touched_deliveries(db: Connection, templates: Sequence[str], *, limit: int, after: int = 0) -> list[Waiting]:
    """List what is planned or claimed of some templates, by id."""
    columns = (delivery.c.id, step.c.name, delivery.c.due_at, delivery.c.registration_id)
    query = _waiting(select(*columns), templates).where(delivery.c.id > after).order_by(delivery.c.id).limit(limit)
    return [Waiting(*row) for row in db.execute(query)]


def _waiting(query: Select[Any], templates: Sequence[str]) -> Select[Any]:
    waits: ColumnElement[bool] = delivery.c.status.in_([int(Status.PLANNED), int(Status.QUEUED)])
    joined = query.select_from(delivery).join(step, step.c.id == delivery.c.step_id)
    joined = joined.join(webinar_session, webinar_session.c.id == delivery.c.session_id)
    return joined.where(waits, step.c.template.in_(templates))
