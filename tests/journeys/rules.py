"""What everybody should get, worked out from the campaign's rules as they are written down for people.

Deliberately a second reckoning: nothing of `campaigns.domain` is used, and where the
service thinks in classes and rows this file thinks of one person at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.journeys.people import Person

HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
NEVER = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Session:
    """A session as staff have made it so far."""

    id: int
    starts: datetime
    length: timedelta
    moved_at: datetime | None = None
    old_starts: datetime | None = None
    cancelled_at: datetime | None = None
    list_is_final_at: datetime | None = None

    @property
    def ends(self) -> datetime:
        return self.starts + self.length


@dataclass(frozen=True, order=True)
class Expected:
    """One message someone should get, in `[due, expires)`."""

    due: datetime
    expires: datetime
    step: str
    channel: str


def expected(person: Person, session: Session) -> list[Expected]:
    """Give all the messages of one registration, in the order of their due times."""
    assert person.registered
    found = [one for one in _all(person, session) if one.due < one.expires and _not_stopped(person, one)]
    return sorted(found)


def _all(person: Person, session: Session) -> Iterator[Expected]:
    registered, _ = person.registered or (NEVER, NEVER)
    first_start = session.starts
    if session.moved_at and session.old_starts and registered < session.moved_at:
        first_start = session.old_starts
    yield Expected(registered, first_start + 20 * MINUTE, "C0", "email")
    if person.texts:
        # Within ten minutes of the person's own act quiet hours do not matter; after that they might.
        yield Expected(registered, registered + 30 * MINUTE, "C1", "sms")
    yield from _changes(person, session, registered)
    if person.gave_up:
        yield Expected(person.gave_up[0], person.gave_up[0] + DAY, "X3", "email")
    gone = person.gave_up[0] if person.gave_up else NEVER
    for start, since, until in _dates(session):
        for one in _around(person, session, start, registered):
            if since < one.due < min(until, gone):
                yield one


def _dates(session: Session) -> list[tuple[datetime, datetime, datetime]]:
    """Give each date the session has had, with the moments between which it was the date."""
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    end = session.cancelled_at or NEVER
    if session.moved_at and session.old_starts:
        return [(session.old_starts, long_ago, session.moved_at), (session.starts, session.moved_at, end)]
    return [(session.starts, long_ago, end)]


def _changes(person: Person, session: Session, registered: datetime) -> Iterator[Expected]:
    gone = person.gave_up[0] if person.gave_up else NEVER
    if session.moved_at and session.old_starts and registered < session.moved_at < gone:
        at = session.moved_at
        yield Expected(at, session.starts, "X1", "email")
        if person.texts and min(abs(session.old_starts - at), abs(session.starts - at)) < 48 * HOUR:
            yield Expected(_text_hours(person, at, session), session.starts, "X1-sms", "sms")
    if session.cancelled_at and registered < session.cancelled_at < gone:
        at = session.cancelled_at
        yield Expected(at, session.starts + 2 * HOUR, "X2", "email")
        if person.texts and abs(session.starts - at) < 24 * HOUR:
            yield Expected(_text_hours(person, at, session), session.starts + 2 * HOUR, "X2-sms", "sms")


def _text_hours(person: Person, at: datetime, session: Session) -> datetime:
    """Texts leave from 08:00 up to 20:00 of the person's own day, unless the session is less than 12 h away."""
    starts = [session.starts, session.old_starts or session.starts]
    if min(abs(start - at) for start in starts) < 12 * HOUR:
        return at
    local = at.astimezone(ZoneInfo(person.zone))
    if time(8) <= local.time() < time(20):
        return at
    day = local.date() if local.time() < time(8) else local.date() + DAY
    return _at(day, time(8), person)


def _around(person: Person, session: Session, start: datetime, registered: datetime) -> Iterator[Expected]:
    """Give what hangs on one date of the session."""
    end = start + session.length
    yield from _reminders(person, start, registered)
    yield from _lessons_before(person, session, start, registered)
    yield from _afterwards(person, session, end)


def _reminders(person: Person, start: datetime, registered: datetime) -> Iterator[Expected]:
    week = _on(start, -7, person)
    if registered < week - 3 * DAY:
        yield Expected(week, start - 5 * DAY, "B1", "email")
    if registered < start - 30 * HOUR:
        yield Expected(start - 24 * HOUR, start - 12 * HOUR, "B2", "email")
    if registered < start - 90 * MINUTE:
        yield Expected(start - 60 * MINUTE, start - 20 * MINUTE, "B4", "email")
    if person.texts:
        awake = time(8) <= start.astimezone(ZoneInfo(person.zone)).time() <= time(21)
        if registered < start - 25 * MINUTE and awake:
            yield Expected(start - 15 * MINUTE, start + 3 * MINUTE, "B5", "sms")
    elif registered < start - 50 * MINUTE:
        yield Expected(start - 20 * MINUTE, start, "B6", "email")


def _lessons_before(person: Person, session: Session, start: datetime, registered: datetime) -> Iterator[Expected]:
    if not person.reads:
        return
    for step, days, runway in (("D1", 1, 3 * DAY), ("D2", 3, 2 * DAY)):
        at = _free_day(person, session, start, registered, days)
        if start - at >= runway:
            yield Expected(at, start - 26 * HOUR, step, "email")


def _afterwards(person: Person, session: Session, end: datetime) -> Iterator[Expected]:
    final = session.list_is_final_at
    if person.came != "missed" and final:
        # No recording was ever linked, so it goes without one a day after the end.
        yield Expected(max(end + DAY, final), end + 48 * HOUR, "A1", "email")
    if person.came == "missed" and final:
        yield Expected(_email_hours(person, max(end + 2 * HOUR, final)), end + 48 * HOUR, "N1", "email")
    if person.came != "missed" and final:
        yield Expected(max(_on(end, 2, person), final), end + 7 * DAY, "A3", "email")
    if person.reads:
        for step, days in (("E1", 3), ("E2", 7), ("E4", 10), ("E5", 13), ("E6", 16), ("E7", 19)):
            at = _free_day(person, session, end - session.length, end, days)
            yield Expected(at, end + (days + 3) * DAY, step, "email")
    if person.news:
        yield Expected(_free_day(person, session, end - session.length, end, 22), end + 29 * DAY, "E3", "email")


def _email_hours(person: Person, at: datetime) -> datetime:
    """The note to those who missed it leaves from 08:30 up to 21:00 of the person's own day."""
    local = at.astimezone(ZoneInfo(person.zone))
    if time(8, 30) <= local.time() < time(21):
        return at
    day = local.date() if local.time() < time(8, 30) else local.date() + DAY
    return _at(day, time(8, 30), person)


def _free_day(person: Person, session: Session, start: datetime, anchor: datetime, days: int) -> datetime:
    """A lesson keeps off the days of service emails around the session, and comes at ten on the next free one."""
    end = start + session.length
    taken = {
        moment.astimezone(ZoneInfo(person.zone)).date()
        for moment in (
            _on(start, -7, person),
            start - DAY,
            start - HOUR,
            start - 20 * MINUTE,
            end + DAY,
            _email_hours(person, end + 2 * HOUR),
            _on(end, 2, person),
        )
    }
    day = anchor.astimezone(ZoneInfo(person.zone)).date() + days * DAY
    while day in taken:
        day += DAY
    return _at(day, time(10), person)


def _on(anchor: datetime, days: int, person: Person) -> datetime:
    """Ten o'clock, so many calendar days from the anchor's, where the person lives."""
    return _at(anchor.astimezone(ZoneInfo(person.zone)).date() + days * DAY, time(10), person)


def _at(day: date, clock: time, person: Person) -> datetime:
    return datetime.combine(day, clock, ZoneInfo(person.zone)).astimezone(UTC)


def _not_stopped(person: Person, one: Expected) -> bool:
    if one.step in ("D1", "D2", "E1", "E2", "E4", "E5", "E6", "E7") and person.stopped_reads:
        return one.due < person.stopped_reads[0]
    return True
