"""The stand-in for an SMTP server does wrong what it is told, as often as it is told."""

import json
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.smtp_server import FAULTS, Behaviour, Rule, SmtpServer

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("fault", "reply", "kept"),
    [
        ("defer", 451, 0),
        ("refuse", 550, 0),
        ("defer after", 451, 0),
        ("refuse after", 554, 0),
        ("answer late", 250, 1),
        ("close before", None, 0),
        ("close after", None, 1),
    ],
)
def test_a_fault_lies_before_or_after_the_message_was_kept(fault, reply, kept):
    with SmtpServer() as server:
        server.script(Rule(**FAULTS[fault] | ({"wait": 0.01} if fault == "answer late" else {})))
        assert sent(server) == reply
        assert len(server.messages) == kept


def test_after_a_late_answer_the_dialogue_goes_on():
    with SmtpServer() as server:
        server.script(
            Rule(at="greeting", reply="220 good morning", wait=0.01),
            Rule(at="rcpt", reply="451 4.7.1 later", wait=0.01, times=1),
        )
        with line_to(server) as line:
            replies = [talk(line) for _ in range(3)]
        assert (replies, len(server.messages)) == ([451, 250, 250], 2)


@pytest.mark.parametrize(("fault", "kept"), [("hang", 0), ("hang and keep", 1), ("answer late", 1)])
def test_after_the_dot_nothing_is_said_while_the_message_may_long_be_kept(fault, kept):
    with SmtpServer() as server:
        server.script(Rule(**FAULTS[fault] | ({"wait": 3600.0} if fault == "answer late" else {})))
        line = line_to(server)
        line.mail("r@clinic.example")
        line.rcpt("jane@patients.example")
        line.docmd("DATA")
        line.send(b"Subject: x\r\n\r\nWords.\r\n.\r\n")
        with line_to(server) as other:  # one turn of the server's loop later
            other.noop()
        line.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            line.sock.recv(1)
        line.close()
        assert len(server.messages) == kept


def test_lots_are_drawn_alike_for_the_same_seed_and_about_as_often_as_told():
    def drawn(seed):
        rules = [Rule(**FAULTS[fault] | {"share": 0.2}) for fault in ("defer", "refuse", "close after")]
        with SmtpServer(Behaviour(rules=rules, seed=seed)) as server:
            replies = [sent(server) for _ in range(200)]
            assert len(server.messages) == replies.count(250) + replies.count(None)
            return replies

    first = drawn(1)
    assert drawn(1) == first != drawn(2)
    assert all(15 < first.count(reply) < 60 for reply in (451, 550, None))


def test_a_process_draws_the_lots_of_its_seed(tmp_path):
    rules = [FAULTS["defer"] | {"share": 0.5}]
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    words = ["-m", "tests.servers.smtp_server", "--rules", str(tmp_path / "rules.json"), "--seed", "7"]
    with subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            there = SmtpServer(port=json.loads(process.stdout.readline())["port"])
            replies = [sent(there) for _ in range(40)]
        finally:
            process.terminate()
    with SmtpServer(Behaviour(rules=[Rule(**rule) for rule in rules], seed=7)) as server:
        assert replies == [sent(server) for _ in range(40)]


def sent(server):
    """Send one message over a connection of its own; gives the reply that decided, None for none."""
    with line_to(server) as line:
        return talk(line)


def talk(line):
    try:
        line.mail("r@clinic.example")
        code, _ = line.rcpt("jane@patients.example")
        return code if code != 250 else line.data(b"Subject: x\r\n\r\nWords.\r\n")[0]
    except smtplib.SMTPServerDisconnected:
        return None
    except smtplib.SMTPDataError as refused:
        return refused.smtp_code


def line_to(server):
    line = smtplib.SMTP("127.0.0.1", server.port, timeout=20)
    line.ehlo()
    return line
