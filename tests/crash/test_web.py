"""The web is killed while people press the button: whoever was thanked has a place, and nobody half of one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.crash.proof import prove
from tests.crash.service import house, seed
from tests.crash.visitors import CONFIRMATION, Visitors

pytestmark = pytest.mark.crash
_BETWEEN = 60
"""At most so many are thanked between two blows."""


def test_whoever_was_thanked_before_the_web_was_killed_has_a_place_and_gets_the_confirmation(own_database_url):
    chance = seed()
    with house(own_database_url) as it:
        visitors = Visitors(it, it.session(timedelta(days=9)))
        web = it.run_web()
        it.run_email_worker()
        it.run_scheduler()
        done = []
        with ThreadPoolExecutor(1) as posting:
            posted = posting.submit(visitors.register_until, lambda: bool(done))
            for _ in range(3):
                enough = len(visitors.acknowledged) + chance.randrange(5, _BETWEEN)
                it.wait(
                    lambda enough=enough: len(visitors.acknowledged) >= enough or posted.done(),
                    f"{enough} registrations",
                    pause=0.001,
                )
                web.kill()
            it.await_web()
            done.append(True)
            posted.result()
        again = sorted(visitors.refused)[::2]
        visitors.press_again(again)
        assert visitors.acknowledged >= set(again)
        it.wait_until_settled()
        expected = {(email, CONFIRMATION) for email in visitors.acknowledged}
        tally = prove(it, expected=expected, tolerated={(email, CONFIRMATION) for email in visitors.refused})
        assert tally.doubts == tally.doubled_emails == 0
        whole = it.one("SELECT count(*) FROM registrant")
        assert whole == tally.emails
        for table in ("registration", "consent", "permission", "delivery"):
            assert it.one(f"SELECT count(*) FROM {table}") == whole, f"half of somebody stands in {table}"
