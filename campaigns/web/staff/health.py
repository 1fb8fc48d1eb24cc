"""Is it running? Alerts, signs of life, queues, the ways out, what is stopped, and how far the plan reaches.

The page only; what is pressed on it is in `sending.py` and `alerts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel, Priority
from campaigns.errors import Rejected
from campaigns.providers.base import name_of
from campaigns.store import approvals, campaigns, report_health, reports, staff
from campaigns.store.engine import Connection
from campaigns.store.report_health import Depth, Sign, Watermark
from campaigns.web.staff import alerts, standing, stopped, ways_out, words
from campaigns.web.staff.desk import Signed, Visit

router = APIRouter()

_LATE: Final = timedelta(minutes=2)
"""A queue whose oldest due has waited longer than this is shown as late."""
_SILENT: Final = timedelta(minutes=2)
"""A rhythm without a sign of life for longer than this is shown as down."""
_HELD: Final = ("waits", "stopped", "failed", "slow")
"""Signs of words without an approval, and of those whose approval runs out soon."""
_SHOWN: Final = 20
_CHOICES: Final = 200
"""Sessions whose fill is shown, and sessions that can be chosen to be stopped."""


@dataclass(frozen=True, slots=True)
class Headline:
    """How one channel does."""

    sign: str
    words: str


@router.get("/staff/health")
def show_health(visit: Signed) -> Response:
    """Show whether messages go out, and where they wait if they do not."""
    return health_page(visit)


def health_page(visit: Visit, wrong: Rejected | None = None, typed: Mapping[str, str] | None = None) -> Response:
    """Give the page; after a form that was declined with what is wrong and with what was `typed` into it."""
    now = visit.now
    with visit.transaction() as db:
        facts = {**_running(db, now), **_leaving(db, visit)}
        acts = staff.recent_acts(db, 10)
    return visit.page(
        "health.html",
        active="health",
        status=422 if wrong else 200,
        as_of=words.hour(now, visit.zone, seconds=True),
        filled=[_watermark(mark, now, visit.runtime.settings.horizon) for mark in facts["watermarks"][:_SHOWN]],
        sessions=[_choice(mark, now) for mark in facts["watermarks"]],
        purposes=[(purpose.value, name) for purpose, name in words.PURPOSES.items()],
        acts=[(one, words.when(one.at, visit.zone, now), _detail(one)) for one in acts],
        wrong=wrong,
        typed=typed or {},
        done=visit.request.query_params.get("done", ""),
        **facts,
    )


def _running(db: Connection, now: datetime) -> dict[str, Any]:
    depths = report_health.depths(db, now)
    signs = report_health.signs_of_life(db)
    claimed = report_health.last_claimed_at(db)
    return {
        "headlines": [_headline(channel, depths, now) for channel in Channel],
        "silent": not signs or min(now - sign.last_at for sign in signs) > _SILENT,
        "signs": [(sign, words.distance(sign.last_at, now), now - sign.last_at <= _SILENT) for sign in _latest(signs)],
        "claimed": words.distance(claimed, now) if claimed else "never",
        "unknown": reports.count_in(db, Status.UNKNOWN),
        "queues": [_queue(depth, now) for depth in depths],
        "watermarks": report_health.watermarks(db, now, _CHOICES),
    }


def _leaving(db: Connection, visit: Visit) -> dict[str, Any]:
    used = {name_of(provider) for provider in visit.runtime.providers.values()}
    return {
        "alerts": alerts.told(db, visit.zone, visit.now),
        "ways": ways_out.told(db, used, visit.zone, visit.now),
        "switches": stopped.thrown(db, visit.zone, visit.now),
        "held": _held(db, visit),
    }


def _held(db: Connection, visit: Visit) -> list[tuple[str, standing.Told, list[str]]]:
    """List the templates whose words may not leave, or soon will not, each with the steps that send it."""
    given = {captured: approvals.going_approvals(db, captured=captured) for captured in (True, False)}
    found: dict[str, tuple[standing.Told, list[str]]] = {}
    for step in sorted(campaigns.all_steps(db).values(), key=lambda step: step.id):
        captured = standing.captures(visit, step.channel)
        told = standing.told(given[captured].get(step.template), visit)
        if told.sign in _HELD:
            found.setdefault(step.template, (told, []))[1].append(step.name)
    return sorted((name, told, list(dict.fromkeys(steps))) for name, (told, steps) in found.items())


def _headline(channel: Channel, depths: list[Depth], now: datetime) -> Headline:
    name = "Email is" if channel is Channel.EMAIL else "Texts are"
    oldest = [depth.oldest_due_at for depth in depths if depth.channel is channel and depth.oldest_due_at]
    if oldest and now - min(oldest) > _LATE:
        return Headline("slow", f"{name} late by {words.span(now - min(oldest))}")
    return Headline("well", f"{name} on time")


def _latest(signs: list[Sign]) -> list[Sign]:
    """Give one line per rhythm, its latest; two schedulers share the work."""
    found: dict[str, Sign] = {}
    for sign in signs:
        found.setdefault(sign.name, sign)
    return list(found.values())


def _queue(depth: Depth, now: datetime) -> dict[str, object]:
    late = depth.oldest_due_at is not None and now - depth.oldest_due_at > _LATE
    return {
        "channel": depth.channel,
        "name": f"{'Email' if depth.channel is Channel.EMAIL else 'Text'}, {Priority(depth.priority).name.lower()}",
        "due": depth.due,
        "queued": depth.queued,
        "sending": depth.sending,
        "oldest": words.span(now - depth.oldest_due_at) if depth.oldest_due_at else "",
        "late": late,
    }


def _watermark(mark: Watermark, now: datetime, horizon: timedelta) -> dict[str, object]:
    until = mark.planned_until
    return {
        "mark": mark,
        "session": words.when(mark.starts_at, mark.zone, now),
        "until": words.when(until, mark.zone, now) if until else "to be planned again",
        "behind": until is not None and until < now + horizon / 2,
    }


def _choice(mark: Watermark, now: datetime) -> tuple[int, str]:
    return mark.session_id, f"{mark.class_title}, {words.when(mark.starts_at, mark.zone, now)}"


def _detail(act: staff.Act) -> str:
    return ", ".join(f"{key} {value}" for key, value in act.detail.items() if value not in ("", None))
