"""A ceiling for request bodies, counted as they arrive.

Sits before everything that reads a body, so that ten megabytes sent to a form cost
two: what Content-Length says is believed only when it is too much.
"""

from __future__ import annotations

import re
from typing import Final

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from campaigns.language import gettext

_UPLOADS: Final = re.compile(r"/staff/.+/(?:import|attendance)")
"""Pages that take a file; only signed-in staff get past their door."""

_POURED_AT_MOST: Final = 64 * 1024 * 1024
"""Bytes; whoever sends more is cut off."""
_TOO_LARGE: Final = 413


class BodyCeiling:
    """Refuses bodies above a limit with 413, before they are kept anywhere."""

    def __init__(self, app: ASGIApp, *, limit: int, upload_limit: int) -> None:
        """Take both limits in bytes."""
        self._app = app
        self._limit = limit
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counting `receive`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._upload_limit if _UPLOADS.fullmatch(scope["path"]) else self._limit
        seen = 0
        announced = _announced(scope)

        async def counted() -> Message:
            nonlocal seen
            message: Message = await receive()
            seen += len(message.get("body", b""))
            if max(seen, announced) > limit:
                await _pour_away(message, receive)
                raise _too_large(limit)
            return message

        await self._app(scope, counted, send)


async def _pour_away(message: Message, receive: Receive) -> None:
    """Read on for a while, keeping nothing: a browser that is cut off while it sends never shows the answer."""
    poured = 0
    while message.get("more_body") and poured < _POURED_AT_MOST:
        message = await receive()
        poured += len(message.get("body", b""))


def _announced(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths and lengths[0].isdigit() else 0


def _too_large(limit: int) -> HTTPException:
    # An HTTPException, because FastAPI lets exactly this kind through while it reads a body.
    return HTTPException(
        _TOO_LARGE, gettext("What you sent is larger than %(most)d KB. Send less of it.", most=limit // 1024)
    )
