"""Header fields of an email, written by hand because the standard library's cost thirty times the rest.

What goes in is text of ours and names people typed; what comes out is ASCII, folded, one
field per call. Nothing that goes in can begin a second field.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from campaigns.errors import AddressInvalid
from campaigns.rendering.variables import one_line

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""As RFC 5322 §3.3 spells them, whatever language the letter is in."""
_LINE: Final = 76
"""Longest line with an encoded word in it (RFC 2047 §2); plain lines may be 78 (RFC 5322 §2.1.1)."""
_WORD_BYTES: Final = 39
"""Bytes of one encoded word: 52 letters of base64 and 12 around them, so that `Subject: ` fits before it."""
_LONGEST_LINE: Final = 998
_PLAIN: Final = re.compile(r"[\x20-\x7e]*\Z")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}\Z")


def field(name: str, value: str) -> str:
    """Write one field whose value is ours and already ASCII, such as an id or an address in angle brackets.

    Raises `ValueError` for a line break, anything beyond ASCII, or a line over 998 characters:
    such a value was built wrongly, and leaving it out would hide that.
    """
    line = f"{name}: {value}"
    if not _PLAIN.match(value) or len(line) > _LONGEST_LINE:
        raise ValueError(f"{name} cannot be written as one header line")
    return f"{line}\r\n"


def text_field(name: str, value: str) -> str:
    """Write one field of free text, folded; whatever ASCII cannot carry becomes encoded words."""
    return f"{name}: {_folded(one_line(value), room=_LINE - len(name) - 2)}\r\n"


def mailbox_field(name: str, display: str, address: str) -> str:
    """Write a field with one named mailbox; raises `AddressInvalid` for an address no header can carry."""
    display = one_line(display)
    if not display:
        return field(name, header_address(address))
    if _needs_words(display) or len(display) > _LONGEST_LINE // 3:
        phrase = _encoded_words(display)
    else:
        phrase = '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name}: {phrase}\r\n <{header_address(address)}>\r\n"


def header_address(address: str) -> str:
    """Give an address as a header and the envelope carry it: an international domain in its ASCII form.

    Raises `AddressInvalid` for everything else beyond ASCII and for any character that could end
    an address or a line.
    """
    local, _, domain = address.rpartition("@")
    try:
        written = f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise AddressInvalid(field="email") from None
    if not _ADDRESS.match(written):
        raise AddressInvalid(field="email")
    return written


def date(moment: datetime) -> str:
    """Write an aware moment as RFC 5322 wants it, in UTC."""
    return _date(moment.astimezone(UTC).replace(microsecond=0))


@lru_cache(8)
def _date(utc: datetime) -> str:
    return (
        f"{_DAYS[utc.weekday()]}, {utc.day:02d} {_MONTHS[utc.month - 1]} {utc.year:04d} "
        f"{utc.hour:02d}:{utc.minute:02d}:{utc.second:02d} +0000"
    )


def _needs_words(value: str) -> bool:
    # "=?" would be read as the beginning of an encoded word that nobody wrote.
    return not value.isascii() or "=?" in value


def _folded(value: str, *, room: int) -> str:
    if _needs_words(value) or any(len(word) > _LINE // 2 for word in value.split(" ")):
        return _encoded_words(value)
    lines, line = [], ""
    for word in value.split(" "):
        longer = f"{line} {word}" if line else word
        if len(longer) > room:
            lines.append(line)
            line, room = word, _LINE - 1
        else:
            line = longer
    return "\r\n ".join([*lines, line])


def _encoded_words(value: str) -> str:
    words, piece, size = [], "", 0
    for character in value:
        width = len(character.encode())
        if size + width > _WORD_BYTES:
            words.append(piece)
            piece, size = "", 0
        piece, size = piece + character, size + width
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word.encode()).decode('ascii')}?=" for word in [*words, piece])
