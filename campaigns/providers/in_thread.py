"""A line to a provider whose client blocks: each hand-off is an errand."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import partial

from campaigns.domain.messages import Message, Outcome
from campaigns.providers.errand import Errand


class InThread(ABC):
    """Makes a `Connection` of a blocking `hand_off`. Its thread lives from the first use until `close`."""

    _errand: Errand[Outcome] | None = None

    @abstractmethod
    def hand_off(self, message: Message) -> Outcome:
        """See `Connection`; must end by itself within the provider's timeout."""

    @abstractmethod
    def hang_up(self) -> None:
        """Close what `hand_off` keeps open; never raises."""

    def begin(self, message: Message) -> None:
        """Let the thread do it."""
        if self._errand is None:
            self._errand = Errand()
        self._errand.begin(partial(self.hand_off, message))

    def advance(self) -> Outcome | None:
        """Give what `hand_off` gave, or raise what it raised; waits for it if it is not over."""
        assert self._errand is not None
        return self._errand.end()

    def waits_for(self) -> tuple[int, float]:
        """See `Connection`; the provider's own timeout ends every wait."""
        assert self._errand is not None
        return self._errand.hears, math.inf

    def close(self) -> None:
        """Hang up; what is under way is left to itself, and nobody learns how it ended."""
        if self._errand is not None:
            self._errand.close()
            self._errand = None
        self.hang_up()
