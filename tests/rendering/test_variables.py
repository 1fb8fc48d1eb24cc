"""A letter becomes the closed list of what a template may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from campaigns.domain.steps import Attendance, Channel, Purpose
from campaigns.rendering.variables import NAMES, context, one_line
from tests.rendering.samples import LETTER, LINKS, NEXT, REPLAY, SENDER, START


def said(**facts: object) -> dict[str, object]:
    letter = replace(LETTER, **facts)  # type: ignore[arg-type]  # the names are Letter's own
    return dict(context(letter, SENDER, LINKS, channel=Channel.EMAIL, sources="a source"))


def test_the_closed_list_is_exactly_what_is_worked_out():
    assert said().keys() == NAMES


def test_the_reader_s_own_time_stands_beside_the_clinic_s():
    it = said()
    assert (it["when"], it["date"], it["when_short"]) == ("Thursday, December 3", "December 3", "Thu Dec 3")
    assert (it["time"], it["time_own"], it["zone"]) == ("12:15 PM", "12:15 PM Central", "Central")
    assert (it["time_clinic"], it["clinic_line"]) == ("1:15 PM Eastern", "1:15 PM at the clinic (Eastern)")
    assert it["same_zone"] is False


def test_the_clinic_s_date_is_said_when_it_is_another_day():
    assert said(zone="Asia/Tokyo")["clinic_line"] == "1:15 PM at the clinic (Eastern), Thursday, December 3"


def test_two_zones_with_one_clock_count_as_the_same():
    assert said(zone="America/Toronto")["same_zone"] is True


def test_without_a_zone_of_their_own_people_get_the_session_s():
    assert said(zone="", session_zone="America/Denver")["time_own"] == "11:15 AM Mountain"


def test_a_name_is_used_and_a_missing_one_leaves_no_gap():
    assert (said()["greeting"], said()["name_after"]) == ("Hello Jo,", ", Jo")
    assert (said(first_name=" ")["greeting"], said(first_name=" ")["name_after"]) == ("Hello,", "")
    assert said(host_name="")["host"] == "our speaker"


@pytest.mark.parametrize(
    ("title", "inside"), [("Runners' class", "runners' class"), ("SI basics", "SI basics"), ("A", "A"), ("", "")]
)
def test_a_title_is_written_small_inside_a_sentence_unless_it_is_an_abbreviation(title, inside):
    assert said(class_title=title)["class_name"] == inside


@pytest.mark.parametrize(
    ("moment", "flags"),
    [
        (-timedelta(minutes=61), (61, False, False, False)),
        (-timedelta(minutes=60), (60, True, False, False)),
        (-timedelta(seconds=1), (1, True, False, False)),
        (timedelta(0), (0, False, True, False)),
        (timedelta(minutes=29), (-29, False, True, False)),
        (timedelta(minutes=30), (-30, False, False, True)),
    ],
)
def test_the_distance_to_the_start_decides_the_variant(moment, flags):
    it = said(now=START + moment)
    assert (it["minutes_left"], it["is_soon"], it["is_running"], it["is_over"]) == flags


def test_what_does_not_exist_is_false_and_empty():
    it = said()
    assert (it["has_replay"], it["has_next"], it["was_moved"], it["cancelled"]) == (False, False, False, False)
    assert (it["replay_url"], it["next_when"], it["old_when"], it["old_time_own"]) == ("", "", "", "")


def test_the_recording_the_next_date_and_the_old_one_are_said():
    it = said(replay_url=REPLAY, next_session_starts_at=NEXT, moved_from=START - timedelta(days=3))
    assert (it["has_replay"], it["replay_url"]) == (True, REPLAY)
    assert (it["has_next"], it["next_when"], it["next_time_own"]) == (True, "Tuesday, December 8", "5:15 PM Central")
    assert (it["was_moved"], it["old_when"], it["old_time_own"]) == (True, "Monday, November 30", "12:15 PM Central")
    assert it["old_when_short"] == "Mon Nov 30"


def test_attendance_is_one_of_three_or_not_known():
    flags = {a: tuple(said(attendance=a)[name] for name in ("attended", "left_early", "missed")) for a in Attendance}
    assert flags == {
        Attendance.UNKNOWN: (False, False, False),
        Attendance.ATTENDED: (True, False, False),
        Attendance.LEFT_EARLY: (False, True, False),
        Attendance.MISSED: (False, False, True),
    }


def test_the_stop_link_stops_the_letter_s_purpose():
    assert said(purpose=Purpose.EDUCATION)["stop_url"] == LINKS.stop(1234, Channel.EMAIL, Purpose.EDUCATION)


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("Jo\r\nBcc: x@example.com", "Jo Bcc: x@example.com"),
        ("\x00Jo\x7f", "Jo"),
        ("J\u202eo\u2066", "J o"),
        ("  Jo \t Ann\u2028", "Jo Ann"),
        ("Jo  Ann", "Jo Ann"),
        ("Zoë 👩\u200d⚕️", "Zoë 👩\u200d⚕️"),
        ("half \ud83d", "half"),
        ("", ""),
    ],
)
def test_free_text_becomes_one_clean_line(typed, line):
    assert one_line(typed) == line


def test_a_naive_datetime_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        replace(LETTER, moved_from=datetime(2026, 12, 3))  # noqa: DTZ001  # that is the fault


@pytest.mark.parametrize("address", ["javascript:alert(1)", "class.example/replay", "data:text/html,x"])
def test_a_recording_lies_on_the_web_or_nowhere(address):
    with pytest.raises(ValueError, match="replay_url"):
        replace(LETTER, replay_url=address)


def test_a_recording_goes_on_where_somebody_left_only_on_the_page_they_were_on():
    assert [
        said(replay_here=here, has_room=room)["resumes"]
        for here, room in ((True, False), (True, True), (False, False), (False, True))
    ] == [True, False, False, False]
