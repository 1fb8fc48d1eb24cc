"""From settings to a place where the service can run: servers, secrets, schema, starter webinar, first account.

The first half of `campaigns up`. Everything here may run again and changes nothing
the second time; real servers named in the environment are used as they are.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from campaigns.accounts import open_database
from campaigns.children import Child
from campaigns.data_dir import kept_secret
from campaigns.errors import Conflict
from campaigns.operations import starter
from campaigns.operations.sign_in import enrol, new_password
from campaigns.runtime import Runtime, build
from campaigns.settings import Settings
from campaigns.store.approvals import demonstrations, unapproved
from campaigns.store.campaigns import all_steps
from campaigns.store.embedded import Server, free_port, start_postgres
from campaigns.store.embedded_broker import start_broker
from campaigns.store.engine import transaction
from campaigns.store.household import Household
from campaigns.store.migrate import upgrade
from campaigns.store.versions import going_versions

STAFF: Final = "staff@localhost"
"""The first account; others are added with `campaigns staff add`."""
_LOG_LIMIT: Final = 10 * 1024 * 1024
"""Bytes after which a log starts anew; one older copy is kept."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Logs:
    """A file for each child's output."""

    folder: Path

    def of(self, name: str) -> Path:
        """Give the log of one child, begun anew when it has grown too long."""
        path = self.folder / f"{name.replace(' ', '-').lower()}.log"
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        return path


def start_servers(settings: Settings, house: Household, logs: Logs, servers: list[Child], say: Say) -> Settings:
    """Start the servers that the environment does not name, and give settings that name everything.

    Each is added to `servers` as soon as it runs, so that the caller can stop it
    whatever happens next.
    """
    found: dict[str, object] = {}
    if not settings.database_url:
        say("Starting PostgreSQL")
        start = partial(start_postgres, house, logs.of("PostgreSQL"), port=free_port())
        found["database_url"] = _keep(servers, "PostgreSQL", start, say)
    if not settings.redis_url:
        say("Starting Valkey")
        found["redis_url"] = _keep(servers, "Valkey", partial(start_broker, house, logs.of("Valkey")), say)
    if not settings.secret.get_secret_value():
        secret, _ = kept_secret(house.private, "signing-secret", lambda: secrets.token_urlsafe(32))
        found["secret"] = SecretStr(secret)
    if "public_url" not in settings.model_fields_set:
        found["public_url"] = f"http://{near(settings.host)}:{settings.port}"
    return settings.model_copy(update=found)


def near(host: str) -> str:
    """Give an address at which a listener on `host` can be reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # asked for, not listened on


@dataclass(frozen=True)
class Opened:
    """What whoever starts the service should know."""

    password: str
    """Of the first account if it was made just now, else empty."""
    words: str
    """Whether somebody has approved the messages; empty: a clinician has approved all of them."""


def open_house(settings: Settings, private: Path, say: Say) -> Opened:
    """Bring the database up to date and see that somebody can log in.

    Raises `ConfigurationError` when the database does not answer.
    """
    bring_up_to_date(settings, say)
    with build(settings) as runtime:
        return Opened(_first_account(runtime, private), _approved(runtime))


def _approved(runtime: Runtime) -> str:
    """Say plainly how many messages no clinician has approved, and what becomes of them."""
    now, shown, held = runtime.clock(), set[str](), set[str]()
    with transaction(runtime.engine) as db:
        channels = {step.template: step.channel for step in all_steps(db).values()}
        marked = demonstrations(db, now)
        for captured in (True, False):
            mine = {name for name, one in channels.items() if runtime.providers[one].captures is captured}
            going = going_versions(db, captured=captured)
            held |= {name for name, _ in unapproved(db, now, captured=captured)} & mine
            shown |= {name for name in mine & going.keys() if captured and going[name] in marked}
    told = []
    if shown:
        told.append(f"{_messages(len(shown))} unapproved: no clinician has read the words. They are approved for this "
                    "demonstration only, stay on this machine, and each one says so.")  # fmt: skip
    if held:
        told.append(f"{_messages(len(held))} unapproved and will not leave until a clinician has approved the words.")
    return " ".join(told)


def _messages(number: int) -> str:
    return "1 message is" if number == 1 else f"{number} messages are"


def bring_up_to_date(settings: Settings, say: Say) -> None:
    """Apply what is missing of the schema, and load the starter webinar where there is none.

    Raises `ConfigurationError` when the database does not answer.
    """
    engine = open_database(settings)
    try:
        say("Bringing the database up to date")
        upgrade(engine)
    finally:
        engine.dispose()
    with build(settings) as runtime, transaction(runtime.engine) as db:
        starter.load(db, runtime.templates, runtime.clinic, runtime.clock())


def _first_account(runtime: Runtime, private: Path) -> str:
    password, _ = kept_secret(private, "staff-password", new_password)
    try:
        with transaction(runtime.engine) as db:
            enrol(db, email=STAFF, name="Staff", role="admin", password=password, now=runtime.clock())
    except Conflict:
        return ""
    return password


def _keep(servers: list[Child], name: str, start: Callable[[], Server], say: Say) -> str:
    server = start()
    servers.append(Child(name, lambda: start().process, say, server.stop_signal, server.process))
    return server.url
