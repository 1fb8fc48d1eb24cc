"""A previewed message taken apart for reading: what it weighs, how hard it is to read, what a text costs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from campaigns.domain import segments
from campaigns.domain.messages import Email, Text
from campaigns.domain.prices import Price
from campaigns.language import ENGLISH
from campaigns.lint.html import see
from campaigns.lint.reading import counts, words
from campaigns.lint.rendered import above_the_foot
from campaigns.lint.shape import MOST_BYTES
from campaigns.providers.folder import Captured, take_apart

_PARTS: Final = (("html", "As it looks"), ("text", "Plain text"), ("calendar", "Calendar"), ("headers", "Headers"))
_GRADED: Final = 100
"""A grade of fewer words says little."""
_KILO: Final = 1024


@dataclass(frozen=True, slots=True)
class Figure:
    """One number about a message, and what to hold it against."""

    name: str
    number: str
    beside: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """An email as its receiver's program takes it apart."""

    read: Captured
    preheader: str
    parts: Sequence[tuple[str, str]]
    """(key, title) of those it has."""
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Note:
    """A text message and what it costs."""

    body: str
    recipient: str
    figures: Sequence[Figure]
    forces: Sequence[tuple[str, str]]
    """(character, its name) of each that the plain alphabet lacks, so that a part holds less than half as much."""


def mail_of(message: Email, language: str, at: datetime) -> Mail:
    """Take an email apart."""
    read = take_apart(message.raw, name="", at=at, delivery_id=message.delivery_id)
    has = {"html": read.html, "text": read.text, "calendar": read.calendar, "headers": read.headers}
    return Mail(
        read=read,
        preheader=see(read.html).hidden,
        parts=[part for part in _PARTS if has[part[0]]],
        figures=_figures(read, language, len(message.raw)),
    )


def note_of(message: Text, price: Price | None, people: int) -> Note:
    """Count a text, and what it costs: once, and for about so many people if that is known."""
    counted = segments.count(message.body)
    figures = [
        Figure(
            "Alphabet", counted.encoding, "160 units in one segment" if _plain(counted) else "70 units in one segment"
        ),
        Figure("Units", f"{counted.units:,}", f"in {len(message.body):,} characters"),
        Figure("Segments", str(counted.parts), "each is billed as one text", bad=counted.parts > 1),
    ]
    if price is not None:
        each = price.times(counted.parts)
        figures.append(Figure("Price", str(each), f"{counted.parts} × {price}"))
        if people:
            figures.append(Figure("For this step", str(each.times(people).rounded), f"{_about(people)} × {each}"))
    elif people:
        figures.append(Figure("For this step", f"{people * counted.parts:,}", f"segments, {_about(people)}"))
    forces = [
        (one, unicodedata.name(one, "a character without a name").lower()) for one in segments.offending(message.body)
    ]
    return Note(message.body, message.recipient, figures, forces)


def _plain(counted: segments.Segments) -> bool:
    return counted.encoding == "GSM-7"


def _figures(read: Captured, language: str, whole: int) -> list[Figure]:
    own = above_the_foot(read.text)
    found, size = counts(own), len(read.html.encode())
    graded = language == ENGLISH and found.words >= _GRADED
    why = "for English only" if language != ENGLISH else "too few words to grade"
    return [
        Figure("HTML", _kilobytes(size), "Gmail cuts off what is over 102 KB", bad=size > MOST_BYTES),
        Figure("Whole message", _kilobytes(whole), "all parts, as it is handed over"),
        Figure("Words", f"{len(words(own)):,}", "without what stands below every message"),
        Figure(
            "Reading grade", f"{found.grade:.1f}" if graded else "–", "6.9 is the aim, 8 the most" if graded else why
        ),
        Figure("Subject", str(len(read.subject)), "characters; 60 at most are seen whole"),
    ]


def _kilobytes(size: int) -> str:
    return f"{size / _KILO:.1f} KB".replace(".0 KB", " KB")


def _about(people: int) -> str:
    return "about 1 person" if people == 1 else f"about {people:,} people"
