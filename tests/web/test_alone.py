"""An email's HTML alone, for a frame."""

import pytest

from campaigns.web.alone import alone

HTML = (
    "<html><head><style>@media (prefers-color-scheme: dark) { p { color: #fff } }"
    " @media screen and (prefers-color-scheme:light) { p { color: #000 } }</style></head><body>Hello</body></html>"
)


def told(*args, **kwargs) -> str:
    return alone(*args, **kwargs).body.decode()


def test_it_is_shut_in_a_sandbox():
    policy = alone(HTML).headers["content-security-policy"]
    assert "default-src 'none'" in policy and "sandbox allow-popups" in policy and "allow-scripts" not in policy
    assert "frame-ancestors 'self'" in policy and "form-action 'none'" in policy
    assert alone(HTML).headers["cache-control"] == "no-store"


def test_links_open_beside_it_with_a_head_or_without():
    assert told(HTML) == HTML.replace("<head>", '<head><base target="_blank">')
    assert told("<p>Hello</p>") == '<base target="_blank"><p>Hello</p>'
    assert told('<HEAD lang="en"></HEAD>') == '<HEAD lang="en"><base target="_blank"></HEAD>'


def test_pictures_can_be_left_out():
    assert "img-src 'self' data:;" in alone(HTML).headers["content-security-policy"]
    assert "img-src 'none';" in alone(HTML, images=False).headers["content-security-policy"]


@pytest.mark.parametrize(
    ("scheme", "dark", "light"),
    [("dark", "(min-width: 0)", "(max-width: 0)"), ("light", "(max-width: 0)", "(min-width: 0)")],
)
def test_a_scheme_is_shown_whatever_the_readers_own_is(scheme, dark, light):
    html = told(HTML, scheme=scheme)
    assert f"@media {dark} {{ p {{ color: #fff" in html and f"@media screen and {light} {{ p {{ color: #000" in html
    assert f"<style>:root{{color-scheme:{scheme} only}}</style>" in html
