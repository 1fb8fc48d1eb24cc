"""Signing in and out: nothing to guess from, nothing to steal from the table."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from campaigns.errors import Conflict, Rejected
from campaigns.operations import sign_in
from campaigns.operations.sign_in import Declined, SignedIn
from campaigns.store.engine import transaction

NOW = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PASSWORD = "correct-horse-battery"
WRONG = "wrong-horse-battery"


@pytest.fixture(scope="module", autouse=True)
def jenna(engine):
    """Jenna of marketing has an account, and so has Tom, whose account is closed."""
    with transaction(engine) as db:
        sign_in.enrol(db, email=" Jenna@Clinic.example ", name=" Jenna ", role="marketing", password=PASSWORD, now=NOW)
        sign_in.enrol(db, email="tom@clinic.example", name="Tom", role="operations", password=PASSWORD, now=NOW)
        db.execute(text("UPDATE staff SET disabled_at = created_at WHERE name = 'Tom'"))


@pytest.fixture(autouse=True)
def _nothing_tried_yet(engine):
    with transaction(engine) as db:
        db.execute(text("TRUNCATE login_failure, login"))


def test_the_right_password_opens_a_login_for_twelve_hours(engine):
    answer = attempt(engine, "JENNA@clinic.example")
    assert isinstance(answer, SignedIn)
    assert (answer.member.name, answer.member.role, answer.lasts) == ("Jenna", "marketing", 12 * HOUR)
    with transaction(engine) as db:
        assert sign_in.who(db, answer.token, NOW + 12 * HOUR - MINUTE).member == answer.member
        assert sign_in.who(db, answer.token, NOW + 12 * HOUR) is None
        assert sign_in.who(db, "", NOW) is None


def test_the_token_itself_is_nowhere_in_the_database(engine):
    answer = attempt(engine)
    with transaction(engine) as db:
        kept = str(db.execute(text("SELECT * FROM login")).all())
    assert answer.token not in kept


def test_unknown_wrong_and_closed_are_one_answer(engine):
    said = {
        attempt(engine, email, password).sentence
        for email, password in (
            ("nobody@clinic.example", PASSWORD),
            ("jenna@clinic.example", WRONG),
            ("tom@clinic.example", PASSWORD),
        )
    }
    assert said == {"Email and password do not match. 4 tries are left before a 15-minute wait."}


def test_five_wrong_tries_close_the_account_for_fifteen_minutes_even_to_the_right_password(engine):
    said = [attempt(engine, password=WRONG, ip=f"10.0.0.{n}") for n in range(5)]
    assert [one.wait for one in said] == [False, False, False, False, True]
    assert "1 try is left" in said[3].sentence
    assert "Wait 15 minutes before the next try" in said[4].sentence
    assert attempt(engine, at=NOW + 14 * MINUTE) == Declined(
        "Too many tries. Wait 15 minutes, then try again.", wait=True
    )
    assert isinstance(attempt(engine, at=NOW + 30 * MINUTE), SignedIn)


def test_forty_tries_from_one_address_close_it_for_every_account(engine):
    for n in range(40):
        with transaction(engine) as db:
            key = sign_in._key(b"secret", "ip", "10.1.1.1")
            db.execute(text("INSERT INTO login_failure (key, at) VALUES (:key, :at)"), {"key": key, "at": NOW})
        del n
    assert attempt(engine, ip="10.1.1.1").wait
    assert isinstance(attempt(engine, ip="10.1.1.2"), SignedIn)


def test_signing_in_forgives_the_account_but_not_the_address(engine):
    attempt(engine, password=WRONG)
    attempt(engine)
    with transaction(engine) as db:
        assert db.execute(text("SELECT count(*) FROM login_failure")).scalar_one() == 2
    assert "4 tries are left" in attempt(engine, password=WRONG).sentence


def test_a_try_is_counted_before_the_password_is_looked_at(engine, monkeypatch):
    counted = []

    def look(*_args) -> bool:
        with transaction(engine) as db:
            counted.append(db.execute(text("SELECT count(*) FROM login_failure")).scalar_one())
        return False

    monkeypatch.setattr(sign_in, "_matches", look)
    attempt(engine, password=WRONG)
    assert counted == [2]


def test_signing_out_ends_the_login_and_is_put_on_record(engine):
    answer = attempt(engine)
    for _ in range(2):
        with transaction(engine) as db:
            sign_in.sign_out(db, answer.token, NOW)
    with transaction(engine) as db:
        assert sign_in.who(db, answer.token, NOW) is None
        acts = db.execute(text("SELECT act FROM audit WHERE staff_id = :id ORDER BY id DESC"), {"id": answer.member.id})
        assert list(acts.scalars())[:2] == ["signed out", "signed in"]


def test_a_new_password_ends_every_login(engine):
    answer = attempt(engine)
    with transaction(engine) as db:
        assert sign_in.change_password(db, email="jenna@clinic.example ", password="another-long-one")
        assert not sign_in.change_password(db, email="nobody@clinic.example", password="another-long-one")
        assert sign_in.who(db, answer.token, NOW) is None
        sign_in.change_password(db, email="jenna@clinic.example", password=PASSWORD)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"role": "king"}, Rejected, "The role must be one of marketing"),
        ({"password": "short"}, Rejected, "12 to 1024 characters"),
        ({"password": "x" * 1025}, Rejected, "12 to 1024 characters"),
        ({"email": "JENNA@clinic.example"}, Conflict, "an account with this address already"),
    ],
)
def test_an_account_that_cannot_be_is_refused(db, changed, error, said):
    facts = {"email": "new@clinic.example", "name": "New", "role": "admin", "password": PASSWORD, **changed}
    with pytest.raises(error, match=said):
        sign_in.enrol(db, **facts, now=NOW)


def test_made_passwords_can_be_read_out_and_differ():
    made = {sign_in.new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(one) == 24 and not set(one) & set("l10o") for one in made)


def test_the_dummy_costs_what_a_real_hash_costs():
    real = sign_in._hash(PASSWORD).split("$")[:4]
    assert sign_in._DUMMY.split("$")[:4] == real


def attempt(engine, email="jenna@clinic.example", password=PASSWORD, ip="10.0.0.1", at=NOW):
    return sign_in.sign_in(engine, email=email, password=password, ip=ip, secret=b"secret", now=at)
