"""What a template may contain, read from its syntax tree before it ever runs.

Message templates are words with holes. They may ask, compare and call the frame's own
macros; they may not reach into a value, count, loop, or name anything outside the closed
list. The frame, which is ours, may also loop and define macros.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes

from campaigns.errors import TemplateInvalid

_WORDS: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Call,
    nodes.Filter,
)
_LEADING: Final = ("link", "button")
"""Macros whose last value is an address."""
_FRAME: Final = (*_WORDS, nodes.Macro, nodes.For)
_LONGEST: Final = 100_000
_TAG: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)\b([^>]*)>")
_ANY_TAG: Final = re.compile(r"<[/!?a-zA-Z][^>]*>?")
_VEILED: Final = re.compile(r"{#|{%[-+]?\s*(?:raw|endraw)\b")
"""What would keep words from being looked at: comments, and words that Jinja passes on as they are."""
_ADDRESS: Final = re.compile(r"https?:|www\.|href|src=|javascript:", re.IGNORECASE)


def check_words(
    environment: Environment, text: str, *, file: str, names: frozenset[str], macros: Mapping[str, int]
) -> None:
    """Refuse a part of a message that says more than it may.

    Raises `TemplateInvalid` with file, line and the name at fault.
    """
    if len(text) > _LONGEST:
        raise TemplateInvalid(f"{file}: longer than {_LONGEST} characters")
    if veiled := _VEILED.search(text):
        line = text.count("\n", 0, veiled.start()) + 1
        raise TemplateInvalid(f"{file}, line {line}: {veiled[0]} is not possible in a template")
    tree = _parsed(environment, text, file)
    _check_tree(tree, file=file, allowed=_WORDS, names=names, macros=macros, filters=environment.filters)
    for line, words in _said(tree):
        if found := _ADDRESS.search(words):
            raise TemplateInvalid(f"{file}, line {line}: {found[0]} - links come from the list of names")


def _said(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    """Give every piece of words with its line: those that stand there, and those in quotation marks."""
    for data in tree.find_all(nodes.TemplateData):
        yield data.lineno, data.data
    for const in tree.find_all(nodes.Const):
        if isinstance(const.value, str):
            yield const.lineno, const.value


def check_frame(
    environment: Environment, text: str, *, file: str, names: frozenset[str], macros: Mapping[str, int]
) -> dict[str, int]:
    """Refuse a frame that uses an unknown name; give its macros with the number of things each takes.

    `macros` are those that it finds there already; they are among what is given. Raises `TemplateInvalid`.
    """
    tree = _parsed(environment, text, file)
    macros = {**macros, **{macro.name: len(macro.args) for macro in tree.find_all(nodes.Macro)}}
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")}
    _check_tree(tree, file=file, allowed=_FRAME, names=names | own, macros=macros, filters=environment.filters)
    return macros


def check_tags(text: str, *, file: str, tags: frozenset[str]) -> None:
    """Refuse HTML beyond the tags the frame knows how to dress, over however many lines. Raises `TemplateInvalid`."""
    for found in _ANY_TAG.finditer(text):
        tag = _TAG.fullmatch(found[0])
        opening = f"{tag[1]}{tag[2]}".strip() if tag else found[0].strip("<>")
        if tag is None or opening not in tags:
            line = text.count("\n", 0, found.start()) + 1
            raise TemplateInvalid(f"{file}, line {line}: the tag <{opening}> is not one of the frame's")


def _parsed(environment: Environment, text: str, file: str) -> nodes.Template:
    try:
        return environment.parse(text)
    except TemplateSyntaxError as error:
        raise TemplateInvalid(f"{file}, line {error.lineno}: {error.message}") from None


def _check_tree(
    tree: nodes.Node,
    *,
    file: str,
    allowed: tuple[type[nodes.Node], ...],
    names: frozenset[str],
    macros: Mapping[str, int],
    filters: Container[str],
) -> None:
    called = {id(call.node) for call in tree.find_all(nodes.Call)}
    for node in tree.find_all(nodes.Node):
        where = f"{file}, line {node.lineno}"
        if not isinstance(node, allowed):
            raise TemplateInvalid(f"{where}: {type(node).__name__} is not possible in a template")
        if isinstance(node, nodes.Call):
            _check_call(node, macros, where)
        if isinstance(node, nodes.Filter) and node.name not in filters:
            raise TemplateInvalid(f"{where}: there is no filter {node.name}")
        if isinstance(node, nodes.Name) and node.name not in (macros if id(node) in called else names):
            raise TemplateInvalid(f"{where}: {node.name} is not a name that templates know")


def _check_call(call: nodes.Call, macros: Mapping[str, int], where: str) -> None:
    if not isinstance(call.node, nodes.Name) or call.node.name not in macros:
        raise TemplateInvalid(f"{where}: only the frame's macros can be called: {', '.join(sorted(macros))}")
    if call.kwargs or call.dyn_args or call.dyn_kwargs or len(call.args) != macros[call.node.name]:
        raise TemplateInvalid(f"{where}: {call.node.name} takes {macros[call.node.name]} things in brackets")
    if call.node.name in _LEADING and not isinstance(call.args[-1], nodes.Name):
        raise TemplateInvalid(f"{where}: {call.node.name} leads to a name of the list, such as manage_url")
