"""The ledger, third moment: deliveries are opened, handed off and settled.

A lane borrows a `LedgerLine` for each statement. They are prepared once per connection and
run below SQLAlchemy, whose share of the time was larger than PostgreSQL's. Every one of
them commits by itself and waits for the disk: what was opened stays opened, whatever is
killed, the database server included.
"""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg
from psycopg import pq

from campaigns.domain.caps import Sent
from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Purpose
from campaigns.store.engine import Engine, connection_words
from campaigns.store.ledger_words import HOLD, SENT_TO_THESE, SKIP, TURN

_TEXT_LOCKS: Final = 7006
"""First key of the advisory locks on numbers."""
_BEGIN, _COMMIT, _ROLLBACK = b"BEGIN", b"COMMIT", b"ROLLBACK"
# In the order of the keys, so that two who lock several numbers never wait for each other.
_LOCK: Final = f"""
SELECT pg_advisory_xact_lock({_TEXT_LOCKS}, key)
FROM (SELECT DISTINCT hashtext(one) AS key FROM unnest($1::text[]) AS one ORDER BY 1) AS keys""".encode()  # noqa: S608  # our own number
_GOOD: Final = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class LedgerLost(Exception):
    """The database did not answer, or answered with an error; what was asked may have been done or not."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a hand-off ended, as the ledger keeps it."""

    delivery_id: int
    attempt: int
    status: Status
    """SENT, PLANNED (again, at `due_at`), FAILED, UNKNOWN or SKIPPED."""
    at: datetime
    reason: str | None = None
    provider_id: str | None = None
    due_at: datetime | None = None
    outcome: str | None = None
    """Word for the attempt row; None writes none."""
    look_at: datetime | None = None
    """When to ask the provider what became of it; for a text in doubt."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where the deliveries of a batch go."""

    batch_id: int
    stream_id: int
    captured: bool
    """Into the outbox of this machine, where a demonstration's approval counts."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The delivery that is to be handed off next."""

    delivery_id: int
    address: str
    """The email address or number that the message was rendered for."""
    version_id: int | None
    segments: int | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class TextSent:
    """A text that has gone to a number, or may have."""

    phone: str
    delivery_id: int
    sent: Sent


class LedgerLine:
    """One connection; for one thread at a time."""

    def __init__(self, words: str) -> None:
        """Connect; raises `LedgerLost` if the database does not let us in."""
        try:
            self._connection = psycopg.connect(words, autocommit=True)
            # Whatever the statistics of the hour say, a few rows are found by their keys.
            self._connection.execute(
                "SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_hashjoin = off;"
                " SET enable_mergejoin = off; SET enable_seqscan = off; SET enable_material = off;"
                " SET random_page_cost = 1.1"
            )
        except psycopg.Error as error:
            raise LedgerLost(type(error).__name__) from None
        self._pg = self._connection.pgconn
        self._prepared: set[bytes] = set()

    def close(self) -> None:
        """Hang up; never raises."""
        self._connection.close()

    def turn(
        self, way: Way, settlements: Sequence[Settlement], openings: Sequence[Opening], now: datetime
    ) -> dict[int, int]:
        """Write how some deliveries ended and open the next, in one statement; give the attempt of each that is open.

        One that may not leave is missing from the answer and stays queued. The last look of the
        database itself: still ours, not expired, its stream open, nothing held by a kill switch,
        the session neither moved nor cancelled, texts not asked for or agreed to anew, the person still holding
        the place, reached at this address, agreeing (or asked whose the number is) and not suppressed, the words
        approved, an answer published. A row that is no longer ours to settle stays as it is.
        """
        ended = json.dumps([_ended(one) for one in settlements])
        begun = json.dumps([_begun(one) for one in openings])
        rows = self._run(b"turn", TURN, [ended, begun, way.batch_id, now, way.stream_id, way.captured])
        return {int(delivery_id): int(attempt) for delivery_id, attempt in rows}

    def skip(self, batch_id: int, delivery_id: int, reason: str) -> bool:
        """Take a queued delivery off the road for good, with the reason."""
        return bool(self._run(b"skip", SKIP, [batch_id, delivery_id, reason]))

    def hold_until(self, batch_id: int, delivery_id: int, until: datetime, why: str | None) -> bool:
        """Give a queued delivery back to the plan for a later time, with the reason of the wait."""
        return bool(self._run(b"hold", HOLD, [batch_id, delivery_id, until, why]))

    @contextmanager
    def alone(self, phones: Sequence[str]) -> Iterator[None]:
        """Let one text at a time be opened for each of these numbers, on whatever worker; commits at the end."""
        self._plain(_BEGIN)
        try:
            self._run(b"lock", _LOCK, [phones])
            yield
            self._plain(_COMMIT)
        except BaseException:
            with suppress(psycopg.Error):
                self._pg.exec_(_ROLLBACK)
            raise

    def texts_to(self, phones: Sequence[str]) -> list[TextSent]:
        """Give what has gone to these numbers, in order; ask while `alone`."""
        return [
            TextSent(
                phone,
                int(delivery_id),
                Sent(
                    datetime.fromisoformat(at),
                    Purpose(purpose),
                    int(step),
                    int(session),
                    int(revision),
                    confirms == "t",
                    code == "t",
                ),
            )
            for phone, delivery_id, at, purpose, step, session, revision, confirms, code in self._run(
                b"sent", SENT_TO_THESE, [phones]
            )
        ]

    def _plain(self, statement: bytes) -> None:
        with _lost():
            result = self._pg.exec_(statement)
        if result.status not in _GOOD:
            raise LedgerLost(_sqlstate(self._pg))

    def _run(self, name: bytes, statement: bytes, values: Sequence[object]) -> list[list[str]]:
        with _lost():
            if name not in self._prepared:
                if self._pg.prepare(name, statement).status not in _GOOD:
                    raise LedgerLost(f"{name.decode()} cannot be prepared: {_sqlstate(self._pg)}")
                self._prepared.add(name)
            result = self._pg.exec_prepared(name, [_written(value) for value in values])  # type: ignore[misc]  # None is NULL
        if result.status not in _GOOD:
            raise LedgerLost(_sqlstate(self._pg))
        return [
            [(result.get_value(row, column) or b"").decode() for column in range(result.nfields)]
            for row in range(result.ntuples)
        ]


@contextmanager
def _lost() -> Iterator[None]:
    """Say in our words that the connection is gone, which the driver says in two ways."""
    try:
        yield
    except psycopg.Error as error:
        raise LedgerLost(type(error).__name__) from None


class LedgerLines:
    """The ledger lines of one process, lent out one statement at a time."""

    def __init__(self, engine: Engine, most: int) -> None:
        """Open none yet; at most so many at once."""
        self._words = connection_words(engine)
        self._free: queue.LifoQueue[LedgerLine | None] = queue.LifoQueue()
        for _ in range(most):
            self._free.put(None)

    @contextmanager
    def borrow(self) -> Iterator[LedgerLine]:
        """Lend a line; one that fails is closed and replaced by a new one the next time."""
        line = self._free.get()
        try:
            if line is None:
                line = LedgerLine(self._words)
            yield line
        except BaseException:
            if line is not None:
                line.close()
            line = None
            raise
        finally:
            self._free.put(line)

    def close(self) -> None:
        """Hang up those that are not lent out."""
        while not self._free.empty():
            line = self._free.get()
            if line is not None:
                line.close()


def _ended(one: Settlement) -> dict[str, object]:
    return {
        "id": one.delivery_id,
        "attempt": one.attempt,
        "status": int(one.status),
        "at": one.at.isoformat(),
        "reason": one.reason,
        "provider_id": one.provider_id,
        "due_at": one.due_at.isoformat() if one.due_at else None,
        "outcome": one.outcome,
        "look_at": one.look_at.isoformat() if one.look_at else None,
    }


def _begun(one: Opening) -> dict[str, object]:
    return {
        "id": one.delivery_id,
        "address": one.address,
        "version": one.version_id,
        "segments": one.segments,
        "fingerprint": one.fingerprint,
    }


def _written(value: object) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat().encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, (list, tuple)):
        return ("{" + ",".join(json.dumps(str(one)) for one in value) + "}").encode()
    return str(value).encode()


def _sqlstate(connection: pq.abc.PGconn) -> str:
    """Name what went wrong without the server's own sentence, which may quote a row."""
    return "the connection is lost" if connection.status != pq.ConnStatus.OK else "the statement failed"
