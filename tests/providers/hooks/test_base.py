"""The pieces of proof that all readers share."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campaigns.errors import Forged
from campaigns.providers.hooks.base import NotProvenYet, check_time, from_base64, header, same
from tests.providers.hooks.posts import NOW, STAMP, post


def test_a_header_that_is_missing_or_empty_proves_nothing():
    call = post(b"", {"webhook-id": " one ", "empty": " "})
    assert header(call, "webhook-id") == "one"
    for name in ("empty", "absent"):
        with pytest.raises(Forged):
            header(call, name)


def test_words_and_bytes_of_any_letters_are_compared():
    assert same("signé", "signé".encode())
    assert not same("signé", "signe")
    assert not same("", "x")
    assert same("\ud800", "\ud800")


@pytest.mark.parametrize("written", ["a", "YQ==\n", "Y Q=", "ÿ", "-_-_"])
def test_a_signature_that_is_not_base64_proves_nothing(written):
    with pytest.raises(Forged):
        from_base64(written)


def test_a_signature_in_base64_is_read():
    assert from_base64("YQ==") == b"a"


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_a_time_on_the_edge_of_the_tolerance_is_good(off):
    check_time(str(int(STAMP) + off), NOW)


@pytest.mark.parametrize("off", [-301, 301])
def test_a_time_beyond_the_tolerance_is_stale_on_both_sides(off):
    with pytest.raises(Forged):
        check_time(str(int(STAMP) + off), NOW)


def test_past_and_future_have_tolerances_of_their_own():
    check_time(str(int(STAMP) - 3_600), NOW, past=timedelta(hours=1))
    with pytest.raises(Forged):
        check_time(str(int(STAMP) + 1), NOW, past=timedelta(hours=1), future=timedelta(0))


@pytest.mark.parametrize("stamp", ["", "now", "1.5", "-1", "+1", "1_6", "٣" * 10, "²" * 10, "9" * 13, "9" * 10_000])
def test_a_time_that_is_not_written_in_whole_seconds_proves_nothing(stamp):
    with pytest.raises(Forged):
        check_time(stamp, NOW, past=timedelta(days=100_000))


def test_what_cannot_be_proved_yet_counts_as_not_proved():
    assert issubclass(NotProvenYet, Forged)
    assert str(NotProvenYet()) == "What would prove this call is out of reach at the moment. Send it again later."
