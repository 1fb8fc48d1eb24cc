"""Postmark's events, behind a user and a password."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.receipts import Kind, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError
from campaigns.providers.hooks.postmark import Postmark
from tests.providers.hooks.posts import ADDRESS, BODIES, DEEP, FUZZ, NOW, TOKEN, outcome, post, shaped

BOUNCE = {
    "RecordType": "Bounce",
    "ID": 4323372036854775807,
    "Type": "HardBounce",
    "TypeCode": 1,
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Metadata": {"send-id": TOKEN},
    "Details": f"smtp;550 5.1.1 The email account {ADDRESS} does not exist",
    "Description": "The server was unable to deliver your message",
    "Email": ADDRESS,
    "From": "class@clinic.example",
    "BouncedAt": "2014-08-01T13:28:10.2735393-04:00",
    "Inactive": True,
    "Subject": "Class",
    "MessageStream": "outbound",
}
DELIVERY = {
    "RecordType": "Delivery",
    "MessageID": "883953f4",
    "Recipient": ADDRESS,
    "DeliveredAt": "2014-08-01T13:28:10.2735393-04:00",
    "Details": "smtp;250 ok",
    "Metadata": {"send_id": TOKEN},
}
CHANGE = {
    "RecordType": "SubscriptionChange",
    "MessageID": "883953f4",
    "Recipient": ADDRESS,
    "ChangedAt": "2014-08-01T13:28:10Z",
    "SuppressSending": True,
    "SuppressionReason": "ManualSuppression",
    "Origin": "Recipient",
    "Metadata": {"send-id": TOKEN},
}


# --- The login -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["Basic {}", "basic {}", "BASIC  {} "])
def test_with_the_right_login_it_is_genuine(written):
    given = base64.b64encode(b"post:sec:ret\xc3\xa9").decode()
    assert outcome(reader(), post(BOUNCE, {"authorization": written.format(given)})) == "read"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Basic",
        "Basic ",
        "Bearer " + base64.b64encode("post:sec:reté".encode()).decode(),
        base64.b64encode("post:sec:reté".encode()).decode(),
        "Basic post:sec:reté",
        *[
            "Basic " + base64.b64encode(login.encode()).decode()
            for login in (
                "",
                ":",
                "post:",
                "post:sec",
                "post:sec:reté ",
                "Post:sec:reté",
                ":sec:reté",
                "other:sec:reté",
            )
        ],
        "Basic " + base64.b64encode("post:sec:reté".encode("latin-1")).decode(),
    ],
)
def test_with_any_other_login_it_is_forged(given):
    assert outcome(reader(), post(BOUNCE, {"authorization": given})) == "forged"


def test_without_a_login_it_is_forged():
    assert outcome(reader(), post(BOUNCE)) == "forged"


@pytest.mark.parametrize(("user", "password"), [("", ""), ("post", ""), ("", "secret")])
def test_a_login_that_lacks_a_part_is_noticed_at_the_start(user, password):
    with pytest.raises(ConfigurationError):
        Postmark(user, password)


# --- The events ------------------------------------------------------------------------------------------------------


def test_a_bounce_is_read_whole():
    assert read(BOUNCE) == Receipt(
        provider="postmark",
        event_id="Bounce:883953f4-6105-42a2-a16a-77a8eac79483:4323372036854775807",
        kind=Kind.BOUNCED,
        channel=Channel.EMAIL,
        occurred_at=datetime(2014, 8, 1, 17, 28, 10, 273_539, UTC),
        send_token=TOKEN,
        provider_id="883953f4-6105-42a2-a16a-77a8eac79483",
        recipient=ADDRESS,
        code="5.1.1",
        smtp_code=550,
        detail="smtp;550 5.1.1 The email account (address) does not exist",
        facts={"event": "Bounce", "type": "HardBounce"},
    )


def test_a_delivery_is_read_whole():
    one = read(DELIVERY)
    assert (one.kind, one.recipient, one.send_token, one.code) == (Kind.DELIVERED, ADDRESS, TOKEN, "")
    assert one.event_id == "Delivery:883953f4:2014-08-01T13:28:10.2735393-04:00"


@pytest.mark.parametrize(
    ("type_", "kind", "code"),
    [
        ("HardBounce", Kind.BOUNCED, "5.1.1"),
        ("BadEmailAddress", Kind.BOUNCED, "5.1.3"),
        ("SoftBounce", Kind.BOUNCED, "4.2.0"),
        ("Transient", Kind.DEFERRED, "4.4.1"),
        ("DnsError", Kind.DEFERRED, "4.4.3"),
        ("SpamNotification", Kind.BOUNCED, "5.7.1"),
        ("VirusNotification", Kind.BOUNCED, "5.7.1"),
        ("Blocked", Kind.BOUNCED, "5.7.1"),
        ("DMARCPolicy", Kind.BOUNCED, "5.7.1"),
        ("ManuallyDeactivated", Kind.BOUNCED, "5.3.0"),
        ("ManualSuppression", Kind.BOUNCED, "5.3.0"),
        ("Unconfirmed", Kind.BOUNCED, "5.3.0"),
        ("SMTPApiError", Kind.BOUNCED, "5.6.0"),
        ("TemplateRenderingFailed", Kind.BOUNCED, "5.6.0"),
        ("Unknown", Kind.BOUNCED, ""),
        ("Invented", Kind.BOUNCED, ""),
        ("SpamComplaint", Kind.COMPLAINED, ""),
        ("Unsubscribe", Kind.UNSUBSCRIBED, ""),
        ("Subscribe", Kind.IGNORED, ""),
        ("AutoResponder", Kind.IGNORED, ""),
        ("AddressChange", Kind.IGNORED, ""),
        ("ChallengeVerification", Kind.IGNORED, ""),
        ("OpenRelayTest", Kind.IGNORED, ""),
        ("InboundError", Kind.IGNORED, ""),
    ],
)
def test_each_type_of_bounce_has_its_kind_and_code(type_, kind, code):
    one = read(BOUNCE | {"Type": type_, "Details": "smtp;no code in here"})
    assert (one.kind, one.code, one.smtp_code) == (kind, code, None)


def test_a_code_that_the_server_gave_goes_before_the_type():
    assert read(BOUNCE | {"Details": "smtp;550 5.7.26 unauthenticated"}).code == "5.7.26"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, Kind.UNSUBSCRIBED),
        ({"SuppressionReason": None}, Kind.UNSUBSCRIBED),
        ({"SuppressionReason": "SpamComplaint"}, Kind.COMPLAINED),
        ({"SuppressionReason": "HardBounce"}, Kind.IGNORED),
        ({"SuppressSending": False}, Kind.IGNORED),
        ({"SuppressSending": False, "SuppressionReason": "SpamComplaint"}, Kind.IGNORED),
        ({"SuppressSending": "true"}, Kind.IGNORED),
        ({"SuppressSending": None}, Kind.IGNORED),
    ],
)
def test_a_subscription_that_changed_says_whose_wish_it_was(change, kind):
    assert read(CHANGE | change).kind is kind


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ("SpamComplaint", Kind.COMPLAINED),
        ("Open", Kind.IGNORED),
        ("Click", Kind.IGNORED),
        ("Inbound", Kind.IGNORED),
        ("Invented", Kind.IGNORED),
        (None, Kind.IGNORED),
    ],
)
def test_each_record_has_its_kind(record, kind):
    assert read({"RecordType": record, "MessageID": "m"}).kind is kind


def test_two_changes_of_one_message_are_two_events():
    later = CHANGE | {"ChangedAt": "2014-08-02T13:28:10Z"}
    assert read(CHANGE).event_id != read(later).event_id
    assert read(CHANGE) == read(dict(CHANGE))


@pytest.mark.parametrize("missing", ["MessageID", "ChangedAt"])
def test_an_event_without_a_name_is_known_by_what_it_says(missing):
    event = {name: value for name, value in CHANGE.items() if name != missing}
    assert read(event).event_id.startswith("sha256:")
    assert read(event).event_id != read(event | {"Origin": "Customer"}).event_id


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"\xff", b'"{}"', DEEP], ids=lambda body: body[:9])
def test_what_is_no_event_cannot_be_read(body):
    assert outcome(reader(), signed(body)) == "malformed"


@given(BODIES, shaped(*BOUNCE, *CHANGE), st.sampled_from(["Bounce", "Delivery", "SubscriptionChange"]))
@FUZZ
def test_anything_behind_the_login_is_read_or_refused(body, event, record):
    assert outcome(reader(), signed(body)) in ("read", "malformed")
    assert outcome(reader(), signed(event)) == "read"
    assert outcome(reader(), signed(event | {"RecordType": record})) == "read"


@given(st.text(st.characters(), max_size=60))
@FUZZ
def test_any_other_login_is_refused(given):
    assert outcome(reader(), post(BOUNCE, {"authorization": given})) == "forged"
    assert outcome(reader(), post(BOUNCE, {"authorization": f"Basic {given}"})) == "forged"


def reader():
    return Postmark("post", "sec:reté")


def signed(event):
    return post(event, {"authorization": "Basic " + base64.b64encode("post:sec:reté".encode()).decode()})


def read(event):
    (one,) = reader().read(signed(event), NOW).receipts
    return one
