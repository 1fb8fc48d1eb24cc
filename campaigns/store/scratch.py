"""A database for the length of a rehearsal, beside the real one, and what it needs to begin.

The real database is only read. The scratch one is dropped at the end of its block; one
that a killed rehearsal left behind is dropped by the next.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, Table, insert, make_url, select, text
from sqlalchemy.exc import ProgrammingError

from campaigns.domain.lifecycle import Status
from campaigns.errors import ConfigurationError
from campaigns.store.engine import Connection, make_engine
from campaigns.store.tables import campaign, consent_wording, step, template_version, webinar
from campaigns.store.versions import going_versions

_NAME: Final = re.compile(r"rehearsal_(\d+)_[0-9a-f]{8}")
_ABANDONED_AFTER: Final = timedelta(hours=1)
_BUSY: Final = f"({int(Status.QUEUED)}, {int(Status.SENDING)}, {int(Status.UNKNOWN)})"

# One statement on purpose: two would let a delivery step from one count into the other.
_SETTLED: Final = f"""
SELECT s.planned_until >= :planned AND NOT EXISTS (
    SELECT FROM delivery d WHERE d.status IN {_BUSY} OR (d.status = {int(Status.PLANNED)} AND d.due_at <= :now)
) FROM webinar_session s WHERE s.id = :session
"""  # noqa: S608  # the numbers are our own

_APPROVED: Final = text("""
INSERT INTO approval (template_version_id, name, licence, demo, approved_at, expires_at)
SELECT id, 'Rehearsal', '', false, now() - interval '1 day', now() + interval '364 days' FROM template_version
""")
"""A rehearsal only captures, so nobody has to have read the words."""


@contextmanager
def scratch_database(url: str, now: datetime) -> Iterator[str]:
    """Give the URL of an empty database on the server at `url`, and drop it at the end of the block.

    Raises `ConfigurationError` if the account may not create databases.
    """
    name = f"rehearsal_{int(now.timestamp())}_{secrets.token_hex(4)}"
    engine = make_engine(url, pool_size=1).execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as server:
            _drop_abandoned(server, now)
            try:
                server.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
            except ProgrammingError:
                raise ConfigurationError(
                    "DATABASE_URL: this account may not create a database, and a rehearsal needs one of its own. "
                    "Give it the right (ALTER ROLE … CREATEDB), or name another account."
                ) from None
        try:
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
        finally:
            with engine.connect() as server:
                server.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    finally:
        engine.dispose()


def copy_campaign(source: Connection, target: Connection, slug: str) -> None:
    """Copy a webinar with its campaign, steps and words, under the ids they have.

    The words are those that go out: the newest that a clinician has approved, and where none were, the newest.
    """
    webinar_id = source.execute(select(webinar.c.id).where(webinar.c.slug == slug)).scalar_one()
    campaigns = select(campaign).where(campaign.c.webinar_id == webinar_id)
    steps = select(step).where(step.c.campaign_id.in_(select(campaign.c.id).where(campaign.c.webinar_id == webinar_id)))
    going = going_versions(source, captured=False).values()
    parts: tuple[tuple[Table, Select[tuple[object, ...]]], ...] = (
        (webinar, select(webinar).where(webinar.c.id == webinar_id)),
        (campaign, campaigns),
        (step, steps),
        (template_version, select(template_version).where(template_version.c.id.in_(going))),
        (consent_wording, select(consent_wording)),
    )
    for table, wanted in parts:
        rows = [_alone(dict(row)) for row in source.execute(wanted).mappings()]
        if rows:
            target.execute(insert(table), rows)
    target.execute(_APPROVED)


def _alone(row: dict[str, object]) -> dict[str, object]:
    """Leave out who wrote it: accounts are not copied."""
    return {**row, "written_by": None} if "written_by" in row else row


def settled(db: Connection, session_id: int, now: datetime, *, planned: datetime) -> bool:
    """Say whether a session is planned up to `planned`, and nothing is due, on its way or in doubt."""
    facts = {"session": session_id, "now": now, "planned": planned}
    return bool(db.execute(text(_SETTLED), facts).scalar_one())


def _drop_abandoned(server: Connection, now: datetime) -> None:
    unused = text(
        "SELECT datname FROM pg_database WHERE datname LIKE 'rehearsal%'"
        " AND datname NOT IN (SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL)"
    )
    for name in server.execute(unused).scalars():
        made = _NAME.fullmatch(name)
        if made and int(made[1]) < (now - _ABANDONED_AFTER).timestamp():
            server.execute(text(f"DROP DATABASE IF EXISTS {name}"))
