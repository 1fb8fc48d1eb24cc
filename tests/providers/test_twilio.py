"""Real HTTP against a stand-in for Twilio's API, with every fault the wire can show."""

import base64
import logging
import re
import socket
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from twilio.request_validator import RequestValidator

from campaigns.domain.messages import Accepted, Deferred, Refused, Unknown
from campaigns.providers.twilio import Twilio
from campaigns.rules.replies import read_twilio_codes
from tests.providers.contract import SECRET_NUMBER, WireContract, a_text
from tests.servers import tls
from tests.servers.twilio_server import ACCOUNT, TOKEN, Rule, TwilioServer, signature

SHORT = timedelta(seconds=0.8)
"""For tests in which somebody stays silent; the others take as long as the machine needs."""
LONG = timedelta(seconds=20)


def http(status, body):
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}"


class TwilioWorld:
    def __init__(self, server):
        self.server = server
        self.provider = to(server, timeout=SHORT)

    def received(self):
        return [int(re.search(r"Number (\d+)", sms.body)[1]) for sms in self.server.messages]

    def defer(self):
        self.server.script(Rule(status=429, code=20429))

    def refuse(self):
        self.server.script(Rule(status=400, code=21610))

    def garble(self):
        self.server.script(Rule(body="220 smtp.example ESMTP\r\n", close=True))

    def hang_before(self):
        self.go_away()  # a request that was read may have been carried out, so before means: no server

    def hang_after(self):
        self.server.script(Rule())

    def lose_before(self):
        self.go_away()

    def lose_after(self):
        self.server.script(Rule(keep=True, close=True))

    def mend(self):
        self.server.script()
        if self.server.stopped:
            again = TwilioServer(store=self.server.store, port=self.server.port)
            self.server = again.__enter__()

    def close_idle(self):
        self.server.drop_all()

    def go_away(self):
        self.server.stop()


class TestTwilio(WireContract):
    @pytest.fixture
    def world(self, server):
        world = TwilioWorld(server)
        yield world
        world.server.stop()


def test_the_request_names_recipient_words_service_and_callback_and_nothing_else(server):
    line = to(server, messaging_service_sid="MG1", from_="+12075550199").connect()
    assert plain(line.hand_off(a_text(5, body="Grüße & 100 %"))) == Accepted(server.messages[0].sid)
    line.close()
    assert server.messages[0].fields == {
        "To": SECRET_NUMBER,
        "Body": "Grüße & 100 %",
        "MessagingServiceSid": "MG1",
        "StatusCallback": "https://class.example/hooks/twilio/status/token-5",
    }


def test_without_a_service_the_sender_number_is_used(server):
    line = to(server, messaging_service_sid="", from_="+12075550199").connect()
    line.hand_off(a_text())
    line.close()
    assert server.messages[0].fields["From"] == "+12075550199"
    assert "MessagingServiceSid" not in server.messages[0].fields


def test_one_lane_keeps_one_connection(server):
    line = to(server).connect()
    for number in range(10):
        line.hand_off(a_text(number))
    line.close()
    assert server.connections == 1


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        (
            Rule(status=429, code=20429, retry_after="7"),
            Deferred("20429 too many requests at once", timedelta(seconds=7)),
        ),
        (Rule(status=429), Deferred("429 too many requests at once")),
        (Rule(status=429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), Deferred("429 too many requests at once")),
        (Rule(status=400, code=21611), Deferred("21611 the sender's queue is full")),
        (Rule(status=400, code=21610), Refused("21610 the recipient has opted out with STOP")),
        (Rule(status=400, code=21211), Refused("21211 the number is not valid")),
        (Rule(status=400, code=29999), Refused("29999 Twilio refused the text")),
        (Rule(status=403, code=20003), Deferred("login: 20003 Twilio does not accept our account")),
        (Rule(status=401, code=77), Deferred("login: 77 Twilio does not accept our account")),
        (Rule(status=500, code=20500), Unknown("500 Twilio failed after it was asked")),
        (Rule(status=503, keep=True), Unknown("503 Twilio failed after it was asked")),
        (Rule(status=307), Unknown("307 Twilio failed after it was asked")),
        (Rule(body=http("201 Created", "not json")), Unknown("Twilio answered with something that is no message")),
        (Rule(body=http("201 Created", "[]")), Unknown("Twilio answered with something that is no message")),
        (Rule(body=http("201 Created", "{}")), Unknown("Twilio's answer names no message")),
        (Rule(body=http("400 Bad Request", "<html>proxy</html>")), Refused("400 Twilio refused the text")),
        (
            Rule(body=http("422 No", '{"type":"x","title":"+12075550142","status":422,"code":21614}')),
            Refused("21614 the number cannot receive texts"),
        ),
    ],
)
def test_every_answer_has_its_outcome_and_the_next_text_goes(server, rule, outcome):
    rule.times = 1
    server.script(rule)
    line = to(server).connect()
    assert by_code(line.hand_off(a_text(1))) == by_code(outcome)
    assert isinstance(line.hand_off(a_text(2)), Accepted)
    line.close()


def test_an_answer_that_never_comes_is_asked_for_only_once(server):
    server.script(Rule())
    line = to(server, timeout=SHORT).connect()
    assert plain(line.hand_off(a_text())) == Unknown("the answer of Twilio was lost (ReadTimeoutError)")
    line.close()
    assert server.requests == 1


def test_a_drop_after_the_request_is_not_repeated(server):
    server.script(Rule(close=True))
    line = to(server).connect()
    assert isinstance(line.hand_off(a_text()), Unknown)
    line.close()
    assert server.requests == 1


def test_a_wrong_token_defers_as_a_fault_of_ours(server):
    line = to(server, auth_token="wrong").connect()
    assert by_code(line.hand_off(a_text())) == by_code(Deferred("login: 20003 …"))
    line.close()
    assert server.messages == []


def test_a_host_that_does_not_exist_defers(server):
    line = to(server, base_url="http://no-such-host.invalid").connect()
    assert plain(line.hand_off(a_text())) == Deferred("connection: Twilio is out of reach")


def test_a_certificate_that_nobody_vouches_for_stops_everything():
    with TwilioServer(tls=tls.server_context()) as server:
        line = to(server, base_url=f"https://127.0.0.1:{server.port}").connect()
        assert plain(line.hand_off(a_text())) == Deferred("TLS: Twilio's certificate is not trusted")
        line.close()
    assert server.requests == 0


def test_without_another_address_the_request_goes_to_twilio_itself_through_the_machines_proxy(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        asked = []

        def refuse():
            caller, _ = proxy.accept()
            with caller:
                asked.append(caller.recv(1000).partition(b"\r\n")[0])
                caller.sendall(b"HTTP/1.1 502 No way\r\n\r\n")

        asking = threading.Thread(target=refuse)
        asking.start()
        line = to(None, base_url="").connect()
        outcome = line.hand_off(a_text())
        asking.join(5)
        line.close()
    assert [line.rpartition(b"/")[0] for line in asked] == [b"CONNECT api.twilio.com:443 HTTP"]
    assert plain(outcome) == Deferred("connection: Twilio is out of reach")


def test_neither_log_nor_login_show_up_anywhere(server, caplog):
    caplog.set_level(logging.DEBUG)
    line = to(server).connect()
    line.hand_off(a_text(body="words for one person only"))
    line.close()
    assert SECRET_NUMBER not in caplog.text and "5550142" not in caplog.text
    assert "one person" not in caplog.text and TOKEN not in caplog.text
    assert server.authorizations == {"Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()}


def test_the_stand_in_signs_its_callbacks_as_twilios_own_library_expects():
    url, fields = (
        "https://class.example/hooks/twilio/status/t",
        {"MessageSid": "SM1", "Body": "", "MessageStatus": "sent"},
    )
    assert RequestValidator(TOKEN).validate(url, fields, signature(url, fields))


def callback(text):
    return f"https://class.example/hooks/twilio/status/{text.callback_token}"


def to(server, **facts):
    usual = {
        "table": read_twilio_codes(),
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "messaging_service_sid": "MG0",
        "base_url": server.url if server else "",
        "timeout": LONG,
        "callback_url": callback,
    }
    return Twilio(**{**usual, **facts})


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server():
    with TwilioServer() as server:
        yield server


def plain(outcome):
    """The outcome without the table's ruling and what it says of the door; those have tests of their own."""
    if isinstance(outcome, Deferred):
        return replace(outcome, ruling=None, door=False)
    return replace(outcome, ruling=None) if isinstance(outcome, Refused) else outcome


def by_code(outcome):
    """The outcome with its code alone: the words beside it are the table's."""
    outcome = plain(outcome)
    if isinstance(outcome, Deferred | Refused):
        return replace(outcome, reason=re.match(r"(?:login: )?\d+", outcome.reason)[0])
    return outcome
