"""A blocking client in a thread of its own looks like any other line."""

from __future__ import annotations

import select
import threading

import pytest

from campaigns.domain.messages import Accepted, Message, Outcome, Text
from campaigns.providers.in_thread import InThread

TEXT = Text(delivery_id=1, recipient="+12075550123", body="Hello", segments=1, callback_token="t")


class Slow(InThread):
    """Hands off when it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.answer: Outcome | Exception = Accepted("x")
        self.hung_up = 0

    def hand_off(self, message: Message) -> Outcome:  # noqa: ARG002  # any is as good
        assert self.let.wait(20)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def hang_up(self) -> None:
        self.hung_up += 1


def readable(line: Slow, seconds: float) -> bool:
    poll = select.poll()
    poll.register(line.waits_for()[0], select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def test_it_can_be_read_as_soon_as_the_provider_has_answered() -> None:
    line = Slow()
    for _ in range(3):
        line.let.clear()
        assert line.begin(TEXT) is None
        assert not readable(line, 0)
        line.let.set()
        assert readable(line, 20)
        assert line.advance() == Accepted("x")
    line.close()
    assert line.hung_up == 1


def test_what_the_client_raises_is_raised_where_the_answer_is_fetched() -> None:
    line = Slow()
    line.let.set()
    line.answer = TypeError("not a text")
    line.begin(TEXT)
    assert readable(line, 20)
    with pytest.raises(TypeError, match="not a text"):
        line.advance()
    line.close()


def test_a_line_that_is_closed_in_the_middle_leaves_the_rest_to_itself_and_works_again() -> None:
    line = Slow()
    line.begin(TEXT)
    line.close()
    line.let.set()
    line.begin(TEXT)
    assert readable(line, 20)
    assert line.advance() == Accepted("x")
    line.close()


def test_closing_twice_or_before_use_does_no_harm() -> None:
    line = Slow()
    line.close()
    line.close()
    assert line.hung_up == 2
