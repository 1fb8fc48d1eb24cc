"""What happened to one delivery, told in order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel
from campaigns.store.report_deliveries import AttemptRow, DeliveryFacts, DeliveryRow
from campaigns.web.staff.history import history

DUE = datetime(2026, 3, 10, 23, 0, tzinfo=UTC)
NOW = DUE + timedelta(hours=15)
SECOND = timedelta(seconds=1)


def test_a_planned_one_has_nothing_but_its_plan():
    (plan,) = history(facts(), [], NOW)
    assert (plan.bold, plan.plain, plan.by) == (
        "Planned for yesterday 18:00, no use after today 06:00",
        "Session revision 1.",
        "planner",
    )


def test_what_does_not_hang_on_the_date_says_so():
    assert history(facts(revision=0), [], NOW)[0].plain == "Does not depend on the date."


def test_events_stand_in_the_order_of_their_instants():
    went = facts(
        status=Status.SENT,
        batch_id=7,
        batch_size=40,
        claimed_at=DUE + SECOND,
        opened_at=DUE + 9 * SECOND,
        sent_at=DUE + 10 * SECOND,
    )
    tried = [AttemptRow(1, "deferred", "451 later", 6, DUE, DUE + 2 * SECOND)]
    told = [(event.hour, event.sign, event.bold) for event in history(replace(went, attempt=2), tried, NOW)[1:]]
    assert told == [
        ("18:00:01", "queued", "Queued in batch 7 with 39 others"),
        ("18:00:02", "waits", "Attempt 1 was put off"),
        ("18:00:09", "sending", "Attempt 2: the hand-off to the text provider began"),
        ("18:00:10", "sent", "The provider took it"),
    ]


def test_a_batch_of_one_has_no_company():
    alone = facts(status=Status.QUEUED, batch_id=7, batch_size=1, claimed_at=DUE)
    assert history(alone, [], NOW)[1].bold == "Queued in batch 7"


@pytest.mark.parametrize(
    ("outcome", "said", "by"),
    [
        ("unknown", "Nobody can say whether attempt 1 left", "recover"),
        ("deferred", "Attempt 1 was put off", "worker"),
        ("refused", "Attempt 1 was refused for good", "worker"),
        ("resolved", "A person decided", "staff"),
    ],
)
def test_every_kind_of_attempt_has_its_words(outcome, said, by):
    event = history(facts(), [AttemptRow(1, outcome, "why", None, None, DUE)], NOW)[1]
    assert (event.bold, event.plain, event.by) == (said, "why", by)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.SKIPPED, "Not sent"),
        (Status.FAILED, "Given up"),
        (Status.BOUNCED, "Came back"),
        (Status.UNKNOWN, "Waits for a person's decision"),
        (Status.DELIVERED, "Delivered, says the receipt"),
    ],
)
def test_an_end_is_told_last_with_its_reason(status, said):
    last = history(facts(status=status, reason="superseded"), [], NOW)[-1]
    assert (last.bold, last.plain, last.at) == (said, "replaced by a new date", None)


def facts(*, status=Status.PLANNED, reason=None, sent_at=None, **known) -> DeliveryFacts:
    row = DeliveryRow(
        id=5,
        registration_id=1,
        session_id=1,
        step_id=1,
        step_name="The day before",
        channel=Channel.SMS,
        status=status,
        reason=reason,
        due_at=DUE,
        expires_at=DUE + timedelta(hours=12),
        sent_at=sent_at,
        first_name="Ada",
        last_name="",
        address="+12075550123",
        slug="s",
        class_title="c",
        zone="America/Chicago",
        starts_at=DUE + timedelta(hours=24),
    )
    usual = {
        "revision": 1,
        "current_revision": 1,
        "attempt": 0,
        "doubts": 0,
        "provider_id": None,
        "batch_id": None,
        "batch_size": None,
        "claimed_at": None,
        "opened_at": None,
        "person_zone": "America/Chicago",
        "template": "day-before",
        "template_version_id": None,
        "template_written_at": None,
    }
    return DeliveryFacts(row=row, **{**usual, **known})
