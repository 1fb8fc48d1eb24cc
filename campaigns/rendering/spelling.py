"""Whether the words of a template can come to spell an address, however they are cut up.

`htt{% if asks %}ps://…` holds no address, and what is rendered does: a mail program makes a link
of it. So the pieces are read as they may follow one another, past every condition and with every
value empty, and as a reader's program would see them: wide letters, accents and entities undone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from html import unescape
from typing import Final

from jinja2 import nodes

_LINKS: Final = ("http:", "https:", "://", "www.", "href", "src=", "javascript:", "mailto:")
_SITES: Final = ("a.aa", "0.aa")
"""Letters for any letter, `0` for any digit: phones make a link of `clinic.com`."""
_NOT_SEEN: Final = frozenset({"Mn", "Me", "Cf"})
States = frozenset[str]
"""How much of an address may have been spelled when a place is reached."""
_NOTHING: Final[States] = frozenset({""})
_A_WORD: Final[States] = frozenset({"", "a", "a."})
"""What may stand behind a value: `{{ clinic }}.com` makes a site of any name, `{{ time }}com` one of `p.m.`."""


def address_in(tree: nodes.Template, *, entities: bool) -> tuple[int, str] | None:
    """Give the line on which an address can be complete, and how it ends; None where none ever is.

    `entities`: the words are HTML, in which `&#46;` is a full stop.
    """
    for signs, shape, value in ((_LINKS, _lowered, _NOTHING), (_SITES, _shaped, _A_WORD)):
        try:
            _Reading(signs, shape, value, entities=entities).through(tree, _NOTHING)
        except _Found as found:
            return found.line, found.words
    return None


class _Found(Exception):
    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line, self.words = line, words


def _seen(words: str, *, entities: bool) -> str:
    """Give words as a program takes them: without accents, and with plain letters for wide ones."""
    plain = unicodedata.normalize("NFKD", unescape(words) if entities else words)
    return "".join([one for one in plain if unicodedata.category(one) not in _NOT_SEEN])


def _lowered(words: str) -> str:
    return "".join([one.lower()[:1] for one in words])


def _shaped(words: str) -> str:
    return "".join(["0" if one.isdigit() else "a" if one.isalpha() else "." if one == "." else " " for one in words])


class _Reading:
    """Follows every way through a template, with how much of a sign each has behind it."""

    def __init__(self, signs: tuple[str, ...], shape: Callable[[str], str], value: States, *, entities: bool) -> None:
        self.shape, self.value, self.entities = shape, value, entities
        self.whole = re.compile("|".join(map(re.escape, signs)))
        self.begun = {sign[:length] for sign in signs for length in range(len(sign))}
        self.longest = max(map(len, signs))

    def through(self, node: nodes.Node, before: States) -> States:
        """Give what may stand behind a node; raises `_Found`."""
        if isinstance(node, nodes.TemplateData):
            return self._said(node, node.data, before)
        if isinstance(node, nodes.Const):
            return self._said(node, node.value, before) if isinstance(node.value, str) else self.value
        if isinstance(node, nodes.If):
            ways = [node.body, *(one.body for one in node.elif_), node.else_]
            return self._either(self._each(way, before) for way in ways)
        if isinstance(node, nodes.CondExpr):
            other = before if node.expr2 is None else self.through(node.expr2, before)
            return self.through(node.expr1, before) | other
        if isinstance(node, nodes.Expr):
            # A value, or what a macro prints: some of what it is made of, anything at all, or nothing.
            return self._either(self.through(one, before) for one in node.iter_child_nodes()) | before | self.value
        return self._each(node.iter_child_nodes(), before)

    def _each(self, parts: Iterable[nodes.Node], before: States) -> States:
        for part in parts:
            before = self.through(part, before)
        return before

    def _either(self, ways: Iterable[States]) -> States:
        return frozenset().union(*ways)

    def _said(self, node: nodes.Node, words: str, before: States) -> States:
        seen = _seen(words, entities=self.entities)
        shaped = self.shape(seen)
        return frozenset(self._behind(node, start, shaped, seen) for start in before)

    def _behind(self, node: nodes.Node, start: str, shaped: str, seen: str) -> str:
        """Give the beginning of a sign that stands at the end of the words."""
        if found := self.whole.search(start + shaped):
            at = max(0, found.start() - len(start))
            raise _Found(node.lineno + seen.count("\n", 0, at), _around(seen, at))
        ends = ((start + shaped)[-length:] for length in range(min(self.longest, len(start + shaped)), 0, -1))
        return next((end for end in ends if end in self.begun), "")


def _around(words: str, at: int) -> str:
    """Give the word that a place is in."""
    return (words[:at].rsplit(" ", maxsplit=1)[-1] + words[at:].split(" ", maxsplit=1)[0]).strip()
