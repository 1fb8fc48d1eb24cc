"""Two colours and every shade that is made of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.look import ACTION, HOUSE, PRIMARY, Palette, contrast, mix, palette_of, readable
from campaigns.errors import Rejected

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
WHITE = "#ffffff"


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", WHITE, 21.0),  # the two ends of WCAG's own scale
        (WHITE, WHITE, 1.0),
        ("#777777", WHITE, 4.48),  # the grey that famously just fails
        ("#767676", WHITE, 4.54),
        (WHITE, "#767676", 4.54),
    ],
)
def test_contrast_is_wcags(one: str, other: str, ratio: float) -> None:
    assert round(contrast(one, other), 2) == ratio


def test_without_colours_of_its_own_a_clinic_has_those_of_the_house() -> None:
    assert palette_of(PRIMARY, ACTION) is HOUSE
    assert palette_of(f" {PRIMARY.upper()} ", ACTION) is HOUSE


@pytest.mark.parametrize(
    ("primary", "action", "field"),
    [("teal", ACTION, "primary_colour"), ("#0f5c4", ACTION, "primary_colour"), (PRIMARY, "#12345g", "action_colour")],
)
def test_what_is_no_colour_is_refused_by_its_field(primary: str, action: str, field: str) -> None:
    with pytest.raises(Rejected, match="must be a colour such as #0f5c4d") as wrong:
        palette_of(primary, action)
    assert wrong.value.field == field


def test_a_pale_colour_is_refused_with_the_nearest_that_can_be_read() -> None:
    with pytest.raises(
        Rejected, match=r"contrast is 2\.0 to 1 and must be 4\.5 to 1: darken it to #[0-9a-f]{6}"
    ) as wrong:
        palette_of("#5cb8b2", ACTION)
    nearest = str(wrong.value).rpartition(" ")[2]
    assert palette_of(nearest, ACTION).primary == nearest


@given(COLOURS, COLOURS)
def test_every_shade_can_be_read_where_it_stands(one: str, other: str) -> None:
    made = palette_of(readable(one, "#e9f1ec", "#000000", 4.5), readable(other, WHITE, "#000000", 4.5))
    assert shortfalls(made) == []


def test_so_can_those_of_the_house() -> None:
    assert shortfalls(HOUSE) == []


@given(COLOURS, COLOURS, st.floats(0, 1))
def test_a_mix_lies_between_its_colours(one: str, other: str, share: float) -> None:
    made = mix(one, other, share)
    for place in (1, 3, 5):
        low, high = sorted(int(colour[place : place + 2], 16) for colour in (one, other))
        assert low <= int(made[place : place + 2], 16) <= high


def shortfalls(one: Palette) -> list[tuple[str, str, float]]:
    """The pairs of the style sheet that fall short: words need 4.5, lines and marks 3 (WCAG 1.4.3, 1.4.11)."""
    pairs = [
        (one.primary, "#e9f1ec", 4.5),
        (one.primary_deep, "#e9f1ec", 4.5),
        (WHITE, one.primary, 4.5),
        (WHITE, one.ticket_side, 4.5),
        (one.ticket_soft, one.primary, 4.5),
        (one.ticket_soft, one.ticket_side, 4.5),
        (one.ticket_line, one.primary, 3),
        (one.ticket_dot, one.primary, 3),
        (WHITE, one.action, 4.5),
        (WHITE, one.action_deep, 4.5),
        (one.night_primary, "#18211f", 4.5),
        (one.night_primary, "#101715", 4.5),
        (one.night_primary_deep, "#18211f", 4.5),
        (one.on_night_action, one.night_action, 4.5),
        (one.on_night_action, one.night_action_deep, 4.5),
        (WHITE, one.night_ticket, 4.5),
        (WHITE, one.night_ticket_side, 4.5),
        (one.ticket_soft, one.night_ticket, 4.5),
        (one.ticket_soft, one.night_ticket_side, 4.5),
    ]
    return [(a, b, round(contrast(a, b), 2)) for a, b, least in pairs if contrast(a, b) < least]
