"""The staff's side of the house: the starter campaign in a real database, and a browser that is signed in.

The starter is loaded once per run; every test works on a copy of that database.
"""

import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from itertools import count

import psycopg
import pytest
from sqlalchemy import make_url
from starlette.testclient import TestClient

from campaigns.domain.messages import Unknown
from campaigns.operations.sign_in import _digest
from campaigns.runtime import Runtime, build
from campaigns.settings import read_settings
from campaigns.store import staff
from campaigns.store.consents import current_wordings
from campaigns.store.engine import make_engine, transaction
from campaigns.web.app import create_app
from tests.factories import NOON, World
from tests.fakes import HandClock

_numbers = count(1)
SECRET = "a secret of thirty-two characters and more"


@dataclass
class Office:
    """A signed-in browser over a world whose acts all commit."""

    world: World
    runtime: Runtime
    client: TestClient
    token: str = "the-csrf-token"
    me: int = 0

    @property
    def clock(self) -> HandClock:
        return self.world.clock

    def sign_in(self, role: str = "marketing", name: str = "Jenna Whitfield") -> None:
        """Open a login as if the password had been right."""
        email, now = f"{role}@clinic.example", self.clock()
        with transaction(self.runtime.engine) as db:
            staff.add_member(db, email=email, name=name, role=role, password_hash="none", now=now)
            self.me = staff.find_account(db, email).member.id
            lasts = now + timedelta(days=400)
            staff.open_login(db, token_hash=_digest(role), staff_id=self.me, csrf=self.token, now=now, expires_at=lasts)
        self.client.cookies.set("login", role)

    def get(self, path: str):
        return self.client.get(path)

    def page(self, path: str) -> str:
        """The page's words, one blank between them."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (answer.status_code, plain(answer.text))
        return plain(answer.text)

    def post(self, path: str, **fields):
        return self.client.post(path, data={"csrf": self.token, **fields})

    def record(self) -> list[tuple[str, str]]:
        """(act, subject) of everything put on record."""
        return [tuple(row) for row in self.world.sql("SELECT act, subject FROM audit ORDER BY id")]

    def webinar(self, rest: str = "") -> str:
        return f"/staff/webinars/si-joint-runners{rest}"

    def delivery_id(self, registration_id: int, key: str) -> int:
        return self.world.delivery(registration_id, key).id

    def in_doubt(self, session_id: int, **person) -> int:
        """An email whose fate nobody knows; gives its delivery."""
        registration = self.world.registration(session_id, *person.pop("kinds", ()), **person)
        self.world.email.will(Unknown("the connection broke"))
        self.world.work()
        return self.delivery_id(registration, "C0")


def plain(html: str) -> str:
    """What a reader of the page reads."""
    body = re.sub(r"<svg class=\"sprite\".*?</svg>|<title>.*?</title>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()


@pytest.fixture
def office(furnished, tmp_path):
    """An office of its own for one test, marketing signed in."""
    with opened(furnished, tmp_path) as made:
        yield made


@contextmanager
def opened(furnished, folder, **settings):
    """An office over a copy of the furnished database, with this folder for its outbox."""
    clock = HandClock(NOON)
    with cloned(furnished) as url:
        settings = {"secret": SECRET, "data_dir": folder, "registrations_per_minute": 1000, **settings}
        settings = read_settings(database_url=url, **settings)
        with build(settings, pool_size=3) as built:
            runtime = replace(built, clock=clock)
            with TestClient(create_app(runtime), base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
                made = Office(Furnished(runtime.engine, clock), runtime, client)
                made.sign_in()
                yield made


@pytest.fixture(scope="session")
def furnished(_template):
    """A database with the starter campaign, for every office to be cloned from."""
    with cloned(_template) as url:
        engine = make_engine(url)
        World(engine)
        engine.dispose()
        yield url


@contextmanager
def furnished_world(template: str):
    """A world over a copy of the furnished database, without the application."""
    with cloned(template) as url:
        engine = make_engine(url)
        yield Furnished(engine)
        engine.dispose()


class Furnished(World):
    """A world whose starter is there already."""

    def __post_init__(self) -> None:
        self.webinar_id = self.one("SELECT id FROM webinar")
        with transaction(self.engine) as db:
            self.wordings = {(one.channel, one.purpose): one.id for one in current_wordings(db)}


@contextmanager
def cloned(template: str):
    """A database like another one, for as long as it is needed."""
    name = f"office_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(named(template, "postgres"), autocommit=True) as db:
        db.execute(f'CREATE DATABASE {name} TEMPLATE "{make_url(template).database}"'.encode())
    yield named(template, name)
    with psycopg.connect(named(template, "postgres"), autocommit=True) as db:
        db.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)
