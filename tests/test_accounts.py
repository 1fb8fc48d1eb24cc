"""Staff accounts from the command line."""

from datetime import UTC, datetime

import pytest

from campaigns import accounts
from campaigns.errors import AddressInvalid, ConfigurationError, Conflict, Rejected
from campaigns.operations.sign_in import SignedIn, sign_in
from campaigns.settings import Settings


def test_a_new_account_may_log_in_with_the_password_that_was_said(settings, own_engine, said):
    accounts.add(settings, said.append, email="Ann@clinic.example", name="Ann", role="operations")
    assert "/staff/login" in said[0]
    assert _signed_in(own_engine, said[0].rpartition(" ")[2])


def test_an_address_has_one_account(settings, said):
    accounts.add(settings, said.append, email="ann@clinic.example", name="Ann", role="operations")
    with pytest.raises(Conflict):
        accounts.add(settings, said.append, email="ann@clinic.example", name="Ann", role="operations")


def test_a_new_password_replaces_the_old(settings, own_engine, said):
    accounts.add(settings, said.append, email="ann@clinic.example", name="Ann", role="operations")
    accounts.renew(settings, said.append, email="ann@clinic.example")
    old, new = (line.rpartition(" ")[2] for line in said)
    assert not _signed_in(own_engine, old)
    assert _signed_in(own_engine, new)


def test_nobody_gets_a_password_without_an_account(settings, said):
    with pytest.raises(Rejected, match="campaigns staff add nobody@clinic.example"):
        accounts.renew(settings, said.append, email="nobody@clinic.example")
    assert said == []


def test_something_that_is_no_address_is_refused(settings, said):
    with pytest.raises(AddressInvalid):
        accounts.add(settings, said.append, email="ann", name="Ann", role="operations")


def test_without_a_database_the_line_names_both_ways():
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL, or start `campaigns up`"):
        accounts.open_database(Settings(database_url=""))


def test_a_database_that_does_not_answer_is_one_line():
    with pytest.raises(ConfigurationError, match="does not answer"):
        accounts.open_database(Settings(database_url="postgresql://app:x@127.0.0.1:1/none"))


def _signed_in(engine, password):
    answer = sign_in(
        engine, email="ann@clinic.example", password=password, ip="127.0.0.1", secret=b"s" * 32, now=datetime.now(UTC)
    )
    return isinstance(answer, SignedIn)


@pytest.fixture
def settings(own_database_url):
    return Settings(database_url=own_database_url)


@pytest.fixture
def said():
    return []
