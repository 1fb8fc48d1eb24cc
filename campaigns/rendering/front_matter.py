"""What a message says about itself: its `message.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Final, Literal

from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import TemplateInvalid
from campaigns.language import ENGLISH, NAMES
from campaigns.rendering.lexing import check_letters, quoted
from campaigns.rendering.limits import READS, SETTINGS

_EMAIL_ONLY: Final = frozenset({"subject", "preheader", "calendar", "read", "reads", "grade"})
_KEYS: Final = _EMAIL_ONLY | {"purpose", "channel", "claims", "sources", "status", "allow"}
AIM: Final = 6.9
"""The reading grade (Flesch-Kincaid) that a message aims at if it says nothing."""
HARDEST: Final = 8.0
"""The highest grade that a message may aim at: what is written for the public is for grade six to eight (CDC, NIH)."""
_LANGUAGES: Final = NAMES.keys() - {ENGLISH}
"""Each may have a table of its own."""
_CALENDARS: Final[dict[str, Literal["REQUEST", "CANCEL"] | None]] = {
    "none": None,
    "request": "REQUEST",
    "cancel": "CANCEL",
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """One kind of finding of the content lint that somebody has decided to let pass, and why."""

    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The settings of one message."""

    language: str
    purpose: Purpose
    channel: Channel
    status: str
    """`unapproved` until a named clinician has said yes to this content."""
    claims: tuple[str, ...]
    """Ids in the claims register."""
    sources: tuple[str, ...]
    """Ids of the sources that these claims come from, as the message names them; empty in versions from before."""
    grade: float
    """The hardest reading grade (Flesch-Kincaid) that its words may come to."""
    subject: str
    preheader: str
    calendar: Literal["REQUEST", "CANCEL"] | None
    read: int
    """Which of the short reads this is, counted from one; zero for a message that is none."""
    reads: int
    """How many short reads there are."""
    allow: tuple[Allowed, ...] = ()
    """What the content lint is to let pass in this message; no part of what is rendered."""


def read_languages(message: str, text: str) -> frozenset[str]:
    """List the languages beside English that a `message.toml` has a table for; raises `TemplateInvalid`."""
    return frozenset(_table(message, text).keys() & _LANGUAGES)


def read_front_matter(message: str, text: str, language: str = ENGLISH) -> FrontMatter:
    """Read a `message.toml`; raises `TemplateInvalid` naming the key at fault and what it may be.

    Subject and preheader are those of the language.
    """
    where = f"{message}/message.toml"
    table = _table(message, text)
    if unknown := sorted(table.keys() - _KEYS - _LANGUAGES):
        raise TemplateInvalid(f"{where}: {quoted(unknown[0])} is not a key of a message")
    channel = Channel(_one_of(table, "channel", tuple(Channel), where))
    if channel is Channel.SMS and (extra := sorted(table.keys() & (_EMAIL_ONLY | _LANGUAGES))):
        raise TemplateInvalid(f"{where}: {extra[0]} belongs to emails only")
    said, spot = (table, where) if language == ENGLISH else (_said(table, language, where), f"{where}: {language}")
    return FrontMatter(
        language=language,
        purpose=Purpose(_one_of(table, "purpose", tuple(Purpose), where)),
        channel=channel,
        status=_one_of(table, "status", ("unapproved", "approved"), where),
        claims=_ids(table, "claims", where),
        sources=_ids(table, "sources", where),
        grade=_grade(table, where),
        subject=_text(said, "subject", spot) if channel is Channel.EMAIL else "",
        preheader=_text(said, "preheader", spot) if channel is Channel.EMAIL else "",
        calendar=_CALENDARS[_one_of({"calendar": "none", **table}, "calendar", tuple(_CALENDARS), where)],
        read=_count(table, "read", where),
        reads=_count(table, "reads", where),
        allow=_allowed(table, where),
    )


def _table(message: str, text: str) -> dict[str, object]:
    where = f"{message}/message.toml"
    check_letters(text, file=where, most=SETTINGS)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TemplateInvalid(f"{where}: {quoted(str(error), 120)}") from None
    except ValueError:  # Python's own, of a number with thousands of digits
        raise TemplateInvalid(f"{where}: every number must have a few digits only") from None
    except RecursionError:
        raise TemplateInvalid(f"{where}: lists must not lie so deep inside one another") from None


def _said(table: dict[str, object], language: str, where: str) -> dict[str, object]:
    """Give what a message says in another language: subject and preheader, nothing else."""
    said = table.get(language, {})
    if not isinstance(said, dict) or said.keys() - {"subject", "preheader"}:
        raise TemplateInvalid(f"{where}: [{language}] holds subject and preheader only")
    return said


def _one_of(table: dict[str, object], key: str, choices: tuple[str, ...], where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or value not in choices:
        raise TemplateInvalid(f"{where}: {key} must be one of: {', '.join(choices)}")
    return value


def _text(table: dict[str, object], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise TemplateInvalid(f"{where}: {key} must say something")
    return value


def _ids(table: dict[str, object], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TemplateInvalid(f"{where}: {key} must be a list of ids from claims.toml")
    return tuple(value)


def _grade(table: dict[str, object], where: str) -> float:
    value = table.get("grade", AIM)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= HARDEST:
        raise TemplateInvalid(f"{where}: grade must be a reading grade above 0, and {HARDEST:g} at most")
    return float(value)


def _allowed(table: dict[str, object], where: str) -> tuple[Allowed, ...]:
    value = table.get("allow", [])
    if not isinstance(value, list) or not all(isinstance(one, dict) and one.keys() <= {"kind", "why"} for one in value):
        raise TemplateInvalid(f"{where}: allow must be [[allow]] tables of kind and why")
    return tuple(Allowed(str(one.get("kind", "")), str(one.get("why", "")).strip()) for one in value)


def _count(table: dict[str, object], key: str, where: str) -> int:
    value = table.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= READS:
        raise TemplateInvalid(f"{where}: {key} must be a whole number up to {READS}")
    return value
