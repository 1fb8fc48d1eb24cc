"""The key that receivers look up: readable, long enough, and of the key that signs."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaigns.dns_probe.dkim_key import examine_dkim
from campaigns.dns_probe.questions import Questions
from campaigns.rendering.dkim import DkimSigner, public_bytes
from tests.servers.dns_server import DnsServer, txt

NAME = "s2026._domainkey.clinic.test"
PRIVATE = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()


def _signer(key) -> DkimSigner:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return DkimSigner("clinic.test", "s2026", pem)


SIGNER, ED_SIGNER = _signer(PRIVATE), _signer(ED)
BARE = base64.b64encode(PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)).decode()
SPKI = base64.b64encode(SIGNER.public_key).decode()
ED_SPKI = base64.b64encode(ED.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
CURVE = base64.b64encode(
    ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


@pytest.mark.parametrize("signer", [SIGNER, ED_SIGNER], ids=["rsa", "ed25519"])
def test_the_record_we_ask_for_is_the_one_that_satisfies_us(judged, signer):
    mark, words = judged(signer.record, signer)
    size = "2048 bits" if signer is SIGNER else "ed25519"
    assert (mark, words) == ("ok", f"the key at {NAME} ({size}) is in order")


@pytest.mark.parametrize(
    "record", [f"p={SPKI}", f"v=DKIM1;p={BARE}", f" k = rsa ; h=sha256; p = {SPKI[:60]} {SPKI[60:]} ; s=email ;"]
)
def test_a_record_may_be_written_in_several_ways(judged, record):
    assert judged(record, SIGNER)[0] == judged(record, None)[0] == "ok"


@pytest.mark.parametrize(
    "record",
    ["", "v=DKIM1", "v=DKIM1; k=rsa", f"v=DKIM2; p={SPKI}", f"k=dsa; p={SPKI}", "p=!!!", "p=AAAA", f"p={SPKI[:80]}",
     f"p={CURVE}", f"k=ed25519; p={SPKI}", f"k=ed25519; p={ED_SPKI}", f"k=rsa; p={ED_SPKI}"],
    ids=range(12),  # keys are made anew in every process, and parallel runs want the same names
)  # fmt: skip
def test_a_record_that_holds_no_key_is_a_fault(judged, record):
    for signer in (SIGNER, None):
        mark, words = judged(record, signer)
        assert mark == "!!" and words.startswith(f"{NAME} holds no key that receivers can read: publish ")


def test_another_kind_of_key_is_not_ours(judged):
    assert judged(ED_SIGNER.record, SIGNER)[1].startswith(f"the key at {NAME} is not that of CAMPAIGNS_DKIM_KEY_FILE")
    assert judged(ED_SIGNER.record, None)[0] == "ok"


def test_two_records_leave_receivers_in_doubt(judged, server):
    server.zone = {(NAME, "TXT"): txt(SIGNER.record, ED_SIGNER.record)}
    mark, words = judged(None, SIGNER)
    assert mark == "!!" and words.startswith(f"{NAME} has 2 TXT records instead of one: publish ")


@pytest.mark.parametrize(
    ("bits", "mark", "said"),
    [(768, "!!", "which receivers ignore: use 2048"), (1024, "?", "replace it by one of 2048")],
)
def test_a_short_key_is_said_to_be_short(judged, bits, mark, said):
    short = rsa.RSAPublicNumbers(65537, (1 << bits - 1) + 1).public_key()
    found, words = judged(f"p={base64.b64encode(public_bytes(short)).decode()}", None)
    assert (found, words.endswith(said)) == (mark, True) and f"{bits} bits" in words


@given(st.binary(max_size=120), st.sampled_from(["rsa", "ed25519"]), st.integers(0, 300))
@example(b"", "ed25519", 0)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_key_is_too_odd_for_a_verdict(judged, noise, kind, cut):
    odd = base64.b64encode(SIGNER.public_key[:cut] + noise + SIGNER.public_key[cut + len(noise) :]).decode()
    assert judged(f"k={kind}; p={odd}", SIGNER)[0] in ("ok", "?", "!!")


@pytest.fixture
def server():
    with DnsServer({}) as it:
        yield it


@pytest.fixture
def judged(server):
    def judge(record, signer):
        if record is not None:
            server.zone = {(NAME, "TXT"): txt(record)}
        (seen,) = examine_dkim(Questions(server.address), NAME, signer)
        assert seen.about == "dkim"
        return seen.mark, seen.words

    return judge
