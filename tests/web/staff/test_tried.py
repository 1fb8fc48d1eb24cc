"""One attempt, one decision, one receipt, each in words."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.domain.receipts import Kind
from campaigns.store.receipts import ReceiptRow
from campaigns.store.report_deliveries import AttemptRow
from campaigns.web.staff.tried import told_receipt, tried

NOW = datetime(2026, 3, 10, 23, 0, tzinfo=UTC)
CHICAGO = "America/Chicago"


@pytest.mark.parametrize(
    ("outcome", "detail", "line"),
    [
        (
            "unknown",
            "the answer was lost",
            ("unknown", "Nobody can say whether attempt 2 left", "the answer was lost", "worker"),
        ),
        (
            "unknown",
            "worker_died: the worker stopped",
            ("unknown", "Nobody can say whether attempt 2 left", "the worker stopped", "recover"),
        ),
        ("deferred", "451 later", ("waits", "Attempt 2 was put off", "451 later", "worker")),
        (
            "refused",
            "550 no such mailbox",
            ("failed", "Attempt 2 was refused for good", "550 no such mailbox", "worker"),
        ),
        (
            "deferred",
            "receipt: 30003 unreachable",
            ("waits", "Attempt 2 was taken back by a receipt", "30003 unreachable. Planned once more.", "receipt"),
        ),
        (
            "resolved",
            "found at the provider",
            ("sent", "Attempt 2 was found at the provider", "It had been taken.", "recover"),
        ),
        (
            "resolved",
            "looked for 3 times, the provider does not have it",
            ("none", "Attempt 2 was not taken", "looked for 3 times, the provider does not have it", "recover"),
        ),
        ("resolved", "send once more, by staff 7", ("person", "A person decided", "send once more", "Jo Reyes")),
        ("resolved", "left as it is, by staff 8", ("person", "A person decided", "left as it is", "staff")),
    ],
)
def test_every_kind_of_attempt_has_its_words(outcome, detail, line):
    assert tried(AttemptRow(2, outcome, detail, None, None, NOW), {7: "Jo Reyes"}) == line


def receipt(kind=Kind.DELIVERED, **facts) -> ReceiptRow:
    usual = {
        "provider": "twilio",
        "kind": kind,
        "code": "",
        "detail": "",
        "effect": "nothing new",
        "attempt": None,
        "occurred_at": None,
        "received_at": NOW,
        "applied_at": NOW,
    }
    return ReceiptRow(**{**usual, **facts})


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.ACCEPTED, "Taken over, says Twilio"),
        (Kind.DEFERRED, "Not yet, says Twilio: it goes on trying"),
        (Kind.DELIVERED, "Delivered, says Twilio"),
        (Kind.BOUNCED, "Came back, says Twilio"),
        (Kind.COMPLAINED, "Called spam by the recipient, says Twilio"),
        (Kind.UNSUBSCRIBED, "Stopped by the recipient, says Twilio"),
        (Kind.IGNORED, "A notice that we do not act on, from Twilio"),
    ],
)
def test_every_kind_of_receipt_has_its_words(kind, said):
    assert told_receipt(receipt(kind), CHICAGO)[1] == said


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "It changed nothing."),
        ({"applied_at": None, "effect": ""}, "Not applied yet."),
        ({"effect": "fault: KeyError"}, "It could not be applied: the log says why."),
        ({"effect": "bounced, address suppressed"}, "So: bounced, address suppressed."),
        ({"code": "30003", "attempt": 2}, "Code 30003. About attempt 2. It changed nothing."),
        ({"code": "5.1.1", "detail": "no such user"}, "Code 5.1.1: no such user. It changed nothing."),
        ({"detail": "mailbox full"}, "mailbox full. It changed nothing."),
        ({"occurred_at": NOW - timedelta(seconds=3)}, "It happened 17:59:57. It changed nothing."),
        ({"occurred_at": NOW - timedelta(days=1)}, "It happened Monday 9 March 18:00:00. It changed nothing."),
    ],
)
def test_what_goes_with_a_receipt_stands_beside_it(facts, said):
    assert told_receipt(receipt(**facts), CHICAGO)[2] == said
