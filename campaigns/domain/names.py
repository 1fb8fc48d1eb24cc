"""Names of people, as they may stand in a greeting, a mail header and on a staff page.

Every script, apostrophes and hyphens are welcome. What a name cannot need is
refused and never quietly removed, so that nobody is greeted with a mangled name:
line breaks and controls (header injection), marks that turn the reading direction,
characters nobody can see, markup, and web addresses (spam sent through our confirmation).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from campaigns.errors import Rejected, Word, mark

LONGEST: Final = 80
"""Characters a name may have."""

_LABELS: Final = {"first_name": Word(mark("first name"))}
"""What visitors call a field; other fields are filled in by staff, in English."""

_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that count as letters, marks or symbols, yet show nothing."""

_TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that embed, override or isolate the reading direction."""

_JOINERS: Final = frozenset("\u200c\u200d")
"""Zero-width, but part of the spelling in the scripts below (Persian, Sinhala, Malayalam …)."""

_JOINING_SCRIPTS: Final = frozenset(
    {
        "ARABIC",
        "SYRIAC",
        "MONGOLIAN",
        "DEVANAGARI",
        "BENGALI",
        "GURMUKHI",
        "GUJARATI",
        "ORIYA",
        "TAMIL",
        "TELUGU",
        "KANNADA",
        "MALAYALAM",
        "SINHALA",
        "KHMER",
        "MYANMAR",
        "TIBETAN",
    }
)

_WEB_ADDRESS: Final = re.compile(
    r"://|\bwww\.|\b[\w-]{2,}\.[a-z]{2,}/|\b[\w-]{2,}\.(?:com|net|org|info|biz|io|ru|cn|xyz|top|link|click|shop|site)\b"
)
"""What mail programs turn into a link by themselves."""


def clean_name(raw: str, *, field: str, required: bool = True) -> str:
    """Give the name in composed form (NFC), trimmed, with single spaces between its parts.

    Raises `Rejected` with `field` and a sentence that says what to change. An empty name is
    refused unless `required` is false; then it comes back as it is. Cleaning twice changes nothing.
    """
    label = _LABELS.get(field, field.replace("_", " "))
    composed = unicodedata.normalize("NFC", raw)
    _refuse_characters(composed, label, field)
    name = " ".join(composed.split())
    if not name and required:
        raise Rejected(mark("The %(label)s is missing. Write it as we should greet you."), field=field, label=label)
    if len(name) > LONGEST:
        raise Rejected(
            mark("The %(label)s is longer than %(most)d characters. Shorten it, for example to the part people use."),
            field=field,
            label=label,
            most=LONGEST,
        )
    if _WEB_ADDRESS.search(unicodedata.normalize("NFKC", name).casefold()):
        raise Rejected(mark("The %(label)s holds a web address. Write a name only."), field=field, label=label)
    return name


def _refuse_characters(text: str, label: str, field: str) -> None:
    for place, character in enumerate(text):
        kind = unicodedata.category(character)
        if character in "\r\n\x0b\x0c\x1c\x1d\x1e\x85" or kind in ("Zl", "Zp"):
            raise Rejected(
                mark("The %(label)s has a line break in it. Write it on one line."), field=field, label=label
            )
        if character in "<>":
            raise Rejected(
                mark("The %(label)s cannot hold the signs < or >. Leave them out."), field=field, label=label
            )
        if character in _TURNING:
            raise Rejected(
                mark(
                    "The %(label)s holds a hidden mark that turns the reading direction."
                    " Type it afresh, without pasting."
                ),
                field=field,
                label=label,
            )
        if _is_hidden(text, place, kind):
            raise Rejected(
                mark("The %(label)s holds a character that cannot be seen. Type it afresh, without pasting."),
                field=field,
                label=label,
            )


def _is_hidden(text: str, place: int, kind: str) -> bool:
    character = text[place]
    if character in _JOINERS:
        return not (_joins(text[place - 1 : place]) and _joins(text[place + 1 : place + 2]))
    return character in _UNSEEN or kind in ("Cc", "Cf", "Cs", "Co", "Cn")


def _joins(neighbour: str) -> bool:
    return bool(neighbour) and unicodedata.name(neighbour, "").partition(" ")[0] in _JOINING_SCRIPTS
