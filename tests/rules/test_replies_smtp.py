"""What the shipped table says of SMTP replies, one example or more for every row of the compliance sheet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.rulings import Act, Ruling, ToAddress, ToStream, enhanced_of, judge_reply, suppress_now
from campaigns.domain.steps import Channel
from campaigns.rules import read_smtp_replies

TABLE = read_smtp_replies()
RETRY, REFUSE, _ = Act
KEEP, SUPPRESS, SOFT, SECOND, _ = ToAddress
CALM, SLOW, PAUSE_DOMAIN, PAUSE = ToStream

ROWS = [
    # the reply, what becomes of it, its address, the stream, the alert
    ("421 4.3.2 shutting down", RETRY, KEEP, SLOW, ""),
    ("421", RETRY, KEEP, SLOW, ""),
    ("451 4.3.0 mail system busy", RETRY, KEEP, SLOW, ""),
    ("452 4.3.1 insufficient system storage", RETRY, KEEP, SLOW, ""),
    ("451 4.4.1 no answer from host", RETRY, KEEP, SLOW, ""),
    ("451 4.4.7 too old", RETRY, KEEP, SLOW, ""),
    ("450 4.2.0 greylisted", RETRY, KEEP, CALM, ""),
    ("451 4.2.0 come back", RETRY, KEEP, CALM, ""),
    ("450 4.7.1 greylisted, try again", RETRY, KEEP, CALM, ""),
    ("451 4.7.1 come back", RETRY, KEEP, CALM, ""),
    ("451 Greylisting in action", RETRY, KEEP, CALM, ""),
    ("450 4.7.1 greylisted by our rate rules", RETRY, KEEP, CALM, ""),
    ("452 4.5.3 too many recipients", RETRY, KEEP, CALM, "bug"),
    ("452 4.2.2 mailbox full", RETRY, SOFT, CALM, ""),
    ("452 mailbox is full", RETRY, SOFT, CALM, ""),
    ("552 5.2.2 mailbox full", REFUSE, SOFT, CALM, ""),
    ("552 exceeded storage allocation", REFUSE, SOFT, CALM, ""),
    ("552 mailbox size limit exceeded", REFUSE, SOFT, CALM, ""),
    ("550 the mailbox is full", REFUSE, SOFT, CALM, ""),
    ("421 4.7.27 no SPF", RETRY, KEEP, PAUSE_DOMAIN, "config"),
    ("421 4.7.28 too much", RETRY, KEEP, PAUSE_DOMAIN, "config"),
    ("421 4.7.32 not aligned", RETRY, KEEP, PAUSE_DOMAIN, "config"),
    ("421 4.7.0 an unusual rate of unsolicited mail", RETRY, KEEP, PAUSE_DOMAIN, "review"),
    ("450 Rate-limited", RETRY, KEEP, PAUSE_DOMAIN, "review"),
    ("451 4.7.500 throttled", RETRY, KEEP, PAUSE_DOMAIN, "review"),
    ("550 5.1.1 user unknown", REFUSE, SUPPRESS, CALM, ""),
    ("551 5.1.6 moved", REFUSE, SUPPRESS, CALM, ""),
    ("550 5.1.2 no such domain", REFUSE, SUPPRESS, CALM, ""),
    ("556 5.1.10 null MX", REFUSE, SUPPRESS, CALM, ""),
    ("501 5.1.3 bad syntax", REFUSE, SUPPRESS, CALM, ""),
    ("553 mailbox name not allowed", REFUSE, SUPPRESS, CALM, ""),
    ("550 5.2.1 disabled", REFUSE, SUPPRESS, CALM, ""),
    ("552 5.3.4 too big", REFUSE, KEEP, CALM, "template"),
    ("552 5.2.3 longer than allowed", REFUSE, KEEP, CALM, "template"),
    ("552 message size exceeds the limit", REFUSE, KEEP, CALM, "template"),
    ("554 5.4.6 loop", REFUSE, SOFT, CALM, ""),
    ("550 5.4.4 no route", REFUSE, SOFT, CALM, ""),
    ("503 5.5.1 bad sequence", REFUSE, KEEP, CALM, "bug"),
    ("500 what", REFUSE, KEEP, CALM, "bug"),
    ("501 what", REFUSE, KEEP, CALM, "bug"),
    ("502 what", REFUSE, KEEP, CALM, "bug"),
    ("503 what", REFUSE, KEEP, CALM, "bug"),
    ("504 what", REFUSE, KEEP, CALM, "bug"),
    ("554 5.6.1 media not supported", REFUSE, KEEP, CALM, "template"),
    ("550 5.6.7 no SMTPUTF8", REFUSE, KEEP, CALM, "template"),
    ("550 5.7.1 blocked", REFUSE, KEEP, PAUSE_DOMAIN, "review"),
    ("554 5.7.1 relay access denied", REFUSE, KEEP, PAUSE_DOMAIN, "review"),
    ("550 5.7.509 does not pass DMARC", REFUSE, KEEP, PAUSE_DOMAIN, "review"),
    ("550 5.7.20 no passing DKIM", RETRY, KEEP, PAUSE, "page"),
    ("550 5.7.21 DKIM not acceptable", RETRY, KEEP, PAUSE, "page"),
    ("550 5.7.22 DKIM of somebody else", RETRY, KEEP, PAUSE, "page"),
    ("550 5.7.23 SPF failed", RETRY, KEEP, PAUSE, "page"),
    ("550 5.7.25 no PTR", RETRY, KEEP, PAUSE, "page"),
    ("550 5.7.26 unauthenticated", RETRY, KEEP, PAUSE, "page"),
    ("550 5.7.27 sender has null MX", RETRY, KEEP, PAUSE, "page"),
    ("550 5.7.29 no TLS", RETRY, KEEP, PAUSE, "page"),
    ("550 5.7.515 access denied", RETRY, KEEP, PAUSE, "page"),
    ("530 5.7.0 log in first", RETRY, KEEP, PAUSE, "page"),
    ("530 log in first", RETRY, KEEP, PAUSE, "page"),
    ("534 5.7.9 mechanism too weak", RETRY, KEEP, PAUSE, "page"),
    ("535 5.7.8 credentials invalid", RETRY, KEEP, PAUSE, "page"),
    ("535 no", RETRY, KEEP, PAUSE, "page"),
    ("538 encrypt first", RETRY, KEEP, PAUSE, "page"),
    ("550 5.7.8 credentials invalid", RETRY, KEEP, PAUSE, "page"),
    ("454 4.7.0 temporary authentication failure", RETRY, KEEP, CALM, ""),
    ("550 no such user", REFUSE, SECOND, CALM, ""),
    ("550", REFUSE, SECOND, CALM, ""),
    # Rows that the sheet does not name.
    ("550 5.0.0 no", REFUSE, SECOND, CALM, ""),
    ("550 #5.1.0 Address rejected.", REFUSE, SECOND, CALM, ""),
    ("450 4.2.1 receiving mail at a rate that prevents more", RETRY, KEEP, CALM, ""),
    ("550 5.2.1 receiving mail at a rate that prevents more", REFUSE, KEEP, CALM, ""),
    ("454 Throttling failure: maximum sending rate exceeded", RETRY, KEEP, SLOW, "config"),
    ("550 5.4.5 Daily SMTP relay limit exceeded", RETRY, KEEP, SLOW, "config"),
    ("550 blocked using the list of somebody", REFUSE, KEEP, PAUSE_DOMAIN, "review"),
    ("554 rejected as spam", REFUSE, KEEP, PAUSE_DOMAIN, "review"),
    ("553 5.1.8 domain of sender address does not exist", REFUSE, KEEP, CALM, "config"),
    ("550 relay not permitted", REFUSE, KEEP, CALM, "config"),
    ("553 sorry, the envelope sender must exist", REFUSE, KEEP, CALM, "config"),
    # What no row names.
    ("450 come back", RETRY, KEEP, CALM, ""),
    ("451 4.1.8 whatever", RETRY, KEEP, CALM, ""),
    ("499 4.9.9 whatever", RETRY, KEEP, CALM, ""),
    ("554 transaction failed", REFUSE, KEEP, CALM, ""),
    ("599 5.3.99 whatever", REFUSE, KEEP, CALM, ""),
    ("250 what", RETRY, KEEP, CALM, "bug"),
    ("999 what", RETRY, KEEP, CALM, "bug"),
    ("-1 what", RETRY, KEEP, CALM, "bug"),
]


@pytest.mark.parametrize(("reply", "act", "address", "stream", "alert"), ROWS, ids=[row[0] for row in ROWS])
def test_requirement_12_every_reply_has_its_ruling(reply, act, address, stream, alert):
    found = judged(reply)
    assert (found.act, found.address, found.stream, found.alert) == (act, address, stream, alert)
    assert found.words


@pytest.mark.parametrize(
    ("reply", "wait", "slow"),
    [
        ("450 4.7.1 greylisted", timedelta(minutes=5), 1), ("451 4.2.0 later", timedelta(minutes=5), 1),
        ("421 Graylisted", timedelta(minutes=5), 1), ("454 4.7.0 no TLS now", None, 1),
        ("421 4.7.28 too much", None, 4), ("450 rate limited", None, 4), ("421 4.3.2 busy", None, 1),
    ],
)  # fmt: skip
def test_requirement_12_who_wants_less_is_asked_less_often(reply, wait, slow):
    found = judged(reply)
    assert (found.wait, found.slow, found.once) == (wait, slow, False)


@pytest.mark.parametrize(
    ("reply", "address", "stream"),
    [
        ("451 4.4.7 expired in the queue", SOFT, CALM), ("554 4.4.7 expired in the queue", SOFT, CALM),
        ("450 4.4.1 no answer from host", KEEP, SLOW), ("452 4.2.2 full", SOFT, CALM), ("450 4.7.1 later", KEEP, CALM),
        ("421 4.7.28 rate", KEEP, PAUSE_DOMAIN), ("550 5.7.26 unauthenticated", KEEP, PAUSE),
        ("550 5.1.1 no", SUPPRESS, CALM), ("421 5.1.1 no", SUPPRESS, CALM), ("550 no", SECOND, CALM),
        ("450 4.9.9 what", KEEP, CALM), ("250 2.0.0 what", KEEP, CALM), ("530 5.7.1 not authenticated", KEEP, PAUSE_DOMAIN),
        ("535 5.7.8 credentials", KEEP, PAUSE),
    ],
)  # fmt: skip
def test_a_failed_dsn_is_never_tried_again(reply, address, stream):
    digits, _, words = reply.partition(" ")
    enhanced = words.partition(" ")[0] if "." in words else ""
    found = judge_reply(TABLE, int(digits), enhanced, words, final=True)
    assert found.act is REFUSE
    assert (found.address, found.stream) == (address, stream)
    assert (found.wait, found.once, found.slow) == (None, False, 1)


@given(st.sampled_from("45"), st.integers(0, 999), st.sampled_from([550, 553, 554, 450, 530, 421]), st.booleans())
def test_requirement_13_no_code_about_policy_touches_an_address(digit, detail, code, final):
    enhanced = f"{digit}.7.{detail}"
    if final or str(code)[0] == digit:
        assert judge_reply(TABLE, code, enhanced, "", final=final).address is KEEP


@given(st.integers(), st.text(), st.text(), st.booleans(), st.booleans())
def test_no_reply_raises(code, enhanced, words, final, ours):
    found = judge_reply(TABLE, code, enhanced, words, final=final, ours=ours)
    assert isinstance(found, Ruling)
    assert not (final and found.act is RETRY)
    assert not (ours and found.address is not KEEP)


@given(st.integers(400, 599), st.from_regex(r"[245]\.[0-7]\.[0-9]{1,3}", fullmatch=True), st.text(), st.booleans())
def test_the_first_digit_decides_between_later_and_never_but_for_our_own_faults(code, enhanced, words, final):
    found = judge_reply(TABLE, code, enhanced, words, final=final)
    if not final and found.act is not (RETRY if code < 500 else REFUSE):
        assert found.key in ("own_login", "own_authentication", "own_limit")


def test_a_soft_failure_suppresses_at_the_third_in_a_week_or_longer():
    strikes = judged("552 5.2.2 full").strikes
    start = datetime(2027, 3, 1, 12, tzinfo=UTC)
    for days, verdict in (((0, 1, 6.9), False), ((0, 7), False), ((0, 1, 7), True), ((7, 30, 0), True)):
        times = [start + timedelta(days=one) for one in days]
        assert suppress_now(SOFT, Channel.EMAIL, times, strikes) is verdict


def test_a_bare_550_suppresses_on_the_second_day():
    strikes = judged("550 no").strikes
    evening = datetime(2027, 3, 1, 23, 59, tzinfo=UTC)
    assert suppress_now(SECOND, Channel.EMAIL, [evening, evening - timedelta(hours=5)], strikes) is False
    assert suppress_now(SECOND, Channel.EMAIL, [evening, evening + timedelta(minutes=1)], strikes) is True


def test_a_login_that_cannot_be_checked_now_is_not_taken_for_their_server():
    assert judged("454 4.7.0 temporary authentication failure").key == "own_login_later"
    assert judged("454 4.7.1 something else").key == "policy_later"


@pytest.mark.parametrize("key", ["complaint", "unsubscribed"])
def test_what_is_no_reply_is_found_by_its_key(key):
    assert TABLE.named(key).address is SUPPRESS


def judged(reply: str) -> Ruling:
    digits, _, words = reply.partition(" ")
    return judge_reply(TABLE, int(digits), enhanced_of(words), words)
