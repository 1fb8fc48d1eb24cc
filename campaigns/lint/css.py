"""Style sheets as far as emails need them: rules, what they hold for, and which elements they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_NOTE: Final = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
_PRELUDE: Final = re.compile(r"[^{}]*\{")
_STEPS: Final = re.compile(r"\s*[>+~]\s*|\s+")
_SIMPLE: Final = re.compile(r"(?=.)([a-z][a-z0-9]*|\*)?((?:\.[\w-]+)*)", re.IGNORECASE)
_NESTED: Final = ("@media", "@supports", "@layer", "@container")

Path = Sequence[tuple[str, frozenset[str]]]
"""The tags and classes of an element and of what it stands in, the outermost first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Some declarations."""

    at: tuple[str, ...]
    """At-rules around it, the outermost first, as they are written."""
    selectors: tuple[str, ...]
    """Empty where the at-rule itself holds the declarations."""
    style: str

    @property
    def declared(self) -> dict[str, str]:
        """Give properties and values."""
        return declared(self.style)


def declared(style: str) -> dict[str, str]:
    """Give the properties and values of a `style` attribute, or of what stands between braces."""
    pairs = (one.partition(":") for one in style.split(";") if ":" in one)
    return {key.strip().lower(): value.replace("!important", "").strip() for key, _, value in pairs}


def rules(sheet: str, at: tuple[str, ...] = ()) -> Iterator[Rule]:
    """Give the rules of a style sheet in order."""
    text, place = _NOTE.sub(" ", sheet), 0
    while opening := _PRELUDE.match(text, place):
        *alone, prelude = (" ".join(one.split()) for one in opening[0][:-1].split(";"))
        yield from (Rule((*at, one), (), "") for one in alone if one.startswith("@"))
        end = _closing(text, opening.end())
        inside, place = text[opening.end() : end], end + 1
        if prelude.startswith(_NESTED):
            yield from rules(inside, (*at, prelude))
        elif prelude.startswith("@"):
            yield Rule((*at, prelude), (), inside)
        else:
            yield Rule(at, tuple(one.strip() for one in prelude.split(",")), inside)


def means(selector: str, path: Path) -> bool:
    """Say whether a selector of tags and classes means the innermost element of a path; False for any other kind."""
    *before, last = _simple(selector)
    if not path or not _fits(last, path[-1]):
        return False
    around = list(path[:-1])
    for one in reversed(before):
        while around and not _fits(one, around[-1]):
            around.pop()
        if not around:
            return False
        around.pop()
    return True


@lru_cache(maxsize=512)
def _simple(selector: str) -> tuple[tuple[str, frozenset[str]] | None, ...]:
    """Cut a selector into tags and classes, the outermost first; None for what is neither."""
    found = (_SIMPLE.fullmatch(one) for one in _STEPS.split(selector.strip()))
    return tuple((one[1] or "*", frozenset(one[2].split(".")[1:])) if one else None for one in found)


def _fits(simple: tuple[str, frozenset[str]] | None, element: tuple[str, frozenset[str]]) -> bool:
    return simple is not None and simple[0] in ("*", element[0]) and simple[1] <= element[1]


def _closing(text: str, place: int) -> int:
    """Give where the braces that are open at a place are closed; the end of a text that never closes them."""
    depth = 1
    for found in re.finditer(r"[{}]", text[place:]):
        depth += 1 if found[0] == "{" else -1
        if not depth:
            return place + found.start()
    return len(text)
