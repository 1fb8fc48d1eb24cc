"""Bounces, complaints, machines' mail and people's words are told apart, in whatever shape they arrive.

The samples lie in `corpus/`; what each reads as is written down in `golden.json`.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaigns.domain.receipts import LONGEST_DETAIL, Kind, Reading
from campaigns.domain.steps import Channel
from campaigns.providers.mail.reading import LONGEST_TEXT, read_mail
from campaigns.rendering.identity import read_send_token
from tests.rendering.samples import SENDER

HERE = Path(__file__).parent
SAMPLES = {path.stem: path.read_bytes() for path in sorted((HERE / "corpus").glob("*.eml"))}
GOLDEN = json.loads((HERE / "golden.json").read_text(encoding="utf-8"))
TOKEN = "a0ab496a5821306e3eebbdfd62297f90721a9eca"
OTHER = "00" * 20
LETTER = b"From: jane@example.com\nMessage-ID: <letter@example.com>\n"


@pytest.mark.parametrize("name", SAMPLES)
def test_requirement_16_a_sample_reads_as_it_is_written_down(name):
    assert _told(read_mail(SAMPLES[name])) == GOLDEN[name]


def test_every_sample_is_written_down_and_there_are_enough():
    assert sorted(GOLDEN) == sorted(SAMPLES)
    assert len(SAMPLES) >= 70


@pytest.mark.parametrize("name", SAMPLES)
def test_line_ends_make_no_difference(name):
    plain = SAMPLES[name].replace(b"\r\n", b"\n")
    assert _told(read_mail(plain.replace(b"\n", b"\r\n"))) == _told(read_mail(plain)) == GOLDEN[name]


@pytest.mark.parametrize("end", [b"\r\r\n", b"\r"])
@pytest.mark.parametrize("name", ["postfix-user-unknown", "arf-yahoo", "reply-in-base64"])
def test_line_ends_that_no_mail_should_have_make_no_difference_either(name, end):
    raw = SAMPLES[name].replace(b"\r\n", b"\n").replace(b"\n", end)
    assert _told(read_mail(raw)) == GOLDEN[name]


def test_the_token_of_the_samples_is_one_of_ours():
    assert read_send_token(TOKEN, SENDER) == 4711


def test_requirement_16_a_delay_is_never_a_bounce():
    delayed = [
        one for name in SAMPLES for one in read_mail(SAMPLES[name]).receipts if one.facts.get("action") == "delayed"
    ]
    assert len(delayed) == 2
    assert {one.kind for one in delayed} == {Kind.DEFERRED}


def test_no_receipt_repeats_an_address_or_a_token_in_words():
    receipts = [one for raw in SAMPLES.values() for one in read_mail(raw).receipts]
    said = " ".join(" ".join((one.detail, *one.facts.values())) for one in receipts)
    assert len(receipts) > 50
    assert not [secret for secret in ("@", "%40", "jane", "jané", TOKEN, OTHER) if secret in said.lower()]


def test_every_receipt_is_by_mail_and_every_event_has_a_name_of_its_own():
    readings = [read_mail(raw) for raw in SAMPLES.values()]
    receipts = [one for reading in readings for one in reading.receipts]
    assert {(one.provider, one.channel) for one in receipts} == {("mail", Channel.EMAIL)}
    events = [one.event_id for reading in readings for one in (*reading.receipts, *reading.mails)]
    assert len(set(events)) == len(events)
    assert {len(one) for one in events} == {64}


@pytest.mark.parametrize("name", ["postfix-several-recipients", "arf-yahoo", "plain-reply", "old-exim"])
def test_the_same_mail_read_again_by_another_way_tells_the_same_events(name):
    raw = SAMPLES[name]
    again = b"Received: by another way\r\n" + raw.replace(b"\n", b"\r\n")
    assert _events(read_mail(again, rcpt="somebody@clinic.example.org")) == _events(read_mail(raw))


@pytest.mark.parametrize("name", ["", "none", "<>", "<a@b>", "<with space@example.com>"])
def test_without_a_sound_message_id_the_bytes_name_the_event(name):
    one, other = (b"From: a@example.com\nMessage-ID: %b\n\n%b" % (name.encode(), words) for words in (b"One", b"Two"))
    assert _events(read_mail(one)) == _events(read_mail(one)) != _events(read_mail(other))


def test_a_return_path_in_the_envelope_comes_before_all_other_tokens():
    found = read_mail(SAMPLES["postfix-user-unknown"], rcpt=f"B+{'AB' * 20}@BOUNCE.clinic.example.org")
    assert [one.send_token for one in found.receipts] == ["ab" * 20]
    assert read_mail(LETTER + b"\nHello", rcpt=f"b+{TOKEN}@x.example").mails[0].send_token == TOKEN


def test_an_old_bounce_too_is_found_by_whom_it_was_sent_to_first():
    found = read_mail(SAMPLES["old-exim"], rcpt=f"b+{OTHER}@bounce.clinic.example.org").receipts
    assert [one.send_token for one in found] == [OTHER]


def test_what_the_envelope_says_is_kept_without_what_cannot_be_stored():
    assert read_mail(LETTER + b"\nHello", rcpt="a\0b\ud800@Example.org").mails[0].recipient == "ab@example.org"


@pytest.mark.parametrize("field", ["Delivered-To", "X-Original-To", "To"])
def test_a_return_path_is_found_in_each_field_that_may_hold_it(field):
    raw = f"From: a@example.com\n{field}: Somebody <B+{TOKEN.upper()}@bounce.example.org>\n\nHello".encode()
    assert read_mail(raw).mails[0].send_token == TOKEN


@pytest.mark.parametrize("near", [f"bob+{TOKEN}", f"b-{TOKEN}", f"b+{TOKEN[:20]}", f"b+{TOKEN}{OTHER}0", f"b+x{TOKEN}"])
def test_what_only_resembles_a_return_path_gives_no_token(near):
    assert read_mail(f"From: a@example.com\nTo: {near}@bounce.example.org\n\nHello".encode()).mails[0].send_token == ""


def test_the_recipient_that_a_report_names_never_gives_a_token():
    raw = SAMPLES["forwarded-recipient"].replace(TOKEN.encode(), b"nothing")
    assert [one.send_token for one in read_mail(raw).receipts] == [""]


def test_requirement_18_a_complaint_is_found_by_the_mail_complained_of_before_anything_else():
    raw = SAMPLES["arf-yahoo"].replace(b"Original-Mail-From: <", b"Original-Mail-From: <b+" + OTHER.encode() + b"@x, ")
    found = read_mail(raw, rcpt=f"b+{OTHER}@bounce.clinic.example.org").receipts
    assert [one.send_token for one in found] == [TOKEN]


@pytest.mark.parametrize(
    ("head", "automatic"),
    [
        ("Auto-Submitted: no", False),
        ("Auto-Submitted: No; because=person", False),
        ("Auto-Submitted: auto-replied", True),
        ("AUTO-SUBMITTED: Auto-Generated; type=x", True),
        ("Auto-Submitted: auto-notified(x)", True),
        ("Precedence: first-class", False),
        ("Precedence: Junk", True),
        ("precedence: LIST", True),
        ("Precedence: bulk", True),
        ("Precedence: auto_reply", True),
        ("Return-Path: <jane@example.com>", False),
        ("Return-Path: < >", True),
        ("X-Autoreply: no", False),
        ("X-Autoreply: yes", True),
        ("X-Autorespond: holiday", True),
        ("List-Id: <x.example.com>", True),
        ("Content-Type: multipart/report; report-type=disposition-notification", True),
        ("Subject: Automatic answers, are they a thing?", False),
    ],
)
def test_requirement_19_a_machine_is_known_by_its_head(head, automatic):
    assert read_mail(LETTER + head.encode() + b"\n\nI am away").mails[0].automatic is automatic


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@mx.example.com", "Mail <Mailer-Daemon@mx.example.com>"])
def test_a_mailer_daemon_is_a_machine_even_where_the_envelope_is_lost(sender):
    assert read_mail(f"From: {sender}\n\nHello".encode()).mails[0].automatic


@pytest.mark.parametrize(
    ("charset", "python", "words"),
    [
        ("iso-8859-1", "latin-1", "Votre message n'a pas été remis"),
        ("ISO-2022-JP", "iso2022_jp", "配信できませんでした"),
        ("Shift_JIS", "cp932", "配信①"),
        ("koi8-r", "koi8-r", "Письмо не доставлено"),
        ("windows-1251", "cp1251", "Письмо не доставлено"),
        ("GB18030", "gb18030", "无法投递㐀"),
        ("gb2312", "gb18030", "朱镕基"),
        ("big5", "big5", "無法投遞"),
        ("euc-kr", "cp949", "배달되지 않음"),
        ("utf-16", "utf-16", "Grüße"),
        ("utf-7", "utf-7", "Grüße"),
        ("us-ascii", "utf-8", "Grüße"),
        ("x-nobody-knows", "utf-8", "Grüße"),
        ("punycode", "latin-1", "Grüße"),
        ("utf-8*de", "utf-8", "Grüße"),
        ('"', "utf-8", "Grüße"),
    ],
)
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_words_are_read_in_every_charset(charset, python, words, encoding):
    data = words.encode(python)
    body = data.hex("=").upper() if encoding == "quoted-printable" else _base64(data)
    body = f"={body}" if encoding == "quoted-printable" else body
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    assert read_mail(LETTER + head.encode() + body.encode()).mails[0].text == words


def test_half_a_letter_at_the_end_of_a_cut_mail_is_replaced():
    head = b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    cut = _base64("Ja, gerne für Sie".encode())[:17]
    assert read_mail(LETTER + head + cut.encode()).mails[0].text == "Ja, gerne f�"


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("Jane <Jane@Example.COM>", "jane@example.com"),
        ("jane@example.com (Jane)", "jane@example.com"),
        ('"<other@example.org>" <jane@example.com>', "jane@example.com"),
        ('"a \\" <other@example.org>" jane@example.com', "jane@example.com"),
        ("(<other@example.org>) jane@example.com", "jane@example.com"),
        ("<jane@example.com>, <other@example.org>", "jane@example.com"),
        ("nobody", ""),
        ("", ""),
    ],
)
def test_the_sender_is_the_address_and_never_one_in_the_name(sender, address):
    assert read_mail(f"From: {sender}\n\nHello".encode()).mails[0].sender == address


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("Tue, 06 Apr 2027 09:00:00 +0200 (CEST)", datetime(2027, 4, 6, 7, tzinfo=UTC)),
        ("6 Apr 2027 09:00:00 -0000", datetime(2027, 4, 6, 9, tzinfo=UTC)),
        ("Tue, 06 Apr 2027 09:00:00", None),
        ("Tue, 06 Apr 0999 09:00:00 +1400", None),
        ("Fri, 31 Dec 9999 23:00:00 -1400", None),
        ("Tue, 06 Apr 2027 99:00:00 +0200", None),
        ("Tue, 06 Apr 2027 09:00:00 +99999999999999999999", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_date_is_read_with_its_zone_or_not_at_all(date, read):
    raw = SAMPLES["arf-not-spam"].replace(b"Wed, 07 Apr 2027 11:30:00 +0000", date.encode())
    assert [one.occurred_at for one in read_mail(raw).receipts] == [read]


def test_where_the_report_has_no_date_the_next_best_is_taken():
    raw = SAMPLES["postfix-user-unknown"].replace(b"\nDate: Tue, 06 Apr 2027 09:00:05 +0200", b"")
    assert [one.occurred_at for one in read_mail(raw).receipts] == [datetime(2027, 4, 6, 7, 0, 1, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("status", "said", "code", "smtp_code"),
    [
        ("5.1.1", "smtp; 550 5.7.1 no", "5.1.1", 550),
        ("5.0.0", "smtp; 550-5.7.1 no", "5.7.1", 550),
        ("5.0.0", "smtp; 450 4.7.1 no", "5.0.0", 450),
        ("", "smtp; 554 5.7.1 no", "5.7.1", 554),
        ("5.01.001 (bad)", "smtp;553", "5.1.1", 553),
        ("5.1", "x-mta; host 5.1.1.5 [192.0.2.5] said nothing", "", None),
        ("4.4.7", "smtp; mx.example.com[192.0.2.5]: 421 4.4.2 no", "4.4.7", 421),
        ("5.2.2", "smtp; from 10.550.0.0: 552 full", "5.2.2", 552),
        ("5.2.2", "smtp; 5521 full, see 550", "5.2.2", None),
        ("9.9.9", "", "", None),
    ],
)
def test_codes_are_taken_from_the_status_and_where_it_is_vague_from_the_server_s_words(status, said, code, smtp_code):
    found = _bounce(f"Status: {status}\nDiagnostic-Code: {said}")
    assert (found.code, found.smtp_code) == (code, smtp_code)


def test_what_a_server_says_becomes_one_line_that_is_cut():
    found = _bounce(f"Diagnostic-Code: smtp; 550 5.1.1 \x07no\x00body\n\t{'long ' * 400}")
    assert found.detail.startswith("550 5.1.1 nobody long long")
    assert len(found.detail) <= LONGEST_DETAIL


def test_the_words_of_a_long_letter_are_cut_and_its_machine_readable_rest_is_not_read():
    raw = LETTER + b"\nSTOP\n" + b"x " * 3_000_000 + b"\nX-Send-Id: " + TOKEN.encode()
    found = read_mail(raw).mails[0]
    assert found.text.startswith("STOP\nx x")
    assert (len(found.text), found.send_token) == (LONGEST_TEXT, "")


def test_a_report_behind_five_million_bytes_is_not_read():
    raw = SAMPLES["postfix-user-unknown"]
    far = raw.replace(b"\nThis is a MIME-encapsulated message.", b"\n" + b"x" * 5_000_000)
    assert far != raw
    assert read_mail(far).receipts == ()


@pytest.mark.parametrize("raw", [b"", b"\n\n\n", b"no mail at all", b"\0" * 1000, b"{}", b"GET / HTTP/1.1"])
def test_what_has_no_head_is_no_mail(raw):
    assert read_mail(raw) == Reading()


def _told(reading):
    """Write a reading as the golden file does: what is empty, and what is the same in all, is left out."""
    return {
        name: [_one(one) for one in getattr(reading, name)] for name in ("receipts", "mails") if getattr(reading, name)
    }


def _one(one):
    facts = {field.name: getattr(one, field.name) for field in fields(one)}
    kept = {name: value for name, value in facts.items() if value not in ("", None, {}, False)}
    written = {name: str(value) if name in ("kind", "occurred_at") else value for name, value in kept.items()}
    return {name: value for name, value in written.items() if name not in ("provider", "channel", "event_id")}


def _events(reading):
    return [one.event_id for one in (*reading.receipts, *reading.mails)]


def _base64(data):
    return b2a_base64(data, newline=False).decode()


def _bounce(block):
    head = "From: a@example.com\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
    (found,) = read_mail(f"{head}Reporting-MTA: dns; x\n\nAction: failed\n{block}\n--b--".encode()).receipts
    return found
