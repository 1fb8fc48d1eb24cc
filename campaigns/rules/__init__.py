"""Rules that counsel or a clinician must be able to change: data files with their source, reviewer and date.

Each is read and checked once, at start-up.
"""

from __future__ import annotations

import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any, Final

from campaigns.domain.quiet import Hours, SendingHours
from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import ConfigurationError
from campaigns.rules.fields import Fault, day
from campaigns.rules.replies import read_smtp_replies, read_twilio_codes

__all__ = [
    "FOLDER",
    "RULE_FILES",
    "STALE_AFTER_DAYS",
    "read_sending_hours",
    "read_smtp_replies",
    "read_twilio_codes",
    "reviewed_on",
]

FOLDER: Final = Path(__file__).parent
RULE_FILES: Final[tuple[Path, ...]] = tuple(sorted(FOLDER.glob("*.toml")))
"""Every rule file, by name."""
STALE_AFTER_DAYS: Final = 180
"""`doctor` warns about a rule file that nobody has looked at for this long."""

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_sending_hours(path: Path = FOLDER / "sending_hours.toml") -> SendingHours:
    """Read when messages may leave, by channel and purpose, in the registrant's own zone.

    Raises `ConfigurationError` naming the file and what is wrong with it.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        closed = frozenset(data.get("holidays", {}).get("dates", ()))
        by_kind = {_kind(name): _hours(table, closed) for name, table in data["hours"].items()}
        waking = data["waking"]
        return SendingHours(by_kind, (waking["from"], waking["to"]))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{path.name}: {error!r}") from None


def reviewed_on(path: Path = FOLDER / "sending_hours.toml") -> date:
    """Give the day a rule file was last reviewed; raises `ConfigurationError` if it does not say so."""
    try:
        return day(tomllib.loads(path.read_text(encoding="utf-8")).get("reviewed_on"))
    except (OSError, ValueError, RecursionError, Fault) as error:
        raise ConfigurationError(f"{path.name}: reviewed_on: {error}") from None


def _kind(name: str) -> tuple[Channel, Purpose]:
    channel, _, purpose = name.partition("-")
    return Channel(channel), Purpose(purpose)


def _hours(table: dict[str, Any], holidays: frozenset[date]) -> Hours:
    days: dict[int, tuple[time, time]] = {}
    for name, window in table.items():
        if name == "holidays_closed":
            continue
        opening, closing = window
        if not opening < closing:
            raise ValueError(f"{name}: {opening} is not before {closing}")
        days.update(dict.fromkeys(_numbers(name), (opening, closing)))
    return Hours(days, holidays if table.get("holidays_closed") else frozenset())


def _numbers(name: str) -> range:
    if name == "daily":
        return range(7)
    first, _, last = name.partition("_to_")
    return range(_DAYS.index(first), _DAYS.index(last or first) + 1)
