"""A real server and a real Chromium. `PICTURES=folder` keeps a picture of every page that is checked."""

import importlib.util
import os
import re
import socket
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

_HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("web_house", _HERE.parent / "web" / "conftest.py")
_web = importlib.util.module_from_spec(_spec)
sys.modules["web_house"] = _web  # its dataclasses look their module up
_spec.loader.exec_module(_web)
house, client = _web.house, _web.client

_AXE = (_HERE / "axe.min.js").read_text(encoding="utf-8")
_FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage")
_PICTURES = os.environ.get("PICTURES")
_WIDE = {"width": 1280, "height": 900}
_PHONE = {"width": 390, "height": 844}
_VIEWS = (
    (_WIDE, "light", "desktop"),
    (_PHONE, "dark", "phone-dark"),
    ({"width": 320, "height": 640}, "light", "narrow"),
    (_WIDE, "dark", "desktop-dark"),
    (_PHONE, "light", "phone"),
)
"""The last two only for pictures: they show no rule that the first three do not."""


@pytest.fixture(scope="module")
def chromium():
    """One browser for a file; as long as it is open its driver keeps an event loop running in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(_FLAGS))
        yield browser
        browser.close()


class Elsewhere(BaseHTTPRequestHandler):
    """Another site's page: a frame around whatever its address names after the question mark."""

    def do_GET(self):  # http.server's name for it
        page = f'<!doctype html><iframe src="{self.path.partition("?")[2]}" width="600" height="1500"></iframe>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_words):
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere():
    """The origin of another site, which the settings allow to show the form; to a browser it is not ours."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join(10)


@pytest.fixture(scope="module")
def runtime(database_url, elsewhere, listener, tmp_path_factory):
    """The runtime of the web's tests, whose clock stands still; its form takes no time, and another site may frame it.

    Its links lead to the real server, and what it sends is captured in a folder of its own.
    """
    facts = {"public_url": address(listener), "data_dir": tmp_path_factory.mktemp("data")}
    with _web.opened(database_url, form_takes=0, embed_origins=elsewhere, **facts) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def listener():
    """The door of the real server."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door


def address(listener) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def live(client, listener):
    """The address of the application behind a real server."""
    server = uvicorn.Server(uvicorn.Config(client.app, log_level="warning", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield address(listener)
    server.should_exit = True
    thread.join(10)


@dataclass
class Reader:
    """Somebody with a browser."""

    chromium: object
    base: str
    complaints: list[str]
    """What the browser wrote into its console: broken script, things the content policy stopped."""

    def page(self, *, size=None, dark=False, script=True, zone="America/Chicago", **facts):
        context = self.chromium.new_context(
            viewport=size or _WIDE,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            timezone_id=zone,
            base_url=self.base,
            **facts,
        )
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page


@pytest.fixture
def reader(chromium, live):
    """Opens pages of the live house; the browser must have nothing to complain about."""
    someone = Reader(chromium, live, [])
    yield someone
    assert [line for line in someone.complaints if "the server responded with a status of 4" not in line] == []


@pytest.fixture(name="faultless")
def faultless_fixture():
    """Looks one page over as it stands: `faultless(page, where)`."""
    return faultless


def faultless(page, where: str, *, but: tuple[str, ...] = ()) -> None:
    """Axe finds nothing on the page as it stands, by any rule `but` these, and nothing sticks out to the side."""
    page.evaluate(_AXE)
    found = page.evaluate(_AXE_RUN, list(but))
    assert found == [], (where, found)
    width = page.viewport_size["width"]  # a phone widens its window for what sticks out
    overflow = page.evaluate("document.documentElement.scrollWidth") - width
    assert overflow <= 0, (where, f"sticks out by {overflow} px")


@pytest.fixture
def check(request):
    """Look a page over: axe finds nothing, nothing sticks out at 320 px, both in light and dark; keep pictures if asked."""

    def look(page, name: str = "") -> None:
        label = f"{re.sub(r'[^a-z0-9]+', '-', request.node.name.removeprefix('test_'))}{'-' + name if name else ''}"
        for size, scheme, suffix in _VIEWS if _PICTURES else _VIEWS[:3]:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            faultless(page, f"{label} {suffix}")
            if _PICTURES:
                page.screenshot(path=f"{_PICTURES}/{label}-{suffix}.png", full_page=True)

    return look


_AXE_RUN = """async (but) => {
  const rules = Object.fromEntries(but.map((rule) => [rule, { enabled: false }]));
  const found = await window.axe.run(document, { resultTypes: ["violations"], rules });
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" | ")}`);
}"""
