"""Mailgun's events, and the signature that does not cover them."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given

from campaigns.domain.receipts import Kind, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError
from campaigns.providers.hooks import mailgun
from campaigns.providers.hooks.mailgun import Mailgun
from tests.providers.hooks.posts import ADDRESS, BODIES, DEEP, FUZZ, JSON, NOW, STAMP, TOKEN, outcome, post, shaped

KEY = "signing-key-test"
GOLDEN_PROOF = {
    "timestamp": "1700000000",
    "token": "a" * 50,
    "signature": "a3dcc8c41f20d56f037a2059ef0ff04f8a950f1a8d04d47278db0bce88772c26",
}
GOLDEN_NOW = datetime.fromtimestamp(1_700_000_000, UTC)
EVENT = {
    "id": "G9Bn5sl1TC6nu79C8C0bwg",
    "event": "failed",
    "severity": "permanent",
    "reason": "bounce",
    "timestamp": 1764349200.5,
    "recipient": ADDRESS,
    "delivery-status": {
        "code": 550,
        "message": f"5.1.1 The email account {ADDRESS} is unknown",
        "description": "",
        "enhanced-code": "5.1.1",
    },
    "message": {"headers": {"message-id": "20261128@clinic.example"}},
    "user-variables": {"send_id": TOKEN},
}


# --- The signature ---------------------------------------------------------------------------------------------------


def test_the_golden_call_is_genuine():
    call = post({"signature": GOLDEN_PROOF, "event-data": EVENT})
    assert outcome(Mailgun(KEY), call, GOLDEN_NOW) == "read"


@pytest.mark.parametrize(
    "changed",
    [
        {"timestamp": "1700000001"},
        {"timestamp": ""},
        {"timestamp": None},
        {"timestamp": "today"},
        {"token": "b" * 50},
        {"token": ""},
        {"token": ["a" * 50]},
        {"signature": ""},
        {"signature": "b" + GOLDEN_PROOF["signature"][1:]},
        {"signature": GOLDEN_PROOF["signature"].upper()},
        {"signature": "ÿ"},
        {"signature": {}},
    ],
    ids=str,
)
def test_the_golden_call_is_forged_once_its_proof_was_altered(changed):
    call = post({"signature": GOLDEN_PROOF | changed, "event-data": EVENT})
    assert outcome(Mailgun(KEY), call, GOLDEN_NOW) == "forged"


@pytest.mark.parametrize("proof", [None, [], "signature", {}])
def test_without_a_proof_it_is_forged(proof):
    assert outcome(Mailgun(KEY), post({"signature": proof, "event-data": EVENT})) == "forged"
    assert outcome(Mailgun(KEY), post({"event-data": EVENT})) == "forged"


def test_with_another_key_it_is_forged():
    assert outcome(Mailgun("another"), signed(EVENT)) == "forged"


def test_an_empty_key_would_let_everybody_sign():
    with pytest.raises(ConfigurationError):
        Mailgun("")


@pytest.mark.parametrize(("off", "taken"), [(-301, "forged"), (-300, "read"), (300, "read"), (301, "forged")])
def test_a_call_is_good_for_five_minutes_on_either_side(off, taken):
    assert outcome(Mailgun(KEY), signed(EVENT), NOW + timedelta(seconds=off)) == taken


def test_the_tolerance_can_be_as_long_as_mailgun_repeats_a_call():
    hook = Mailgun(KEY, tolerance=timedelta(hours=9))
    assert outcome(hook, signed(EVENT), NOW + timedelta(hours=8)) == "read"
    assert outcome(hook, signed(EVENT), NOW + timedelta(hours=10)) == "forged"


def test_a_token_serves_one_body_only():
    hook = Mailgun(KEY)
    first = hook.read(signed(EVENT), NOW)
    assert outcome(hook, signed(EVENT | {"event": "delivered"})) == "forged"
    assert hook.read(signed(EVENT), NOW) == first  # Mailgun tries again: the same event once more
    assert outcome(hook, signed(EVENT | {"event": "delivered"}, token="another")) == "read"


def test_a_forged_call_uses_up_no_token():
    hook = Mailgun(KEY)
    assert outcome(hook, signed(EVENT | {"event": "delivered"}, key="another")) == "forged"
    assert outcome(hook, signed(EVENT)) == "read"


def test_the_memory_for_tokens_has_an_end(monkeypatch):
    monkeypatch.setattr(mailgun, "MOST_TOKENS", 3)
    hook = Mailgun(KEY)
    for token in "abcd":
        hook.read(signed(EVENT, token=token), NOW)
    other = EVENT | {"event": "delivered"}
    assert [outcome(hook, signed(other, token=token)) for token in "dcba"] == ["forged", "forged", "forged", "read"]


# --- The events ------------------------------------------------------------------------------------------------------


def test_a_failure_is_read_whole():
    assert read(EVENT) == (
        Receipt(
            provider="mailgun",
            event_id="G9Bn5sl1TC6nu79C8C0bwg:1764349200.5",
            kind=Kind.BOUNCED,
            channel=Channel.EMAIL,
            occurred_at=datetime(2025, 11, 28, 17, 0, 0, 500_000, UTC),
            send_token=TOKEN,
            provider_id="20261128@clinic.example",
            recipient=ADDRESS,
            code="5.1.1",
            smtp_code=550,
            detail="5.1.1 The email account (address) is unknown",
            facts={"event": "failed", "severity": "permanent", "reason": "bounce"},
        ),
    )


@pytest.mark.parametrize(
    ("event", "kind", "code"),
    [
        ({"event": "accepted"}, Kind.ACCEPTED, ""),
        ({"event": "delivered", "delivery-status": {"code": 250, "message": "OK"}}, Kind.DELIVERED, ""),
        ({"event": "failed", "severity": "permanent"}, Kind.BOUNCED, ""),
        ({"event": "failed"}, Kind.BOUNCED, ""),
        ({"event": "failed", "severity": "temporary"}, Kind.DEFERRED, "4.0.0"),
        ({"event": "failed", "severity": "permanent", "reason": "old"}, Kind.BOUNCED, "4.4.7"),
        ({"event": "failed", "severity": "temporary", "reason": "espblock"}, Kind.DEFERRED, "5.7.1"),
        ({"event": "failed", "severity": "permanent", "reason": "suppress-bounce"}, Kind.BOUNCED, "5.1.1"),
        ({"event": "failed", "delivery-status": {"message": "550 5.2.2 full"}}, Kind.BOUNCED, "5.2.2"),
        ({"event": "rejected", "reject": {"reason": "Sandbox"}}, Kind.BOUNCED, "5.6.0"),
        ({"event": "rejected", "severity": "temporary"}, Kind.BOUNCED, "5.6.0"),
        ({"event": "delivered", "severity": "temporary"}, Kind.DELIVERED, ""),
        ({"event": "complained"}, Kind.COMPLAINED, ""),
        ({"event": "unsubscribed"}, Kind.UNSUBSCRIBED, ""),
        ({"event": "opened"}, Kind.IGNORED, ""),
        ({"event": "clicked"}, Kind.IGNORED, ""),
        ({"event": "levitated"}, Kind.IGNORED, ""),
        ({}, Kind.IGNORED, ""),
    ],
)
def test_each_event_has_its_kind_and_code(event, kind, code):
    assert [(one.kind, one.code) for one in read(event)] == [(kind, code)]


@pytest.mark.parametrize(
    ("reason", "kind"), [("suppress-unsubscribe", Kind.UNSUBSCRIBED), ("suppress-complaint", Kind.COMPLAINED)]
)
def test_what_was_held_back_because_of_an_earlier_stop_tells_of_that_stop(reason, kind):
    receipts = read({"event": "failed", "severity": "permanent", "reason": reason, "id": "e", "timestamp": 1})
    assert [(one.kind, one.event_id) for one in receipts] == [(Kind.BOUNCED, "e:1"), (kind, f"e:1:{kind.value}")]


@pytest.mark.parametrize(("code", "smtp_code"), [(550, 550), ("421", 421), (605, None), (None, None), (True, None)])
def test_only_an_smtp_reply_is_taken_for_one(code, smtp_code):
    assert read({"event": "failed", "delivery-status": {"code": code}})[0].smtp_code == smtp_code


def test_the_same_id_on_another_day_is_another_event():
    assert read(EVENT)[0].event_id != read(EVENT | {"timestamp": 1764435600})[0].event_id


@pytest.mark.parametrize("missing", ["id", "timestamp"])
def test_an_event_without_a_name_is_known_by_what_it_says(missing):
    event = {name: value for name, value in EVENT.items() if name != missing}
    one, other = read(event)[0], read(event | {"reason": "generic"})[0]
    assert one.event_id.startswith("sha256:") and one.event_id != other.event_id


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"\xff", b"timestamp=1&token=a", DEEP], ids=lambda body: body[:9])
def test_what_is_no_call_of_mailgun_cannot_be_read(body):
    assert outcome(Mailgun(KEY), post(body)) == "malformed"


@pytest.mark.parametrize("event", [None, [], "failed", 1, True])
def test_a_genuine_call_without_an_event_cannot_be_read(event):
    assert outcome(Mailgun(KEY), signed(event)) == "malformed"


@given(BODIES, shaped(*EVENT, "reject"), JSON)
@FUZZ
def test_anything_that_is_signed_is_read_or_refused(body, event, whatever):
    assert outcome(Mailgun(KEY), post(body)) in ("forged", "malformed")
    assert outcome(Mailgun(KEY), signed(event)) == "read"
    assert outcome(Mailgun(KEY), signed(event | {"event": "failed"})) == "read"
    assert outcome(Mailgun(KEY), signed(whatever)) in ("read", "malformed")


@given(JSON, JSON, JSON)
@FUZZ
def test_any_proof_is_refused(timestamp, token, signature):
    proof = {"timestamp": timestamp, "token": token, "signature": signature}
    assert outcome(Mailgun(KEY), post({"signature": proof, "event-data": EVENT})) == "forged"
    assert outcome(Mailgun(KEY), post({"signature": proof | {"timestamp": STAMP}, "event-data": EVENT})) == "forged"


def signed(event, *, token="t" * 50, key=KEY):
    digest = hmac.new(key.encode(), f"{STAMP}{token}".encode(), sha256).hexdigest()
    proof = {"timestamp": STAMP, "token": token, "signature": digest}
    return post(json.dumps({"signature": proof, "event-data": event}).encode())


def read(event):
    return Mailgun(KEY).read(signed(event), NOW).receipts
