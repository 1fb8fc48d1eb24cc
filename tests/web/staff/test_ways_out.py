"""The streams in words: whether the door is open, how fast they run, whom they leave alone."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.steps import Channel
from campaigns.domain.streams import FAULTS
from campaigns.errors import Rejected
from campaigns.store import streams
from campaigns.store.engine import transaction
from campaigns.web.staff import ways_out
from tests.web.staff import letterbox


@pytest.mark.parametrize(
    ("channel", "rate", "said"),
    [
        (Channel.EMAIL, None, "no limit"),
        (Channel.EMAIL, 14.0, "14 emails a second"),
        (Channel.SMS, 1.0, "1 segment a second"),
        (Channel.SMS, 0.25, "0.25 segments a second"),
        (Channel.SMS, 1000.0, "1000 segments a second"),
    ],
)
def test_a_pace_is_said_in_emails_or_in_segments(channel, rate, said):
    assert ways_out.pace(channel, rate) == said


@pytest.mark.parametrize(("typed", "rate"), [("", None), ("5", 5.0), ("0.5", 0.5), ("10000", 10_000.0)])
def test_a_pace_is_a_number_or_nothing(typed, rate):
    assert ways_out.read_rate(typed) == rate


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0", "pause the stream instead"),
        ("0.0", "pause the stream instead"),
        ("-1", "as a number"),
        ("fast", "as a number"),
        ("1,5", "as a number"),
        ("nan", "as a number"),
        ("1e3", "as a number"),
        ("٣", "as a number"),
        ("10001", "10,000 a second at most"),
        ("9" * 400, "as a number"),
    ],
)
def test_what_is_no_pace_says_what_to_write_and_names_the_field(typed, said):
    with pytest.raises(Rejected, match=said) as wrong:
        ways_out.read_rate(typed)
    assert wrong.value.field == "rate"


@given(st.text(max_size=30) | st.from_regex(r"-?[0-9]{0,7}\.?[0-9]{0,7}", fullmatch=True))
def test_whatever_is_typed_gives_a_pace_or_says_what_is_wrong_with_it(typed):
    try:
        rate, field = ways_out.read_rate(typed), ""
    except Rejected as wrong:
        rate, field = 1.0, wrong.field
    assert field in ("", "rate")
    assert (rate is None) == (typed == "")
    assert rate is None or 0 < rate <= 10_000


def told(office, used=()):
    with transaction(office.runtime.engine) as db:
        return ways_out.told(db, used, "America/New_York", office.clock())


def test_a_stream_nobody_touched_runs_without_a_limit(office):
    letterbox.way_out(office)
    (way,) = told(office)
    assert (way.name, way.sign, way.state, way.pace, way.rate, way.used) == (
        "Emails by SMTP (clinic.example)",
        "well",
        "running",
        "no limit",
        "",
        False,
    )


def test_a_paused_one_says_since_when_and_why_whatever_else_is_wrong(office):
    stream = letterbox.way_out(office)
    with transaction(office.runtime.engine) as db:
        streams.pause(db, stream, "the relay warns us", office.clock())
        for _ in range(FAULTS):
            streams.count_failure(db, stream, office.clock())
    (way,) = told(office)
    assert (way.sign, way.state, way.paused) == ("stopped", "paused since today 12:00: the relay warns us", True)


def test_a_shut_door_says_when_it_is_tried_and_then_that_it_is(office):
    stream = letterbox.way_out(office, Channel.SMS, "twilio", "MG1")
    with transaction(office.runtime.engine) as db:
        for _ in range(FAULTS):
            streams.count_failure(db, stream, office.clock())
    (way,) = told(office)
    assert (way.name, way.sign, way.state) == (
        "Texts by Twilio (MG1)",
        "down",
        "door shut until 12:00:15, tried again then",
    )
    office.clock.forward(seconds=15)
    (way,) = told(office)
    assert (way.sign, way.state) == ("slow", "the door is tried with one message at a time")


def test_one_that_was_asked_for_less_rests_for_a_moment(office):
    stream = letterbox.way_out(office)
    with transaction(office.runtime.engine) as db:
        streams.rest_until(db, stream, office.clock() + timedelta(seconds=5))
    (way,) = told(office)
    assert (way.sign, way.state) == ("slow", "rests until 12:00:05, because the provider asked for less")


def test_mail_domains_left_alone_stand_beside_their_stream(office):
    stream, other = letterbox.way_out(office), letterbox.way_out(office, sender="other.example")
    with transaction(office.runtime.engine) as db:
        streams.pause_domain(db, stream, "example.com", "it wants less", office.clock(), timedelta(minutes=30))
    first, second = told(office)
    assert (first.id, second.id) == (stream, other)
    assert [(rest.domain, rest.until, rest.reason) for rest in first.rests] == [
        ("example.com", "today 12:30", "it wants less")
    ]
    assert second.rests == []


def test_whether_the_service_uses_it_now_is_known_by_its_name(office):
    stream = letterbox.stream(office, letterbox.way_out(office))
    assert told(office, {stream.name})[0].used
