"""The rehearsal itself: the clock goes from event to event, and real processes do what they always do.

Nothing here plans, renders or sends. People register through the same operation as on
the page; the scheduler and the worker are the real ones; what they did is read from the
ledger and from the outbox.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.clock import system_clock
from campaigns.domain.local import instant_of
from campaigns.errors import CampaignsError, ConfigurationError, NotFound
from campaigns.operations import starter
from campaigns.operations.attend import Terms, apply_attendance, check_attendance
from campaigns.operations.explain import Milestone, timeline
from campaigns.operations.plan import SEAM
from campaigns.operations.register import Request, register
from campaigns.operations.withdraw import withdraw
from campaigns.rehearse.cast import CAST, FIRST, Persona
from campaigns.rehearse.report import Ending, report
from campaigns.rehearse.stage import Stage, build_stage
from campaigns.runtime import Runtime, build
from campaigns.settings import Settings
from campaigns.store import people, webinars
from campaigns.store.consents import current_wordings
from campaigns.store.engine import Connection, make_engine, transaction
from campaigns.store.migrate import is_current, upgrade
from campaigns.store.scratch import copy_campaign, settled

_PATIENCE: Final = 60.0
"""Seconds everything may take to come to rest at one instant."""
_LIST_AFTER: Final = timedelta(minutes=40)
"""How long after the end the attendance list arrives."""
_LENGTH: Final = timedelta(minutes=30)
_ROOM: Final = "https://room.example/rehearsal"


def rehearse(settings: Settings, say: Callable[[str], None], *, webinar: str) -> None:
    """Play the campaign of a webinar for the cast and say who got what when, and what not and why.

    Raises `NotFound` if there is no such webinar, `ConfigurationError` if the stage cannot be built.
    """
    began = time.monotonic()
    with build_stage(settings, say) as stage, build(stage.settings, pool_size=2) as runtime:
        upgrade(runtime.engine)
        session_id = _set_scene(stage, runtime, webinar, system_clock())
        play = _Play(stage, runtime, session_id)
        play.run()
        ending = play.ending()
        for line in report(ending):
            say(line)
    say(f"Took {time.monotonic() - began:.0f} s. Nothing of it is kept.")


def _set_scene(stage: Stage, runtime: Runtime, slug: str, now: datetime) -> int:
    """Bring the campaign onto the stage with one session far enough ahead; give the session's id."""
    model: webinars.SessionRow | None = None
    if stage.real_url:
        engine = make_engine(stage.real_url, pool_size=1)
        try:
            if not is_current(engine):
                raise ConfigurationError("The database is not up to date. Run `campaigns migrate` first.")
            with transaction(engine) as real, transaction(runtime.engine) as db:
                model = _next_session(real, slug, now)
                copy_campaign(real, db, slug)
        finally:
            engine.dispose()
    with transaction(runtime.engine) as db:
        if not stage.real_url:
            starter.load(db, runtime.templates, runtime.clinic, now, with_session=False)
        webinar = webinars.webinar_by_slug(db, slug)
        if webinar is None:
            raise NotFound(f"There is no webinar {slug}.")
        starts_at, length = _date(model, ZoneInfo(webinar.zone), now)
        return webinars.add_session(
            db, webinar.id, starts_at, starts_at + length, starts_at - FIRST,
            room_url=_ROOM, replay_url=model.replay_url if model else "",
        )  # fmt: skip


def _next_session(real: Connection, slug: str, now: datetime) -> webinars.SessionRow | None:
    webinar = webinars.webinar_by_slug(real, slug)
    if webinar is None:
        raise NotFound(f"There is no webinar {slug}. Its name is the last part of the registration page's address.")
    coming = webinars.sessions_of(real, webinar.id, ending_after=now)
    return next((one.session for one in coming if one.session.cancelled_at is None), None)


def _date(model: webinars.SessionRow | None, zone: ZoneInfo, now: datetime) -> tuple[datetime, timedelta]:
    """Give start and length: of the next real session, whole weeks later if the cast could not register in time."""
    first = (model.starts_at if model else now).astimezone(zone)
    clock = first.time() if model else first.time().replace(hour=18, minute=0, second=0, microsecond=0)
    day = first.date()
    while (starts_at := instant_of(day, clock, zone)) - FIRST <= now:
        day += timedelta(weeks=1)
    return starts_at, model.ends_at - model.starts_at if model else _LENGTH


@dataclass
class _Play:
    stage: Stage
    runtime: Runtime
    session_id: int
    places: dict[Persona, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with transaction(self.runtime.engine) as db:
            session = webinars.read_session(db, self.session_id)
            assert session is not None
            self.webinar = webinars.webinar_by_id(db, session.webinar_id)
        self.session = session
        self.now = session.starts_at - FIRST
        self.acts: list[tuple[datetime, Callable[[Connection], None]]] = []
        for persona in CAST:
            self.acts.append((persona.registers_at(session.starts_at), self._register(persona)))
            leaves_at = persona.leaves_at(session.starts_at)
            if leaves_at:
                self.acts.append((leaves_at, self._withdraw(persona)))
        self.acts.append((session.ends_at + _LIST_AFTER, self._attend))

    def run(self) -> None:
        """Go from event to event until nobody is to get anything any more."""
        self.stage.set_clock(self.now)
        self.stage.raise_curtain()
        while True:
            for at, act in self.acts:
                if at == self.now:
                    with transaction(self.runtime.engine) as db:
                        act(db)
            self._come_to_rest()
            ahead = self._ahead()
            if ahead is None:
                return
            self.now = ahead
            self.stage.set_clock(self.now)

    def ending(self) -> Ending:
        """Give what is left to tell."""
        with transaction(self.runtime.engine) as db:
            lines = {persona: self._timeline(db, number) for persona, number in self.places.items()}
        return Ending(self.webinar, self.session, lines, self.stage.settings.outbox)

    def _come_to_rest(self) -> None:
        planned = self.now + self.runtime.settings.horizon - SEAM
        until = time.monotonic() + _PATIENCE
        while True:
            with transaction(self.runtime.engine) as db:
                if settled(db, self.session_id, self.now, planned=planned):
                    return
            self.stage.look_after()
            if time.monotonic() > until:
                raise CampaignsError(f"The rehearsal got stuck at {self.now:%Y-%m-%d %H:%M} UTC.")
            time.sleep(0.01)

    def _ahead(self) -> datetime | None:
        """Give the next instant at which anything happens; None if nothing does."""
        instants = [at for at, _ in self.acts]
        with transaction(self.runtime.engine) as db:
            for number in self.places.values():
                instants += [one.at for one in self._timeline(db, number) if one.coming and one.at]
        return min((at for at in instants if at > self.now), default=None)

    def _timeline(self, db: Connection, number: int) -> list[Milestone]:
        place = people.place(db, number)
        assert place is not None
        return timeline(db, place, self.runtime.hours, self.now)

    def _register(self, persona: Persona) -> Callable[[Connection], None]:
        def act(db: Connection) -> None:
            wordings = {(one.channel, one.purpose): one.id for one in current_wordings(db)}
            asked = Request(
                session_id=self.session_id,
                first_name=persona.name,
                email=persona.email,
                phone=persona.phone or None,
                zone=persona.zone(self.webinar.zone),
                consents={box: wordings.get(box) for box in persona.boxes},
                source="rehearsal",
            )
            horizon = self.runtime.settings.horizon
            made = register(db, asked, self.runtime.hours, self.now, horizon=horizon)
            self.places[persona] = made.registration_id

        return act

    def _withdraw(self, persona: Persona) -> Callable[[Connection], None]:
        def act(db: Connection) -> None:
            horizon = self.runtime.settings.horizon
            withdraw(db, self.places[persona], self.runtime.hours, self.now, horizon=horizon)

        return act

    def _attend(self, db: Connection) -> None:
        """Bring in the attendance list, through the same door as staff."""
        length = (self.session.ends_at - self.session.starts_at).total_seconds() / 60
        came = [f"{number},{persona.stays * length:g}" for persona, number in self.places.items() if persona.stays]
        listed = "\n".join(["registration,minutes", *came]).encode()
        share = self.runtime.settings.attended_share
        terms = Terms(self.session_id, final=True, replace=False, attended_from=share)
        roll = check_attendance(db, io.BytesIO(listed), terms, self.now)
        apply_attendance(db, io.BytesIO(listed), terms, fingerprint=roll.fingerprint, staff_id=None, now=self.now)
