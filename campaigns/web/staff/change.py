"""What moving or cancelling a session does, put into words from its preview."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.domain.reasons import Reason
from campaigns.domain.steps import Anchor, Channel, LocalTime, Step
from campaigns.domain.timing import Answer, Due, Never
from campaigns.operations.reschedule import Preview, StepChange
from campaigns.store.reports import Audiences
from campaigns.web import times
from campaigns.web.staff import words

_TELLS: Final = (Anchor.MOVED, Anchor.CANCELLED)
_WAKING: Final = (time(7), time(21, 30))
_ELSEWHERE: Final = ("America/New_York", "America/Los_Angeles")
"""Where the tick sentence says the time as well, if the registrants' own zones do not suggest others."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What happens to one step."""

    step: Step
    now: str
    after: str
    again: bool
    """Whether it went out for the old date and goes out once more."""
    people: int


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears of the change at once."""

    emails: int
    texts: int
    superseded: int
    """Messages planned for the old date that fall away."""
    late: tuple[str, ...]
    """Names of the steps for which the new date comes too late."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The new time on other clocks."""

    city: str
    hour: str
    day: str
    """Only where it is another day than at the clinic."""
    people: int
    asleep: bool
    """Whether the session would start at night there."""


def rows(preview: Preview, audiences: Audiences, zone: str, now: datetime) -> list[ChangeRow]:
    """Say for each step that hangs on the date what it does now and after the change."""
    found = []
    for change in sorted(preview.changes, key=lambda one: _order(one.step)):
        if change.step.anchor in _TELLS:
            continue
        again = bool(change.counts.gone) and isinstance(change.after, Due)
        people = audiences.of(change.step) if not isinstance(change.after, Never) else 0
        after = _after(change, zone, now)
        found.append(ChangeRow(change.step, _before(change, zone, now), after, again, people))
    return found


def told(preview: Preview, audiences: Audiences, moving: bool) -> Told:  # noqa: FBT001  # move or cancel, named at the call
    """Count who hears of it at once, what falls away, and what comes too late."""
    anchor = Anchor.MOVED if moving else Anchor.CANCELLED
    notices = [
        change.step for change in preview.changes if change.step.anchor is anchor and isinstance(change.after, Due)
    ]
    too_late = Never(Reason.MOVED_LATE)
    late = tuple(change.step.name for change in preview.changes if change.after == too_late and not change.counts.gone)
    return Told(
        emails=_most(notices, Channel.EMAIL, audiences),
        texts=_most(notices, Channel.SMS, audiences),
        superseded=sum(change.counts.waiting for change in preview.changes),
        late=late,
    )


def elsewhere(preview: Preview, starts_at: datetime, zone: str) -> list[Elsewhere]:
    """Give the new time in the zones where people live, the most frequent first, without the clinic's own."""
    others = sorted((item for item in preview.zones.items() if item[0] != zone), key=lambda item: (-item[1], item[0]))
    others += [(name, 0) for name in _ELSEWHERE if name != zone and name not in preview.zones]
    return [_clock(starts_at, name, people, zone) for name, people in others]


def sentence(starts_at: datetime, zone: str, clocks: Iterable[Elsewhere]) -> tuple[str, str]:
    """Give the sentence to tick in two parts: the time at the clinic, and two other clocks."""
    at = f"{words.full_date(starts_at, zone)}, {words.hour(starts_at, zone)} in {city(zone)}"
    parts = [f"{clock.day + ' ' if clock.day else ''}{clock.hour} {clock.city}" for clock in list(clocks)[:2]]
    return at, ", ".join(parts)


def city(zone: str) -> str:
    """Give the city a zone is named after."""
    return zone.rpartition("/")[2].replace("_", " ")


def _clock(at: datetime, name: str, people: int, zone: str) -> Elsewhere:
    local = at.astimezone(ZoneInfo(name))
    same_day = local.date() == at.astimezone(ZoneInfo(zone)).date()
    asleep = not _WAKING[0] <= local.time() <= _WAKING[1]
    return Elsewhere(city(name), f"{local:%H:%M}", "" if same_day else f"{local:%A}", people, asleep and people > 0)


def _order(step: Step) -> tuple[bool, float, str]:
    if isinstance(step.offset, LocalTime):
        away = timedelta(days=step.offset.days, hours=step.offset.at.hour, minutes=step.offset.at.minute)
    else:
        away = step.offset.delta
    return step.anchor is Anchor.ENDS, away.total_seconds(), step.key


def _most(steps: list[Step], channel: Channel, audiences: Audiences) -> int:
    return max((audiences.of(step) for step in steps if step.channel is channel), default=0)


def _before(change: StepChange, zone: str, now: datetime) -> str:
    if change.counts.gone:
        return f"sent to {change.counts.gone:,}"
    return _told(change.step, change.before, zone, now)


def _after(change: StepChange, zone: str, now: datetime) -> str:
    if change.counts.gone and not isinstance(change.after, Due):
        return "stays sent, not repeated"
    when = _told(change.step, change.after, zone, now)
    return f"goes again {when}" if change.counts.gone else when


def _told(step: Step, answer: Answer, zone: str, now: datetime) -> str:
    if isinstance(answer, Never):
        return "falls away" if answer.reason is Reason.SESSION_CANCELLED else words.reason(answer.reason)
    if isinstance(answer, Due):
        if isinstance(step.offset, LocalTime):
            return f"{words.date(answer.at, zone, now)}, {step.offset.at:%H:%M} theirs"
        return words.when(answer.at, zone, now)
    return f"waits: {words.reason(answer.awaits)}"


def zones_offered(zone: str) -> list[tuple[str, str]]:
    """List the zones a form offers, the clinic's own first."""
    names = [zone, *(name for name in times.OFFERED if name != zone)]
    return [(name, times.zone_title(name)) for name in names]
