"""Twilio's signature, status callbacks and inbound texts."""

from __future__ import annotations

import json
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from campaigns.domain.receipts import InboundText, Kind, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError, Malformed
from campaigns.providers.hooks.twilio import TwilioInbound, TwilioStatus
from tests.providers.hooks.posts import BODIES, DEEP, FUZZ, JSON, NOW, NUMBER, outcome, post
from tests.servers.twilio_callbacks import signature

KEY = "12345"
URL = "https://clinic.example/hooks/twilio/status/tok?x=1"
STATUS = {
    "MessageSid": "SM1",
    "MessageStatus": "delivered",
    "SmsSid": "SM1",
    "SmsStatus": "delivered",
    "To": NUMBER,
    "From": "+18005551212",
    "AccountSid": "AC1",
    "RawDlrDoneDate": "2611281700",
}
TEXT = {"MessageSid": "SM2", "From": NUMBER, "To": "+18005551212", "Body": "Is it on?", "NumMedia": "0"}
GOLDEN = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}


# --- The signature ---------------------------------------------------------------------------------------------------


def test_the_golden_call_with_parameters_is_genuine():
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309"}
    call = signed(fields | {"To": "+18005551212"}, given="RSOYDt4T1cUTdK1PDd93/VVr8B8=", url=GOLDEN)
    with pytest.raises(Malformed):  # a phone call, no message: genuine, and nothing to read here
        TwilioStatus((KEY,)).read(call, NOW)


def test_the_golden_call_with_json_is_genuine():
    body = b'{"property": "value", "boolean": true}'
    assert sha256(body).hexdigest() == "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    url = f"{GOLDEN}&bodySHA256={sha256(body).hexdigest()}"
    headers = {"content-type": "application/json", "x-twilio-signature": "a9nBmqA0ju/hNViExpshrM61xv4="}
    assert outcome(TwilioStatus((KEY,)), post(body, headers, url=url)) == "malformed"
    assert outcome(TwilioStatus((KEY,)), post(body + b" ", headers, url=url)) == "forged"
    assert outcome(TwilioStatus((KEY,)), post(body, headers, url=GOLDEN)) == "forged"


def test_the_golden_call_with_a_repeated_parameter_is_genuine():
    pairs = [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
    call = signed(pairs, given="IK+Dwps556ElfBT0I3Rgjkr1wJU=", url=GOLDEN)
    assert outcome(TwilioStatus((KEY,)), call) == "malformed"


@pytest.mark.parametrize("hook", [TwilioStatus((KEY,)), TwilioInbound((KEY,))], ids=lambda hook: hook.name)
def test_what_is_not_signed_by_twilio_is_forged(hook):
    fields = STATUS | TEXT
    good = signed(fields)
    assert outcome(hook, good) == "read"
    assert outcome(hook, post(good.body, FORM, url=URL)) == "forged"
    assert outcome(hook, signed(fields, given="")) == "forged"
    assert outcome(hook, signed(fields, given="RSOYDt4T1cUTdK1PDd93/VVr8B8=")) == "forged"
    assert outcome(hook, signed(fields, given="ünicode")) == "forged"
    assert outcome(hook, signed(fields, key="54321")) == "forged"
    assert outcome(hook, post(good.body + b"&Extra=", good.headers, url=URL)) == "forged"
    assert outcome(hook, post(good.body.replace(b"SM2", b"SM3"), good.headers, url=URL)) == "forged"
    assert outcome(hook, post(good.body, good.headers, url=URL.replace("tok", "other"))) == "forged"
    assert outcome(hook, post(good.body, good.headers, url=URL.removesuffix("?x=1"))) == "forged"


def test_while_tokens_are_exchanged_either_signs():
    hook = TwilioStatus(("new", "old"))
    assert outcome(hook, signed(STATUS, key="new")) == "read"
    assert outcome(hook, signed(STATUS, key="old")) == "read"
    assert outcome(hook, signed(STATUS, key="older")) == "forged"


@pytest.mark.parametrize("tokens", [(), ("",), ("", "")])
def test_an_empty_token_would_let_everybody_sign(tokens):
    with pytest.raises(ConfigurationError):
        TwilioStatus(tokens)
    with pytest.raises(ConfigurationError):
        TwilioInbound(tokens)
    assert outcome(TwilioStatus(("new", "")), signed(STATUS, key="")) == "forged"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("https://clinic.example/x", "https://clinic.example:443/x"),
        ("https://clinic.example:8443/x?y=1", "https://clinic.example/x?y=1"),
        ("https://clinic.example:8443/x", "https://clinic.example:8443/x"),
        ("http://127.0.0.1/x", "http://127.0.0.1:80/x"),
        ("http://[::1]:8000/x", "http://[::1]/x"),
        ("https://clinic.example?y=1", "https://clinic.example:443?y=1"),
        ("not an address", "not an address"),
    ],
)
def test_twilio_may_sign_the_address_with_or_without_its_port(ours, theirs):
    call = signed(STATUS, url=ours, given=signature(theirs, STATUS, KEY))
    assert outcome(TwilioStatus((KEY,)), call) == "read"


def test_another_port_is_another_address():
    call = signed(STATUS, given=signature("https://clinic.example:444/hooks/twilio/status/tok?x=1", STATUS, KEY))
    assert outcome(TwilioStatus((KEY,)), call) == "forged"


def test_empty_parameters_are_signed_and_read():
    call = signed(TEXT | {"Body": "", "FromCity": ""})
    assert TwilioInbound((KEY,)).read(call, NOW).texts[0].body == ""


def test_of_a_repeated_parameter_the_first_that_says_something_counts():
    pairs = [*TEXT.items(), ("Body", "again"), ("Body", "again"), ("OptOutType", ""), ("OptOutType", "STOP")]
    given = RequestValidator(KEY).compute_signature(URL, Multi(pairs))
    text = TwilioInbound((KEY,)).read(signed(pairs, given=given), NOW).texts[0]
    assert (text.body, text.opt_out) == ("Is it on?", "STOP")


@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), max_size=6))
@FUZZ
def test_we_judge_as_twilio_s_own_library_does(pairs):
    pairs = [("MessageSid", "SM1"), ("MessageStatus", "sent"), *pairs]
    given = RequestValidator(KEY).compute_signature(URL, Multi(parse_qsl(urlencode(pairs), keep_blank_values=True)))
    assert outcome(TwilioStatus((KEY,)), signed(pairs, given=given)) == "read"


# --- Status callbacks ------------------------------------------------------------------------------------------------


def test_a_status_callback_is_read_whole():
    fields = STATUS | {"MessageStatus": "undelivered", "ErrorCode": "30003", "ErrorMessage": f"{NUMBER} is off"}
    assert TwilioStatus((KEY,)).read(signed(fields, token="tok.1"), NOW).receipts == (
        Receipt(
            provider="twilio",
            event_id="SM1:undelivered",
            kind=Kind.BOUNCED,
            channel=Channel.SMS,
            callback_token="tok.1",
            provider_id="SM1",
            recipient=NUMBER,
            code="30003",
            detail="(number) is off",
            facts={"event": "undelivered"},
        ),
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("accepted", Kind.ACCEPTED),
        ("queued", Kind.ACCEPTED),
        ("sending", Kind.ACCEPTED),
        ("sent", Kind.ACCEPTED),
        ("delivered", Kind.DELIVERED),
        ("read", Kind.DELIVERED),
        ("undelivered", Kind.BOUNCED),
        ("failed", Kind.BOUNCED),
        ("scheduled", Kind.IGNORED),
        ("canceled", Kind.IGNORED),
        ("partially_delivered", Kind.IGNORED),
        ("vapourised", Kind.IGNORED),
    ],
)
def test_each_status_has_its_kind_and_the_event_its_own_id(status, kind):
    read = TwilioStatus((KEY,)).read(signed(STATUS | {"MessageStatus": status}), NOW).receipts[0]
    assert (read.kind, read.event_id, read.code) == (kind, f"SM1:{status}", "")


def test_a_callback_that_comes_again_is_the_same_event():
    hook = TwilioStatus((KEY,))
    assert hook.read(signed(STATUS), NOW) == hook.read(signed(STATUS), NOW)


def test_the_older_names_of_parameters_are_read_too():
    read = TwilioStatus((KEY,)).read(signed({"SmsSid": "SM9", "SmsStatus": "sent"}), NOW).receipts[0]
    assert (read.event_id, read.kind) == ("SM9:sent", Kind.ACCEPTED)


def test_parameters_nobody_knows_yet_are_no_fault():
    assert outcome(TwilioStatus((KEY,)), signed(STATUS | {"Quantum": "1", "ErrorCode": "soon"})) == "read"


@pytest.mark.parametrize("missing", ["MessageSid", "MessageStatus"])
def test_a_callback_that_does_not_say_what_it_is_about_cannot_be_read(missing):
    fields = {name: value for name, value in STATUS.items() if name not in (missing, missing.replace("Message", "Sms"))}
    assert outcome(TwilioStatus((KEY,)), signed(fields)) == "malformed"


def test_a_status_with_the_longest_name_has_an_id_that_can_be_kept():
    read = TwilioStatus((KEY,)).read(signed(STATUS | {"MessageSid": "S" * 400}), NOW).receipts[0]
    assert read.event_id.startswith("sha256:")


# --- Inbound texts ---------------------------------------------------------------------------------------------------


def test_an_inbound_text_is_read_whole():
    fields = TEXT | {"Body": " Stop ✋\nplease ", "OptOutType": "STOP", "NumMedia": "0"}
    assert TwilioInbound((KEY,)).read(signed(fields), NOW).texts == (
        InboundText(
            provider="twilio",
            event_id="SM2",
            sender=NUMBER,
            recipient="+18005551212",
            body=" Stop ✋\nplease ",
            opt_out="STOP",
        ),
    )


@pytest.mark.parametrize(
    ("said", "meant"), [("STOP", "STOP"), ("start", "START"), ("HELP", "HELP"), ("", ""), ("MAYBE", "")]
)
def test_only_the_three_opt_out_types_are_believed(said, meant):
    assert TwilioInbound((KEY,)).read(signed(TEXT | {"OptOutType": said}), NOW).texts[0].opt_out == meant


def test_a_text_loses_only_what_cannot_be_stored():
    assert TwilioInbound((KEY,)).read(signed(TEXT | {"Body": "a\0b"}), NOW).texts[0].body == "ab"


@pytest.mark.parametrize("missing", ["MessageSid", "From"])
def test_a_text_from_nobody_cannot_be_read(missing):
    fields = {name: value for name, value in TEXT.items() if name != missing}
    assert outcome(TwilioInbound((KEY,)), signed(fields)) == "malformed"


def test_a_text_in_json_is_read_whole():
    words = "long " * 200
    assert TwilioInbound((KEY,)).read(as_json(TEXT | {"Body": words}), NOW).texts[0].body == words.strip()


def test_a_text_in_json_is_forged_once_its_address_was_altered():
    call = as_json(TEXT)
    assert outcome(TwilioInbound((KEY,)), post(call.body, dict(call.headers), url=call.url + "&y=1")) == "forged"


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [b"MessageSid=%FF", b"MessageSid=\xff", b"&".join([b"a=1"] * 2_000)], ids=lambda body: body[:14]
)
def test_a_form_of_the_wrong_making_is_turned_away(body):
    call = post(body, FORM | {"x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}, url=URL)
    assert outcome(TwilioStatus((KEY,)), call) == "malformed"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", DEEP], ids=lambda b: b[:9])
def test_json_of_the_wrong_shape_cannot_be_read(body):
    assert outcome(TwilioStatus((KEY,)), as_json(body)) == "malformed"


@given(st.binary(max_size=300))
@FUZZ
def test_any_bytes_in_a_signed_form_are_read_or_refused(body):
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        pairs = []
    given = RequestValidator(KEY).compute_signature(URL, Multi(pairs))
    for hook in (TwilioStatus((KEY,)), TwilioInbound((KEY,))):
        assert outcome(hook, post(body, FORM | {"x-twilio-signature": given}, url=URL)) in ("read", "malformed")


@given(st.dictionaries(st.sampled_from([*STATUS, *TEXT, "ErrorCode", "ErrorMessage", "OptOutType"]), st.text()))
@FUZZ
def test_any_words_in_the_parameters_are_read_or_refused(fields):
    for hook in (TwilioStatus((KEY,)), TwilioInbound((KEY,))):
        assert outcome(hook, signed(STATUS | TEXT | fields)) in ("read", "malformed")


@given(BODIES, st.dictionaries(st.sampled_from([*STATUS, *TEXT]), JSON))
@FUZZ
def test_any_signed_json_is_read_or_refused(body, fields):
    for hook in (TwilioStatus((KEY,)), TwilioInbound((KEY,))):
        assert outcome(hook, as_json(body)) in ("read", "malformed")
        assert outcome(hook, as_json(fields)) in ("read", "malformed")


class Multi(dict):
    """Parameters that may repeat, as Twilio's library takes them."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self._pairs = list(pairs)

    def getall(self, name):
        return [value for key, value in self._pairs if key == name]


def signed(fields, *, key=KEY, url=URL, given=None, token=""):
    headers = FORM | {"x-twilio-signature": signature(url, fields, key) if given is None else given}
    return post(urlencode(fields).encode(), headers, url=url, token=token)


def as_json(body):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"{URL}&bodySHA256={sha256(raw).hexdigest()}"
    headers = {"content-type": "application/json", "x-twilio-signature": signature(url, {}, KEY)}
    return post(raw, headers, url=url)
