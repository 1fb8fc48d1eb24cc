"""The lane: it keeps several provider connections busy, and the ledger with one statement for all of them.

Every connection has one message in the air at most, and so at most one in doubt when the
process is killed. What has ended is settled and what comes next is opened in one statement
for all connections that are free just then.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from campaigns import logs
from campaigns.domain.messages import Deferred, Outcome, Refused, Text, Unknown, fingerprint
from campaigns.domain.steps import Channel
from campaigns.operations.outgoing import FOREVER, Letter, Outgoing
from campaigns.operations.settlements import settlement
from campaigns.operations.share import Share
from campaigns.providers.base import Connection
from campaigns.store.engine import DatabaseLost
from campaigns.store.ledger_line import LedgerLine, LedgerLines, LedgerLost, Opening, Settlement
from campaigns.store.letters import Item

_PATIENCE: Final = 30.0
"""Seconds for which a lane tries to write an outcome to a database that does not answer."""
_AGAIN: Final = 0.5
_GATHER: Final = 1 / 6
"""Of the time a hand-off takes, a lane lets answers come together: in one statement they cost little more than one."""
_GATHER_LEAST, _GATHER_MOST = 0.003, 0.025
_BREATH: Final = 0.0005
_READABLE: Final = select.POLLIN | select.POLLHUP | select.POLLERR


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer whose consequences are still to be drawn."""

    item: Item
    outcome: Outcome
    at: datetime


class Lane:
    """Carries deliveries; for one thread."""

    def __init__(self, ledger: LedgerLines, lines: Sequence[Connection]) -> None:
        """Open nothing yet."""
        self._ledger = ledger
        self._out = Outgoing(ledger)
        self._free = list(lines)
        self._busy: dict[Connection, Letter] = {}
        self._took = 0.0
        """Seconds that the last hand-off took."""
        self._ended: list[Settlement] = []
        """What the provider has answered and the ledger does not know yet: one for each connection at most."""
        self._owed: list[Owed] = []
        """What follows from those answers for address and stream and is not written yet."""

    def carry(self, share: Share) -> int:
        """Hand off deliveries of the batch until none is left; give the number of hand-offs.

        A fault of our own or of the database ends this lane's work on the batch and is
        logged; what the lane knows of its last hand-offs it goes on trying to write for a
        while. Rows it could not settle are settled by `recover`.
        """
        handed = 0
        try:
            while True:
                ready = self._out.next(share, len(self._free))
                if not (ready or self._busy or self._ended or self._out.waits):
                    break
                handed += self._turn(share, ready)
                self._listen(share)
        except Exception as error:  # noqa: BLE001  # one of the three places that catch everything: the lane loop
            logs.event("lane broke", level=logs.ERROR, error=error, batch=share.way.batch_id)
            self._out.forget()
            self._end_what_is_under_way(share)
            self._settle_at_last(share)
        return handed

    def close(self) -> None:
        """Hang up."""
        for line in (*self._free, *self._busy):
            line.close()

    def _turn(self, share: Share, ready: list[Letter]) -> int:
        """Settle what has ended, open what comes next, and begin to hand it off."""
        if not ready and not self._ended:
            return 0
        self._draw(share)
        opened = self._open(share, ready)
        for letter in ready:
            attempt = opened.get(letter.item.delivery_id)
            if attempt is not None:
                letter.attempt = attempt
                self._begin(share, letter)
        return len(opened)

    def _open(self, share: Share, ready: list[Letter]) -> dict[int, int]:
        with self._ledger.borrow() as ledger, self._alone(ledger, share, ready) as allowed:
            openings = [_opening(share, letter) for letter in allowed]
            opened = ledger.turn(share.way, self._ended, openings, share.clock())
        # Only now: a turn that failed may be repeated, and repeating it changes nothing.
        self._ended = []
        return opened

    @contextmanager
    def _alone(self, ledger: LedgerLine, share: Share, ready: list[Letter]) -> Iterator[list[Letter]]:
        """Of texts to one number only one is opened at a time, after looking at what the number has had by now."""
        phones = [letter.item.phone for letter in ready if letter.step.channel is Channel.SMS and letter.item.phone]
        if not phones:
            yield ready
            return
        with ledger.alone(phones):
            had = ledger.texts_to(phones)
            allowed = []
            for letter in ready:
                item = letter.item
                sent = tuple(one.sent for one in had if one.phone == item.phone and one.delivery_id != item.delivery_id)
                verdict = share.look(replace(item, sent=sent), letter.step)
                if self._out.obey(ledger, share, item, verdict):
                    allowed.append(letter)
            yield allowed

    def _begin(self, share: Share, letter: Letter) -> None:
        if isinstance(letter.message, Refused):
            self._end(share, letter, letter.message)
            return
        line = self._free.pop()
        self._busy[line] = letter
        letter.begun = time.monotonic()
        try:
            outcome = line.begin(letter.message)
        except Exception as error:  # noqa: BLE001  # a fault of ours in one message
            outcome = self._fault(line, letter, error)
        if outcome is not None:
            self._free_line(share, line, outcome)

    def _listen(self, share: Share) -> None:
        """Wait until any of the busy connections has an answer, and a moment longer for the others'."""
        left = self._left(share)
        if not self._busy:
            if self._out.waits and not self._ended:
                share.turns.pause(left)
            return
        self._go_on(share, _heard(self._busy, left))
        until = time.monotonic() + min(max(self._took * _GATHER, _GATHER_LEAST), _GATHER_MOST, self._left(share))
        while self._ended and self._busy and (left := until - time.monotonic()) > 0:
            time.sleep(_BREATH)
            self._go_on(share, _heard(self._busy, left))

    def _left(self, share: Share) -> float:
        """Give the seconds after which to see what else can leave, whatever is heard until then."""
        if not self._free:
            return FOREVER
        if share.items and not self._out.waits and not share.stopping():
            return 0.0  # each time one is taken or lined up, so this ends
        return self._out.left(share)

    def _go_on(self, share: Share, lines: list[Connection]) -> None:
        for line in lines:
            try:
                outcome = line.advance()
            except Exception as error:  # noqa: BLE001  # a fault of ours in one message
                outcome = self._fault(line, self._busy[line], error)
            if outcome is not None:
                self._free_line(share, line, outcome)

    def _fault(self, line: Connection, letter: Letter, error: Exception) -> Outcome:
        logs.event("hand-off broke", level=logs.ERROR, error=error, delivery=letter.item.delivery_id)
        line.close()
        return Unknown(f"fault: {type(error).__name__} in the middle of the hand-off")

    def _free_line(self, share: Share, line: Connection, outcome: Outcome) -> None:
        letter = self._busy.pop(line)
        self._took = time.monotonic() - letter.begun
        self._free.append(line)
        self._end(share, letter, outcome)

    def _end(self, share: Share, letter: Letter, outcome: Outcome) -> None:
        now = share.clock()
        self._ended.append(
            settlement(letter.item, letter.step, letter.attempt, outcome, now, first_look=share.first_look)
        )
        if self._owed or share.consequences.any_of(share.streak, outcome):
            self._owed.append(Owed(letter.item, outcome, now))
            if isinstance(outcome, Deferred) and outcome.door:
                share.items.clear()  # nobody gets in now: the rest goes back to the plan and waits for the breaker

    def _draw(self, share: Share) -> None:
        """Write what follows from the last answers, before the answers: a process killed in between forgets nothing."""
        while self._owed:
            owed = self._owed[0]
            try:
                if share.consequences.any_of(share.streak, owed.outcome):  # one success ends a streak
                    share.consequences.follow(share.stream, share.streak, owed.item, owed.outcome, owed.at)
            except DatabaseLost:
                raise
            except Exception as error:  # noqa: BLE001  # a fault of ours must not keep the answers out of the ledger
                logs.event("consequence broke", level=logs.ERROR, error=error, delivery=owed.item.delivery_id)
            self._owed.pop(0)

    def _settle(self, share: Share) -> None:
        self._draw(share)
        if self._ended:
            with self._ledger.borrow() as ledger:
                ledger.turn(share.way, self._ended, [], share.clock())
            self._ended = []

    def _end_what_is_under_way(self, share: Share) -> None:
        """Wait for the answers to what has been begun: they must not be lost with the batch."""
        until = time.monotonic() + _PATIENCE
        while self._busy and (left := until - time.monotonic()) > 0:
            try:
                self._go_on(share, _heard(self._busy, left))
            except Exception as error:  # noqa: BLE001  # the database again: the answer is kept, and written later
                logs.event("lane broke again", level=logs.WARNING, error=error, batch=share.way.batch_id)
                time.sleep(_AGAIN)
        for line in self._busy:
            line.close()  # whoever is not done by now stays in doubt
        self._free.extend(self._busy)
        self._busy.clear()

    def _settle_at_last(self, share: Share) -> None:
        until = time.monotonic() + _PATIENCE
        try:
            while self._ended and time.monotonic() < until:
                try:
                    self._settle(share)
                except (LedgerLost, DatabaseLost):
                    time.sleep(_AGAIN)
        finally:
            self._ended, self._owed = [], []


def _heard(busy: Iterable[Connection], most: float) -> list[Connection]:
    """Wait up to `most` seconds until one of the connections can be read, or has waited long enough; give all such."""
    waits = {line: line.waits_for() for line in busy}
    if not waits:
        return []
    left = min(most, min(until for _, until in waits.values()) - time.monotonic())
    poll = select.poll()
    for descriptor, _ in waits.values():
        poll.register(descriptor, select.POLLIN)
    ready = {descriptor for descriptor, event in poll.poll(max(0.0, left) * 1000) if event & _READABLE}
    now = time.monotonic()
    return [line for line, (descriptor, until) in waits.items() if descriptor in ready or until <= now]


def _opening(share: Share, letter: Letter) -> Opening:
    words = letter.message if isinstance(letter.message, Text) else None
    return Opening(
        delivery_id=letter.item.delivery_id,
        address=letter.item.address_on(letter.step.channel),
        version_id=share.version_of(letter.step),
        segments=words.segments if words else None,
        fingerprint=fingerprint(words.body) if words else None,
    )
