"""Text messages: short, plain and counted."""

from __future__ import annotations

from typing import Final

from campaigns.domain import segments
from campaigns.domain.messages import Text
from campaigns.domain.steps import Channel
from campaigns.domain.tokens import Links
from campaigns.rendering.environment import Compiled
from campaigns.rendering.variables import Letter, Sender, context

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


def render_text(compiled: Compiled, letter: Letter, sender: Sender, links: Links) -> Text:
    """Render one text message, ready to hand off.

    Typographic quotes and dashes become plain ones. A name in a script that GSM-7 cannot
    carry is sent as it is and costs what `segments` says: a person's name is not mended.
    """
    words = compiled.text.render(context(letter, sender, links, channel=Channel.SMS, sources=""))
    body = straighten(words)
    return Text(
        delivery_id=letter.delivery_id,
        recipient=letter.recipient,
        body=body,
        segments=segments.count(body).parts,
        callback_token=links.callback(letter.delivery_id, letter.attempt).rpartition("/")[2],
    )


def straighten(text: str) -> str:
    """Replace typographic characters by those of GSM-7, and make one line of it."""
    return " ".join(text.translate(_STRAIGHT).split())
