"""What keeps messages from leaving because somebody wants it so, in words: kill switches and paused streams.

The banner of every page and the health page say it from here. Nothing is thrown or lifted in this room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns.domain.steps import Channel, Purpose
from campaigns.domain.streams import StreamName
from campaigns.store import kill_switches, report_channel, streams
from campaigns.store.engine import Connection
from campaigns.store.kill_switches import KillSwitch
from campaigns.store.report_channel import SessionTitle
from campaigns.web.staff import words


@dataclass(frozen=True, slots=True)
class Thrown:
    """A kill switch that holds something back now."""

    id: int
    what: str
    since: str
    who: str
    why: str


def banner(db: Connection, zone: str, now: datetime) -> list[str]:
    """Say in a sentence each what is stopped; empty while everything may leave."""
    switches = [f"{one.what} held back since {one.since}: {one.why}" for one in thrown(db, zone, now)]
    paused = [
        f"{way(stream.name)} paused since {words.when(stream.paused_at, zone, now)}: {stream.paused_reason}"
        for stream in streams.all_streams(db)
        if stream.paused_at is not None
    ]
    return switches + paused


def thrown(db: Connection, zone: str, now: datetime) -> list[Thrown]:
    """Tell of every kill switch that is thrown, the oldest first."""
    switches = kill_switches.thrown(db)
    if not switches:
        return []
    titles = report_channel.session_titles(db, (one.session_id for one in switches if one.session_id))
    names = report_channel.staff_names(db)
    return [
        Thrown(
            one.id,
            scope(one.session_id, one.purpose, titles, now),
            words.when(one.at, zone, now),
            names.get(one.staff_id or 0, "the service itself"),
            one.reason,
        )
        for one in switches
    ]


def scope(session_id: int | None, purpose: Purpose | None, titles: Mapping[int, SessionTitle], now: datetime) -> str:
    """Say what a switch holds back: `Everything`, `News and offers`, `Everything of Runners’ class, Thu 11 Mar`."""
    what = words.PURPOSES[purpose] if purpose else "everything"
    found = titles.get(session_id or 0)
    session = f" of {found.class_title}, {words.when(found.starts_at, found.zone, now)}" if found else ""
    return f"{what[0].upper()}{what[1:]}{session}"


def reaching(db: Connection, session_id: int, purpose: Purpose) -> list[KillSwitch]:
    """List the thrown switches that hold back this purpose of this session."""
    return [
        one
        for one in kill_switches.thrown(db)
        if one.session_id in (None, session_id) and one.purpose in (None, purpose)
    ]


def way(name: StreamName) -> str:
    """Name a stream: `Emails by SMTP (clinic.example)`."""
    what = "Emails" if name.channel is Channel.EMAIL else "Texts"
    sender = f" ({name.sender})" if name.sender and name.provider != "folder" else ""
    return f"{what} by {words.provider(name.provider)}{sender}"
