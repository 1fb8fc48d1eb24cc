"""When a step is due: the rules by example, and against a second answer found by looking at clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns.domain.audience import Awaited, Facts
from campaigns.domain.steps import Anchor, Attendance, Expiry, Late, LocalTime, Quiet, Relative, Step
from campaigns.domain.timing import (
    Answer,
    Due,
    Hold,
    Never,
    Reason,
    Wait,
    busy_days,
    due,
    due_for_class,
    expiry,
    leave_now,
)
from tests.domain import cadence as of
from tests.domain.cadence import DAY, EASTERN, HOUR, MINUTE, START, person, session

LONG_AGO = START - 30 * DAY


def ask(step: Step, facts: Facts) -> Answer:
    return due(step, facts, of.HOURS)


def at(step: Step, facts: Facts) -> datetime:
    answer = ask(step, facts)
    assert isinstance(answer, Due), answer
    return answer.at


def reasons(steps: tuple[Step, ...], facts: Facts) -> dict[str, Reason | datetime | Awaited]:
    """What becomes of every step, in one word or instant each."""
    short: dict[str, Reason | datetime | Awaited] = {}
    for step in steps:
        match ask(step, facts):
            case Due(instant):
                short[step.key] = instant
            case Never(reason):
                short[step.key] = reason
            case Wait(awaits):
                short[step.key] = awaits
    return short


def test_who_registers_half_an_hour_before_gets_the_confirmation_and_the_last_text_only() -> None:
    now = START - 30 * MINUTE
    assert reasons((of.C0, of.C1, of.D1, *of.BEFORE), person(now)) == {
        "C0": now,
        "C1": now,
        "D1": Reason.EXPIRED,
        "B1": Reason.REGISTERED_LATE,
        "B2": Reason.REGISTERED_LATE,
        "B4": Reason.REGISTERED_LATE,
        "B5": START - 15 * MINUTE,
        "B6": Reason.OTHER_AUDIENCE,
    }


@pytest.mark.parametrize("step", of.BEFORE)
def test_registering_a_minute_before_the_lead_still_gets_the_reminder_and_a_minute_after_does_not(step: Step) -> None:
    facts = person(LONG_AGO, texts=step is not of.B6)
    latest = at(step, facts) - step.lead
    assert at(step, replace(facts, registered_at=latest - MINUTE)) == at(step, facts)
    assert ask(step, replace(facts, registered_at=latest + MINUTE)) == Never(Reason.REGISTERED_LATE)


@pytest.mark.parametrize(
    ("step", "cut_off"), [(of.B2, 30 * HOUR), (of.B4, 90 * MINUTE), (of.B5, 25 * MINUTE), (of.B6, 50 * MINUTE)]
)
def test_the_cut_offs_are_those_of_the_recommended_cadence(step: Step, cut_off: timedelta) -> None:
    answer = due_for_class(step, session(), EASTERN, of.HOURS)
    assert isinstance(answer, Due) and answer.registered_before == START - cut_off


def test_after_a_move_by_a_week_the_day_before_reminder_is_due_again() -> None:
    moved = session(START + 7 * DAY, moved_at=START - 20 * HOUR, moved_from=START)
    assert at(of.B2, person(LONG_AGO)) == START - DAY
    assert at(of.B2, person(LONG_AGO, moved)) == START + 6 * DAY
    assert at(of.X1, person(LONG_AGO, moved)) == START - 20 * HOUR


def test_after_a_move_by_an_hour_the_notice_goes_at_once_and_the_text_moves_along() -> None:
    moved_at = START - 50 * MINUTE
    facts = person(LONG_AGO, session(START + HOUR, moved_at=moved_at, moved_from=START))
    assert at(of.X1, facts) == at(of.X1_TEXT, facts) == moved_at
    assert at(of.B5, facts) == START + 45 * MINUTE


def test_after_a_move_to_an_earlier_date_what_was_due_before_the_move_is_late() -> None:
    moved_at = START - 4 * HOUR - 50 * MINUTE
    facts = person(LONG_AGO, session(START - 4 * HOUR, moved_at=moved_at, moved_from=START))
    assert ask(of.B2, facts) == Never(Reason.MOVED_LATE)
    assert at(replace(of.B2, late=Late.SEND_NOW, expires=of.before_start(0 * MINUTE)), facts) == moved_at
    assert ask(replace(of.B2, late=Late.SEND_NOW), facts) == Never(Reason.EXPIRED)
    assert ask(of.B4, facts) == Never(Reason.MOVED_LATE)
    assert at(of.B5, facts) == START - 4 * HOUR - 15 * MINUTE


def test_a_text_that_may_be_late_after_a_move_at_night_leaves_in_the_morning() -> None:
    night, morning = datetime(2027, 3, 4, 4, tzinfo=UTC), datetime(2027, 3, 4, 13, tzinfo=UTC)
    moved = session(START, moved_at=night, moved_from=START + 7 * DAY)
    step = replace(of.B3, late=Late.SEND_NOW, expires=of.before_start(0 * MINUTE))
    assert ask(step, person(LONG_AGO, moved)) == Due(morning, START, registered_before=night)


def test_a_step_needs_its_runway_to_the_minute() -> None:
    step = replace(of.B2, offset=Relative(-3 * DAY), runway=3 * DAY)
    later = replace(step, offset=Relative(-3 * DAY + MINUTE))
    assert at(step, person(LONG_AGO)) == START - 3 * DAY
    assert ask(later, person(LONG_AGO)) == Never(Reason.TOO_NEAR)


def test_a_step_that_is_due_when_it_expires_has_expired() -> None:
    assert ask(replace(of.B2, expires=of.before_start(DAY)), person(LONG_AGO)) == Never(Reason.EXPIRED)
    assert at(replace(of.B2, expires=of.before_start(DAY - MINUTE)), person(LONG_AGO)) == START - DAY


def test_a_move_into_the_past_sends_nothing_about_the_session() -> None:
    moved_at = START - DAY
    facts = person(LONG_AGO, session(START - 3 * DAY, moved_at=moved_at, moved_from=START))
    answers = reasons((of.X1, of.X1_TEXT, *of.BEFORE), replace(facts, texts=False))
    assert all(isinstance(answer, Reason) for answer in answers.values()), answers


def test_who_registers_after_the_move_is_not_told_of_it() -> None:
    moved = session(moved_at=START - 2 * DAY, moved_from=START + DAY)
    assert ask(of.X1, person(START - DAY, moved)) == Never(Reason.REGISTERED_LATE)


def test_a_text_about_a_move_goes_only_if_either_date_is_near() -> None:
    far = session(moved_at=START - 5 * DAY, moved_from=START - 3 * DAY + MINUTE)
    near = replace(far, moved_from=START - 3 * DAY - MINUTE)
    assert ask(of.X1_TEXT, person(LONG_AGO, far)) == Never(Reason.NOT_NEAR)
    assert at(of.X1_TEXT, person(LONG_AGO, near)) == START - 5 * DAY


def test_once_the_session_is_cancelled_only_the_cancellation_goes_out() -> None:
    facts = person(LONG_AGO, session(cancelled_at=START - 3 * HOUR))
    answers = reasons((of.C0, of.C1, of.D1, *of.BEFORE, of.A1, of.N1, of.E1, of.X2), facts)
    assert answers.pop("X2") == START - 3 * HOUR
    assert set(answers.values()) == {Reason.SESSION_CANCELLED}


def test_who_gave_the_place_back_gets_the_receipt_and_nothing_else() -> None:
    facts = person(LONG_AGO, withdrawn_at=START - 2 * DAY)
    answers = reasons(of.ALL, facts)
    assert answers.pop("X3") == START - 2 * DAY
    assert set(answers.values()) == {Reason.WITHDRAWN}


def test_imported_without_confirmations_people_get_the_reminders_only() -> None:
    facts = person(LONG_AGO, confirm=False)
    assert reasons((of.C0, of.C1, of.B4), facts) == {
        "C0": Reason.CONFIRMATIONS_OFF,
        "C1": Reason.CONFIRMATIONS_OFF,
        "B4": START - HOUR,
    }


def test_what_has_not_happened_is_waited_for() -> None:
    assert reasons((of.X1, of.X2, of.X3, of.N1, of.A1), person(LONG_AGO)) == {
        "X1": Awaited.MOVE,
        "X2": Awaited.CANCELLATION,
        "X3": Awaited.WITHDRAWAL,
        "N1": Awaited.ATTENDANCE,
        "A1": Awaited.ATTENDANCE,
    }


def test_without_a_replay_the_thanks_wait_a_day_and_then_go_without_it() -> None:
    ended = START + 30 * MINUTE
    facts = person(LONG_AGO, session(attendance_final=True), attendance=Attendance.ATTENDED)
    with_replay = replace(facts, session=replace(facts.session, has_replay=True))
    assert at(of.A1, facts) == ended + DAY
    assert at(of.A1, with_replay) == ended + 30 * MINUTE


def test_a_new_step_writes_to_nobody_who_is_past_it() -> None:
    newer = replace(of.B2, active_from=START - 23 * HOUR)
    assert ask(newer, person(LONG_AGO)) == Never(Reason.STEP_NEWER)


def test_ten_in_the_morning_exists_once_on_the_day_the_clocks_go_forward() -> None:
    facts = person(LONG_AGO, session(datetime(2027, 3, 21, 17, tzinfo=UTC)))
    assert at(of.B1, facts) == datetime(2027, 3, 14, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("America/New_York", date(2026, 11, 23), datetime(2026, 11, 23, 15, tzinfo=UTC)),
        ("America/New_York", date(2027, 3, 13), datetime(2027, 3, 13, 15, tzinfo=UTC)),
        ("America/New_York", date(2027, 3, 14), datetime(2027, 3, 14, 14, tzinfo=UTC)),
        ("America/Phoenix", date(2027, 3, 14), datetime(2027, 3, 14, 17, tzinfo=UTC)),
        ("Pacific/Honolulu", date(2026, 11, 23), datetime(2026, 11, 23, 20, tzinfo=UTC)),
    ],
)
def test_ten_in_the_morning_is_the_registrants_own(zone: str, day: date, instant: datetime) -> None:
    starts = datetime.combine(day + 7 * DAY, time(18), ZoneInfo(zone)).astimezone(UTC)
    assert at(of.B1, person(starts - 30 * DAY, session(starts), zone=ZoneInfo(zone))) == instant


def test_people_in_two_zones_share_the_hour_before_but_each_has_a_ten_oclock_of_their_own() -> None:
    here, there = person(LONG_AGO), person(LONG_AGO, zone=of.PACIFIC)
    assert at(of.B4, here) == at(of.B4, there) == START - HOUR
    assert at(of.B1, there) - at(of.B1, here) == 3 * HOUR


def test_half_past_two_resolves_forward_on_the_night_that_skips_it() -> None:
    step = replace(of.B1, offset=LocalTime(-7, time(2, 30)))
    starts = datetime(2027, 3, 21, 6, 30, tzinfo=UTC)
    assert at(step, person(LONG_AGO, session(starts))) == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)


def test_a_reminder_for_an_early_session_leaves_the_evening_before() -> None:
    starts = datetime(2027, 3, 4, 11, 30, tzinfo=UTC)  # 06:30 in New York
    evening = datetime(2027, 3, 3, 0, 30, tzinfo=UTC)  # 19:30 on 2 March
    assert at(of.B3, person(LONG_AGO, session(starts))) == evening


def test_quiet_hours_that_end_after_the_message_expires_keep_it_back() -> None:
    step = replace(of.X1_TEXT, near=None, expires=Expiry(Anchor.MOVED, 3 * HOUR))
    night = datetime(2027, 3, 1, 3, tzinfo=UTC)  # 22:00 in New York
    facts = person(LONG_AGO, session(moved_at=night, moved_from=START + 30 * DAY))
    assert ask(step, facts) == Never(Reason.QUIET_HOURS)
    late = replace(of.B3, late=Late.SEND_NOW, expires=of.before_start(0 * MINUTE))
    early = session(START - 5 * HOUR)  # 07:00 in New York, an hour before the window opens
    assert ask(late, person(datetime(2027, 3, 4, 3, tzinfo=UTC), early)) == Never(Reason.QUIET_HOURS)
    assert ask(replace(late, quiet=Quiet.IGNORE), person(datetime(2027, 3, 4, 3, tzinfo=UTC), early)) == Due(
        datetime(2027, 3, 4, 3, tzinfo=UTC), early.starts_at, early.starts_at - DAY
    )


def test_the_last_text_goes_for_any_session_in_waking_hours_and_for_none_at_night() -> None:
    at_eight, at_half_past_two = datetime(2027, 3, 4, 13, tzinfo=UTC), datetime(2027, 3, 4, 7, 30, tzinfo=UTC)
    assert at(of.B5, person(LONG_AGO, session(at_eight))) == at_eight - 15 * MINUTE
    assert ask(of.B5, person(LONG_AGO, session(at_half_past_two))) == Never(Reason.QUIET_HOURS)
    assert at(of.B4, person(LONG_AGO, session(at_half_past_two))) == at_half_past_two - HOUR


def test_news_for_those_who_missed_it_at_night_waits_for_the_morning() -> None:
    late = session(datetime(2027, 3, 5, 1, tzinfo=UTC), attendance_final=True)  # ends 20:30, two hours later 22:30
    facts = person(LONG_AGO, late, attendance=Attendance.MISSED)
    assert at(of.N1, facts) == datetime(2027, 3, 5, 13, 30, tzinfo=UTC)
    assert busy_days([of.N1], late, EASTERN, of.HOURS) == {date(2027, 3, 5)}


def test_an_education_email_gives_way_to_a_service_email_of_the_same_day() -> None:
    busy = busy_days(of.ALL, session(), EASTERN, of.HOURS)
    assert {date(2027, 2, 25), date(2027, 3, 3), date(2027, 3, 4)} <= busy
    facts = person(datetime(2027, 2, 24, 15, tzinfo=UTC))
    assert due(of.D1, facts, of.HOURS, busy) == replace(ask(of.D1, facts), at=datetime(2027, 2, 26, 15, tzinfo=UTC))


def test_a_message_that_waited_into_the_night_is_held_until_the_morning() -> None:
    facts = person(LONG_AGO)
    night, morning = datetime(2027, 3, 3, 4, tzinfo=UTC), datetime(2027, 3, 3, 13, tzinfo=UTC)
    assert leave_now(of.B3, facts, of.HOURS, night) == Hold(morning)
    assert leave_now(of.B3, facts, of.HOURS, morning) is None
    assert leave_now(of.B5, facts, of.HOURS, night) is None
    acted = replace(facts, registered_at=night - 9 * MINUTE)
    assert leave_now(of.C1, acted, of.HOURS, night) is None
    assert leave_now(of.C1, acted, of.HOURS, night + 2 * MINUTE) == Hold(morning)


@pytest.mark.parametrize(
    ("anchor", "instant"),
    [(Anchor.STARTS, START + HOUR), (Anchor.ENDS, START + 90 * MINUTE), (Anchor.MOVED, LONG_AGO + HOUR)],
)
def test_a_message_expires_some_time_after_its_anchor(anchor: Anchor, instant: datetime) -> None:
    assert expiry(Expiry(anchor, HOUR), session(), LONG_AGO) == instant
