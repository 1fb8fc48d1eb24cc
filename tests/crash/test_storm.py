"""Everything at once: faults outside, kills inside, people who stop; the servers tell what became of it."""

from __future__ import annotations

import pytest

from tests.crash.service import seed_number
from tests.crash.storm import FULL, SHORT, line, weather


def test_six_hundred_messages_weather_a_storm():
    _weather(SHORT)


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("run", range(3))
def test_ten_thousand_messages_weather_a_storm(run):
    _weather(FULL, run)


def _weather(size, run=0):
    number = seed_number() + run
    print(line(number, weather(number, size)))  # noqa: T201  # the figures of the run
