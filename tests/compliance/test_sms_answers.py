"""Requirements 28 to 30: what each of Twilio's codes leads to, who may speak for Twilio, and in which order."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from itertools import permutations
from urllib.parse import urlencode

import pytest
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

from campaigns.domain.lifecycle import Status
from campaigns.domain.receipts import Kind, Post, Reading
from campaigns.errors import Forged, Malformed
from campaigns.providers.hooks.base import Hook
from campaigns.providers.hooks.twilio import TwilioInbound, TwilioStatus
from campaigns.store import streams
from campaigns.store.alerts import raised
from campaigns.store.engine import transaction
from tests.compliance.wire import Wire, wired
from tests.factories import DAY, HOUR, MINUTE, NOON, PUBLIC, SERVICE_TEXTS
from tests.servers.twilio_callbacks import status_fields
from tests.servers.twilio_server import TOKEN, Rule, Sms, signature

AGAIN, NEVER, DOUBT, KEPT, SUPPRESSED = "again", "never", "doubt", "kept", "suppressed"

API = {
    # (Twilio's code, HTTP status): what becomes of the text, and of the number; after section 2.4 of the sheet
    (20429, 429): (AGAIN, KEPT), (0, 429): (AGAIN, KEPT), (20500, 500): (DOUBT, KEPT), (0, 503): (DOUBT, KEPT),
    (21211, 400): (NEVER, SUPPRESSED), (21614, 400): (NEVER, SUPPRESSED), (21635, 400): (NEVER, SUPPRESSED),
    (21612, 400): (NEVER, KEPT), (21408, 400): (NEVER, KEPT), (21608, 400): (NEVER, KEPT),
    (21610, 400): (NEVER, SUPPRESSED), (21611, 400): (AGAIN, KEPT), (21617, 400): (NEVER, KEPT),
    (21730, 400): (AGAIN, KEPT), (23002, 400): (NEVER, KEPT), (23005, 400): (NEVER, KEPT), (23006, 400): (NEVER, KEPT),
    (30029, 400): (NEVER, KEPT), (30030, 400): (NEVER, KEPT), (60728, 400): (AGAIN, KEPT), (63017, 400): (AGAIN, KEPT),
    (63038, 400): (AGAIN, KEPT), (21999, 400): (NEVER, KEPT), (77777, 400): (NEVER, KEPT), (-1, 418): (NEVER, KEPT),
}  # fmt: skip
CALLBACK_CODES = {
    "30001": (AGAIN, KEPT), "30003": (AGAIN, KEPT), "30004": (NEVER, SUPPRESSED), "30005": (NEVER, SUPPRESSED),
    "30006": (NEVER, SUPPRESSED), "30007": (NEVER, KEPT), "30008": (AGAIN, KEPT), "30022": (AGAIN, KEPT),
    "30023": (AGAIN, KEPT), "30027": (AGAIN, KEPT), "30036": (AGAIN, KEPT), "30450": (NEVER, KEPT),
    "30610": (AGAIN, KEPT), "30640": (NEVER, SUPPRESSED), "63017": (AGAIN, KEPT), "63038": (AGAIN, KEPT),
    "30002": (NEVER, KEPT), "30032": (NEVER, KEPT), "30034": (NEVER, KEPT), "39999": (NEVER, KEPT),
    "12345": (NEVER, KEPT), "": (NEVER, KEPT), "none": (NEVER, KEPT), "9" * 30: (NEVER, KEPT),
}  # fmt: skip
FATES = {
    Status.PLANNED: AGAIN,
    Status.FAILED: NEVER,
    Status.BOUNCED: NEVER,
    Status.UNKNOWN: DOUBT,
    Status.SENT: "sent",
    Status.QUEUED: "queued",
}


# 28: the error table


def test_s28_every_code_of_an_answer_has_the_fate_that_the_table_gives(wire: Wire) -> None:
    people = crowd(wire, len(API))
    rules = [
        Rule(status=status, code=code, to=number, times=1)
        for (code, status), (number, _) in zip(API, people, strict=True)
    ]
    wire.fake.script(*rules)
    for _ in range(10):
        wire.work()
        wire.sql("UPDATE stream SET open_until = NULL, failures = 0")  # some answers let all texts rest for a moment
    assert len(wire.fake.posts) == len(API)
    assert dict(zip(API, fates(wire, people), strict=True)) == API
    assert wire.fake.messages == []


def test_s28_every_code_of_a_callback_has_the_fate_that_the_table_gives(wire: Wire) -> None:
    people = crowd(wire, len(CALLBACK_CODES))
    wire.work()
    assert len(wire.fake.messages) == len(CALLBACK_CODES)
    for code, (_, one) in zip(CALLBACK_CODES, people, strict=True):
        wire.hear(receipts=[wire.status(one, "C1", Kind.BOUNCED, code=code)])
    wire.apply()
    assert dict(zip(CALLBACK_CODES, fates(wire, people), strict=True)) == CALLBACK_CODES


@pytest.mark.parametrize(("code", "status"), [(20003, 401), (0, 401), (21606, 400), (21703, 400), (21704, 400)])
def test_s28_what_is_wrong_with_our_account_stops_texts_and_wakes_somebody_and_spares_the_number(
    wire: Wire, code: int, status: int
) -> None:
    ((_, first), (_, second)) = crowd(wire, 2)
    wire.fake.script(Rule(status=status, code=code))
    for _ in range(3):
        wire.work()
        wire.clock.forward(minutes=5)
    assert len(wire.fake.posts) == 1
    assert paused(wire) and [one.kind for one in alerts(wire)] == ["page" if status == 401 else "config"]
    assert wire.suppressions() == set()
    assert Status.SENT not in {wire.delivery(one, "C1").status for one in (first, second)}


@pytest.mark.parametrize("code", ["30002", "30032", "30034"])
def test_s28_a_callback_that_says_our_sender_is_blocked_stops_texts_and_wakes_somebody(wire: Wire, code: str) -> None:
    ((_, mine),) = crowd(wire, 1)
    wire.work()
    wire.hear(receipts=[wire.status(mine, "C1", Kind.BOUNCED, code=code)])
    wire.apply()
    assert paused(wire) and [one.kind for one in alerts(wire)] == ["page"]
    crowd(wire, 1)
    wire.work()
    assert len(wire.fake.posts) == 1


def test_s28_an_unreachable_telephone_is_tried_once_more_after_an_hour_and_given_up_at_the_third_in_a_week(
    wire: Wire,
) -> None:
    ((number, first),) = crowd(wire, 1)
    wire.work()
    wire.hear(receipts=[wire.status(first, "C1", Kind.BOUNCED, code="30003")])
    wire.apply()
    row = wire.delivery(first, "C1")
    assert row.due_at >= wire.clock() + HOUR
    wire.clock.now = row.due_at
    wire.work()
    wire.hear(receipts=[wire.status(first, "C1", Kind.BOUNCED, attempt=2, code="30003")])
    wire.apply()
    assert (wire.delivery(first, "C1").status, len(wire.fake.posts)) == (Status.BOUNCED, 2)
    for code in ("30008", "39999"):
        assert wire.suppressions() == set()
        wire.clock.forward(days=2)
        other = wire.registration(wire.session(), SERVICE_TEXTS, phone=number)
        wire.work()
        wire.hear(receipts=[wire.status(other, "C1", Kind.BOUNCED, code=code)])
        wire.apply()
    assert wire.suppressions() == {("sms", number, None, "bounced")}


def test_s28_what_is_tried_again_ends_with_its_deadline(wire: Wire) -> None:
    ((_, mine),) = crowd(wire, 1)
    wire.work()
    wire.sql("UPDATE delivery SET expires_at = :at", at=wire.clock() + 50 * MINUTE)
    wire.hear(receipts=[wire.status(mine, "C1", Kind.BOUNCED, code="30003")])
    wire.apply()
    assert wire.delivery(mine, "C1").status == Status.BOUNCED


def test_s28_nobody_there_is_not_sent_and_goes_when_somebody_is(wire: Wire) -> None:
    ((_, mine),) = crowd(wire, 1)
    wire.fake.stop()
    wire.work()
    assert wire.delivery(mine, "C1").status == Status.PLANNED
    assert wire.suppressions() == set()


# 29: who may speak for Twilio

PAGE = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
        "To": "+18005551212"}  # fmt: skip
JSON = '{"property": "value", "boolean": true}'
DIGEST = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
TWICE = FormData(
    [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")]
)
VECTORS = [
    (PAGE, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    (f"{PAGE}&bodySHA256={DIGEST}", JSON, "a9nBmqA0ju/hNViExpshrM61xv4="),
    (PAGE, TWICE, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
]


@pytest.mark.parametrize(("url", "sent", "signed"), VECTORS, ids=["form", "json", "repeated names"])
def test_s29_the_golden_vectors_are_what_twilios_own_library_says(url: str, sent, signed: str) -> None:
    judge = RequestValidator("12345")
    assert judge.validate(url, sent, signed)
    assert not judge.validate(url, sent, signed.swapcase())
    assert not judge.validate(url.replace("foo", "fo0"), sent, signed)
    assert not RequestValidator("12346").validate(url, sent, signed)


def test_s29_the_fake_signs_the_golden_form_alike_and_the_golden_body_has_the_golden_digest() -> None:
    assert signature(PAGE, CALL, "12345") == VECTORS[0][2]
    assert sha256(JSON.encode()).hexdigest() == DIGEST


@pytest.mark.parametrize("hook", [TwilioStatus, TwilioInbound])
@pytest.mark.parametrize(("url", "sent", "signed"), VECTORS, ids=["form", "json", "repeated names"])
def test_s29_our_own_readers_believe_the_golden_vectors_and_nothing_that_differs(
    hook, url: str, sent, signed: str
) -> None:
    reader = hook(["12345"])
    call = posted(url, sent, signed)
    assert proven(reader, call)
    for forged in (
        replace(call, body=call.body.replace(b"1", b"2", 1).replace(b"true", b"null")),
        replace(call, url=url.replace("foo", "fo0")),
        replace(call, headers=call.headers | {"x-twilio-signature": signed.swapcase()}),
        replace(call, headers={name: value for name, value in call.headers.items() if name != "x-twilio-signature"}),
    ):
        assert not proven(reader, forged)
    assert not proven(hook(["12346"]), call)
    assert proven(hook(["the new token", "12345"]), call)


@pytest.mark.parametrize(
    "fields",
    [
        {"MessageSid": "SM1", "MessageStatus": "sent", "ErrorCode": "", "Body": ""},
        {"MessageSid": "SM1", "MessageStatus": "sent", "SomethingNew": "ü&=%+ "},
    ],
    ids=["empty", "unknown"],
)
def test_s29_empty_and_unknown_parameters_are_no_fault(fields: dict[str, str]) -> None:
    url = f"{PUBLIC}/hooks/twilio/status/token"
    assert proven(TwilioStatus([TOKEN]), posted(url, fields, signature(url, fields)))


@pytest.mark.parametrize("signed_for", ["https://class.example.org", "https://class.example.org:443"])
def test_s29_behind_a_proxy_the_public_address_counts_with_or_without_its_port(signed_for: str) -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "sent"}
    call = posted(
        f"{PUBLIC}/hooks/twilio/status/token?a=%20b",
        fields,
        signature(f"{signed_for}/hooks/twilio/status/token?a=%20b", fields),
    )
    assert proven(TwilioStatus([TOKEN]), call)
    assert not proven(TwilioStatus([TOKEN]), replace(call, url=call.url.replace("https", "http")))


def posted(url: str, sent, signed: str) -> Post:
    """The call as the web hands it to a reader."""
    kind = "application/json" if isinstance(sent, str) else "application/x-www-form-urlencoded"
    pairs = sent.multi_items() if isinstance(sent, FormData) else sent.items() if sent is not JSON else ()
    body = JSON if sent is JSON else urlencode(list(pairs))
    return Post(
        url=url, headers={"x-twilio-signature": signed, "content-type": kind}, body=body.encode(), token="token"
    )


def proven(hook: Hook, call: Post) -> bool:
    """Whether it counts as Twilio's; the golden calls are about no message and so bring nothing."""
    with suppress(Malformed):
        try:
            hook.read(call, NOON)
        except Forged:
            return False
    return True


# 30: the order of callbacks

COURSE = ("queued", "sent", "delivered", "delivered")


def test_s30_in_every_order_it_ends_delivered_with_one_event_each(wire: Wire) -> None:
    orders = sorted(set(permutations(COURSE)))
    people = crowd(wire, len(orders))
    wire.work()
    at = {sms.to: sms for sms in wire.fake.messages}
    for (number, mine), order in zip(people, orders, strict=True):
        for status in order:
            wire.hear(receipts=told(at[number], status).receipts)
            wire.apply()
        row = wire.delivery(mine, "C1")
        assert (order, row.status, row.provider_id, row.reason) == (order, Status.DELIVERED, at[number].sid, None)
        kinds = wire.sql("SELECT kind FROM receipt WHERE delivery_id = :id ORDER BY kind", id=row.id)
        assert [row.kind for row in kinds] == ["accepted", "accepted", "delivered"]
    assert len(wire.fake.posts) == len(orders) == 12


@pytest.mark.parametrize(
    "order", [("delivered", "sent"), ("sent", "delivered"), ("delivered", "delivered")], ids=" ".join
)
def test_s30_callbacks_that_wait_to_be_applied_together_end_the_same(wire: Wire, order: tuple[str, ...]) -> None:
    ((_, mine),) = crowd(wire, 1)
    wire.work()
    (sms,) = wire.fake.messages
    for status in order:
        wire.hear(receipts=told(sms, status).receipts)
    wire.apply()
    assert wire.delivery(mine, "C1").status == Status.DELIVERED
    assert wire.one("SELECT count(*) FROM receipt") == len(set(order))


def told(sms: Sms, status: str) -> Reading:
    """A callback of the fake about this message, as our own reader reads it."""
    url, fields = sms.fields["StatusCallback"], status_fields(sms, status)
    signed = {"x-twilio-signature": signature(url, fields), "content-type": "application/x-www-form-urlencoded"}
    post = Post(url=url, headers=signed, body=urlencode(fields).encode(), token=url.rpartition("/")[2])
    return TwilioStatus([TOKEN]).read(post, NOON)


def crowd(wire: Wire, many: int) -> list[tuple[str, int]]:
    """People with a number each whose text is due now and of use for a day; gives number and registration."""
    session = wire.session()
    numbers = [f"+1207557{place:04}" for place in range(many)]
    people = [(number, wire.registration(session, SERVICE_TEXTS, phone=number)) for number in numbers]
    wire.sql("UPDATE delivery SET expires_at = :at WHERE channel = 'sms'", at=wire.clock() + DAY)
    wire.sql("UPDATE step SET expires_delta = interval '1 day', quiet_grace = interval '1 day' WHERE key = 'C1'")
    return people


def fates(wire: Wire, people: list[tuple[str, int]]) -> list[tuple[str, str]]:
    silent = {address for _, address, _, _ in wire.suppressions()}
    return [
        (FATES[wire.delivery(one, "C1").status], SUPPRESSED if number in silent else KEPT) for number, one in people
    ]


def paused(wire: Wire) -> bool:
    with transaction(wire.engine) as db:
        return any(one.paused_at for one in streams.all_streams(db) if one.name.provider == "twilio")


def alerts(wire: Wire):
    with transaction(wire.engine) as db:
        return raised(db)


@pytest.fixture
def wire(engine):
    with wired(engine) as wire:
        yield wire
