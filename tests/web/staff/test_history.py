"""What happened to one delivery, told in order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.receipts import Kind
from campaigns.domain.steps import Channel
from campaigns.store.receipts import ReceiptRow
from campaigns.store.report_channel import TextFacts
from campaigns.store.report_deliveries import AttemptRow, DeliveryFacts, DeliveryRow
from campaigns.web.staff.history import Event, Kept
from campaigns.web.staff.history import history as tell

DUE = datetime(2026, 3, 10, 23, 0, tzinfo=UTC)
NOW = DUE + timedelta(hours=15)
SECOND = timedelta(seconds=1)


def history(facts, attempts=(), now=NOW, **kept) -> list[Event]:
    return tell(Kept(facts, attempts, **kept), now)


def test_a_planned_one_has_nothing_but_its_plan():
    (plan,) = history(facts())
    assert (plan.bold, plan.plain, plan.by) == (
        "Planned for yesterday 18:00, no use after today 06:00",
        "Session revision 1.",
        "planner",
    )


def test_what_does_not_hang_on_the_date_says_so():
    assert history(facts(revision=0))[0].plain == "Does not depend on the date."


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
    told = [(event.hour, event.sign, event.bold) for event in history(replace(went, attempt=2), tried)[1:]]
    assert told == [
        ("18:00:00", "sending", "Attempt 1: the hand-off to the text provider began"),
        ("18:00:01", "queued", "Queued in batch 7 with 39 others"),
        ("18:00:02", "waits", "Attempt 1 was put off"),
        ("18:00:09", "sending", "Attempt 2: the hand-off to the text provider began"),
        ("18:00:10", "sent", "The provider took it"),
    ]


def test_a_batch_of_one_has_no_company():
    alone = facts(status=Status.QUEUED, batch_id=7, batch_size=1, claimed_at=DUE)
    assert history(alone)[1].bold == "Queued in batch 7"


def test_an_attempt_says_what_became_of_it_and_who_says_so():
    event = history(
        facts(), [AttemptRow(1, "resolved", "left as it is, by staff 7", None, None, DUE)], members={7: "Jo"}
    )[1]
    assert (event.hour, event.bold, event.plain, event.by) == ("18:00:00", "A person decided", "left as it is", "Jo")


def test_an_earlier_attempt_has_its_beginning_too_and_each_only_once():
    earlier, last = DUE, DUE + 60 * SECOND
    tried = [
        AttemptRow(1, "unknown", "lost", 6, earlier, DUE + SECOND),
        AttemptRow(1, "resolved", "send once more, by staff 7", 6, earlier, DUE + 9 * SECOND),
        AttemptRow(2, "refused", "550 no", 7, last, last + SECOND),
    ]
    told = history(facts(status=Status.FAILED, reason="550 no", attempt=2, opened_at=last), tried)
    assert [(event.hour, event.bold) for event in told[1:]] == [
        ("18:00:00", "Attempt 1: the hand-off to the text provider began"),
        ("18:00:01", "Nobody can say whether attempt 1 left"),
        ("18:00:09", "A person decided"),
        ("18:01:00", "Attempt 2: the hand-off to the text provider began"),
        ("18:01:01", "Attempt 2 was refused for good"),
        ("", "Given up"),
    ]


def test_receipts_stand_where_they_reached_us():
    went = facts(status=Status.DELIVERED, attempt=1, opened_at=DUE, sent_at=DUE + SECOND)
    late = receipt(Kind.DELIVERED, DUE + 5 * SECOND, "delivered", occurred_at=DUE + 3 * SECOND)
    early = receipt(Kind.ACCEPTED, DUE, "nothing new")
    told = history(went, receipts=[late, early])
    assert [(event.hour, event.sign, event.bold, event.by) for event in told[1:]] == [
        ("18:00:00", "sending", "Attempt 1: the hand-off to the text provider began", "worker"),
        ("18:00:00", "sent", "Taken over, says Twilio", "receipt"),
        ("18:00:01", "sent", "The provider took it", "worker"),
        ("18:00:05", "delivered", "Delivered, says Twilio", "receipt"),
    ]
    assert told[-1].plain == "It happened 18:00:03. So: delivered."


def test_what_came_back_ends_with_the_reason_that_counts():
    came = facts(status=Status.BOUNCED, reason="5.1.1 no such mailbox", attempt=1, sent_at=DUE)
    told = history(came, receipts=[receipt(Kind.BOUNCED, DUE + SECOND, "bounced")])
    assert [(event.bold, event.plain) for event in told[-2:]] == [
        ("Came back, says Twilio", "So: bounced."),
        ("Came back", "5.1.1 no such mailbox"),
    ]


@pytest.mark.parametrize(
    ("looks", "bold", "plain"),
    [
        (0, "To be looked for at the provider", "first look today 09:03:00"),
        (1, "Looked for at the provider once", "next look today 09:03:00"),
        (2, "Looked for at the provider 2 times", "next look today 09:03:00"),
    ],
)
def test_a_text_in_doubt_says_how_often_it_was_looked_for_and_when_next(looks, bold, plain):
    doubt = TextFacts(1, looks, NOW + timedelta(minutes=3))
    last = history(facts(status=Status.UNKNOWN, reason="lost", attempt=1), text=doubt)[-1]
    assert (last.sign, last.bold, last.plain, last.by) == ("waits", bold, plain, "recover")


def test_a_row_that_was_given_back_to_the_plan_says_why_it_waits():
    last = history(facts(reason="unapproved"))[-1]
    assert (last.sign, last.bold, last.plain) == (
        "held",
        "Waits until 18:00:00",
        "no approval of these words is in force",
    )


@pytest.mark.parametrize(("status", "told"), [(Status.PLANNED, 2), (Status.QUEUED, 2), (Status.SENT, 1)])
def test_a_kill_switch_holds_only_what_has_not_left(status, told):
    events = history(facts(status=status), switches=["a wrong link"])
    assert len(events) == told
    if told > 1:
        assert (events[-1].sign, events[-1].bold, events[-1].plain) == (
            "stopped",
            "Held back by a kill switch",
            "a wrong link",
        )


def receipt(kind, received_at, effect, *, occurred_at=None) -> ReceiptRow:
    return ReceiptRow("twilio", kind, "", "", effect, None, occurred_at, received_at, received_at)


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
    last = history(facts(status=status, reason="superseded"))[-1]
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
