"""A campaign laid out around one session: what goes when, for whom, and how far each step has come.

Due times are asked of the planner's own rules, in the clinic's zone; only the order
among steps that will not go is reckoned here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.domain.lifecycle import Status
from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Anchor, Audience, LocalTime, Step
from campaigns.domain.timing import Answer, Due, Never, Wait, busy_days, due_for_class
from campaigns.store.reports import Audiences
from campaigns.store.session_counts import StepCounts
from campaigns.store.webinars import SessionRow
from campaigns.web.staff import words

_AHEAD: Final = (Status.PLANNED, Status.QUEUED, Status.SENDING)
_LEFT: Final = (Status.SENT, Status.DELIVERED)
_PROBLEMS: Final = (Status.FAILED, Status.BOUNCED, Status.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step of the campaign."""

    step: Step
    at: datetime
    """When it goes in the clinic's zone; for steps that will not, where they would stand."""
    offset: str
    absolute: str
    audience: str
    planned: int
    estimated: bool
    """Whether `planned` is a reckoning, because the ledger does not reach that far yet."""
    sent: int
    skipped: int
    problems: int
    mark: str
    """`done`, `ahead` or `needs`: the sign on the rail."""
    state: str
    state_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A campaign in the order of its telling."""

    registering: list[Row]
    before: list[Row]
    after: list[Row]
    happening: list[Row]
    """Only if somebody moves, cancels or gives a place back."""
    past_before: int
    """How many rows of `before` lie behind us."""
    past_after: int
    count: int


@dataclass(frozen=True, slots=True)
class Around:
    """What a timeline is laid around."""

    session: SessionRow
    zone: str
    hours: SendingHours
    now: datetime
    counts: Mapping[int, StepCounts]
    audiences: Audiences


def lay_out(steps: Iterable[Step], around: Around) -> Timeline:
    """Lay the steps out around their session."""
    steps = tuple(steps)
    here = ZoneInfo(around.zone)
    busy = busy_days(steps, around.session.facts, here, around.hours)
    groups: dict[str, list[Row]] = {"registering": [], "before": [], "after": [], "happening": []}
    for step in steps:
        answer = due_for_class(step, around.session.facts, here, around.hours, busy, own_anchor=_own(step, around))
        groups[_group(step)].append(_row(step, answer, around))
    for rows in groups.values():
        rows.sort(key=lambda row: (row.at, row.step.key))
    return Timeline(
        **groups,
        past_before=sum(row.at <= around.now for row in groups["before"]),
        past_after=sum(row.at <= around.now for row in groups["after"]),
        count=len(steps),
    )


def _own(step: Step, around: Around) -> datetime | None:
    """Give an anchor to steps that count from each person's own act, so that they too have an answer."""
    own = step.anchor in (Anchor.REGISTERED, Anchor.OFFERED) or step.by_round or step.parting
    return around.now if own else None


def _group(step: Step) -> str:
    if step.anchor is Anchor.REGISTERED or step.by_round:
        return "registering"
    return {Anchor.STARTS: "before", Anchor.ENDS: "after"}.get(step.anchor, "happening")


def _row(step: Step, answer: Answer, around: Around) -> Row:
    found = around.counts.get(step.id)
    counts: Mapping[Status, int] = found.by_status if found else {}
    ahead = sum(counts.get(status, 0) for status in _AHEAD)
    left = sum(counts.get(status, 0) for status in _LEFT)
    problems = sum(counts.get(status, 0) for status in _PROBLEMS)
    at = answer.at if isinstance(answer, Due) else _place(step, around)
    guess = 0 if counts or isinstance(answer, Never) or not step.dated or at <= around.now else _guess(step, around)
    state, state_words = _state(step, answer, at, counts, around)
    done = bool(left) and (at <= around.now or not step.dated)
    return Row(
        step=step,
        at=at,
        offset=words.offset(step),
        absolute=_absolute(step, answer, at, around),
        audience=words.audience(step),
        planned=ahead or guess,
        estimated=bool(guess),
        sent=left,
        skipped=counts.get(Status.SKIPPED, 0),
        problems=problems,
        mark="needs" if counts.get(Status.UNKNOWN) else "done" if done else "ahead",
        state=state,
        state_words=state_words,
    )


def _state(step: Step, answer: Answer, at: datetime, counts: Mapping[Status, int], around: Around) -> tuple[str, str]:
    if counts.get(Status.UNKNOWN):
        return "unknown", f"{counts[Status.UNKNOWN]:,} unknown"
    if step.paused:
        return "held", "paused"
    if _waits_for_replay(step, at, around) and not any(counts.values()):
        return "waits", "waits: replay"
    if isinstance(answer, Wait):
        waiting = step.anchor in (Anchor.STARTS, Anchor.ENDS)
        return ("waits", f"waits: {words.reason(answer.awaits)}") if waiting else ("ahead", "if it happens")
    if isinstance(answer, Never) and not any(counts.values()):
        newcomers = "for newcomers: " if not step.dated else ""
        return "skipped", newcomers + words.reason(answer.reason)
    if not step.dated:
        over = around.now >= around.session.ends_at
        return ("done", "done") if over else ("sent", "as they act" if _rare(step) else "as they register")
    return _progress(at, counts, around)


def _progress(at: datetime, counts: Mapping[Status, int], around: Around) -> tuple[str, str]:
    if at > around.now:
        return "ahead", words.distance(at, around.now)
    moving = sum(counts.get(status, 0) for status in _AHEAD)
    if moving:
        return "sending", f"{moving:,} on their way"
    return ("done", "done") if any(counts.values()) else ("none", "nobody to send it to")


def _waits_for_replay(step: Step, at: datetime, around: Around) -> bool:
    return step.replay_grace is not None and not around.session.facts.has_replay and at > around.now


def _rare(step: Step) -> bool:
    return step.parting or step.audience in (Audience.WAITING, Audience.UNPROVEN)


def _place(step: Step, around: Around) -> datetime:
    session = around.session
    base = {Anchor.STARTS: session.starts_at, Anchor.ENDS: session.ends_at}.get(step.anchor, around.now)
    if isinstance(step.offset, LocalTime):
        return base + timedelta(days=step.offset.days)
    return base + step.offset.delta


def _absolute(step: Step, answer: Answer, at: datetime, around: Around) -> str:
    wall = step.offset.at if isinstance(step.offset, LocalTime) else None
    if not step.dated:
        return f"{wall:%H:%M} theirs" if wall else "each on their own"
    if isinstance(answer, Wait) and step.anchor not in (Anchor.STARTS, Anchor.ENDS):
        return "after it happened"
    date = words.date(at, around.zone, around.now)
    if wall:
        return f"{date}, {wall:%H:%M} theirs"
    about = "about " if isinstance(answer, Wait) else "by " if _waits_for_replay(step, at, around) else ""
    return f"{about}{date} {words.hour(at, around.zone)}"


def _guess(step: Step, around: Around) -> int:
    return around.audiences.of(step)
