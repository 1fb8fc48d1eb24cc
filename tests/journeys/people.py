"""Five hundred invented people: where they live, what they ticked, when they act. The same every time."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/London",
    "Asia/Kolkata",
)
_WEIGHTS = (12, 6, 4, 6, 2, 2)
_AREAS = ("207", "212", "312", "303", "213", "415", "617", "702", "206", "404")
_FIRST = (
    "Ana",
    "Bo",
    "Chloë",
    "Dmitri",
    "Eun",
    "Fatima",
    "Gwen",
    "Håkon",
    "Ines",
    "Jean-Luc",
    "Kofi",
    "O'Neil",
    "Łucja",
)

FIRST_DAY = datetime(2027, 3, 1, 15, tzinfo=UTC)
"""A Monday; daylight saving begins in the United States on the 14th, in Europe on the 28th."""


@dataclass(kw_only=True)
class Person:
    """One registration and what its owner does; `registered` and the other moments are filled in as they happen."""

    number: int
    name: str
    email: str
    phone: str
    """As typed: ten digits."""
    zone: str
    session: str
    """`A` or `B`."""
    signs_up: datetime
    texts: bool = False
    reads: bool = False
    news: bool = False
    twice: bool = False
    """Presses the button again."""
    gives_up: datetime | None = None
    stops_reads: datetime | None = None
    came: str = "missed"
    """`attended`, `left_early` or `missed`."""
    refused: bool = False
    """The mail server turns this address away for good."""
    registered: tuple[datetime, datetime] | None = None
    """Between these two moments of the service's clock."""
    gave_up: tuple[datetime, datetime] | None = None
    stopped_reads: tuple[datetime, datetime] | None = None
    also: list[Person] = field(default_factory=list)
    """Other registrations of the same person."""

    @property
    def number_to(self) -> str:
        """The number in E.164; empty if none was typed."""
        return f"+1{self.phone}" if self.phone else ""


def cast(starts_a: datetime, starts_b: datetime, moves_at: datetime, new_a: datetime) -> list[Person]:
    """Give everybody who registers before session B is cancelled: 460 early, 40 late for A."""
    lot = random.Random(500)
    early = [
        FIRST_DAY + timedelta(minutes=20),
        FIRST_DAY + timedelta(days=3, hours=2),
        starts_a - timedelta(days=9, hours=4),
    ]
    early.append(starts_a - timedelta(days=4, hours=6))
    people = [_person(number, lot, lot.choices(early, (5, 3, 2, 1))[0]) for number in range(460)]
    late = (
        (starts_a - timedelta(hours=23), 10),  # after the day-before reminder, before the move
        (moves_at + timedelta(hours=15), 10),  # for the new date, before its day-before reminder
        (new_a - timedelta(hours=10), 8),  # after that
        (new_a - timedelta(minutes=75), 6),  # too late for "an hour before"
        (new_a - timedelta(minutes=38), 6),  # too late for "doors open" as well
    )
    for moment, count in late:
        people += [_person(len(people) + number, lot, moment, session="A") for number in range(count)]
    _quirks(people, lot, starts_a, starts_b)
    return people


def again(person: Person, number: int, moment: datetime) -> Person:
    """Give the registration of someone whose session was cancelled and who takes the other one."""
    second = Person(
        number=number,
        name=person.name,
        email=person.email,
        phone=person.phone,
        zone=person.zone,
        session="A",
        signs_up=moment,
        texts=person.texts,
        came="attended",
    )
    second.also, person.also = [person], [second]
    return second


def _person(number: int, lot: random.Random, moment: datetime, *, session: str = "") -> Person:
    texts = lot.random() < 0.55
    phone = f"{_AREAS[number // 100]}55501{number % 100:02d}" if texts or lot.random() < 0.2 else ""
    return Person(
        number=number,
        name=lot.choice(_FIRST),
        email=f"runner{number:03d}@{lot.choice(('mail', 'post', 'letters'))}.example.org",
        phone=phone,
        zone=lot.choices(ZONES, _WEIGHTS)[0],
        session=session or ("A" if lot.random() < 0.6 else "B"),
        signs_up=moment,
        texts=texts,
        reads=lot.random() < 0.6,
        news=lot.random() < 0.3,
        came=lot.choices(("attended", "left_early", "missed"), (6, 1, 3))[0],
    )


def _quirks(people: list[Person], lot: random.Random, starts_a: datetime, starts_b: datetime) -> None:
    early = people[:460]
    for person in lot.sample(early, 20):
        person.twice = True
    for person in lot.sample([one for one in early if one.reads], 8):
        person.stops_reads = starts_a - timedelta(days=2, hours=3)
    for person in lot.sample([one for one in early if one.session == "A" and not one.stops_reads], 8):
        person.gives_up = starts_a - timedelta(days=1, hours=8)
    for person in lot.sample([one for one in early if one.session == "B" and not one.stops_reads], 4):
        person.gives_up = starts_b - timedelta(days=5, hours=8)
    for person in lot.sample(early, 8):
        person.email = f"slow{person.number:03d}@greylist.example.org"
    ordinary = [one for one in early if not one.gives_up and not one.stops_reads and "greylist" not in one.email]
    for person in lot.sample(ordinary, 3):
        person.email = f"gone{person.number:03d}@nobody.example.org"
        person.refused = True
