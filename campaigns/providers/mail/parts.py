"""Take a mail apart into its header fields and its leaves, however broken it is.

Enter with `open_mail`. The library's own parser goes as deep as a mail is nested, which one
crafted mail turns into minutes of work or a fault; here depth, parts and bytes have an end.
An attached mail is a leaf: what it contains is somebody else's.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from hashlib import sha256
from typing import Final

from campaigns.providers.mail.words import decoded

Fields = dict[str, list[str]]
"""Header fields by their names in lower case, unfolded, in the order they stand."""

_MOST_BYTES: Final = 5_000_000
"""What lies beyond is not read: reports and words stand before whatever makes a mail so large."""
_MOST_HEAD: Final = 256_000
_MOST_FIELDS: Final = 2_000
_MOST_PARTS: Final = 100
_DEEPEST: Final = 5
_TYPE_LIMIT: Final = 2_000
"""Characters of a Content-Type that are read; the library's reading of parameters grows with the square."""
_LONGEST_BOUNDARY: Final = 200
"""RFC 2046 §5.1.1 allows 70."""
_FIELD_NAME: Final = re.compile(r"[!-9;-~]{1,100}")
_LIKELY_BOUNDARY: Final = re.compile(rb"^--([^\n]{1,200})\nContent-", re.IGNORECASE | re.MULTILINE)
_SOUND_ID: Final = re.compile(r"<[^<>@\s]{4,500}@[^<>@\s]{1,490}>")
_NOT_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_RETURNED: Final = frozenset(
    ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A leaf of a mail."""

    type: str
    """Such as `text/plain`, in lower case."""
    charset: str
    attached: bool
    encoding: str
    body: bytes
    """As it came, still in its transfer encoding, with bare LF as line ends."""

    def content(self, limit: int = _MOST_BYTES) -> bytes:
        """Undo the transfer encoding of the first `limit` bytes; an unknown one leaves them as they are."""
        return _with_plain_line_ends(_unwrapped(self.body[:limit], self.encoding))

    @property
    def returned(self) -> bool:
        """Say whether this is a mail, or the head of one, that somebody sends back or on."""
        return self.type in _RETURNED


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that was taken apart."""

    fields: Fields
    type: str
    parts: tuple[Part, ...]
    rcpt: str
    """Whom the envelope was addressed to, where that is known."""
    identity: bytes
    """Its Message-ID if it has a sound one, else all its bytes in short: the same mail read twice has the same."""

    def event_id(self, report: str, place: int = 0) -> str:
        """Name one event told by this mail; sixty-four characters."""
        return sha256(b"\0".join((report.encode(), self.identity, b"%d" % place))).hexdigest()

    def part(self, *types: str) -> Part | None:
        """Give the first leaf of one of these types."""
        return next((part for part in self.parts if part.type in types), None)

    def returned_heads(self) -> Iterator[Fields]:
        """Give the header fields of each mail that this one sends back or on."""
        return (head_of(part.content(_MOST_HEAD)) for part in self.parts if part.returned)


def open_mail(raw: bytes, rcpt: str = "") -> Mail:
    """Take a mail apart. Never raises, whatever the bytes are; no fields mean that it is no mail."""
    fields, body = _split(_with_plain_line_ends(raw[:_MOST_BYTES]).lstrip(b"\n"))
    leaves: list[Part] = []
    _collect(fields, body, leaves, _DEEPEST)
    own_name = first(fields, "message-id")
    identity = own_name.encode() if _SOUND_ID.fullmatch(own_name) else sha256(raw).digest()
    kind, _, _ = _type_of(fields)
    return Mail(fields=fields, type=kind, parts=tuple(leaves), rcpt=rcpt, identity=identity)


def first(fields: Fields, name: str) -> str:
    """Give the first field of a name, or an empty string."""
    return fields.get(name, [""])[0]


def head_of(content: bytes) -> Fields:
    """Give the header fields that a part's content begins with, whether or not a mail follows them."""
    return _split(content.lstrip(b"\n"))[0]


def fields_of(block: bytes) -> Fields:
    """Read a block of header fields; lines that are none are passed over."""
    fields: Fields = {}
    lines: list[str] | None = None
    unfolded: list[tuple[str, list[str]]] = []
    for line in map(decoded, block[:_MOST_HEAD].split(b"\n")):
        if line[:1] in (" ", "\t"):
            if lines is not None:
                lines.append(line.strip())
            continue
        name, colon, value = line.partition(":")
        lines = [value.strip()] if colon and _FIELD_NAME.fullmatch(name.rstrip()) else None
        if lines is not None:
            unfolded.append((name.rstrip().lower(), lines))
    for name, pieces in unfolded[:_MOST_FIELDS]:
        fields.setdefault(name, []).append(" ".join(filter(None, pieces)))
    return fields


def _collect(fields: Fields, body: bytes, leaves: list[Part], depth: int) -> None:
    kind, charset, boundary = _type_of(fields)
    pieces = _pieces(body, boundary) if kind.startswith("multipart/") and depth else None
    if pieces is None:
        if len(leaves) < _MOST_PARTS:
            attached = first(fields, "content-disposition").lower().startswith("attachment")
            encoding = first(fields, "content-transfer-encoding").partition(";")[0].strip().lower()
            # What cannot be cut is still worth reading.
            kind = "text/plain" if kind.startswith("multipart/") else kind
            leaves.append(Part(type=kind, charset=charset, attached=attached, encoding=encoding, body=body))
        return
    for piece in pieces:
        inner, rest = _split(piece)
        _collect(inner, rest, leaves, depth - 1)


def _type_of(fields: Fields) -> tuple[str, str, str]:
    """Give type, charset and boundary."""
    message = Message()
    message["Content-Type"] = first(fields, "content-type")[:_TYPE_LIMIT] or "text/plain"
    try:
        return message.get_content_type(), message.get_content_charset() or "", message.get_boundary() or ""
    except (LookupError, ValueError, TypeError, AttributeError):  # parameters that the library stumbles over
        return message.get_content_type(), "", ""


def _pieces(body: bytes, boundary: str) -> list[bytes] | None:
    """Cut a multipart at its boundary, or at what looks like one if that does not occur; None if nothing does."""
    name = boundary.encode("utf-8", "replace")[:_LONGEST_BOUNDARY]
    if not name or b"--" + name not in body:
        likely = _LIKELY_BOUNDARY.search(body)
        if not likely:
            return None
        name = likely.group(1).rstrip()
    delimiter = re.compile(rb"^--" + re.escape(name) + rb"(--)?[ \t]*$\n?", re.MULTILINE)
    pieces: list[bytes] = []
    begun = -1
    for found in delimiter.finditer(body):
        if begun >= 0:
            pieces.append(body[begun : max(found.start() - 1, begun)])
        begun = found.end()
        if found.group(1) or len(pieces) >= _MOST_PARTS:
            return pieces
    return [*pieces, body[begun:]] if begun >= 0 else None


def _split(raw: bytes) -> tuple[Fields, bytes]:
    """Part head and body at the first empty line; what begins with one has no head."""
    if raw.startswith(b"\n"):
        return {}, raw[1:]
    head, _, body = raw.partition(b"\n\n")
    return fields_of(head), body


def _with_plain_line_ends(raw: bytes) -> bytes:
    return raw.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _unwrapped(body: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return quopri.decodestring(body)
    if encoding == "base64":
        wanted = body.translate(None, _NOT_BASE64)
        try:
            return base64.b64decode(wanted + b"=" * (-len(wanted) % 4))
        except binascii.Error:  # one letter too many, as after a cut
            return base64.b64decode(wanted[: len(wanted) // 4 * 4])
    return body
