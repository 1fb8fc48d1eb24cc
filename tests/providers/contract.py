"""What every adapter must do, whatever it speaks.

An adapter's test gives a `world`: the provider, and an outside that can be told to
misbehave. `Contract` holds for all of them, `WireContract` for those that use a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
from typing import Protocol

import pytest

from campaigns.domain.messages import Accepted, Deferred, Email, Message, Outcome, Refused, Text, Unknown
from campaigns.domain.steps import Channel
from campaigns.providers.base import Connection, Provider

SECRET_EMAIL = "jane.secret@patients.example"
SECRET_NUMBER = "+12075550142"


def an_email(number: int = 1, *, recipient: str = SECRET_EMAIL, raw: bytes | None = None) -> Email:
    return Email(
        delivery_id=number,
        recipient=recipient,
        envelope_from="r-1@bounce.clinic.example",
        message_id=f"<{number}@clinic.example>",
        raw=raw if raw is not None else f"Subject: number {number}\r\n\r\nWords.\r\n".encode(),
    )


def a_text(number: int = 1, *, recipient: str = SECRET_NUMBER, body: str = "") -> Text:
    return Text(
        delivery_id=number,
        recipient=recipient,
        body=body or f"Number {number}. Reply STOP to end.",
        segments=1,
        callback_token=f"token-{number}",
    )


class World(Protocol):
    """One adapter and its outside."""

    provider: Provider

    def received(self) -> Sequence[int]:
        """Numbers of the messages that are outside now, in order of arrival."""

    def defer(self) -> None:
        """From now on: not now."""

    def mend(self) -> None:
        """From now on: everything works."""


class WireWorld(World, Protocol):
    """The outside at the end of a wire. Each fault holds until `mend`."""

    def refuse(self) -> None: ...
    def garble(self) -> None: ...
    def hang_before(self) -> None: ...
    def hang_after(self) -> None: ...
    def lose_before(self) -> None: ...
    def lose_after(self) -> None: ...
    def close_idle(self) -> None: ...
    def go_away(self) -> None: ...


def message_for(provider: Provider, number: int = 1) -> Message:
    return an_email(number) if provider.channel is Channel.EMAIL else a_text(number)


def reason_of(outcome: Outcome) -> str:
    match outcome:
        case Accepted():
            return ""
        case Unknown():
            return outcome.detail
    return outcome.reason


class Contract:
    """Holds for every adapter."""

    @pytest.fixture
    def line(self, world):
        line = world.provider.connect()
        yield line
        line.close()

    def send(self, world: World, line: Connection, number: int = 1) -> Outcome:
        outcome = line.hand_off(message_for(world.provider, number))
        said = reason_of(outcome)
        assert not {"jane", "secret", "patients", "2075550142", "5550142"} & set(said.lower().replace("@", " ").split())
        assert SECRET_EMAIL not in said and SECRET_NUMBER not in said
        return outcome

    def test_an_accepted_message_is_outside_and_has_a_name(self, world, line):
        outcome = self.send(world, line)
        assert isinstance(outcome, Accepted)
        assert outcome.provider_id
        assert world.received() == [1]

    def test_one_line_carries_many_messages(self, world, line):
        assert all(isinstance(self.send(world, line, number), Accepted) for number in range(1, 21))
        assert world.received() == list(range(1, 21))

    def test_a_deferred_message_is_not_outside_and_goes_at_the_next_try(self, world, line):
        world.defer()
        outcome = self.send(world, line)
        assert isinstance(outcome, Deferred)
        assert outcome.reason
        assert world.received() == []
        world.mend()
        assert isinstance(self.send(world, line), Accepted)
        assert world.received() == [1]

    def test_a_message_of_the_wrong_kind_is_our_fault_and_raises(self, world, line):
        other = a_text() if world.provider.channel is Channel.EMAIL else an_email()
        with pytest.raises(TypeError):
            line.hand_off(other)
        assert isinstance(self.send(world, line), Accepted)

    def test_connecting_and_closing_cost_nothing_and_may_be_repeated(self, world):
        line = world.provider.connect()
        line.close()
        line.close()
        assert world.received() == []

    def test_a_closed_line_opens_again_when_it_is_used(self, world, line):
        self.send(world, line, 1)
        line.close()
        assert isinstance(self.send(world, line, 2), Accepted)
        assert world.received() == [1, 2]

    def test_lanes_side_by_side_do_not_disturb_each_other(self, world):
        outcomes: list[Outcome] = []

        def lane(first: int) -> None:
            line = world.provider.connect()
            outcomes.extend(self.send(world, line, number) for number in range(first, first + 10))
            line.close()

        lanes = [Thread(target=lane, args=(start,)) for start in (10, 20, 30, 40)]
        for thread in lanes:
            thread.start()
        for thread in lanes:
            thread.join()
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert sorted(world.received()) == list(range(10, 50))


class WireContract(Contract):
    """Holds for every adapter that uses a network."""

    def test_a_refused_message_is_not_outside_and_the_next_one_goes(self, world, line):
        world.refuse()
        assert isinstance(self.send(world, line), Refused)
        assert world.received() == []
        world.mend()
        assert isinstance(self.send(world, line, 2), Accepted)
        assert world.received() == [2]

    def test_garbage_instead_of_an_answer_leaves_the_outcome_unknown(self, world, line):
        world.garble()
        assert isinstance(self.send(world, line), Unknown)
        self.works_again(world, line)

    def test_silence_before_the_message_left_defers_it(self, world, line):
        world.hang_before()
        assert isinstance(self.send(world, line), Deferred)
        assert world.received() == []
        self.works_again(world, line)

    def test_silence_after_the_message_left_makes_it_unknown(self, world, line):
        world.hang_after()
        assert isinstance(self.send(world, line), Unknown)
        self.works_again(world, line)

    def test_a_connection_lost_before_the_message_left_defers_it(self, world, line):
        world.lose_before()
        assert isinstance(self.send(world, line), Deferred)
        assert world.received() == []
        self.works_again(world, line)

    def test_a_connection_lost_after_the_message_left_makes_it_unknown(self, world, line):
        world.lose_after()
        assert isinstance(self.send(world, line), Unknown)
        assert world.received() == [1]
        self.works_again(world, line)

    def test_a_kept_connection_that_the_server_closed_is_replaced_without_notice(self, world, line):
        self.send(world, line, 1)
        world.close_idle()
        assert isinstance(self.send(world, line, 2), Accepted)
        assert world.received() == [1, 2]

    def test_a_server_that_is_not_there_defers(self, world, line):
        self.send(world, line, 1)
        world.go_away()
        assert isinstance(self.send(world, line, 2), Deferred)
        assert isinstance(self.send(world, line, 3), Deferred)

    def works_again(self, world: WireWorld, line: Connection) -> None:
        world.mend()
        before = len(world.received())
        assert isinstance(self.send(world, line, 99), Accepted)
        assert len(world.received()) == before + 1
