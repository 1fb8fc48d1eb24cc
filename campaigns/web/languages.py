"""Which language a page is shown in.

A `lang` in the address comes first, else what the browser asks for. A page that belongs to
somebody turns to their own language once it knows whose it is; staff read English.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Final
from urllib.parse import parse_qs, urlencode

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from campaigns.errors import CampaignsError, Either, Word
from campaigns.language import ENGLISH, NAMES, gettext, known, speaking, spoken

FIELD: Final = "lang"
"""Names the language in addresses and forms."""
_STAFF: Final = ("/staff", "/outbox")
_MOST_WISHES: Final = 20


class Spoken:
    """Speak the language of each request for as long as it lasts."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with speaking(_wanted(scope)):
            await self.app(scope, receive, send)


def _wanted(scope: Scope) -> str:
    if scope["path"].startswith(_STAFF):
        return ENGLISH
    named = parse_qs(scope["query_string"].decode("latin-1")).get(FIELD, [""])[0]
    return named if known(named) else preferred(Headers(scope=scope).get("accept-language", ""))


def preferred(header: str) -> str:
    """Give the language we have that an `Accept-Language` header likes best (RFC 9110 §12.5.4); English if none."""
    wishes = [_wish(part) for part in header.split(",")[:_MOST_WISHES]]
    liked = [(weight, -place, code) for place, (code, weight) in enumerate(wishes) if known(code) and weight > 0]
    return max(liked)[2] if liked else ENGLISH


def _wish(part: str) -> tuple[str, float]:
    tag, _, rest = part.partition(";")
    name, _, number = rest.strip().partition("=")
    try:
        weight = float(number) if name.strip().lower() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return tag.strip().partition("-")[0].lower(), weight


def said(error: CampaignsError) -> str:
    """Say what went wrong in the language of the page."""
    return gettext(error.message, **{name: _in_words(value) for name, value in error.values.items()})


def either(names: Iterable[str]) -> str:
    """Name things of which any will do, as a sentence does: `US or CA`."""
    return reduce(lambda before, one: gettext("%(first)s or %(second)s", first=before, second=one), names)


def _in_words(value: object) -> object:
    if isinstance(value, Either):
        return either(gettext(one) if isinstance(one, Word) else one for one in value.words)
    return gettext(value) if isinstance(value, Word) else value


def by_itself(request: Request) -> str:
    """Give the language that a page without one in its address would be shown in."""
    return preferred(request.headers.get("accept-language", ""))


def onward(request: Request, path: str) -> str:
    """Give the address of another public page, with the language along if this page's address names one."""
    named = request.query_params.get(FIELD, "")
    return f"{path}?{FIELD}={named}" if known(named) else path


def here_in(request: Request, code: str) -> str:
    """Give the address of the page at hand in another language."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != FIELD]
    return f"{request.url.path}?{urlencode([*query, (FIELD, code)])}"


def others() -> Sequence[tuple[str, str]]:
    """List the languages that are not spoken now: code and name."""
    return [(code, name) for code, name in NAMES.items() if code != spoken()]
