"""One person, one step, one moment: when a message would be due for somebody, and whether it would leave then.

Asks the functions that plan and that take the last look; there is no second reckoning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from campaigns.domain.audience import SessionFacts
from campaigns.domain.lifecycle import Status
from campaigns.domain.local import instant_of
from campaigns.domain.steps import Anchor, LocalTime, Step
from campaigns.domain.timing import Answer, Due, Hold, Never, Wait, due
from campaigns.operations.last_look import STAY, Rules, Skip, look
from campaigns.store.history import Recorded
from campaigns.store.letters import Item

MOMENTS: Final = ("due", "now", "soon", "running", "over")
"""When a message is looked at: when it is due, now, and before, in and after the class."""

_WAITING: Final = (Status.PLANNED, Status.QUEUED)
_SOON: Final = timedelta(minutes=40)
_RUNNING: Final = timedelta(minutes=5)
_OVER: Final = timedelta(days=1)
_OF_USE: Final = timedelta(days=1)
"""How long a message is taken to be of use whose end nothing tells."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Why a message would not leave at that moment."""

    kind: Literal["never", "not yet", "held", "stopped"]
    reason: str = ""
    """A word of the ledger; empty for quiet hours and kill switches."""
    until: datetime | None = None
    """Until when it would be held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a message is rendered for."""

    step: Step
    item: Item
    at: datetime
    on_time: bool
    """Whether `at` is the moment at which it is due."""
    recorded: Recorded | None
    """Its row in the ledger, for the date that counts now."""
    bar: Bar | None


def settle(
    step: Step,
    load: Callable[[datetime], Item],
    rules: Rules,
    busy: frozenset[date],
    *,
    moment: str,
    now: datetime,
    recorded: Recorded | None = None,
) -> Occasion:
    """Find the moment that is asked for, and say whether the message would leave then.

    `load` gives the delivery with all that is known at a moment; `busy` are the days that belong to
    service emails (`timing.busy_days`). A row that waits is due now once its time is past.
    """
    first = load(now)
    answer = due(step, first.facts, rules.hours, busy)
    due_at = _due_at(answer, recorded, now)
    at = _moment(moment, due_at or _nominal(step, first), first.about.session, now)
    item = load(at)
    if recorded is None:
        expires = answer.expires if isinstance(answer, Due) else at + _OF_USE
        item = replace(item, due_at=due_at or at, expires_at=expires)
    over = recorded is not None and recorded.status not in _WAITING
    return Occasion(
        step=step,
        item=item,
        at=at,
        on_time=moment not in MOMENTS[1:] and due_at is not None,
        recorded=recorded,
        bar=None if over else _bar(item, step, answer, rules, at),
    )


def _due_at(answer: Answer, recorded: Recorded | None, now: datetime) -> datetime | None:
    if recorded is None:
        return answer.at if isinstance(answer, Due) else None
    if recorded.status in _WAITING:
        return max(recorded.due_at, now)
    return recorded.sent_at or recorded.due_at


def _nominal(step: Step, item: Item) -> datetime:
    """Give where a step that will not go would stand."""
    session, facts = item.about.session, item.facts
    anchors = {
        Anchor.STARTS: session.starts_at,
        Anchor.ENDS: session.ends_at,
        Anchor.MOVED: session.moved_at,
        Anchor.CANCELLED: facts.withdrawn_at if step.parting else session.cancelled_at,
        Anchor.ANSWERED: facts.answered_at,
        Anchor.OFFERED: facts.offered_at,
        Anchor.ASKED: facts.asked_at,
    }
    base = anchors.get(step.anchor) or facts.registered_at
    if isinstance(step.offset, LocalTime):
        day = base.astimezone(facts.zone).date() + timedelta(days=step.offset.days)
        return instant_of(day, step.offset.at, facts.zone)
    return base + step.offset.delta


def _moment(moment: str, due_at: datetime, session: SessionFacts, now: datetime) -> datetime:
    chosen = {
        "now": now,
        "soon": session.starts_at - _SOON,
        "running": session.starts_at + _RUNNING,
        "over": session.ends_at + _OVER,
    }
    return chosen.get(moment, due_at)


def _bar(item: Item, step: Step, answer: Answer, rules: Rules, at: datetime) -> Bar | None:
    if isinstance(answer, Never):
        return Bar("never", answer.reason.value)
    if isinstance(answer, Wait):
        return Bar("not yet", answer.awaits.value)
    verdict = look(item, step, rules, at)
    if isinstance(verdict, Skip):
        return Bar("never", verdict.reason.value)
    if isinstance(verdict, Hold):
        return Bar("held", verdict.why.value if verdict.why else "quiet_hours", verdict.until)
    return Bar("stopped") if verdict == STAY else None
