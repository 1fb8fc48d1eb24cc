"""The streams as the health page shows them: whether the door is open, how fast they run, whom they leave alone."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from campaigns.domain.steps import Channel
from campaigns.domain.streams import FAULTS, Stream, StreamName
from campaigns.errors import Rejected
from campaigns.store import streams
from campaigns.store.engine import Connection
from campaigns.web.staff import stopped, words

_NUMBER: Final = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
_FASTEST: Final = 10_000.0


@dataclass(frozen=True, slots=True)
class Rest:
    """A mail domain that is left alone for a while."""

    id: int
    domain: str
    until: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way out."""

    id: int
    channel: Channel
    name: str
    used: bool
    """Whether messages take it as the service is set up now."""
    sign: str
    state: str
    paused: bool
    pace: str
    rate: str
    """As it stands in the form."""
    unit: str
    rests: list[Rest]


def told(db: Connection, used: Collection[StreamName], zone: str, now: datetime) -> list[Way]:
    """Tell of every stream, email first."""
    rests: dict[int, list[Rest]] = {}
    for pause_id, stream_id, domain, reason, until in streams.paused_domains(db, now):
        rests.setdefault(stream_id, []).append(Rest(pause_id, domain, words.when(until, zone, now), reason))
    return [_way(one, rests.get(one.id, []), zone, now, used=one.name in used) for one in streams.all_streams(db)]


def pace(channel: Channel, rate: float | None) -> str:
    """Say how fast a stream may run: `no limit`, `5 segments a second`."""
    if rate is None:
        return "no limit"
    unit = _unit(channel)
    return f"{_written(rate)} {unit if rate != 1 else unit.removesuffix('s')} a second"


def read_rate(typed: str) -> float | None:
    """Read a pace; None for an empty field, which means no limit.

    Raises `Rejected` with the field `rate` for anything but a number greater than 0.
    """
    if not typed:
        return None
    if not _NUMBER.fullmatch(typed):
        raise Rejected("Write the pace as a number, such as 5 or 0.5. Leave it empty for no limit.", field="rate")
    rate = float(typed)
    if rate == 0:
        raise Rejected("A pace of 0 would send nothing: pause the stream instead. Empty means no limit.", field="rate")
    if rate > _FASTEST:
        raise Rejected(f"The pace can be {_FASTEST:,.0f} a second at most. Leave it empty for no limit.", field="rate")
    return rate


def _way(stream: Stream, rests: list[Rest], zone: str, now: datetime, *, used: bool) -> Way:
    channel = stream.name.channel
    sign, state = _state(stream, zone, now)
    return Way(
        id=stream.id,
        channel=channel,
        name=stopped.way(stream.name),
        used=used,
        sign=sign,
        state=state,
        paused=stream.paused_at is not None,
        pace=pace(channel, stream.rate),
        rate=_written(stream.rate) if stream.rate is not None else "",
        unit=f"{_unit(channel).capitalize()} a second",
        rests=rests,
    )


def _state(stream: Stream, zone: str, now: datetime) -> tuple[str, str]:
    if stream.paused_at is not None:
        return "stopped", f"paused since {words.when(stream.paused_at, zone, now)}: {stream.paused_reason}"
    tried = stream.failures >= FAULTS
    if stream.open_until is not None and now < stream.open_until:
        until = words.hour(stream.open_until, zone, seconds=True)
        if tried:
            return "down", f"door shut until {until}, tried again then"
        return "slow", f"rests until {until}, because the provider asked for less"
    return ("slow", "the door is tried with one message at a time") if tried else ("well", "running")


def _unit(channel: Channel) -> str:
    return "emails" if channel is Channel.EMAIL else "segments"


def _written(rate: float) -> str:
    return f"{rate:.6f}".rstrip("0").rstrip(".")
