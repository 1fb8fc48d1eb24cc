"""Staff, their logins, and the record."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.store import staff

NOW = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def jenna(db):
    """Jenna's account."""
    add(db, "jenna@clinic.example")
    return staff.find_account(db, "jenna@clinic.example").member


def test_an_address_has_one_account(db, jenna):
    assert not add(db, "jenna@clinic.example", name="Somebody else")
    assert staff.find_account(db, "jenna@clinic.example").member == jenna
    assert staff.find_account(db, "nobody@clinic.example") is None


def test_opening_a_login_forgets_those_that_ran_out(db, jenna):
    staff.open_login(db, token_hash="old", staff_id=jenna.id, csrf="c-old", now=NOW - MINUTE, expires_at=NOW)
    assert staff.find_login(db, "old", NOW) is None
    assert staff.find_login(db, "old", NOW - MINUTE) is not None
    staff.open_login(db, token_hash="new", staff_id=jenna.id, csrf="c-new", now=NOW, expires_at=NOW + MINUTE)
    assert staff.find_login(db, "old", NOW - MINUTE) is None
    found = staff.find_login(db, "new", NOW)
    assert (found.member, found.csrf, found.expires_at) == (jenna, "c-new", NOW + MINUTE)


def test_closing_a_login_twice_changes_nothing(db, jenna):
    staff.open_login(db, token_hash="one", staff_id=jenna.id, csrf="c", now=NOW, expires_at=NOW + MINUTE)
    staff.close_login(db, "one")
    staff.close_login(db, "one")
    assert staff.find_login(db, "one", NOW) is None


def test_tries_are_counted_per_key_and_old_ones_forgotten(db):
    staff.note_failures(db, ("a", "b"), NOW, since=NOW - MINUTE)
    assert staff.note_failures(db, ("a",), NOW, since=NOW - MINUTE) == {"a": 2}
    staff.forgive(db, ("a",))
    assert staff.note_failures(db, ("a", "b"), NOW, since=NOW - MINUTE) == {"a": 1, "b": 2}
    assert staff.note_failures(db, ("b",), NOW + 2 * MINUTE, since=NOW + MINUTE) == {"b": 1}


def test_the_record_names_who_did_what_to_what(db, jenna):
    staff.record(db, staff_id=jenna.id, act="moved", subject="session:1", detail={"people": 3}, now=NOW)
    staff.record(db, staff_id=None, act="pruned", subject="ledger", detail={}, now=NOW + MINUTE)
    assert [(one.name, one.act) for one in staff.recent_acts(db)] == [("", "pruned"), ("Jenna", "moved")]
    (moved,) = staff.acts_on(db, "session:1")
    assert (moved.at, moved.name, moved.subject, moved.detail) == (NOW, "Jenna", "session:1", {"people": 3})


def test_a_new_password_ends_the_logins_of_that_account_only(db, jenna):
    add(db, "tom@clinic.example")
    tom = staff.find_account(db, "tom@clinic.example").member
    for member in (jenna, tom):
        staff.open_login(db, token_hash=member.email, staff_id=member.id, csrf="c", now=NOW, expires_at=NOW + MINUTE)
    assert staff.change_password(db, jenna.email, "other")
    assert staff.find_login(db, jenna.email, NOW) is None
    assert staff.find_login(db, tom.email, NOW) is not None
    assert staff.find_account(db, jenna.email).password_hash == "other"
    assert not staff.change_password(db, "nobody@clinic.example", "other")


def add(db, email, *, name="Jenna") -> bool:
    return staff.add_member(db, email=email, name=name, role="marketing", password_hash="none", now=NOW)
