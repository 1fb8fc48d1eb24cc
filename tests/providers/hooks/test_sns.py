"""SNS envelopes: only of our topics, only with Amazon's signature, and no address is visited but Amazon's."""

from __future__ import annotations

import json
from datetime import timedelta
from http.client import IncompleteRead

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import ConfigurationError, Forged, Malformed
from campaigns.providers.hooks.base import NotProvenYet
from campaigns.providers.hooks.sns import Envelope, Sns
from tests.providers.hooks.amazon import (
    CONFIRM_URL,
    CONFIRMATION,
    HOST,
    NOTIFICATION,
    PEM_URL,
    TOPIC,
    Web,
    another_key,
    certificate,
    signed,
)
from tests.providers.hooks.posts import BODIES, DEEP, FUZZ, JSON, NOW, WILD, post

OTHER_TOPIC = TOPIC.replace("ses-events", "theirs")
STRANGE_HOSTS = [
    "https://sns.us-east-1.amazonaws.com.evil.test",
    "https://sns.us-east-1.amazonaws.com@evil.test",
    "https://sns.us-east-1.amazonaws.com:443@evil.test",
    "https://sns.us-east-1.amazonaws.com\\@evil.test",
    "https://sns.us-east-1.amazonaws.com\n.evil.test",
    "https://sns.us-east-1.amazonaws.com:8443",
    "https://user@sns.us-east-1.amazonaws.com",
    "https://evil.test/sns.us-east-1.amazonaws.com",
    "https://evil.test#sns.us-east-1.amazonaws.com",
    "https://evilsns.us-east-1.amazonaws.com",
    "https://sns.us-east-1.amazonaws.com.",
    "https://sns.s3-us-east-1.amazonaws.com",  # whoever owns a bucket called sns
    "https://sns.s3.amazonaws.com",
    "https://sns.eu-west-1.amazonaws.com",  # Amazon's, and yet not where our topic lives
    "https://SNS.us-east-1.amazonaws.com",
    "https://sns.us-east-1.amazonaws.comÿ",
    "http://sns.us-east-1.amazonaws.com",
    "file://sns.us-east-1.amazonaws.com",
    "//sns.us-east-1.amazonaws.com",
    "https://[sns.us-east-1.amazonaws.com",
    "",
]


# --- The signature ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [None, "", "Amazon SES Email Event Notification"])
def test_an_envelope_of_our_topic_is_opened(version, subject):
    call = signed(NOTIFICATION | {"SignatureVersion": version, "Subject": subject, "Message": "Grüße"})
    assert opened(call) == Envelope("Notification", NOTIFICATION["MessageId"], "Grüße")


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "changed",
    [
        {"Message": '{"a":1}'},
        {"MessageId": "another"},
        {"Subject": "added"},
        {"Timestamp": "2026-11-28T17:00:01.000Z"},
        {"TopicArn": OTHER_TOPIC},
        {"Signature": "AAAA"},
        {"Signature": "no base64"},
    ],
    ids=lambda changed: next(iter(changed.items())),
)
def test_an_envelope_that_was_altered_is_forged(version, changed):
    call = signed(NOTIFICATION | {"SignatureVersion": version}, **changed)
    with pytest.raises(Forged):
        opened(call, topics=(TOPIC, OTHER_TOPIC))


@pytest.mark.parametrize("version", ["0", "3", "", "SHA1"])
def test_a_signature_of_another_version_is_not_believed(version):
    with pytest.raises(Forged):
        opened(signed(NOTIFICATION, SignatureVersion=version))


def test_a_signature_of_one_version_does_not_pass_for_the_other():
    with pytest.raises(Forged):
        opened(signed(NOTIFICATION | {"SignatureVersion": "1"}, SignatureVersion="2"))


def test_a_signature_with_another_key_is_forged():
    with pytest.raises(Forged):
        opened(signed(NOTIFICATION, by=another_key()))


@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation"])
def test_one_type_of_envelope_does_not_pass_for_another(kind):
    other = CONFIRMATION if kind == "Notification" else NOTIFICATION | {"Token": "t", "SubscribeURL": CONFIRM_URL}
    with pytest.raises(Forged):
        opened(signed(other, Type=kind))


# --- The topic -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", [OTHER_TOPIC, "", TOPIC.upper(), TOPIC + " ", 1, [TOPIC], {}, None])
def test_a_good_signature_for_a_topic_of_somebody_else_is_worth_nothing_and_nothing_is_fetched(topic):
    web = Web()
    for fields in (NOTIFICATION, CONFIRMATION):
        with pytest.raises(Forged):
            opened(signed(fields | {"TopicArn": topic}), web=web)
    assert web.asked == []


def test_without_topics_nothing_is_opened():
    with pytest.raises(Forged):
        opened(signed(NOTIFICATION), topics=())


@pytest.mark.parametrize("topic", ["", "ses-events", TOPIC + "\n", "arn:aws:sqs:us-east-1:123456789012:x", TOPIC[:-11]])
def test_what_is_no_topic_is_noticed_at_the_start(topic):
    with pytest.raises(ConfigurationError):
        Sns((topic,), Web())


def test_topics_of_other_partitions_and_in_order_are_topics():
    china = "arn:aws-cn:sns:cn-north-1:123456789012:x.fifo"
    url = "https://sns.cn-north-1.amazonaws.com.cn/a.pem"
    call = signed(NOTIFICATION | {"TopicArn": china, "SigningCertURL": url})
    assert opened(call, topics=(china,), web=Web({url: certificate()})).type == "Notification"


# --- The certificate -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", STRANGE_HOSTS)
def test_a_certificate_is_fetched_from_sns_in_our_region_only(host):
    url = f"{host}/SimpleNotificationService-0.pem"
    web = Web({url: certificate()})
    with pytest.raises(Forged):
        opened(signed(NOTIFICATION | {"SigningCertURL": url}), web=web)
    assert web.asked == []


@pytest.mark.parametrize(
    "path", ["", "/", "/a.pem\n", "/a.pem.txt", "/a/../b.pem", "/.pem", "/?a.pem", "/" + "a" * 300]
)
def test_a_certificate_has_a_name_of_its_own(path):
    web = Web({HOST + path: certificate()})
    with pytest.raises(Forged):
        opened(signed(NOTIFICATION | {"SigningCertURL": HOST + path}), web=web)
    assert web.asked == []


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<html>",
        certificate()[:200],
        certificate(curve=True),
        certificate(until=timedelta(seconds=-1)),
        certificate(since=timedelta(seconds=1)),
    ],
    ids=["nothing", "a page", "cut", "another kind of key", "expired", "not valid yet"],
)
def test_a_certificate_that_is_none_or_out_of_its_time_proves_nothing(page):
    with pytest.raises(Forged) as caught:
        opened(signed(NOTIFICATION), web=Web({PEM_URL: page}))
    assert not isinstance(caught.value, NotProvenYet)


@pytest.mark.parametrize("fault", [None, TimeoutError(), ConnectionResetError(), IncompleteRead(b"")])
def test_a_certificate_that_cannot_be_fetched_leaves_it_open(fault):
    web = Web({PEM_URL: fault})
    reader = Sns((TOPIC,), web)
    with pytest.raises(NotProvenYet):
        reader.open(signed(NOTIFICATION), NOW)
    web.pages[PEM_URL] = certificate()
    assert reader.open(signed(NOTIFICATION), NOW).type == "Notification"


def test_a_certificate_is_fetched_once():
    web = Web()
    reader = Sns((TOPIC,), web)
    for _ in range(3):
        reader.open(signed(NOTIFICATION), NOW)
    assert web.asked == [PEM_URL]


def test_a_certificate_that_is_kept_still_ends_with_its_time():
    reader = Sns((TOPIC,), Web())
    reader.open(signed(NOTIFICATION), NOW)
    with pytest.raises(Forged):
        reader.open(signed(NOTIFICATION), NOW + timedelta(days=2))


def test_no_more_than_a_few_certificates_are_kept():
    urls = [f"{HOST}/{number}.pem" for number in range(17)]
    web = Web(dict.fromkeys(urls, certificate()))
    reader = Sns((TOPIC,), web)
    for url in [*urls, urls[0], urls[16]]:
        reader.open(signed(NOTIFICATION | {"SigningCertURL": url}), NOW)
    assert web.asked == [*urls, urls[0]]


def test_not_even_a_topic_in_settings_makes_a_bucket_a_region():
    topic = TOPIC.replace("us-east-1", "s3-us-west-2")
    url = "https://sns.s3-us-west-2.amazonaws.com/a.pem"
    with pytest.raises(Forged):
        opened(
            signed(NOTIFICATION | {"TopicArn": topic, "SigningCertURL": url}),
            topics=(topic,),
            web=Web({url: certificate()}),
        )


# --- The subscription ------------------------------------------------------------------------------------------------


def test_a_subscription_of_our_topic_may_be_confirmed():
    assert opened(signed(CONFIRMATION)).confirm_url == CONFIRM_URL


def test_the_end_of_a_subscription_is_not_taken_back():
    assert opened(signed(CONFIRMATION | {"Type": "UnsubscribeConfirmation"})).confirm_url == ""


@pytest.mark.parametrize("host", STRANGE_HOSTS)
def test_a_subscription_is_confirmed_with_sns_in_our_region_only(host):
    with pytest.raises(Forged):
        opened(signed(CONFIRMATION | {"SubscribeURL": f"{host}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=1"}))


@pytest.mark.parametrize(
    "asked",
    [
        "",
        f"?Action=DeleteTopic&TopicArn={TOPIC}",
        f"?Action=ConfirmSubscription&TopicArn={OTHER_TOPIC}&Token=1",
        f"?Action=ConfirmSubscription&TopicArn={TOPIC}&TopicArn={OTHER_TOPIC}",
        f"?Action=ConfirmSubscription&Action=DeleteTopic&TopicArn={TOPIC}",
        f"?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=" + "1" * 2_000,
        f"?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=1 2",
        f"?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=1\n2",
        f"?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=ÿ",
    ],
)
def test_nothing_else_is_asked_of_sns(asked):
    with pytest.raises(Forged):
        opened(signed(CONFIRMATION | {"SubscribeURL": f"{HOST}/{asked}"}))


def test_a_confirmation_whose_address_was_altered_is_forged():
    with pytest.raises(Forged):
        opened(signed(CONFIRMATION, SubscribeURL=CONFIRM_URL + "1"))


# --- Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"{" * 100, DEEP], ids=lambda body: body[:9])
def test_what_is_no_envelope_cannot_be_read(body):
    with pytest.raises(Malformed):
        opened(post(body))


@pytest.mark.parametrize(
    "name", ["Type", "MessageId", "Message", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL"]
)
@pytest.mark.parametrize("value", [None, 1, True, [], {}])
def test_an_envelope_that_lacks_a_part_cannot_be_read(name, value):
    with pytest.raises(Malformed):
        opened(signed(NOTIFICATION, **{name: value}))


@pytest.mark.parametrize("name", ["SubscribeURL", "Token"])
def test_a_confirmation_that_lacks_a_part_cannot_be_read(name):
    with pytest.raises(Malformed):
        opened(signed(CONFIRMATION, **{name: None}))


def test_a_type_nobody_knows_cannot_be_read():
    with pytest.raises(Malformed):
        opened(signed(NOTIFICATION | {"Type": "Postcard", "Token": "t", "SubscribeURL": "u"}))


@given(BODIES, st.dictionaries(st.sampled_from([*CONFIRMATION, "Signature", "Subject"]), JSON | WILD, max_size=3))
@FUZZ
def test_anything_in_an_envelope_is_opened_or_refused(body, fields):
    reader = Sns((TOPIC,), Web())
    for call in (post(body), post(CONFIRMATION | fields), signed(NOTIFICATION, **fields)):
        try:
            reader.open(call, NOW)
        except (Forged, Malformed):
            continue
        assert json.loads(call.body)["TopicArn"] == TOPIC


def opened(call, *, topics=(TOPIC,), web=None):
    return Sns(topics, web or Web()).open(call, NOW)
