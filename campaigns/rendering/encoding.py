"""Bodies as quoted-printable, whole or in pieces that may be joined in any number.

Every piece ends at the start of a line, so that whatever is put behind it begins one:
lines keep within 76 characters and none begins with a dot, however long the values are.
"""

from __future__ import annotations

from binascii import b2a_qp
from typing import Final

_LINE: Final = 76
_SHORT: Final = 72
"""A plain value up to this long stands on one line of its own."""
_SOFT: Final = b"=\r\n"


def quoted_printable(text: str) -> bytes:
    """Encode a body so that it survives every transport: CRLF, lines of 76 at most, no dot at the start of one."""
    raw = text.replace("\r\n", "\n").encode().replace(b"\n", b"\r\n")
    # The line break in front shows the encoder that lines end in CRLF; it is taken off again.
    encoded = b2a_qp(b"\r\n" + raw)
    # A dot is written out and the rest of its line goes to a line of its own, which
    # keeps within the width whatever follows. That rest may begin with a dot again.
    while b"\r\n." in encoded:
        encoded = encoded.replace(b"\r\n.", b"\r\n=2E=\r\n")
    return encoded[2:]


def piece(text: str) -> bytes:
    """Encode a piece of a body that begins a line, and leave the next piece to begin one too."""
    if len(text) <= _SHORT and text.isascii() and text.isprintable() and "=" not in text and text[:1] not in ("", "."):
        # A blank before the soft break is not at the end of a line as it is read.
        return text.encode("ascii") + _SOFT
    encoded = quoted_printable(text)
    if not encoded or encoded.endswith(b"\r\n"):
        return encoded
    line = len(encoded) - encoded.rfind(b"\n") - 1
    if line < _LINE:
        return encoded + _SOFT
    cut = len(encoded) - 4
    while b"=" in encoded[cut - 2 : cut] or encoded[cut : cut + 1] == b".":
        cut -= 1
    return encoded[:cut] + _SOFT + encoded[cut:] + _SOFT
