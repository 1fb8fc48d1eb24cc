"""Headers that every answer carries, and the last net under the handlers.

A page may bring a Content-Security-Policy of its own; whatever it leaves out is added.
An exception ends here, as a page with a number to quote, so that no server prints a
traceback that may hold somebody's address.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_ORIGIN: Final = re.compile(r"(https://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?)(?:[/?#]|$)")
"""Nothing that could end a directive of the policy and begin another."""
_HTTPS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}


_NOBODY: Final = "frame-ancestors 'none'"
_OLDER: Final = "X-Frame-Options"
"""Knows no list of origins, so it stays away from a page whose policy has one: some browsers would obey it."""


def content_policy(form_targets: str = "'self'", media_sources: str = "", *, framed_by: str = "'none'") -> str:
    """Give the Content-Security-Policy: everything from us, nothing inline, in nobody's frame but `framed_by`'s.

    Chromium holds `form-action` against redirects too, so a form that leads elsewhere names
    that origin in `form_targets`. A page whose video or captions lie elsewhere names those
    origins, each as `origin_of` gives it, in `media_sources`.
    """
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; object-src 'none'; "
        f"base-uri 'none'; frame-ancestors {framed_by}; form-action {form_targets}"
        f"{'; media-src ' if media_sources else ''}{media_sources}"
    )


def origin_of(address: str) -> str:
    """Give the https origin of an address as a policy may name it; empty for our own paths and anything else."""
    found = _ORIGIN.match(address)
    return found.group(1).lower() if found else ""


class SafeHeaders:
    """Adds the headers; answers with `broken(request, error)` where a handler raised."""

    def __init__(self, app: ASGIApp, *, https: bool, broken: Callable[[Request, Exception], Response]) -> None:
        """Take whether the service is reached by https, and how to answer for an exception."""
        self._app = app
        self._headers = {
            **_ALWAYS, "Content-Security-Policy": content_policy(), **(_HTTPS_ONLY if https else {})
        }  # fmt: skip
        self._broken = broken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; every answer to it goes out with the headers.

        HEAD is answered as GET is: programs that check links ask that way. The server leaves the body out.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        begun = False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._dress(MutableHeaders(scope=message))
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        except Exception as error:
            answer = self._broken(Request(scope), error)
            if begun:
                # Half an answer is out: the connection has to break, so that nobody takes it for a whole one.
                raise
            await answer(scope, receive, dressed)

    def _dress(self, headers: MutableHeaders) -> None:
        left_out = _OLDER if _framed(headers.get("Content-Security-Policy", "")) else ""
        for name, value in self._headers.items():
            if name != left_out:
                headers.setdefault(name, value)


def _framed(policy: str) -> bool:
    """Say whether a policy names those who may frame the page."""
    return "frame-ancestors " in policy and _NOBODY not in policy
