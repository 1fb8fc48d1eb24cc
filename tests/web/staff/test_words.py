"""Instants, distances, states and reasons in the words of the staff pages."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import (
    Anchor,
    Audience,
    Channel,
    Expiry,
    LocalTime,
    Priority,
    Purpose,
    Relative,
    Step,
)
from campaigns.store.tables import suppression
from campaigns.web.staff import words

CHICAGO = "America/Chicago"
NOW = datetime(2026, 3, 11, 14, 12, 40, tzinfo=UTC)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_of_the_rules_has_plain_words(reason):
    said = words.reason(reason.value)
    assert said == words.REASONS[reason.value]
    assert "_" not in said


@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_purpose_has_a_name_of_its_own(purpose):
    assert words.PURPOSES[purpose]


def test_every_reason_for_not_writing_to_an_address_has_plain_words():
    (rule,) = [one for one in suppression.constraints if "reason" in str(one.name)]
    stored = re.findall(r"'(\w+)'", str(rule.sqltext))
    assert sorted(words.SUPPRESSED) == sorted(stored)


@pytest.mark.parametrize(
    ("name", "said"), [("twilio", "Twilio"), ("ses", "Amazon SES"), ("mail", "a mail server"), ("other", "other")]
)
def test_a_provider_is_named_as_its_customers_do(name, said):
    assert words.provider(name) == said


@pytest.mark.parametrize("status", list(Status))
def test_every_state_has_its_meaning(status):
    assert words.STATES[status.name.lower()]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (None, ""),
        ("", ""),
        ("550 5.1.1 no such mailbox", "550 5.1.1 no such mailbox"),
        ("some_new_code", "some new code"),
        ("suppressed: stopped by reply", "the address is suppressed (stopped by reply)"),
        ("expired:", "useless by then"),
        (
            "worker_died: the worker stopped while it was handing this over",
            "the worker stopped while it was handing this over",
        ),
        ("left: staff decided not to send again", "staff decided not to send again"),
        ("lost: looked for 3 times", "looked for 3 times"),
        ("render: KeyError", "render: KeyError"),
    ],
)
def test_a_reason_we_do_not_know_is_shown_as_it_is(code, said):
    assert words.reason(code) == said


def test_the_clock_of_the_top_bar_names_its_zone():
    assert words.clock(NOW, CHICAGO) == "09:12 CDT, Wed 11 Mar"
    assert words.letters(NOW - 30 * DAY, CHICAGO) == "CST"


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(0), "today 09:12"),
        (DAY, "tomorrow 09:12"),
        (-DAY, "yesterday 09:12"),
        (5 * DAY, "Mon 16 Mar 09:12"),
        (400 * DAY, "Thu 15 Apr 2027 09:12"),
    ],
)
def test_a_day_is_named_as_briefly_as_it_is_clear(away, said):
    assert words.when(NOW + away, CHICAGO, NOW) == said


def test_days_in_full():
    assert words.day(NOW, CHICAGO) == "Wednesday 11 March"
    assert words.full_date(NOW, CHICAGO) == "Wednesday 11 March 2026"
    assert words.hour(NOW, CHICAGO, seconds=True) == "09:12:40"


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=40), "40 s"),
        (8 * MINUTE, "8 min"),
        (8 * HOUR + 48 * MINUTE, "8 h 48 min"),
        (3 * HOUR, "3 h"),
        (47 * HOUR, "47 h"),
        (14 * DAY, "14 days"),
    ],
)
def test_a_length_has_two_units_at_most(length, said):
    assert words.span(length) == said
    assert words.distance(NOW + length, NOW) == f"in {said}"
    assert words.distance(NOW - length, NOW + MINUTE * 0 + timedelta(microseconds=1)).endswith("ago")


@pytest.mark.parametrize(
    ("anchor", "offset", "said"),
    [
        (Anchor.REGISTERED, Relative(timedelta(0)), "at once"),
        (Anchor.MOVED, Relative(timedelta(0)), "at once"),
        (Anchor.STARTS, Relative(timedelta(0)), "at the start"),
        (Anchor.ENDS, Relative(timedelta(0)), "at the end"),
        (Anchor.STARTS, Relative(-24 * HOUR), "−24 h"),
        (Anchor.STARTS, Relative(-15 * MINUTE), "−15 min"),
        (Anchor.STARTS, Relative(-60 * MINUTE), "−60 min"),
        (Anchor.STARTS, Relative(-7 * DAY), "−7 days"),
        (Anchor.ENDS, Relative(2 * HOUR), "end +2 h"),
        (Anchor.REGISTERED, LocalTime(1, time(10)), "+1 day"),
        (Anchor.REGISTERED, LocalTime(0, time(10)), "same day"),
        (Anchor.STARTS, LocalTime(0, time(9)), "on the day"),
        (Anchor.STARTS, LocalTime(-7, time(10)), "−7 days"),
    ],
)
def test_an_offset_reads_as_people_say_it(anchor, offset, said):
    assert words.offset(step(anchor=anchor, offset=offset)) == said


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "−60 min, counted from the start"),
        (
            {"anchor": Anchor.REGISTERED, "offset": LocalTime(1, time(10))},
            "+1 day at 10:00 theirs, counted from registering",
        ),
        ({"anchor": Anchor.CANCELLED, "offset": Relative(timedelta(0))}, "at once, when it was cancelled"),
        (
            {"anchor": Anchor.CANCELLED, "offset": Relative(timedelta(0)), "audience": Audience.WITHDRAWN},
            "at once, when they gave the place back",
        ),
    ],
)
def test_a_rule_says_why_then(facts, said):
    assert words.rule(step(**facts)) == said


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "everyone · service"),
        ({"channel": Channel.SMS}, "text consent · service"),
        ({"purpose": Purpose.EDUCATION}, "education consent · education"),
        ({"audience": Audience.MISSED, "channel": Channel.SMS}, "missed, text consent · service"),
        ({"audience": Audience.WITHOUT_TEXTS}, "who gets no texts · service"),
    ],
)
def test_an_audience_says_who_and_why(facts, said):
    assert words.audience(step(**facts)) == said


def step(**facts) -> Step:
    usual = {
        "id": 1,
        "key": "B4",
        "name": "An hour before",
        "anchor": Anchor.STARTS,
        "offset": Relative(-HOUR),
        "channel": Channel.EMAIL,
        "audience": Audience.EVERYONE,
        "purpose": Purpose.SERVICE,
        "priority": Priority.URGENT,
        "template": "hour-before",
        "expires": Expiry(Anchor.STARTS, timedelta(0)),
    }
    return Step(**{**usual, **facts})
