"""What brought a visitor: read at the first look at a page, carried in the form, kept with the registration.

No cookie and no script. Of the referrer only the host is kept; whatever cannot be read is
left out, and nothing of this reaches a message or a log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
NAMES: Final = (*UTM, "referrer", "landed")
"""Names of the hidden inputs, and of what is stored."""
LONGEST: Final = 100
"""Characters; whatever is longer is cut."""

_LANDED: Final = re.compile(r"/w/[a-z0-9-]{1,63}(?:/embed)?")
_HOST: Final = re.compile(r"[a-z0-9.-]{1,100}(?::[0-9]{1,5})?")


def arrive(query: Mapping[str, str], referrer: str, path: str, ours: str) -> dict[str, str]:
    """Read what a visitor's first request says; `ours` is our own host, which brings nobody."""
    host = _host(referrer)
    found = {name: query.get(name, "") for name in UTM}
    return carry({**found, "referrer": "" if host == ours.lower() else host, "landed": path})


def carry(given: Mapping[str, str]) -> dict[str, str]:
    """Give what is fit to be kept of values that came in a request or a form; the rest is left out."""
    kept = {name: given.get(name, "").strip()[:LONGEST] for name in UTM}
    kept = {name: value for name, value in kept.items() if value and value.isprintable() and "\ufffd" not in value}
    for name, shape in (("referrer", _HOST), ("landed", _LANDED)):
        if shape.fullmatch(given.get(name, "")):
            kept[name] = given[name]
    return kept


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.netloc.rpartition("@")[2].lower() if parts.scheme in ("http", "https") else ""
