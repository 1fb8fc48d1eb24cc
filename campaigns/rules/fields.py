"""The fields of a rule file, read one by one, so that what is wrong can be named.

For the readers beside this file. A `Fault` says what is wrong in words for whoever edits the file;
a reader adds where, and raises it as `ConfigurationError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

LONGEST_SENTENCE: Final = 120
_MOST: Final = 10_000
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")

Reader = Callable[[object], Any]
Named = TypeVar("Named", bound=StrEnum)


class Fault(Exception):
    """Something in a rule file is not as it must be."""


def fields(data: object, known: Mapping[str, Reader], required: Collection[str] = ()) -> dict[str, Any]:
    """Read every field of a table; raises `Fault` for one that is missing, not known, or wrong in itself."""
    if not isinstance(data, dict):
        raise Fault(f"{data!r} is no table")
    for name in required:
        if name not in data:
            raise Fault(f"{name!r} is missing")
    found = {}
    for name, value in data.items():
        if name not in known:
            raise Fault(f"{name!r} is not known here")
        try:
            found[name] = known[name](value)
        except Fault as fault:
            raise Fault(f"{name}: {fault}") from None
    return found


def text(value: object) -> str:
    """Read words, of any length."""
    if not isinstance(value, str):
        raise Fault(f"{value!r} is no text")
    return value


def name(value: object) -> str:
    """Read a name that code and tables may use."""
    if not _NAME.fullmatch(text(value)):
        raise Fault(f"{value!r} is no name of small letters")
    return str(value)


def sentence(value: object) -> str:
    """Read one line for staff."""
    said = text(value)
    if not said.strip() or len(said) > LONGEST_SENTENCE or not said.isprintable():
        raise Fault(f"must be one line of at most {LONGEST_SENTENCE} letters")
    return said


def flag(value: object) -> bool:
    """Read yes or no."""
    if not isinstance(value, bool):
        raise Fault(f"{value!r} is neither true nor false")
    return value


def number(value: object) -> int:
    """Read a whole number above zero."""
    if type(value) is not int or not 1 <= value <= _MOST:
        raise Fault(f"{value!r} is no whole number from 1 to {_MOST}")
    return value


def minutes(value: object) -> timedelta:
    """Read a whole number of minutes."""
    return timedelta(minutes=number(value))


def days(value: object) -> timedelta:
    """Read a whole number of days."""
    return timedelta(days=number(value))


def day(value: object) -> date:
    """Read a date without a time."""
    if type(value) is not date:
        raise Fault(f"{value!r} is no date")
    return value


def items(value: object) -> list[Any]:
    """Read a list, which may be empty."""
    if not isinstance(value, list):
        raise Fault(f"{value!r} is no list")
    return value


def choice(kind: type[Named], but: Collection[Named] = ()) -> Callable[[object], Named]:
    """Make a reader of one of the values of an enumeration, `but` these."""
    allowed = [one for one in kind if one not in but]

    def read(value: object) -> Named:
        for one in allowed:
            if one.value == value:
                return one
        raise Fault(f"{value!r} is none of {', '.join(allowed)}")

    return read


def some(read: Callable[[object], str]) -> Callable[[object], tuple[str, ...]]:
    """Make a reader of a list that has at least one entry."""

    def read_all(value: object) -> tuple[str, ...]:
        found = tuple(read(one) for one in items(value))
        if not found:
            raise Fault("is empty")
        return found

    return read_all
