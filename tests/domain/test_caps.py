"""How many texts one number may get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.domain.caps import Caps, Sent, over_the_cap, pumped, pumped_for_codes, shared_already
from campaigns.domain.steps import Purpose

NOW = datetime(2027, 3, 1, 17, tzinfo=UTC)
CAPS = Caps(texts_a_day=3, offers_a_day=2, offers_a_month=6, sign_ups_an_hour=5, confirmations_ever=3, codes_ever=6)
SERVICE, EDUCATION, MARKETING = Purpose


def sent(hours_ago: float, purpose: Purpose = SERVICE, *, confirms: bool = False, step: int = 1) -> Sent:
    return Sent(NOW - timedelta(hours=hours_ago), purpose, step, 1, 1, confirms)


@pytest.mark.parametrize(
    ("purpose", "before", "over"),
    [
        (SERVICE, [sent(1), sent(2)], False),
        (SERVICE, [sent(1), sent(2), sent(3)], True),
        (SERVICE, [sent(1), sent(2), sent(24)], False),
        (SERVICE, [sent(1), sent(2), sent(3, MARKETING)], True),
        (MARKETING, [sent(1)], False),
        (MARKETING, [sent(1, MARKETING), sent(2, EDUCATION)], True),
        (EDUCATION, [sent(1, MARKETING), sent(25, EDUCATION)], False),
        (MARKETING, [sent(30 * n, MARKETING) for n in range(1, 7)], True),
        (MARKETING, [sent(30 * 24 + 1, MARKETING)] * 6, False),
        (SERVICE, [sent(30 * n, MARKETING) for n in range(1, 7)], False),
    ],
)
def test_caps_are_counted_in_rolling_days(purpose, before, over):
    assert over_the_cap(purpose, before, CAPS, NOW) is over


def test_codes_take_nothing_from_what_else_a_number_may_get_in_a_day():
    codes = [Sent(NOW - timedelta(hours=n), SERVICE, 9, 1, -n, False, code=True) for n in range(1, 4)]
    assert not over_the_cap(SERVICE, [*codes, sent(1), sent(2)], CAPS, NOW)
    assert over_the_cap(SERVICE, [*codes, sent(1), sent(2), sent(3)], CAPS, NOW)
    assert over_the_cap(SERVICE, codes, CAPS, NOW, code=True)
    assert not over_the_cap(SERVICE, [*codes[1:], sent(1)], CAPS, NOW, code=True)


def test_one_number_gets_the_same_text_of_a_session_once():
    assert shared_already(1, 1, 1, [sent(1)])
    for other in ((2, 1, 1), (1, 2, 1), (1, 1, 2)):
        assert not shared_already(*other, [sent(1)])


@pytest.mark.parametrize(
    ("before", "others", "looks"),
    [
        ([], 0, False),
        ([], 4, False),
        ([], 5, True),
        ([sent(23, confirms=True)], 0, True),
        ([sent(25, confirms=True)], 0, False),
        ([sent(23)], 0, False),
        ([sent(24 * n, confirms=True) for n in (2, 20, 400)], 0, True),
    ],
)
def test_confirmations_that_look_like_a_robots(before, others, looks):
    assert pumped(before, others, CAPS, NOW) is looks


@pytest.mark.parametrize(("before", "others", "looks"), [(0, 0, False), (5, 4, False), (6, 0, True), (0, 5, True)])
def test_codes_that_look_like_a_robots(before, others, looks):
    codes = [Sent(NOW - timedelta(days=40 * n), SERVICE, 1, 1, 1, confirms=False, code=True) for n in range(before)]
    assert pumped_for_codes([sent(1, confirms=True), *codes], others, CAPS) is looks
