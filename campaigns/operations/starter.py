"""Load the starter webinar with its campaign, templates, consent wordings and one upcoming session.

Loading again adds what is new and leaves what staff have changed as they have it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from campaigns.domain.form_fields import FieldKind, FormField, check
from campaigns.domain.local import instant_of
from campaigns.domain.sections import Paragraph, Section, to_json
from campaigns.domain.steps import (
    Anchor,
    Audience,
    Channel,
    Expiry,
    Late,
    LocalTime,
    Offset,
    Priority,
    Purpose,
    Quiet,
    Relative,
    Step,
)
from campaigns.errors import ConfigurationError, Rejected
from campaigns.language import ENGLISH, NAMES
from campaigns.operations.publish import publish_sources
from campaigns.rendering.claims import Register, read_register
from campaigns.store.campaigns import add_campaign, add_step, campaign_of
from campaigns.store.consents import Wording, add_wording
from campaigns.store.engine import Connection
from campaigns.store.form_fields import add_field
from campaigns.store.webinars import add_session, add_webinar, sessions_of

_UNITS: Final = {"d": "days", "h": "hours", "min": "minutes", "s": "seconds"}
_NEEDED: Final = ("slug", "title", "class_title", "promise", "summary", "points", "host_name", "host_role")
_FIRST_SESSION_IN: Final = timedelta(days=12)


@dataclass(frozen=True, slots=True)
class Clinic:
    """The facts that the starter's wordings name."""

    name: str
    program: str
    zone: str


def load(db: Connection, templates: Path, clinic: Clinic, now: datetime, *, with_session: bool = True) -> int:
    """Load every webinar file in `templates/webinars` and give the id of the last one.

    With `with_session`, a webinar that has no session to come gets one, about two weeks ahead.
    Raises `ConfigurationError` naming file and key, `TemplateInvalid` for a faulty template.
    """
    publish_sources(db, templates / "messages", now)
    register = read_register(templates / "claims.toml")
    webinar_id = 0
    for path in sorted((templates / "webinars").glob("*.toml")):
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            sections = tuple(_section(told, register, path.name) for told in data["webinar"].pop("sections", ()))
            webinar_id = _load_one(db, data, clinic, now, sections)
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"{path.name}: {error!r}") from error
        if with_session and not sessions_of(db, webinar_id, ending_after=now):
            _first_session(db, webinar_id, clinic, now)
    return webinar_id


def _load_one(
    db: Connection, data: dict[str, Any], clinic: Clinic, now: datetime, sections: tuple[Section, ...] = ()
) -> int:
    told = data["webinar"]
    said = {code: _said(told.pop(code), clinic) for code in sorted(told.keys() & NAMES.keys())}
    values = {name: told[name] for name in _NEEDED} | {**_said(told, clinic), "zone": clinic.zone, "translations": said}
    values |= {"sections": to_json(sections)}
    webinar_id = add_webinar(db, values, now)
    known = campaign_of(db, webinar_id) is not None
    campaign_id = add_campaign(db, webinar_id, data["campaign"]["name"], now)
    for key, rule in data["steps"].items():
        step = read_step(key, rule)
        # A step that comes to a campaign under way writes to nobody who is past it.
        add_step(db, campaign_id, replace(step, active_from=now) if known else step)
    for number, told in enumerate(data.get("fields", ()), 1):
        add_field(db, webinar_id, read_field(told, 10 * number), now)
    for wording in data["consents"]:
        _add_wordings(db, wording, clinic, now)
    return webinar_id


def _section(told: dict[str, Any], register: Register, file: str) -> Section:
    """Read one section of the page; raises `ConfigurationError` for a claim that may not be made."""
    where = f"{file}: sections: {told['key']}"
    parts = []
    for part in told["paragraphs"]:
        claims = tuple(part["claims"])
        if not claims:
            raise ConfigurationError(f"{where}: a paragraph names no claims; list their ids from claims.toml")
        cited = dict.fromkeys(_citation(one, register, where) for one in claims)
        parts.append(Paragraph(part["words"], claims, tuple(cited)))
    return Section(told["key"], told["heading"], tuple(parts))


def _citation(claim_id: str, register: Register, where: str) -> str:
    claim = register.claims.get(claim_id)
    if claim is None:
        raise ConfigurationError(f"{where}: claim {claim_id} is not in claims.toml; enter it there with its source")
    if not claim.usable:
        raise ConfigurationError(f"{where}: claim {claim_id} is {claim.status} in claims.toml, and not yet to be used")
    return register.citations[claim.source]


def _said(told: dict[str, Any], clinic: Clinic) -> dict[str, Any]:
    """Put the clinic's name into what is said of the host."""
    return {name: value.format(clinic=clinic.name) if name == "host_role" else value for name, value in told.items()}


def _add_wordings(db: Connection, told: dict[str, Any], clinic: Clinic, now: datetime) -> None:
    """Write the words beside a box, in English and in every other language that the file has them in."""
    channel, purpose = Channel(told["channel"]), Purpose(told["purpose"])
    for code, words in {ENGLISH: told, **{code: told[code] for code in told.keys() & NAMES.keys()}}.items():
        text = words["text"].format(clinic=clinic.name, program=clinic.program)
        add_wording(db, Wording(0, channel, purpose, words["title"], text, code), now)


def read_field(told: dict[str, Any], position: int) -> FormField:
    """Read one field of the form; its id is 0. Raises `ValueError`, `KeyError` or `TypeError` saying what is wrong."""
    words = {"position": position, **told, "kind": FieldKind(told["kind"]), "options": tuple(told.get("options", ()))}
    try:
        return check(FormField(**words))
    except Rejected as wrong:
        raise ValueError(f"{told['key']}: {wrong.field}: {wrong}") from None


def _first_session(db: Connection, webinar_id: int, clinic: Clinic, now: datetime) -> None:
    zone = ZoneInfo(clinic.zone)
    day = (now + _FIRST_SESSION_IN).astimezone(zone).date()
    day += timedelta(days=(3 - day.weekday()) % 7)  # a Thursday
    starts_at = instant_of(day, time(18), zone)
    add_session(db, webinar_id, starts_at, starts_at + timedelta(minutes=30), now, capacity=500)


def read_step(key: str, rule: dict[str, Any]) -> Step:
    """Read one step from a campaign file; its id is 0. Raises `ValueError` or `KeyError` saying what is wrong."""
    words = dict(rule)
    anchor, offset = _when(words.pop("at"))
    channel = Channel(words.pop("channel"))
    expires_anchor, expires = _when(words.pop("expires"))
    if not isinstance(expires, Relative):
        raise ValueError(f"{key}: expires must be an elapsed time")  # noqa: TRY004  # what a file says, not what code passes
    spans: dict[str, Any] = {name: _span(words.pop(name)) for name in _SPANS if name in words}
    step = Step(
        id=0,
        key=key,
        name=words.pop("name"),
        anchor=anchor,
        offset=offset,
        channel=channel,
        audience=Audience(words.pop("audience", "everyone")),
        purpose=Purpose(words.pop("purpose", "service")),
        priority=Priority[words.pop("priority", "bulk").upper()],
        template=words.pop("template"),
        expires=Expiry(expires_anchor, expires.delta),
        late=Late(words.pop("late", "skip")),
        quiet=Quiet(words.pop("quiet", "ignore" if channel is Channel.EMAIL else "shift")),
        needs_attendance=words.pop("needs_attendance", False),
        active_from=datetime(2000, 1, 1, tzinfo=UTC),
        **spans,
    )
    if words:
        raise ValueError(f"{key}: unknown words {sorted(words)}")
    return step


_SPANS: Final = (
    "lead",
    "runway",
    "near",
    "min_gap",
    "quiet_grace",
    "quiet_exempt_before_start",
    "replay_grace",
)


def _when(words: str) -> tuple[Anchor, Offset]:
    """Read `starts - 60 min`, `registered`, `registered + 1 d at 10:00`."""
    anchor, _, rest = words.partition(" ")
    span, _, clock = rest.partition(" at ")
    delta = _span(span) if span else timedelta(0)
    if clock:
        if delta % timedelta(days=1):
            raise ValueError(f"{words}: a wall-clock time takes whole days")
        return Anchor(anchor), LocalTime(delta.days, time.fromisoformat(clock))
    return Anchor(anchor), Relative(delta)


def _span(words: str) -> timedelta:
    """Read `60 min`, `- 7 d`, `+ 30 min`."""
    *sign, number, unit = words.split()
    if sign not in ([], ["+"], ["-"]):
        raise ValueError(f"{words}: not a span of time")
    span = timedelta(**{_UNITS[unit]: float(number)})
    return -span if sign == ["-"] else span
