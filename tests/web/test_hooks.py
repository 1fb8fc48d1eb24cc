"""The doors for providers: what proves itself is stored and answered at once, everything else changes nothing."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from campaigns.domain.receipts import Kind
from campaigns.operations.hear import apply_inbound
from campaigns.operations.receive import apply_receipts
from campaigns.runtime import build
from campaigns.settings import read_settings
from campaigns.store.engine import transaction
from campaigns.web.app import create_app
from tests.servers.twilio_callbacks import signature

ACCOUNT, TOKEN = "AC" + "0" * 32, "the token of the tests"
PUBLIC = "https://class.example.org"
FORM = "application/x-www-form-urlencoded"
BOUNCE = (
    b"From: MAILER-DAEMON@mx.example.net\r\nTo: b+00@bounce.clinic.example\r\nSubject: failure\r\n"
    b'Message-ID: <1@mx.example.net>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/plain\r\n\r\nNo.\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; a@example.org\r\nAction: failed\r\n"
    b"Status: 5.1.1\r\n\r\n--x--\r\n"
)


def post(door, path: str, fields: dict[str, str], *, token: str = TOKEN, **headers: str):
    sign = {"X-Twilio-Signature": signature(f"{PUBLIC}{path}", fields, token)}
    return door.post(path, content=urlencode(fields), headers={"Content-Type": FORM, **sign, **headers})


def rows(runtime, table: str) -> int:
    with transaction(runtime.engine) as db:
        return db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_a_signed_status_is_stored_once_and_answered_with_nothing(door, runtime):
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+12075550123", "Body": ""}
    answers = [post(door, "/hooks/twilio/status/abc", fields).status_code for _ in range(3)]
    assert answers == [204, 204, 204]
    with transaction(runtime.engine) as db:
        found = db.execute(text("SELECT kind, provider, event_id, delivery_id FROM receipt")).all()
    assert [tuple(row) for row in found] == [(Kind.DELIVERED.value, "twilio", "SM1:delivered", None)]


@pytest.mark.parametrize("how", ["unsigned", "other token", "altered", "other address"])
def test_a_call_that_does_not_prove_itself_is_refused_and_leaves_no_row(door, runtime, how):
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    path = "/hooks/twilio/status/abc"
    if how == "unsigned":
        answer = door.post(path, content=urlencode(fields), headers={"Content-Type": FORM})
    elif how == "other token":
        answer = post(door, path, fields, token="another")
    elif how == "altered":
        sign = signature(f"{PUBLIC}{path}", fields, TOKEN)
        changed = urlencode({**fields, "MessageStatus": "failed"})
        answer = door.post(path, content=changed, headers={"Content-Type": FORM, "X-Twilio-Signature": sign})
    else:
        sign = signature(f"{PUBLIC}/hooks/twilio/status/xyz", fields, TOKEN)
        answer = door.post(path, content=urlencode(fields), headers={"Content-Type": FORM, "X-Twilio-Signature": sign})
    assert answer.status_code == 403
    assert rows(runtime, "arrival") == rows(runtime, "receipt") == 0


def test_a_text_is_stored_and_answered_in_twilios_own_language(door, runtime):
    fields = {"MessageSid": "SM2", "From": "+12075550123", "To": "+12075550199", "Body": "please stop texting me"}
    answer = post(door, "/hooks/twilio/inbound", fields)
    assert answer.headers["content-type"].startswith("text/xml")
    assert "<Message>" in answer.text and "Example Clinic" in answer.text
    assert "<Message>" not in post(door, "/hooks/twilio/inbound", fields).text
    apply_inbound(runtime.engine, runtime.seal, runtime.inbound_words, runtime.clock())
    assert rows(runtime, "suppression") == 1


def test_a_word_that_twilio_answers_itself_gets_no_second_answer(door):
    fields = {"MessageSid": "SM3", "From": "+12075550123", "To": "+12075550199", "Body": "STOP", "OptOutType": "STOP"}
    assert "<Message>" not in post(door, "/hooks/twilio/inbound", fields).text


def test_a_raw_mail_needs_the_bearers_word(door, runtime):
    answers = [
        door.post(
            "/hooks/mail", content=BOUNCE, headers={"Authorization": f"Bearer {word}"} if word else {}
        ).status_code
        for word in ("", "wrong", "mail secret")
    ]
    assert answers == [403, 403, 200]
    assert rows(runtime, "receipt") == 1
    apply_receipts(runtime.engine, runtime.ears, runtime.clock())
    assert rows(runtime, "suppression") == 0  # its token is not one of ours


@pytest.mark.parametrize("raw", [b"", b"\x00\xff" * 100, b"{}"])
def test_what_is_no_mail_is_refused(door, runtime, raw):
    answer = door.post("/hooks/mail", content=raw, headers={"Authorization": "Bearer mail secret"})
    assert answer.status_code == 400
    assert rows(runtime, "arrival") == 0


def test_a_standard_webhook_that_is_not_signed_is_refused(door):
    assert door.post("/hooks/webhook", content=json.dumps({"type": "x"})).status_code in (400, 403)


@pytest.mark.parametrize(
    "path", ["/hooks/ses", "/hooks/sendgrid", "/hooks/mailgun", "/hooks/postmark", "/hooks/nobody"]
)
def test_a_door_that_no_setting_opens_does_not_exist(door, path):
    assert door.post(path, content=b"{}").status_code == 404


def test_a_body_beyond_all_measure_is_refused(door, runtime):
    answer = door.post("/hooks/twilio/inbound", content=b"x" * 3_000_000, headers={"Content-Type": FORM})
    assert answer.status_code == 413
    assert rows(runtime, "arrival") == 0


@pytest.mark.parametrize("path", ["/hooks/twilio/inbound", "/hooks/twilio/status/abc", "/hooks/mail"])
def test_looking_changes_nothing(door, runtime, path):
    assert {door.get(path).status_code, door.head(path).status_code} == {405}
    assert rows(runtime, "arrival") == 0


@pytest.fixture
def door(runtime):
    with TestClient(create_app(runtime), base_url=PUBLIC) as client:
        yield client


@pytest.fixture
def runtime(own_database_url, tmp_path):
    settings = read_settings(
        database_url=own_database_url,
        secret="a secret of thirty-two characters and more",
        public_url=PUBLIC,
        data_dir=tmp_path,
        sms_provider="folder",
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        mail_hook_secret="mail secret",
        webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    with build(settings) as made:
        yield made
