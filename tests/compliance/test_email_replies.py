"""Requirements 12 and 13: what every kind of reply of a real mail server leads to, for the email, the person and the rest."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.receipts import Kind
from campaigns.operations.recover import recover
from campaigns.store import streams
from campaigns.store.engine import transaction
from tests.compliance.mailing import BRIEF, Mailing, mailing, relay, sample
from tests.factories import DAY, GRACE, HOUR, LESSONS, MINUTE
from tests.servers.smtp_server import Behaviour, Rule, SmtpServer
from tests.servers.tls import server_context

AGAIN, NEVER = "again", "never"
KEPT, COUNTED, SUPPRESSED = "kept", "counted", "suppressed"
FLOWS, SLOW, DOMAIN, PAUSED = "flows", "slow", "domain paused", "all paused"
NOBODY, ANY = "", "any"
QUICK = timedelta(seconds=24)
"""The first wait of thirty seconds, a fifth earlier at most."""
FIVE, FOURFOLD = 5 * MINUTE, 4 * QUICK
_numbers = count(1)


@dataclass(frozen=True)
class Row:
    """A line of the table: a reply, and what follows."""

    reply: str
    retry: str
    recipient: str
    stream: str = FLOWS
    alert: str = NOBODY
    wait: timedelta = QUICK


TABLE = [
    Row("421 4.3.2 Closing down", AGAIN, KEPT, SLOW),
    Row("421 4.4.2 Too many connections", AGAIN, KEPT, SLOW),
    Row("421 Try later", AGAIN, KEPT, SLOW),
    Row("451 4.3.0 Out of sorts", AGAIN, KEPT, SLOW),
    Row("451 4.4.1 No answer from host", AGAIN, KEPT, SLOW),
    Row("450 4.2.0 Come back", AGAIN, KEPT, wait=FIVE),
    Row("451 4.2.0 Come back", AGAIN, KEPT, wait=FIVE),
    Row("450 4.7.1 Come back", AGAIN, KEPT, wait=FIVE),
    Row("451 4.7.1 Greylisted", AGAIN, KEPT, wait=FIVE),
    Row("451 Greylisting in action", AGAIN, KEPT, wait=FIVE),
    Row("452 4.5.3 Too many recipients", AGAIN, KEPT, alert="bug"),
    Row("452 4.2.2 Mailbox full", AGAIN, COUNTED),
    Row("450 4.2.2 Over quota", AGAIN, COUNTED),
    Row("552 5.2.2 Mailbox full", NEVER, COUNTED),
    Row("550 5.2.2 Over quota", NEVER, COUNTED),
    Row("421 4.7.27 SPF did not pass", AGAIN, KEPT, DOMAIN, ANY, FOURFOLD),
    Row("421 4.7.28 Unusual amount of mail", AGAIN, KEPT, DOMAIN, ANY, FOURFOLD),
    Row("421 4.7.32 From is not aligned", AGAIN, KEPT, DOMAIN, ANY, FOURFOLD),
    Row("450 4.7.26 Unauthenticated", AGAIN, KEPT, DOMAIN, ANY, FOURFOLD),
    Row("451 4.7.650 The address has no standing with us", AGAIN, KEPT, DOMAIN, ANY, FOURFOLD),
    Row("450 Rate limit exceeded", AGAIN, KEPT, DOMAIN, ANY, FOURFOLD),
    Row("451 4.7.0 Throttled", AGAIN, KEPT, DOMAIN, ANY, FOURFOLD),
    Row("550 5.1.1 Nobody of that name", NEVER, SUPPRESSED),
    Row("551 5.1.6 Has moved", NEVER, SUPPRESSED),
    Row("550 5.1.2 No such domain", NEVER, SUPPRESSED),
    Row("556 5.1.10 Null MX", NEVER, SUPPRESSED),
    Row("501 5.1.3 Bad syntax", NEVER, SUPPRESSED),
    Row("553 Mailbox name not allowed", NEVER, SUPPRESSED),
    Row("553 5.1.3 Mailbox name not allowed", NEVER, SUPPRESSED),
    Row("550 5.2.1 Mailbox disabled", NEVER, SUPPRESSED),
    Row("552 5.3.4 Too big", NEVER, KEPT, alert="template"),
    Row("552 5.2.3 Message length exceeds limit", NEVER, KEPT, alert="template"),
    Row("552 Message size exceeds maximum", NEVER, KEPT, alert="template"),
    Row("554 5.4.6 Loop detected", NEVER, COUNTED),
    Row("550 5.4.4 No route to host", NEVER, COUNTED),
    Row("500 Unrecognised", NEVER, KEPT, alert="bug"),
    Row("501 5.5.4 Bad parameters", NEVER, KEPT, alert="bug"),
    Row("502 Not implemented", NEVER, KEPT, alert="bug"),
    Row("503 5.5.1 Bad sequence", NEVER, KEPT, alert="bug"),
    Row("504 5.5.2 No such parameter", NEVER, KEPT, alert="bug"),
    Row("554 5.6.0 Malformed", NEVER, KEPT, alert="template"),
    Row("550 5.6.7 Non-ASCII address", NEVER, KEPT, alert="template"),
    Row("554 5.7.1 Blocked as spam", NEVER, KEPT, DOMAIN, "review"),
    Row("550 5.7.1 Not by our policy", NEVER, KEPT, DOMAIN, "review"),
    Row("454 4.7.0 Cannot check now", AGAIN, KEPT),
    Row("550 No", NEVER, COUNTED),
]
OUR_AUTHENTICATION = [
    "550 5.7.25 No PTR", "550 5.7.26 Unauthenticated", "550 5.7.29 No TLS", "550 5.7.515 Access denied",
    "550 5.7.20 No passing DKIM signature", "550 5.7.21 No acceptable DKIM signature",
    "550 5.7.22 No author DKIM signature", "550 5.7.23 SPF fails",
]  # fmt: skip
UNHEARD_OF = [
    "499 4.9.9 Whatever",
    "599 5.9.9 Whatever",
    "450",
    "550 9.9.9",
    "554 \x00\xff",
    "777 Ho",
    "no reply",
    "200 Ok?",
]


# 12: the table


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.reply)
def test_e12_a_reply_has_the_consequences_of_its_row(hall: Mailing, row: Row) -> None:
    at = ("rcpt", "dot")[TABLE.index(row) % 2]
    domain = f"case{next(_numbers)}.example"
    mine = somebody(hall, f"sam@{domain}")
    hall.server.script(Rule(at=at, match=domain, reply=row.reply))
    hall.work()
    delivery = hall.delivery(mine, "C0")
    assert delivery.status == (Status.PLANNED if row.retry == AGAIN else Status.FAILED)
    if row.retry == AGAIN:
        assert delivery.due_at - hall.clock() >= row.wait
    assert row.reply.split()[0] in delivery.reason and domain not in delivery.reason
    assert recipient_state(hall, f"sam@{domain}") == row.recipient
    assert stream_state(hall, domain) == row.stream
    alerts = [one.kind for one in hall.alerts()]
    assert len(alerts) == 1 if row.alert == ANY else alerts == ([row.alert] if row.alert else [])
    assert hall.got(f"sam@{domain}") == []


@pytest.mark.parametrize("reply", OUR_AUTHENTICATION)
def test_e12_when_our_own_authentication_fails_all_waits_and_goes_once_it_is_mended(hall: Mailing, reply: str) -> None:
    mine = somebody(hall, f"sam@case{next(_numbers)}.example")
    hall.server.script(Rule(at="dot", reply=reply))
    hall.work()
    assert (hall.delivery(mine, "C0").status, hall.suppressions()) == (Status.PLANNED, set())
    assert [one.kind for one in hall.alerts()] == ["page"]
    assert stream_state(hall, "") == PAUSED
    other = somebody(hall, f"sam@case{next(_numbers)}.example")
    mends(hall)
    assert [hall.delivery(one, "C0").status for one in (mine, other)] == [Status.SENT, Status.SENT]


@pytest.mark.parametrize(
    ("behaviour", "facts"),
    [
        ({"login": ("me", "word")}, {"user": "me", "password": "another"}),
        ({"login": ("me", "word")}, {}),
        ({"login": ("me", "word"), "rules": [Rule(at="auth", reply="534 5.7.9 Too weak")]}, {"user": "me", "password": "word"}),
    ],
    ids=["535", "530", "534"],
)  # fmt: skip
def test_e12_when_our_login_is_refused_all_waits_and_somebody_is_woken(engine, behaviour, facts) -> None:
    with mailing(engine, Behaviour(**behaviour), **facts) as post:
        mine = post.registration(post.session())
        post.work()
        assert (post.delivery(mine, "C0").status, post.suppressions()) == (Status.PLANNED, set())
        assert post.stream().paused_at == post.clock()
        assert [one.kind for one in post.alerts()] == ["page"]
        knocked = post.server.connections
        post.later(minutes=10)
        assert post.server.connections == knocked
        post.server.script()
        post.reach(post.server, user="me", password="word")
        mends(post)
        assert post.delivery(mine, "C0").status == Status.SENT


def test_e12_a_login_that_cannot_be_checked_now_is_tried_again_and_pauses_nothing(engine) -> None:
    later = Rule(at="auth", reply="454 4.7.0 Temporary authentication failure", times=1)
    with mailing(engine, Behaviour(login=("me", "word"), rules=[later]), user="me", password="word") as post:
        mine = post.registration(post.session())
        post.work()
        assert (post.delivery(mine, "C0").status, post.stream().paused_at, post.alerts()) == (Status.PLANNED, None, [])
        post.later(minutes=1)
        assert post.delivery(mine, "C0").status == Status.SENT


def refused(_post: Mailing, monkeypatch) -> dict:
    with SmtpServer() as gone:
        port = gone.port
    return {"port": port}


def no_name(_post: Mailing, monkeypatch) -> dict:
    def fail(*_args, **_facts):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    return {}


def bad_certificate(post: Mailing, monkeypatch) -> dict:
    post.server.behaviour.tls, post.server.behaviour.starttls = server_context(), True
    return {"security": "starttls", "context": ssl.create_default_context()}


def no_encryption(_post: Mailing, monkeypatch) -> dict:
    return {"security": "starttls"}


def silent_at(at: str) -> Callable[[Mailing, object], dict]:
    def silent(post: Mailing, monkeypatch) -> dict:
        post.server.script(Rule(at=at))
        return {"timeout": BRIEF}

    return silent


def closing_at(at: str) -> Callable[[Mailing, object], dict]:
    def closing(post: Mailing, monkeypatch) -> dict:
        post.server.script(Rule(at=at, close=True))
        return {}

    return closing


FAULTS = {
    "connection refused": refused, "name not resolved": no_name, "certificate nobody vouches for": bad_certificate,
    "no encryption offered": no_encryption, "silent at RCPT": silent_at("rcpt"), "closed greeting": closing_at("greeting"), "closed at MAIL": closing_at("mail"),
    "closed at DATA": closing_at("data"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_e12_a_fault_before_the_final_dot_is_tried_again_and_held_against_nobody(engine, monkeypatch, fault) -> None:
    with mailing(engine) as post:
        mine = elsewhere(post, fault(post, monkeypatch))
        post.work()
        delivery = post.delivery(mine, "C0")
        assert (delivery.status, delivery.attempt, delivery.doubts) == (Status.PLANNED, 1, 0)
        assert delivery.due_at - post.clock() >= QUICK
        assert (post.suppressions(), post.alerts(), post.one("SELECT count(*) FROM strike")) == (set(), [], 0)
        assert (post.server.messages, post.stream().paused_at) == ([], None)
        monkeypatch.undo()
        post.server.script()
        post.server.behaviour.tls, post.server.behaviour.starttls = None, False
        post.reach(post.server)
        post.later(minutes=1)
        assert post.delivery(mine, "C0").status == Status.SENT


@pytest.mark.parametrize("fault", [refused, closing_at("greeting")], ids=["refused", "closed"])
def test_e12_many_faults_at_the_door_open_the_breaker_until_the_host_answers(engine, monkeypatch, fault) -> None:
    with mailing(engine) as post:
        mine = elsewhere(post, fault(post, monkeypatch))
        for _ in range(5):
            assert not post.one("SELECT count(*) FROM stream WHERE open_until IS NOT NULL")
            post.work()
            post.registration(post.session())
        assert post.stream().open_until > post.clock()
        assert [(one.kind, "door" in one.subject) for one in post.alerts()] == [("page", True)]
        assert post.dispatch() == 0
        post.server.script()
        post.reach(post.server)
        post.later(minutes=6)
        post.later(minutes=1)
        assert post.delivery(mine, "C0").status == Status.SENT
        assert post.stream().open_until is None


def elsewhere(post: Mailing, facts: dict) -> int:
    """Emails go from now on where these facts lead; gives somebody whose confirmation is due."""
    server = type("Elsewhere", (), {"port": facts.pop("port", post.server.port)})
    post.hang_up()
    post.email = relay(server, **facts)
    return post.registration(post.session())


@pytest.mark.parametrize(("keep", "timeout"), [(True, BRIEF), (False, None)], ids=["silent", "closed"])
def test_e12_a_fault_after_the_final_dot_is_a_doubt_and_no_fault_of_the_person(engine, keep, timeout) -> None:
    with mailing(engine, **({"timeout": timeout} if timeout else {})) as post:
        mine = post.registration(post.session())
        post.server.script(Rule(at="dot", keep=keep, close=timeout is None, times=1))
        post.work()
        assert (post.delivery(mine, "C0").status, post.suppressions()) == (Status.UNKNOWN, set())
        assert post.stream().paused_at is None
        post.clock.forward(minutes=1)
        recover(post.engine, post.clock(), grace=GRACE)
        post.work()
        assert post.delivery(mine, "C0").status == Status.SENT


@pytest.mark.parametrize("reply", UNHEARD_OF)
def test_e12_a_reply_that_no_row_names_spares_the_person_and_breaks_nothing(hall: Mailing, reply: str) -> None:
    for at in ("mail", "rcpt", "data", "dot"):
        address = f"sam@case{next(_numbers)}.example"
        mine = somebody(hall, address)
        hall.server.script(Rule(at=at, reply=reply, times=1))
        assert hall.work() == 1
        delivery = hall.delivery(mine, "C0")
        assert delivery.status in (Status.PLANNED, Status.FAILED, Status.UNKNOWN, Status.SENT), at
        assert recipient_state(hall, address) in (KEPT, COUNTED), at
        assert stream_state(hall, "") != PAUSED, at
        assert not (delivery.reason or "").startswith("fault"), at


@pytest.mark.parametrize("reply", ["550 5.1.1 Unknown sender", "553 Sender refused", "550 No"])
def test_e12_a_refusal_of_our_own_sender_is_never_held_against_the_recipient(hall: Mailing, reply: str) -> None:
    address = f"sam@case{next(_numbers)}.example"
    mine = somebody(hall, address)
    hall.server.script(Rule(at="mail", reply=reply))
    hall.work()
    assert (hall.delivery(mine, "C0").status, recipient_state(hall, address)) == (Status.FAILED, KEPT)


@pytest.mark.parametrize(
    ("reply", "days", "after"),
    [
        ("552 5.2.2 Mailbox full", (0, 4, 8), SUPPRESSED),
        ("552 5.2.2 Mailbox full", (0, 7), COUNTED),
        ("552 5.2.2 Mailbox full", (0, 1, 2, 3), COUNTED),
        ("552 5.2.2 Mailbox full", (0, 1, 2, 8), SUPPRESSED),
        ("550 5.4.4 No route", (0, 4, 8), SUPPRESSED),
        ("550 No", (0, 0.01, 0.02), COUNTED),
        ("550 No", (0, 1), SUPPRESSED),
    ],
)
def test_e12_what_is_counted_suppresses_when_it_is_too_often(engine, reply: str, days, after: str) -> None:
    with mailing(engine) as post:
        post.server.script(Rule(at="rcpt", reply=reply))
        begun = post.clock()
        for place, day in enumerate(days):
            assert recipient_state(post, "sam@full.example") in (KEPT, COUNTED), place
            post.clock.now = begun + day * DAY
            post.registration(post.session(), email="sam@full.example")
            post.work()
        assert recipient_state(post, "sam@full.example") == after


def test_e12_one_email_that_is_tried_again_and_again_counts_once(engine) -> None:
    with mailing(engine) as post:
        mine = post.registration(post.session(30 * DAY), email="sam@full.example")
        post.server.script(Rule(at="rcpt", reply="452 4.2.2 Mailbox full"))
        for _ in range(6):
            post.work()
            post.clock.forward(days=2)
        assert post.delivery(mine, "C0").attempt == 6
        assert recipient_state(post, "sam@full.example") == COUNTED


def test_e12_what_expired_in_the_relays_queue_counts_and_is_not_tried_again(engine) -> None:
    with mailing(engine) as post:
        mine = post.registration(post.session())
        post.work()
        post.letter(sample("expired", post.token(mine)))
        assert post.delivery(mine, "C0").status == Status.BOUNCED
        assert recipient_state(post, "sam1@example.com") == COUNTED
        post.live(post.clock() + DAY, step=8 * HOUR)
        assert len(post.server.messages) == 1


def test_e12_a_failed_report_is_final_whatever_its_class(engine) -> None:
    with mailing(engine) as post:
        mine = post.registration(post.session())
        post.work()
        post.letter(sample("expired", post.token(mine)).replace(b"4.4.7", b"4.2.1"))
        assert post.delivery(mine, "C0").status == Status.BOUNCED
        assert post.suppressions() == set()


def test_e12_a_paused_domain_hears_nothing_while_the_others_do_and_is_written_to_afterwards(hall: Mailing) -> None:
    domain = f"case{next(_numbers)}.example"
    first = somebody(hall, f"sam@{domain}")
    hall.server.script(Rule(at="rcpt", match=domain, reply="421 4.7.28 Unusual rate", times=1))
    hall.work()
    second, other = somebody(hall, f"ada@{domain}"), somebody(hall, f"ada@other-{domain}")
    hall.clock.forward(minutes=10)
    hall.work()
    assert [hall.delivery(one, "C0").status for one in (first, second, other)] == [
        Status.PLANNED,
        Status.PLANNED,
        Status.SENT,
    ]
    assert hall.delivery(second, "C0").reason == "domain_paused"
    hall.clock.now = hall.domains()[domain] + MINUTE
    hall.work()
    assert [hall.delivery(one, "C0").status for one in (first, second)] == [Status.SENT, Status.SENT]


def test_e12_a_complaint_suppresses_reminders_and_marketing_alike(engine) -> None:
    with mailing(engine) as post:
        mine = post.registration(post.session(2 * HOUR), LESSONS)
        post.work()
        post.hear(receipts=[post.report(mine, "C0", Kind.COMPLAINED)])
        post.apply()
        post.live(post.clock() + 2 * HOUR)
        assert len(post.server.messages) == 1
        assert recipient_state(post, "sam1@example.com") == SUPPRESSED


# 13: what is said about us suppresses nobody


def test_e13_fifty_refusals_for_our_authentication_suppress_nobody_and_are_one_alert(engine) -> None:
    with mailing(engine) as post:
        session = post.session()
        people = [post.registration(session) for _ in range(50)]
        post.lanes = 50  # all are in the air when the first is refused
        post.server.script(Rule(at="dot", reply="550-5.7.26 This mail is unauthenticated\r\n550 5.7.26 gsmtp"))
        while post.one("SELECT count(*) FROM delivery WHERE attempt = 0"):
            post.sql("UPDATE stream SET paused_at = NULL")
            assert post.work() > 0
            assert post.stream().paused_at == post.clock()
        assert (post.suppressions(), post.one("SELECT count(*) FROM strike")) == (set(), 0)
        assert [(one.kind, one.times) for one in post.alerts()] == [("page", 50)]
        assert {post.delivery(one, "C0").status for one in people} == {Status.PLANNED}


def test_e13_the_first_refusal_stops_the_stream_until_a_person_lifts_it(engine) -> None:
    with mailing(engine) as post:
        session = post.session()
        people = [post.registration(session) for _ in range(50)]
        post.server.script(Rule(at="rcpt", reply="550 5.7.26 Unauthenticated"))
        post.work()
        assert post.stream().paused_at == post.clock()
        knocked = len(post.server.mails)
        post.registration(session)
        post.later(hours=1)
        post.later(hours=1)
        assert len(post.server.mails) == knocked
        post.server.script()
        mends(post)
        assert len({one.recipient for one in post.server.messages}) == len(post.server.messages) == 51
        assert {post.delivery(one, "C0").status for one in people} == {Status.SENT}


def test_e13_fifty_bounces_that_say_so_afterwards_suppress_nobody_and_are_one_alert(engine) -> None:
    with mailing(engine) as post:
        session = post.session()
        people = [post.registration(session) for _ in range(50)]
        post.work()
        for place, one in enumerate(people):
            raw = sample("policy", post.token(one)).replace(b"5.7.1", b"5.7.26")
            post.letter(raw.replace(b"Message-Id: <", b"Message-Id: <%d." % place))
        assert post.one("SELECT count(*) FROM receipt WHERE code = '5.7.26'") == 50
        assert (post.suppressions(), post.one("SELECT count(*) FROM strike")) == (set(), 0)
        assert post.stream().paused_at == post.clock()
        assert [one.kind for one in post.alerts()] == ["page"]


def somebody(post: Mailing, address: str) -> int:
    """A person whose confirmation is due now."""
    return post.registration(SESSION[post.engine], email=address)


def recipient_state(post: Mailing, address: str) -> str:
    if ("email", address) in {(channel, who) for channel, who, _, _ in post.suppressions()}:
        return SUPPRESSED
    return COUNTED if post.one("SELECT count(*) FROM strike WHERE address = :who", who=address) else KEPT


def stream_state(post: Mailing, domain: str) -> str:
    stream = post.stream()
    if stream.paused_at is not None:
        return PAUSED
    if domain in post.domains():
        return DOMAIN
    return SLOW if stream.open_until is not None and stream.open_until > post.clock() else FLOWS


def mends(post: Mailing) -> None:
    """Whoever was woken mends it and lifts the pause; then an hour passes."""
    post.server.script()
    with transaction(post.engine) as db:
        assert streams.lift_pause(db, post.stream().id)
    post.later(minutes=30)
    post.later(minutes=30)


SESSION: dict[object, int] = {}


@pytest.fixture(scope="module")
def shared(engine):
    with mailing(engine) as world:
        yield world


@pytest.fixture
def hall(engine, shared):
    """One world for all rows: what an earlier one has left behind is put away."""
    if not shared.one("SELECT count(*) FROM webinar_session"):
        SESSION[engine] = shared.session(300 * DAY)
    shared.sql("UPDATE stream SET paused_at = NULL, paused_reason = '', open_until = NULL, failures = 0")
    for table in ("domain_pause", "alert", "strike", "suppression"):
        shared.sql(f"DELETE FROM {table}")
    shared.sql("UPDATE delivery SET status = 5, reason = 'expired' WHERE status = 0")
    shared.server.store.messages.clear()
    yield shared
    shared.server.script()
