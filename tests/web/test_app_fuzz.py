"""Every public address, asked in every way that its schema allows and some that it does not: no fault of ours shows.

Schemathesis generates the calls from FastAPI's own description of the routes, which the application
keeps to itself. Addresses are mixed from real keys, altered ones and nonsense. Asking is not doing:
GET, HEAD and OPTIONS leave every row of every table as it was.
"""

import json
import re
from base64 import b64decode, b64encode
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import requests
import schemathesis
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from starlette.testclient import TestClient

from campaigns.domain.steps import Channel, Purpose
from campaigns.domain.tokens import VIEWING, Links, Signer
from campaigns.operations.ask import Ear, ask
from campaigns.operations.hear import apply_inbound
from campaigns.operations.offer import offer_places
from campaigns.operations.receive import apply_receipts
from campaigns.operations.send import send_batch
from campaigns.operations.switch import switch
from campaigns.operations.withdraw import withdraw
from campaigns.providers.folder import captured
from campaigns.runtime import open_desk
from campaigns.store import people, talks, webinars
from campaigns.store.engine import transaction
from campaigns.store.talks import Talk
from campaigns.web.app import create_app
from tests.servers.twilio_callbacks import signature
from tests.web.conftest import opened
from workers.scheduler import rhythms

pytestmark = pytest.mark.slow

EACH = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
_WILD = 2
"""Calls in ten that are as schemathesis made them; one more has a key that is odd."""
OURS = {"sec-fetch-site": "same-origin"}
"""What a browser says of a form that stands on one of our own pages."""
BASE = "http://127.0.0.1:8000"
HORIZON = timedelta(hours=6)
MAIL_KEY, TWILIO_KEY, MAILGUN_KEY = "the key of the mails", "the key of the texts", "the key of mailgun"
LOGIN = "postmark:its password"
WEBHOOK_KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DOORS = {
    "twilio_account_sid": "AC" + "0" * 32,
    "twilio_auth_token": TWILIO_KEY,
    "sms_provider": "folder",
    "mail_hook_secret": MAIL_KEY,
    "webhook_secret": f"whsec_{WEBHOOK_KEY}",
    "postmark_login": LOGIN,
    "mailgun_signing_key": MAILGUN_KEY,
    "ses_topics": "arn:aws:sns:us-east-1:123456789012:mail",
    "embed_origins": "https://www.clinic.example",
}
_ODD = ["", "\0", "a\0b", "𝟘", "١", "%00", "..", "-1", "0", "1e3", "9223372036854775807", "9223372036854775808"]
_ODD += ["9" * 19, "9" * 400, "<b>", "'", "\ud7ff\ufffd\u202e", "x" * 5000, "America/../etc", "\r\nX: y"]
"""What has broken others: beyond what a database takes, ends of strings, digits that are no digits, whole novels."""


@pytest.fixture(scope="module")
def runtime(database_url, tmp_path_factory):
    """Every door for providers is open, and nothing leaves."""
    with opened(
        database_url, form_takes=0, double_opt_in="email,sms", data_dir=tmp_path_factory.mktemp("data"), **DOORS
    ) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def client(runtime):
    """Somebody at this machine, for whom the outbox is open as well."""
    here = {"base_url": BASE, "client": ("127.0.0.1", 50000), "follow_redirects": False}
    with TestClient(create_app(runtime), raise_server_exceptions=False, **here) as client:
        yield client


def test_asking_finds_no_fault_of_ours_and_changes_nothing(house, client):
    known = values_of(house, furnish(house))
    for operation in operations_of(described(client.app, known)):
        before = digests(house)
        if operation.method == "get":
            throw_at(operation, known, lambda call: expect_no_fault(client, call))
        for method in ("HEAD", "OPTIONS", "GET"):
            throw_at(operation, known, lambda call, method=method: expect_no_fault(client, call, method), examples=8)
        after = digests(house)
        changed = [table for table in after if after[table] != before[table]]
        assert changed == [], f"{operation.label}: asking changed {changed}"


def test_no_form_finds_a_fault_of_ours(house, client):
    known = values_of(house, furnish(house))
    for operation in operations_of(described(client.app, known)):
        if operation.method == "post" and not operation.path.startswith("/hooks/"):
            throw_at(operation, known, lambda call: expect_no_fault(client, call), examples=80)


def test_no_webhook_finds_a_fault_of_ours_proven_or_not(house, client):
    known = values_of(house, furnish(house))
    for operation in operations_of(described(client.app, known)):
        if operation.path.startswith("/hooks/"):
            throw_at(operation, known, lambda call: expect_no_fault(client, call))
            throw_at(operation, known, lambda call: expect_no_fault(client, proven(call, house.clock())))
    runtime = house.runtime
    apply_receipts(runtime.engine, runtime.ears, house.clock())
    apply_inbound(runtime.engine, runtime.seal, runtime.inbound_words, house.clock())


def test_every_public_address_is_among_those(house, client):
    paths = set(described(client.app, values_of(house, furnish(house))).raw_schema["paths"])
    known = {
        "/",
        "/w/{slug}",
        "/r/{token}",
        "/r/{token}/code",
        "/j/{token}",
        "/o/{token}",
        "/watch/{token}/beat",
        "/healthz",
        "/outbox",
    }
    doors = {"/hooks/mail", "/hooks/ses", "/hooks/twilio/inbound", "/hooks/twilio/status/{token}", "/hooks/webhook"}
    assert (known | doors) <= paths and len(paths) >= 30
    assert not [path for path in paths if path.startswith("/staff")]


# What is thrown


@dataclass
class Call:
    """One request, ready to be sent."""

    method: str
    url: str
    headers: dict
    body: bytes


def throw_at(operation, known, act, examples=0) -> None:
    """Let schemathesis make up calls of an operation and act on each: eight in ten with a key and from our own page."""
    wild = operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    names = re.findall(r"{(\w+)", operation.path)
    keys = st.sampled_from(known[operation.path.split("/")[1]]) if names else st.just("")
    odd_keys = keys | st.sampled_from(_ODD).filter(lambda odd: odd not in ("", ".."))
    queries = nearly_known([one.name for one in operation.query], known)
    bodies = st.none() | nearly_sound(operation.path, known) if operation.method == "post" else st.none()

    @(settings(EACH, max_examples=examples) if examples else EACH)
    @given(wild, st.integers(0, 9), keys, odd_keys, queries, bodies)
    def thrown(case, lot, key, odd_key, query, body):
        if lot >= _WILD:
            case.path_parameters = dict.fromkeys(names, quote(odd_key if lot == _WILD else key, safe=""))
            case.headers = {**(case.headers or {}), **OURS}
            case.query = query
        call = ready(case)
        act(Call(call.method, call.url, {**call.headers, "Content-Type": body[0]}, body[1]) if body else call)

    thrown()


def nearly_known(names, known):
    """Something known by each name, with at most one odd thing among them."""
    fields = {name: st.sampled_from(known.get(name) or ["yes"]) for name in names}
    odd = st.dictionaries(st.sampled_from(names), st.sampled_from(_ODD), max_size=1) if names else st.just({})
    return st.builds(dict.__or__, st.fixed_dictionaries(fields), odd)


def nearly_sound(path, known):
    """What is usually sent to an address, with at most one part of it odd: what gets past the first look."""
    if path == "/hooks/mail":
        return st.sampled_from(MAILS).map(lambda mail: ("message/rfc822", mail.encode()))
    twilio = path.startswith("/hooks/twilio")
    if path.startswith("/hooks/") and not twilio:
        words = st.sampled_from(["bounce", "message.bounced", "failed", "550 5.1.1 no", "2027-03-01T17:00:00Z", *_ODD])
        inner = words | st.integers() | st.dictionaries(st.sampled_from(EVENTS), words, max_size=3)
        data = st.dictionaries(st.sampled_from(EVENTS), words)
        event = st.builds(dict.__or__, st.dictionaries(st.sampled_from(EVENTS), inner), st.builds(dict, data=data))
        return event.map(lambda one: ("application/json", json.dumps(one).encode()))
    parts = {name: st.sampled_from(known[name]) for name in FORMS}
    last = "twilio" if twilio else path.rpartition("/")[2]
    sound = {name: parts.pop(name) for name in NEEDED.get(last, NEEDED["{slug}"])}
    odd = st.dictionaries(st.sampled_from(FORMS), st.sampled_from(_ODD), max_size=1)
    forms = st.builds(dict.__or__, st.fixed_dictionaries(sound, optional=parts), odd)
    return forms.map(lambda form: ("application/x-www-form-urlencoded", urlencode(form).encode()))


def ready(case) -> Call:
    made = requests.Request(**{**case.as_transport_kwargs(base_url=BASE), "cookies": None}).prepare()
    body = made.body or b""
    headers = {name: value for name, value in made.headers.items() if name.lower() != "content-length"}
    return Call(made.method, made.url, headers, body.encode() if isinstance(body, str) else body)


def expect_no_fault(client, call: Call, method: str = "") -> None:
    answer = client.request(method or call.method, call.url, headers=call.headers, content=call.body)
    assert answer.status_code < 500, (method, call, answer.text[:500])


def proven(call: Call, now) -> Call:
    """The same call with the proof that its door asks for; two doors have proofs that only their senders can make."""
    name, stamp = urlsplit(call.url).path.split("/")[2], str(int(now.timestamp()))
    headers, body = dict(call.headers), call.body
    if name == "twilio":
        signed = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        headers["X-Twilio-Signature"] = signature(call.url, signed, TWILIO_KEY)
    elif name == "mail":
        headers["Authorization"] = f"Bearer {MAIL_KEY}"
    elif name == "postmark":
        headers["Authorization"] = f"Basic {b64encode(LOGIN.encode()).decode()}"
    elif name == "webhook":
        proof = b64encode(digest(b64decode(WEBHOOK_KEY), b"id." + stamp.encode() + b"." + body, sha256)).decode()
        headers |= {"webhook-id": "id", "webhook-timestamp": stamp, "webhook-signature": f"v1,{proof}"}
    elif name == "mailgun":
        once = sha256(body).hexdigest()
        proof = digest(MAILGUN_KEY.encode(), (stamp + once).encode(), sha256).hex()
        sealed = {"timestamp": stamp, "token": once, "signature": proof}
        body = b'{"signature":' + json.dumps(sealed).encode() + b',"event-data":' + (body or b"{}") + b"}"
    return Call(call.method, call.url, headers, body)


# What is described


def operations_of(schema):
    """Every operation: an offer is taken while there is one; what makes links lead nowhere comes last."""
    turn = {"accept": 0, "cancel": 2, "details": 3, "erase": 4}
    found = [one.ok() for one in schema.get_all_operations()]
    return sorted(found, key=lambda one: turn.get(one.path.rpartition("/")[2], 1))


def described(app, values):
    """The schema of every route that is not the staff's, with our values among those that it allows."""
    raw = get_openapi(title="ours", version="1", routes=app.routes)
    for route in iter_route_contexts(app.routes):
        for method in sorted(getattr(route, "methods", None) or ()):
            raw["paths"].setdefault(route.path, {}).setdefault(
                method.lower(), {"responses": {"200": {"description": ""}}}
            )
    raw["paths"] = {path: one for path, one in raw["paths"].items() if not path.startswith(("/staff", "/openapi"))}
    values = defaultdict(list, values)
    for path, methods in raw["paths"].items():
        for method, operation in methods.items():
            operation["parameters"] = parameters_of(path, operation, values)
            if method == "post":
                operation["requestBody"] = {"content": bodies_of(path, values)}
    return schemathesis.openapi.from_dict(raw)


def parameters_of(path, operation, values) -> list:
    given_ones = {(one["in"], one["name"]): one for one in operation.get("parameters", [])}
    for name in re.findall(r"{(\w+)", path):
        given_ones["path", name] = {"in": "path", "name": name, "required": True}
    for name in ("origin", "sec-fetch-site", "referer", "user-agent", "x-envelope-to"):
        given_ones["header", name] = {"in": "header", "name": name, "required": False}
    for (where, name), one in given_ones.items():
        one["schema"] = some(values.get(name, []), odd=where != "header")
    return list(given_ones.values())


def bodies_of(path, values) -> dict:
    if path in ("/hooks/twilio/inbound", "/hooks/twilio/status/{token}") or not path.startswith("/hooks/"):
        fields = {name: some(values[name]) for name in FORMS}
        form = {"type": "object", "properties": fields, "additionalProperties": {"type": "string"}}
        return {kind: {"schema": form} for kind in ("application/x-www-form-urlencoded", "multipart/form-data")}
    if path == "/hooks/mail":
        return {"text/plain": {"schema": some(MAILS)}}
    events = {"type": "object", "properties": {name: some(["bounce", "1.2.3.4", *values["ticket"]]) for name in EVENTS}}
    return {"application/json": {"schema": {"anyOf": [events, {"type": "array", "items": events}, {}]}}}


def some(known, *, odd=True) -> dict:
    """Something known, something odd, or any text at all."""
    listed = [*known, *(_ODD if odd else [])]
    return {"anyOf": [*([{"enum": listed}] if listed else []), {"type": "string"}]}


FORMS = ("session", "first_name", "email", "phone", "zone", "guess", "question", "consent", "shown", "wait", "show")
FORMS += (
    "sure",
    "embedded",
    "send",
    "wording",
    "scope",
    "kind",
    "ticket",
    "from",
    "to",
    "texts",
    "lang",
    "language",
    "code",
    "utm_source",
    "landed",
)
FORMS += ("MessageSid", "MessageStatus", "From", "To", "Body", "ErrorCode", "OptOutType")
NEEDED = {
    "{slug}": ("session", "first_name", "email", "shown"),
    "details": ("first_name", "email", "zone", "language"),
    "language": ("lang",),
    "switch": ("session",),
    "ask": ("question",),
    "erase": ("sure",),
    "code": ("code",),
    "choose": ("scope",),
    "beat": ("ticket", "from", "to"),
    "twilio": ("MessageSid", "MessageStatus", "From"),
}
"""By the last part of an address: what its form is nothing without."""
_BRAND = ["colours.css", "logo.png", "logo.svg"]
EVENTS = ("event", "type", "RecordType", "Type", "MessageID", "recipient", "Email", "timestamp", "data", "id", "reason")
EVENTS += ("message", "Metadata", "BouncedAt", "user-variables", "severity", "Message", "Signature", "TopicArn")
MAILS = [
    "",
    "From: a@b.example\r\nTo: c@d.example\r\nSubject: stop\r\nMessage-ID: <1@b.example>\r\n\r\nStop.",
    "From: \0\r\nContent-Type: multipart/report; boundary=\r\n\r\n--\r\n",
    "Content-Type: message/delivery-status; charset=nothing\r\nDate: never\r\n\r\nAction: failed\r\nStatus: 5\r\n",
]


# What is there


def furnish(house) -> list[int]:
    """A webinar with people in every standing, of whom some have asked, left, moved or wait; their registrations."""
    runtime, now = house.runtime, house.clock()
    full, later = house.add_session(12, capacity=1), house.add_session(14)
    doors, over = house.add_session(0.003), house.add_session(-1)
    box = {(Channel.SMS, Purpose.SERVICE): house.boxes["sms-service"]}
    found = [house.place(phone=house.phone, consents=box)]
    found += [house.place(session_id=session, email=f"at{session}@example.com") for session in (full, doors, later)]
    found += [house.place(session_id=full, email=f"line{n}-{house.email}", waits=True) for n in (1, 2)]
    found += [house.place(email=f"code-{house.email}", phone="+12075550199", consents=box, prove_texts=True)]
    found += [house.place(email=f"gone-{house.email}"), house.place(email=f"moved-{house.email}")]
    with transaction(runtime.engine) as db:
        for session in (doors, over):
            talks.set_talk(db, session, Talk("/media/talk.mp4", "https://video.example/talk.vtt", "Words.", 60))
        withdraw(db, found[1], runtime.hours, now, horizon=HORIZON)
        withdraw(db, found[-2], runtime.hours, now, horizon=HORIZON)
        switch(db, found[-1], later, runtime.hours, now, horizon=HORIZON)
        place = people.place(db, found[0])
        ask(db, Ear(runtime.seal, runtime.inbound_words), place, "Hills?", "page", now)
        webinars.cancel_session(db, house.add_session(16), "The doctor is ill.", now)
    offer_places(runtime.engine, now)
    send_everything(runtime)
    return found


def send_everything(runtime) -> None:
    bells = []
    with open_desk(runtime, lambda: False) as desk:
        for rhythm in rhythms(runtime, lambda _queue, batch: bells.append(batch)):
            rhythm.act()
        for batch in bells:
            send_batch(desk, batch)


def values_of(house, registrations) -> dict:
    """What is known by the name of a parameter or field: real values first, then some that are nearly real."""
    sessions = sessions_of(house)
    zones, yes = ["America/Chicago", "Europe/London"], ["yes", "1"]
    kinds = ["email-service", "sms-service", "email-education", "email-marketing", "email-service.email-education"]
    words = ["STOP", "30003"]
    return {
        "token": tokens_of(house.runtime, registrations),
        "ticket": tickets_of(house, registrations),
        **keys_of(house, registrations),
        "slug": [house.slug, "si-joint-runners"],
        "name": [one.name for one in captured(house.runtime.settings.outbox, limit=6)],
        "before": [one.name for one in captured(house.runtime.settings.outbox, limit=2)],
        "session_id": sessions,
        "session": sessions,
        "shown": [house.stamp(), house.stamp(hours=30)],
        "first_name": ["Sam", "Zoë"],
        "email": [house.email, f"new-{house.email}", f"line1-{house.email}"],
        "phone": [house.phone, "(207) 555-0199", ""],
        "question": ["Can I run hills?", "I cannot feel my legs", ""],
        "consent": [str(box) for box in house.boxes.values()],
        "wording": [str(box) for box in house.boxes.values()],
        "texts": [str(house.boxes["sms-service"])],
        "lang": ["en", "es", "xx"],
        "language": ["en", "es", "xx"],
        "code": codes_of(house, registrations),
        "scope": ["kind", "extras", "everything"],
        "MessageStatus": ["delivered", "failed", "undelivered"],
        "From": [house.phone],
        "Body": ["STOP", "start", "My leg is numb"],
        "from": ["0", "1.5"],
        "to": ["2", "59.9"],
        "part": ["html", "text", "headers", "calendar"],
        "channel": ["email", "sms"],
        "saved": ["switched", "email", "code", "sent"],
        "origin": [BASE, "https://www.clinic.example", "https://evil.example", "null", "http://[::1"],
        "referer": ["https://www.clinic.example/page", "http://[::1", "https://a@b@c/"],
        "sec-fetch-site": ["same-origin", "cross-site", "none"],
        "x-envelope-to": ["b+00@bounce.clinic.example"],
        **dict.fromkeys(("zone", "guess"), zones),
        **dict.fromkeys(("kind", "send", "boxes", "done", "undone"), kinds),
        **dict.fromkeys(("wait", "waits", "embedded", "show", "asked", "start", "sure"), yes),
        **dict.fromkeys(("utm_source", "landed", "MessageSid", "To", "ErrorCode", "OptOutType"), words),
    }


def keys_of(house, registrations) -> dict[str, list[str]]:
    """By the first part of an address: what opens it for these people."""
    links = house.runtime.links
    made = {
        "r": [links.manage(one) for one in registrations],
        "j": [links.join(one) for one in registrations],
        "o": [links.stop(one, Channel.EMAIL, Purpose.SERVICE) for one in registrations],
        "watch": [links.watch(one) for one in registrations[1:4]],
        "hooks": [links.callback(1, 1)],
    }
    found = {name: [urlsplit(link).path.rpartition("/")[2] for link in made[name]] for name in made}
    names = [one.name for one in captured(house.runtime.settings.outbox, limit=6)]
    sessions = sessions_of(house)
    return found | {"w": [house.slug], "outbox": names, "calendar": sessions, "static": ["public.css"], "brand": _BRAND}


def codes_of(house, registrations) -> list[str]:
    """The codes of the numbers that these people have, of the first rounds, and one that is wrong."""
    with transaction(house.runtime.engine) as db:
        numbers = {one: place.phone for one in registrations if (place := people.place(db, one)) and place.phone}
    sign = house.runtime.signer.code
    return [sign(one, number, round_) for one, number in numbers.items() for round_ in range(3)] + ["000000"]


def sessions_of(house) -> list[str]:
    with transaction(house.runtime.engine) as db:
        rows = db.exec_driver_sql(f"SELECT id FROM webinar_session WHERE webinar_id = {house.webinar_id} ORDER BY id")
        return [str(row[0]) for row in rows]


def tokens_of(runtime, registrations) -> list[str]:
    """The last parts of all links there are, of people that are gone, of another house; cut off, altered, doubled."""
    foreign = Links(BASE, Signer((b"the secret of another house, as long",)))
    found = [one for number in (*registrations, 2**40) for one in tokens(runtime.links, number)]
    real = found[0]
    nearly = [real[:-1], real[:5], real + "=", real + "A", real[::-1], real.swapcase(), real * 9]
    return [*found, *tokens(foreign, registrations[0]), *nearly]


def tokens(links, number) -> list[str]:
    stops = [links.stop(number, *kind) for kind in ((Channel.EMAIL, Purpose.SERVICE), (Channel.SMS, Purpose.MARKETING))]
    made = [links.manage(number), links.join(number), links.watch(number), *stops, links.callback(number, 1)]
    return [urlsplit(one).path.rpartition("/")[2] for one in made]


def tickets_of(house, registrations) -> list[str]:
    """The tickets of the watch pages of these people."""
    sign, now = house.runtime.signer.sign, int(house.clock.now.timestamp())
    with transaction(house.runtime.engine) as db:
        return [sign(VIEWING, one, people.place(db, one).session.id, now) for one in registrations[1:4]]


def digests(house) -> dict[str, str]:
    """One digest for each table of the database, of all that is in it."""
    with transaction(house.runtime.engine) as db:
        rows = db.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        tables = sorted(row[0] for row in rows)
        every = " UNION ALL ".join(
            f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM \"{table}\" t"
            for table in tables
        )
        return dict(tuple(row) for row in db.exec_driver_sql(every))
