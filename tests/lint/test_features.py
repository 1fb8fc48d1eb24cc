"""What a page uses is found by the names of the table, and by a word for its kind where the table has none."""

from __future__ import annotations

import re

import pytest

from campaigns.lint.clients import table
from campaigns.lint.features import features
from campaigns.lint.html import see


def used(html):
    return {one.feature for one in features(see(html), table().lacking)}


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h3>a</h3>", {"html-h1-h6"}),
        ("<ol><li>a</li></ol>", {"html-lists"}),
        ("<table><tr><td>a</td></tr></table>", {"html-table"}),
        ("<section>a</section>", {"html-semantics"}),
        ("<blink>a</blink>", {"element blink"}),
        ('<p hidden lang="es">a</p>', {"html-p", "html-hidden", "html-lang"}),
        ('<p onclick="x">a</p>', {"html-p", "attribute onclick"}),
        ('<meta name="color-scheme" content="dark"><p>', {"element meta", "attribute name", "attribute content", "html-meta-color-scheme", "html-p"}),
        ('<meta name="x"><p>', {"element meta", "attribute name", "meta x", "html-p"}),
        ("<!--[if mso]><blink>a</blink><style>a:hover{zoom:2}</style><![endif]--><p>", {"html-p"}),
    ],
)  # fmt: skip
def test_elements_and_attributes_are_named(html, expected):
    assert used(html) == expected


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("padding-left:3px", {"css-padding", "css-unit-px"}),
        ("border-top:0;border-radius:3em", {"css-border", "css-border-radius", "css-unit-em"}),
        ("font-family:system-ui,serif", {"css-font", "css-sytem-ui"}),
        ("color:#1E2A28", {"property color"}),
        ("color:rgba(0,0,0,50%)", {"property color", "css-rgba", "css-unit-percent"}),
        ("width:calc(100% - 2vw)", {"css-width", "css-unit-calc", "css-unit-percent", "css-unit-vw"}),
        ("width:clamp(1px, 2px, 3px)", {"css-width", "css-function-clamp", "css-unit-px"}),
        ("color:var(--ink)", {"property color", "css-variables"}),
        ("display:flex", {"css-display", "css-display-flex"}),
        ("height:initial", {"css-height", "css-unit-initial"}),
        ("mso-padding-alt:0", {"property mso-*"}),
        ("zoom:2", {"property zoom"}),
        ("width:frob(2) ", {"css-width", "function frob()"}),
        ("width:2q", {"css-width", "unit q"}),
        ("margin:0 !important", {"css-margin", "css-important"}),
    ],
)  # fmt: skip
def test_properties_and_values_are_named(style, expected):
    assert used(f'<p style="{style}">') == {"html-p", "attribute style", *expected}
    assert used(f"<style>p{{{style}}}</style><p>") == {"html-p", "html-style", "css-selector-type", *expected}


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        (".a{}", {"css-selector-class"}),
        ("a.b{}", {"css-selector-type", "css-selector-class", "css-selector-chaining"}),
        (".a .b{}", {"css-selector-class", "css-selector-descendant"}),
        (".a>.b{}", {"css-selector-class", "css-selector-child"}),
        (".a + .b{}", {"css-selector-class", "css-selector-adjacent-sibling"}),
        (".a~.b{}", {"css-selector-class", "css-selector-general-sibling"}),
        ("#a,[b]{}", {"css-selector-id", "css-selector-attribute", "css-selector-grouping"}),
        ("*{}", {"css-selector-universal"}),
        (".a:hover{}", {"css-selector-class", "css-pseudo-class-hover"}),
        (".a::after{}", {"css-selector-class", "css-pseudo-element-after"}),
        (":frob{}", {"selector :frob"}),
        ("@media (max-width:3px){.a{}}", {"css-at-media", "css-selector-class"}),
        ("@media (hover){@supports (x:y){.a{}}}", {"css-at-media", "css-at-media-hover", "css-at-supports", "css-selector-class"}),
        ("@media (frob:1){.a{}}", {"css-at-media", "media feature frob", "css-selector-class"}),
        ("@font-face{font-family:x}", {"css-at-font-face", "css-font"}),
        ("@import 'x';.a{}", {"css-at-import", "css-selector-class"}),
        ("@frob{}", {"at-rule @frob"}),
    ],
)  # fmt: skip
def test_rules_and_selectors_are_named(sheet, expected):
    assert used(f"<style>{sheet}</style><p>") == {"html-p", "html-style", *expected}


def test_each_use_is_found_where_it_was_written():
    html = '<style>@media (hover){.a .b{zoom:2}}</style><p style="width:calc(2vw)" hidden="x">a</p>'
    assert [one.feature for one in features(see(html), table().lacking) if not re.search(one.source, html)] == []
