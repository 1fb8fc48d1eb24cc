"""How often the form may make a message leave."""

from __future__ import annotations

import pytest

from campaigns.domain.sign_ups import Counted, Limits, Tally, held_back, keys_of
from campaigns.domain.steps import Channel

LIMITS = Limits(email_an_hour=3, email_a_day=10, number_a_day=3, prefix_a_day=20, ip_a_day=200)
EMAIL, SMS = Channel.EMAIL, Channel.SMS


@pytest.mark.parametrize(
    ("counted", "tally", "channels"),
    [
        (Counted.EMAIL, Tally(3, 10), set()),
        (Counted.EMAIL, Tally(4, 4), {EMAIL}),
        (Counted.EMAIL, Tally(1, 11), {EMAIL}),
        (Counted.NUMBER, Tally(3, 3), set()),
        (Counted.NUMBER, Tally(0, 4), {SMS}),
        (Counted.PREFIX, Tally(20, 20), set()),
        (Counted.PREFIX, Tally(1, 21), {SMS}),
        (Counted.IP, Tally(200, 200), set()),
        (Counted.IP, Tally(1, 201), {EMAIL, SMS}),
    ],
)
def test_each_limit_holds_back_its_own_channels(counted, tally: Tally, channels: set[Channel]) -> None:
    assert held_back({counted: tally}, LIMITS) == channels


def test_limits_add_up() -> None:
    assert held_back({Counted.EMAIL: Tally(4, 4), Counted.NUMBER: Tally(4, 4)}, LIMITS) == {EMAIL, SMS}
    assert held_back({}, LIMITS) == set()


def test_a_sign_up_is_counted_by_all_that_is_known_of_it() -> None:
    assert keys_of("sam@example.com", "+12075550142", "192.0.2.1") == {
        Counted.EMAIL: "sam@example.com",
        Counted.NUMBER: "+12075550142",
        Counted.PREFIX: "+12075550",
        Counted.IP: "192.0.2.1",
    }
    assert keys_of("sam@example.com", None, "") == {Counted.EMAIL: "sam@example.com"}


def test_a_household_with_many_addresses_is_one_place() -> None:
    def place(ip: str) -> str:
        return keys_of("sam@example.com", None, ip)[Counted.IP]

    assert place("2001:db8:1:2::1") == place("2001:db8:1:2:ffff::9")
    assert place("2001:db8:1:2::1") != place("2001:db8:1:3::1")
    assert place("::ffff:192.0.2.1") == place("192.0.2.1")
    assert place("not an address") == "not an address"
