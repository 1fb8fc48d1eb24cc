"""A clinic's own colours and logo, on pages and in emails."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from campaigns.domain.look import palette_of
from campaigns.errors import ConfigurationError
from campaigns.rendering.email import render_email
from campaigns.rendering.environment import Look, compile_source, load_sources
from campaigns.settings import read_settings
from campaigns.web.app import create_app
from tests.rendering.samples import LINKS, MESSAGES, SENDER, body, letter_for, parse
from tests.web.conftest import opened

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_without_settings_there_is_nothing_of_it(client):
    assert "/brand/" not in client.get("/w/si-joint-runners").text
    for name in ("colours.css", "logo.png", "logo.svg", "x"):
        assert client.get(f"/brand/{name}").status_code == 404


def test_pages_get_the_colours_by_day_and_by_night(database_url):
    with opened(database_url, primary_colour="#1d3f8f", action_colour="#8f1d5c") as runtime:
        client = TestClient(create_app(runtime), base_url="http://127.0.0.1:8000")
        page = client.get("/w/si-joint-runners").text
        address = page.partition('href="/brand/')[2].partition('"')[0]
        sheet = client.get(f"/brand/{address}")
    assert sheet.headers["content-type"].startswith("text/css") and "immutable" in sheet.headers["cache-control"]
    light, _, dark = sheet.text.partition("@media (prefers-color-scheme: dark)")
    assert "--primary: #1d3f8f;" in light and "--action: #8f1d5c;" in light
    assert "--primary: " in dark and "#1d3f8f" not in dark


@pytest.mark.parametrize(("name", "content", "kind"), [("l.png", PNG, "image/png"), ("l.svg", SVG, "image/svg+xml")])
def test_the_logo_stands_beside_the_name_and_can_run_no_script(database_url, tmp_path, name, content, kind):
    file = tmp_path / name
    file.write_bytes(content)
    with opened(database_url, logo=file) as runtime:
        client = TestClient(create_app(runtime), base_url="http://127.0.0.1:8000")
        page = client.get("/w/si-joint-runners").text
        address = page.partition('<img src="')[2].partition('"')[0]
        picture = client.get(address)
    assert picture.content == content and picture.headers["content-type"] == kind
    assert picture.headers["content-security-policy"].startswith("default-src 'none'")
    assert "sandbox" in picture.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("l.gif", b"GIF89a", "must be a .png or .svg file"),
        ("l.png", b"<svg/>", "is not what its name says"),
        ("l.svg", PNG, "is not what its name says"),
        ("l.png", PNG + bytes(51_200), "is larger than 50 KB"),
        ("", b"", "cannot be read"),
    ],
)
def test_a_logo_that_cannot_be_shown_is_refused_at_the_start(tmp_path, name, content, sentence):
    file = tmp_path / (name or "missing.png")
    if name:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="CAMPAIGNS_LOGO") as wrong:
        read_settings(logo=file)
    assert sentence in str(wrong.value)


def test_a_colour_that_cannot_be_read_is_refused_at_the_start():
    with pytest.raises(ConfigurationError, match="CAMPAIGNS_PRIMARY_COLOUR: contrast is"):
        read_settings(primary_colour="#ffee00")


def test_emails_wear_the_colours_and_say_the_same_words():
    palette = palette_of("#1d3f8f", "#8f1d5c")
    look = Look(palette, "https://clinic.example/brand/logo.png?v=1")
    source = load_sources(MESSAGES)["confirmation"]
    plain, dressed = (_parts(compile_source(source, one)) for one in (Look(), look))
    assert dressed["plain"] == plain["plain"]
    for shade in (palette.primary, palette.action, palette.night_primary, palette.night_action):
        assert shade.upper() in dressed["html"]
    for shade in ("#0F5C4D", "#C8452D", "#6FD3BD", "#FF8A70"):
        assert shade in plain["html"] and shade not in dressed["html"]
    assert '<img src="https://clinic.example/brand/logo.png?v=1" alt=""' in dressed["html"]
    assert "<img" not in plain["html"] and "<!-- logo" not in plain["html"]


def _parts(compiled):
    mail = parse(render_email(compiled, letter_for("confirmation"), SENDER, LINKS).raw)
    return {kind: body(mail, kind) for kind in ("plain", "html")}
