"""Plain words out of bytes of unknown making: charsets, encoded headers, HTML, lines for staff.

Nothing here ever raises, whatever it is given, and all of it takes time in proportion to
its input. What comes out can be stored: no NUL, no half of a surrogate pair.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Final

_NO_CHARSETS: Final = re.compile(r"(?:raw.)?unicode.escape|idna|punycode|undefined|mbcs|oem")
"""Codecs of Python that no mail is written in; some of them take very long, or make half characters."""
_WIDER: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
}
"""Charsets as mail names them, and the larger ones that its writers often meant."""
_UNWANTED: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_HEADER_LIMIT: Final = 2_000
"""Longer ones are cut before they are decoded: the library's patterns grow with the square."""
_LINE_LIMIT: Final = 1_000
_ADDRESS: Final = re.compile(r"\S*\s?(?:[@＠]|%40|=40)\s?\S*")
_TOKEN: Final = re.compile(r"(?<![0-9a-z])[0-9a-f]{32,}(?![0-9a-z])", re.IGNORECASE)
_SPACE: Final = re.compile(r"[^\S\n]+")
_BLANK_LINES: Final = re.compile(r"\n\s*\n")
_UNSEEN: Final = ("script", "style", "title")
_BREAKS: Final = re.compile(r"/?(?:p|div|br|li|tr|h[1-6]|blockquote|table)\b", re.IGNORECASE)


def decoded(data: bytes, charset: str = "") -> str:
    """Read bytes in a charset as mail names it; what does not fit becomes a replacement character.

    A charset that is missing or unknown is taken for UTF-8, and if that does not fit, for Windows-1252.
    """
    name = charset.partition("*")[0].strip().lower()
    if name and not _NO_CHARSETS.fullmatch(name.replace("-", "_")):
        try:
            return storable(data.decode(_WIDER.get(name, name), "replace"))
        except (LookupError, ValueError):
            pass
    try:
        return storable(data.decode())
    except UnicodeDecodeError:
        return storable(data.decode("windows-1252", "replace"))


def storable(text: str) -> str:
    """Take out what a database or an encoder refuses."""
    return _UNWANTED.sub("", text)


def header_words(value: str) -> str:
    """Decode the encoded words of a header (RFC 2047); what is broken stays as it came. One line."""
    value = value[:_HEADER_LIMIT]
    try:
        chunks = decode_header(value)
    except (HeaderParseError, ValueError):
        chunks = [(value, None)]
    return " ".join("".join(_chunk(data, charset) for data, charset in chunks).split())


def one_line(text: str, names: Iterable[str] = (), *, limit: int) -> str:
    """Put what a server says into one line for staff: without addresses, tokens and the local parts of `names`."""
    if len(text) > _LINE_LIMIT:
        text = text[:_LINE_LIMIT].rpartition(" ")[0]
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = _TOKEN.sub("(token)", _ADDRESS.sub("(address)", text))
    for name in names:
        local = re.escape(name.rpartition("@")[0])
        if local:
            text = re.sub(rf"(?<!\w)(?<!\w\.){local}(?!\.?\w)", "(address)", text, flags=re.IGNORECASE)
    return " ".join(text.split())[:limit].strip()


def text_of_html(source: str) -> str:
    """Give the words that a reader of an HTML mail sees, with its blocks on lines of their own."""
    pieces: list[str] = []
    place = 0
    while place < len(source):
        start = source.find("<", place)
        if start < 0:
            pieces.append(source[place:])
            break
        pieces.append(source[place:start])
        shown, place = _after_tag(source, start)
        pieces.append(shown)
    return tidy(_unescaped("".join(pieces)))


def tidy(text: str) -> str:
    """Take out needless spaces and empty lines."""
    lines = (line.strip() for line in _SPACE.sub(" ", text).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _chunk(data: bytes | str, charset: str | None) -> str:
    if isinstance(data, str):
        return storable(data)
    # Between encoded words, the library hands out plain text in this notation.
    return decoded(data, charset) if charset else storable(data.decode("raw-unicode-escape", "replace"))


def _after_tag(source: str, start: int) -> tuple[str, int]:
    """Give what a tag at `start` shows, and where reading goes on."""
    if source.startswith("<!--", start):
        return "", _behind(source, "-->", start)
    name = source[start + 1 : start + 12].lower()
    for unseen in _UNSEEN:
        if name.startswith(unseen) and not name[len(unseen) : len(unseen) + 1].isalpha():
            end = re.compile(f"</{unseen}", re.IGNORECASE).search(source, start)
            return "", _behind(source, ">", end.start() if end else len(source))
    if not (name[:1].isalpha() or name[:1] in ("/", "!", "?")):
        return "<", start + 1
    return "\n" if _BREAKS.match(name) else " " if name.startswith("td") else "", _behind(source, ">", start)


def _behind(source: str, mark: str, start: int) -> int:
    found = source.find(mark, start)
    return found + len(mark) if found >= 0 else len(source)


def _unescaped(text: str) -> str:
    try:
        return storable(html.unescape(text))
    except ValueError:  # a character number with more digits than Python converts
        return text
