"""The command line's way to staff accounts: `campaigns staff add` and `campaigns staff password`.

A password is made here, said once, and kept only as a hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from campaigns.clock import system_clock
from campaigns.errors import ConfigurationError, Rejected
from campaigns.operations.addresses import parse_email
from campaigns.operations.sign_in import change_password, enrol, new_password
from campaigns.settings import Settings
from campaigns.store.engine import Connection, Engine, make_engine, reachable, transaction


def add(settings: Settings, say: Callable[[str], None], *, email: str, name: str, role: str) -> None:
    """Add an account and say its password; raises `Rejected` or `Conflict` if that cannot be."""
    password = new_password()
    with _database(settings) as db:
        enrol(db, email=parse_email(email), name=name, role=role, password=password, now=system_clock())
    say(f"{email} may log in at {settings.public_url}/staff/login with the password {password}")


def renew(settings: Settings, say: Callable[[str], None], *, email: str) -> None:
    """Give an account a new password and say it; raises `Rejected` if there is no such account."""
    password = new_password()
    with _database(settings) as db:
        if not change_password(db, email=email, password=password):
            raise Rejected(f"There is no account {email}. Add it with: campaigns staff add {email} --name …")
    say(f"The new password of {email} is {password}")


@contextmanager
def _database(settings: Settings) -> Iterator[Connection]:
    engine = open_database(settings)
    try:
        with transaction(engine) as db:
            yield db
    finally:
        engine.dispose()


def open_database(settings: Settings) -> Engine:
    """Give an engine on a database that answers.

    Raises `ConfigurationError` when none is named, or it does not answer.
    """
    if not settings.database_url:
        raise ConfigurationError("No database: set DATABASE_URL, or start `campaigns up` and run this beside it.")
    engine = make_engine(settings.database_url, pool_size=2, overflow=2)
    if not reachable(engine):
        engine.dispose()
        raise ConfigurationError("DATABASE_URL: this server does not answer, or does not let us in.")
    return engine
