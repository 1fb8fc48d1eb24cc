"""People who stop or withdraw while the messages go out."""

from __future__ import annotations

from datetime import datetime
from random import Random

from sqlalchemy import text

from campaigns.domain.steps import Channel
from campaigns.operations.unsubscribe import stop
from campaigns.operations.withdraw import withdraw
from campaigns.store.engine import transaction
from tests.crash.evidence import RECEIPT, Wanted
from tests.crash.service import House

_MANY = 20


class Silenced:
    """Chooses them by lot, and remembers what must not, may, and has to come afterwards."""

    def __init__(self, it: House, chance: Random) -> None:
        self._house, self._chance = it, chance
        self.never: set[Wanted] = set()
        """Was still in the plan when they stopped: must not leave any more."""
        self.perhaps: set[Wanted] = set()
        """Was with a worker when they stopped; it may just have left."""
        self.receipts: set[Wanted] = set()
        """What those who withdraw get."""
        self._stopped_at: dict[int, datetime] = {}

    def fall_silent(self) -> None:
        # Not those who share a number: what must not reach one of them may have been on its way to the other.
        rows = self._house.sql(
            "SELECT d.id, r.id, t.key, d.channel, n.email, n.phone, d.status FROM delivery d"
            " JOIN step t ON t.id = d.step_id JOIN registration r ON r.id = d.registration_id"
            " JOIN registrant n ON n.id = r.registrant_id WHERE d.status IN (0, 1) AND d.attempt = 0"
            " AND t.key <> :receipt AND r.withdrawn_at IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM registrant o WHERE o.phone = n.phone AND o.id <> n.id)",
            receipt=RECEIPT,
        )
        for status in (0, 1):
            among = [row for row in rows if row[-1] == status and row[1] not in self._stopped_at]
            for row in self._chance.sample(among, min(_MANY, len(among))):
                self._falls_silent(*row[:-1])

    def _falls_silent(self, delivery_id: int, registration_id: int, step: str, channel: str, email: str, phone: str):
        runtime = self._house.runtime
        rest = {"now": runtime.clock(), "horizon": runtime.settings.horizon}
        with transaction(runtime.engine) as db:
            # Whoever claims passes over a row that is locked: what is planned now, has not left when we commit.
            waits = db.execute(
                text("SELECT 1 FROM delivery WHERE id = :id AND status = 0 AND attempt = 0 FOR UPDATE SKIP LOCKED"),
                {"id": delivery_id},
            ).first()
            if self._chance.random() < 0.5:
                stop(db, registration_id, Channel(channel), None, runtime.hours, means="link", **rest)
            else:
                withdraw(db, registration_id, runtime.hours, **rest)
                self.receipts.add((email, RECEIPT))
        self._stopped_at[registration_id] = runtime.clock()
        wanted = (email if channel == "email" else phone, step)
        (self.never if waits else self.perhaps).add(wanted)

    def had_nothing_begun_after(self) -> None:
        """Hold the moment at which each hand-off began against the moment at which its person stopped."""
        begun = self._house.sql(
            "SELECT d.registration_id, d.opened_at FROM delivery d JOIN step t ON t.id = d.step_id"
            " WHERE d.registration_id = ANY(:them) AND t.key <> :receipt AND d.opened_at IS NOT NULL",
            them=list(self._stopped_at),
            receipt=RECEIPT,
        )
        assert self._stopped_at
        assert all(at <= self._stopped_at[registration_id] for registration_id, at in begun)
