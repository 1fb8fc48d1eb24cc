"""The command lines of the long-running processes."""

import sys

from campaigns import commands
from workers.app import QUEUES


def test_there_is_a_queue_for_every_channel_and_priority():
    assert set(commands.QUEUES) == set(QUEUES)


def test_a_worker_serves_the_queues_it_was_given_and_has_a_name_of_its_own():
    words = commands.worker(["sms.urgent", "sms.bulk"], name="texts")
    assert words[:6] == [sys.executable, "-m", "celery", "-A", "workers.app", "worker"]
    assert words[words.index("--queues") + 1] == "sms.urgent,sms.bulk"
    assert words[words.index("--pool") + 1] == "solo"
    assert words[words.index("--hostname") + 1] == "texts@%h"


def test_web_and_scheduler_run_under_the_same_python():
    assert commands.web() == [sys.executable, "-m", "campaigns.serve"]
    assert commands.scheduler() == [sys.executable, "-m", "workers.scheduler"]
