"""Whom a step speaks to, and what must be known before that can be said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.audience import Awaited, Facts, speaks
from campaigns.domain.steps import Attendance, Audience, Standing
from tests.domain.cadence import START, person, session
from tests.domain.oracle import speaks_by_table
from tests.domain.worlds import bounded, people

BEFORE_THE_LIST = person(START)
AFTER_THE_LIST = person(START, session(attendance_final=True))

JUDGED_BY_PRESENCE = [Audience.ATTENDED, Audience.CAME, Audience.MISSED]


@pytest.mark.parametrize("audience", JUDGED_BY_PRESENCE)
def test_presence_is_waited_for_until_the_list_is_final(audience: Audience) -> None:
    assert speaks(audience, BEFORE_THE_LIST) is Awaited.ATTENDANCE


@pytest.mark.parametrize("audience", JUDGED_BY_PRESENCE)
def test_someone_the_final_list_does_not_name_is_neither_present_nor_missed(audience: Audience) -> None:
    assert speaks(audience, AFTER_THE_LIST) is False


@pytest.mark.parametrize(
    ("attendance", "audiences"),
    [
        (Attendance.ATTENDED, [Audience.ATTENDED, Audience.CAME]),
        (Attendance.LEFT_EARLY, [Audience.CAME]),
        (Attendance.MISSED, [Audience.MISSED]),
    ],
)
def test_everyone_on_the_list_belongs_where_their_presence_says(
    attendance: Attendance, audiences: list[Audience]
) -> None:
    facts = replace(AFTER_THE_LIST, attendance=attendance)
    assert [audience for audience in JUDGED_BY_PRESENCE if speaks(audience, facts)] == audiences


def test_the_email_instead_of_a_text_is_for_those_who_get_no_texts() -> None:
    assert speaks(Audience.WITHOUT_TEXTS, replace(BEFORE_THE_LIST, texts=False)) is True
    assert speaks(Audience.WITHOUT_TEXTS, BEFORE_THE_LIST) is False


def test_the_receipt_of_a_withdrawal_waits_for_one() -> None:
    assert speaks(Audience.WITHDRAWN, BEFORE_THE_LIST) is Awaited.WITHDRAWAL
    assert speaks(Audience.WITHDRAWN, replace(BEFORE_THE_LIST, withdrawn_at=START)) is True


def test_a_place_that_went_to_another_address_was_not_given_up() -> None:
    left = replace(BEFORE_THE_LIST, withdrawn_at=START)
    gone = replace(left, readdressed=True)
    assert speaks(Audience.READDRESSED, BEFORE_THE_LIST) is Awaited.WITHDRAWAL
    assert [speaks(Audience.READDRESSED, one) for one in (left, gone)] == [False, True]
    assert [speaks(Audience.WITHDRAWN, one) for one in (left, gone)] == [True, False]


def test_whoever_has_to_prove_a_number_is_spoken_to_with_a_place_or_without() -> None:
    for standing in Standing:
        asked = replace(BEFORE_THE_LIST, standing=standing, unproven=True)
        assert speaks(Audience.UNPROVEN, asked) is True
        assert speaks(Audience.UNPROVEN, replace(asked, unproven=False)) is False


@bounded
@given(st.sampled_from(Audience), people())
def test_the_answer_is_that_of_the_table(audience: Audience, facts: Facts) -> None:
    assert speaks(audience, facts) == speaks_by_table(audience, facts)


@bounded
@given(people())
def test_nobody_both_came_and_missed_it(facts: Facts) -> None:
    assert not (speaks(Audience.CAME, facts) is True and speaks(Audience.MISSED, facts) is True)
    assert not (speaks(Audience.ATTENDED, facts) is True and speaks(Audience.CAME, facts) is not True)
