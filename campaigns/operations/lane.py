"""One lane: a thread with one provider connection and one database connection.

Eight lanes are eight messages in the air, and so at most eight in doubt when the
process is killed. Each settles its last delivery and opens its next in one statement.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from campaigns import logs
from campaigns.clock import Clock
from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Accepted, Deferred, Outcome, Refused, Unknown
from campaigns.domain.quiet import SendingHours
from campaigns.domain.retry import next_try
from campaigns.domain.steps import Step
from campaigns.domain.timing import Hold
from campaigns.operations.last_look import Skip, look
from campaigns.operations.words import Words
from campaigns.providers import base
from campaigns.store.engine import Connection, Engine, lane_connection
from campaigns.store.ledger_settle import Settlement, hold_until, open_next, settle, skip
from campaigns.store.letters import Item


@dataclass(frozen=True, slots=True)
class Share:
    """A batch under way, from which every lane takes its next delivery."""

    batch_id: int
    items: deque[Item]
    steps: Mapping[int, Step]
    versions: Mapping[str, int]
    words: Words
    hours: SendingHours
    clock: Clock
    stopping: Callable[[], bool]

    def take(self) -> Item | None:
        """Give the next delivery; None when none is left or the worker is to stop."""
        if self.stopping():
            return None
        try:
            return self.items.popleft()
        except IndexError:
            return None


class Lane:
    """Carries deliveries one after the other; used by one thread at a time."""

    def __init__(self, engine: Engine, line: base.Connection) -> None:
        """Open nothing yet."""
        self._engine = engine
        self._line = line
        self._db: Connection | None = None

    def carry(self, share: Share) -> int:
        """Hand off deliveries of the batch until none is left; give the number of hand-offs.

        A fault of our own or of the database ends this lane's work on the batch and is
        logged; the row it stands at is settled by `recover`.
        """
        handed = 0
        last: Settlement | None = None
        try:
            db = self._connection()
            while (item := share.take()) is not None:
                step = share.steps[item.step_id]
                if not self._may_leave(db, share, item, step):
                    continue
                version = share.versions.get(step.template)
                attempt = open_next(db, share.batch_id, item.delivery_id, version, share.clock(), last)
                last = None
                if attempt is not None:
                    outcome = self._hand_off(share, item, step, version)
                    last = settlement(item, attempt, outcome, share.clock())
                    handed += 1
            if last is not None:
                settle(db, share.batch_id, last)
        except Exception as error:  # noqa: BLE001  # one of the three places that catch everything: the lane loop
            logs.event("lane broke", level=logs.ERROR, error=error, batch=share.batch_id)
            self._drop()
        return handed

    def close(self) -> None:
        """Hang up."""
        self._line.close()
        self._drop()

    def _may_leave(self, db: Connection, share: Share, item: Item, step: Step) -> bool:
        verdict = look(item, step, share.hours, share.clock())
        if isinstance(verdict, Skip):
            skip(db, share.batch_id, item.delivery_id, verdict.reason.value)
        elif isinstance(verdict, Hold):
            hold_until(db, share.batch_id, item.delivery_id, verdict.until)
        return verdict is None

    def _hand_off(self, share: Share, item: Item, step: Step, version: int | None) -> Outcome:
        try:
            message = share.words.render(item, step, version, share.clock())
        except Exception as error:  # noqa: BLE001  # a fault in one message fails that delivery, not the batch
            logs.event("message cannot be rendered", level=logs.ERROR, error=error, delivery=item.delivery_id)
            return Refused(f"render: {type(error).__name__}")
        try:
            return self._line.hand_off(message)
        except Exception as error:  # noqa: BLE001  # a fault of ours: whether the message left, nobody can say
            logs.event("hand-off broke", level=logs.ERROR, error=error, delivery=item.delivery_id)
            self._line.close()
            return Unknown(f"fault: {type(error).__name__} in the middle of the hand-off")

    def _connection(self) -> Connection:
        if self._db is None:
            self._db = lane_connection(self._engine)
        return self._db

    def _drop(self) -> None:
        if self._db is not None:
            db, self._db = self._db, None
            db.invalidate()
            db.close()


def settlement(item: Item, attempt: int, outcome: Outcome, now: datetime) -> Settlement:
    """Turn what the provider answered into what the ledger keeps."""
    match outcome:
        case Accepted(provider_id):
            return Settlement(item.delivery_id, attempt, Status.SENT, now, provider_id=provider_id or None)
        case Refused(reason):
            return Settlement(item.delivery_id, attempt, Status.FAILED, now, reason, outcome="refused")
        case Unknown(detail):
            return Settlement(item.delivery_id, attempt, Status.UNKNOWN, now, detail, outcome="unknown")
        case Deferred(reason, after):
            again = next_try(item.delivery_id, attempt, now, item.expires_at, after)
            if again is None:
                told = f"given up before it became useless: {reason}"
                return Settlement(item.delivery_id, attempt, Status.FAILED, now, told, outcome="deferred")
            return Settlement(item.delivery_id, attempt, Status.PLANNED, now, reason, due_at=again, outcome="deferred")
    assert_never(outcome)
