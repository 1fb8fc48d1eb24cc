"""What operations know of a provider: a name, and connections that hand messages off.

One `Connection` belongs to one lane and is used by one thread at a time. It is
opened lazily, kept open, and mended by itself: after any outcome the next
`hand_off` must work if the world does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from campaigns.domain.messages import Found, Message, Outcome, Trace
from campaigns.domain.steps import Channel
from campaigns.domain.streams import StreamName


class Connection(Protocol):
    """A lane's line to the provider."""

    def hand_off(self, message: Message) -> Outcome:
        """Give one message to the provider and say what it answered.

        Never raises for anything the network or the provider does; raises only when we
        are wrong (a message of the wrong kind). Returns within the provider's timeout.
        """

    def begin(self, message: Message) -> Outcome | None:
        """Begin to hand off a message; None if the provider's answer has to be waited for.

        So that one thread can keep several lines busy: it waits for any of them as `waits_for`
        says, then calls `advance`. `hand_off` is all of that for one line.
        """

    def advance(self) -> Outcome | None:
        """Go on with what was begun, now that there is something to read or its time is up."""

    def waits_for(self) -> tuple[int, float]:
        """Give what is waited for: a file descriptor to become readable, until when on the monotonic clock."""

    def close(self) -> None:
        """Say goodbye politely if the line is up; never raises."""


class AtOnce(ABC):
    """A line that has nothing to wait for: its whole hand-off is done when it has begun."""

    @abstractmethod
    def hand_off(self, message: Message) -> Outcome:
        """See `Connection`."""

    def begin(self, message: Message) -> Outcome | None:
        """Do all of it."""
        return self.hand_off(message)

    def advance(self) -> Outcome | None:
        """Never called."""
        raise AssertionError("nothing was begun")

    def waits_for(self) -> tuple[int, float]:
        """Never called."""
        raise AssertionError("nothing is waited for")


class Provider(Protocol):
    """One way out of the house, for one channel."""

    name: str
    channel: Channel
    sender: str
    """Our domain, number or messaging service: with `name` it makes the stream."""
    captures: bool
    """Keeps messages on this machine instead of sending them."""

    def connect(self) -> Connection:
        """Give a new line; nothing is opened until its first hand-off."""

    def ask(self, trace: Trace) -> Found | None:
        """Ask what became of a text in doubt; None if the provider cannot be asked, or does not answer."""


def name_of(provider: Provider) -> StreamName:
    """Give the stream that a provider's messages take."""
    return StreamName(provider.channel, provider.name, provider.sender)
