"""The one place that reads a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.clock import file_clock, system_clock, write_clock

THEN = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert system_clock().utcoffset() == timedelta(0)
    assert abs(system_clock() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_clock_at_rate_zero_stands_still_until_it_is_moved(tmp_path) -> None:
    file = tmp_path / "clock"
    write_clock(file, THEN)
    clock = file_clock(file)
    assert clock() == clock() == THEN
    write_clock(file, THEN + timedelta(days=1))
    assert clock() == THEN + timedelta(days=1)


def test_a_fast_clock_runs_ahead_of_life(tmp_path) -> None:
    file = tmp_path / "clock"
    write_clock(file, THEN, rate=1_000_000)
    clock = file_clock(file)
    first, second = clock(), clock()
    assert THEN < first < second


def test_writing_leaves_no_half_file_behind(tmp_path) -> None:
    write_clock(tmp_path / "clock", THEN)
    assert [file.name for file in tmp_path.iterdir()] == ["clock"]


def test_a_clock_file_that_is_not_there_is_an_error_and_not_the_system_time(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        file_clock(tmp_path / "clock")()
