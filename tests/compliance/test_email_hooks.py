"""Requirements 20 and 21: who may speak for a provider at our door, and which addresses of Amazon's are ever visited."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import product
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.testclient import TestClient

from campaigns import hooks
from campaigns.domain.receipts import Post
from campaigns.operations.receive import apply_receipts
from campaigns.rendering.identity import send_token
from campaigns.runtime import Runtime, build
from campaigns.settings import read_settings
from campaigns.web.app import create_app
from tests.factories import HOUR, MINUTE, PUBLIC, World
from tests.fakes import HandClock
from tests.providers.hooks import amazon
from tests.providers.hooks.posts import NOW, STAMP
from tests.servers.twilio_callbacks import signature

EC_KEY, OTHER_EC_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
SHARED = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
GOLDEN_SENDGRID_KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
GOLDEN_SENDGRID = [
    {
        "email": "hello@world.com",
        "event": "dropped",
        "reason": "Bounced Address",
        "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
        "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
        "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
        "timestamp": 1600112492,
    }
]
GOLDEN_SENDGRID_HEADERS = {
    "x-twilio-email-event-webhook-timestamp": "1600112502",
    "x-twilio-email-event-webhook-signature": "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
}
GOLDEN_MAILGUN = {
    "timestamp": "1700000000",
    "token": "a" * 50,
    "signature": "a3dcc8c41f20d56f037a2059ef0ff04f8a950f1a8d04d47278db0bce88772c26",
}
OPEN = {
    "ses_topics": amazon.TOPIC,
    "sendgrid_public_key": base64.b64encode(
        EC_KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    ).decode(),
    "postmark_login": "clinic:word",
    "mailgun_signing_key": "signing-key-test",
    "webhook_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "twilio_account_sid": "AC" + "0" * 32,
    "twilio_auth_token": "12345",
    "sms_provider": "folder",
}
"""The settings that open every door."""


@dataclass(frozen=True)
class Caller:
    """How a provider tells us of a bounce, and how its call is altered."""

    path: str
    call: Callable[..., Post]
    """(token, ours=…): the genuine call about the message of this token, signed with our key or with another."""
    later: Callable[[Post], Post]
    """The same call with another time in it."""


def sns(version: str) -> Callable[..., Post]:
    def call(token: str, *, ours: bool = True) -> Post:
        recipient = {"emailAddress": "sam1@example.com", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 unknown"}
        event = {
            "eventType": "Bounce",
            "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [recipient],
                       "timestamp": "2026-11-28T16:59:00.000Z", "feedbackId": "0100017-000000"},
            "mail": {"messageId": "0100", "destination": ["sam1@example.com"], "headers": [{"name": "X-Send-Id", "value": token}]},
        }  # fmt: skip
        envelope = amazon.NOTIFICATION | {"SignatureVersion": version, "Message": json.dumps(event)}
        return amazon.signed(envelope, by=None if ours else amazon.another_key())

    return call


def sns_later(post: Post) -> Post:
    return replace(post, body=post.body.replace(b"17:00:00.000Z", b"17:00:01.000Z"))


def sendgrid(token: str, *, ours: bool = True) -> Post:
    event = {"email": "sam1@example.com", "event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1",
             "sg_event_id": "evt-1", "timestamp": int(STAMP), "send_id": token}  # fmt: skip
    body = json.dumps([event]).encode() + b"\r\n"
    sealed = (EC_KEY if ours else OTHER_EC_KEY).sign(STAMP.encode() + body, ec.ECDSA(hashes.SHA256()))
    head = {
        "x-twilio-email-event-webhook-timestamp": STAMP,
        "x-twilio-email-event-webhook-signature": base64.b64encode(sealed).decode(),
    }
    return Post(url="", headers=head, body=body)


def mailgun(token: str, *, ours: bool = True) -> Post:
    key = b"signing-key-test" if ours else b"another"
    once = sha256(token.encode()).hexdigest()[:50]
    proof = {
        "timestamp": STAMP,
        "token": once,
        "signature": hmac.digest(key, f"{STAMP}{once}".encode(), "sha256").hex(),
    }
    event = {"id": "ev-1", "event": "failed", "severity": "permanent", "timestamp": int(STAMP), "recipient": "sam1@example.com",
             "delivery-status": {"code": 550, "message": "5.1.1 unknown"}, "user-variables": {"send_id": token}}  # fmt: skip
    return Post(url="", headers={}, body=json.dumps({"signature": proof, "event-data": event}).encode())


def standard(token: str, *, ours: bool = True) -> Post:
    body = json.dumps({"type": "message.bounced", "data": {"send_id": token, "code": "5.1.1"}}).encode()
    sealed = hmac.digest(SHARED if ours else b"another", f"msg_1.{STAMP}.".encode() + body, "sha256")
    head = {
        "webhook-id": "msg_1",
        "webhook-timestamp": STAMP,
        "webhook-signature": f"v1,{base64.b64encode(sealed).decode()}",
    }
    return Post(url="", headers=head, body=body)


def header_later(name: str) -> Callable[[Post], Post]:
    return lambda post: replace(post, headers={**post.headers, name: str(int(STAMP) + 1)})


CALLERS = {
    "SNS version 1": Caller("/hooks/ses", sns("1"), sns_later),
    "SNS version 2": Caller("/hooks/ses", sns("2"), sns_later),
    "SendGrid": Caller("/hooks/sendgrid", sendgrid, header_later("x-twilio-email-event-webhook-timestamp")),
    "Mailgun": Caller(
        "/hooks/mailgun",
        mailgun,
        lambda post: replace(post, body=post.body.replace(STAMP.encode(), str(int(STAMP) + 1).encode(), 1)),
    ),
    "Standard Webhooks": Caller("/hooks/webhook", standard, header_later("webhook-timestamp")),
}


@dataclass
class Doors:
    """The real application with every door open, and a message that has left."""

    world: World
    runtime: Runtime
    client: TestClient
    amazon: amazon.Web

    def send(self, path: str, call: Post):
        return self.client.post(path, content=call.body, headers=dict(call.headers))

    def token(self) -> str:
        """Our name for a confirmation that has just left."""
        mine = self.world.registration(self.world.session())
        self.world.work()
        return send_token(self.world.delivery(mine, "C0").id, self.runtime.sender)

    def apply(self) -> None:
        apply_receipts(self.runtime.engine, self.runtime.ears, self.runtime.clock())

    def receipts(self) -> int:
        return self.world.one("SELECT count(*) FROM receipt")


# 20: who may speak for a provider


@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
def test_e20_a_genuine_call_is_taken_and_the_same_again_changes_nothing(doors: Doors, caller: Caller) -> None:
    call = caller.call(doors.token())
    answers = [doors.send(caller.path, call).status_code for _ in range(3)]
    assert {status // 100 for status in answers} == {2}
    assert doors.receipts() == 1
    doors.apply()
    assert {address for _, address, _, _ in doors.world.suppressions()} == {"sam1@example.com"}


@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
def test_e20_an_altered_call_is_refused_and_leaves_nothing(doors: Doors, caller: Caller) -> None:
    token = doors.token()
    genuine = caller.call(token)
    body = replace(genuine, body=genuine.body.replace(b"5.1.1", b"5.1.2"))
    for altered in (
        caller.later(genuine),
        caller.call(token, ours=False),
        replace(genuine, headers={}, body=genuine.body.replace(b"ignature", b"othing")),
        *([] if caller.call is mailgun else [body]),
    ):
        assert (altered.body, altered.headers) != (genuine.body, genuine.headers)
        assert 400 <= doors.send(caller.path, altered).status_code < 500
        assert doors.receipts() == 0
    # Mailgun signs a time and a token, not the event: once they were used, they count for that event alone.
    assert doors.send(caller.path, genuine).status_code == 204
    assert 400 <= doors.send(caller.path, body).status_code < 500
    assert doors.receipts() == 1
    doors.apply()
    assert doors.world.one("SELECT code FROM receipt") == "5.1.1"


@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
def test_e20_a_call_that_is_played_back_later_is_refused_or_known(doors: Doors, caller: Caller) -> None:
    call = caller.call(doors.token())
    for hours in (0, 1, 25):
        doors.runtime.clock.now = NOW + hours * HOUR
        answer = doors.send(caller.path, call).status_code
        assert answer == 204 if hours == 0 else answer in (204, 400, 401, 403)
    assert doors.receipts() == 1


def test_e20_the_golden_call_of_sendgrid_is_taken_and_not_without_its_last_line_end(opened) -> None:
    doors = opened(sendgrid_public_key=GOLDEN_SENDGRID_KEY)
    doors.runtime.clock.now = datetime.fromtimestamp(1600112502, UTC)
    body = json.dumps(GOLDEN_SENDGRID, sort_keys=True, separators=(",", ":")).encode()
    call = Post(url="", headers=GOLDEN_SENDGRID_HEADERS, body=body + b"\r\n")
    assert doors.send("/hooks/sendgrid", replace(call, body=body)).status_code == 403
    assert doors.send("/hooks/sendgrid", call).status_code == 204
    assert doors.world.one("SELECT event_id FROM receipt") == GOLDEN_SENDGRID[0]["sg_event_id"]


def test_e20_the_golden_proof_of_mailgun_is_taken_and_counts_for_one_event_alone(doors: Doors) -> None:
    doors.runtime.clock.now = datetime.fromtimestamp(1_700_000_000, UTC)
    events = [{"id": f"ev-{number}", "event": "delivered", "timestamp": 1_700_000_000} for number in range(2)]
    answers = [
        doors.client.post("/hooks/mailgun", json={"signature": GOLDEN_MAILGUN, "event-data": event}).status_code
        for event in (events[0], events[0], events[1])
    ]
    assert answers == [204, 204, 403]
    assert doors.receipts() == 1


def test_e20_the_golden_signature_of_standard_webhooks_is_believed_and_its_neighbours_are_not(doors: Doors) -> None:
    """The golden body is none of our events: 400 says that it was believed and could not be read, 403 that it was not."""
    doors.runtime.clock.now = datetime.fromtimestamp(1_614_265_330, UTC)
    head = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    golden = Post(url="", headers=head, body=b'{"test": 2432232314}')
    assert doors.send("/hooks/webhook", golden).status_code == 400
    rotated = {**head, "webhook-signature": f"v1,{'A' * 43}= {head['webhook-signature']}"}
    assert doors.send("/hooks/webhook", replace(golden, headers=rotated)).status_code == 400
    for name, value in (
        ("webhook-id", "msg_other"),
        ("webhook-timestamp", "1614265331"),
        ("webhook-signature", "v1,AAAA"),
    ):
        assert doors.send("/hooks/webhook", replace(golden, headers={**head, name: value})).status_code == 403
    assert doors.send("/hooks/webhook", replace(golden, body=b'{"test": 2432232315}')).status_code == 403


def test_e20_a_call_of_twilio_is_taken_once_and_refused_when_it_is_altered(doors: Doors) -> None:
    path, fields = (
        "/hooks/twilio/status/token",
        {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+12075550123"},
    )

    def send(sent: dict[str, str], signed: str):
        head = {"x-twilio-signature": signed, "content-type": "application/x-www-form-urlencoded"}
        return doors.client.post(path, content=urlencode(sent), headers=head).status_code

    good = signature(f"{PUBLIC}{path}", fields, "12345")
    assert [send(fields, good) for _ in range(3)] == [204, 204, 204]
    assert doors.receipts() == 1
    assert send({**fields, "MessageStatus": "failed"}, good) == 403
    assert send(fields, signature(f"{PUBLIC}{path}", fields, "12346")) == 403
    assert doors.receipts() == 1


BASIC = base64.b64encode
POSTMARK = {
    "RecordType": "Bounce",
    "Type": "HardBounce",
    "ID": 42,
    "MessageID": "883953f4",
    "Email": "sam1@example.com",
}


def test_e20_postmark_without_the_right_login_is_told_so_and_leaves_nothing(doors: Doors) -> None:
    wrong = [f"Basic {BASIC(login).decode()}" for login in (b"clinic:wrong", b"other:word", b"clinic:word:")]
    for login in ("", *wrong, "Basic ???", "Bearer word"):
        answer = doors.client.post("/hooks/postmark", json=POSTMARK, headers={"authorization": login} if login else {})
        assert doors.receipts() == 0
        assert answer.status_code == 401


def test_e20_postmark_with_the_right_login_is_taken_once(doors: Doors) -> None:
    event = POSTMARK | {"Metadata": {"send-id": doors.token()}}
    head = {"authorization": f"Basic {BASIC(b'clinic:word').decode()}"}
    assert {doors.client.post("/hooks/postmark", json=event, headers=head).status_code for _ in range(3)} == {204}
    assert doors.receipts() == 1
    doors.apply()
    assert {address for _, address, _, _ in doors.world.suppressions()} == {"sam1@example.com"}


# 21: which addresses are visited

EVIL = [
    "https://sns.us-east-1.amazonaws.com.evil.test",
    "https://evil.test/sns.us-east-1.amazonaws.com",
    "https://sns.us-east-1.amazonaws.com@evil.test",
    "https://evil.test#sns.us-east-1.amazonaws.com",
    "https://sns.us-east-1.amazonaws.com.",
    "https://xsns.us-east-1.amazonaws.com",
    "https://sns.us-east-1xamazonaws.com",
    "https://sns.us-east-1.amazonaws.com:8443",
    "https://sns.us-east-1.amazonaws.com\n.evil.test",
    "http://sns.us-east-1.amazonaws.com",
    "ftp://sns.us-east-1.amazonaws.com",
    "https://127.0.0.1",
    "https://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    "https://sns.eu-west-1.amazonaws.com",
]
ASK = f"/?Action=ConfirmSubscription&TopicArn={amazon.TOPIC}&Token=2336412f37"


def test_e21_a_subscription_of_our_topic_is_confirmed_at_amazon(doors: Doors) -> None:
    assert doors.send("/hooks/ses", amazon.signed(amazon.CONFIRMATION)).status_code == 204
    assert doors.amazon.asked == [amazon.PEM_URL, amazon.CONFIRM_URL]


@pytest.mark.parametrize("version", ["1", "2"])
def test_e21_no_other_host_is_ever_visited_to_confirm(doors: Doors, version: str) -> None:
    """Even with a good signature."""
    for host in EVIL:
        envelope = amazon.CONFIRMATION | {"SubscribeURL": f"{host}{ASK}", "SignatureVersion": version}
        assert 400 <= doors.send("/hooks/ses", amazon.signed(envelope)).status_code < 500, host
    assert doors.amazon.asked == [amazon.PEM_URL]


def test_e21_no_other_host_is_ever_visited_for_a_certificate(doors: Doors) -> None:
    for host, envelope in product(EVIL, (amazon.CONFIRMATION, amazon.NOTIFICATION)):
        call = amazon.signed(envelope | {"SigningCertURL": f"{host}/SimpleNotificationService-0.pem"})
        assert 400 <= doors.send("/hooks/ses", call).status_code < 500
    assert doors.amazon.asked == []


def test_e21_for_a_topic_of_somebody_else_nothing_is_visited_at_all(doors: Doors) -> None:
    ours = amazon.TOPIC
    for topic in (ours.replace("123456789012", "999999999999"), ours.replace("ses-events", "other"), f"{ours}x", ""):
        ask = amazon.CONFIRM_URL.replace(ours, topic)
        for envelope in (amazon.CONFIRMATION | {"SubscribeURL": ask}, amazon.NOTIFICATION):
            assert 400 <= doors.send("/hooks/ses", amazon.signed(envelope | {"TopicArn": topic})).status_code < 500
    assert doors.amazon.asked == []
    assert doors.receipts() == doors.world.one("SELECT count(*) FROM arrival") == 0


def test_e21_an_unsigned_confirmation_and_the_end_of_a_subscription_visit_nothing(doors: Doors) -> None:
    forged = amazon.signed(amazon.CONFIRMATION, by=amazon.another_key())
    assert doors.send("/hooks/ses", forged).status_code == 403
    end = amazon.signed(amazon.CONFIRMATION | {"Type": "UnsubscribeConfirmation"})
    doors.send("/hooks/ses", end)
    assert amazon.CONFIRM_URL not in doors.amazon.asked


def test_e21_without_a_topic_in_settings_there_is_no_door(opened) -> None:
    doors = opened(ses_topics="")
    assert doors.send("/hooks/ses", amazon.signed(amazon.CONFIRMATION)).status_code == 404
    assert doors.amazon.asked == []


@pytest.fixture
def opened(engine, database_url, tmp_path, monkeypatch):
    """Open the application with these settings; Amazon is played by the tests."""
    stack = []

    def make(**changes) -> Doors:
        web = amazon.Web({amazon.PEM_URL: amazon.certificate(), amazon.CONFIRM_URL: b"<ConfirmSubscriptionResponse/>"})
        monkeypatch.setattr(hooks, "_fetch", web)
        world = World(engine, HandClock(NOW - MINUTE))
        facts = {"database_url": database_url, "secret": "s" * 32, "public_url": PUBLIC, "data_dir": tmp_path}
        building = build(read_settings(**facts | OPEN | changes), pool_size=2)
        runtime = replace(building.__enter__(), clock=HandClock(NOW))
        client = TestClient(create_app(runtime), base_url=PUBLIC)
        client.__enter__()
        stack.extend((building, client))
        return Doors(world, runtime, client, web)

    yield make
    for one in reversed(stack):
        one.__exit__(None, None, None)


@pytest.fixture
def doors(opened) -> Doors:
    return opened()
