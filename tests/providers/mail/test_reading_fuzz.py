"""No bytes crash the reader, and what it reads from them can always be stored."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.domain.receipts import LONGEST_DETAIL, Reading
from campaigns.providers.mail.reading import LONGEST_TEXT, read_mail

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parent / "corpus").glob("*.eml"))]
QUIET = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
HEAD = b"Return-Path: <>\nFrom: a@example.com\n"
REPORT = b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
HTML = b"Content-Type: text/html\n\n"
SIZE = 5_000_000

TRICKS = st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b"\r\r\n",
        b"\n\n",
        b"\0",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b'"',
        b"<",
        b"@",
        b";",
        b"(" * 40,
        b"--r3p0rt\n",
        b"--r3p0rt--\n",
        b"=?utf-7?b?KzJBQS0=?=",
        b"=?utf-8?b?A?=",
        b"=?x\0y?q?a?=",
        b"; charset=utf-7",
        b"; charset=unicode_escape",
        b"; charset=punycode",
        b"; charset*=''%FF",
        b"; boundary*0=a; boundary*=b",
        b"; boundary*99999999999999999999999=x",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: text/html\n",
        b"Date: 1 Jan 99999 99:99:99 +999999\n",
        b"Status: 5.999999.1\n",
        b"&#99999999999999;",
        b"<![x",
        b"b+" + b"a" * 40 + b"@",
    ]
)


@given(st.binary(max_size=2_000))
@QUIET
def test_any_bytes_are_read_without_a_fault(raw):
    _storable(read_mail(raw))
    _storable(read_mail(HEAD + raw))
    _storable(read_mail(HEAD + REPORT + raw))


@given(st.text(max_size=400))
@QUIET
def test_any_recipient_of_the_envelope_will_do(rcpt):
    _storable(read_mail(SAMPLES[0], rcpt=rcpt))
    _storable(read_mail(HEAD + b"\nHello", rcpt=rcpt))


@given(st.data())
@QUIET
def test_a_sample_that_was_damaged_anywhere_is_read_without_a_fault(data):
    raw = bytearray(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.integers(0, len(raw)))
        cut = data.draw(st.integers(0, 60))
        raw[place : place + cut] = data.draw(TRICKS | st.binary(max_size=20))
    _storable(read_mail(bytes(raw)))


@given(st.sampled_from(SAMPLES), st.sampled_from(SAMPLES), st.floats(0, 1), st.floats(0, 1))
@QUIET
def test_the_front_of_one_sample_with_the_end_of_another_is_read_without_a_fault(one, other, first, second):
    _storable(read_mail(one[: int(len(one) * first)] + other[int(len(other) * second) :]))


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"\n" + b"x" * 50_000_000,
        b"\0" * SIZE,
        b"\r" * SIZE,
        b"A: b\n" * (SIZE // 5),
        b"To: " + b"b+0" * (SIZE // 3),
        b"Subject: " + b"=?utf-8?q?a\n " * (SIZE // 13) + b"\n\nHello",
        b'From: "' + b'\\"(<a@' * 50_000 + b"\n\nHello",
        b"Content-Type: message/rfc822\n\n" * (SIZE // 30),
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(90_000)),
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * (SIZE // 4),
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b " * (SIZE // 4),
        HEAD + b"Content-Type: multipart/mixed\n\n" + (b"--" + b"x" * 190 + b"\n") * (SIZE // 193),
        HEAD + b'Content-Type: text/plain; a="' + b'\\";' * 70_000 + b"\n\nHello",
        HEAD + b"\n" + b"> " * (SIZE // 2),
        HEAD + b"\n" + b" \n\t" * (SIZE // 3),
        HEAD + b"\n" + b"5.1." * (SIZE // 4),
        HEAD + HTML + b"<" * SIZE,
        HEAD + HTML + b"<!--" * (SIZE // 4),
        HEAD + HTML + b"<script " * (SIZE // 8),
        HEAD + HTML + b"&#" + b"9" * SIZE,
        HEAD + REPORT + b"Action: failed\n\n" * (SIZE // 16),
        HEAD + REPORT + b"Action: failed\nDiagnostic-Code: smtp; " + b"@a" * (SIZE // 2),
        HEAD + REPORT + b"Action: failed\n" + b" \n" * (SIZE // 2),
    ],
    ids=lambda raw: repr(raw[:90][-30:]),
)
def test_what_is_made_to_take_for_ever_is_read_all_the_same(raw):
    _storable(read_mail(raw))


def _storable(reading):
    assert isinstance(reading, Reading)
    for one in (*reading.receipts, *reading.mails):
        values = [getattr(one, field.name) for field in fields(one)]
        texts = [value for value in values if isinstance(value, str)]
        texts += [text for value in values if isinstance(value, dict) for text in value.values()]
        assert "\0" not in "".join(texts).encode().decode()  # raises for half of a surrogate pair
        assert len(one.event_id) <= 200
    for receipt in reading.receipts:
        assert "@" not in receipt.detail and "\n" not in receipt.detail
        assert len(receipt.detail) <= LONGEST_DETAIL
        assert receipt.occurred_at is None or receipt.occurred_at.tzinfo
    for mail in reading.mails:
        assert len(mail.text) <= LONGEST_TEXT
