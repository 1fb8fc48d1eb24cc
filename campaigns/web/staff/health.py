"""Is it running? Queues, the oldest due, signs of life, and how far the plan reaches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.lifecycle import Status
from campaigns.domain.steps import Channel, Priority
from campaigns.store import report_health, reports, staff
from campaigns.store.report_health import Depth, Sign, Watermark
from campaigns.web.staff import words
from campaigns.web.staff.desk import Signed

router = APIRouter()

_LATE: Final = timedelta(minutes=2)
"""A queue whose oldest due has waited longer than this is shown as late."""
_SILENT: Final = timedelta(minutes=2)
"""A rhythm without a sign of life for longer than this is shown as down."""


@dataclass(frozen=True, slots=True)
class Headline:
    """How one channel does."""

    sign: str
    words: str


@router.get("/staff/health")
def show_health(visit: Signed) -> Response:
    """Show whether messages go out, and where they wait if they do not."""
    now = visit.now
    with visit.transaction() as db:
        depths = report_health.depths(db, now)
        signs = report_health.signs_of_life(db)
        marks = report_health.watermarks(db, now)
        claimed = report_health.last_claimed_at(db)
        unknown = reports.count_in(db, Status.UNKNOWN)
        acts = staff.recent_acts(db, 10)
    return visit.page(
        "health.html",
        active="health",
        as_of=words.hour(now, visit.zone, seconds=True),
        headlines=[_headline(channel, depths, now) for channel in Channel],
        silent=not signs or min(now - sign.last_at for sign in signs) > _SILENT,
        signs=[(sign, words.distance(sign.last_at, now), now - sign.last_at <= _SILENT) for sign in _latest(signs)],
        claimed=words.distance(claimed, now) if claimed else "never",
        unknown=unknown,
        queues=[_queue(depth, now) for depth in depths],
        watermarks=[_watermark(mark, visit.now, visit.runtime.settings.horizon) for mark in marks],
        acts=[(one, words.when(one.at, visit.zone, now), _detail(one)) for one in acts],
    )


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


def _detail(act: staff.Act) -> str:
    return ", ".join(f"{key} {value}" for key, value in act.detail.items() if value not in ("", None))
