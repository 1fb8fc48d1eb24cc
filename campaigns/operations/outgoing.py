"""What a lane hands off next: taken from the batch, looked at for the last time, rendered, in its turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from campaigns import logs
from campaigns.domain.messages import Message, Refused, Text
from campaigns.domain.steps import Channel, Step
from campaigns.domain.timing import Hold
from campaigns.operations.last_look import GO, Skip, Verdict
from campaigns.operations.share import Share
from campaigns.operations.turns import Place
from campaigns.store.ledger_line import LedgerLine, LedgerLines
from campaigns.store.letters import Item

FOREVER: Final = 3600.0
"""Seconds; whatever a lane waits for ends sooner."""
_GLANCE: Final = 0.2
"""Seconds between two looks at whether the worker is to stop, while one waits for its turn."""


@dataclass(slots=True)
class Letter:
    """A delivery on its way through a lane."""

    item: Item
    step: Step
    message: Message | Refused
    attempt: int = 0
    begun: float = 0.0
    """When its hand-off began, on the monotonic clock."""


class Outgoing:
    """Picks; for one thread. At most one delivery waits here for its turn."""

    def __init__(self, ledger: LedgerLines) -> None:
        """Take where verdicts are written."""
        self._ledger = ledger
        self._waiting: tuple[Letter, Place] | None = None

    @property
    def waits(self) -> bool:
        """Whether a delivery waits here for its turn."""
        return self._waiting is not None

    def left(self, share: Share) -> float:
        """Give the seconds after which to ask `next` again, if nothing else happens sooner."""
        if self._waiting is None:
            return FOREVER
        return max(0.0, min(self._waiting[1].left(share.clock()), _GLANCE))

    def next(self, share: Share, room: int) -> list[Letter]:
        """Give up to `room` deliveries that may leave now; where the pace is limited, those whose moment has come.

        Two texts to one number are never given together: the second is looked at once the first has gone.
        """
        if share.stopping():
            self._waiting = None  # it is still queued, and goes back to the plan with the batch
            return []
        if share.stream.rate is not None:
            return self._in_turn(share, room)
        ready: list[Letter] = []
        numbers: set[str] = set()
        while len(ready) < room and (item := share.take()) is not None:
            if item.phone in numbers:
                share.items.appendleft(item)
                break
            letter = self._fit(share, item)
            if letter is not None:
                ready.append(letter)
                if letter.step.channel is Channel.SMS and item.phone:
                    numbers.add(item.phone)
        return ready

    def forget(self) -> None:
        """Give up what waits: the batch is over."""
        self._waiting = None

    def obey(self, ledger: LedgerLine, share: Share, item: Item, verdict: Verdict) -> bool:
        """Write a verdict into the ledger; say whether the delivery may leave."""
        batch_id = share.way.batch_id
        if isinstance(verdict, Skip):
            ledger.skip(batch_id, item.delivery_id, verdict.reason.value)
        elif isinstance(verdict, Hold):
            ledger.hold_until(batch_id, item.delivery_id, verdict.until, verdict.why.value if verdict.why else None)
        return verdict is GO

    def _in_turn(self, share: Share, room: int) -> list[Letter]:
        ready: list[Letter] = []
        while self._line_up(share):
            assert self._waiting is not None
            letter, place = self._waiting
            same = letter.step.channel is Channel.SMS and letter.item.phone in [one.item.phone for one in ready]
            if len(ready) >= room or same or place.left(share.clock()) > 0:
                break
            ready.append(letter)
            # The next one takes its place now: taken only after this one has left, it would come later each time.
            self._waiting = None
        return ready

    def _line_up(self, share: Share) -> bool:
        """See to it that one waits for its turn; False if there is none."""
        while self._waiting is None and (item := share.take()) is not None:
            letter = self._fit(share, item)
            if letter is None:
                continue
            place = share.turns.place(share.stream, _cost(letter.message), share.clock())
            if place is None:
                share.items.clear()  # the rest would wait even longer, and waits better in the plan
            else:
                self._waiting = (letter, place)
        return self._waiting is not None

    def _fit(self, share: Share, item: Item) -> Letter | None:
        step = share.steps[item.step_id]
        verdict = share.look(item, step)
        if verdict is not GO:
            with self._ledger.borrow() as ledger:
                self.obey(ledger, share, item, verdict)
            return None
        return Letter(item, step, self._render(share, item, step))

    def _render(self, share: Share, item: Item, step: Step) -> Message | Refused:
        try:
            version = share.version_of(step)
            marked = version in share.demonstrations
            return share.words.render(item, step, version, share.clock(), demonstration=marked)
        except Exception as error:  # noqa: BLE001  # a fault in one message fails that delivery, not the batch
            logs.event("message cannot be rendered", level=logs.ERROR, error=error, delivery=item.delivery_id)
            return Refused(f"render: {type(error).__name__}")


def _cost(message: Message | Refused) -> int:
    return message.segments if isinstance(message, Text) else 1
