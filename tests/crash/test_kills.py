"""Workers, the scheduler and Valkey are killed in the middle; the servers outside tell what became of it."""

from __future__ import annotations

import signal
from random import Random

import pytest

from tests.crash.blows import Blow, moment, strike
from tests.crash.people import Crowd, gather
from tests.crash.proof import prove
from tests.crash.service import EMAIL_LANES, SMS_LANES, House, Outside, house, seed
from tests.crash.silence import Silenced

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
    with house(own_database_url, Outside(smtp=smtp, twilio=twilio), **one_batch) as it:
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
        assert (tally.texts_in_doubt, tally.emails_in_doubt) == (0, 0)
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
        strike(it, blows, chance)
        it.wait_until_settled()
        expected = (crowd.all - silenced.never - silenced.perhaps) | silenced.receipts
        tally = prove(it, expected=expected, tolerated=silenced.perhaps)
        silenced.had_nothing_begun_after()
        email_kills = sum(blow.name.startswith("email") for blow in blows)
        assert tally.doubled_emails <= EMAIL_LANES * email_kills
        assert tally.doubled_texts == 0
        assert tally.texts_in_doubt == 0
        assert tally.doubts <= EMAIL_LANES * email_kills + SMS_LANES


def _blows(it: House, crowd: Crowd, chance: Random, silenced: Silenced) -> list[Blow]:
    mails, texts = len(crowd.emails), len(crowd.texts)
    programs = it.programs
    victims = ["email-1", "email-2", chance.choice(["email-1", "email-2"]), "scheduler", "scheduler"]
    blows = [Blow(name, it.mails, moment(chance, mails), programs[name].kill) for name in victims]
    blows.append(Blow("sms", it.texts, moment(chance, texts), programs["sms"].kill))
    blows.append(Blow("valkey", it.mails, moment(chance, mails), it.lose_broker))
    blows.append(Blow("people stop", it.mails, mails // 10, silenced.fall_silent))
    return blows
