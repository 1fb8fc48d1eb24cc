"""A provider that answers as a test tells it, and a clock that is moved by hand."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from threading import Lock

from campaigns.domain.messages import Accepted, Deferred, Email, Found, Message, Outcome, Refused, Trace, Unknown
from campaigns.domain.steps import Channel
from campaigns.providers.base import AtOnce
from campaigns.providers.in_thread import InThread

ACCEPT = Accepted("provider-1")
DEFER = Deferred("451 later")
REFUSE = Refused("550 no such mailbox")
DOUBT = Unknown("the answer to the final dot was lost")


@dataclass
class HandClock:
    """A clock that stands where it is put."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> datetime:
        """Move on by a span, as `timedelta` takes it."""
        self.now += timedelta(**span)
        return self.now


Answer = Outcome | Exception | Callable[[Message], Outcome]


@dataclass
class ScriptedProvider:
    """Answers each message with the next line of the script, then accepts; remembers what it was handed."""

    channel: Channel
    name: str = "scripted"
    sender: str = "tests"
    captures: bool = True
    script: deque[Answer] = field(default_factory=deque)
    seen: list[Message] = field(default_factory=list)
    asked: list[Trace] = field(default_factory=list)
    known: deque[Found | None] = field(default_factory=deque)
    """What it says when it is asked for a text in doubt."""
    closed: int = 0
    _lock: Lock = field(default_factory=Lock)

    def will(self, *answers: Answer) -> None:
        """Add lines to the script; an exception is raised, a function is called with the message."""
        self.script.extend(answers)

    def connect(self) -> ScriptedLine:
        return ScriptedLine(self)

    def ask(self, trace: Trace) -> Found | None:
        """Answer with the next line of `known`, or that it cannot be asked."""
        self.asked.append(trace)
        return self.known.popleft() if self.known else None

    @property
    def message_ids(self) -> list[str]:
        """Message-IDs in the order of the hand-offs."""
        return [str(message_from_bytes(one.raw)["Message-ID"]) for one in self.seen if isinstance(one, Email)]

    def answer(self, message: Message) -> Outcome:
        with self._lock:
            self.seen.append(message)
            answer = self.script.popleft() if self.script else ACCEPT
        if isinstance(answer, Exception):
            raise answer
        return answer(message) if callable(answer) else answer


@dataclass(eq=False)
class ScriptedLine(AtOnce):
    """A lane's line to the scripted provider."""

    provider: ScriptedProvider

    def hand_off(self, message: Message) -> Outcome:
        return self.provider.answer(message)

    def close(self) -> None:
        self.provider.closed += 1


@dataclass
class SlowProvider(ScriptedProvider):
    """Takes some real seconds over each answer, and remembers how many it was asked at once."""

    seconds: float = 0.3
    under_way: int = 0
    most: int = 0

    def connect(self) -> SlowLine:
        return SlowLine(self)

    def answer(self, message: Message) -> Outcome:
        with self._lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        time.sleep(self.seconds)
        with self._lock:
            self.under_way -= 1
        return super().answer(message)


@dataclass(eq=False)
class SlowLine(InThread):
    """A lane's line to the slow provider."""

    provider: SlowProvider

    def hand_off(self, message: Message) -> Outcome:
        return self.provider.answer(message)

    def hang_up(self) -> None:
        self.provider.closed += 1
