"""See a message as one person would get it, before it goes: the bytes that a worker would hand over at that moment.

Nothing here writes. The delivery is read as a worker reads it, or stands in for one where the
ledger has none yet; the words are rendered by the very object that workers render with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from campaigns.domain.messages import Message
from campaigns.domain.personas import PERSONAS, Persona, persona
from campaigns.domain.quiet import SendingHours
from campaigns.domain.steps import Anchor, Audience, Expiry, Priority, Relative, Step
from campaigns.domain.timing import Due, busy_days, due
from campaigns.errors import NotFound, Rejected
from campaigns.operations.explain import current_revision
from campaigns.operations.last_look import Rules
from campaigns.operations.occasion import Occasion, settle
from campaigns.operations.pretend import invented_class, pretend, timeless
from campaigns.operations.words import Words
from campaigns.rendering.environment import Source, compile_all
from campaigns.rendering.front_matter import read_front_matter
from campaigns.store.campaigns import steps_of
from campaigns.store.engine import Connection
from campaigns.store.history import deliveries_of
from campaigns.store.letters import About, Item
from campaigns.store.people import Place, place
from campaigns.store.previews import (
    STAND_IN,
    Asked,
    Use,
    about_session,
    next_session,
    read_item,
    uses_of,
)
from campaigns.store.webinars import newest_slug, webinar_by_id, webinar_by_slug

_GREATEST: Final = 2**63
"""No row has so high a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks to see."""

    name: str
    """Of the message."""
    who: str = ""
    """Key of an invented person, or number of a registration; empty: the first invented person who would get it."""
    step: str = ""
    """Key of the step that sends it; empty: the first."""
    webinar: str = ""
    """Last part of the webinar's address; empty: the first whose campaign sends it."""
    language: str = ""
    """Empty: the person's own."""
    at: str = ""
    """One of `occasion.MOMENTS`; anything else: when it is due."""


@dataclass(frozen=True, slots=True)
class Seen:
    """For whom a message is looked at, and when."""

    use: Use
    occasion: Occasion
    persona: Persona | None
    """None for a real registrant."""
    place: Place | None
    """The registration; None for somebody invented."""


def see(db: Connection, wanted: Wanted, source: Source, rules: Rules, now: datetime) -> Seen:
    """Work out for whom, by which step and at which moment a message is looked at. Approval is not asked for.

    Raises `NotFound` for a person or a step that is not there, or a person whose data are erased;
    `Rejected` if nothing in their campaign sends the message.
    """
    uses = [one for one in uses_of(db, wanted.name) if not wanted.webinar or one.slug == wanted.webinar]
    if wanted.who.isdecimal():
        return _as_registrant(db, wanted, uses, rules, now)
    if wanted.who and persona(wanted.who) is None:
        raise NotFound("There is nobody of this name to preview as.")
    use = _chosen(uses, wanted) if uses or wanted.step else _without_step(db, wanted, source)
    return _as_persona(db, wanted, replace(use, step=timeless(use.step)), rules, now)


def hand_over(
    words: Words, source: Source, occasion: Occasion, *, demonstration: bool = False, signed: bool = True
) -> Message:
    """Give the message as a worker with these words would hand it to its provider at that moment.

    What may not leave is not to be `signed` with the clinic's key. A code that proves somebody's number is hidden.

    Raises `TemplateInvalid` for words that cannot be used, `AddressInvalid` for an address that no header can carry.
    """
    spoken = words.saying(compile_all(source, words.look), signed=signed)
    return spoken.render(occasion.item, occasion.step, 0, occasion.at, demonstration=demonstration)


def _chosen(uses: Sequence[Use], wanted: Wanted) -> Use:
    found = next((one for one in uses if not wanted.step or one.step.key == wanted.step), None)
    if found is None:
        raise NotFound("No step with this key sends this message.")
    return found


def _without_step(db: Connection, wanted: Wanted, source: Source) -> Use:
    """Give a step to look at a message by that no campaign sends: at once after registering."""
    slug = wanted.webinar or newest_slug(db)
    webinar = webinar_by_slug(db, slug) if slug else None
    if webinar is None:
        raise NotFound("There is no such webinar, so there is no class that the message could speak about.")
    front = read_front_matter(source.name, source.files.get("message.toml", ""))
    step = Step(
        id=0,
        key="",
        name="",
        anchor=Anchor.REGISTERED,
        offset=Relative(timedelta(0)),
        channel=front.channel,
        audience=Audience.EVERYONE,
        purpose=front.purpose,
        priority=Priority.BULK,
        template=source.name,
        expires=Expiry(Anchor.ENDS, timedelta(0)),
    )
    return Use(webinar.id, webinar.slug, webinar.title, step)


def _as_registrant(db: Connection, wanted: Wanted, uses: Sequence[Use], rules: Rules, now: datetime) -> Seen:
    number = int(wanted.who)
    found = place(db, number) if number < _GREATEST else None
    if found is None:
        raise NotFound("There is no registration with this number.")
    if found.erased_at is not None:
        raise NotFound("This person has erased their data, so nothing can be previewed as them any more.")
    theirs = [one for one in uses if one.webinar_id == found.webinar.id]
    if not theirs:
        raise Rejected("No step of this person's campaign sends this message. Choose somebody invented.", field="who")
    use = _chosen(theirs, wanted)
    revision = current_revision(use.step, found)
    rows = [one for one in deliveries_of(db, number) if (one.step_id, one.revision) == (use.step.id, revision)]
    recorded = rows[-1] if rows else None
    asked = Asked(number, use.step.id, revision, recorded.delivery_id if recorded else STAND_IN)

    def load(at: datetime) -> Item:
        item = read_item(db, asked, at)
        assert item is not None  # both were just read
        return _in(item, wanted.language)

    busy = busy_days(steps_of(db, use.webinar_id), found.session.facts, found.facts.zone, rules.hours)
    occasion = settle(use.step, load, rules, busy, moment=wanted.at, now=now, recorded=recorded)
    return Seen(use, occasion, None, found)


def _as_persona(db: Connection, wanted: Wanted, use: Use, rules: Rules, now: datetime) -> Seen:
    session_id = next_session(db, use.webinar_id, now)
    steps = steps_of(db, use.webinar_id)

    def about(at: datetime) -> About:
        if session_id is None:
            return invented_class(webinar_by_id(db, use.webinar_id), now)
        return about_session(db, session_id, at)

    found = persona(wanted.who) or _first_who_gets(use.step, about(now), steps, rules.hours)
    item = pretend(found, use.step, about(now))
    busy = busy_days(steps, item.about.session, item.facts.zone, rules.hours)
    occasion = settle(
        use.step,
        lambda at: _in(pretend(found, use.step, about(at)), wanted.language),
        rules,
        busy,
        moment=wanted.at,
        now=now,
    )
    return Seen(use, occasion, found, None)


def _first_who_gets(step: Step, about: About, steps: Sequence[Step], hours: SendingHours) -> Persona:
    for one in PERSONAS:
        item = pretend(one, step, about)
        busy = busy_days(steps, item.about.session, item.facts.zone, hours)
        if isinstance(due(step, item.facts, hours, busy), Due):
            return one
    return PERSONAS[0]


def _in(item: Item, language: str) -> Item:
    return replace(item, language=language) if language else item
