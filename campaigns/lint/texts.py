"""Text messages: short with any values, in plain letters, and signed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from campaigns.domain import segments
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, finding
from campaigns.lint.rendered import Note
from campaigns.lint.samples import SENDER

_MOST_PARTS: Final = 2
_INSTEAD: Final = {"→": "->", "←": "<-", "½": "1/2", "¼": "1/4", "×": "x", "•": "-", "✓": "yes", "°": " degrees"}
_CONFIRMATION: Final = "confirmation"
_MUST_SAY: Final = ("STOP", "HELP")


def check(draft: Draft, notes: Sequence[Note], long_notes: Sequence[Note]) -> Iterator[Finding]:
    """Find texts that cost too much, and what they lack."""
    for note in long_notes:
        yield from _parts(draft, note)
    for note in notes:
        yield from _letters(draft, note)
        yield from _missing(draft, note)


def _parts(draft: Draft, note: Note) -> Iterator[Finding]:
    counted = segments.count(note.text.body)
    if counted.parts > 1:
        kind = "text-too-long" if counted.parts > _MOST_PARTS else "text-in-two-parts"
        says = (
            f"with the longest values the text takes {counted.parts} parts ({counted.encoding}, {counted.units} units)"
        )
        yield finding(kind, draft.name, draft.body(note.language), says)


def _letters(draft: Draft, note: Note) -> Iterator[Finding]:
    for letter in segments.offending(note.text.body):
        name = unicodedata.name(letter, "a character without a name").lower()
        says = f"“{letter}” ({name}) makes every part of the text less than half as long"
        plain = instead(letter)
        remedy = f"Write “{plain}” instead of “{letter}”." if plain else f"Leave “{letter}” out."
        spots = [spot for page in draft.own if page.language == note.language and (spot := page.line_with(letter))]
        yield finding("text-characters", draft.name, spots[0] if spots else draft.body(note.language), says, remedy)


def _missing(draft: Draft, note: Note) -> Iterator[Finding]:
    body, spot = note.text.body, draft.body(note.language)
    if SENDER.clinic_name not in body:
        yield finding("text-without-clinic", draft.name, spot, "the text does not say who sends it")
    if draft.name.startswith(_CONFIRMATION) and (unsaid := [word for word in _MUST_SAY if word not in body]):
        yield finding("no-stop-word", draft.name, spot, f"the confirmation does not say {' or '.join(unsaid)}")


def instead(letter: str) -> str:
    """Say what to write for a character that GSM-7 has not; empty where it is best left out."""
    bare = unicodedata.normalize("NFKD", letter)[0]
    return _INSTEAD.get(letter) or (bare if segments.is_plain(bare) else "")
