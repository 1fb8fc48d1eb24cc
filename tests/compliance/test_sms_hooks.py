"""Requirements 29, 30, 31 and 33 at the doors of the real application, behind a proxy that speaks plain HTTP to it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, permutations
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from campaigns.domain.lifecycle import Status
from campaigns.runtime import build
from campaigns.settings import read_settings
from campaigns.web.app import create_app
from tests.compliance.wire import Wire, wired
from tests.factories import NUMBER, PUBLIC, SERVICE_TEXTS
from tests.servers.twilio_callbacks import status_fields
from tests.servers.twilio_server import ACCOUNT, TOKEN, signature

INBOUND = "/hooks/twilio/inbound"
NOTHING = "<?xml version='1.0' encoding='UTF-8'?><Response></Response>"
_sids = count(1)


class Door:
    """The application as Twilio reaches it: by its public address, which the proxy has taken away."""

    def __init__(self, client: TestClient, wire: Wire) -> None:
        self.client, self.wire = client, wire

    def post(self, path: str, fields: dict[str, str], *, signed: str | None = None, **headers: str):
        proof = signature(f"{PUBLIC}{path}", fields) if signed is None else signed
        sent = {"x-twilio-signature": proof, "x-forwarded-proto": "https", "x-forwarded-host": "class.example.org"}
        return self.client.post(path, data=fields, headers={**{k: v for k, v in sent.items() if v}, **headers})

    def report(self, status: str, **facts: int) -> int:
        """A callback about the one message at the fake; gives the HTTP status of our answer."""
        (sms,) = self.wire.fake.messages
        return self.post(urlsplit(sms.fields["StatusCallback"]).path, status_fields(sms, status, **facts)).status_code

    def text(self, body: str, **fields: str) -> str:
        """Somebody texts; gives our TwiML."""
        sid = f"SM{next(_sids):032x}"
        answer = self.post(INBOUND, {"MessageSid": sid, "From": NUMBER, "To": "+12075550100", "Body": body, **fields})
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/xml")
        return answer.text


def texted(wire: Wire) -> int:
    mine = wire.registration(wire.session(), SERVICE_TEXTS)
    wire.work()
    return mine


# 29: who may speak for Twilio


def test_s29_behind_a_proxy_a_call_for_the_public_https_address_is_believed(door: Door) -> None:
    mine = texted(door.wire)
    assert door.report("delivered") == 204
    door.wire.apply()
    assert door.wire.delivery(mine, "C1").status == Status.DELIVERED


@pytest.mark.parametrize("signed", ["", "x", "IK+Dwps556ElfBT0I3Rgjkr1wJU="], ids=["missing", "nonsense", "another's"])
def test_s29_a_call_without_proof_is_403_and_leaves_nothing(door: Door, signed: str) -> None:
    mine = texted(door.wire)
    (sms,) = door.wire.fake.messages
    path = urlsplit(sms.fields["StatusCallback"]).path
    assert door.post(path, status_fields(sms, "delivered"), signed=signed).status_code == 403
    assert door.post(INBOUND, {"MessageSid": "SM9", "From": NUMBER, "Body": "STOP"}, signed=signed).status_code == 403
    door.wire.apply()
    assert door.wire.delivery(mine, "C1").status == Status.SENT
    assert door.wire.suppressions() == set()
    assert door.wire.one("SELECT count(*) FROM arrival") == 0


def test_s29_what_was_altered_on_the_way_is_403(door: Door) -> None:
    fields = {"MessageSid": "SM9", "From": NUMBER, "Body": "STOP"}
    proof = signature(f"{PUBLIC}{INBOUND}", fields)
    for altered in ({**fields, "From": "+12075550999"}, {**fields, "More": "1"}, {"MessageSid": "SM9", "From": NUMBER}):
        assert door.post(INBOUND, altered, signed=proof).status_code == 403
    assert door.post(f"{INBOUND}?a=1", fields, signed=proof).status_code == 403
    assert door.wire.one("SELECT count(*) FROM arrival") == 0


def test_s29_headers_of_the_caller_do_not_choose_the_address_that_counts(door: Door) -> None:
    fields = {"MessageSid": "SM9", "From": NUMBER, "Body": "STOP"}
    proof = signature(f"https://evil.example{INBOUND}", fields)
    elsewhere = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    assert door.post(INBOUND, fields, signed=proof, **elsewhere).status_code == 403


@pytest.mark.parametrize("body", ["", "ü & = + % 💜", "a" * 1600])
def test_s29_empty_repeated_and_unknown_parameters_pass(door: Door, body: str) -> None:
    fields = {"MessageSid": "SM9", "From": NUMBER, "Body": body, "SomethingNew": ""}
    path = f"{INBOUND}?again=1&again=1&empty="
    proof = signature(f"{PUBLIC}{path}", fields)
    twice = {**fields, "SomethingNew": ["", ""]}
    assert door.post(path, twice, signed=proof).status_code == 200  # type: ignore[arg-type]
    assert door.wire.one("SELECT count(*) FROM inbound") == 1


def test_s29_a_replay_proves_itself_and_changes_nothing(door: Door) -> None:
    mine = texted(door.wire)
    for _ in range(3):
        assert door.report("delivered") == 204
        door.wire.apply()
    assert door.wire.one("SELECT count(*) FROM receipt") == 1
    assert door.wire.delivery(mine, "C1").status == Status.DELIVERED


# 30: the order of callbacks


@pytest.mark.parametrize("order", sorted(set(permutations(("queued", "sent", "delivered", "delivered")))), ids=" ".join)
def test_s30_posted_in_any_order_they_end_delivered(door: Door, order: tuple[str, ...]) -> None:
    mine = texted(door.wire)
    assert [door.report(status) for status in order] == [204] * 4
    door.wire.apply()
    assert door.wire.delivery(mine, "C1").status == Status.DELIVERED
    assert door.wire.one("SELECT count(*) FROM receipt") == 3


# 31 and 33: stop, and its one confirmation


@pytest.mark.parametrize("body", ["STOP", "Please stop texting me", "alto"])
def test_s31_a_stop_posted_to_the_door_suppresses_with_the_next_tick(door: Door, body: str) -> None:
    door.wire.registration(door.wire.session(), SERVICE_TEXTS)
    door.text(body)
    door.wire.apply()
    door.wire.work()
    assert door.wire.suppressions() == {("sms", NUMBER, None, "unsubscribed")}
    assert door.wire.fake.posts == []


def test_s33_twilios_own_words_are_answered_by_twilio_alone(door: Door) -> None:
    for word in ("STOP", "HELP", "START"):
        assert door.text(word) == door.text("whatever", OptOutType=word) == NOTHING


def test_s33_our_one_confirmation_is_the_answer_to_the_call_and_has_no_link(door: Door) -> None:
    door.wire.registration(door.wire.session(), SERVICE_TEXTS)
    first = door.text("please stop texting me")
    assert first.count("<Message>") == 1
    assert "http" not in first and "START" not in first
    door.wire.apply()
    assert [door.text("please stop texting me") for _ in range(2)] == [NOTHING] * 2
    door.wire.work()
    assert door.wire.fake.posts == []


@pytest.fixture
def door(engine, tmp_path):
    with wired(engine) as wire:
        settings = read_settings(
            database_url=engine.url.render_as_string(hide_password=False),
            secret="s" * 32,
            public_url=PUBLIC,
            data_dir=tmp_path,
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=TOKEN,
            twilio_messaging_service_sid="MG0",
        )
        with build(settings, pool_size=2) as built:
            app = create_app(replace(built, clock=wire.clock))
            with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
                yield Door(client, wire)
