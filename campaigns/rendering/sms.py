"""Text messages: short, plain and counted."""

from __future__ import annotations

import re
import time
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from campaigns.domain import segments
from campaigns.domain.messages import Text
from campaigns.domain.steps import Channel
from campaigns.domain.tokens import Links
from campaigns.errors import TemplateInvalid
from campaigns.language import speaking
from campaigns.rendering.environment import Compiled
from campaigns.rendering.limits import SAID_SMS
from campaigns.rendering.personal import MARKS, Person, Source, marks_for
from campaigns.rendering.producing import Producer, Ticks
from campaigns.rendering.variables import Letter, Sender, Value, context, greetings

_MARK: Final = re.compile("([" + "".join(MARKS.values()) + "])")
_NAMES: Final = {mark: name for name, mark in MARKS.items()}

_DEMONSTRATION: Final = "[Demo] "
"""Begins a text whose words no clinician has approved, in every language."""
_STRAIGHT: Final = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201a": "'",
        "\u00b4": "'",
        "`": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u00ab": '"',
        "\u00bb": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u2026": "...",
        "\u2022": "-",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\t": " ",
    }
)
"""The characters that providers replace too, so that our count is the one that is billed."""


@dataclass(frozen=True, slots=True)
class TextSkeleton:
    """One kind of text, rendered once: words, and marks where one person's values go."""

    name: str
    """Of the message."""
    pieces: tuple[str, ...]
    source: Source

    def fill(self, who: Person, valid_for: timedelta | None = None) -> Text:
        """Give the text for one person, of use for `valid_for` from now.

        Typographic quotes and dashes become plain ones. A name in a script that GSM-7 cannot
        carry is sent as it is and costs what `segments` says: a person's name is not mended.

        Raises `TemplateInvalid` where the person's values make it too long for any text.
        """
        source = self.source
        body = straighten("".join([source.value(_NAMES[one], who) if one in _NAMES else one for one in self.pieces]))
        if len(body) > SAID_SMS:
            raise TemplateInvalid(f"{self.name}: the text comes to more than {SAID_SMS} characters; shorten it")
        return Text(
            delivery_id=who.delivery_id,
            recipient=who.recipient,
            body=body,
            segments=segments.count(body).parts,
            callback_token=source.links.callback(who.delivery_id, who.attempt).rpartition("/")[2],
            valid_for=valid_for,
        )


def cast_text(
    compiled: Compiled, letter: Letter, sender: Sender, links: Links, *, ticks: Ticks = time.monotonic
) -> TextSkeleton:
    """Render everything of a text but what belongs to one person.

    The skeleton fits every letter that differs from this one in `Person` alone, as long as both
    have a first name or neither has; if the template is not `shared`, it fits this letter only.
    Raises `TemplateInvalid` for what is too long, takes too long by `ticks`, or cannot be rendered at all.
    """
    with speaking(compiled.language):
        values: dict[str, Value] = context(letter, sender, links, channel=Channel.SMS, sources="")
        if compiled.shared:
            values |= marks_for(values, letter)
        said = Producer.of(compiled.name, ticks).say("text", compiled.text, values, SAID_SMS)
        words = (_DEMONSTRATION if letter.demonstration else "") + said
        # With a person's values in it, a text is left as it is: their name is theirs.
        pieces = tuple(filter(None, _MARK.split(_plain(words) if compiled.shared else words)))
        return TextSkeleton(compiled.name, pieces, Source(links, Channel.SMS, letter.purpose, greetings()))


def _plain(words: str) -> str:
    """Take the accents off our own words where GSM-7 has no such letter: a single one would double the price."""
    return "".join([one if one in MARKS.values() or segments.is_plain(one) else _bare(one) for one in words])


def _bare(letter: str) -> str:
    bare = unicodedata.normalize("NFD", letter)[0]
    return bare if segments.is_plain(bare) else letter


def render_text(
    compiled: Compiled, letter: Letter, sender: Sender, links: Links, *, useless_at: datetime | None = None
) -> Text:
    """Render one text message, ready to hand off; see `TextSkeleton.fill`."""
    who = Person(
        letter.delivery_id,
        letter.registration_id,
        letter.recipient,
        letter.first_name,
        letter.attempt,
        code=letter.code,
    )
    valid_for = None if useless_at is None else useless_at - letter.now
    return cast_text(compiled, letter, sender, links).fill(who, valid_for)


def straighten(text: str) -> str:
    """Replace typographic characters by those of GSM-7, and make one line of it."""
    return " ".join(text.translate(_STRAIGHT).split())
