"""Workers, the scheduler and Valkey are killed in the middle; the servers outside tell what became of it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

import pytest
from sqlalchemy import text

from campaigns.domain.steps import Channel
from campaigns.operations.unsubscribe import stop
from campaigns.operations.withdraw import withdraw
from campaigns.store.engine import transaction
from tests.crash.people import Crowd, gather
from tests.crash.program import Tail
from tests.crash.proof import RECEIPT, Wanted, prove
from tests.crash.service import EMAIL_LANES, SMS_LANES, House, house, seed

pytestmark = pytest.mark.crash
_STUCK_SMTP = {"at": "dot", "keep": True, "times": EMAIL_LANES}
_STUCK_TWILIO = {"keep": True, "times": SMS_LANES}
"""The server takes so many messages and never answers for them."""


def test_workers_killed_with_every_lane_in_mid_message_double_one_email_per_lane_and_no_text(own_database_url):
    """Every lane waits for an answer to a message that the server has: the worst moment there is."""
    chance = seed()
    smtp = [{**_STUCK_SMTP, "after": chance.randrange(300)}]
    twilio = [{**_STUCK_TWILIO, "after": chance.randrange(40)}]
    one_batch = {"CAMPAIGNS_BATCH_SIZE": "500"}  # a lane without a message at the end of one would wait for nothing
    with house(own_database_url, smtp=smtp, twilio=twilio, **one_batch) as it:
        crowd = gather(it, 500)
        workers = it.run_email_worker(), it.run_sms_worker()
        it.run_scheduler()
        it.wait(
            lambda: (
                it.mails.count() >= smtp[0]["after"] + EMAIL_LANES
                and it.texts.count() >= twilio[0]["after"] + SMS_LANES
                and it.count("sending") == EMAIL_LANES + SMS_LANES
            ),
            "all lanes to wait for an answer",
        )
        for worker in workers:
            worker.kill()
        it.wait_until_settled()
        tally = prove(it, expected=crowd.all)
        assert (tally.doubled_emails, tally.doubled_texts) == (EMAIL_LANES, 0)
        assert (tally.texts_in_doubt, tally.emails_in_doubt) == (SMS_LANES, 0)
        assert tally.doubts == EMAIL_LANES + SMS_LANES


def test_what_a_scheduler_claimed_before_it_was_killed_goes_out_although_nobody_rang_for_it(own_database_url):
    with house(own_database_url) as it:
        crowd = gather(it, 200)
        it.run_email_worker()
        it.run_sms_worker()
        it.broker.process.send_signal(signal.SIGSTOP)  # so that whoever rings waits at the door
        scheduler = it.run_scheduler()
        it.wait(lambda: it.count("queued"), "the first claim")
        scheduler.kill()
        it.lose_broker()
        it.wait_until_settled()
        tally = prove(it, expected=crowd.all)
        assert (tally.emails, tally.texts, tally.doubts) == (len(crowd.emails), len(crowd.texts), 0)


@dataclass(frozen=True)
class Blow:
    """Something that happens once so many messages have arrived at a server."""

    name: str
    arrived: Tail
    after: int
    act: Callable[[], None]


@pytest.mark.slow
def test_five_thousand_messages_survive_the_killing_of_workers_scheduler_and_valkey(own_database_url):
    chance = seed()
    with house(own_database_url) as it:
        crowd = gather(it, 5000)
        for name in ("email-1", "email-2"):
            it.run_email_worker(name)
        it.run_sms_worker()
        it.run_scheduler()
        silenced = Silenced(it, chance)
        blows = _blows(it, crowd, chance, silenced)
        _strike(it, blows, chance)
        it.wait_until_settled()
        expected = (crowd.all - silenced.never - silenced.perhaps) | silenced.receipts
        tally = prove(it, expected=expected, tolerated=silenced.perhaps)
        silenced.had_nothing_begun_after()
        email_kills = sum(blow.name.startswith("email") for blow in blows)
        assert tally.doubled_emails <= EMAIL_LANES * email_kills
        assert tally.doubled_texts == 0
        assert tally.texts_in_doubt <= SMS_LANES
        assert tally.doubts <= EMAIL_LANES * email_kills + SMS_LANES


def _blows(it: House, crowd: Crowd, chance: Random, silenced: Silenced) -> list[Blow]:
    """Draw the moments; the last lies well before the end, so that each falls into the middle."""

    def at(whole: int) -> int:
        return chance.randrange(whole * 5 // 100, whole * 85 // 100)

    mails, texts = len(crowd.emails), len(crowd.texts)
    programs = it.programs
    victims = ["email-1", "email-2", chance.choice(["email-1", "email-2"]), "scheduler", "scheduler"]
    blows = [Blow(name, it.mails, at(mails), programs[name].kill) for name in victims]
    blows.append(Blow("sms", it.texts, at(texts), programs["sms"].kill))
    blows.append(Blow("valkey", it.mails, at(mails), it.lose_broker))
    blows.append(Blow("people stop", it.mails, mails // 10, silenced.fall_silent))
    print([(blow.name, blow.after) for blow in sorted(blows, key=lambda blow: blow.after)])  # noqa: T201
    return blows


def _strike(it: House, blows: list[Blow], chance: Random) -> None:
    left = sorted(blows, key=lambda blow: blow.after)
    while left:
        it.wait(lambda: any(one.arrived.count() >= one.after for one in left), f"{left}", pause=0.002)
        blow = next(one for one in left if one.arrived.count() >= one.after)
        left.remove(blow)
        time.sleep(chance.uniform(0, 0.03))  # so that it falls anywhere between two arrivals
        blow.act()


class Silenced:
    """People who stop or withdraw while the messages go out."""

    def __init__(self, it: House, chance: Random) -> None:
        self._house, self._chance = it, chance
        self.never: set[Wanted] = set()
        """Was still in the plan when they stopped: must not leave any more."""
        self.perhaps: set[Wanted] = set()
        """Was with a worker when they stopped; it may just have left."""
        self.receipts: set[Wanted] = set()
        """What those who withdraw get."""
        self._stopped_at: dict[int, datetime] = {}

    def fall_silent(self) -> None:
        rows = self._house.sql(
            "SELECT d.id, r.id, t.key, d.channel, n.email, n.phone, d.status FROM delivery d"
            " JOIN step t ON t.id = d.step_id JOIN registration r ON r.id = d.registration_id"
            " JOIN registrant n ON n.id = r.registrant_id WHERE d.status IN (0, 1) AND d.attempt = 0"
        )
        for status in (0, 1):
            among = [row for row in rows if row[-1] == status]
            for row in self._chance.sample(among, min(20, len(among))):
                self._falls_silent(*row[:-1])

    def _falls_silent(self, delivery_id: int, registration_id: int, step: str, channel: str, email: str, phone: str):
        runtime = self._house.runtime
        rest = {"now": runtime.clock(), "horizon": runtime.settings.horizon}
        with transaction(runtime.engine) as db:
            # Whoever claims passes over a row that is locked: what is planned now, has not left when we commit.
            waits = db.execute(
                text("SELECT 1 FROM delivery WHERE id = :id AND status = 0 AND attempt = 0 FOR UPDATE SKIP LOCKED"),
                {"id": delivery_id},
            ).first()
            if self._chance.random() < 0.5:
                stop(db, registration_id, Channel(channel), None, runtime.hours, means="link", **rest)
            else:
                withdraw(db, registration_id, runtime.hours, **rest)
                self.receipts.add((email, RECEIPT))
        self._stopped_at[registration_id] = runtime.clock()
        wanted = (email if channel == "email" else phone, step)
        (self.never if waits else self.perhaps).add(wanted)

    def had_nothing_begun_after(self) -> None:
        """Hold the moment at which each hand-off began against the moment at which its person stopped."""
        begun = self._house.sql(
            "SELECT d.registration_id, d.opened_at FROM delivery d JOIN step t ON t.id = d.step_id"
            " WHERE d.registration_id = ANY(:them) AND t.key <> :receipt AND d.opened_at IS NOT NULL",
            them=list(self._stopped_at),
            receipt=RECEIPT,
        )
        assert self._stopped_at
        assert all(at <= self._stopped_at[registration_id] for registration_id, at in begun)
