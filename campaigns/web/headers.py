"""Headers that every answer carries, and the last net under the handlers.

A page may bring a Content-Security-Policy of its own; whatever it leaves out is added.
An exception ends here, as a page with a number to quote, so that no server prints a
traceback that may hold somebody's address.
"""

from __future__ import annotations

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
_HTTPS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}


def content_policy(form_targets: str = "'self'") -> str:
    """Give the Content-Security-Policy: everything from us, nothing inline, in nobody's frame.

    Chromium holds `form-action` against redirects too, so a form that leads elsewhere names
    that origin in `form_targets`.
    """
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; object-src 'none'; "
        f"base-uri 'none'; frame-ancestors 'none'; form-action {form_targets}"
    )


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
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, dressed)
        except Exception as error:
            answer = self._broken(Request(scope), error)
            if begun:
                # Half an answer is out: the connection has to break, so that nobody takes it for a whole one.
                raise
            await answer(scope, receive, dressed)
