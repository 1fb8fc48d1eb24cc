"""How often one address may press a button."""

from campaigns.web import pace
from campaigns.web.pace import Pace


class Seconds:
    """A clock in seconds, moved by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_acts_pass_within_a_minute_and_the_next_has_to_wait():
    clock = Seconds()
    brake = Pace(2, clock)
    assert [brake.wait("a"), brake.wait("a"), brake.wait("a")] == [0, 0, 61]


def test_wait_ends_when_the_first_act_is_a_minute_old():
    clock = Seconds()
    brake = Pace(2, clock)
    brake.wait("a")
    clock.now += 30
    brake.wait("a")
    clock.now += 20
    assert brake.wait("a") == 11
    clock.now += 10
    assert brake.wait("a") == 0
    assert brake.wait("a") == 31


def test_addresses_do_not_wait_for_each_other():
    brake = Pace(1, Seconds())
    assert [brake.wait("a"), brake.wait("b")] == [0, 0]


def test_refused_acts_do_not_lengthen_the_wait():
    clock = Seconds()
    brake = Pace(1, clock)
    brake.wait("a")
    for _ in range(5):
        clock.now += 10
        brake.wait("a")
    clock.now += 10
    assert brake.wait("a") == 0


def test_memory_has_an_end(monkeypatch):
    monkeypatch.setattr(pace, "_MOST_ADDRESSES", 3)
    brake = Pace(1, Seconds())
    for key in "abcd":
        brake.wait(key)
    assert set(brake._seen) == {"b", "c", "d"}
