"""What a webinar's form asks beyond name and address: the kinds of field, and whether an answer will do.

Every sentence of refusal names the field by its label and says what to do; it never
repeats what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from campaigns.errors import Rejected, mark

LONGEST_ANSWER: Final = 500
"""Characters of a typed answer."""
LONGEST_LABEL: Final = 120
LONGEST_HINT: Final = 300
MOST_OPTIONS: Final = 20
TICKED: Final = "yes"
"""The value of a ticked box."""
PREFIX: Final = "field-"
"""Begins the name of every such field in the form, so that it meets no other."""

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class FieldKind(StrEnum):
    """How a field is answered."""

    TEXT = "text"
    """One line, typed."""
    SINGLE = "single"
    """One of its options."""
    MULTI = "multi"
    """Any of its options."""
    CHECKBOX = "checkbox"
    """One box, ticked or not."""


CHOOSING: Final = (FieldKind.SINGLE, FieldKind.MULTI)
"""The kinds that have options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field as staff have set it up."""

    id: int = 0
    """0 before it is stored."""
    key: str
    label: str
    hint: str = ""
    kind: FieldKind
    options: tuple[str, ...] = ()
    """In the order of the page; only for the kinds that choose."""
    required: bool = False
    sensitive: bool = False
    """May speak of health: never in a message, and for staff only on a page of its own."""
    position: int = 0
    """Smaller ones stand first."""

    @property
    def name(self) -> str:
        """Its name in the form."""
        return PREFIX + self.key


def judge(field: FormField, given: Sequence[str]) -> tuple[str, ...]:
    """Give the answer without blanks around it, empty if there is none; raises `Rejected` for one that will not do."""
    values = tuple(dict.fromkeys(value.strip() for value in given if value.strip()))
    if not values:
        if field.required:
            raise _refused(field, _MISSING[field.kind])
        return ()
    if field.kind is FieldKind.TEXT:
        return _judge_text(field, values)
    known = field.options if field.kind in CHOOSING else (TICKED,)
    if any(value not in known for value in values):
        raise _refused(
            field, mark("What can be chosen at “%(label)s” has changed since you opened the page. Choose again.")
        )
    if field.kind is FieldKind.SINGLE and len(values) > 1:
        raise _refused(field, mark("Only one answer fits “%(label)s”. Choose one."))
    return tuple(value for value in known if value in values)


def check(field: FormField) -> FormField:
    """Give a field that may be put on a form; raises `Rejected` naming the part at fault and the remedy."""
    if not _KEY.fullmatch(field.key):
        raise Rejected("Use small letters, digits and _, beginning with a letter; 40 at most.", field="key")
    _check_words(field.label, "label", LONGEST_LABEL)
    if not field.label:
        raise Rejected("Say what the field asks.", field="label")
    _check_words(field.hint, "hint", LONGEST_HINT)
    for option in field.options:
        _check_words(option, "options", LONGEST_LABEL)
    if len(set(field.options)) != len(field.options):
        raise Rejected("Two of these answers are the same. Take one out.", field="options")
    if field.kind in CHOOSING and not 1 < len(field.options) <= MOST_OPTIONS:
        raise Rejected(f"Give 2 to {MOST_OPTIONS} answers to choose from, one on each line.", field="options")
    if field.kind not in CHOOSING and field.options:
        raise Rejected(
            "Only fields where people choose have answers. Empty this, or choose another kind.", field="options"
        )
    return field


_MISSING: Final = {
    FieldKind.TEXT: mark("“%(label)s” is empty. Write an answer; a few words will do."),
    FieldKind.SINGLE: mark("“%(label)s” has no answer yet. Choose one."),
    FieldKind.MULTI: mark("“%(label)s” has no answer yet. Tick at least one."),
    FieldKind.CHECKBOX: mark("The box “%(label)s” is not ticked. Tick it to sign up."),
}


def _judge_text(field: FormField, values: tuple[str, ...]) -> tuple[str, ...]:
    if len(values) > 1:
        raise _refused(field, mark("“%(label)s” was sent more than once. Answer it once."))
    # A line break becomes a blank: one line is asked for, and a pasted second one does no harm.
    answer = " ".join(values[0].split())
    if not answer.isprintable() or "\ufffd" in answer:
        raise _refused(
            field, mark("Your answer to “%(label)s” holds characters we cannot keep. Type it afresh, without pasting.")
        )
    if len(answer) > LONGEST_ANSWER:
        raise _refused(
            field,
            mark("Your answer to “%(label)s” is longer than %(most)d characters. Shorten it."),
            most=LONGEST_ANSWER,
        )
    return (answer,)


def _refused(field: FormField, message: str, **values: object) -> Rejected:
    return Rejected(message, field=field.name, label=field.label, **values)


def _check_words(words: str, part: str, most: int) -> None:
    if not words.isprintable() or "\ufffd" in words:
        raise Rejected("This holds a line break or characters that we cannot keep. Type it afresh.", field=part)
    if len(words) > most:
        raise Rejected(f"This is longer than {most} characters. Shorten it.", field=part)
