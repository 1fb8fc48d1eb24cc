"""SendGrid's signed lists of events."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.receipts import Kind, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError
from campaigns.providers.hooks.sendgrid import OLDEST, SendGrid
from tests.providers.hooks.posts import ADDRESS, BODIES, DEEP, FUZZ, JSON, NOW, STAMP, TOKEN, outcome, post, shaped

STAMP_HEADER = "x-twilio-email-event-webhook-timestamp"
SIGNATURE_HEADER = "x-twilio-email-event-webhook-signature"
KEY = ec.generate_private_key(ec.SECP256R1())
GOLDEN_KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
GOLDEN_STAMP = "1600112502"
GOLDEN_SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
GOLDEN_EVENT = {
    "email": "hello@world.com",
    "event": "dropped",
    "reason": "Bounced Address",
    "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
    "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
    "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
    "timestamp": 1600112492,
}
GOLDEN_BODY = json.dumps([GOLDEN_EVENT], sort_keys=True, separators=(",", ":")).encode() + b"\r\n"
GOLDEN_NOW = datetime.fromtimestamp(1600112502, UTC)
EVENT = {
    "email": ADDRESS,
    "timestamp": 1764349200,
    "event": "bounce",
    "type": "bounce",
    "status": "5.1.1",
    "reason": f"550 5.1.1 <{ADDRESS}> unknown",
    "bounce_classification": "Invalid Address",
    "sg_event_id": "evt1",
    "sg_message_id": "msg1.filter",
    "send_id": TOKEN,
    "category": ["class"],
}


# --- The signature ---------------------------------------------------------------------------------------------------


def test_the_golden_call_is_genuine_with_the_line_break_at_its_end():
    one = SendGrid(GOLDEN_KEY).read(golden(GOLDEN_BODY), GOLDEN_NOW).receipts[0]
    assert (one.event_id, one.kind, one.code) == (GOLDEN_EVENT["sg_event_id"], Kind.BOUNCED, "5.1.1")
    assert one.occurred_at == datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    "body", [GOLDEN_BODY.rstrip(), GOLDEN_BODY.replace(b"dropped", b"delivered"), b"[]", b""], ids=lambda body: body[:9]
)
def test_the_golden_call_is_forged_once_its_body_was_altered(body):
    assert outcome(SendGrid(GOLDEN_KEY), golden(body), GOLDEN_NOW) == "forged"


@pytest.mark.parametrize(
    "changed",
    [
        {STAMP_HEADER: "1600112503"},
        {STAMP_HEADER: ""},
        {STAMP_HEADER: "yesterday"},
        {SIGNATURE_HEADER: ""},
        {SIGNATURE_HEADER: "AAAA"},
        {SIGNATURE_HEADER: "no base64"},
        {SIGNATURE_HEADER: "ÿ"},
    ],
    ids=lambda changed: next(iter(changed.items())),
)
def test_the_golden_call_is_forged_once_a_header_was_altered(changed):
    call = golden(GOLDEN_BODY)
    assert outcome(SendGrid(GOLDEN_KEY), post(call.body, dict(call.headers) | changed), GOLDEN_NOW) == "forged"


def test_without_headers_or_with_another_key_it_is_forged():
    assert outcome(SendGrid(GOLDEN_KEY), post(GOLDEN_BODY), GOLDEN_NOW) == "forged"
    assert outcome(reader(), golden(GOLDEN_BODY), GOLDEN_NOW) == "forged"


def test_a_call_may_be_as_old_as_sendgrid_repeats_it():
    assert outcome(reader(), signed([EVENT]), NOW + OLDEST) == "read"
    assert outcome(reader(), signed([EVENT]), NOW + OLDEST + timedelta(seconds=1)) == "forged"
    assert outcome(reader(), signed([EVENT]), NOW - timedelta(minutes=5, seconds=1)) == "forged"


def test_a_call_that_comes_again_brings_the_same_events():
    hook = reader()
    assert hook.read(signed([EVENT]), NOW) == hook.read(signed([EVENT]), NOW + timedelta(hours=3))


@pytest.mark.parametrize("key", ["", "no base64", "AAAA", GOLDEN_KEY[:-8], "-----BEGIN PUBLIC KEY-----"])
def test_a_key_that_is_none_is_noticed_at_the_start(key):
    with pytest.raises(ConfigurationError):
        SendGrid(key)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()])
def test_a_key_of_another_kind_is_noticed_at_the_start(key):
    with pytest.raises(ConfigurationError):
        SendGrid(shown(key))


# --- The events ------------------------------------------------------------------------------------------------------


def test_a_bounce_is_read_whole():
    assert read(EVENT) == (
        Receipt(
            provider="sendgrid",
            event_id="evt1",
            kind=Kind.BOUNCED,
            channel=Channel.EMAIL,
            occurred_at=datetime(2025, 11, 28, 17, 0, tzinfo=UTC),
            send_token=TOKEN,
            provider_id="msg1.filter",
            recipient=ADDRESS,
            code="5.1.1",
            smtp_code=550,
            detail="550 5.1.1 (address) unknown",
            facts={"event": "bounce", "type": "bounce", "classification": "Invalid Address"},
        ),
    )


@pytest.mark.parametrize(
    ("event", "kind", "code"),
    [
        ({"event": "processed"}, Kind.ACCEPTED, ""),
        ({"event": "deferred", "response": "451 4.3.2 busy"}, Kind.DEFERRED, "4.3.2"),
        ({"event": "deferred"}, Kind.DEFERRED, "4.0.0"),
        ({"event": "delivered", "response": "250 OK"}, Kind.DELIVERED, ""),
        ({"event": "bounce", "type": "bounce", "status": "5.0.0"}, Kind.BOUNCED, "5.0.0"),
        ({"event": "bounce", "type": "blocked"}, Kind.BOUNCED, "5.7.1"),
        ({"event": "bounce", "type": "blocked", "reason": "550 5.7.26 no"}, Kind.BOUNCED, "5.7.26"),
        ({"event": "bounce", "type": "expired"}, Kind.BOUNCED, "4.4.7"),
        ({"event": "bounce", "reason": "Invalid"}, Kind.BOUNCED, ""),
        ({"event": "blocked"}, Kind.BOUNCED, "5.7.1"),
        ({"event": "dropped", "reason": "Bounced Address"}, Kind.BOUNCED, "5.1.1"),
        ({"event": "dropped", "reason": "Invalid"}, Kind.BOUNCED, "5.1.3"),
        ({"event": "dropped", "reason": "Spam Content (if enabled)"}, Kind.BOUNCED, "5.7.1"),
        ({"event": "dropped", "reason": "Recipient List over Package Quota"}, Kind.BOUNCED, "5.3.0"),
        ({"event": "spamreport"}, Kind.COMPLAINED, ""),
        ({"event": "unsubscribe"}, Kind.UNSUBSCRIBED, ""),
        ({"event": "group_unsubscribe"}, Kind.UNSUBSCRIBED, ""),
        ({"event": "group_resubscribe"}, Kind.IGNORED, ""),
        ({"event": "open"}, Kind.IGNORED, ""),
        ({"event": "click"}, Kind.IGNORED, ""),
        ({"event": "levitation"}, Kind.IGNORED, ""),
        ({}, Kind.IGNORED, ""),
    ],
)
def test_each_event_has_its_kind_and_code(event, kind, code):
    assert [(one.kind, one.code) for one in read(event)] == [(kind, code)]


@pytest.mark.parametrize(
    ("reason", "kind"), [("Unsubscribed Address", Kind.UNSUBSCRIBED), ("Spam Reporting Address", Kind.COMPLAINED)]
)
def test_a_drop_because_of_an_earlier_stop_tells_of_that_stop(reason, kind):
    receipts = read({"event": "dropped", "reason": reason, "sg_event_id": "e"})
    assert [(one.kind, one.event_id) for one in receipts] == [(Kind.BOUNCED, "e"), (kind, f"e:{kind.value}")]


def test_every_event_of_a_list_is_read():
    events = [EVENT | {"sg_event_id": f"e{number}"} for number in range(300)]
    assert [one.event_id for one in reader().read(signed(events), NOW).receipts] == [f"e{n}" for n in range(300)]
    assert reader().read(signed([]), NOW).receipts == ()


def test_an_event_without_an_id_is_known_by_what_it_says():
    one, other = (read({"event": "open", "timestamp": at})[0] for at in (1, 2))
    assert one.event_id.startswith("sha256:") and one.event_id != other.event_id
    assert one == read({"timestamp": 1, "event": "open"})[0]


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"[[]]", b"\xff", b"[NaN]", DEEP], ids=lambda body: body[:9])
def test_what_is_no_list_of_events_cannot_be_read(body):
    assert outcome(reader(), signed(body)) == "malformed"


@given(BODIES, st.lists(shaped(*EVENT, "response"), max_size=3), JSON)
@FUZZ
def test_anything_that_is_signed_is_read_or_refused(body, events, event):
    assert outcome(reader(), signed(body)) in ("read", "malformed")
    assert outcome(reader(), signed(events)) == "read"
    assert outcome(reader(), signed([EVENT, event])) == ("read" if isinstance(event, dict) else "malformed")


@given(st.dictionaries(st.sampled_from([STAMP_HEADER, SIGNATURE_HEADER]), st.text(st.characters())))
@FUZZ
def test_any_header_is_refused(headers):
    assert outcome(SendGrid(GOLDEN_KEY), post(GOLDEN_BODY, dict(golden(b"").headers) | headers)) == "forged"


def golden(body):
    return post(
        body,
        {
            STAMP_HEADER: GOLDEN_STAMP,
            SIGNATURE_HEADER: GOLDEN_SIGNATURE,
        },
    )


def signed(events, *, stamp=STAMP):
    raw = events if isinstance(events, bytes) else json.dumps(events).encode()
    signature = base64.b64encode(KEY.sign(stamp.encode() + raw, ec.ECDSA(hashes.SHA256()))).decode()
    return post(
        raw,
        {STAMP_HEADER: stamp, SIGNATURE_HEADER: signature},
    )


def shown(key):
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def reader():
    return SendGrid(shown(KEY))


def read(event):
    return reader().read(signed([event]), NOW).receipts
