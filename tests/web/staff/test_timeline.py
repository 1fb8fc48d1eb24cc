"""A campaign laid out around one session."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta

import pytest

from campaigns.domain.lifecycle import Status
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
from campaigns.store.reports import Audiences
from campaigns.store.session_counts import StepCounts
from campaigns.store.webinars import SessionRow
from campaigns.web.staff.timeline import Around, lay_out
from tests.factories import hours

NOW = datetime(2026, 3, 11, 14, 12, tzinfo=UTC)
STARTS = datetime(2026, 3, 11, 23, 0, tzinfo=UTC)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
PEOPLE = Audiences(everyone=1000, texts=600, education=800, marketing=100, attended=300, left_early=50, missed=500)
AFTER_END = Expiry(Anchor.ENDS, 21 * DAY)


def test_groups_follow_the_anchor_and_rows_the_clock():
    laid = lay_out(
        [
            step("E1", anchor=Anchor.ENDS, offset=LocalTime(3, time(10)), expires=AFTER_END),
            step("C0", anchor=Anchor.REGISTERED, offset=Relative(timedelta(0))),
            step("B4", offset=Relative(-HOUR)),
            step("B2", offset=Relative(-DAY)),
            step("X1", anchor=Anchor.MOVED, offset=Relative(timedelta(0))),
        ],
        around(),
    )
    groups = (laid.registering, laid.before, laid.after, laid.happening)
    assert [[row.step.key for row in group] for group in groups] == [["C0"], ["B2", "B4"], ["E1"], ["X1"]]
    assert (laid.past_before, laid.past_after, laid.count) == (1, 0, 5)


def test_counts_add_up_by_what_they_mean_to_a_reader():
    counts = {Status.PLANNED: 1, Status.QUEUED: 2, Status.SENDING: 4, Status.SENT: 8, Status.DELIVERED: 16}
    counts |= {Status.SKIPPED: 32, Status.FAILED: 64, Status.BOUNCED: 128, Status.UNKNOWN: 256}
    row = one(step("B2", offset=Relative(-DAY)), counts)
    assert (row.planned, row.sent, row.skipped, row.problems, row.estimated) == (7, 24, 32, 448, False)
    assert (row.mark, row.state, row.state_words) == ("needs", "unknown", "256 unknown")


@pytest.mark.parametrize(
    ("facts", "guess"),
    [
        ({}, 1000),
        ({"channel": Channel.SMS}, 600),
        ({"audience": Audience.WITHOUT_TEXTS}, 400),
        ({"purpose": Purpose.EDUCATION}, 800),
        ({"purpose": Purpose.MARKETING}, 100),
        ({"audience": Audience.CAME}, 350),
        ({"audience": Audience.ATTENDED, "channel": Channel.SMS}, 180),
        ({"audience": Audience.MISSED}, 500),
        ({"audience": Audience.WITHDRAWN}, 0),
    ],
)
def test_beyond_the_ledger_the_audience_is_reckoned(facts, guess):
    row = one(step("A", offset=Relative(-MINUTE), **facts))
    assert row.planned == guess
    assert row.estimated == (guess > 0)


@pytest.mark.parametrize(
    ("rule", "counts", "said"),
    [
        ({"offset": Relative(-HOUR)}, {}, "in 7 h 48 min"),
        ({"offset": Relative(-DAY)}, {Status.SENT: 3}, "done"),
        ({"offset": Relative(-DAY)}, {Status.QUEUED: 3}, "3 on their way"),
        ({"offset": Relative(-DAY)}, {}, "nobody to send it to"),
        ({"offset": Relative(-HOUR), "paused": True}, {}, "paused"),
        (
            {"anchor": Anchor.ENDS, "offset": Relative(HOUR), "needs_attendance": True, "expires": AFTER_END},
            {},
            "waits: attendance",
        ),
        (
            {"anchor": Anchor.ENDS, "offset": Relative(HOUR), "replay_grace": DAY, "expires": AFTER_END},
            {},
            "waits: replay",
        ),
        ({"anchor": Anchor.MOVED, "offset": Relative(timedelta(0))}, {}, "if it happens"),
        ({"anchor": Anchor.REGISTERED, "offset": Relative(timedelta(0))}, {}, "as they register"),
        (
            {"anchor": Anchor.CANCELLED, "offset": Relative(timedelta(0)), "audience": Audience.WITHDRAWN},
            {},
            "as they act",
        ),
        ({"anchor": Anchor.REGISTERED, "offset": LocalTime(3, time(10))}, {}, "for newcomers: useless by then"),
        ({"offset": LocalTime(-1, time(10)), "expires": Expiry(Anchor.STARTS, -3 * DAY)}, {}, "useless by then"),
    ],
)
def test_the_state_says_what_a_step_waits_for_or_how_far_it_came(rule, counts, said):
    assert one(step("A", **rule), counts).state_words == said


def test_after_the_session_steps_of_registering_are_done():
    row = one(step("C0", anchor=Anchor.REGISTERED, offset=Relative(timedelta(0)), expires=AFTER_END), now=STARTS + DAY)
    assert row.state_words == "done"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"offset": Relative(-HOUR)}, "today 17:00"),
        ({"offset": LocalTime(-7, time(10))}, "Wed 4 Mar, 10:00 theirs"),
        ({"anchor": Anchor.REGISTERED, "offset": LocalTime(1, time(10))}, "10:00 theirs"),
        ({"anchor": Anchor.REGISTERED, "offset": Relative(timedelta(0))}, "each on their own"),
        ({"anchor": Anchor.MOVED, "offset": Relative(timedelta(0))}, "after it happened"),
        ({"anchor": Anchor.ENDS, "offset": Relative(HOUR), "needs_attendance": True}, "about today 19:30"),
        (
            {"anchor": Anchor.ENDS, "offset": Relative(HOUR), "replay_grace": DAY, "expires": AFTER_END},
            "by tomorrow 18:30",
        ),
    ],
)
def test_every_step_has_an_absolute_time_beside_the_relative_one(rule, said):
    assert one(step("A", **rule)).absolute == said


def step(key: str, **facts) -> Step:
    usual = {
        "id": 1,
        "name": key,
        "anchor": Anchor.STARTS,
        "offset": Relative(-HOUR),
        "channel": Channel.EMAIL,
        "audience": Audience.EVERYONE,
        "purpose": Purpose.SERVICE,
        "priority": Priority.BULK,
        "template": "t",
        "expires": Expiry(Anchor.STARTS, HOUR),
    }
    return Step(key=key, **{**usual, **facts})


def one(step: Step, counts: dict[Status, int] | None = None, now: datetime = NOW):
    laid = lay_out([step], around(counts, now))
    return [*laid.registering, *laid.before, *laid.after, *laid.happening][0]


def around(counts: dict[Status, int] | None = None, now: datetime = NOW) -> Around:
    session = SessionRow(1, 1, STARTS, STARTS + 30 * MINUTE, None, "", "", 1, None, None, None, None, "", None)
    kept = {1: StepCounts(Counter(counts))} if counts else {}
    return Around(session, "America/Chicago", hours(), now, kept, PEOPLE)
