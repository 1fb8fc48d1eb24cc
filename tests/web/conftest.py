"""The real application over a real PostgreSQL: the starter webinar, a clock moved by hand, a client that is a browser."""

from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from starlette.testclient import TestClient

from campaigns.domain.sections import to_json
from campaigns.operations import register, starter
from campaigns.operations.register import Request
from campaigns.runtime import Runtime, build
from campaigns.settings import read_settings
from campaigns.store import webinars
from campaigns.store.campaigns import add_campaign, add_step, steps_of
from campaigns.store.consents import current_wordings
from campaigns.store.engine import transaction
from campaigns.store.sections import sections_of
from campaigns.web.app import create_app
from campaigns.web.stamps import stamp

NOON = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
"""Monday, March 1, 2027, 12:00 PM at the clinic."""
_numbers = count(1)
SECRET = "a secret of thirty-two characters and more"


@dataclass
class Hand:
    """A clock that stands where it is put."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class House:
    """A webinar with one session of half an hour, ten days ahead at 6 PM Eastern."""

    runtime: Runtime
    client: TestClient
    webinar_id: int
    session_id: int
    slug: str
    email: str
    boxes: dict[str, int]

    @property
    def phone(self) -> str:
        return f"+1207555{self.webinar_id:04}"

    @property
    def clock(self) -> Hand:
        return self.runtime.clock

    @property
    def starts_at(self) -> datetime:
        with transaction(self.runtime.engine) as db:
            return webinars.read_session(db, self.session_id).starts_at

    def add_session(self, days: float, **facts) -> int:
        starts_at = NOON + timedelta(days=days)
        with transaction(self.runtime.engine) as db:
            return webinars.add_session(
                db, self.webinar_id, starts_at, starts_at + timedelta(minutes=30), NOON, **facts
            )

    def form(self, **changed) -> dict:
        """A form as a browser sends it; `None` leaves a field out."""
        filled = {
            "session": str(self.session_id),
            "first_name": "Sam",
            "email": self.email,
            "phone": "",
            "zone": "",
            "guess": "America/Chicago",
            "leave_empty": "",
            "shown": self.stamp(),
            **changed,
        }
        return {name: value for name, value in filled.items() if value is not None}

    def stamp(self, **before) -> str:
        """What a form says of when it was shown: a minute ago, if nothing else is asked for."""
        shown_at = self.clock.now - timedelta(**(before or {"minutes": 1}))
        return stamp(self.runtime.signer, self.webinar_id, shown_at)

    def send(self, **changed):
        return self.client.post(f"/w/{self.slug}", data=self.form(**changed))

    def place(self, **facts) -> int:
        """A registration made behind the form; gives its id."""
        asked = Request(
            **{
                "session_id": self.session_id,
                "first_name": "Sam",
                "email": self.email,
                "zone": "America/Chicago",
                **facts,
            }
        )
        with transaction(self.runtime.engine) as db:
            made = register.register(db, asked, self.runtime.hours, self.clock(), horizon=timedelta(hours=6))
        return made.registration_id

    def path(self, link: str) -> str:
        return link.removeprefix(self.runtime.settings.public_url)


@pytest.fixture(scope="module")
def runtime(database_url):
    """A runtime on the file's database, with the starter webinar loaded and a clock that stands still."""
    with opened(database_url) as runtime:
        yield runtime


@contextmanager
def opened(database_url, **settings):
    """A runtime with these settings."""
    settings = {"secret": SECRET, "registrations_per_minute": 10_000, "sign_ups_ip_day": 10_000, **settings}
    settings = read_settings(database_url=database_url, **settings)
    with build(settings, pool_size=2) as built:
        runtime = replace(built, clock=Hand())
        with transaction(runtime.engine) as db:
            starter.load(db, runtime.templates, runtime.clinic, NOON, with_session=False)
        yield runtime


@pytest.fixture(scope="module")
def client(runtime):
    """A browser without memory for addresses: it follows no redirect by itself."""
    with TestClient(create_app(runtime), base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        yield client


@pytest.fixture
def house(runtime, client):
    """A webinar of its own for one test, with the starter's campaign, and a person nobody has seen before."""
    runtime.clock.now = NOON
    client.cookies.clear()
    number = next(_numbers)
    starts_at = NOON + timedelta(days=10, hours=6)
    with transaction(runtime.engine) as db:
        model = webinars.webinar_by_slug(db, "si-joint-runners")
        slug = f"class-{number}"
        values = {name: value for name, value in asdict(model).items() if name != "id"} | {"slug": slug}
        values |= {"sections": to_json(sections_of(db, model.id))}
        webinar_id = webinars.add_webinar(db, values, NOON)
        campaign = add_campaign(db, webinar_id, "Class", NOON)
        for step in steps_of(db, model.id):
            add_step(db, campaign, step)
        session_id = webinars.add_session(
            db, webinar_id, starts_at, starts_at + timedelta(minutes=30), NOON, room_url="https://room.example/abc"
        )
        boxes = {f"{box.channel}-{box.purpose}": box.id for box in current_wordings(db)}
    return House(runtime, client, webinar_id, session_id, slug, f"sam{number}@example.com", boxes)
