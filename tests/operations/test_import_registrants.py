"""Bringing a list of registrants into a session."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from campaigns.errors import Conflict, NotFound, RegistrationClosed, Rejected, SessionFull
from campaigns.operations.import_registrants import Applied, Check, Options, apply_registrants, check_registrants
from campaigns.store import webinars
from campaigns.store.engine import Connection
from campaigns.store.imports import Counts

NOW = datetime(2026, 3, 10, 21, 51, tzinfo=UTC)
HEAD = "email,first_name,last_name,phone,zone,texts,education,marketing,consent_at,consent_source,wording\n"
PROOF = "2026-03-06 18:30,Paper sheet at the physio night,I agree to get these messages."
LIST = (
    HEAD
    + f"ana@example.org,Ana,Diaz,(207) 555-0142,America/Chicago,yes,yes,no,{PROOF}\n"
    + "bo@example.org,Bo,,,,,,,,,\n"
    + "Ana@Example.org ,Ana,Again,,,,,,,,\n"
    + "broken@,Cy,,555-0190,Central,,,,,,\n"
)


def test_a_check_counts_and_changes_nothing(db: Connection, session: int) -> None:
    check = look(db, LIST, session)
    assert check.counts == Counts(2, 2, already=0, withdrew=0, twice=1, silent=0, texts=1, education=1, marketing=0)
    assert (check.rows, check.columns, check.left_out, check.confirmations) == (4, 11, 2, 2)
    assert [(one.row, one.column) for one in check.problems.kept] == [(5, "phone"), (5, "email"), (5, "zone")]
    assert [(one.row, one.sentence.split(".")[0]) for one in check.remarks.kept] == [
        (4, "This address stands in row 2 already")
    ]
    assert count(db, "registrant") == count(db, "registration") == count(db, "consent") == 0


def test_applying_adds_exactly_what_was_checked(db: Connection, session: int) -> None:
    done = bring(db, LIST, session)
    assert (done.added, done.left_out) == (2, 2)
    assert query(
        db,
        "SELECT p.email, p.first_name, p.last_name, p.phone, p.zone, r.zone AS place, r.source, r.confirm,"
        " r.registered_at FROM registration r JOIN registrant p ON p.id = r.registrant_id ORDER BY p.email",
    ) == [
        ("ana@example.org", "Ana", "Diaz", "+12075550142", "America/Chicago", "America/Chicago", "import", True, NOW),
        ("bo@example.org", "Bo", "", None, "America/New_York", "America/New_York", "import", True, NOW),
    ]
    assert query(db, "SELECT act, subject, detail FROM audit") == [
        (
            "import_registrants",
            f"session:{session}",
            {"import": done.import_id, "added": 2, "left_out": 2, "confirm": True},
        )
    ]


def test_a_yes_is_recorded_with_its_evidence_and_the_words(db: Connection, session: int) -> None:
    done = bring(db, LIST, session)
    evidence = {
        "source": "Paper sheet at the physio night",
        "wording": "I agree to get these messages.",
        "import": done.import_id,
        "row": 2,
    }
    given = datetime(2026, 3, 6, 23, 30, tzinfo=UTC)
    assert query(
        db, "SELECT channel, purpose, granted, address, means, evidence, at FROM consent ORDER BY channel"
    ) == [
        ("email", "education", True, "ana@example.org", "import", evidence, given),
        ("sms", "service", True, "+12075550142", "import", evidence, given),
    ]
    assert query(db, "SELECT channel, purpose, granted FROM permission ORDER BY channel") == [
        ("email", "education", True),
        ("sms", "service", True),
    ]


def test_a_yes_without_evidence_is_not_recorded(db: Connection, session: int) -> None:
    check = look(db, "email,name,education,consent_at\na@example.org,Ana,yes,2026-03-06\n", session)
    assert (check.counts.new, check.counts.education) == (1, 0)
    assert [(one.row, one.column) for one in check.remarks.kept] == [(2, "education")]


def test_a_yes_to_texts_without_a_number_is_worth_a_look(db: Connection, session: int) -> None:
    check = look(db, f"email,name,texts,consent_at,consent_source,wording\na@example.org,Ana,yes,{PROOF}\n", session)
    assert (check.counts.new, check.counts.texts) == (1, 0)
    assert [one.sentence for one in check.remarks.kept] == ["There is no number, so no texts can be sent."]


def test_a_later_no_of_the_person_outlives_an_older_yes_on_a_list(db: Connection, session: int) -> None:
    bring(db, LIST, session)
    no = (
        "WITH no AS (INSERT INTO consent (registrant_id, channel, purpose, granted, address, means, at)"
        " SELECT id, 'email', 'education', false, email, 'link', :now FROM registrant WHERE email = 'ana@example.org'"
        " RETURNING id) UPDATE permission SET granted = false, consent_id = no.id FROM no WHERE purpose = 'education'"
    )
    db.execute(text(no), {"now": NOW})
    bring(db, LIST, another(db, session))
    assert query(db, "SELECT granted FROM permission WHERE purpose = 'education'") == [(False,)]


def test_a_number_on_a_list_does_not_replace_the_one_a_person_gave(db: Connection, session: int) -> None:
    bring(db, LIST, session)
    bring(db, LIST.replace("0142", "0143").replace(",no,2026-03-06", ",yes,2026-03-07"), another(db, session))
    assert query(db, "SELECT phone FROM registrant WHERE phone IS NOT NULL") == [("+12075550142",)]
    assert query(db, "SELECT address FROM consent WHERE channel = 'sms'") == [("+12075550142",)]
    assert query(db, "SELECT granted FROM permission WHERE purpose = 'marketing'") == [(True,)]


def test_a_number_is_added_to_someone_who_gave_none(db: Connection, session: int) -> None:
    bring(db, "email,name\na@example.org,Ana\n", session)
    bring(db, "email,name,phone\na@example.org,Ana,2075550142\n", another(db, session))
    assert query(db, "SELECT phone FROM registrant") == [("+12075550142",)]


def test_the_same_list_twice_adds_nobody_twice(db: Connection, session: int) -> None:
    bring(db, LIST, session)
    again = look(db, LIST, session)
    assert (again.counts.new, again.counts.already, again.counts.twice) == (0, 2, 1)
    assert bring(db, LIST, session).added == 0
    assert (count(db, "registrant"), count(db, "registration"), count(db, "consent")) == (2, 2, 2)


def test_someone_who_cancelled_is_not_brought_back(db: Connection, session: int) -> None:
    bring(db, LIST, session)
    db.execute(text("UPDATE registration SET withdrawn_at = registered_at"))
    check = look(db, LIST, session)
    assert (check.counts.new, check.counts.withdrew) == (0, 2)
    assert "Left out; they can register anew themselves." in check.remarks.kept[0].sentence


def test_without_confirmations_the_place_says_so(db: Connection, session: int) -> None:
    bring(db, LIST, session, confirm=False)
    assert query(db, "SELECT DISTINCT confirm FROM registration") == [(False,)]


def test_a_stopped_address_is_added_and_pointed_out(db: Connection, session: int) -> None:
    stop = (
        "INSERT INTO suppression (channel, address, reason, source, at)"
        " VALUES ('email', 'bo@example.org', 'bounced', 't', :now)"
    )
    db.execute(text(stop), {"now": NOW})
    check = look(db, LIST, session)
    assert (check.counts.new, check.counts.silent, check.confirmations) == (2, 1, 1)
    assert (3, "email") in [(one.row, one.column) for one in check.remarks.kept]


def test_the_planner_looks_at_the_session_again(db: Connection, session: int) -> None:
    db.execute(text("UPDATE webinar_session SET planned_until = :now"), {"now": NOW})
    bring(db, LIST, session)
    planned = webinars.read_session(db, session)
    assert planned is not None
    assert planned.planned_until is None


@pytest.mark.parametrize("change", ["file", "options", "numbers"])
def test_nothing_is_written_if_anything_changed_since_the_check(db: Connection, session: int, change: str) -> None:
    check = look(db, LIST, session)
    listed, chosen = LIST, options(session)
    if change == "file":
        listed = LIST.replace("Diaz", "Dias")
    elif change == "options":
        chosen = replace(chosen, confirm=False)
    else:
        bring(db, "email,name\nbo@example.org,Bo\n", session)
    before = count(db, "registration")
    with pytest.raises(Conflict):
        apply_registrants(db, file(listed), chosen, fingerprint=check.fingerprint, staff_id=None, now=NOW)
    assert count(db, "registration") == before


def test_a_list_longer_than_the_places_left_is_refused_as_a_whole(db: Connection, session: int) -> None:
    db.execute(text("UPDATE webinar_session SET capacity = 1"))
    check = look(db, LIST, session)
    assert check.places_left == 1
    assert check.refusal.startswith("This session has 1 places left, and the list would add 2.")
    with pytest.raises(SessionFull):
        bring(db, LIST, session)
    assert count(db, "registration") == 0


def test_a_session_that_is_over_or_cancelled_takes_no_list(db: Connection, session: int) -> None:
    with pytest.raises(RegistrationClosed, match="over"):
        bring(db, LIST, session, now=NOW + timedelta(days=30))
    webinars.cancel_session(db, session, "The doctor is ill.", NOW)
    with pytest.raises(RegistrationClosed, match="cancelled"):
        bring(db, LIST, session)
    assert look(db, LIST, session).refusal == "This session is cancelled. Choose another one."


def test_a_session_that_does_not_exist_is_named(db: Connection) -> None:
    with pytest.raises(NotFound):
        look(db, LIST, 99_999_999)
    with pytest.raises(NotFound):
        apply_registrants(db, file(LIST), options(99_999_999), fingerprint="", staff_id=None, now=NOW)


def test_a_file_that_breaks_off_is_refused(db: Connection, session: int) -> None:
    with pytest.raises(Rejected):
        look(db, LIST + 'x@example.org,"Xe\n', session)


@pytest.fixture
def session(db: Connection) -> int:
    facts: dict[str, Any] = dict.fromkeys(
        ("title", "class_title", "promise", "summary", "host_name", "host_role"), "Running"
    )
    webinar = webinars.add_webinar(db, {"slug": "running", "points": [], "zone": "America/New_York", **facts}, NOW)
    start = NOW + timedelta(days=15)
    return webinars.add_session(db, webinar, start, start + timedelta(minutes=10), NOW)


def another(db: Connection, session: int) -> int:
    row = webinars.read_session(db, session)
    assert row is not None
    return webinars.add_session(db, row.webinar_id, row.starts_at, row.ends_at, NOW)


def options(session: int, *, confirm: bool = True) -> Options:
    return Options(session, confirm, ("US",), (b"s" * 32,))


def file(listed: str) -> io.BytesIO:
    return io.BytesIO(listed.encode())


def look(db: Connection, listed: str, session: int) -> Check:
    return check_registrants(db, file(listed), options(session), NOW)


def bring(db: Connection, listed: str, session: int, *, confirm: bool = True, now: datetime = NOW) -> Applied:
    chosen = options(session, confirm=confirm)
    check = check_registrants(db, file(listed), chosen, now)
    return apply_registrants(db, file(listed), chosen, fingerprint=check.fingerprint, staff_id=None, now=now)


def query(db: Connection, statement: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute(text(statement))]


def count(db: Connection, table: str) -> int:
    return int(db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
