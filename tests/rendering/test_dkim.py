"""DKIM signatures: dkimpy, which shares no line with the signer, finds them good; and bad once anything is changed."""

from __future__ import annotations

import base64
import hashlib
import re

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from dkim.canonicalization import CanonicalizationPolicy
from dkim.util import parse_tag_value
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaigns.errors import ConfigurationError
from campaigns.rendering.dkim import SIGNED, DkimSigner, open_signer
from campaigns.rendering.email import render_email
from tests.rendering.samples import EMAILS, LIBRARY, LINKS, SENDER, letter_for


def pem(key, encryption=None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


AT = 1_700_000_000
RSA_KEY = pem(rsa.generate_private_key(65537, 2048))
SIGNER = DkimSigner("harbour.example", "s2026", RSA_KEY)
PLAIN = b"From: a@harbour.example\r\nSubject: Class\r\nTo: jo@example.com\r\n\r\nSee you there.\r\n"
TOO_SHORT = b"""\
-----BEGIN RSA PRIVATE KEY-----
MIIBzAIBAAJhAJ6XWHSLNFXAeW6qZMVgMzTlioV2zj66Dc9Nu2OXynZ3qOLlqJyG
MQdx7PS6SbX87VLv+t2DSXZ2BHcG4KUJBr5Pb8WV+oy+1mkwEDObA6c7gfC0HEy9
PMlmnxKoivLZFQIDAQABAmAfN2Mt7YirqGs+oUOcpkbuDpCpnK0UI8M8HuzXubUc
hIk1wEbkKHXWJVKjCVgg/lvZOKy6ghwBgz3R5gGwryUKOCnfGX8QeOH1Ch2OAnef
RZHvdjgmHrWnxxG73OhOBTECMQDJ8HbQETY+x1aOsCypuOK/iAg5G3WWykbMXXxu
gfaWuU4i+6jLwOuzXOLUqSJwF6sCMQDJDBk5NPtpOvTuDra04vWH7GTI+oQgvfqU
Ft8tpANEKUXhuJ4fxJi3e3TmoKAZEj8CMQCEVGFnY4AKj5H3GxeJeLCOFlRdJ9Nc
ptzSGwjpWZz/lBrR7dvk+Vz7QokaFmOM1NUCMQC5opszsFEn9BEuMpXPZfTyYXsZ
+/6+QMy7qna+LL/7UuS8q/wNNzkPykXBobTSEX8CMQC01oGDEB6bnLYNui2JPG/C
ncO+PAwP/aGT2x2VrS6ouoMspra5OCEKuZ5zD2uhxcg=
-----END RSA PRIVATE KEY-----
"""
"""768 bits, made for this file."""
ODD = {
    "empty body": b"From: a@b.example\r\nSubject: x\r\n\r\n",
    "no body at all": b"From: a@b.example\r\nSubject: x\r\n",
    "nothing but blank lines": b"From: a@b.example\r\nSubject: x\r\n\r\n\r\n\r\n \r\n\r\n",
    "blank lines at the end": PLAIN + b"\r\n\r\n \t\r\n\r\n",
    "blank lines in the middle": PLAIN + b"\r\n\r\n.\r\n",
    "white space at line ends": PLAIN + b"one \t \r\n\ttwo\t\tthree  four\t\r\n \r\nfive \r\n",
    "folded subject": PLAIN.replace(b"Class", b"A  class\r\n\tabout \r\n  the \t hip \r\n "),
    "value that begins on the second line": PLAIN.replace(b" Class", b"\r\n Class"),
    "8-bit": PLAIN.replace(b"Class", "Übung".encode()) + "Grüße – 👟\r\n".encode(),
    "latin-1": PLAIN + b"Gr\xfc\xdfe\xa0\r\n",
    "names in capitals": PLAIN.replace(b"From", b"FROM").replace(b"Subject", b"sUBJECT"),
    "no subject": b"From: a@b.example\r\n\r\nhello\r\n",
    "two recipients' fields": PLAIN.replace(b"To:", b"To: ann@example.com\r\nTO:"),
    "empty values": b"From:\r\nSubject: \r\nTo: \t\r\n\r\nx\r\n",
    "long line": PLAIN + b"x" * 5000 + b"\r\n",
    "dots": PLAIN + b".\r\n..\r\n",
}


def good(raw: bytes, signer: DkimSigner = SIGNER) -> bool:
    def answer(name: bytes, timeout: int) -> bytes:
        assert name.decode() == f"{signer.name}."
        return signer.record.encode()

    return dkim.verify(raw, dnsfunc=answer)


def signed(raw: bytes, signer: DkimSigner = SIGNER) -> bytes:
    return signer.sign(raw, AT) + raw


def rendered(name: str = "confirmation") -> bytes:
    return render_email(LIBRARY[name], letter_for(name), SENDER, LINKS).raw


def tags(raw: bytes) -> dict[str, str]:
    """Give the tags of the signature on top, without the folds."""
    field = re.sub(rb"\r\n[ \t]+", b"", raw.partition(b":")[2]).partition(b"\r\n")[0].decode("ascii")
    pairs = (part.strip().partition("=") for part in field.split(";"))
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize("name", EMAILS)
def test_every_shipped_email_carries_a_good_signature(name):
    assert good(signed(rendered(name)))


@pytest.mark.parametrize("raw", ODD.values(), ids=ODD)
def test_odd_messages_carry_a_good_signature(raw):
    assert good(signed(raw))


def test_a_last_line_without_an_end_is_signed_as_smtp_will_end_it():
    raw = PLAIN.removesuffix(b"\r\n") + b" \t"
    assert good(SIGNER.sign(raw, AT) + raw + b"\r\n")


def test_requirement_3_both_list_fields_and_the_feedback_id_are_signed():
    listed = tags(signed(rendered()))["h"].split(":")
    assert {"list-unsubscribe", "list-unsubscribe-post", "feedback-id"} <= set(listed)
    assert sorted(listed) == sorted(name for name in SIGNED if name != "content-transfer-encoding")


@pytest.mark.parametrize("field", sorted(set(SIGNED) - {"content-transfer-encoding"}))
def test_a_signed_field_that_is_changed_or_taken_away_spoils_the_signature(field):
    raw = signed(rendered())
    line = re.search(rb"(?im)^%b: .*(?:\r\n[ \t].*)*\r\n" % field.encode(), raw)
    assert line
    changed = line[0].removesuffix(b"\r\n") + b"x\r\n"
    assert not good(raw.replace(line[0], changed))
    assert not good(raw.replace(line[0], b""))


@pytest.mark.parametrize("field", [b"From: evil@example.com\r\n", b"Subject: Buy\r\n", b"SUBJECT: Buy\r\n"])
@pytest.mark.parametrize("raw", [PLAIN, ODD["no subject"]], ids=["with subject", "without"])
def test_a_second_sender_or_subject_cannot_be_added(raw, field):
    first, last = signed(raw), signed(raw).replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n", 1)
    assert not good(field + first)
    assert not good(last)


def test_every_byte_of_the_body_counts():
    raw = signed(PLAIN)
    for place in range(raw.index(b"\r\n\r\n") + 4, len(raw) - 2):
        assert not good(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
    assert not good(raw + b"more\r\n")


def test_what_relays_do_to_white_space_does_no_harm():
    raw = signed(PLAIN.replace(b"See you", b"See  you"))
    assert good(raw.replace(b"See  you", b"See \t you").replace(b"Subject: Class", b"SUBJECT:\r\n  Class ") + b"\r\n")


def test_only_what_occurs_is_listed_and_the_sender_and_subject_once_more():
    assert tags(signed(PLAIN))["h"] == "from:from:to:subject:subject"
    assert tags(signed(ODD["two recipients' fields"]))["h"] == "from:from:to:to:subject:subject"
    assert tags(signed(ODD["no subject"]))["h"] == "from:from:subject"


def test_the_tags_are_these_and_the_length_is_not_among_them():
    found = tags(signed(PLAIN))
    assert list(found) == ["v", "a", "c", "d", "s", "t", "h", "bh", "b"]
    assert found | {"h": "", "bh": "", "b": ""} == {
        "v": "1", "a": "rsa-sha256", "c": "relaxed/relaxed", "d": "harbour.example", "s": "s2026", "t": str(AT),
        "h": "", "bh": "", "b": "",
    }  # fmt: skip


def test_an_empty_body_has_the_hash_that_the_rfc_names():
    nothing = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    assert nothing == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert tags(signed(ODD["empty body"]))["bh"] == nothing
    assert tags(signed(ODD["nothing but blank lines"]))["bh"] == nothing


def test_lines_of_the_signature_are_short_and_nothing_but_ascii():
    signature = DkimSigner("harbour.example", "s2026", pem(rsa.generate_private_key(65537, 4096))).sign(rendered(), AT)
    assert signature.startswith(b"DKIM-Signature: v=1") and signature.endswith(b"\r\n") and signature.isascii()
    lines = signature.removesuffix(b"\r\n").split(b"\r\n")
    assert all(line.startswith(b" ") for line in lines[1:])
    assert max(len(line) for line in lines) <= 78
    assert signature.count(b"\n") == signature.count(b"\r") == signature.count(b"\r\n")


def test_the_same_message_at_the_same_moment_is_signed_alike():
    assert SIGNER.sign(PLAIN, AT) == SIGNER.sign(PLAIN, AT) != SIGNER.sign(PLAIN, AT + 1)


def test_an_email_is_rendered_with_its_signature_on_top():
    plain = render_email(LIBRARY["confirmation"], letter_for("confirmation"), SENDER, LINKS)
    email = render_email(LIBRARY["confirmation"], letter_for("confirmation"), SENDER, LINKS, SIGNER.sign)
    assert email.raw == SIGNER.sign(plain.raw, int(letter_for("confirmation").now.timestamp())) + plain.raw


def test_a_message_of_nobody_cannot_be_signed():
    with pytest.raises(ValueError, match="without From"):
        SIGNER.sign(b"Subject: x\r\n\r\nx\r\n", AT)
    with pytest.raises(ValueError, match="wants From signed"):
        DkimSigner("harbour.example", "s", RSA_KEY, ("to", "subject"))


def test_an_ed25519_key_signs_the_hash_that_dkimpy_computes():
    private = ed25519.Ed25519PrivateKey.generate()
    raw = signed(rendered(), DkimSigner("harbour.example", "e", pem(private)))
    private.public_key().verify(*_judged(raw))
    with pytest.raises(InvalidSignature):
        private.public_key().verify(*_judged(raw.replace(b"List-Unsubscribe:", b"List-Unsubscribe: x")))
    assert tags(raw)["a"] == "ed25519-sha256"


def _judged(raw: bytes) -> tuple[bytes, bytes]:
    """Give the signature and what it must sign, by dkimpy, which wants PyNaCl for the last step."""
    headers, body = dkim.rfc822_parse(raw)
    found = parse_tag_value(headers[0][1])
    policy = CanonicalizationPolicy.from_c_value(found[b"c"])
    assert hashlib.sha256(policy.canonicalize_body(body)).digest() == base64.b64decode(found[b"bh"])
    names = re.split(rb"\s*:\s*", found[b"h"])
    hasher = dkim.HashThrough(hashlib.sha256())
    dkim.hash_headers(hasher, policy, policy.canonicalize_headers(headers), names, headers[0], found)
    return base64.b64decode(re.sub(rb"\s+", b"", found[b"b"])), hasher.digest()


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_the_record_to_publish_holds_the_public_half(kind):
    key = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, 2048)
    signer = DkimSigner("harbour.example", "s2026", pem(key))
    assert signer.name == "s2026._domainkey.harbour.example"
    version, named, public = signer.record.split("; ")
    assert (version, named) == ("v=DKIM1", f"k={kind}")
    assert base64.b64decode(public.removeprefix("p=")) == signer.public_key
    assert len(signer.public_key) == (32 if kind == "ed25519" else 294)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (b"", "holds no private key in PEM: make one with `openssl genrsa"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no private key"),
        (b"\xff\x00" * 4096, "holds no private key"),
        (RSA_KEY[:400], "holds no private key"),
        (pem(ed25519.Ed25519PrivateKey.generate(), BestAvailableEncryption(b"word")), "has a passphrase"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor ed25519"),
        (TOO_SHORT, "768 bits are too few"),
    ],
    ids=["nothing", "no key inside", "noise", "half a key", "locked", "another kind", "too short"],
)
def test_a_key_that_cannot_sign_names_the_setting_and_the_remedy(key, told):
    with pytest.raises(ConfigurationError, match=told) as refused:
        DkimSigner("harbour.example", "s2026", key)
    assert str(refused.value).startswith("CAMPAIGNS_DKIM_KEY_FILE: ")


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda it: RSA_KEY[:200] + it + RSA_KEY[900:]))
def test_no_key_file_raises_anything_else(key):
    with pytest.raises(ConfigurationError, match="CAMPAIGNS_DKIM_KEY_FILE"):
        DkimSigner("harbour.example", "s2026", key)


@pytest.mark.parametrize(
    "domain", ["", "harbour", "a..example", "x y.example", "a.example;d=b.example", "x" * 64 + ".example"]
)
def test_a_domain_that_is_none_names_its_setting(domain):
    with pytest.raises(ConfigurationError, match="CAMPAIGNS_DKIM_DOMAIN"):
        DkimSigner(domain, "s2026", RSA_KEY)


@pytest.mark.parametrize("selector", ["", "s 1", "s;d=x", "s\r\n", ".s", "s..t", "é"])
def test_a_selector_that_is_none_names_its_setting(selector):
    with pytest.raises(ConfigurationError, match="CAMPAIGNS_DKIM_SELECTOR"):
        DkimSigner("harbour.example", selector, RSA_KEY)


def test_an_international_domain_is_written_in_ascii():
    signer = DkimSigner("Köln.example", "s2026", RSA_KEY)
    assert signer.domain == "xn--kln-sna.example"
    assert good(signed(PLAIN, signer), signer)


def test_a_key_is_read_from_its_file(tmp_path):
    (tmp_path / "dkim.pem").write_bytes(RSA_KEY)
    assert open_signer("harbour.example", "s2026", tmp_path / "dkim.pem").record == SIGNER.record


@pytest.mark.parametrize("name", ["none.pem", "."])
def test_a_key_file_that_cannot_be_read_names_the_setting(tmp_path, name):
    with pytest.raises(ConfigurationError, match=r"CAMPAIGNS_DKIM_KEY_FILE: .* cannot be read"):
        open_signer("harbour.example", "s2026", tmp_path / name)


NAMES = st.sampled_from([*SIGNED, "From", "SUBJECT", "List-Unsubscribe-Post", "X-Send-Id", "Received", "Cc"])
WORDS = st.binary(max_size=60).map(lambda it: re.sub(rb"[^\x20-\x7e\x80-\xff\t]", b"", it))
VALUES = st.lists(WORDS, min_size=1, max_size=4).flatmap(
    lambda words: st.sampled_from([b"\r\n ", b"\r\n\t", b" ", b"\t", b" \t \r\n  "]).map(lambda gap: gap.join(words))
)
BODIES = st.lists(WORDS | st.sampled_from([b"", b" ", b"\t", b" x", b"x "]), max_size=8).map(
    lambda lines: b"".join(line + b"\r\n" for line in lines)
)


@given(headers=st.lists(st.tuples(NAMES, VALUES), max_size=12), sender=VALUES, place=st.integers(0, 12), body=BODIES)
@example(headers=[("Subject", b"")], sender=b"", place=0, body=b"")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_message_dkimpy_agrees_with_the_signature(headers, sender, place, body):
    headers.insert(place, ("From", sender))
    raw = b"".join(b"%b:%b\r\n" % (name.encode(), value) for name, value in headers) + b"\r\n" + body
    assert good(signed(raw))
    assert not good(signed(raw) + b"x\r\n")
