"""DMARC: the walk up a name, who is of one house, and which policy applies."""

from __future__ import annotations

import pytest

from campaigns.dns_probe.dmarc import examine_alignment, examine_dmarc, organisation, policy_of, same_house
from campaigns.dns_probe.questions import NoAnswer, Questions, Seen
from tests.servers.dns_server import DnsServer, txt

LONG = "a.b.c.d.e.f.g.h.mail.clinic.test"


def test_a_walk_takes_eight_questions_at_most(world):
    ask, server = world({})
    assert organisation(ask, LONG) == LONG
    assert [name for name, _ in server.questions] == [
        f"_dmarc.{LONG}",
        "_dmarc.e.f.g.h.mail.clinic.test",
        "_dmarc.f.g.h.mail.clinic.test",
        "_dmarc.g.h.mail.clinic.test",
        "_dmarc.h.mail.clinic.test",
        "_dmarc.mail.clinic.test",
        "_dmarc.clinic.test",
        "_dmarc.test",
    ]


@pytest.mark.parametrize(("labels", "questions"), [(1, 1), (2, 2), (7, 7), (8, 8), (9, 8), (30, 8)])
def test_shorter_names_take_a_question_for_each_label(world, labels, questions):
    ask, server = world({})
    organisation(ask, ".".join(["x"] * labels))
    assert len(server.questions) == questions


@pytest.mark.parametrize(
    ("records", "domain", "house"),
    [
        ({"clinic.test": "p=none"}, "a.mail.clinic.test", "clinic.test"),
        ({"clinic.test": "p=none", "mail.clinic.test": "p=none"}, "mail.clinic.test", "clinic.test"),
        ({"clinic.test": "p=none", "mail.clinic.test": "p=none; psd=n"}, "a.mail.clinic.test", "mail.clinic.test"),
        ({"test": "p=reject; psd=y"}, "a.mail.clinic.test", "clinic.test"),
        ({"co.test": "p=reject; psd=Y", "test": "p=none"}, "mail.clinic.co.test", "clinic.co.test"),
        ({"co.test": "p=reject; psd=y"}, "co.test", "co.test"),
        ({"clinic.test": "p=none; psd=u"}, "mail.clinic.test", "clinic.test"),
        ({}, "mail.clinic.test", "mail.clinic.test"),
    ],
)
def test_the_house_of_a_name_is_found_on_the_way_up(world, records, domain, house):
    ask, _ = world(records)
    assert organisation(ask, domain) == house


def test_a_border_ends_the_walk(world):
    ask, server = world({"mail.clinic.test": "p=none; psd=n"})
    organisation(ask, "a.mail.clinic.test")
    assert ("_dmarc.clinic.test", "TXT") not in server.questions


def test_the_nearest_of_several_policies_is_the_domains_own_or_the_houses(world):
    ask, _ = world({"clinic.test": "p=reject", "mail.clinic.test": "p=none", "b.mail.clinic.test": "p=quarantine"})
    assert policy_of(ask, "mail.clinic.test").domain == "mail.clinic.test"
    assert policy_of(ask, "a.mail.clinic.test").domain == "clinic.test"
    assert policy_of(ask, "else.test") is None


@pytest.mark.parametrize(
    ("record", "domain", "mark", "said"),
    [
        ("p=none", "clinic.test", "?", "says p=none for clinic.test: receivers only watch"),
        ("p=Reject", "clinic.test", "ok", "says p=reject for clinic.test: receivers refuse forgeries"),
        ("p=reject; sp=none", "mail.clinic.test", "?", "says sp=none for mail.clinic.test"),
        ("p=reject; sp=none", "clinic.test", "ok", "says p=reject for clinic.test"),
        ("p=quarantine", "mail.clinic.test", "ok", "says p=quarantine for mail.clinic.test"),
        ("p=block", "clinic.test", "!!", "states no policy: write p=none"),
        ("p=none; sp=", "mail.clinic.test", "!!", "states no policy: write sp=none"),
        ("", "clinic.test", "!!", "states no policy"),
    ],
)
def test_the_policy_that_applies_is_said(world, record, domain, mark, said):
    ask, _ = world({"clinic.test": record})
    (seen,) = examine_dmarc(ask, domain)
    assert seen.mark == mark
    assert seen.words.startswith("_dmarc.clinic.test ") and said in seen.words


@pytest.mark.parametrize("text", ["v=DMARC2; p=none", "p=none; v=DMARC1", "v=dmarc1; p=none", "v=DMARC1 p=none"])
def test_what_only_looks_like_a_policy_is_none(world, text):
    ask, server = world({})
    server.zone[("_dmarc.clinic.test", "TXT")] = txt(text)
    assert policy_of(ask, "clinic.test") is None


def test_two_records_are_none_and_the_house_speaks_instead(world):
    ask, server = world({"clinic.test": "p=reject"})
    server.zone[("_dmarc.mail.clinic.test", "TXT")] = txt("v=DMARC1; p=none", "v=DMARC1; p=quarantine")
    assert policy_of(ask, "mail.clinic.test").domain == "clinic.test"
    (seen,) = examine_dmarc(ask, "mail.clinic.test")
    assert seen.mark == "!!" and "has 2 DMARC records" in seen.words


@pytest.mark.parametrize(
    ("record", "return_path", "signing", "mark"),
    [
        ("p=none", "bounce.clinic.test", "clinic.test", "ok"),
        ("p=none", "clinic.test", "", "ok"),
        ("p=none", "bounce.clinic.test", "", "ok"),
        ("p=none; aspf=s", "bounce.clinic.test", "clinic.test", "?"),
        ("p=none; aspf=s", "bounce.clinic.test", "", "!!"),
        ("p=none; aspf=s; adkim=s", "clinic.test", "clinic.test", "ok"),
        ("p=none; adkim=s", "bounce.clinic.test", "mail.clinic.test", "?"),
        ("p=none; aspf=S; adkim=S", "bounce.clinic.test", "mail.clinic.test", "!!"),
        ("p=none", "relay.else", "clinic.test", "?"),
        ("p=none", "clinic.test", "relay.else", "?"),
        ("p=none", "relay.else", "relay.else", "!!"),
        ("p=none; psd=n", "test", "", "!!"),
    ],
)
def test_one_of_spf_and_dkim_must_speak_for_the_sender(world, record, return_path, signing, mark):
    ask, _ = world({"clinic.test": record})
    (seen,) = examine_alignment(ask, "clinic.test", return_path, signing)
    assert seen.mark == mark


def test_without_a_policy_parents_and_children_are_still_of_one_house(world):
    ask, _ = world({})
    assert same_house(ask, "clinic.test", "clinic.test")
    assert same_house(ask, "bounce.clinic.test", "clinic.test") and same_house(ask, "clinic.test", "a.b.clinic.test")
    assert not same_house(ask, "bounce.clinic.test", "class.clinic.test")
    assert not same_house(ask, "notclinic.test", "clinic.test")
    ask, _ = world({"clinic.test": "p=none"})
    assert same_house(ask, "bounce.clinic.test", "class.clinic.test")


def test_silence_on_the_way_up_is_no_verdict(world):
    ask, server = world({"clinic.test": "p=none"})
    server.failing.add(("_dmarc.test", "TXT"))
    with pytest.raises(NoAnswer):
        organisation(ask, "mail.clinic.test")
    with pytest.raises(NoAnswer):
        list[Seen](examine_dmarc(ask, "mail.clinic.test"))


@pytest.fixture
def world():
    servers = []

    def make(records):
        zone = {(f"_dmarc.{domain}", "TXT"): txt(f"v=DMARC1; {record}") for domain, record in records.items()}
        servers.append(DnsServer(zone).__enter__())
        return Questions(servers[-1].address), servers[-1]

    yield make
    for server in servers:
        server.__exit__()
