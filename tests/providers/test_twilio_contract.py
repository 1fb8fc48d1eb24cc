"""Every request that creates a text keeps to Twilio's published field rules, read off the wire."""

import json
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from campaigns.domain.messages import Accepted
from campaigns.domain.segments import count
from campaigns.providers.twilio import Twilio
from campaigns.rules.replies import read_twilio_codes
from tests.providers.contract import a_text
from tests.servers.twilio_server import ACCOUNT, TOKEN, TwilioServer

SCHEMA = json.loads(Path(__file__).with_name("twilio_contract.json").read_text(encoding="utf-8"))
CONTRACT = Draft202012Validator(SCHEMA)
SERVICE = {"messaging_service_sid": "MG" + "0a" * 16}
NUMBER = {"from_": "+12075550199"}
GOOD = {
    "To": "+12075550142",
    "MessagingServiceSid": "MG" + "0a" * 16,
    "Body": "Words",
    "StatusCallback": "https://class.example/hooks/twilio/status/token_1",
    "ValidityPeriod": "3600",
}
LONG_BODY = "Starts at three. " * 94
UCS2_BODY = "Heute um drei – bis gleich 😀 ¡Hasta luego! "


def test_the_schema_itself_is_in_order():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("sender", [SERVICE, NUMBER, {**SERVICE, **NUMBER}], ids=["service", "number", "both"])
@pytest.mark.parametrize(
    "base",
    ["https://class.example/hooks/twilio/status/", "http://127.0.0.1:8000/hooks/twilio/status/", ""],
    ids=["public", "here", "no callback"],
)
@pytest.mark.parametrize(
    "body",
    ["Room opens at 3 PM & ends at 4 + more = fun? 100%", LONG_BODY, UCS2_BODY, UCS2_BODY * 36],
    ids=["short", "long", "UCS-2", "long UCS-2"],
)
def test_every_variant_of_a_request_keeps_to_the_contract(server, sender, base, body):
    form = sent(server, a_text(7, body=body), base, **sender)
    assert errors(form) == []
    assert (form["To"], form["Body"]) == (a_text().recipient, body)
    assert form.get("StatusCallback", "") == (f"{base}token-7" if base else "")


def test_the_bodies_of_the_examples_are_what_they_are_named():
    assert (count(LONG_BODY).encoding, count(UCS2_BODY).encoding) == ("GSM-7", "UCS-2")
    assert len(LONG_BODY) > 1590 and 1500 < len(UCS2_BODY * 36) <= 1600


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(st.characters(codec="utf-8"), min_size=1, max_size=1600), by_service=st.booleans())
def test_any_words_arrive_as_they_were_and_keep_to_the_contract(server, body, by_service):
    form = sent(server, a_text(1, body=body), GOOD["StatusCallback"], **(SERVICE if by_service else NUMBER))
    assert errors(form) == []
    assert form["Body"] == body


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.from_regex(r"\+[1-9][0-9]{5,14}", fullmatch=True),
    token=st.from_regex(r"[A-Za-z0-9_.~-]{1,80}", fullmatch=True),
)
def test_any_number_and_token_arrive_as_they_were(server, number, token):
    form = sent(server, a_text(1, recipient=number), "https://class.example/", token=token, **SERVICE)
    assert errors(form) == []
    assert (form["To"], form["StatusCallback"]) == (number, f"https://class.example/{token}")


@pytest.mark.parametrize("period", ["1", "300", "9999", "14400", "36000"])
def test_every_validity_period_that_twilio_takes_is_allowed(period):
    assert errors(GOOD | {"ValidityPeriod": period}) == []


@pytest.mark.parametrize("fragment", ["#rc=3", "#rc=5&rp=ct,rt,5xx", "#ct=2000&rt=5000&tt=15000"])
def test_instructions_for_twilios_tries_are_allowed_in_the_callbacks_fragment(fragment):
    assert errors(GOOD | {"StatusCallback": GOOD["StatusCallback"] + fragment}) == []


@pytest.mark.parametrize(
    "planted",
    [
        {"IdempotencyKey": "1"},
        {"MediaUrl": "https://class.example/p.png"},
        {"body": "words"},
        {"To": None},
        {"To": "2075550142"},
        {"To": "+02075550142"},
        {"To": "+1 207 555 0142"},
        {"To": "+1207555014212345"},
        {"To": "+12075550142\n"},
        {"MessagingServiceSid": None},
        {"MessagingServiceSid": "MG0"},
        {"MessagingServiceSid": "AC" + "0" * 32},
        {"From": "+12075550199"},
        {"MessagingServiceSid": None, "From": "CLINIC"},
        {"Body": None},
        {"Body": ""},
        {"Body": "x" * 1601},
        {"StatusCallback": ""},
        {"StatusCallback": "/hooks/twilio"},
        {"StatusCallback": "ftp://class.example/hooks"},
        {"StatusCallback": "https://my_class.example/hooks"},
        {"StatusCallback": "https://class.example/ü"},
        {"StatusCallback": "https://class.example/a b"},
        {"StatusCallback": "https://class.example/hooks#top"},
        {"StatusCallback": "https://class.example/hooks#rc=6"},
        {"StatusCallback": "https://class.example/hooks#rc=1#rc=2"},
        {"StatusCallback": "https://class.example/hooks\n"},
        {"ValidityPeriod": "0"},
        {"ValidityPeriod": "-5"},
        {"ValidityPeriod": "36001"},
        {"ValidityPeriod": "99999"},
        {"ValidityPeriod": "60.5"},
        {"ValidityPeriod": ""},
    ],
    ids=str,
)
def test_what_twilio_would_not_take_is_refused_by_the_contract(planted):
    assert errors(GOOD) == []
    assert errors({name: value for name, value in (GOOD | planted).items() if value is not None})


def test_a_field_planted_into_a_real_request_is_noticed(server):
    form = sent(server, a_text(), "", **SERVICE)
    assert errors(form) == []
    assert errors(form | {"I-Twilio-Idempotency-Token": "1"})


def sent(server, text, base, *, token="", **sender):
    """Hand off a text and give the form that went over the wire."""
    callback = base + (token or text.callback_token) if base else ""
    facts = {"account_sid": ACCOUNT, "auth_token": TOKEN, "base_url": server.url, **sender}
    line = Twilio(table=read_twilio_codes(), callback_url=lambda _: callback, **facts).connect()
    outcome = line.hand_off(text)
    line.close()
    assert outcome == Accepted(server.messages[-1].sid)
    request = server.last
    assert (request.method, request.target) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert request.headers["content-type"].split(";")[0] == "application/x-www-form-urlencoded"
    pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def errors(form):
    return [error.message for error in CONTRACT.iter_errors(form)]


@pytest.fixture(scope="module")
def server():
    with TwilioServer() as server:
        yield server
