"""What operations know of a provider: a name, and connections that hand messages off.

One `Connection` belongs to one lane and is used by one thread at a time. It is
opened lazily, kept open, and mended by itself: after any outcome the next
`hand_off` must work if the world does.
"""

from __future__ import annotations

from typing import Protocol

from campaigns.domain.messages import Message, Outcome
from campaigns.domain.steps import Channel


class Connection(Protocol):
    """A lane's line to the provider."""

    def hand_off(self, message: Message) -> Outcome:
        """Give one message to the provider and say what it answered.

        Never raises for anything the network or the provider does; raises only when we
        are wrong (a message of the wrong kind). Returns within the provider's timeout.
        """

    def close(self) -> None:
        """Say goodbye politely if the line is up; never raises."""


class Provider(Protocol):
    """One way out of the house, for one channel."""

    name: str
    channel: Channel

    def connect(self) -> Connection:
        """Give a new line; nothing is opened until its first hand-off."""
