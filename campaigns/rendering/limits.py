"""How much a message may hold and come to: the one table of its limits.

Whoever writes messages on a page needs far less; the numbers keep a mistake, or ill will, from
costing more than a clear refusal. Nothing here is measured in time but the last line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limit:
    """How much one part of a message may hold."""

    characters: int
    tags: int
    """Placeholders and conditions, those that end a condition included."""


SUBJECT: Final = Limit(1_000, 60)
PREHEADER: Final = Limit(1_000, 60)
SMS: Final = Limit(2_000, 60)
BODY: Final = Limit(20_000, 300)
"""In Markdown; a body of two minutes has some 1,500 characters."""
MADE: Final = Limit(120_000, 500)
"""A body in HTML or plain text: what one in Markdown comes to."""
FRAME: Final = Limit(200_000, 1_000)
"""Of a file that every message shares; it is ours."""
SETTINGS: Final = 12_000
"""Characters of `message.toml`."""
LINKS: Final = 100
"""In a body in Markdown."""
FILES: Final = 40
"""Of a message, those of its frame included."""
READS: Final = 24
"""Short reads in a row: each is an arc of the stride line."""

NESTED: Final = 8
"""Conditions inside conditions, and brackets inside brackets."""
SIGNS: Final = 60
"""Names, signs and words in quotation marks within one pair of braces."""
DIGITS: Final = 6
"""Of a number."""

SAID_SUBJECT: Final = 998
"""Characters of a rendered subject, and of a preheader; a header line has no more (RFC 5322 §2.1.1)."""
SAID_BODY: Final = 200_000
"""Characters of a rendered body; Gmail shows half of that."""
SAID_SMS: Final = 1_600
"""Characters of a text message; Twilio takes no more."""
SECONDS: Final = 5.0
"""For rendering one message, which takes a thousandth of that."""
