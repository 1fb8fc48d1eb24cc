"""The real application over a real PostgreSQL: the starter webinar, a clock moved by hand, a client that is a browser."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from campaigns.operations import register, starter
from campaigns.operations.register import Request
from campaigns.runtime import Runtime, build
from campaigns.settings import read_settings
from campaigns.store import webinars
from campaigns.store.consents import current_wordings
from campaigns.store.engine import transaction
from campaigns.web.app import create_app

NOON = datetime(2027, 3, 1, 17, 0, tzinfo=UTC)
"""Monday, March 1, 2027, 12:00 PM at the clinic."""
SECRET = "a secret of thirty-two characters and more"


@dataclass
class Hand:
    """A clock that stands where it is put."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class House:
    """A service with the starter webinar and one session of half an hour, ten days ahead at 6 PM Eastern."""

    runtime: Runtime
    clock: Hand
    client: TestClient
    webinar_id: int
    session_id: int
    slug: str = "si-joint-runners"
    boxes: dict[str, int] = field(default_factory=dict)

    @property
    def starts_at(self) -> datetime:
        with transaction(self.runtime.engine) as db:
            return webinars.read_session(db, self.session_id).starts_at

    def add_session(self, days: float, **facts) -> int:
        starts_at = NOON + timedelta(days=days)
        with transaction(self.runtime.engine) as db:
            return webinars.add_session(db, self.webinar_id, starts_at, starts_at + timedelta(minutes=30), NOON, **facts)

    def form(self, **changed) -> dict:
        """A form as a browser sends it; `None` leaves a field out."""
        filled = {
            "session": str(self.session_id),
            "first_name": "Sam",
            "email": "sam@example.com",
            "phone": "",
            "zone": "",
            "guess": "America/Chicago",
            "leave_empty": "",
            **changed,
        }
        return {name: value for name, value in filled.items() if value is not None}

    def send(self, **changed):
        return self.client.post(f"/w/{self.slug}", data=self.form(**changed))

    def place(self, **facts) -> int:
        """A registration made behind the form; gives its id."""
        asked = Request(
            **{"session_id": self.session_id, "first_name": "Sam", "email": "sam@example.com", "zone": "America/Chicago", **facts}
        )
        with transaction(self.runtime.engine) as db:
            made = register.register(db, asked, self.runtime.hours, self.clock(), horizon=timedelta(hours=6))
        return made.registration_id

    def path(self, link: str) -> str:
        return link.removeprefix(self.runtime.settings.public_url)


@pytest.fixture
def house(own_database_url):
    """A service of its own for one test."""
    settings = read_settings(database_url=own_database_url, secret=SECRET, registrations_per_minute=1000)
    clock = Hand()
    with build(settings, pool_size=2) as built:
        runtime = replace(built, clock=clock)
        with transaction(runtime.engine) as db:
            webinar_id = starter.load(db, runtime.templates, runtime.clinic, NOON, with_session=False)
            starts_at = NOON + timedelta(days=10, hours=6)
            session_id = webinars.add_session(
                db, webinar_id, starts_at, starts_at + timedelta(minutes=30), NOON, room_url="https://room.example/abc"
            )
            boxes = {f"{box.channel}-{box.purpose}": box.id for box in current_wordings(db)}
        with TestClient(create_app(runtime), base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
            yield House(runtime, clock, client, webinar_id, session_id, boxes=boxes)
