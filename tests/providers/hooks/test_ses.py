"""SES events: bounces, complaints and deliveries, out of envelopes of our topics."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.receipts import Kind, Reading, Receipt
from campaigns.domain.steps import Channel
from campaigns.errors import ConfigurationError
from campaigns.providers.hooks.base import NotProvenYet
from campaigns.providers.hooks.ses import Ses
from tests.providers.hooks.amazon import (
    CONFIRM_URL,
    CONFIRMATION,
    NOTIFICATION,
    TOPIC,
    Web,
    another_key,
    signed,
    told,
)
from tests.providers.hooks.posts import ADDRESS, DEEP, FUZZ, JSON, NOW, TOKEN, outcome, shaped

MAIL = {
    "timestamp": "2026-11-28T16:59:00.000Z",
    "source": f"b+{TOKEN}@bounce.clinic.example",
    "messageId": "0100018-ses",
    "destination": [ADDRESS],
    "headers": [{"name": "Subject", "value": "Class"}, {"name": "X-SEND-ID", "value": TOKEN}],
    "tags": {"send_id": [TOKEN], "ses:configuration-set": ["main"]},
}
BOUNCE = {
    "eventType": "Bounce",
    "mail": MAIL,
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": ADDRESS,
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": f"smtp; 550 5.1.1 <{ADDRESS}>: user unknown",
            }
        ],
        "timestamp": "2026-11-28T17:00:00.000Z",
        "feedbackId": "0100018-feedback",
        "reportingMTA": "dns; mta.example.com",
    },
}
COMPLAINT = {
    "eventType": "Complaint",
    "mail": MAIL,
    "complaint": {
        "complainedRecipients": [{"emailAddress": ADDRESS}],
        "timestamp": "2026-11-28T17:00:00.000Z",
        "feedbackId": "0100018-complaint",
        "complaintFeedbackType": "abuse",
        "complaintSubType": None,
        "userAgent": "Amazon SES Mailbox Simulator",
    },
}
ADDRESSED = [("one@a.example", 0), ("two@b.example", 1)]


def test_a_bounce_is_read_whole():
    assert read(BOUNCE) == Reading(
        receipts=(
            Receipt(
                provider="ses",
                event_id="0100018-feedback:0",
                kind=Kind.BOUNCED,
                channel=Channel.EMAIL,
                occurred_at=datetime(2026, 11, 28, 17, 0, tzinfo=UTC),
                send_token=TOKEN,
                provider_id="0100018-ses",
                recipient=ADDRESS,
                code="5.1.1",
                smtp_code=550,
                detail="smtp; 550 5.1.1 (address) user unknown",
                facts={"event": "Bounce", "type": "Permanent", "subtype": "General", "reporter": "mta.example.com"},
            ),
        )
    )


def test_a_bounce_is_read_in_the_older_spelling_too():
    older = {"notificationType": "Bounce"} | {name: value for name, value in BOUNCE.items() if name != "eventType"}
    assert read(older) == read(BOUNCE)


def test_a_bounce_told_through_two_topics_is_one_event():
    other = told(BOUNCE, MessageId="another")
    assert Ses((TOPIC,), Web()).read(other, NOW) == read(BOUNCE)


@pytest.mark.parametrize(
    ("kind", "subtype", "status", "code"),
    [
        ("Permanent", "General", "5.7.1", "5.7.1"),
        ("Permanent", "General", "", ""),
        ("Permanent", "NoEmail", "", "5.1.1"),
        ("Permanent", "Suppressed", "", "5.1.1"),
        ("Permanent", "OnAccountSuppressionList", "", "5.1.1"),
        ("Transient", "General", "4.4.7", "4.4.7"),
        ("Transient", "General", "", "4.0.0"),
        ("Transient", "MailboxFull", "", "4.2.2"),
        ("Transient", "MessageTooLarge", "", "5.3.4"),
        ("Undetermined", "Undetermined", "", ""),
    ],
)
def test_every_bounce_is_final_and_its_code_says_whose_fault_it_was(kind, subtype, status, code):
    one = read(bounce(bounceType=kind, bounceSubType=subtype, bouncedRecipients=[{"status": status}])).receipts[0]
    assert (one.kind, one.code) == (Kind.BOUNCED, code)


def test_a_recipient_who_left_a_list_of_ses_came_back_and_unsubscribed():
    reading = read(bounce(bounceSubType="UnsubscribedRecipient", bouncedRecipients=[ADDRESS]))
    assert [(one.kind, one.code, one.event_id) for one in reading.receipts] == [
        (Kind.BOUNCED, "5.3.0", "0100018-feedback:0"),
        (Kind.UNSUBSCRIBED, "5.3.0", "0100018-feedback:0:unsubscribed"),
    ]


@pytest.mark.parametrize(
    ("feedback", "kind"),
    [
        ("abuse", Kind.COMPLAINED),
        ("", Kind.COMPLAINED),
        (None, Kind.COMPLAINED),
        ("fraud", Kind.COMPLAINED),
        ("not-spam", Kind.IGNORED),
        ("Not-Spam", Kind.IGNORED),
    ],
)
def test_a_complaint_counts_unless_it_was_taken_back(feedback, kind):
    event = COMPLAINT | {"complaint": COMPLAINT["complaint"] | {"complaintFeedbackType": feedback}}
    one = read(event).receipts[0]
    assert (one.kind, one.event_id, one.recipient) == (kind, "0100018-complaint:0", ADDRESS)


@pytest.mark.parametrize(
    ("name", "section", "kind", "code"),
    [
        ("Send", {"send": {}}, Kind.ACCEPTED, ""),
        ("Delivery", {"delivery": {"recipients": [ADDRESS], "smtpResponse": "250 2.6.0 ok"}}, Kind.DELIVERED, "2.6.0"),
        (
            "DeliveryDelay",
            {
                "deliveryDelay": {
                    "delayType": "MailboxFull",
                    "delayedRecipients": [{"emailAddress": ADDRESS, "status": "4.2.2"}],
                }
            },
            Kind.DEFERRED,
            "4.2.2",
        ),
        ("DeliveryDelay", {"deliveryDelay": {"delayType": "General"}}, Kind.DEFERRED, "4.0.0"),
        ("Reject", {"reject": {"reason": "Bad content"}}, Kind.BOUNCED, "5.6.0"),
        ("Rendering Failure", {"failure": {"errorMessage": "no such hole"}}, Kind.BOUNCED, "5.6.0"),
        ("RenderingFailure", {"failure": {"errorMessage": "no such hole"}}, Kind.BOUNCED, "5.6.0"),
        ("Open", {"open": {"ipAddress": "192.0.2.1"}}, Kind.IGNORED, ""),
        ("Click", {"click": {}}, Kind.IGNORED, ""),
        ("Subscription", {"subscription": {}}, Kind.IGNORED, ""),
        ("Levitation", {}, Kind.IGNORED, ""),
        ("", {}, Kind.IGNORED, ""),
    ],
)
def test_each_event_has_its_kind(name, section, kind, code):
    one = read({"eventType": name, "mail": MAIL} | section).receipts[0]
    assert (one.kind, one.code, one.event_id) == (kind, code, f"{NOTIFICATION['MessageId']}:0")
    assert (one.recipient, one.occurred_at) == (ADDRESS, datetime(2026, 11, 28, 16, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "section", "group"),
    [
        ("Bounce", "bounce", "bouncedRecipients"),
        ("Complaint", "complaint", "complainedRecipients"),
        ("DeliveryDelay", "deliveryDelay", "delayedRecipients"),
    ],
)
def test_each_recipient_has_a_receipt_of_its_own(name, section, group):
    about = {group: [{"emailAddress": address} for address, _ in ADDRESSED], "feedbackId": "fb"}
    reading = read({"eventType": name, "mail": MAIL, section: about})
    assert [(one.recipient, one.event_id) for one in reading.receipts] == [(who, f"fb:{n}") for who, n in ADDRESSED]


def test_recipients_of_a_delivery_are_addresses_alone():
    reading = read({"eventType": "Delivery", "mail": MAIL, "delivery": {"recipients": [who for who, _ in ADDRESSED]}})
    assert [one.recipient for one in reading.receipts] == [who for who, _ in ADDRESSED]


@pytest.mark.parametrize(
    ("mail", "token"),
    [
        ({"headers": [{"name": "x-send-id", "value": "h"}], "tags": {"send_id": ["t"]}}, "h"),
        ({"headers": [{"name": "Subject", "value": "h"}], "tags": {"send_id": ["t"]}}, "t"),
        ({"headers": [{"name": "X-Send-Id"}, 1], "tags": {"send_id": []}}, TOKEN),
        ({"headers": "none", "tags": "none"}, TOKEN),
        ({"source": f'"Clinic" <B+{TOKEN.upper()}@bounce.clinic.example>'}, TOKEN),
        ({"source": "class@clinic.example"}, ""),
        ({"source": None}, ""),
    ],
)
def test_our_token_is_looked_for_in_the_head_then_the_tag_then_the_return_path(mail, token):
    bare = {"source": MAIL["source"]}
    assert read({"eventType": "Send", "mail": bare | mail}).receipts[0].send_token == token


def test_a_subscription_of_ours_begins_and_nothing_else_is_read_from_it():
    assert Ses((TOPIC,), Web()).read(signed(CONFIRMATION), NOW) == Reading(confirm_url=CONFIRM_URL)
    ended = signed(CONFIRMATION | {"Type": "UnsubscribeConfirmation"})
    assert Ses((TOPIC,), Web()).read(ended, NOW) == Reading()


def test_a_greeting_in_plain_words_is_no_event():
    assert read("Successfully validated SNS topic for Amazon SES event publishing.") == Reading()


def test_what_is_not_amazon_s_is_forged():
    hook = Ses((TOPIC,), Web())
    assert outcome(hook, told(BOUNCE)) == "read"
    assert outcome(hook, signed(NOTIFICATION | {"Message": "{}"}, Message=json.dumps(BOUNCE))) == "forged"
    assert outcome(hook, signed(NOTIFICATION, by=another_key())) == "forged"
    assert outcome(hook, told(BOUNCE, TopicArn=TOPIC + "-theirs")) == "forged"
    evil = "https://sns.us-east-1.amazonaws.com.evil.test/?Action=ConfirmSubscription"
    assert outcome(hook, signed(CONFIRMATION | {"SubscribeURL": evil})) == "forged"


def test_without_the_certificate_it_cannot_be_told_yet():
    with pytest.raises(NotProvenYet):
        Ses((TOPIC,), Web({})).read(told(BOUNCE), NOW)


def test_a_topic_that_is_none_is_noticed_at_the_start():
    with pytest.raises(ConfigurationError):
        Ses(("events",), Web())


@pytest.mark.parametrize("message", ["{", '{"a": NaN}', DEEP.decode(), '{"eventType":' + "9" * 5_000 + "}"])
def test_a_message_that_is_no_event_cannot_be_read(message):
    assert outcome(Ses((TOPIC,), Web()), told(message)) == "malformed"


@given(
    st.sampled_from(["Bounce", "Complaint", "Delivery", "DeliveryDelay", "Send", "Reject", "Open"]) | JSON,
    shaped("bounceType", "bounceSubType", "bouncedRecipients", "feedbackId", "timestamp", "smtpResponse", "reason"),
    shaped("headers", "tags", "source", "messageId", "destination", "timestamp"),
    st.sampled_from(["bounce", "complaint", "delivery", "deliveryDelay", "reject"]),
)
@FUZZ
def test_any_event_in_a_signed_envelope_is_read_or_refused(name, about, mail, section):
    hook = Ses((TOPIC,), Web())
    assert outcome(hook, told({"eventType": name, section: about, "mail": mail})) == "read"
    one = about | {"bouncedRecipients": [about, mail, 1, "x@y"]}
    assert outcome(hook, told({"eventType": "Bounce", "bounce": one, "mail": mail})) == "read"


@given(JSON | st.text(st.characters(exclude_categories=("Cs",)), max_size=200))
@FUZZ
def test_any_words_in_a_signed_envelope_are_read_or_refused(message):
    hook = Ses((TOPIC,), Web())
    assert outcome(hook, told(json.dumps(message))) in ("read", "malformed")
    assert outcome(hook, told("{" + str(message))) in ("read", "malformed")


def bounce(**about):
    return BOUNCE | {"bounce": BOUNCE["bounce"] | about}


def read(event):
    return Ses((TOPIC,), Web()).read(told(event), NOW)
