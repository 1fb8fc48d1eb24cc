"""The clinic's two colours, and every shade that pages and emails make of them.

Contrast is WCAG 2.2's (success criteria 1.4.3 and 1.4.11): the lighter relative luminance plus
0.05, over the darker one plus 0.05. Colours are `#rrggbb` in small letters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from campaigns.errors import Rejected

PRIMARY: Final = "#0f5c4d"
ACTION: Final = "#c8452d"
"""The colours of the house, used where a clinic names none."""

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_WHITE, _BLACK = "#ffffff", "#000000"
_TINT, _PAPER_BY_NIGHT, _SURFACE_BY_NIGHT = "#e9f1ec", "#101715", "#18211f"
"""The grounds that these colours stand on; the tint is the darkest of the light ones."""
_TEXT: Final = 4.5
_STEPS: Final = 100
_LINEAR_BELOW: Final = 0.04045


@dataclass(frozen=True, slots=True)
class Palette:
    """Every shade, by day and by night, each readable where it is used."""

    primary: str = PRIMARY
    primary_deep: str = "#0a4439"
    action: str = ACTION
    action_deep: str = "#a63620"
    ticket_side: str = "#0d4e41"
    ticket_soft: str = "#cfe5de"
    ticket_line: str = "#8cc7b8"
    ticket_dot: str = "#ff8a70"
    night_primary: str = "#6fd3bd"
    night_primary_deep: str = "#9be3d2"
    night_action: str = "#ff8a70"
    night_action_deep: str = "#ffa591"
    on_night_action: str = "#2a0d06"
    night_ticket: str = "#12483d"
    night_ticket_side: str = "#0e3a31"


HOUSE: Final = Palette()


def palette_of(primary: str, action: str) -> Palette:
    """Make every shade of two colours.

    Raises `Rejected`, naming the field, for what is no `#rrggbb` and for a colour that cannot be
    read on our light grounds; it says how far off it is, and the nearest one that can.
    """
    primary, action = _checked(primary, "primary_colour", on=_TINT), _checked(action, "action_colour", on=_WHITE)
    if (primary, action) == (PRIMARY, ACTION):
        return HOUSE
    side = mix(primary, _BLACK, 0.15)
    night_action = readable(action, _PAPER_BY_NIGHT, _WHITE, 7)
    night_primary = readable(primary, _SURFACE_BY_NIGHT, _WHITE, 7)
    return Palette(
        primary=primary,
        primary_deep=mix(primary, _BLACK, 0.25),
        action=action,
        action_deep=mix(action, _BLACK, 0.2),
        ticket_side=side,
        ticket_soft=readable(mix(primary, _WHITE, 0.8), primary, _WHITE, _TEXT),
        ticket_line=readable(mix(primary, _WHITE, 0.5), primary, _WHITE, 3),
        ticket_dot=readable(action, primary, _WHITE, 3),
        night_primary=night_primary,
        night_primary_deep=mix(night_primary, _WHITE, 0.3),
        night_action=night_action,
        night_action_deep=mix(night_action, _WHITE, 0.2),
        on_night_action=readable(mix(action, _BLACK, 0.8), night_action, _BLACK, _TEXT),
        night_ticket=mix(primary, _BLACK, 0.2),
        night_ticket_side=mix(primary, _BLACK, 0.35),
    )


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """Give a colour with a share of another mixed in."""
    parts = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def readable(colour: str, ground: str, towards: str, least: float) -> str:
    """Give the colour nearest to this one, on the way `towards` another, whose contrast with `ground` is `least`."""
    ways = (mix(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next((one for one in ways if contrast(one, ground) >= least), towards)


def _checked(colour: str, field: str, *, on: str) -> str:
    colour = colour.strip().lower()
    if not _COLOUR.fullmatch(colour):
        raise Rejected(f"must be a colour such as {PRIMARY}", field=field)
    found = contrast(colour, on)
    if found < _TEXT:
        nearest = readable(colour, on, _BLACK, _TEXT)
        raise Rejected(f"contrast is {found:.1f} to 1 and must be {_TEXT} to 1: darken it to {nearest}", field=field)
    return colour


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
