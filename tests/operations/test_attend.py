"""Who came."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from campaigns.domain.steps import Attendance
from campaigns.errors import Conflict, NotFound, Rejected
from campaigns.operations.attend import Roll, Terms, apply_attendance, check_attendance
from campaigns.store import webinars
from campaigns.store.engine import Connection

START = datetime(2026, 3, 25, 22, 0, tzinfo=UTC)
END = START + timedelta(minutes=10)
LATER = END + timedelta(minutes=20)
PEOPLE = ("ana", "bo", "cy", "dee")


def test_times_minutes_and_statuses_are_judged(db: Connection, session: int) -> None:
    listed = (
        "email,joined,left,minutes,status\n"
        "ana@example.org,2026-03-25 17:58,2026-03-25 18:04,,\n"
        "ana@example.org,2026-03-25 18:03,2026-03-25 18:07,,\n"
        "bo@example.org,,,3,\n"
        "cy@example.org,,,,Attended\n"
    )
    take(db, listed, session, final=True)
    assert presence(db) == {
        "ana": ("attended", 420),
        "bo": ("left_early", 180),
        "cy": ("attended", None),
        "dee": ("missed", None),
    }


def test_a_report_of_the_meeting_software_is_understood(db: Connection, session: int) -> None:
    listed = (
        "Attended,User Name,Email,Join Time,Leave Time,Time in Session (minutes)\n"
        "Yes,Ana,ana@example.org,03/25/2026 06:00:02 PM,03/25/2026 06:09:30 PM,10\n"
        "Yes,Bo,bo@example.org,03/25/2026 06:08:00 PM,--,2\n"
        "No,Cy,cy@example.org,--,--,--\n"
        "Yes,Guest,,03/25/2026 06:00:02 PM,03/25/2026 06:09:30 PM,10\n"
    )
    roll = take(db, listed, session)
    assert presence(db) == {
        "ana": ("attended", 568),
        "bo": ("left_early", 120),
        "cy": ("missed", None),
        "dee": ("unknown", None),
    }
    assert (roll.rows, roll.people, roll.strangers) == (4, 3, 1)


def test_the_number_of_the_registration_will_do(db: Connection, session: int) -> None:
    number = db.execute(
        text("SELECT r.id FROM registration r JOIN registrant p ON p.id = registrant_id WHERE p.first_name = 'bo'")
    ).scalar_one()
    take(db, f"registration,status\n{number},yes\n", session)
    assert presence(db)["bo"] == ("attended", None)


def test_who_is_not_registered_is_shown_and_changes_nothing(db: Connection, session: int) -> None:
    db.execute(text("UPDATE registration SET withdrawn_at = registered_at WHERE registrant_id IN (SELECT id FROM"
                    " registrant WHERE first_name = 'dee')"))  # fmt: skip
    roll = take(db, "email,status\nguest@example.org,yes\ndee@example.org,yes\n", session, final=True)
    assert [(one.row, one.email, one.withdrew) for one in roll.stranger_rows] == [
        (2, "guest@example.org", False),
        (3, "dee@example.org", True),
    ]
    assert presence(db) == {**dict.fromkeys(("ana", "bo", "cy"), ("missed", None)), "dee": ("unknown", None)}
    assert db.execute(text("SELECT count(*) FROM registrant")).scalar_one() == len(PEOPLE)


def test_a_check_counts_and_changes_nothing(db: Connection, session: int) -> None:
    roll = look(db, "email,minutes\nana@example.org,9\nbo@example.org,1\nx@example.org,9\nbroken@,1\n", session)
    assert roll.after == {Attendance.ATTENDED: 1, Attendance.LEFT_EARLY: 1, Attendance.UNKNOWN: 2}
    assert (roll.people, roll.strangers, roll.problems.total) == (2, 1, 1)
    assert set(presence(db).values()) == {("unknown", None)}


def test_only_a_final_list_lets_the_follow_ups_go(db: Connection, session: int) -> None:
    db.execute(text("UPDATE webinar_session SET planned_until = :now"), {"now": LATER})
    take(db, "email,status\nana@example.org,yes\n", session)
    first = webinars.read_session(db, session)
    assert first is not None
    assert (first.attendance_final_at, first.planned_until) == (None, None)
    take(db, "email,status\nana@example.org,yes\n", session, final=True)
    second = webinars.read_session(db, session)
    assert second is not None
    assert (second.attendance_final_at, second.planned_until) == (LATER, None)


def test_late_evidence_turns_missed_into_attended_and_never_the_other_way(db: Connection, session: int) -> None:
    take(db, "email,minutes\nana@example.org,9\n", session, final=True)
    roll = take(db, "email,minutes\nana@example.org,2\nbo@example.org,8\n", session)
    assert roll.turned == 1
    assert presence(db) == {
        "ana": ("attended", 540),
        "bo": ("attended", 480),
        "cy": ("missed", None),
        "dee": ("missed", None),
    }


def test_the_length_of_the_talk_and_the_share_are_those_that_were_set(db: Connection, session: int) -> None:
    listed = "email,minutes\nana@example.org,2\nbo@example.org,1\n"
    assert look(db, listed, session).after[Attendance.LEFT_EARLY] == 2
    db.execute(text("UPDATE webinar_session SET talk_seconds = 200"))
    assert look(db, listed, session).after[Attendance.LEFT_EARLY] == 1
    terms = Terms(session, final=False, replace=False, attended_from=0.3)
    assert check_attendance(db, file(listed), terms, LATER).after[Attendance.ATTENDED] == 2


def test_a_list_may_replace_what_was_known(db: Connection, session: int) -> None:
    take(db, "email,minutes\nana@example.org,9\nbo@example.org,9\n", session, final=True)
    roll = take(db, "email,minutes\nana@example.org,2\n", session, replace=True)
    assert roll.after == {Attendance.LEFT_EARLY: 1, Attendance.MISSED: 3}
    assert presence(db)["ana"] == ("left_early", 120)
    assert presence(db)["bo"] == ("missed", None)


def test_the_share_is_taken_of_the_talk(db: Connection, session: int) -> None:
    db.execute(text("UPDATE webinar_session SET ends_at = starts_at + interval '40 minutes'"))
    listed = "email,minutes\nana@example.org,7\n"
    assert look(db, listed, session).after[Attendance.LEFT_EARLY] == 1
    assert look(db, listed, session, talk=timedelta(minutes=10)).after[Attendance.ATTENDED] == 1


def test_nobody_is_in_the_room_longer_than_the_session(db: Connection, session: int) -> None:
    take(db, "email,minutes\nana@example.org,600\nana@example.org,9\n", session)
    assert presence(db)["ana"] == ("attended", 600)


def test_evidence_and_act_are_kept(db: Connection, session: int) -> None:
    roll = take(db, "email,minutes\nana@example.org,9\n", session, final=True)
    evidence = {"by": "list", "staff": None, "at": LATER.isoformat(), "list": roll.fingerprint}
    assert db.execute(text("SELECT DISTINCT attendance_evidence FROM registration")).scalars().all() == [evidence]
    detail = {"people": 1, "strangers": 0, "final": True, "replace": False, "attended": 1, "missed": 3}
    assert [tuple(row) for row in db.execute(text("SELECT act, subject, detail FROM audit"))] == [
        ("attendance", f"session:{session}", detail)
    ]


@pytest.mark.parametrize(
    ("now", "final", "sentence"),
    [
        (START - timedelta(seconds=1), False, "This session has not begun."),
        (END - timedelta(seconds=1), True, "This session is still running."),
    ],
)
def test_a_list_before_its_time_is_refused(
    db: Connection, session: int, now: datetime, *, final: bool, sentence: str
) -> None:
    roll = look(db, "email,status\nana@example.org,yes\n", session, final=final, now=now)
    assert roll.refusal.startswith(sentence)
    with pytest.raises(Rejected, match=sentence):
        take(db, "email,status\nana@example.org,yes\n", session, final=final, now=now)
    assert presence(db)["ana"] == ("unknown", None)


def test_a_cancelled_session_has_no_attendance(db: Connection, session: int) -> None:
    webinars.cancel_session(db, session, "The doctor is ill.", START)
    assert look(db, "email,status\nana@example.org,yes\n", session).refusal.startswith("This session is cancelled")


def test_nothing_is_written_if_anything_changed_since_the_check(db: Connection, session: int) -> None:
    roll = look(db, "email,status\nana@example.org,yes\n", session)
    with pytest.raises(Conflict):
        apply_attendance(
            db, file("email,status\nbo@example.org,yes\n"), Terms(session, final=False, replace=False),
            fingerprint=roll.fingerprint, staff_id=None, now=LATER,
        )  # fmt: skip
    assert set(presence(db).values()) == {("unknown", None)}


def test_a_session_that_does_not_exist_is_named(db: Connection) -> None:
    with pytest.raises(NotFound):
        look(db, "email,status\n", 99_999_999)
    with pytest.raises(NotFound):
        apply_attendance(
            db, file(""), Terms(99_999_999, final=False, replace=False), fingerprint="", staff_id=None, now=LATER
        )


@pytest.fixture
def session(db: Connection) -> int:
    facts: dict[str, Any] = dict.fromkeys(
        ("title", "class_title", "promise", "summary", "host_name", "host_role"), "Running"
    )
    early = START - timedelta(days=20)
    webinar = webinars.add_webinar(db, {"slug": "running", "points": [], "zone": "America/New_York", **facts}, early)
    session = webinars.add_session(db, webinar, START, END, early)
    for name in PEOPLE:
        db.execute(
            text(
                "WITH p AS (INSERT INTO registrant (email, first_name, zone, created_at)"
                " VALUES (:name || '@example.org', :name, 'America/New_York', :at) RETURNING id)"
                " INSERT INTO registration (session_id, registrant_id, zone, source, registered_at)"
                " SELECT :session, id, 'America/New_York', 'web', :at FROM p"
            ),
            {"name": name, "session": session, "at": early},
        )
    return session


def file(listed: str) -> io.BytesIO:
    return io.BytesIO(listed.encode())


def look(
    db: Connection,
    listed: str,
    session: int,
    *,
    final: bool = False,
    now: datetime = LATER,
    talk: timedelta | None = None,
) -> Roll:
    return check_attendance(db, file(listed), Terms(session, final=final, replace=False, talk=talk), now)


def take(
    db: Connection, listed: str, session: int, *, final: bool = False, replace: bool = False, now: datetime = LATER
) -> Roll:
    terms = Terms(session, final=final, replace=replace)
    roll = check_attendance(db, file(listed), terms, now)
    return apply_attendance(db, file(listed), terms, fingerprint=roll.fingerprint, staff_id=None, now=now)


def presence(db: Connection) -> dict[str, tuple[str, int | None]]:
    rows = db.execute(
        text(
            "SELECT p.first_name, r.attendance, r.attended_seconds"
            " FROM registration r JOIN registrant p ON p.id = r.registrant_id"
        )
    )
    return {row.first_name: (row.attendance, row.attended_seconds) for row in rows}
