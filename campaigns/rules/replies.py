"""What providers' answers mean: `smtp_replies.toml` and `twilio_codes.toml`, read into tables.

Enter with `read_smtp_replies` and `read_twilio_codes`. A file with a fault is refused as a whole
and its row is named: a rule that is silently never reached would be worse than none. What follows
from a row is not decided here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from campaigns.domain.rulings import (
    NO_CODE,
    Act,
    Answer,
    Match,
    Row,
    Ruling,
    SmtpTable,
    Strikes,
    ToAddress,
    ToStream,
    TwilioTable,
    spelt,
)
from campaigns.errors import ConfigurationError
from campaigns.rules.fields import (
    Fault,
    Reader,
    choice,
    day,
    days,
    fields,
    flag,
    items,
    minutes,
    name,
    number,
    sentence,
    some,
    text,
)

FOLDER: Final = Path(__file__).parent
_ALERTS: Final = ("bug", "template", "config", "page", "review")
_COUNTED: Final = (ToAddress.SOFT, ToAddress.SECOND)
_WITHIN_THREE: Final = re.compile(r"[1-5](?:[0-9]{2}|[0-9]x|xx)")
_WITHIN_FIVE: Final = re.compile(r"(?=.{5}\Z)[1-9][0-9]*x*")
_ENHANCED: Final = re.compile(rf"{NO_CODE}|[245]\.[0-7]\.(?:0|[1-9][0-9]{{0,2}}|x)")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What the rows of one file may say."""

    conditions: Mapping[str, Reader]
    later: str
    """What the file calls being told after the hand-off."""
    row: Mapping[str, Reader]


def read_smtp_replies(path: Path = FOLDER / "smtp_replies.toml") -> SmtpTable:
    """Read what SMTP replies mean; raises `ConfigurationError` naming the file, the row and the fault."""
    return SmtpTable(_read(path, _SMTP))


def read_twilio_codes(path: Path = FOLDER / "twilio_codes.toml") -> TwilioTable:
    """Read what Twilio's codes mean; raises `ConfigurationError` naming the file, the row and the fault."""
    return TwilioTable(_read(path, _TWILIO))


def _read(path: Path, sheet: _Sheet) -> tuple[Row, ...]:
    try:
        data = fields(tomllib.loads(path.read_text(encoding="utf-8")), _FILE, ("source", "reviewed_on", "row"))
        rows = tuple(_row(place, one, sheet, data.get("strikes", {})) for place, one in enumerate(data["row"], 1))
        _check_order(rows)
    except (OSError, ValueError, RecursionError, Fault) as fault:
        raise ConfigurationError(f"{path.name}: {fault}") from None
    return rows


def _row(place: int, data: object, sheet: _Sheet, strikes: Mapping[ToAddress, Strikes]) -> Row:
    title = data.get("key", place) if isinstance(data, dict) else place
    try:
        found = fields(data, sheet.row, ("key", "match", "act", "words"))
        matches = tuple(_match(one, sheet) for one in found.pop("match"))
        wait = found.pop("wait_minutes", None)
        ruling = Ruling(**found, wait=wait, strikes=strikes.get(found.get("address", ToAddress.KEEP)))
        _check(ruling)
    except Fault as fault:
        raise Fault(f"row {title}: {fault}") from None
    return Row(matches, ruling)


def _match(data: object, sheet: _Sheet) -> Match:
    found = fields(data, {**sheet.conditions, sheet.later: flag})
    return Match(later=found.pop(sheet.later, None), **found)


def _check(ruling: Ruling) -> None:
    if ruling.address in _COUNTED and ruling.strikes is None:
        raise Fault(f"the file does not say how many are too many, in [strikes.{ruling.address}]")
    if ruling.act is not Act.RETRY and (ruling.wait is not None or ruling.once or ruling.slow > 1):
        raise Fault("only what is tried again can wait")


def _check_order(rows: tuple[Row, ...]) -> None:
    """Raise `Fault` for a key given twice, for what is never reached, and for answers that no row takes."""
    earlier: list[tuple[str, Match]] = []
    keys: set[str] = set()
    for row in rows:
        key = row.ruling.key
        if key in keys:
            raise Fault(f"row {key}: another row has this key")
        keys.add(key)
        for answer in (answer for match in row.matches for answer in _answers(match)):
            before = next((other for other, match in earlier if match.fits(answer)), None)
            if before:
                raise Fault(f"row {key}: {_shown(answer)} never gets here, row {before} takes it")
        earlier += [(key, match) for match in row.matches]
    if not rows or Match() not in rows[-1].matches:
        raise Fault("the last row must take every answer: match = [{}]")


def _answers(match: Match) -> Iterator[Answer]:
    """Give a stand-in for each combination that a match names; an earlier match that fits it takes all of its kind."""
    parts = (match.code, match.status, match.enhanced, match.says)
    for code, status, enhanced, says in product(*(part or ("",) for part in parts)):
        yield Answer(code=code, status=status, enhanced=enhanced, says=says, later=match.later)


def _shown(answer: Answer) -> str:
    parts = (answer.code, answer.status, answer.enhanced, answer.says.strip())
    return " ".join(filter(None, parts)) or "everything else"


def _codes(shape: re.Pattern[str]) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> str:
        if not shape.fullmatch(text(value)):
            raise Fault(f"{value!r} is no code")
        return str(value)

    return some(read)


def _phrase(value: object) -> str:
    found = spelt(text(value))
    if not found:
        raise Fault(f"{value!r} has no letters")
    return found


def _alert(value: object) -> str:
    if value not in _ALERTS:
        raise Fault(f"{value!r} is none of {', '.join(_ALERTS)}")
    return str(value)


def _strikes(value: object) -> dict[ToAddress, Strikes]:
    found = fields(value, {kind.value: _limit for kind in _COUNTED})
    return {ToAddress(kind): limit for kind, limit in found.items()}


def _limit(value: object) -> Strikes:
    names = {"count": "count", "span_days": "span", "within_days": "within", "different_days": "days"}
    found: dict[str, Any] = fields(value, _STRIKES, ("count",))
    return Strikes(**{names[one]: limit for one, limit in found.items()})


_FILE: Final[Mapping[str, Reader]] = {
    "source": text,
    "reviewer": text,
    "reviewed_on": day,
    "strikes": _strikes,
    "row": items,
}
_STRIKES: Final[Mapping[str, Reader]] = {
    "count": number,
    "span_days": days,
    "within_days": days,
    "different_days": number,
}
_ROW: Final[Mapping[str, Reader]] = {
    "key": name,
    "match": items,
    "words": sentence,
    "wait_minutes": minutes,
    "once": flag,
    "slow": number,
    "alert": _alert,
}
_SMTP: Final = _Sheet(
    {"code": _codes(_WITHIN_THREE), "enhanced": _codes(_ENHANCED), "says": some(_phrase)},
    "final",
    {
        **_ROW,
        # A reply is never in doubt, and mailboxes are not numbers.
        "act": choice(Act, but=(Act.UNKNOWN,)),
        "address": choice(ToAddress, but=(ToAddress.INCAPABLE,)),
        "stream": choice(ToStream),
    },
)
_TWILIO: Final = _Sheet(
    {"code": _codes(_WITHIN_FIVE), "status": _codes(_WITHIN_THREE)},
    "callback",
    {
        **_ROW,
        # Numbers have no mail domain.
        "act": choice(Act),
        "address": choice(ToAddress),
        "stream": choice(ToStream, but=(ToStream.PAUSE_DOMAIN,)),
    },
)
