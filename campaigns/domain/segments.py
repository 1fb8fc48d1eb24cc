"""How many parts a text message takes, counted as carriers bill them (3GPP TS 23.038).

Providers never split an escape pair or a surrogate pair over two parts, so parts are
filled one character after another; dividing the length would be wrong by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
"""These travel as an escape and a character: two units."""

_GSM: Final = _BASIC | _EXTENDED

_ONE_PART: Final = 160
"""Septets of a message that is not split."""
_BEYOND_BMP: Final = 0x10000


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    """Septets in GSM-7, UTF-16 code units in UCS-2; fillers at the end of a part are not counted."""
    parts: int
    """Messages billed; zero for an empty text."""


def is_plain(letter: str) -> bool:
    """Say whether GSM-7 has this character."""
    return letter in _GSM


def count(text: str) -> Segments:
    """Say how `text` is encoded and how many parts it takes."""
    if not _GSM.issuperset(text):
        widths = [2 if ord(character) >= _BEYOND_BMP else 1 for character in text]
        return Segments("UCS-2", sum(widths), _fill(widths, alone=70, joined=67))
    if _BASIC.issuperset(text) and len(text) <= _ONE_PART:
        return Segments("GSM-7", len(text), 1 if text else 0)
    widths = [2 if character in _EXTENDED else 1 for character in text]
    return Segments("GSM-7", sum(widths), _fill(widths, alone=_ONE_PART, joined=153))


def offending(text: str) -> tuple[str, ...]:
    """Name the characters that push `text` out of GSM-7, each once, in order of appearance."""
    return tuple(dict.fromkeys(character for character in text if character not in _GSM))


def _fill(widths: Iterable[int], *, alone: int, joined: int) -> int:
    widths = list(widths)
    if sum(widths) <= alone:
        return 1 if widths else 0
    parts, room = 1, joined
    for width in widths:
        if width > room:
            parts, room = parts + 1, joined
        room -= width
    return parts
