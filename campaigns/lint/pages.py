"""A source file as plain text: its lines, its language, and what a reader sees of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Final

from campaigns.language import ENGLISH, NAMES
from campaigns.lint.finding import Spot
from campaigns.rendering.limits import BODY, MADE, SETTINGS, SMS

_TAG: Final = re.compile(r"{%(?:(?!{%|%}).)*+%}|{#(?:(?!{#|#}).)*+#}|<(?=[/a-zA-Z!])[^<>]*>", re.DOTALL)
_HOLE: Final = re.compile(r"{{((?:(?!{{|}}).)*+)}}", re.DOTALL)
_CODE: Final = re.compile(r"{[{%]((?:(?!{[{%]|[%}]}).)*+)[%}]}", re.DOTALL)
_SAID: Final = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_KEY: Final = re.compile(r"\s*(subject|preheader)\s*=\s*(.*)")
_TABLE: Final = re.compile(r"\s*\[+\s*(\w+)\s*\]+")
_MARKDOWN: Final = re.compile(r"\*\*|\[(?=[^\[\]]*\]\()|\]\([a-z_]+\)|^(?:# |> |- |[0-9]+\. )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """One source file, or what one says in one language."""

    file: str
    """From the folder of templates."""
    language: str
    """Empty for a file that speaks every language."""
    raw: str
    prose: str
    """What a reader sees of it, line for line as in the file; `…` stands for a value."""

    def line_at(self, offset: int) -> Spot:
        """Give the line of a place in `prose`."""
        return Spot(self.file, self.prose.count("\n", 0, offset) + 1)

    def line_at_raw(self, offset: int) -> Spot:
        """Give the line of a place in `raw`."""
        return Spot(self.file, self.raw.count("\n", 0, offset) + 1)

    def line_with(self, letter: str) -> Spot | None:
        """Give the first line on which a character stands."""
        at = self.raw.find(letter)
        return None if at < 0 else self.line_at_raw(at)

    def line_of(self, words: str) -> Spot | None:
        """Give the first line on which these words stand, however they are broken up."""
        wanted = _flat(words)
        for text in (self.prose, self.raw):
            flat = _flat(text)
            at = flat.find(wanted) if wanted else -1
            while at >= 0:
                if not (_in_word(flat[at - 1 : at]) or _in_word(flat[at + len(wanted) : at + len(wanted) + 1])):
                    return Spot(self.file, _line_of_word(text, flat.count(" ", 0, at)))
                at = flat.find(wanted, at + 1)
        return None


def language_of(file: str) -> str:
    """Tell the language of a file by its name: `body.es.html` is Spanish, `frame.html` is in none."""
    parts = file.rpartition("/")[2].split(".")
    named = [part for part in parts[1:] if part in NAMES]
    return named[0] if named else "" if parts[0] == "frame" else ENGLISH


def holes(text: str) -> Iterator[str]:
    """Give what stands between the braces of a template, without the words in quotes."""
    for tag in _CODE.findall(text):
        yield _SAID.sub("", tag)


def pages_of(file: str, text: str) -> Iterator[Page]:
    """Give a file of a message as a page; `message.toml` once for each language, as subject and preheader alone."""
    if len(text) > _most_of(file):
        text = ""  # the compiler says so, and nobody has to read it
    if not file.endswith("message.toml"):
        yield page_of(file, text)
        return
    for language in NAMES:
        table = "" if language == ENGLISH else language
        lines = [_value(line) if here == table else "" for here, line in lines_of(text)]
        yield Page(file, language, "\n".join(lines), _prose("\n".join(lines)))


def _most_of(file: str) -> int:
    name = file.rpartition("/")[2]
    if name.endswith(".toml"):
        return SETTINGS
    if name.endswith(".md"):
        return BODY.characters
    return SMS.characters if name.startswith("sms") else MADE.characters


def lines_of(toml: str) -> Iterator[tuple[str, str]]:
    """Give each line with the table it stands in."""
    table = ""
    for line in toml.split("\n"):
        if heading := _TABLE.fullmatch(line.partition("#")[0].rstrip()):
            table = heading[1]
        yield table, line


def _value(line: str) -> str:
    key = _KEY.fullmatch(line)
    return key[2].strip().strip("\"'") if key else ""


def page_of(file: str, text: str) -> Page:
    """Read a file that says one thing in one language."""
    speaks = not file.endswith(("frame.html", "frame.mjml", "frame.parts.html", "frame.toml"))
    prose = _prose(text) if speaks else "\n" * text.count("\n")
    if file.endswith(".html"):
        prose = unescape(prose)
    elif file.endswith(".md"):
        prose = _MARKDOWN.sub("", prose)
    return Page(file, language_of(file), text, prose)


def _prose(text: str) -> str:
    """Take out tags and code; keep every line where it is."""
    said = _HOLE.sub(lambda hole: _kept(hole[0], _words(hole[1])), text)
    return _TAG.sub(lambda tag: _kept(tag[0], ""), said)


def _words(code: str) -> str:
    """Give the words that a macro is called with; a bare value is an ellipsis."""
    said = [one or other for one, other in _SAID.findall(code)]
    return " … ".join(said) or "…"


def _kept(old: str, new: str) -> str:
    return new + "\n" * (old.count("\n") - new.count("\n"))


@lru_cache(maxsize=256)
def _flat(text: str) -> str:
    """Give a text on one line and in small letters, so that words are found however they are broken up."""
    return " ".join(text.split()).lower()


def _in_word(letter: str) -> bool:
    return letter == "_" or letter.isalnum()


def _line_of_word(text: str, number: int) -> int:
    """Give the line on which the word of this number stands, the first being 0."""
    before = 0
    for line, words in enumerate(text.split("\n"), 1):
        before += len(words.split())
        if before > number:
            return line
    return 1
