"""What has gone to a number, whoever it was for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import text

from campaigns.domain.caps import Sent
from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Purpose
from campaigns.store.engine import Connection


def among(*states: Status) -> str:
    """Write states as a list in SQL."""
    return f"({', '.join(str(int(state)) for state in states)})"


LEFT: Final = among(Status.SENT, Status.DELIVERED, Status.BOUNCED, Status.UNKNOWN, Status.SENDING)
"""In SQL: it has gone, or may have."""

SENT_TO: Final = f"""
SELECT o.id, o.phone, coalesce(o.sent_at, o.opened_at) AS at, t.purpose, o.step_id, o.session_id, o.revision,
  t.anchor IN ('registered', 'agreed') AS confirms, t.anchor = 'asked' AS code
FROM delivery o JOIN step t ON t.id = o.step_id
WHERE o.channel = 'sms' AND o.status IN {LEFT} AND o.phone"""  # noqa: S608  # our own states
"""In SQL: the texts that went to numbers; goes on with a comparison."""

_SENT: Final = text(f"{SENT_TO} = ANY(:phones) ORDER BY at")


def texts_sent(db: Connection, phones: Iterable[str]) -> Mapping[str, tuple[Sent, ...]]:
    """Give what has gone to each number, whoever it was for, in order; numbers without any are missing."""
    found: dict[str, list[Sent]] = {}
    for row in db.execute(_SENT, {"phones": list(phones)}):
        found.setdefault(row.phone, []).append(sent_of(row))
    return {phone: tuple(sent) for phone, sent in found.items()}


def sent_of(row: Any) -> Sent:
    """Read one row of `SENT_TO`."""
    return Sent(row.at, Purpose(row.purpose), row.step_id, row.session_id, row.revision, row.confirms, row.code)
