"""What a template is made of, looked at sign by sign before anything is parsed.

A parser takes what it gets at its word: brackets a thousand deep end in its recursion, a number
of five thousand digits in an error of Python's. So a template is first counted, and what no
message needs is refused here, by line and with the remedy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from jinja2 import Environment, TemplateSyntaxError

from campaigns.errors import TemplateInvalid
from campaigns.rendering import limits
from campaigns.rendering.limits import Limit

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff"
    "\ud800-\udfff\ue000-\uf8ff\U000e0000-\U0010ffff]|\r(?!\n)"
)
"""Controls, direction marks, what has no width, halves of a character, and characters for private use."""
_VEILING: Final = {"comment_begin": "{#", "raw_begin": "{% raw"}
_BRACES: Final = re.compile(r"{[{%#]|[}%#]}")
_OPENING: Final = frozenset({"if", "for", "macro"})
_ESCAPED: Final = re.compile(r"\\[^\\\"']", re.DOTALL)
_LEXER: Final = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)


def check_signs(text: str, *, file: str, limit: Limit, environment: Environment = _LEXER) -> None:
    """Refuse a template that is too long, too deep, or holds characters that nobody can see.

    What passes can be parsed without reaching any limit of Python's. Raises `TemplateInvalid`
    with file and line.
    """
    check_letters(text, file=file, most=limit.characters)
    count = _Count(file, limit)
    try:
        for line, kind, value in environment.lex(text):
            count.take(line, kind, value)
    except TemplateSyntaxError as error:
        raise TemplateInvalid(f"{file}, line {error.lineno}: {quoted(error.message or '', 120)}") from None


def check_letters(text: str, *, file: str, most: int) -> None:
    """Refuse a text with more than `most` characters, or with one that cannot be seen. Raises `TemplateInvalid`."""
    if len(text) > most:
        raise TemplateInvalid(f"{file}: longer than {most} characters; shorten it")
    if found := _UNSEEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise TemplateInvalid(
            f"{file}, line {line}: a character that cannot be seen (U+{ord(found[0]):04X}) is not possible here;"
            " type the words around it afresh"
        )


def quoted(words: str, most: int = 40) -> str:
    """Give somebody's words as a message may repeat them: printable, on one line, `most` characters at most."""
    line = " ".join("".join(one if one.isprintable() else " " for one in words[: most + 1]).split())
    return line if len(words) <= most else f"{line[:most]}…"


@dataclass(slots=True)
class _Count:
    """What has been seen so far."""

    file: str
    limit: Limit
    tags: int = 0
    signs: int = 0
    """Within the pair of braces."""
    word: bool = False
    """Whether the word that says what a tag does comes next."""
    brackets: list[str] = field(default_factory=list)
    inside: int = 0
    """Of how many conditions."""

    def take(self, line: int, kind: str, value: str) -> None:
        """Count one sign."""
        if kind in _VEILING:
            raise self._fault(line, f"{_VEILING[kind]} is not possible in a template; take it out")
        if kind in ("block_begin", "variable_begin"):
            self._open(line, kind)
        elif kind not in ("data", "whitespace", "block_end", "variable_end"):
            self.signs += 1
            if self.signs > limits.SIGNS:
                raise self._fault(line, f"more than {limits.SIGNS} names and signs in one pair of braces; ask for less")
            self._look(line, kind, value)

    def _open(self, line: int, kind: str) -> None:
        self.tags, self.signs, self.word = self.tags + 1, 0, kind == "block_begin"
        if self.tags > self.limit.tags:
            raise self._fault(line, f"more than {self.limit.tags} placeholders and conditions; use fewer")

    def _look(self, line: int, kind: str, value: str) -> None:
        if self.word:
            self.word = False
            self.inside += (value in _OPENING) - (value.removeprefix("end") in _OPENING and value not in _OPENING)
        if kind == "operator":
            self._bracket(value)
        if max(self.inside, len(self.brackets)) > limits.NESTED:
            raise self._fault(line, f"more than {limits.NESTED} deep inside one another; take it apart")
        if kind == "float" or (kind == "integer" and len(value) > limits.DIGITS):
            raise self._fault(line, f"the number {quoted(value)} is not possible; numbers are whole and small")
        if kind == "string" and (found := _ESCAPED.search(value) or _BRACES.search(value)):
            raise self._fault(line, f"{quoted(found[0])} is not possible in quotation marks; write the letter itself")

    def _bracket(self, value: str) -> None:
        if value in ("(", "[", "{"):
            self.brackets.append(value)
        elif value in (")", "]", "}"):
            self.brackets.pop()  # the lexer has seen to it that there is one

    def _fault(self, line: int, says: str) -> TemplateInvalid:
        return TemplateInvalid(f"{self.file}, line {line}: {says}")
