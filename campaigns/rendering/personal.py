"""What differs from person to person in a message, and where it stands in the words.

A message is rendered once for everybody whose facts are alike, with a mark in place of
each personal value; `skeleton.py` cuts it at the marks. That is only right where a
template does nothing with such a value but print it, or ask whether there is one;
`only_printed` reads from its syntax tree whether that is so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jinja2 import nodes

from campaigns.domain.steps import Channel, Purpose
from campaigns.domain.tokens import Links
from campaigns.rendering.variables import Greetings, Letter, Value, greeting, name_after, one_line

PERSONAL: Final = ("first_name", "name_after", "greeting", "join_url", "manage_url", "stop_url", "replay_url", "code")
"""The names of the closed list whose values belong to one person alone; a recording's only on our own page."""

_FIRST_MARK: Final = 0xF0000
MARKS: Final[Mapping[str, str]] = {name: chr(_FIRST_MARK + place) for place, name in enumerate(PERSONAL)}
"""One character of a private-use plane for each name; a template's source may not contain any."""
OTHER_MARKS: Final = tuple(chr(_FIRST_MARK + len(PERSONAL) + place) for place in range(4))
"""More of them, for what stands in a calendar entry only."""
ALL_MARKS: Final = frozenset((*MARKS.values(), *OTHER_MARKS))


@dataclass(frozen=True, slots=True)
class Person:
    """What a skeleton is filled with."""

    delivery_id: int
    registration_id: int
    recipient: str
    """Email address or E.164 number."""
    first_name: str
    attempt: int = 0
    """Which hand-off this is; stands in the callback token of a text, nowhere else."""
    calendar_uid: str = ""
    """Stands in the calendar entry of an email, nowhere else."""
    code: str = ""
    """Stands in the text that asks whose a number is, nowhere else."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a person's values come from: what is the same for everybody who gets this message."""

    links: Links
    channel: Channel
    purpose: Purpose
    greetings: Greetings

    def value(self, name: str, who: Person) -> str:
        """Work out one of the values in `PERSONAL`."""
        return _VALUES[name](self, who)


_VALUES: Final[Mapping[str, Callable[[Source, Person], str]]] = {
    "first_name": lambda _, who: one_line(who.first_name),
    "name_after": lambda _, who: name_after(one_line(who.first_name)),
    "greeting": lambda it, who: greeting(one_line(who.first_name), it.greetings),
    "join_url": lambda it, who: it.links.join(who.registration_id),
    "manage_url": lambda it, who: it.links.manage(who.registration_id),
    "stop_url": lambda it, who: it.links.stop(who.registration_id, it.channel, it.purpose),
    "replay_url": lambda it, who: it.links.watch(who.registration_id),
    "code": lambda _, who: who.code,
}


def marks_for(values: Mapping[str, Value], letter: Letter) -> dict[str, Value]:
    """Give the marks to stand in place of the values of this letter; an empty value stays empty."""
    named = {name: mark for name, mark in MARKS.items() if values[name]}
    if not letter.replay_here:
        named.pop("replay_url", None)
    return dict(named)


def only_printed(trees: Sequence[nodes.Template]) -> bool:
    """Say whether personal values are printed, handed to a macro that prints them, or tested for being there.

    `trees` are all the files of one message with its frame. False for a filter, a comparison or
    any other use: then every message is rendered on its own.
    """
    # A macro that goes through a list part by part does more than print: it may be handed nothing personal.
    macros = [
        macro for tree in trees for macro in tree.find_all(nodes.Macro) if next(macro.find_all(nodes.For), None) is None
    ]
    names = frozenset((*PERSONAL, "subject", "preheader", *(one.name for macro in macros for one in macro.args)))
    return all(_harmless(tree, names, {macro.name for macro in macros}) for tree in trees)


def _harmless(node: nodes.Node, names: frozenset[str], macros: set[str]) -> bool:
    for child in node.iter_child_nodes():
        personal = isinstance(child, nodes.Name) and child.ctx == "load" and child.name in names
        if personal and not _may_hold(node, child, macros):
            return False
        if not _harmless(child, names, macros):
            return False
    return True


def _may_hold(parent: nodes.Node, child: nodes.Node, macros: set[str]) -> bool:
    if isinstance(parent, nodes.Call):
        return isinstance(parent.node, nodes.Name) and parent.node.name in macros
    return isinstance(parent, nodes.Output) or (isinstance(parent, nodes.If) and parent.test is child)
