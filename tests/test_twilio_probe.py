"""Asking Twilio whether our account may be used."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from campaigns.settings import Settings
from campaigns.twilio_probe import TwilioUnusable, account_status


def test_an_account_that_may_be_used_is_active(twilio):
    server = twilio(200, b'{"status": "active"}')
    assert account_status(server.settings) == "active"
    assert server.heard == ("/2010-04-01/Accounts/AC1.json", "Basic " + base64.b64encode(b"AC1:word").decode())


@pytest.mark.parametrize("status", [401, 404])
def test_wrong_credentials_name_the_settings(twilio, status):
    with pytest.raises(TwilioUnusable, match="TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"):
        account_status(twilio(status, b"{}").settings)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}"])
def test_an_answer_that_is_no_account_is_said_to_be_none(twilio, body):
    with pytest.raises(TwilioUnusable, match="answered 503, which is not an account"):
        account_status(twilio(503, body).settings)


def test_nobody_there_is_one_line():
    with pytest.raises(TwilioUnusable, match="127.0.0.1 does not answer"):
        account_status(_settings("http://127.0.0.1:1"))


def test_without_another_address_twilios_own_is_asked():
    with pytest.raises(TwilioUnusable, match=r"api\.twilio\.com does not answer"):
        account_status(_settings(""))


def _settings(url):
    return Settings(twilio_account_sid="AC1", twilio_auth_token="word", twilio_from="+12075550100", twilio_base_url=url)


@pytest.fixture
def twilio():
    servers = []

    def start(status, body):
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                self.server.heard = (self.path, self.headers["Authorization"])
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Answer)
        server.settings = _settings(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
