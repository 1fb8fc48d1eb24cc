"""A batch under way: what a lane takes from, and everything they judge and render by."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from campaigns.clock import Clock
from campaigns.domain.steps import Channel, Priority, Step
from campaigns.domain.streams import Stream
from campaigns.operations.consequences import Consequences, Streak
from campaigns.operations.last_look import Rules, Verdict, look
from campaigns.operations.turns import Turns
from campaigns.operations.words import Words
from campaigns.store.engine import Engine, transaction
from campaigns.store.ledger_claim import urgent_waits
from campaigns.store.ledger_line import Way
from campaigns.store.letters import Item

_OFTEN: Final = 1.0
"""Seconds for which bulk goes on before it looks whether something urgent waits for a worker; and between two looks."""


@dataclass(slots=True)
class Courtesy:
    """A batch of bulk does not keep its worker from what is urgent, however slow the provider is."""

    engine: Engine
    channel: Channel
    priority: Priority
    looked_at: float = field(default_factory=time.monotonic)

    def gives_way(self) -> bool:
        """Say whether the rest of the batch goes back to the plan, because an urgent batch waits for a worker."""
        if self.priority is Priority.URGENT or time.monotonic() - self.looked_at < _OFTEN:
            return False
        self.looked_at = time.monotonic()
        with transaction(self.engine) as db:
            return urgent_waits(db, self.channel)


@dataclass(frozen=True, slots=True)
class Share:
    """A batch under way, from which a lane takes its next deliveries."""

    way: Way
    items: deque[Item]
    steps: Mapping[int, Step]
    versions: Mapping[str, int]
    approved: frozenset[int]
    """The template versions that may leave."""
    demonstrations: frozenset[int]
    """Those of them that no clinician has approved."""
    words: Words
    rules: Rules
    stream: Stream
    streak: Streak
    turns: Turns
    consequences: Consequences
    clock: Clock
    stopping: Callable[[], bool]
    courtesy: Courtesy
    first_look: timedelta
    """After which a text in doubt is looked for at its provider."""

    def take(self) -> Item | None:
        """Give the next delivery; None when none is left, the worker is to stop, or something urgent waits for it."""
        if self.stopping():
            return None
        if self.items and self.courtesy.gives_way():
            self.items.clear()
        try:
            return self.items.popleft()
        except IndexError:
            return None

    def version_of(self, step: Step) -> int | None:
        """Give the template version a step is rendered from."""
        return self.versions.get(step.template)

    def look(self, item: Item, step: Step) -> Verdict:
        """Ask whether it may leave."""
        version = self.version_of(step)
        return look(item, step, self.rules, self.clock(), approved=version is None or version in self.approved)
