"""What a rehearsal says in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaigns.domain.audience import Awaited
from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Text
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import Anchor, Audience, Channel, Expiry, Priority, Purpose, Relative, Step
from campaigns.domain.timing import Due, Never, Wait
from campaigns.errors import CampaignsError
from campaigns.operations.explain import Milestone
from campaigns.providers.folder import Folder
from campaigns.rehearse.cast import CAST
from campaigns.rehearse.report import Ending, report
from campaigns.store.history import Recorded
from campaigns.store.webinars import SessionRow, WebinarRow

START = datetime(2027, 3, 25, 22, 0, tzinfo=UTC)
STEP = Step(
    id=1, key="B5", name="Starts soon", anchor=Anchor.STARTS, offset=Relative(timedelta(minutes=-15)),
    channel=Channel.SMS, audience=Audience.EVERYONE, purpose=Purpose.SERVICE, priority=Priority.URGENT,
    template="soon", expires=Expiry(Anchor.STARTS, timedelta(0)),
)  # fmt: skip
DUE = Due(START, START + timedelta(hours=1), START)


def test_what_went_out_and_what_did_not_is_told_in_their_own_time(tmp_path: Path) -> None:
    text = "Starts in 15 minutes,\nat 3:00 PM your time. The link opens the room and stays good until the end."
    hand_off(tmp_path, 7, text)
    milestones = [
        milestone(DUE, recorded(7, Status.SENT)),
        milestone(DUE, recorded(8, Status.SKIPPED, "session_cancelled")),
        milestone(Never(Reason.REGISTERED_LATE)),
        milestone(Wait(Awaited.MOVE)),
        milestone(DUE, barred=Reason.NO_NUMBER),
        milestone(DUE),
    ]
    assert list(report(ending(tmp_path, milestones))) == [
        "Rehearsal of “Running”",
        "Session: Thu 25 Mar 2027 18:00 EDT",
        "Everybody here is invented, and nothing leaves this machine.",
        "",
        "Ben (America/Los_Angeles): registers Sat 13 Mar 2027 14:00 PST; education ticked, misses it",
        "  Thu 25 Mar 2027 15:00 PDT  text   B5  Starts soon: “Starts in 15 minutes, at 3:00 PM your time. The link opens the …”",
        "  Thu 25 Mar 2027 15:00 PDT  –      B5  Starts soon: not sent, session cancelled",
        "                             –      B5  Starts soon: not sent, registered late",
        "                             –      B5  Starts soon: not sent, no move",
        "  Thu 25 Mar 2027 15:00 PDT  –      B5  Starts soon: not sent, no number",
        "  Thu 25 Mar 2027 15:00 PDT  –      B5  Starts soon: not sent, not planned",
        "",
        "1 messages went out, 5 steps did not. The outbox and the ledger agree.",
    ]


def test_a_message_that_the_ledger_does_not_know_of_is_a_fault(tmp_path: Path) -> None:
    hand_off(tmp_path, 7, "once")
    with pytest.raises(CampaignsError, match="0 messages left, and the outbox holds 1"):
        list(report(ending(tmp_path, [])))


def test_a_message_that_went_out_twice_is_a_fault(tmp_path: Path) -> None:
    hand_off(tmp_path, 7, "once")
    hand_off(tmp_path, 7, "twice")
    with pytest.raises(CampaignsError, match="1 messages left, and the outbox holds 2"):
        list(report(ending(tmp_path, [milestone(DUE, recorded(7, Status.SENT))])))


def hand_off(outbox: Path, delivery: int, words: str) -> None:
    line = Folder(outbox, Channel.SMS).connect()
    line.hand_off(Text(delivery, "+12075550102", words, 1, "token"))


def milestone(answer: Due | Wait | Never, recorded: Recorded | None = None, barred: Reason | None = None) -> Milestone:
    return Milestone(STEP, answer, recorded, barred)


def recorded(delivery: int, status: Status, reason: str | None = None) -> Recorded:
    sent_at = START if status is Status.SENT else None
    return Recorded(delivery, 1, 1, status, reason, START, START + timedelta(hours=1), sent_at)


def ending(outbox: Path, milestones: list[Milestone]) -> Ending:
    webinar = WebinarRow(1, "running", "Running", "", "", "", [], "", "", "", "America/New_York")
    session = SessionRow(1, 1, START, START + timedelta(minutes=30), None, "", "", 1, None, None, None, None, "", None)
    return Ending(webinar, session, {CAST[1]: milestones}, outbox)
