"""What the shipped table says of Twilio's codes, one example or more for every row of the compliance sheet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.rulings import Act, Ruling, ToAddress, ToStream, judge_code, suppress_now
from campaigns.domain.steps import Channel
from campaigns.rules import read_twilio_codes

TABLE = read_twilio_codes()
RETRY, REFUSE, UNKNOWN = Act
KEEP, SUPPRESS, SOFT, _, INCAPABLE = ToAddress
CALM, SLOW, _, PAUSE = ToStream

API = [
    # code, HTTP status, what becomes of the text, the number, the stream, the alert
    (20429, 429, RETRY, KEEP, SLOW, ""),
    (None, 429, RETRY, KEEP, SLOW, ""),
    (None, 500, UNKNOWN, KEEP, CALM, ""),
    (20500, 500, UNKNOWN, KEEP, CALM, ""),
    (None, 503, UNKNOWN, KEEP, CALM, ""),
    (30001, 502, UNKNOWN, KEEP, CALM, ""),
    (20003, 401, RETRY, KEEP, PAUSE, "page"),
    (20003, 403, RETRY, KEEP, PAUSE, "page"),
    (None, 401, RETRY, KEEP, PAUSE, "page"),
    (77, 401, RETRY, KEEP, PAUSE, "page"),
    (21211, 400, REFUSE, SUPPRESS, CALM, ""),
    (21614, 400, REFUSE, INCAPABLE, CALM, ""),
    (21635, 400, REFUSE, INCAPABLE, CALM, ""),
    (21612, 400, REFUSE, KEEP, CALM, "config"),
    (21408, 400, REFUSE, KEEP, CALM, "config"),
    (21606, 400, REFUSE, KEEP, PAUSE, "config"),
    (21608, 400, REFUSE, KEEP, CALM, "config"),
    (21610, 400, REFUSE, SUPPRESS, CALM, ""),
    (21611, 400, RETRY, KEEP, SLOW, ""),
    (21617, 400, REFUSE, KEEP, CALM, "template"),
    (21703, 400, REFUSE, KEEP, PAUSE, "config"),
    (21704, 400, REFUSE, KEEP, PAUSE, "config"),
    (21730, 400, RETRY, KEEP, CALM, ""),
    (23002, 400, REFUSE, KEEP, CALM, "config"),
    (23005, 400, REFUSE, KEEP, CALM, "config"),
    (23006, 400, REFUSE, KEEP, CALM, "config"),
    (30029, 400, REFUSE, KEEP, CALM, "config"),
    (30030, 400, REFUSE, KEEP, CALM, "config"),
    (60728, 400, RETRY, KEEP, SLOW, ""),
    (63017, 400, RETRY, KEEP, SLOW, ""),
    (63038, 400, RETRY, KEEP, SLOW, "page"),
    # What no row names.
    (21999, 400, REFUSE, KEEP, CALM, "bug"),
    (29999, 400, REFUSE, KEEP, CALM, "bug"),
    (39999, 400, REFUSE, KEEP, CALM, "bug"),
    (None, 400, REFUSE, KEEP, CALM, "bug"),
    (None, 403, REFUSE, KEEP, CALM, "bug"),
    (None, 307, UNKNOWN, KEEP, CALM, ""),
    (None, None, UNKNOWN, KEEP, CALM, ""),
]
CALLBACK = [
    (30001, RETRY, KEEP, SLOW, ""),
    (30002, REFUSE, KEEP, PAUSE, "page"),
    (30003, RETRY, SOFT, CALM, ""),
    (30004, REFUSE, SUPPRESS, CALM, ""),
    (30005, REFUSE, SUPPRESS, CALM, ""),
    (30006, REFUSE, INCAPABLE, CALM, ""),
    (30007, REFUSE, KEEP, CALM, "review"),
    (30008, RETRY, SOFT, CALM, ""),
    (30022, RETRY, KEEP, SLOW, "config"),
    (30023, RETRY, KEEP, CALM, "page"),
    (30027, RETRY, KEEP, CALM, "page"),
    (30032, REFUSE, KEEP, PAUSE, "page"),
    (30034, REFUSE, KEEP, PAUSE, "page"),
    (30036, RETRY, KEEP, CALM, "config"),
    (30450, REFUSE, KEEP, CALM, "review"),
    (30610, RETRY, KEEP, CALM, "bug"),
    (30640, REFUSE, SUPPRESS, CALM, "review"),
    (63017, RETRY, KEEP, SLOW, ""),
    (63038, RETRY, KEEP, SLOW, "page"),
    (21610, REFUSE, SUPPRESS, CALM, ""),
    # Rows that the sheet does not name.
    (30024, REFUSE, KEEP, CALM, "config"),
    (30410, REFUSE, KEEP, CALM, ""),
    (30500, RETRY, KEEP, CALM, ""),
    # What no row names.
    (39999, REFUSE, SOFT, CALM, "review"),
    (21999, REFUSE, KEEP, CALM, "bug"),
    (12345, REFUSE, KEEP, CALM, "review"),
    (0, REFUSE, KEEP, CALM, "review"),
    (None, REFUSE, KEEP, CALM, "review"),
]


@pytest.mark.parametrize(
    ("code", "status", "act", "address", "stream", "alert"), API, ids=[f"{row[0]} {row[1]}" for row in API]
)
def test_requirement_28_every_answer_to_a_request_has_its_ruling(code, status, act, address, stream, alert):
    found = judge_code(TABLE, code, status, callback=False)
    assert (found.act, found.address, found.stream, found.alert) == (act, address, stream, alert)
    assert found.words


@pytest.mark.parametrize(("code", "act", "address", "stream", "alert"), CALLBACK, ids=[str(row[0]) for row in CALLBACK])
def test_requirement_28_every_failure_told_by_callback_has_its_ruling(code, act, address, stream, alert):
    found = judge_code(TABLE, code, None, callback=True)
    assert (found.act, found.address, found.stream, found.alert) == (act, address, stream, alert)
    assert found.words


@pytest.mark.parametrize(
    ("code", "minutes", "once", "slow"),
    [
        (30003, 60, True, 1), (30008, 60, True, 1), (30022, None, False, 4), (30610, 60, False, 1),
        (60728, 60, False, 1), (30001, None, False, 1), (30500, 5, True, 1),
    ],
)  # fmt: skip
def test_requirement_28_what_is_tried_again_waits_as_the_sheet_says(code, minutes, once, slow):
    found = judge_code(TABLE, code, None, callback=True)
    assert found.wait == (timedelta(minutes=minutes) if minutes else None)
    assert (found.once, found.slow) == (once, slow)


def test_a_soft_failure_suppresses_at_the_third_within_a_week():
    strikes = judge_code(TABLE, 30003, None, callback=True).strikes
    start = datetime(2027, 3, 1, 12, tzinfo=UTC)
    for days, verdict in (((0, 1), False), ((0, 1, 7), True), ((0, 1, 7.1), False), ((9, 8, 0, 2), True)):
        times = [start + timedelta(days=one) for one in days]
        assert suppress_now(SOFT, Channel.SMS, times, strikes) is verdict


@given(st.none() | st.integers(), st.none() | st.integers(), st.booleans())
def test_no_answer_raises_and_a_callback_is_never_in_doubt(code, status, callback):
    found = judge_code(TABLE, code, None if callback else status, callback=callback)
    assert isinstance(found, Ruling)
    assert not (callback and found.act is UNKNOWN)


@given(st.none() | st.integers(0, 99_999), st.integers(500, 599))
def test_requirement_25_a_failing_server_is_never_asked_again(code, status):
    assert judge_code(TABLE, code, status, callback=False).act is UNKNOWN
