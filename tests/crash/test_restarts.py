"""A worker is told to stop, Valkey is away for a while, PostgreSQL is restarted: nobody has to do anything about it."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.crash.people import gather
from tests.crash.postgres import own_postgres
from tests.crash.proof import prove
from tests.crash.service import EMAIL_LANES, SMS_LANES, Outside, house, seed
from tests.crash.visitors import CONFIRMATION, Visitors

pytestmark = pytest.mark.crash
_AWAY = 10.0
"""Seconds without Valkey."""


def test_a_worker_told_to_stop_gives_back_what_it_has_not_begun_and_nothing_comes_twice(own_database_url):
    after = seed().randrange(10, 50)
    with house(own_database_url, Outside(smtp_ms=50)) as it:
        crowd = gather(it, 200)
        it.run_scheduler()
        it.wait(lambda: it.count("queued") == len(crowd.all), "everything to be claimed")
        assert it.programs.pop("scheduler").stop() == 0
        worker = it.run_email_worker()
        it.wait(lambda: it.mails.count() >= after, f"{after} emails", pause=0.002)
        assert worker.stop() == 0
        assert it.count("sending") == 0
        assert it.count("sent") == it.mails.count()
        assert it.count("planned") > 0
        worker.start()
        it.run_sms_worker()
        it.run_scheduler()
        it.wait_until_settled()
        tally = prove(it, expected=crowd.all)
        assert (tally.emails, tally.texts, tally.doubts) == (len(crowd.emails), len(crowd.texts), 0)


def test_registrations_go_on_while_valkey_is_away_and_everything_goes_out_afterwards(own_database_url):
    with house(own_database_url) as it:
        session_id = it.session(timedelta(days=9))
        it.run_web()
        it.run_email_worker()
        it.run_scheduler()
        visitors = Visitors(it, session_id)
        visitors.register(5)
        it.wait_until_settled()
        it.stop_broker(signal.SIGTERM)
        over = time.monotonic() + _AWAY
        while time.monotonic() < over:
            visitors.register(5)
        assert not visitors.refused
        it.start_broker()
        visitors.register(5)
        it.wait_until_settled()
        tally = prove(it, expected={(email, CONFIRMATION) for email in visitors.acknowledged})
        assert tally.emails == len(visitors.acknowledged)
        assert tally.doubts == 0


def test_web_scheduler_and_workers_live_through_a_restart_of_postgresql():
    chance = seed()
    with own_postgres() as server, house(server.url) as it:
        crowd = gather(it, 1000)
        visitors = Visitors(it, it.session(timedelta(days=9)))
        programs = it.run_web(), it.run_email_worker(), it.run_sms_worker(), it.run_scheduler()
        born = [one.process.pid for one in programs]
        with ThreadPoolExecutor(1) as posting:
            posted = posting.submit(visitors.register_until, lambda: it.mails.count() >= 900)
            after = chance.randrange(50, 700)
            it.wait(lambda: it.mails.count() >= after, f"{after} emails", pause=0.002)
            server.restart()
            posted.result()
        it.wait_until_settled()
        assert [one.process.pid for one in programs if one.alive] == born
        expected = crowd.all | {(email, CONFIRMATION) for email in visitors.acknowledged}
        tally = prove(it, expected=expected, tolerated={(email, CONFIRMATION) for email in visitors.refused})
        assert tally.doubled_emails <= EMAIL_LANES
        assert tally.doubts <= EMAIL_LANES + SMS_LANES
        assert visitors.acknowledged


def test_postgresql_killed_outright_forgets_nothing_that_was_handed_over():
    chance = seed()
    with own_postgres() as server, house(server.url) as it:
        crowd = gather(it, 1500)
        it.run_email_worker()
        it.run_sms_worker()
        it.run_scheduler()
        moments = sorted(chance.sample(range(50, 1100), 3))
        for after in moments:
            it.wait(lambda after=after: it.mails.count() >= after, f"{after} emails", pause=0.002)
            server.kill()
        it.wait_until_settled()
        tally = prove(it, expected=crowd.all)
        assert tally.doubled_texts == 0
        assert tally.doubled_emails <= EMAIL_LANES * len(moments)
        assert tally.doubts <= (EMAIL_LANES + SMS_LANES) * len(moments)
