"""Requirements 24 to 27: nobody gets a text twice because an answer was lost, a server failed or a worker died."""

from __future__ import annotations

import inspect
import socket
import threading
from contextlib import suppress
from datetime import timedelta
from select import select

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Unknown
from campaigns.domain.receipts import Kind
from campaigns.operations.recover import recover
from campaigns.operations.send import send_batch
from campaigns.operations.settlements import LOOKS
from campaigns.providers.twilio import Twilio
from campaigns.settings import Settings
from tests.compliance.wire import BRIEF, Wire, twilio, wired
from tests.factories import GRACE, HOUR, MINUTE, SERVICE_TEXTS
from tests.providers.contract import a_text
from tests.servers.twilio_server import Rule

LONGEST = timedelta(seconds=12)
SOME = timedelta(seconds=20)
DROPS = 40
"""As many as fall within ten timeouts."""


def somebody(wire: Wire) -> int:
    """A person whose confirmation by text is due now."""
    return wire.registration(wire.session(), SERVICE_TEXTS)


# 24: ambiguous POST


def test_s24_an_answer_that_is_lost_leaves_one_message_and_listing_names_it(wire: Wire) -> None:
    mine = somebody(wire)
    wire.fake.script(Rule(keep=True, close=True, times=1))
    wire.work()
    row = wire.delivery(mine, "C1")
    assert (row.status, row.provider_id) == (Status.UNKNOWN, None)
    for _ in range(3):
        wire.restart(SOME)
    (sms,) = wire.fake.messages
    row = wire.delivery(mine, "C1")
    assert (row.status, row.provider_id, row.attempt, row.reason) == (Status.SENT, sms.sid, 1, None)
    assert len(wire.fake.posts) == 1
    assert wire.attempts(mine) == [("C1", 1, "unknown"), ("C1", 1, "resolved")]


def test_s24_three_restarts_before_the_first_look_send_nothing_and_change_nothing(wire: Wire) -> None:
    mine = somebody(wire)
    wire.fake.script(Rule(keep=True, close=True, times=1))
    wire.work()
    for _ in range(3):
        wire.restart(LOOKS[0] / 4)
    assert wire.delivery(mine, "C1").status == Status.UNKNOWN
    assert len(wire.fake.posts) == len(wire.fake.messages) == 1


def test_s24_a_message_still_in_twilios_queue_is_found_without_its_date_of_sending(wire: Wire) -> None:
    mine = somebody(wire)
    wire.fake.script(Rule(keep=True, close=True, times=1))
    wire.work()
    (sms,) = wire.fake.messages
    assert wire.fake.store.resource(sms)["date_sent"] is None
    wire.restart(LOOKS[0])
    assert wire.delivery(mine, "C1").provider_id == sms.sid


def test_s24_a_status_callback_names_it_before_anybody_asks(wire: Wire) -> None:
    mine = somebody(wire)
    wire.fake.script(Rule(keep=True, close=True, times=1))
    wire.work()
    (sms,) = wire.fake.messages
    wire.hear(receipts=[wire.status(mine, "C1", Kind.ACCEPTED, provider_id=sms.sid)])
    wire.apply()
    asked = wire.fake.requests
    for _ in range(3):
        wire.restart(SOME)
    row = wire.delivery(mine, "C1")
    assert (row.status, row.provider_id) == (Status.SENT, sms.sid)
    assert (len(wire.fake.posts), wire.fake.requests) == (1, asked)


def test_s24_what_listing_never_shows_was_not_taken_and_goes_once_more_at_most(wire: Wire) -> None:
    mine = somebody(wire)
    wire.fake.script(Rule(close=True))  # never taken, again and again
    wire.work()
    for _ in range(2):
        for after in LOOKS:
            wire.restart(after)
        wire.work()
    wire.restart(HOUR)
    assert wire.delivery(mine, "C1").status == Status.FAILED
    assert len(wire.fake.posts) == 2


def test_s24_a_text_of_another_moment_or_with_other_words_is_not_taken_for_it(wire: Wire) -> None:
    mine = somebody(wire)
    wire.fake.script(Rule(close=True, times=1))
    wire.fake.store.add({"To": "+12075550123", "Body": "Something else", "MessagingServiceSid": "MG0"})
    wire.work()
    words = wire.fake.posts[0].body
    wire.clock.forward(minutes=4)
    wire.fake.store.add({"To": "+12075550123", "Body": words, "MessagingServiceSid": "MG0"})
    wire.restart(LOOKS[0])
    assert wire.delivery(mine, "C1").status == Status.UNKNOWN


# 25: no retry of what failed, retry of what was turned away


@pytest.mark.parametrize(("status", "code"), [(500, 0), (502, 30001), (503, 20503), (504, 20429)])
def test_s25_a_server_that_fails_is_asked_once(wire: Wire, status: int, code: int) -> None:
    mine = somebody(wire)
    wire.fake.script(Rule(status=status, code=code))
    wire.work()
    for _ in range(3):
        wire.restart(LOOKS[0] / 4)
    wire.restart(LOOKS[0])  # now it has been looked for, in vain
    assert wire.delivery(mine, "C1").status == Status.UNKNOWN
    assert len(wire.fake.posts) == 1


def test_s25_turned_away_twice_it_goes_at_the_third_time_after_growing_waits(wire: Wire) -> None:
    mine = somebody(wire)
    wire.fake.script(Rule(status=429, code=20429, times=2))
    dues = [wire.delivery(mine, "C1").due_at]
    for _ in range(2):
        wire.work()
        row = wire.delivery(mine, "C1")
        assert row.status == Status.PLANNED
        dues.append(row.due_at)
        wire.clock.now = row.due_at - timedelta(seconds=1)
        assert wire.work() == 0
        wire.clock.now = row.due_at
    wire.work()
    (sms,) = wire.fake.messages
    row = wire.delivery(mine, "C1")
    assert (row.status, row.provider_id, row.attempt) == (Status.SENT, sms.sid, 3)
    assert [one.at for one in wire.fake.posts] == dues
    assert timedelta(0) < dues[1] - dues[0] < dues[2] - dues[1]
    assert wire.attempts(mine) == [("C1", 1, "deferred"), ("C1", 2, "deferred")]


def test_s25_whoever_turns_us_away_may_say_for_how_long(wire: Wire) -> None:
    mine = somebody(wire)
    wire.fake.script(Rule(status=429, code=20429, retry_after="600", times=1))
    wire.work()
    assert wire.delivery(mine, "C1").due_at == wire.clock() + 10 * MINUTE


# 26: crash between the commit of the hand-off and the answer


@pytest.mark.parametrize("arrived", [True, False])
def test_s26_a_doorbell_that_rings_again_after_a_crash_sends_nothing_new(wire: Wire, arrived: bool) -> None:  # noqa: FBT001
    """The worker dies in its hand-off: just before the request leaves, or just after it has arrived."""
    mine = somebody(wire)
    wire.dispatch()
    (batch,) = [batch for queue, batch in wire.bells if queue.startswith("sms")]
    sound, wire.sms = wire.sms, Dying(wire.sms, arrived=arrived)
    desk = wire.desk()
    with pytest.raises(SystemExit):
        send_batch(desk, batch)
    desk.close()
    wire.sms = sound
    before = len(wire.fake.posts)
    assert (before, wire.delivery(mine, "C1").status) == (int(arrived), Status.SENDING)
    for _ in range(3):
        desk = wire.desk()
        assert send_batch(desk, batch) == 0
        desk.close()
    wire.clock.forward(seconds=10)
    assert recover(wire.engine, wire.clock(), grace=GRACE) >= 1
    assert wire.delivery(mine, "C1").status == Status.UNKNOWN
    wire.work()
    desk = wire.desk()
    assert send_batch(desk, batch) == 0
    desk.close()
    assert len(wire.fake.posts) == before
    wire.restart(LOOKS[0])
    assert wire.delivery(mine, "C1").status == (Status.SENT if arrived else Status.UNKNOWN)
    assert len(wire.fake.posts) == before


def test_s26_a_worker_that_lives_is_not_taken_for_dead(wire: Wire) -> None:
    mine = somebody(wire)
    seen = []

    def recovering(text):
        wire.clock.forward(minutes=5)
        seen.append((recover(wire.engine, wire.clock(), grace=GRACE), wire.delivery(mine, "C1").status))
        return f"https://class.example.org/hooks/twilio/status/{text.callback_token}"

    wire.sms = twilio(wire.fake, callback_url=recovering)
    wire.work()
    assert seen == [(0, Status.SENDING)]
    assert wire.delivery(mine, "C1").status == Status.SENT


# 27: a server that does not answer


def test_s27_a_server_that_hangs_gives_control_back_as_unknown(wire: Wire) -> None:
    wire.fake.script(Rule())
    line = twilio(wire.fake, timeout=BRIEF).connect()
    outcome = line.hand_off(a_text())
    line.close()
    assert isinstance(outcome, Unknown)
    assert len(wire.fake.posts) == 1


@pytest.mark.parametrize("taken", [True, False])
def test_s27_a_text_that_hangs_holds_up_no_other_and_is_not_sent_twice(wire: Wire, taken: bool) -> None:  # noqa: FBT001
    mine, other = somebody(wire), somebody(wire)
    wire.sms = twilio(wire.fake, timeout=BRIEF)
    wire.fake.script(Rule(keep=taken, times=1))
    wire.work()
    assert sorted(wire.delivery(one, "C1").status for one in (mine, other)) == [Status.SENT, Status.UNKNOWN]
    assert len(wire.fake.posts) == 2
    wire.fake.script()
    wire.restart(LOOKS[0])
    assert len(wire.fake.posts) == 2


def test_s27_a_server_that_drips_its_answer_does_not_keep_a_worker(wire: Wire) -> None:
    """Each byte comes in time, the answer never does: the whole of it has to be there within the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        drops = []
        dripping = threading.Thread(target=drip, args=(listener, drops))
        dripping.start()
        line = twilio(wire.fake, timeout=BRIEF, base_url=f"http://127.0.0.1:{listener.getsockname()[1]}").connect()
        outcome = line.hand_off(a_text())
        line.close()
        dripping.join()
    assert isinstance(outcome, Unknown)
    assert len(drops) < DROPS


def drip(listener: socket.socket, drops: list[int]) -> None:
    """Answer one request byte by byte until the caller has had enough, or the last drop has fallen."""
    caller, _ = listener.accept()
    with caller, suppress(OSError):
        caller.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
        for drop in range(DROPS):
            caller.sendall(b" ")
            drops.append(drop)
            if select([caller], [], [], BRIEF.total_seconds() / 4)[0] and not caller.recv(10_000):
                return  # hung up


def test_s27_nobody_waits_longer_than_twelve_seconds_unless_told_to() -> None:
    assert Settings.model_fields["twilio_timeout"].default <= LONGEST
    assert inspect.signature(Twilio).parameters["timeout"].default <= LONGEST


class Dying:
    """The real provider in a process that is killed in the middle of its hand-off."""

    def __init__(self, real: Twilio, *, arrived: bool) -> None:
        self.name, self.channel, self.sender, self.captures = real.name, real.channel, real.sender, real.captures
        self._real, self._arrived = real, arrived

    def connect(self):
        line = self._real.connect()
        send = line.hand_off

        def die(message):
            if self._arrived:
                send(message)
            raise SystemExit

        line.hand_off = die
        return line


@pytest.fixture
def wire(engine):
    with wired(engine) as wire:
        yield wire
