"""Template versions: what is written once and never again, and which version of a message goes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from campaigns.store.engine import Connection
from campaigns.store.tables import approval, staff, template_version, version_claim


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a template, without its words."""

    id: int
    name: str
    content_hash: str
    number: int
    """Counted within the template, from 1."""
    created_at: datetime
    author: str
    """Name of the member of staff who wrote it; empty: it came with the program."""


def publish_template(  # a row has these columns
    db: Connection,
    name: str,
    content_hash: str,
    content: Mapping[str, Any],
    now: datetime,
    *,
    claims: Iterable[str] = (),
    written_by: int | None = None,
    writers: Iterable[int] = (),
) -> int:
    """Write a version of a template unless this very content is there already; give its id.

    `claims` are ids of the register, which must hold them. `written_by` published it, `writers` had a hand in it.
    """
    row = {"name": name, "content_hash": content_hash, "content": dict(content), "created_at": now}
    statement = upsert(template_version).values(row | {"written_by": written_by, "writers": sorted(set(writers))})
    made = db.execute(statement.on_conflict_do_nothing().returning(template_version.c.id)).scalar()
    if made is None:
        same = (template_version.c.name == name) & (template_version.c.content_hash == content_hash)
        return db.execute(select(template_version.c.id).where(same)).scalar_one()
    listed = [{"template_version_id": made, "claim_id": one} for one in dict.fromkeys(claims)]
    if listed:
        db.execute(upsert(version_claim).on_conflict_do_nothing(), listed)
    return int(made)


def current_versions(db: Connection) -> dict[str, int]:
    """Give the newest version of each template by name, whether or not it may leave."""
    query = select(template_version.c.name, func.max(template_version.c.id)).group_by(template_version.c.name)
    return dict(db.execute(query).all())


def going_versions(db: Connection, *, captured: bool) -> dict[str, int]:
    """Give by name the version of each template that goes out: the newest that was ever approved.

    A version that waits for its first approval leaves the one before it in place. One whose approval
    has run out or was withdrawn does not: then nothing of this template leaves, for what was wrong with
    it may be wrong with its elders too. Without any approval it is the newest, which cannot leave either.
    `captured` says whether a demonstration's approval counts.
    """
    counts = approval.c.template_version_id == template_version.c.id
    ever = select(approval.c.id).where(counts, or_(~approval.c.demo, literal(captured))).exists()
    newest = func.max(template_version.c.id)
    query = select(template_version.c.name, func.coalesce(newest.filter(ever), newest)).group_by(
        template_version.c.name
    )
    return dict(db.execute(query).all())


def staff_written(db: Connection) -> frozenset[str]:
    """Name the templates whose newest version was written here and did not come with the program."""
    newest = select(func.max(template_version.c.id)).group_by(template_version.c.name)
    query = select(template_version.c.name).where(
        template_version.c.id.in_(newest), template_version.c.written_by.is_not(None)
    )
    return frozenset(db.execute(query).scalars())


def template_content(db: Connection, version_id: int) -> dict[str, Any]:
    """Read the sources of one version."""
    query = select(template_version.c.content).where(template_version.c.id == version_id)
    content: dict[str, Any] = db.execute(query).scalar_one()
    return content


def hash_of(db: Connection, version_id: int) -> str:
    """Give the content hash under which a version was written."""
    query = select(template_version.c.content_hash).where(template_version.c.id == version_id)
    return db.execute(query).scalar_one()


def versions_of(db: Connection, name: str) -> list[Version]:
    """List the versions of a template, the newest first; empty for a name that is not there."""
    query = (
        select(
            template_version.c.id,
            template_version.c.name,
            template_version.c.content_hash,
            func.row_number().over(order_by=template_version.c.id).label("number"),
            template_version.c.created_at,
            func.coalesce(staff.c.name, "").label("author"),
        )
        .outerjoin(staff, staff.c.id == template_version.c.written_by)
        .where(template_version.c.name == name)
        .order_by(template_version.c.id.desc())
    )
    return [Version(*row) for row in db.execute(query)]


def writers_of(db: Connection, version_id: int) -> dict[int, str]:
    """Give id and name of everybody in the house who has words in a version; nobody: it came with the program."""
    has = (staff.c.id == template_version.c.written_by) | (staff.c.id == func.any(template_version.c.writers))
    query = select(staff.c.id, staff.c.name).join(template_version, has).where(template_version.c.id == version_id)
    return dict(db.execute(query.order_by(staff.c.id)).all())


def front_matters(db: Connection, version_ids: Iterable[int]) -> dict[int, str]:
    """Give the `message.toml` of versions, empty for a row that is no message."""
    said = func.coalesce(template_version.c.content["files"]["message.toml"].astext, "")
    query = select(template_version.c.id, said).where(template_version.c.id.in_(list(version_ids)))
    return dict(db.execute(query).all())
