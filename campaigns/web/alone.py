"""An email's HTML alone, for a frame: in a sandbox without scripts and forms, as mail programs show it."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import HTMLResponse

_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {}; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_HEADERS: Final = {
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_HEAD: Final = re.compile(r"(<head\b[^>]*>)", re.IGNORECASE)
_SCHEME: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_YES, _NO = "(min-width: 0)", "(max-width: 0)"


def alone(html: str, *, images: bool = True, scheme: str = "") -> HTMLResponse:
    """Answer with an email's HTML: links open beside it.

    `scheme`, light or dark, shows it as a reader with that setting sees it, whatever the one here is.
    """
    if scheme:
        html = _SCHEME.sub(lambda found: _YES if found[1].lower() == scheme else _NO, html)
    # Links would open inside the frame, where our own pages refuse to be shown.
    first = '<base target="_blank">' + (f"<style>:root{{color-scheme:{scheme} only}}</style>" if scheme else "")
    body, found = _HEAD.subn(lambda head: head[1] + first, html, count=1)
    policy = _POLICY.format("'self' data:" if images else "'none'")
    return HTMLResponse(body if found else first + html, headers={**_HEADERS, "Content-Security-Policy": policy})
