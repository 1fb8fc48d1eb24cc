"""Style sheets are taken apart into rules, and selectors are held against elements."""

from __future__ import annotations

import pytest

from campaigns.lint.css import Rule, declared, means, rules


def test_rules_come_in_order_with_what_is_around_them():
    sheet = """/* a{b:c} */ <!-- p , .a{color:red;;x} --> @media (hover) { @supports (a:b) { .b { margin : 0 } } i{} }
    @font-face{src:url(x)} .last{top:0"""
    assert list(rules(sheet)) == [
        Rule((), ("p", ".a"), "color:red;;x"),
        Rule(("@media (hover)", "@supports (a:b)"), (".b",), " margin : 0 "),
        Rule(("@media (hover)",), ("i",), ""),
        Rule(("@font-face",), (), "src:url(x)"),
        Rule((), (".last",), "top:0"),
    ]


def test_a_rule_without_braces_holds_by_itself():
    assert list(rules("@charset 'x'; @import url(y); .a{b:c}")) == [
        Rule(("@charset 'x'",), (), ""),
        Rule(("@import url(y)",), (), ""),
        Rule((), (".a",), "b:c"),
    ]


def test_declarations_are_small_and_without_their_weight():
    assert declared("Color : Red !important;font:1px 'a';broken") == {"color": "Red", "font": "1px 'a'"}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [("p", True), (".a", True), ("p.a.b", True), ("*", True), ("td p", True), (".out .a", True), (".out td>p", True),
     ("b", False), (".c", False), ("p .a", False), (".a td", False), ("table .out p", False), ("p:hover", False),
     ("#x", False), ("", False), (".a .out p", False)],
)  # fmt: skip
def test_a_selector_means_an_element_or_not(selector, expected):
    path = [("table", frozenset({"out"})), ("td", frozenset()), ("p", frozenset({"a", "b"}))]
    assert means(selector, path) is expected


def test_nothing_is_meant_where_nothing_is():
    assert not means("p", [])
