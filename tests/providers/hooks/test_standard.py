"""Standard Webhooks: shared secrets and public keys, and our own form of event."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.receipts import Kind, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError
from campaigns.providers.hooks.standard import StandardWebhooks
from tests.providers.hooks.posts import (
    ADDRESS,
    BODIES,
    DEEP,
    FUZZ,
    JSON,
    NOW,
    NUMBER,
    STAMP,
    TOKEN,
    outcome,
    post,
    shaped,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GOLDEN_BODY = b'{"test": 2432232314}'
GOLDEN_HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
GOLDEN_NOW = datetime.fromtimestamp(1_614_265_330, UTC)
PRIVATE = Ed25519PrivateKey.generate()
PUBLIC = "whpk_" + base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
EVENT = {
    "type": "message.bounced",
    "timestamp": "2026-11-28T17:00:00Z",
    "data": {
        "send_id": TOKEN,
        "message_id": "m-1",
        "channel": "email",
        "code": "5.1.1",
        "detail": f"550 5.1.1 {ADDRESS} is unknown",
        "recipient": ADDRESS,
    },
}


# --- The signature ---------------------------------------------------------------------------------------------------


def test_the_golden_call_is_genuine():
    # It says nothing that we could read, which is found out only once it has proved where it comes from.
    assert outcome(StandardWebhooks(SECRET), post(GOLDEN_BODY, GOLDEN_HEADERS), GOLDEN_NOW) == "malformed"


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_another"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "1614265330.0"},
        {"webhook-timestamp": ""},
        {"webhook-signature": ""},
        {"webhook-signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1Ok="},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,ÿ"},
    ],
    ids=lambda changed: next(iter(changed.items())),
)
def test_the_golden_call_is_forged_once_a_header_was_altered(changed):
    call = post(GOLDEN_BODY, GOLDEN_HEADERS | changed)
    assert outcome(StandardWebhooks(SECRET), call, GOLDEN_NOW) == "forged"


def test_the_golden_call_is_forged_once_its_body_or_the_key_was_altered():
    assert outcome(StandardWebhooks(SECRET), post(GOLDEN_BODY + b"\n", GOLDEN_HEADERS), GOLDEN_NOW) == "forged"
    other = StandardWebhooks("whsec_" + base64.b64encode(b"another").decode())
    assert outcome(other, post(GOLDEN_BODY, GOLDEN_HEADERS), GOLDEN_NOW) == "forged"


@pytest.mark.parametrize("secret", [SECRET, PUBLIC], ids=["shared", "public"])
def test_each_kind_of_key_proves_its_own_signatures_only(secret):
    assert outcome(StandardWebhooks(secret), signed(EVENT, secret=secret)) == "read"
    assert outcome(StandardWebhooks(secret), signed(EVENT, secret=SECRET if secret == PUBLIC else PUBLIC)) == "forged"
    altered = post(json.dumps(EVENT | {"type": "message.delivered"}).encode(), signed(EVENT, secret=secret).headers)
    assert outcome(StandardWebhooks(secret), altered) == "forged"


@pytest.mark.parametrize("secret", [SECRET, PUBLIC], ids=["shared", "public"])
@pytest.mark.parametrize("beside", ["{} v1,AAAA", "v1,AAAA {}", "v1,no-base64 v1a,ÿ v9,x {}", "  {}  "])
def test_one_good_signature_among_several_will_do(secret, beside):
    call = signed(EVENT, secret=secret)
    headers = dict(call.headers) | {"webhook-signature": beside.format(call.headers["webhook-signature"])}
    assert outcome(StandardWebhooks(secret), post(call.body, headers)) == "read"


def test_not_any_number_of_signatures_is_tried():
    call = signed(EVENT)
    given = "v1,AAAA " * 10 + call.headers["webhook-signature"]
    assert (
        outcome(StandardWebhooks(SECRET), post(call.body, dict(call.headers) | {"webhook-signature": given}))
        == "forged"
    )


@pytest.mark.parametrize(("off", "taken"), [(-301, "forged"), (-300, "read"), (300, "read"), (301, "forged")])
def test_a_call_is_good_for_five_minutes_on_either_side(off, taken):
    assert outcome(StandardWebhooks(SECRET), signed(EVENT), NOW + timedelta(seconds=off)) == taken


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whpk_", "whsec_no base64", "whpk_AAAA", SECRET.removeprefix("whsec_"), "whsk_" + SECRET, "whsec_ÿ"],
)
def test_a_secret_that_is_none_is_noticed_at_the_start(secret):
    with pytest.raises(ConfigurationError):
        StandardWebhooks(secret)


# --- The events ------------------------------------------------------------------------------------------------------


def test_a_bounce_is_read_whole():
    assert read(EVENT) == Receipt(
        provider="webhook",
        event_id="evt_1",
        kind=Kind.BOUNCED,
        channel=Channel.EMAIL,
        occurred_at=datetime(2026, 11, 28, 17, 0, tzinfo=UTC),
        send_token=TOKEN,
        provider_id="m-1",
        recipient=ADDRESS,
        code="5.1.1",
        smtp_code=550,
        detail="550 5.1.1 (address) is unknown",
        facts={"event": "message.bounced"},
    )


def test_a_text_has_twilio_s_code():
    data = {"channel": "sms", "code": "30003", "detail": f"550 {NUMBER} is off", "recipient": NUMBER}
    one = read(EVENT | {"data": data})
    assert (one.channel, one.code, one.smtp_code, one.detail) == (Channel.SMS, "30003", None, "550 (number) is off")
    assert read(EVENT | {"data": data | {"code": "5.1.1"}}).code == ""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("message.accepted", Kind.ACCEPTED),
        ("message.deferred", Kind.DEFERRED),
        ("message.delivered", Kind.DELIVERED),
        ("message.bounced", Kind.BOUNCED),
        ("message.complained", Kind.COMPLAINED),
        ("message.unsubscribed", Kind.UNSUBSCRIBED),
        ("message.opened", Kind.IGNORED),
        ("message.ignored", Kind.IGNORED),
        ("delivered", Kind.IGNORED),
        ("", Kind.IGNORED),
        (None, Kind.IGNORED),
    ],
)
def test_each_type_has_its_kind(name, kind):
    assert read(EVENT | {"type": name}).kind is kind


def test_all_but_the_type_and_the_data_may_be_left_out():
    one = read({"type": "message.delivered", "data": {}})
    assert (one.kind, one.channel, one.occurred_at, one.send_token) == (Kind.DELIVERED, Channel.EMAIL, None, "")


def test_a_call_that_comes_again_is_the_same_event():
    hook = StandardWebhooks(SECRET)
    later = str(int(STAMP) + 60)
    assert hook.read(signed(EVENT), NOW) == hook.read(signed(EVENT, stamp=later), NOW)


def test_an_id_that_is_too_long_becomes_a_digest():
    assert read(EVENT, id_="x" * 201).event_id.startswith("sha256:")


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{}", b"\xff", b'{"data": []}', DEEP], ids=lambda body: body[:12])
def test_what_is_no_event_of_ours_cannot_be_read(body):
    assert outcome(StandardWebhooks(SECRET), signed(body)) == "malformed"


@pytest.mark.parametrize("channel", ["fax", "EMAIL", "1"])
def test_a_channel_nobody_knows_cannot_be_read(channel):
    assert outcome(StandardWebhooks(SECRET), signed(EVENT | {"data": {"channel": channel}})) == "malformed"


@given(BODIES, shaped(*EVENT["data"]), JSON, st.text(st.characters(), min_size=1, max_size=300))
@FUZZ
def test_anything_that_is_signed_is_read_or_refused(body, data, whatever, id_):
    hook = StandardWebhooks(SECRET)
    assert outcome(hook, signed(body)) in ("read", "malformed")
    assert outcome(hook, signed(EVENT | {"data": data | {"channel": "sms"}})) == "read"
    assert (
        outcome(hook, signed({"type": whatever, "timestamp": whatever, "data": {"channel": "", "code": whatever}}))
        == "read"
    )
    assert outcome(hook, signed({"data": data, "type": whatever})) in ("read", "malformed")
    assert outcome(hook, signed(EVENT, id_=id_)) == ("read" if id_ == id_.strip() else "forged")


@given(st.fixed_dictionaries(dict.fromkeys(GOLDEN_HEADERS, st.text(st.characters(), max_size=30))))
@FUZZ
def test_any_headers_are_refused(headers):
    for secret in (SECRET, PUBLIC):
        assert outcome(StandardWebhooks(secret), post(EVENT, headers)) == "forged"
        assert outcome(StandardWebhooks(secret), post(EVENT, headers | {"webhook-timestamp": STAMP})) == "forged"


def signed(event, *, secret=SECRET, id_="evt_1", stamp=STAMP):
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    words = f"{id_}.{stamp}.".encode("utf-8", "surrogatepass") + raw
    if secret == PUBLIC:
        signature = "v1a," + base64.b64encode(PRIVATE.sign(words)).decode()
    else:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signature = "v1," + base64.b64encode(hmac.new(key, words, sha256).digest()).decode()
    return post(raw, {"webhook-id": id_, "webhook-timestamp": stamp, "webhook-signature": signature})


def read(event, **how):
    (one,) = StandardWebhooks(SECRET).read(signed(event, **how), NOW).receipts
    return one
