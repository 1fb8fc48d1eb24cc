"""SPF: what receivers can read, what it costs them, and where they give up."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.dns_probe.questions import NoAnswer, Questions
from campaigns.dns_probe.spf import examine_spf
from tests.servers.dns_server import DnsServer, txt

COSTS = {
    "v=spf1 -all": 0,
    "V=SPF1 -ALL": 0,
    "v=spf1  ip4:192.0.2.1   ip6:2001:db8::/32 -all": 0,
    "v=spf1 a mx ptr exists:%{i}.x.test ~all": 4,
    "v=spf1 a:x.test/24 mx/24//64 a//64 ?mx:x.test -all": 4,
    "v=spf1 a -all mx mx mx include:gone.test": 1,
    "v=spf1 include:leaf.test include:leaf.test -all": 4,
    "v=spf1 include:branch.test -all": 4,
    "v=spf1 redirect=leaf.test": 2,
    "v=spf1 -all redirect=gone.test": 0,
    "v=spf1 exp=why.test unknown=word -all": 0,
    "v=spf1 " + "a " * 10 + "-all": 10,
}
ZONE = {
    ("leaf.test", "TXT"): txt("v=spf1 mx -all"),
    ("branch.test", "TXT"): txt("v=spf1 a include:leaf.test ~all"),
    ("loop.test", "TXT"): txt("v=spf1 include:loop.test -all"),
    ("circle.test", "TXT"): txt("v=spf1 redirect=circle.test"),
    ("twice.test", "TXT"): txt("v=spf1 -all", "v=spf1 ~all"),
}


def test_a_record_in_order_says_what_it_costs(judged):
    for record, lookups in COSTS.items():
        assert judged(record) == (
            "ok",
            f"clinic.test has one record that ends in {_ending(record)} and costs {lookups} of 10 look-ups",
        ), record


def _ending(record: str) -> str:
    return "~all" if "~all" in record else "-all"


@pytest.mark.parametrize(
    "term",
    ["ipv4:192.0.2.1", "ip4:192.0.2", "ip4:2001:db8::1", "ip6:192.0.2.1", "ip4:192.0.2.0/33", "ip4", "include", "include:",
     "exists", "a:", "a/", "a/1234", "all:x", "-", "--all", "a.test", "mx:x.test/", "–all"],
)  # fmt: skip
def test_what_receivers_cannot_read_is_named(judged, term):
    mark, words = judged(f"v=spf1 {term} -all")
    assert mark == "!!"
    assert (
        words.startswith("the record of clinic.test has ")
        and "which receivers cannot read: correct or remove it" in words
    )


@pytest.mark.parametrize(
    "record",
    ["v=spf1 " + "a " * 11 + "-all", "v=spf1 include:loop.test -all", "v=spf1 redirect=circle.test",
     "v=spf1 include:branch.test " + "mx " * 7 + "~all"],
)  # fmt: skip
def test_more_than_ten_look_ups_are_too_many_however_they_come_about(judged, record):
    assert judged(record) == (
        "!!",
        "the record of clinic.test needs more than 10 look-ups, at which receivers give up: name addresses with ip4: instead",
    )


@pytest.mark.parametrize(("other", "count"), [("gone.test", "no SPF record"), ("twice.test", "2 SPF records")])
@pytest.mark.parametrize("term", ["include:{} -all", "redirect={}"])
def test_a_record_that_brings_in_what_is_not_there_is_broken(judged, other, count, term):
    words = f"the record of clinic.test brings in {other}, which has {count}: correct that name, or leave it out"
    assert judged("v=spf1 " + term.format(other)) == ("!!", words)


@pytest.mark.parametrize(
    ("record", "mark"),
    [("v=spf1 all", "!!"), ("v=spf1 +all", "!!"), ("v=spf1 ?all", "?"), ("v=spf1", "?"), ("v=spf1 a", "?"),
     ("v=spf1 include:leaf.test", "?"), ("v=spf1 redirect=%{d}.x.test", "?")],
)  # fmt: skip
def test_an_end_that_keeps_nobody_out_is_said(judged, record, mark):
    found, words = judged(record)
    assert found == mark and words.endswith("end its record with ~all or -all")


def test_what_only_begins_like_it_is_no_record(judged):
    for record in ("v=spf10 -all", "v=spf2.0/pra -all", "x v=spf1 -all", "spf1"):
        mark, words = judged(record)
        assert mark == "!!" and words.startswith("clinic.test has no SPF record: publish "), record


def test_silence_about_what_is_brought_in_is_no_verdict(server, judged):
    server.failing.add(("leaf.test", "TXT"))
    with pytest.raises(NoAnswer, match=r"TXT of leaf\.test"):
        judged("v=spf1 include:leaf.test -all")


@given(st.text(alphabet="v=spf1 includealmxrtd:/.%{}+-~?0123456789\t\u00e9", max_size=80))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_record_gets_one_verdict(judged, rest):
    mark, words = judged(f"v=spf1 {rest}")
    assert mark in ("ok", "?", "!!") and "clinic.test" in words


@pytest.fixture
def server():
    with DnsServer({}) as it:
        yield it


@pytest.fixture
def judged(server):
    def judge(record):
        server.zone = ZONE | {("clinic.test", "TXT"): txt(record)}
        (seen,) = examine_spf(Questions(server.address), "clinic.test")
        assert seen.about == "spf"
        return seen.mark, seen.words

    return judge
