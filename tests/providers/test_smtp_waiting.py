"""One thread waits for many SMTP lines: none of them keeps another waiting, and nobody is punished for its lateness."""

from __future__ import annotations

import select
import socket
import time
from datetime import timedelta

import pytest

from campaigns.domain.messages import Accepted
from campaigns.providers.smtp import Smtp
from campaigns.rules.replies import read_smtp_replies
from tests.providers.contract import an_email
from tests.servers.smtp_server import SmtpServer

SHORT, LONG = timedelta(seconds=3), timedelta(seconds=20)


@pytest.mark.parametrize("pipelining", [True, False])
def test_an_answer_that_came_in_time_counts_however_late_it_is_read(server, pipelining):
    """The lane's one thread may have been kept elsewhere: by the database, or by another line."""
    server.behaviour.pipelining = pipelining
    line = a_provider(server.port, SHORT).connect()
    assert line.begin(an_email()) is None
    while not line._begun.dotted:  # connected, envelope, content
        select.select([line.waits_for()[0]], [], [], 20)
        assert line.advance() is None
    time.sleep(SHORT.total_seconds() + 0.2)
    assert isinstance(line.advance(), Accepted)
    line.close()


def test_a_server_that_does_not_greet_keeps_no_other_line_waiting():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        provider = a_provider(mute.getsockname()[1], LONG)
        lines = [provider.connect() for _ in range(3)]
        assert [line.begin(an_email()) for line in lines] == [None] * 3
        callers = []
        for line in lines:  # all of them call at once, and none has been greeted
            mute.settimeout(20)
            callers.append(mute.accept()[0])
            assert not select.select([line.waits_for()[0]], [], [], 0)[0]
        for line in lines:
            line.close()
        for caller in callers:
            caller.close()


def a_provider(port: int, timeout: timedelta) -> Smtp:
    return Smtp("127.0.0.1", port, table=read_smtp_replies(), security="none", timeout=timeout)


@pytest.fixture
def server():
    with SmtpServer() as server:
        yield server
