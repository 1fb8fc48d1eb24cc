"""A mail is taken apart into fields and leaves, with an end to depth, number and size."""

from __future__ import annotations

import pytest

from campaigns.providers.mail.parts import fields_of, open_mail

MIXED = b"From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n"


def test_fields_are_unfolded_and_what_is_none_is_passed_over():
    block = b"A: one\n  two\nno field: at all\n lost\nb :three\nA: four\nC:\n\tfive\n: nothing\nD"
    assert fields_of(block) == {"a": ["one two", "four"], "b": ["three"], "c": ["five"]}


def test_each_line_of_a_head_is_read_in_utf_8_or_else_as_windows_wrote_it():
    assert fields_of("A: ü\n".encode() + b"B: \xfc\x00") == {"a": ["ü"], "b": ["ü"]}


@pytest.mark.parametrize(
    ("body", "leaves"),
    [
        (b"before\n--b\n\none\n--b\n\ntwo\n\n--b--\nafter\n--b\n\nthree", [b"one", b"two\n"]),
        (b"--b\n\none\n--b \t\n\ntwo", [b"one", b"two"]),
        (b"--b\nContent-Type: text/plain\n--b\n--b--", [b"", b""]),
        (b"--b--\n", []),
        (b"--bb\n\nno", [b"--bb\n\nno"]),
        (b"--other\nContent-Type: text/plain\n\none\n--other--", [b"one"]),
        (b"words", [b"words"]),
    ],
)
def test_a_multipart_is_cut_at_its_boundary(body, leaves):
    assert [part.body for part in open_mail(MIXED + body).parts] == leaves


def test_parts_within_parts_come_in_the_order_they_stand():
    inner = (
        b"--b\nContent-Type: multipart/alternative; boundary=c\n\n--c\n\none\n--c\n\ntwo\n--c--\n--b\n\nthree\n--b--"
    )
    assert [part.body for part in open_mail(MIXED + inner).parts] == [b"one", b"two", b"three"]


def test_a_mail_within_a_mail_is_not_opened():
    body = b"--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--c--\n--b--"
    (leaf,) = open_mail(MIXED + body).parts
    assert (leaf.type, leaf.returned) == ("message/rfc822", True)


@pytest.mark.parametrize(
    "many", [b"--b\n\nx\n" * 500, b"--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c\n\ny\n--c--\n" * 90]
)
def test_no_more_than_a_hundred_leaves_are_kept(many):
    assert len(open_mail(MIXED + many).parts) == 100


def test_what_is_nested_too_deep_stays_in_one_piece():
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n" % (n, n) for n in range(9)) + b"\nend"
    (leaf,) = open_mail(b"From: a@example.com\n" + deep).parts
    assert (leaf.type, leaf.body.startswith(b"--x5\n")) == ("text/plain", True)


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        ("base64", b"SGVs\r\nbG8=", b"Hello"),
        ("BASE64 ; x", b"SGVsbG8", b"Hello"),
        ("base64", b"SGVsbG8=!", b"Hello"),
        ("base64", b"SGVsbG8hA", b"Hello!"),  # a letter too many, as after a cut
        ("quoted-printable", b"a=C3=BC=\nb=", b"a\xc3\xbcb"),
        ("8bit", b"a\r\nb", b"a\nb"),
        ("x-unknown", b"a", b"a"),
        ("", b"a", b"a"),
    ],
)
def test_transfer_encodings_are_undone_as_far_as_they_are_whole(encoding, body, content):
    raw = b"From: a@example.com\nContent-Transfer-Encoding: " + encoding.encode() + b"\n\n" + body
    assert open_mail(raw).parts[0].content() == content


@pytest.mark.parametrize("kind", ["", "nonsense", "text/plain; a*=x; a*1=y", "text/plain; charset*99999999=x", ";;;="])
def test_a_type_that_nobody_understands_is_plain_text(kind):
    (leaf,) = open_mail(b"From: a@example.com\nContent-Type: " + kind.encode() + b"\n\nwords").parts
    assert (leaf.type, leaf.content()) == ("text/plain", b"words")


def test_an_attachment_is_known_as_one():
    raw = (
        MIXED
        + b"--b\nContent-Disposition: Attachment; filename=x\n\none\n--b\nContent-Disposition: inline\n\ntwo\n--b--"
    )
    assert [part.attached for part in open_mail(raw).parts] == [True, False]
