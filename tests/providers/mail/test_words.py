"""Words come out of bytes and markup of any making, and never a fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.providers.mail.words import decoded, header_words, one_line, text_of_html, tidy


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= an alle", "Grüße an alle"),
        ("=?iso-8859-1?Q?R=E9p?= =?iso-8859-1?q?onse?=", "Réponse"),
        ("=?utf-8?b?w7zD?= =?utf-8?b?nw==?=", "üß"),  # a letter cut in two by the fold
        ("schön =?utf-8?q?=C3=BC?=", "schön ü"),
        ("=?utf-8*de?q?=C3=BC?=", "ü"),
        ("=?utf-8?b?A?=", "=?utf-8?b?A?="),
        ("=?nonsense?q?=FC?=", "ü"),
        ("a\tb\n c", "a b c"),
        ("=?utf-8?q?a=00b?=", "ab"),
    ],
)
def test_a_header_is_decoded_and_what_is_broken_stays(value, words):
    assert header_words(value) == words


@pytest.mark.parametrize(
    ("data", "charset", "words"),
    [
        (b"\\u0041", "unicode_escape", "\\u0041"),
        (b"\\u0041", "raw-unicode-escape", "\\u0041"),
        (b"Gre-uxa8h", "punycode", "Gre-uxa8h"),
        (b"48", "hex", "48"),
        (b"a+2AA-b", "utf-7", "ab"),  # half of a surrogate pair
        (b"a\0b", "utf-8", "ab"),
        (b"ab", "utf\0-8", "ab"),
        (b"ab", "\ud800", "ab"),
        (b"\xfc", "", "ü"),
        (b"\xfc", "utf-8", "�"),
    ],
)
def test_a_charset_that_is_none_of_mail_s_is_not_believed(data, charset, words):
    assert decoded(data, charset) == words


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("550 <Jane.Doe@example.com>: no", "550 (address) no"),
        ("no jane.doe here, nor JANE.DOE, nor jane.doer", "no (address) here, nor (address), nor jane.doer"),
        ("no jane @ example.com", "no (address)"),
        ("nobody is jane.doe.", "nobody is (address)."),
        ("see https://example.com/?q=jane%40example.com now", "see (address) now"),
        ("SRS bounce=jane=40example.com gone", "SRS (address) gone"),
        ("jane＠example.com", "(address)"),
        ("jane@", "(address)"),
        ("@example.com", "(address)"),
        (f"mail {'0aB1' * 10} lost", "mail (token) lost"),
        ("queued as 4F1C2A0B3D", "queued as 4F1C2A0B3D"),
        ("two\r\nlines\x00and\u2028more", "two lines and more"),
        ("x" * 300, "x" * 120),
    ],
)
def test_what_a_server_says_becomes_a_line_that_names_nobody(said, line):
    assert one_line(said, ("jane.doe@example.com", ""), limit=120) == line


def test_an_address_that_is_cut_by_the_limit_is_left_out_whole():
    said = ("someone@example.com " * 60)[:990] + " secretname@example.com"
    assert "secret" not in one_line(said, limit=2_000)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>Two<br/>Three</p>", "One\n\nTwo\nThree"),
        ("a<b>b</b>c", "abc"),
        ("<!-- no --><style>p{}</style><SCRIPT>x()</SCRIPT><title>T</title>yes", "yes"),
        ("<scripture>kept</scripture>", "kept"),
        ("<!DOCTYPE html><?xml x?>yes", "yes"),
        ("1 < 2 &amp; 3 &gt; 2 &lt;p&gt; &#39;x&#39; &nbsp;", "1 < 2 & 3 > 2 <p> 'x'"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("kept <!-- never closed", "kept"),
        ("kept <script> never closed", "kept"),
        ("kept <p never closed", "kept"),
        ("&#0;&#xD800;x", "��x"),
        ("&#" + "9" * 5_000 + ";", "&#" + "9" * 5_000 + ";"),
        ("", ""),
    ],
)
def test_of_html_only_what_a_reader_sees_is_kept(source, text):
    assert text_of_html(source) == text


def test_spaces_and_empty_lines_are_tidied():
    assert tidy("  a \t b\u00a0c\n\n \n\n d \n") == "a b c\n\nd"


@given(st.binary(max_size=100), st.text(max_size=20) | st.sampled_from(["utf-7", "utf-16", "utf-32-be", "hz", "idna"]))
def test_any_bytes_in_any_charset_become_words_that_can_be_stored(data, charset):
    assert "\0" not in decoded(data, charset).encode().decode()


@given(st.text(max_size=300))
def test_any_markup_becomes_words_that_can_be_stored(source):
    assert "\0" not in (text_of_html(source) + header_words(source)).encode().decode()
