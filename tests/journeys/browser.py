"""A browser without a screen: cookies, redirects, and forms filled in as a person would."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

_REDIRECTS = 5


@dataclass
class Form:
    """A form as it stands on a page: what a browser would send without a keystroke."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """Values of radio buttons, checkboxes and options by name, chosen or not."""

    def filled(self, **values: str | list[str]) -> list[tuple[str, str]]:
        """Give the fields with these in place of theirs; a list sends a name several times."""
        kept = [(name, value) for name, value in self.fields if name not in values]
        for name, value in values.items():
            kept += [(name, one) for one in (value if isinstance(value, list) else [value])]
        return kept


@dataclass
class Page:
    """What came back."""

    url: str
    status: int
    text: str
    headers: Mapping[str, str]
    forms: list[Form]

    def form(self, action: str) -> Form:
        """Find the form to POST whose action contains this; the page's own address counts as its action."""
        posting = [one for one in self.forms if one.method == "POST"]
        found = [one for one in posting if action in (one.action or urlsplit(self.url).path)]
        assert found, f"{self.url} ({self.status}) has no form for {action!r}: {[one.action for one in self.forms]}"
        return found[0]


class Browser:
    """One person's browser on one kept-open connection."""

    def __init__(self, base: str, *, address: str = "127.0.0.1") -> None:
        self.base = base
        self._address = address
        self._cookies: SimpleCookie = SimpleCookie()
        self._line = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)

    def get(self, url: str) -> Page:
        return self._request("GET", url)

    def post(self, url: str, fields: list[tuple[str, str]]) -> Page:
        return self._request("POST", url, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def submit(self, page: Page, action: str, **values: str | list[str]) -> Page:
        """Fill in a form of the page and send it."""
        form = page.form(action)
        return self.post(urljoin(page.url, form.action or page.url), form.filled(**values))

    def upload(self, page: Page, action: str, name: str, file: tuple[str, bytes], **values: str | list[str]) -> Page:
        """Fill in a form with a file and send it."""
        form = page.form(action)
        seam = uuid.uuid4().hex
        parts = [
            f'--{seam}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in form.filled(**values)
            if key != name
        ]
        head = f'--{seam}\r\nContent-Disposition: form-data; name="{name}"; filename="{file[0]}"\r\nContent-Type: text/csv\r\n\r\n'
        body = b"".join([*parts, head.encode(), file[1], f"\r\n--{seam}--\r\n".encode()])
        return self._request(
            "POST", urljoin(page.url, form.action or page.url), body, f"multipart/form-data; boundary={seam}"
        )

    def close(self) -> None:
        self._line.close()

    def _request(self, method: str, url: str, body: bytes = b"", kind: str = "") -> Page:
        for _ in range(_REDIRECTS):
            url = urljoin(f"{self.base}/", url)
            parts = urlsplit(url)
            headers = {"Host": parts.netloc, "X-Forwarded-For": self._address}
            if self._cookies:
                headers["Cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in self._cookies.items())
            if method == "POST":
                headers |= {"Content-Type": kind, "Origin": self.base}
            answer = self._ask(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            text = answer.read().decode("utf-8", "replace")
            for cookie in answer.headers.get_all("Set-Cookie", []):
                self._cookies.load(cookie)
            onward = answer.headers.get("Location")
            if answer.status not in (302, 303, 307) or onward is None:
                return Page(url, answer.status, text, dict(answer.headers), _forms(text))
            url, method, body = urljoin(url, onward), "GET", b""
        raise AssertionError(f"too many redirects to {url}")

    def _ask(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> http.client.HTTPResponse:
        try:
            self._line.request(method, target, body, headers)
            return self._line.getresponse()
        except http.client.RemoteDisconnected:
            # The server hung up on an idle connection; nothing was read.
            self._line.close()
            self._line.request(method, target, body, headers)
            return self._line.getresponse()


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""
        self._textarea: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value if value is not None else "" for name, value in attrs}
        if tag == "form":
            self._open = Form(facts.get("action", ""), facts.get("method", "get").upper())
            self.forms.append(self._open)
        elif self._open is not None and "disabled" not in facts:
            self._control(self._open, tag, facts)

    def _control(self, form: Form, tag: str, facts: dict[str, str]) -> None:
        name, kind = facts.get("name", ""), facts.get("type", "text")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._choice(form, self._select, facts, chosen="selected" in facts)
        elif tag == "textarea":
            self._textarea, self._text = name, ""
        elif tag == "input" and name and kind in ("radio", "checkbox"):
            self._choice(form, name, {"value": "on", **facts}, chosen="checked" in facts)
        elif tag == "input" and name and kind not in ("submit", "button", "file"):
            form.fields.append((name, facts.get("value", "")))

    def _choice(self, form: Form, name: str, facts: dict[str, str], *, chosen: bool) -> None:
        form.choices.setdefault(name, []).append(facts.get("value", ""))
        if chosen:
            form.fields.append((name, facts.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._open is not None and self._textarea is not None:
            self._open.fields.append((self._textarea, self._text))
            self._textarea = None


def _forms(text: str) -> list[Form]:
    parser = _Forms()
    parser.feed(text)
    return parser.forms
