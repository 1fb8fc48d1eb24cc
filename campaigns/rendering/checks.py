"""What a template may contain, read from its syntax tree before it ever runs.

Message templates are words with holes. They may ask, compare and call the frame's own
macros; they may not reach into a value, count, loop, or name anything outside the closed
list. The frame, which is ours, may also loop and define macros.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes

from campaigns.errors import TemplateInvalid
from campaigns.rendering.lexing import check_signs, quoted
from campaigns.rendering.limits import FRAME, MADE, Limit
from campaigns.rendering.spelling import address_in

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
_ADDRESSES: Final = "_url"
"""How the names of addresses end."""
_FRAME: Final = (*_WORDS, nodes.Macro, nodes.For)
_TAG: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)\b([^>]*)>")
_ANY_TAG: Final = re.compile(r"<[/!?a-zA-Z][^>]*>?")
_MARKUP: Final = re.compile(r"<[/!?a-zA-Z]")


def check_words(
    environment: Environment,
    text: str,
    *,
    file: str,
    names: frozenset[str],
    macros: Mapping[str, int],
    limit: Limit = MADE,
) -> None:
    """Refuse a part of a message that says more than it may, or more of it than `limit`.

    Raises `TemplateInvalid` with file, line and the name at fault.
    """
    tree = _parsed(environment, text, file, limit)
    _check_tree(tree, file=file, allowed=_WORDS, names=names, macros=macros, filters=environment.filters)
    for call in tree.find_all(nodes.Call):
        _check_handed(call, f"{file}, line {call.lineno}")
    for const in tree.find_all(nodes.Const):
        if isinstance(const.value, str) and (found := _MARKUP.search(const.value)):
            raise TemplateInvalid(f"{file}, line {const.lineno}: {found[0]} is not possible in quotation marks")
    if address := address_in(tree, entities=file.endswith(".html")):
        line, words = address
        raise TemplateInvalid(
            f"{file}, line {line}: {quoted(words)} - links come from the list of names;"
            " a full stop in the middle of a word makes one too, and so may letters right behind a value"
        )


def check_frame(
    environment: Environment, text: str, *, file: str, names: frozenset[str], macros: Mapping[str, int]
) -> dict[str, int]:
    """Refuse a frame that uses an unknown name; give its macros with the number of things each takes.

    `macros` are those that it finds there already; they are among what is given. Raises `TemplateInvalid`.
    """
    tree = _parsed(environment, text, file, FRAME)
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
            raise TemplateInvalid(f"{file}, line {line}: the tag <{quoted(opening)}> is not one of the frame's")


def _parsed(environment: Environment, text: str, file: str, limit: Limit) -> nodes.Template:
    check_signs(text, file=file, limit=limit, environment=environment)
    try:
        return environment.parse(text)
    except TemplateSyntaxError as error:
        raise TemplateInvalid(f"{file}, line {error.lineno}: {quoted(error.message or '', 120)}") from None


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
        where = f"{file}, line {_line_of(node)}"
        if not isinstance(node, allowed):
            raise TemplateInvalid(f"{where}: {type(node).__name__} is not possible in a template")
        if isinstance(node, nodes.Call):
            _check_call(node, macros, where)
        if isinstance(node, nodes.Filter) and node.name not in filters:
            raise TemplateInvalid(f"{where}: there is no filter {quoted(node.name)}")
        if isinstance(node, nodes.Name) and node.name not in (macros if id(node) in called else names):
            raise TemplateInvalid(f"{where}: {quoted(node.name)} is not a name that templates know")


def _line_of(node: nodes.Node) -> int:
    """Give the line of a node; what Jinja puts in between has none, and is where its parts are."""
    return node.lineno or next((one.lineno for one in node.find_all(nodes.Node) if one.lineno), 1)


def _check_call(call: nodes.Call, macros: Mapping[str, int], where: str) -> None:
    if not isinstance(call.node, nodes.Name) or call.node.name not in macros:
        raise TemplateInvalid(f"{where}: only the frame's macros can be called: {', '.join(sorted(macros))}")
    if call.kwargs or call.dyn_args or call.dyn_kwargs or len(call.args) != macros[call.node.name]:
        raise TemplateInvalid(f"{where}: {call.node.name} takes {macros[call.node.name]} things in brackets")


def _check_handed(call: nodes.Call, where: str) -> None:
    """Refuse what a message may not hand to a macro: another one's words, and to a link anything but an address."""
    assert isinstance(call.node, nodes.Name)
    if next(call.find_all(nodes.Call), None) is not None:
        # A macro that goes through its words letter by letter would make a thousand of each.
        raise TemplateInvalid(f"{where}: {call.node.name} takes words and names, no other macro")
    if call.node.name in _LEADING and not _leads(call.args[-1]):
        raise TemplateInvalid(f"{where}: {call.node.name} leads to a name of the list, such as manage_url")


def _leads(target: nodes.Expr) -> bool:
    return isinstance(target, nodes.Name) and target.name.endswith(_ADDRESSES)
