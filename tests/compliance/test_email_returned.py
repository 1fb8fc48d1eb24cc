"""Requirements 16 to 19 and 22: bounces, complaints and machines' mail as they come back, and what follows from them."""

from __future__ import annotations

import json
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from campaigns.domain.lifecycle import Status
from campaigns.domain.receipts import Kind
from campaigns.domain.steps import Purpose
from campaigns.providers.mail.reading import read_mail
from campaigns.store.engine import transaction
from campaigns.store.kill_switches import thrown
from tests.compliance.mailing import CORPUS, TOKEN, Mailing, mailing, sample
from tests.factories import DAY, HOUR, LESSONS, OFFERS

NAMES = sorted(path.stem for path in CORPUS.glob("*.eml"))
GOLDEN = json.loads((Path(CORPUS).parent / "golden.json").read_text(encoding="utf-8"))
DEAD = {"5.1.1", "5.1.6", "5.1.2", "5.1.10", "5.1.3", "5.2.1"}
"""Codes that suppress at once."""
REPORTS = [
    name for name in NAMES if any(one.get("facts", {}).get("action") for one in GOLDEN[name].get("receipts", []))
]
FEATURES = {
    "failed": "postfix-user-unknown",
    "delayed": "postfix-delayed",
    "several recipients": "postfix-several-recipients",
    "8-bit": "eight-bit-status",
    "no Original-Recipient": "without-original-recipient",
    "lower case": "lower-case-fields",
}
FORGED = {
    "one digit off": TOKEN[:-1] + b"b",
    "of another house": b"0f" * 20,
    "cut": TOKEN[:32],
    "too long": TOKEN + b"00",
    "nothing": b"",
}


def written_to(post: Mailing, **person) -> int:
    """Somebody who has had the confirmation; gives the registration."""
    mine = post.registration(post.session(), LESSONS, **person)
    post.work()
    assert post.delivery(mine, "C0").status == Status.SENT
    return mine


def state(post: Mailing) -> tuple:
    """Everything that a report may change."""
    return (
        [tuple(row) for row in post.sql("SELECT id, status, reason, due_at, attempt FROM delivery ORDER BY id")],
        post.suppressions(),
        post.one("SELECT count(*) FROM strike"),
        post.one("SELECT count(*) FROM consent WHERE NOT granted"),
        [(one.kind, one.times) for one in post.alerts()],
        post.stream(),
        post.domains(),
    )


# 16: delivery reports


@pytest.mark.parametrize("name", NAMES)
def test_e16_every_sample_is_of_the_kind_that_the_golden_file_says(name: str) -> None:
    reading = read_mail(sample(name))
    assert [one.kind.value for one in reading.receipts] == [one["kind"] for one in GOLDEN[name].get("receipts", [])]
    assert [one.code for one in reading.receipts] == [one.get("code", "") for one in GOLDEN[name].get("receipts", [])]
    assert [one.automatic for one in reading.mails] == [
        one.get("automatic", False) for one in GOLDEN[name].get("mails", [])
    ]


def test_e16_the_corpus_has_thirty_reports_and_every_kind_that_is_asked_for() -> None:
    assert len(REPORTS) >= 30
    assert sorted(GOLDEN) == NAMES
    assert set(FEATURES.values()) <= set(REPORTS)
    assert len(read_mail(sample(FEATURES["several recipients"])).receipts) == 3
    assert not sample(FEATURES["8-bit"]).isascii()
    assert b"original-recipient" not in sample(FEATURES["no Original-Recipient"]).lower()
    assert b"final-recipient:" in sample(FEATURES["lower case"])


def test_e16_a_delay_never_suppresses_however_often_it_is_told_and_whatever_its_code(post: Mailing) -> None:
    mine = written_to(post)
    before = state(post)
    codes = [b"4.4.1", b"4.2.2", b"4.7.27", b"5.1.1", b"5.7.26"]
    for place in range(20):
        raw = sample("postfix-delayed", post.token(mine)).replace(b"4.4.1", codes[place % len(codes)])
        post.letter(raw.replace(b"Message-Id: <", b"Message-Id: <%d." % place))
        post.clock.forward(hours=12)
    told = post.sql("SELECT DISTINCT code FROM receipt WHERE kind = 'deferred' AND delivery_id IS NOT NULL ORDER BY 1")
    assert [row.code.encode() for row in told] == sorted(codes)
    assert post.one("SELECT count(*) FROM receipt") == 20
    assert state(post) == before
    post.letter(sample("postfix-user-unknown", post.token(mine)))  # the same with `failed` does
    assert post.suppressions() == {("email", "sam1@example.com", None, "bounced")}
    assert post.delivery(mine, "C0").status == Status.BOUNCED


def test_e16_the_whole_corpus_suppresses_exactly_the_dead_addresses_and_the_complainants(post: Mailing) -> None:
    session = post.session()
    told = [name for name in NAMES if GOLDEN[name].get("receipts") and TOKEN in sample(name).lower()]
    people = {name: post.registration(session, email=f"{name}@example.com") for name in told}
    post.work()
    for name, one in people.items():
        post.letter(sample(name, post.token(one)))
    expected = {
        f"{name}@example.com"
        for name in told
        for one in GOLDEN[name]["receipts"]
        if one["kind"] == "complained" or (one["kind"] == "bounced" and one.get("code") in DEAD)
    }
    assert len(expected) > 25
    assert {address for _, address, _, _ in post.suppressions()} == expected
    assert post.one("SELECT count(*) FROM receipt WHERE effect LIKE 'fault%' OR applied_at IS NULL") == 0
    assert len(told) > 45


@pytest.mark.parametrize("name", FEATURES.values(), ids=FEATURES)
def test_e16_a_report_cut_anywhere_or_told_twice_breaks_nothing(post: Mailing, name: str) -> None:
    mine = written_to(post)
    whole = sample(name, post.token(mine))
    for end in range(0, len(whole), 97):
        post.letter(whole[:end])
    post.letter(whole)
    before = state(post)
    post.letter(whole)
    assert state(post) == before
    assert post.one("SELECT count(*) FROM receipt WHERE effect LIKE 'fault%' OR applied_at IS NULL") == 0


# 17: reports that are not about a message of ours


@pytest.mark.parametrize("name", ["postfix-user-unknown", "policy", "old-exim", "arf-yahoo"])
def test_e17_a_report_with_a_token_that_is_not_ours_is_stored_and_changes_nothing(post: Mailing, name: str) -> None:
    written_to(post)
    before = state(post)
    for token in FORGED.values():
        raw = sample(name, token).replace(b"jane.doe@patients.example.com", b"sam1@example.com")
        assert b"sam1@example.com" in raw
        for place in range(3):
            post.letter(raw.replace(b"<20", b"<%d.20" % place))
        assert state(post) == before, token
    assert post.one("SELECT count(*) FROM arrival") == 3 * len(FORGED)
    assert post.one("SELECT count(*) FROM receipt WHERE delivery_id IS NOT NULL") == 0
    assert {row.effect for row in post.sql("SELECT effect FROM receipt")} == {"no delivery of ours"}


def test_e17_the_token_of_another_persons_message_stops_that_message_and_nobody_else(post: Mailing) -> None:
    """A token proves which message came back, and the address in the report is not believed."""
    mine, other = written_to(post), written_to(post)
    raw = sample("postfix-user-unknown", post.token(other)).replace(
        b"jane.doe@patients.example.com", b"sam1@example.com"
    )
    post.letter(raw)
    assert {address for _, address, _, _ in post.suppressions()} == {"sam2@example.com"}
    assert post.delivery(mine, "C0").status == Status.SENT


def test_e17_a_hundred_forged_bounces_about_our_authentication_pause_nothing(post: Mailing) -> None:
    written_to(post)
    raw = sample("policy", FORGED["one digit off"]).replace(b"5.7.1", b"5.7.26")
    before = state(post)
    for place in range(100):
        post.letter(raw.replace(b"Message-Id: <", b"Message-Id: <%d." % place))
    assert post.one("SELECT count(*) FROM receipt") == 100
    assert state(post) == before


# 18: complaints


@pytest.mark.parametrize("name", ["arf-yahoo", "arf-fraud", "arf-virus", "arf-other", "arf-jmrp-recipient-hidden"])
def test_e18_a_complaint_ends_every_email_reminders_included(post: Mailing, name: str) -> None:
    mine = post.registration(post.session(3 * DAY), LESSONS, OFFERS)
    post.work()
    post.letter(sample(name, post.token(mine)))
    assert post.suppressions() >= {("email", "sam1@example.com", None, "complained")}
    assert post.one("SELECT count(*) FROM permission WHERE granted AND channel = 'email'") == 0
    post.live(post.clock() + 50 * HOUR, step=10 * HOUR)
    post.registration(post.session())  # somebody else, who still gets theirs
    post.work()
    assert [one.recipient for one in post.server.messages] == ["sam1@example.com", "sam2@example.com"]


def test_e18_without_the_complaint_the_reminders_come(post: Mailing) -> None:
    post.registration(post.session(3 * DAY))
    post.live(post.clock() + 50 * HOUR, step=10 * HOUR)
    assert [one.recipient for one in post.server.messages] == ["sam1@example.com"] * 2


@pytest.mark.parametrize("name", ["arf-not-spam", "arf-auth-failure"])
def test_e18_not_spam_and_reports_on_signatures_suppress_nobody(post: Mailing, name: str) -> None:
    mine = written_to(post)
    before = state(post)
    post.letter(sample(name, post.token(mine)))
    assert state(post) == before
    (kept,) = post.sql("SELECT kind, delivery_id FROM receipt")
    assert tuple(kept) == ("ignored", post.delivery(mine, "C0").id)


def test_e18_a_complainant_who_is_hidden_is_found_by_our_own_header(post: Mailing) -> None:
    mine = written_to(post)
    token = post.token(mine)
    raw = sample("arf-jmrp-recipient-hidden", token)
    assert b"sam1@" not in raw and b"jane" not in raw.lower()
    assert raw.count(token) == raw.lower().count(b"x-send-id: " + token)
    post.letter(raw)
    assert post.suppressions() >= {("email", "sam1@example.com", None, "complained")}


# 19: machines


MACHINES = {
    "auto-replied": b"Auto-Submitted: auto-replied",
    "auto-generated": b"Auto-Submitted: auto-generated; owner=x",
    "auto-notified": b"auto-submitted: Auto-Notified",
    "null path": b"Return-Path: <>",
    "list": b"List-Id: Runners <runners.example.net>",
    "bulk": b"Precedence: bulk",
    "auto_reply": b"Precedence: auto_reply",
    "list precedence": b"Precedence: list",
    "junk": b"Precedence: junk",
}


def test_e19_a_machine_gets_no_answer_and_nothing_follows_from_what_it_says(post: Mailing) -> None:
    mine = written_to(post)
    before = state(post)
    raw = b"From: sam1@example.com\nTo: class@clinic.example\nSubject: Re: class\nMessage-ID: <%d@example.com>\n%b\n\n%b\n"
    said = (b"I am away until Monday.", b"STOP", b"unsubscribe me, please stop texting me")
    for place, (head, words) in enumerate(product(MACHINES.values(), said)):
        post.letter(raw % (place, head, words), rcpt=f"b+{post.token(mine).decode()}@bounce.clinic.example")
        assert state(post) == before, (head, words)
    post.work()
    assert (len(post.server.messages), post.sms.seen) == (1, [])
    kept = [tuple(row) for row in post.sql("SELECT meaning, closed_at FROM inbound")]
    assert kept == [("automatic", post.clock())] * 3 * len(MACHINES)


def test_e19_no_machine_of_the_corpus_is_answered(post: Mailing) -> None:
    mine = written_to(post)
    before = state(post)
    names = [name for name in NAMES if any(one.get("automatic") for one in GOLDEN[name].get("mails", []))]
    for name in [*names, *names]:
        post.letter(sample(name, post.token(mine)))
        assert state(post) == before, name
    post.work()
    assert (len(post.server.messages), post.sms.seen) == (1, [])
    assert post.one("SELECT count(*) FROM inbound WHERE meaning = 'automatic'") == len(names) > 10


def test_e19_not_even_a_person_is_answered_by_a_machine_of_ours(post: Mailing) -> None:
    written_to(post)
    for place, words in enumerate((b"STOP", b"HELP", b"A question about hills?", b"I cannot hold my urine")):
        raw = b"From: sam1@example.com\nTo: class@clinic.example\nSubject: class\nMessage-ID: <%d@example.com>\n\n"
        post.letter(raw % place + words)
    post.work()
    assert post.one("SELECT count(*) FROM inbound") == 4
    assert (len(post.server.messages), post.sms.seen) == (1, [])


def test_e19_our_own_mail_says_that_a_machine_wrote_it(post: Mailing) -> None:
    written_to(post)
    post.letter(post.server.messages[0].raw)  # bounced back to us as it was: no loop begins
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in post.server.messages[0].raw
    assert b"\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\n" in post.server.messages[0].raw
    assert post.one("SELECT meaning FROM inbound") == "automatic"
    assert len(post.server.messages) == 1


# 22: the share of complaints


def crowd(post: Mailing, many: int) -> list[int]:
    """So many deliveries that left an hour ago, each to somebody else; gives them."""
    session = post.session()
    post.sql(
        "WITH people AS (INSERT INTO registrant (email, first_name, zone, created_at)"
        " SELECT 'crowd' || n || '@example.com', 'Ada', 'America/New_York', :at FROM generate_series(1, :many) n"
        " RETURNING id), places AS (INSERT INTO registration (session_id, registrant_id, zone, source, confirm,"
        " registered_at) SELECT :session, id, 'America/New_York', 'web', true, :at FROM people RETURNING id)"
        " INSERT INTO delivery (registration_id, session_id, step_id, revision, channel, priority, due_at, expires_at,"
        " status, attempt, sent_at) SELECT id, :session, (SELECT id FROM step WHERE key = 'C0'), 0, 'email', 0, :at,"
        " :later, 3, 1, :at FROM places",
        many=many,
        session=session,
        at=post.clock() - HOUR,
        later=post.clock() + DAY,
    )
    return [row.registration_id for row in post.sql("SELECT registration_id FROM delivery ORDER BY id")]


def complain(post: Mailing, people: list[int]) -> None:
    post.hear(receipts=[post.report(one, "C0", Kind.COMPLAINED) for one in people])
    post.apply()


def held(post: Mailing) -> list[Purpose | None]:
    with transaction(post.engine) as db:
        return sorted(one.purpose for one in thrown(db))


@pytest.mark.parametrize(
    ("delivered", "complaints", "warned", "stopped"),
    [
        (999, 5, False, False),
        (1000, 1, True, False),
        (1001, 1, False, False),
        (2000, 2, True, False),
        (1600, 3, True, False),
        (1600, 4, True, True),
        (1000, 3, True, True),
    ],
)
def test_e22_from_a_thousand_on_one_in_a_thousand_warns_and_one_in_four_hundred_holds_marketing(
    post: Mailing, delivered: int, complaints: int, *, warned: bool, stopped: bool
) -> None:
    people = crowd(post, delivered)
    complain(post, people[:complaints])
    assert [(one.kind, one.subject) for one in post.alerts()] == ([("review", "complaints")] if warned else [])
    assert held(post) == ([Purpose.EDUCATION, Purpose.MARKETING] if stopped else [])
    assert Counter(reason for _, _, _, reason in post.suppressions())["complained"] == complaints


def test_e22_what_is_held_is_not_sent_and_reminders_are(post: Mailing) -> None:
    people = crowd(post, 1000)
    mine = post.registration(post.session(4 * DAY), LESSONS)
    post.work()
    post.clock.now += 19 * HOUR
    complain(post, people[:3])
    post.live(post.clock() + 6 * HOUR, step=2 * HOUR)
    assert ("D1", "planned") in post.ledger(mine)
    post.live(post.clock() + 3 * DAY, step=6 * HOUR)
    sent = [key for key, how in post.ledger(mine) if how == "sent"]
    assert "C0" in sent and "B2" in sent and "D1" not in sent


def test_e22_the_day_before_yesterday_does_not_count(post: Mailing) -> None:
    people = crowd(post, 1000)
    post.clock.now += 25 * HOUR
    complain(post, people[:5])
    assert (post.alerts(), held(post)) == ([], [])


def test_e22_one_complaint_that_is_told_again_and_again_is_one(post: Mailing) -> None:
    people = crowd(post, 1500)
    complain(post, people[:1] * 6)
    assert (post.alerts(), held(post)) == ([], [])


def test_e22_forged_complaints_do_not_count(post: Mailing) -> None:
    people = crowd(post, 1500)
    for place in range(10):
        forged = sample("arf-yahoo", FORGED["one digit off"])
        post.letter(forged.replace(b"Message-ID: <", b"Message-ID: <%d." % place, 1))
    assert post.one("SELECT count(*) FROM receipt WHERE kind = 'complained'") == 10
    complain(post, people[:1])
    assert (post.alerts(), held(post)) == ([], [])


def test_e22_the_alert_is_one_however_many_complain_after_it(post: Mailing) -> None:
    people = crowd(post, 1000)
    for one in people[:10]:
        complain(post, [one])
        post.clock.forward(minutes=1)
    assert [(one.kind, one.subject) for one in post.alerts()] == [("review", "complaints")]
    assert len(held(post)) == 2


@pytest.fixture
def post(engine):
    with mailing(engine) as world:
        yield world
