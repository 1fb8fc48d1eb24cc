"""Real SMTP dialogues over loopback, with every fault a server can show."""

import contextlib
import re
import socket
import struct
import threading
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from campaigns.domain.messages import Accepted, Deferred, Refused, Unknown
from campaigns.providers.smtp import Smtp
from campaigns.rules.replies import read_smtp_replies
from tests.providers.contract import SECRET_EMAIL, WireContract, an_email
from tests.servers import tls
from tests.servers.smtp_server import Behaviour, Rule, SmtpServer

SHORT = timedelta(seconds=0.8)
"""For tests in which somebody stays silent; the others take as long as the machine needs."""
LONG = timedelta(seconds=20)

TABLE = read_smtp_replies()


class SmtpWorld:
    def __init__(self, server, *, timeout=SHORT, security="none"):
        self.server = server
        self.provider = Smtp("127.0.0.1", server.port, table=TABLE, security=security, timeout=timeout)

    def received(self):
        return [int(re.search(rb"number (\d+)", message.raw)[1]) for message in self.server.messages]

    def defer(self):
        self.server.script(Rule(at="rcpt", reply=f"451 4.7.1 <{SECRET_EMAIL}> come back later"))

    def refuse(self):
        self.server.script(Rule(at="rcpt", reply=f"550 5.1.1 <{SECRET_EMAIL}>: jane.secret unknown in virtual table"))

    def garble(self):
        self.server.script(Rule(at="dot", reply="all your mail are belong to us"))

    def hang_before(self):
        self.server.script(Rule(at="mail"))

    def hang_after(self):
        self.server.script(Rule(at="dot"))

    def lose_before(self):
        self.server.script(Rule(at="mail", close=True))

    def lose_after(self):
        self.server.script(Rule(at="dot", keep=True, close=True))

    def mend(self):
        self.server.script()

    def close_idle(self):
        self.server.drop_all()

    def go_away(self):
        self.server.stop()


class TestWithPipelining(WireContract):
    @pytest.fixture
    def world(self, server):
        return SmtpWorld(server)


class TestWithoutPipelining(WireContract):
    @pytest.fixture
    def world(self, server):
        server.behaviour.pipelining = False
        yield SmtpWorld(server)
        assert server.violations == []


def test_pipelining_puts_the_envelope_into_one_write_and_keeps_the_connection(server):
    line = to(server).connect()
    for number in range(1, 6):
        line.hand_off(an_email(number))
    line.close()
    assert server.connections == 1
    assert server.quits == 1
    assert server.reads_before_content == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("raw", "arrives"),
    [
        (b"A: b\r\n\r\n.\r\n..\r\n.x\r\n", b"A: b\r\n\r\n.\r\n..\r\n.x\r\n"),
        (b".first", b".first\r\n"),
        (b"", b"\r\n"),
        (b"A: b\r\n\r\n\r\n.\r\n.\r\n", b"A: b\r\n\r\n\r\n.\r\n.\r\n"),
        (b"A: b\n\nbare\n.\nQUIT\n", b"A: b\r\n\r\nbare\r\n.\r\nQUIT\r\n"),
        (b"A: b\r\n\r\nold\rmac\r.\r\n", b"A: b\r\n\r\nold\r\nmac\r\n.\r\n"),
        (b"A: b\r\n\r\n\r\r\n.\r\n\n.\n", b"A: b\r\n\r\n\r\n\r\n.\r\n\r\n.\r\n"),
        (bytes(range(256)), bytes(range(256)).replace(b"\n", b"\r\n", 1).replace(b"\r\x0e", b"\r\n\x0e") + b"\r\n"),
    ],
)
def test_any_bytes_arrive_as_one_message_with_proper_line_ends(server, raw, arrives):
    line = to(server).connect()
    assert isinstance(line.hand_off(an_email(raw=raw)), Accepted)
    assert isinstance(line.hand_off(an_email(2)), Accepted)
    line.close()
    assert [message.raw for message in server.messages] == [arrives, b"Subject: number 2\r\n\r\nWords.\r\n"]


@pytest.mark.parametrize(
    ("moment", "reply", "outcome"),
    [
        ("greeting", "421 4.3.2 shutting down", Deferred("421 4.3.2 shutting down")),
        ("greeting", "554 5.7.1 no service for you", Deferred("554 5.7.1 no service for you")),
        ("greeting", "SSH-2.0-OpenSSH_9.7", Deferred("connection: what the server said is no SMTP reply")),
        ("ehlo", "550 who are you", Deferred("550 who are you")),
        ("mail", "451 4.3.0 busy", Deferred("451 4.3.0 busy")),
        ("mail", "550 5.7.1 blocked", Refused("550 5.7.1 blocked")),
        ("mail", "530 5.7.0 log in first", Deferred("login: 530 5.7.0 log in first")),
        ("rcpt", "452 4.2.2 full", Deferred("452 4.2.2 full")),
        ("rcpt", "550 5.1.1 nobody", Refused("550 5.1.1 nobody")),
        ("rcpt", "421 4.7.0 too many", Deferred("421 4.7.0 too many")),
        ("data", "451 4.3.0 busy", Deferred("451 4.3.0 busy")),
        ("data", "554 5.7.1 no", Refused("554 5.7.1 no")),
        ("data", "250 what", Deferred("250 what")),
        ("dot", "451 4.3.0 busy", Deferred("451 4.3.0 busy")),
        ("dot", "552 5.3.4 too big", Refused("552 5.3.4 too big")),
        ("dot", "354 go on", Unknown("after the final dot: 354 is no answer to it")),
    ],
)
@pytest.mark.parametrize("pipelining", [True, False])
def test_every_moment_has_its_outcome_and_the_next_message_goes(server, pipelining, moment, reply, outcome):
    server.behaviour.pipelining = pipelining
    server.script(Rule(at=moment, reply=reply, times=2 if moment == "ehlo" else 1))
    line = to(server).connect()
    assert plain(line.hand_off(an_email(1))) == outcome
    assert isinstance(line.hand_off(an_email(2)), Accepted)
    line.close()
    assert len(server.messages) == 1
    assert server.violations == []


def test_a_refusal_keeps_the_connection(server):
    server.script(Rule(at="rcpt", reply="550 5.1.1 nobody", times=1))
    line = to(server).connect()
    line.hand_off(an_email(1))
    line.hand_off(an_email(2))
    line.close()
    assert server.connections == 1


def test_content_asked_for_in_spite_of_a_refusal_is_an_empty_message(server):
    server.script(Rule(at="rcpt", reply="550 5.1.1 nobody", times=1), Rule(at="data", reply="354 go ahead", times=1))
    line = to(server).connect()
    assert plain(line.hand_off(an_email(1))) == Refused("550 5.1.1 nobody")
    assert isinstance(line.hand_off(an_email(2)), Accepted)
    line.close()
    assert server.empty_messages == 1
    assert (server.connections, len(server.messages)) == (1, 1)


def test_a_goodbye_at_the_first_command_of_a_kept_connection_costs_nothing(server):
    line = to(server).connect()
    line.hand_off(an_email(1))
    server.script(Rule(at="mail", reply="421 4.4.2 idle too long", close=True, times=1))
    assert isinstance(line.hand_off(an_email(2)), Accepted)
    line.close()
    assert (server.connections, len(server.messages)) == (2, 2)


def test_a_goodbye_without_hanging_up_is_not_waited_for(server):
    line = to(server, timeout=LONG).connect()
    line.hand_off(an_email(1))
    server.script(Rule(at="mail", reply="421 4.4.2 idle too long", times=1), Rule(at="rcpt"), Rule(at="data"))
    again = Rule(at="greeting", reply="421 4.3.2 not now")
    server.behaviour.rules.append(again)
    assert plain(line.hand_off(an_email(2))) == Deferred("421 4.3.2 not now")
    line.close()


def test_a_refusal_stands_even_if_the_server_hangs_up_with_it(server):
    server.script(Rule(at="mail", reply="550 5.7.1 blocked", close=True, times=1))
    line = to(server).connect()
    assert plain(line.hand_off(an_email(1))) == Refused("550 5.7.1 blocked")
    assert isinstance(line.hand_off(an_email(2)), Accepted)
    line.close()


def test_a_drop_at_the_first_command_of_a_kept_connection_costs_nothing(server):
    line = to(server).connect()
    line.hand_off(an_email(1))
    server.script(Rule(at="mail", close=True, times=1))
    assert isinstance(line.hand_off(an_email(2)), Accepted)
    line.close()
    assert (server.connections, len(server.messages)) == (2, 2)


def test_a_message_is_tried_on_a_new_connection_only_once(server):
    line = to(server).connect()
    line.hand_off(an_email(1))
    server.script(Rule(at="mail", close=True))
    assert isinstance(line.hand_off(an_email(2)), Deferred)
    line.close()
    assert server.connections == 2


def test_silence_on_a_kept_connection_is_not_waited_for_twice(server):
    line = to(server, timeout=SHORT).connect()
    line.hand_off(an_email(1))
    server.script(Rule(at="mail"))
    assert plain(line.hand_off(an_email(2))) == Deferred("connection: the server did not answer in time")
    line.close()
    assert server.connections == 1


def test_a_connection_unused_for_long_is_renewed_before_use(server):
    line = to(server, idle=timedelta(0)).connect()
    for number in (1, 2, 3):
        assert isinstance(line.hand_off(an_email(number)), Accepted)
    line.close()
    assert server.connections == 3


def test_a_failed_reset_drops_the_connection(server):
    server.script(Rule(at="rcpt", reply="550 no", times=1), Rule(at="rset", close=True, times=1))
    line = to(server).connect()
    assert plain(line.hand_off(an_email(1))) == Refused("550 no")
    assert isinstance(line.hand_off(an_email(2)), Accepted)
    line.close()
    assert server.connections == 2


def test_a_server_that_drips_bytes_cannot_outlast_the_timeout(dripping):
    line = Smtp("127.0.0.1", dripping, table=TABLE, security="none", timeout=SHORT).connect()
    assert plain(line.hand_off(an_email())) == Deferred("connection: the server did not answer in time")


def test_a_server_that_talks_without_end_is_cut_off(chattering):
    line = Smtp("127.0.0.1", chattering, table=TABLE, security="none", timeout=LONG).connect()
    assert isinstance(line.hand_off(an_email()), Deferred)


def test_content_that_the_server_stops_reading_has_not_left(server):
    server.script(Rule(at="data", reply="354 go ahead", close=True, times=1))
    line = to(server).connect()
    outcome = line.hand_off(an_email(1, raw=b"x" * 30_000_000))
    assert plain(outcome) == Deferred("connection: the connection ended while writing")
    assert isinstance(line.hand_off(an_email(2)), Accepted)
    line.close()


def test_content_that_the_server_never_reads_has_not_left(deaf):
    line = Smtp("127.0.0.1", deaf, table=TABLE, security="none", timeout=SHORT).connect()
    outcome = line.hand_off(an_email(1, raw=b"x" * 30_000_000))
    assert plain(outcome) == Deferred("connection: the server did not read in time")


def test_a_line_that_never_ends_is_cut_off(endless):
    line = Smtp("127.0.0.1", endless, table=TABLE, security="none", timeout=LONG).connect()
    assert plain(line.hand_off(an_email())) == Deferred("connection: the server closed the connection")


def test_a_reset_connection_is_like_a_closed_one(resetting):
    line = Smtp("127.0.0.1", resetting, table=TABLE, security="none", timeout=LONG).connect()
    # The kernel may tell us while we still set the socket up, or when we read.
    assert plain(line.hand_off(an_email())) in (
        Deferred("connection: the server closed the connection"),
        Deferred("connection: Connection reset by peer"),
    )


def test_no_time_at_all_defers_without_a_word(server):
    line = to(server, timeout=timedelta(0)).connect()
    assert isinstance(line.hand_off(an_email()), Deferred)
    assert server.mails == []


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example>\r\nRCPT TO:<c@d.example",
        "a b@c.example",
        "a@b\0.example",
        "<a@b.example>",
        "jörg@b.example",
        "nobody",
        "",
    ],
)
def test_an_address_that_could_break_the_envelope_is_refused_before_anything_is_said(server, address):
    line = to(server).connect()
    outcome = line.hand_off(an_email(recipient=address))
    assert plain(outcome) == Refused("553 5.1.3 the address cannot be written in an SMTP envelope")
    assert server.connections == 0


def test_the_server_learns_size_and_eight_bit_content(server):
    line = to(server).connect()
    line.hand_off(an_email(raw=b"A: b\r\n\r\ncaf\xc3\xa9\r\n"))
    line.hand_off(an_email(raw=b"A: b\r\n\r\ncafe\r\n"))
    line.close()
    assert server.mails == [
        "MAIL FROM:<r-1@bounce.clinic.example> SIZE=18 BODY=8BITMIME",
        "MAIL FROM:<r-1@bounce.clinic.example> SIZE=17",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "ehlo [127.0.0.1]"),
        ("class.clinic.example", "ehlo class.clinic.example"),
        ("127.0.0.1", "ehlo [127.0.0.1]"),
        ("localhost", "ehlo [127.0.0.1]"),
    ],
)
def test_we_introduce_ourselves_by_full_name_or_by_address(server, name, said):
    line = to(server, local_hostname=name).connect()
    line.hand_off(an_email())
    line.close()
    assert server.ehlos == [said]


@pytest.mark.parametrize(
    ("reply", "name"),
    [
        ("250 2.0.0 Ok: queued as 4XYZ12abc", "4XYZ12abc"),
        ("250 OK id=1rABcD-0003xY-7z", "1rABcD-0003xY-7z"),
        ("250 Ok 010001933aa-abcd-000000", "010001933aa-abcd-000000"),
        ("250 Thanks", ""),
        ("250", ""),
    ],
)
def test_the_name_the_server_gives_is_kept(server, reply, name):
    server.script(Rule(at="dot", reply=reply))
    line = to(server).connect()
    assert plain(line.hand_off(an_email())) == Accepted(name)
    line.close()


def test_reasons_name_no_address_and_stay_short(server):
    said = f"550-5.1.1 user <{SECRET_EMAIL}> or Jane.Secret is\r\n550 5.1.1 not here\x07 {'x' * 500}"
    server.script(Rule(at="rcpt", reply=said))
    line = to(server).connect()
    outcome = line.hand_off(an_email())
    line.close()
    assert outcome.reason.startswith("550 5.1.1 user (address) or (address) is 5.1.1 not here x")
    assert len(outcome.reason) == 200


def test_starttls_then_login_then_mail():
    with encrypted(starttls=True, login=("clinic", "pass word")) as server:
        line = trusted(server, user="clinic", password="pass word").connect()
        assert isinstance(line.hand_off(an_email(1)), Accepted)
        assert isinstance(line.hand_off(an_email(2)), Accepted)
        line.close()
    assert server.ehlos == ["ehlo [127.0.0.1]"] * 2
    assert [message.encrypted for message in server.messages] == [True, True]


def test_encryption_from_the_first_byte():
    with encrypted() as server:
        line = trusted(server, security="tls").connect()
        assert isinstance(line.hand_off(an_email(1)), Accepted)
        server.drop_all()
        assert isinstance(line.hand_off(an_email(2)), Accepted)
        line.close()
    assert len(server.messages) == 2


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_nobody_vouches_for_stops_everything(security):
    with encrypted(starttls=security == "starttls") as server:
        line = Smtp("127.0.0.1", server.port, table=TABLE, security=security, timeout=LONG).connect()
        outcome = line.hand_off(an_email())
        line.close()
    assert plain(outcome) == Deferred("TLS: the server's certificate is not trusted (self-signed certificate)")
    assert server.mails == []


def test_a_server_without_starttls_gets_no_mail_when_it_is_demanded(server):
    line = to(server, security="starttls").connect()
    outcome = line.hand_off(an_email())
    line.close()
    assert plain(outcome) == Deferred(
        "connection: STARTTLS is demanded by our settings and the server does not offer it"
    )
    assert server.mails == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("454 4.7.0 TLS not available", "454 4.7.0 TLS not available"),
        ("220 go\r\n250 injected", "connection: the server went on talking before encryption began"),
        ("220 go but I do not mean it", None),
    ],
)
def test_a_failed_starttls_is_never_passed_over(reply, reason):
    with encrypted(starttls=True) as server:
        server.script(Rule(at="starttls", reply=reply, close="mean" in reply))
        line = trusted(server).connect()
        outcome = line.hand_off(an_email())
        line.close()
    assert isinstance(outcome, Deferred)
    assert outcome.reason == reason or reason is None
    assert server.mails == []


def test_plain_text_at_a_port_that_expects_tls_defers():
    with encrypted() as server:
        line = to(server, timeout=SHORT).connect()
        assert isinstance(line.hand_off(an_email()), Deferred)
        line.close()


def test_tls_at_a_port_that_speaks_plain_text_defers(server):
    line = trusted(server, security="tls").connect()
    outcome = line.hand_off(an_email())
    assert outcome.reason.startswith("TLS: ")


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ({"user": "clinic", "password": "wrong"}, "login: 535 5.7.8 Wrong user or password"),
        ({"user": "clinic", "password": "schlüssel"}, "login: user or password has characters that SMTP cannot carry"),
        ({}, "login: 530 5.7.0 Authentication required"),
    ],
)
def test_a_login_that_fails_defers_with_a_clear_reason(login, reason):
    with SmtpServer(Behaviour(login=("clinic", "right"))) as server:
        line = to(server, **login).connect()
        assert plain(line.hand_off(an_email())) == Deferred(reason)
        line.close()
    assert server.messages == []


def test_a_login_the_server_does_not_offer_defers(server):
    line = to(server, user="clinic", password="x").connect()
    assert plain(line.hand_off(an_email())) == Deferred("connection: a login is set and the server offers none")


def test_a_host_that_does_not_exist_defers():
    line = Smtp("no-such-host.invalid", 25, table=TABLE, security="none", timeout=SHORT).connect()
    outcome = line.hand_off(an_email())
    assert isinstance(outcome, Deferred)
    assert outcome.reason.startswith("connection: ")


def test_a_goodbye_to_a_server_that_is_gone_is_silent(server):
    line = to(server).connect()
    line.hand_off(an_email())
    server.drop_all()
    line.close()
    line.close()


def test_another_server_reads_the_same_message():
    class Keep:
        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # aiosmtpd's name
            self.content = envelope.content
            return "250 Ok: queued as SECOND"

    keep = Keep()
    controller = Controller(keep, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        line = Smtp("127.0.0.1", controller.port, table=TABLE, security="none", timeout=LONG).connect()
        raw = b"Subject: second opinion\r\n\r\n.\r\n..dots\r\nend\r\n"
        assert plain(line.hand_off(an_email(raw=raw))) == Accepted("SECOND")
        line.close()
    finally:
        controller.stop()
    assert keep.content == raw
    assert message_from_bytes(keep.content, policy=policy.default)["Subject"] == "second opinion"


def test_the_password_is_not_shown_when_the_server_is_printed():
    line = Smtp("127.0.0.1", 1, table=TABLE, user="u", password="hush").connect()
    assert "hush" not in repr(line._server)


def to(server, **facts):
    return Smtp("127.0.0.1", server.port, **{"table": TABLE, "security": "none", "timeout": LONG, **facts})


def trusted(server, **facts):
    return Smtp(
        "127.0.0.1", server.port, **{"table": TABLE, "context": tls.trusting_context(), "timeout": LONG, **facts}
    )


def encrypted(**facts):
    return SmtpServer(Behaviour(tls=tls.server_context(), **facts))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _talker(talk):
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve():
        peer, _ = listener.accept()
        with peer, contextlib.suppress(OSError):
            talk(peer, stop)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    stop.set()
    thread.join(5)
    listener.close()


@pytest.fixture
def dripping():
    def talk(peer, stop):
        while not stop.wait(0.05):
            peer.sendall(b"2")

    yield from _talker(talk)


@pytest.fixture
def chattering():
    def talk(peer, stop):
        while not stop.is_set():
            peer.sendall(b"220-and then\r\n")

    yield from _talker(talk)


@pytest.fixture
def endless():
    def talk(peer, stop):
        while not stop.is_set():
            peer.sendall(b"2" * 1000)

    yield from _talker(talk)


@pytest.fixture
def resetting():
    def talk(peer, _stop):
        # Closing with this set sends RST instead of FIN.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    yield from _talker(talk)


@pytest.fixture
def deaf():
    def talk(peer, stop):
        peer.sendall(b"220 hello\r\n")
        peer.recv(1000)
        peer.sendall(b"250-hello\r\n250 PIPELINING\r\n")
        peer.recv(1000)
        peer.sendall(b"250 Ok\r\n250 Ok\r\n354 Go on\r\n")
        stop.wait(5)

    yield from _talker(talk)


@pytest.fixture
def server():
    with SmtpServer() as server:
        yield server


def plain(outcome):
    """The outcome without the table's ruling and what it says of the door; those have tests of their own."""
    if isinstance(outcome, Deferred):
        return replace(outcome, ruling=None, door=False)
    return replace(outcome, ruling=None) if isinstance(outcome, Refused) else outcome
