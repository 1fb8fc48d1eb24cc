"""Requirements 1 to 3: the one-click pair, header fields that no reader has to decode, and what a signature covers."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from campaigns.domain.steps import Channel, Purpose
from campaigns.domain.tokens import Links, Signer
from campaigns.rendering.dkim import DkimSigner, open_signer
from campaigns.rendering.email import render_email
from tests.compliance.mailing import Mailing, mailing, relay
from tests.factories import DAY, HOUR, LESSONS, NOON, OFFERS, PUBLIC
from tests.rendering.samples import EMAILS, LIBRARY, LINKS, SENDER, letter_for, parse
from tests.servers.smtp_server import Behaviour, SmtpServer

LENGTHS = (20, 50, 51, 200)
ONE_CLICK = "List-Unsubscribe=One-Click"
PAST = NOON - 364 * DAY
"""A signature from the future counts for nothing."""
UNFOLDED = re.compile(rb"\r\n(?=[ \t])")
BARE = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID", "Message-ID", "X-Send-Id")
ODD_NAMES = ("Übungs-Praxis für Läufer und Läuferinnen", "診療所", "Clinic 👟", "=?utf-8?q?spoof?=", "C" * 200)


class Lengthy(Signer):
    """Signs with tokens of one length, longer or shorter than those we write."""

    def __init__(self, length: int) -> None:
        super().__init__((b"s" * 32,))
        self.length = length

    def sign(self, kind: str, *numbers: int) -> str:
        return super().sign(kind, *numbers).ljust(self.length, "x")[: self.length]


def links(length: int, public_url: str = SENDER.public_url) -> Links:
    return Links(public_url, Lengthy(length))


def fields(raw: bytes, name: str) -> list[bytes]:
    """The lines of a field as they came, folded or not."""
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    return re.findall(rb"(?im)^%b:[^\n]*\r\n(?:[ \t][^\n]*\r\n)*" % name.encode(), head)


def one_click_target(raw: bytes) -> str:
    """The address a mail program would call, read as RFC 8058 says; fails unless there is exactly one."""
    message = parse(raw)
    assert [str(value) for value in message.get_all("List-Unsubscribe-Post", [])] == [ONE_CLICK]
    (field,) = fields(raw, "List-Unsubscribe")
    written = UNFOLDED.sub(b"", field).decode("ascii").partition(":")[2].strip()
    assert str(message["List-Unsubscribe"]) == written
    inside = re.findall(r"<([^<>]*)>", written)
    assert written == ", ".join(f"<{one}>" for one in inside)
    assert not any(re.search(r"\s", one) for one in inside)
    (target,) = [one for one in inside if one.startswith("https://")]
    return target


# 1: the one-click pair


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", EMAILS)
def test_e01_every_message_has_the_one_click_pair_whatever_the_length_of_its_token(name: str, length: int) -> None:
    letter, ours = letter_for(name), links(length)
    target = one_click_target(render_email(LIBRARY[name], letter, SENDER, ours).raw)
    assert target == ours.stop(letter.registration_id, Channel.EMAIL, letter.purpose)
    assert len(target.rpartition("/")[2]) == length


@pytest.mark.parametrize("length", LENGTHS)
def test_e01_the_pair_survives_the_way_over_smtp_from_an_address_of_ours_that_is_long(length: int) -> None:
    far = f"https://{'a-long-name.' * 8}harbour.example/a/way/that/leads/further/down"
    ours = links(length, far)
    with SmtpServer() as server:
        line = relay(server).connect()
        for name in EMAILS:
            line.hand_off(render_email(LIBRARY[name], letter_for(name), replace(SENDER, public_url=far), ours))
        line.close()
    assert [one_click_target(one.raw) for one in server.messages] == [
        ours.stop(1234, Channel.EMAIL, LIBRARY[name].purpose) for name in EMAILS
    ]


def test_e01_what_the_service_sends_names_the_person_and_the_kind_of_that_very_message(post: Mailing) -> None:
    people = [post.registration(post.session(), LESSONS, OFFERS) for _ in range(2)]
    post.live(post.clock() + 27 * HOUR, step=9 * HOUR)
    told = {
        (one.recipient, str(parse(one.raw)["Feedback-ID"]).split(":")[1]): one_click_target(one.raw)
        for one in post.server.messages
    }
    ours = Links(PUBLIC, Signer((b"s" * 32,)))
    assert told == {
        (f"sam{number}@example.com", purpose.value): ours.stop(one, Channel.EMAIL, purpose)
        for (number, one), purpose in product(enumerate(people, 1), (Purpose.SERVICE, Purpose.EDUCATION))
    }


# 2: no encoded words where machines read


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", EMAILS)
def test_e02_no_field_for_machines_holds_an_encoded_word_or_is_folded(name: str, length: int) -> None:
    for clinic, step in product(ODD_NAMES, ("C0", "Schritt für Läufer 👟", "s" * 300)):
        sender = replace(SENDER, clinic_name=clinic, program_name=clinic)
        letter = letter_for(name, step_key=step, class_title=clinic, first_name=clinic, webinar_title=clinic)
        raw = render_email(LIBRARY[name], letter, sender, links(length)).raw
        found = {field: fields(raw, field) for field in BARE}
        assert {field: len(lines) for field, lines in found.items()} == dict.fromkeys(BARE, 1)
        assert not [line for (line,) in found.values() if b"=?" in line or not line.isascii()]
        assert all(line.count(b"\r\n") == 1 for (line,) in found.values())


def test_e02_the_check_itself_finds_an_encoded_word() -> None:
    raw = b"List-Id: x\r\nList-Unsubscribe:\r\n =?utf-8?q?=3Chttps?=\r\nTo: a@b.cd\r\n\r\nList-Id: y\r\n"
    assert fields(raw, "List-Unsubscribe") == [b"List-Unsubscribe:\r\n =?utf-8?q?=3Chttps?=\r\n"]
    assert fields(raw, "List-Id") == [b"List-Id: x\r\n"]


# 3: DKIM, judged by another library on the bytes that the server received


def signer(folder) -> DkimSigner:
    """A signer from a key file, as the runtime opens it."""
    private = rsa.generate_private_key(65537, 2048)
    (folder / "dkim.pem").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return open_signer("clinic.example", "s2026", folder / "dkim.pem")


def good(raw: bytes, ours: DkimSigner) -> bool:
    def answer(name: bytes, timeout: int) -> bytes:  # as the DNS would
        return ours.record.encode() if name.decode() == f"{ours.name}." else b""

    return dkim.verify(raw, dnsfunc=answer)


def signed_names(raw: bytes) -> list[str]:
    (field,) = fields(raw, "DKIM-Signature")
    plain = UNFOLDED.sub(b"", field).decode("ascii").replace(" ", "").strip()
    return re.findall(r";h=([^;]+);", plain)[0].lower().split(":")


@pytest.mark.parametrize("pipelining", [True, False])
def test_e03_what_the_server_received_carries_a_good_signature_over_both_list_fields(
    engine, tmp_path, pipelining
) -> None:
    ours = signer(tmp_path)
    with mailing(engine, Behaviour(pipelining=pipelining), at=PAST) as post:
        post.sign = ours.sign
        post.registration(post.session(), LESSONS)
        post.live(post.clock() + 27 * HOUR, step=9 * HOUR)
        received = post.server.messages
    assert len(received) == 2
    for one in received:
        assert good(one.raw, ours)
        assert {"list-unsubscribe", "list-unsubscribe-post", "feedback-id", "from"} <= set(signed_names(one.raw))
        assert signed_names(one.raw).count("from") == 2  # once more than it occurs: nobody can add another


@pytest.mark.parametrize("field", ["List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID"])
@pytest.mark.parametrize("name", EMAILS)
def test_e03_a_list_field_that_is_changed_or_taken_away_on_the_way_spoils_the_signature(name, field, arrived) -> None:
    raw, ours = arrived[name]
    assert good(raw, ours)
    (line,) = fields(raw, field)
    assert not good(raw.replace(line, line[:-3] + b"X" + line[-2:]), ours)
    assert not good(raw.replace(line, b""), ours)


def test_e03_every_shipped_message_is_aligned_with_its_from(arrived) -> None:
    for raw, _ in arrived.values():
        (field,) = fields(raw, "DKIM-Signature")
        assert re.search(rb"[;\s]d=clinic\.example;", field)
        assert b"c=relaxed/relaxed" in field
        assert not re.search(rb"[;\s]l=", field)
        assert parse(raw)["From"].addresses[0].domain == "clinic.example"


@pytest.fixture(scope="module")
def arrived(tmp_path_factory):
    """Every shipped message, signed, as a server received it; with who signed it."""
    ours = signer(tmp_path_factory.mktemp("keys"))
    clinic = replace(SENDER, mail_from="class@clinic.example", relay_tags=(("X-SES-MESSAGE-TAGS", "send_id=", ""),))
    with SmtpServer() as server:
        line = relay(server).connect()
        for name in EMAILS:
            line.hand_off(render_email(LIBRARY[name], letter_for(name), clinic, LINKS, ours.sign))
        line.close()
    return {name: (one.raw, ours) for name, one in zip(EMAILS, server.messages, strict=True)}


@pytest.fixture
def post(engine):
    with mailing(engine) as world:
        yield world
