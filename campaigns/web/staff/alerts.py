"""What somebody has to look at: each alert in words, with the way to what it is about, until it is put away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.errors import Conflict
from campaigns.store import alerts
from campaigns.store.engine import Connection
from campaigns.web.staff import words
from campaigns.web.staff.desk import Acting, Id, go_to

router = APIRouter()

_KINDS: Final = {
    "page": ("down", "Messages do not go out"),
    "person": ("urgent", "Somebody needs a human"),
    "config": ("slow", "A setting is wrong"),
    "template": ("slow", "A message is wrong"),
    "review": ("held", "Worth a look"),
    "bug": ("slow", "A fault of ours"),
}
_ABOUT: Final = re.compile(r"(inbound|delivery|stream):(\d{1,18})\b", re.ASCII)
_WAYS: Final = {
    "inbound": ("/staff/replies/{}", "Read it"),
    "delivery": ("/staff/deliveries/{}", "Open the delivery"),
    "stream": ("#way-{}", "To this way out"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One alert as the page shows it."""

    id: int
    sign: str
    kind: str
    words: str
    since: str
    often: str
    href: str
    link: str


@router.post("/staff/alerts/{alert_id}/clear")
def clear_alert(act: Acting, alert_id: Id) -> Response:
    """Put an alert away, on record; raises `Conflict` if somebody else has."""
    visit = act.visit
    with visit.transaction() as db:
        if not alerts.clear(db, alert_id, visit.login.member.id, visit.now):
            raise Conflict("This alert is put away already. Reload the page.")
        visit.record(db, "alert seen to", f"alert:{alert_id}")
    return go_to("/staff/health?done=alert#alerts")


def told(db: Connection, zone: str, now: datetime) -> list[Told]:
    """Tell of everything that is raised, the most pressing first."""
    return [_told(one, zone, now) for one in alerts.raised(db)]


def _told(one: alerts.Alert, zone: str, now: datetime) -> Told:
    sign, kind = _KINDS[one.kind]
    about = _ABOUT.match(one.subject)
    href, link = _WAYS[about[1]] if about else ("", "")
    last = words.when(one.last_at, zone, now)
    return Told(
        id=one.id,
        sign=sign,
        kind=kind,
        words=one.words,
        since=words.when(one.first_at, zone, now),
        often="once" if one.times == 1 else f"{one.times:,} times, last {last}",
        href=href.format(about[2]) if about else "",
        link=link,
    )
